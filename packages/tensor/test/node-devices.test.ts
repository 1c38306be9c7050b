import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRunner, mul, trace } from '../src/index.ts'
import { type Engine, openEngine } from '../src/run/engine.ts'
import { cases } from './cases/index.ts'
import { holdKernels, relativeError, traceCase, worstError } from './support.ts'
import { type ModelName, trainAndPredict } from './web/models.ts'

/** Chromium's software driver; one that the environment names is taken instead. (Mesa's of Debian 12 lacks features.) */
const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
const driver = process.env.VK_ICD_FILENAMES ?? (existsSync(software) ? software : undefined)
if (driver === undefined) console.warn('No Vulkan driver: the tests of WebGPU in Node are skipped.')
else process.env.VK_ICD_FILENAMES = driver

describe.skipIf(driver === undefined)("onnxruntime-node's WebGPU", { timeout: 400_000 }, () => {
  let engine: Engine
  beforeAll(() => {
    engine = openEngine({ device: 'webgpu' })
  })
  afterAll(() => engine.close())

  // The page runs them all.
  test('value and gradient of every primitive equal the float64 interpreter, in the first of its cases', async () => {
    const target = await engine.target({ exact: false, fixedWeights: false })
    expect(target).toMatchObject({ name: 'portable', webgpu: true, controlFlow: false })
    await holdKernels(engine, target)
    const errors: [string, number][] = []
    for (const [primitive, list] of Object.entries(cases)) {
      for (const c of list.slice(0, 1)) errors.push([primitive, await worstError(engine, target, traceCase(c))])
    }
    expect(errors.length).toBeGreaterThan(60)
    expect(errors.filter(([, error]) => !(error < 3e-6))).toEqual([])
  })

  test.each<ModelName>(['transformer', 'ConvLSTM'])(
    '%s: losses, gradients and predictions equal the processor\u2019s',
    async (name) => {
      const expected = await trainAndPredict(name, {})
      const actual = await trainAndPredict(name, { device: 'webgpu' })
      actual.losses.forEach((loss, i) => {
        expect(Math.abs(loss - expected.losses[i]!)).toBeLessThan(1e-5)
      })
      expect(relativeError(actual.gradient, expected.gradient)).toBeLessThan(1e-4)
      expect(relativeError(actual.prediction, expected.prediction)).toBeLessThan(1e-4)
    },
  )
})

const double = trace<Record<never, never>, { x: { shape: number[] } }>((_, { x }) => ({ y: mul(x, 2) }), {
  parameters: {},
  inputs: { x: { shape: [3] } },
})

test('CUDA runs, or says what to install', async () => {
  try {
    const runner = await createRunner(double, { device: 'cuda' })
    const { y } = await runner.run({ x: Float32Array.of(1, 2, 3) })
    await runner.close()
    expect([...y!.data]).toEqual([2, 4, 6])
  } catch (error) {
    expect(error).toMatchObject({
      tag: 'DeviceMissing',
      message: expect.stringContaining('the device cuda cannot be used'),
      hint: expect.stringContaining('--onnxruntime-node-install=cuda12'),
    })
  }
})
