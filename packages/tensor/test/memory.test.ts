/** The estimate of a graph's memory: by hand on small graphs, and as a limit. */

import { describe, expect, test } from 'vitest'
import { networks } from '../../../oracles/tensor/networks.ts'
import {
  add,
  checkpoint,
  constantInit,
  createRunner,
  createTrainer,
  exp,
  matmul,
  mean,
  mul,
  optim,
  parameter,
  reshape,
  square,
  type Tensor,
  tanh,
  trace,
} from '../src/index.ts'
import { lowerProgram } from '../src/lower/lower.ts'
import { lowerStep, memoryOf } from '../src/lower/memory.ts'
import { type LoweringTarget, portable } from '../src/lower/target.ts'
import { encodeModel } from '../src/onnx/encode.ts'
import { elementType } from '../src/onnx/graph.ts'
import { stepProgram } from '../src/run/step.ts'
import { testEngine } from './support.ts'

const N = 1024
const BYTES = 4 * N

function bytesOf(fn: (x: Tensor) => Tensor): number {
  const program = trace((_, { x }) => ({ y: fn(x) }), { parameters: {}, inputs: { x: { shape: [N] } } })
  return memoryOf(lowerProgram(program, { target: portable })).peakBytes
}

describe('the peak of', () => {
  test('a chain whose operators write in place: the input, then one value', () => {
    expect(bytesOf((x) => tanh(exp(tanh(x))))).toBe(BYTES)
  })

  test('a value that is read again later: it and what is made of it', () => {
    expect(bytesOf((x) => add(x, exp(tanh(x))))).toBe(2 * BYTES)
  })

  test('another shape of the same numbers: nothing more', () => {
    expect(bytesOf((x) => reshape(reshape(x, [2, N / 2]), [N]))).toBe(BYTES)
  })

  test('a product whose result is larger', () => {
    expect(bytesOf((x) => matmul(reshape(x, [N, 1]), reshape(x, [1, N])))).toBe(BYTES + 4 * N * N)
  })
})

const width = 64
const tree = { w: parameter([width, width], constantInit(0.01)) }

const layers = (w: Tensor, x: Tensor, count: number): Tensor =>
  Array.from({ length: count }).reduce<Tensor>((y) => tanh(matmul(y, w)), x)

function trainerOf(
  forward: (w: Tensor, x: Tensor) => Tensor,
  memoryLimitBytes?: number,
): ReturnType<typeof createTrainer> {
  return createTrainer({
    parameters: tree,
    initial: new Float32Array(width * width).fill(0.01),
    batch: { x: { shape: [512, width] } },
    loss: (p, { x }) => ({ loss: mean(square(forward((p as { w: Tensor }).w, x as Tensor))) }),
    optimiser: optim.adam(),
    threads: 1,
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
  }) as ReturnType<typeof createTrainer>
}

test('a trainer reports its state and its step, which grows by one activation per layer', async () => {
  const [few, many] = await Promise.all([trainerOf((w, x) => layers(w, x, 8)), trainerOf((w, x) => layers(w, x, 24))])
  const [a, b] = await Promise.all([few.memory(), many.memory()])
  expect(a.stateBytes).toBe(3 * 4 * width * width)
  const perLayer = (b.stepBytes - a.stepBytes) / 16
  expect(perLayer / (4 * 512 * width)).toBeGreaterThan(0.9)
  expect(perLayer / (4 * 512 * width)).toBeLessThan(1.5)
  await Promise.all([few.close(), many.close()])
})

test('checkpoint lowers the estimate', async () => {
  const block = checkpoint((w: Tensor, x: Tensor) => layers(w, x, 8))
  const [plain, less] = await Promise.all([
    trainerOf((w, x) => layers(w, x, 32)),
    trainerOf((w, x) => block(w, block(w, block(w, block(w, x))))),
  ])
  const [a, b] = await Promise.all([plain.memory(), less.memory()])
  expect(b.stepBytes).toBeLessThan(0.6 * a.stepBytes)
  await Promise.all([plain.close(), less.close()])
})

test('what needs more than the limit is refused before it is loaded', async () => {
  const failing = trainerOf((w, x) => layers(w, x, 8), 2 ** 20)
  await expect(failing).rejects.toMatchObject({
    tag: 'MemoryLimit',
    message: expect.stringMatching(/needs about \d+ MB, the limit is 1 MB/),
    hint: expect.stringContaining('smaller batch'),
  })
  const program = trace((_, { x }) => ({ y: mul(x, 2) }), { parameters: {}, inputs: { x: { shape: [2 ** 19] } } })
  await expect(createRunner(program, { memoryLimitBytes: 2 ** 20 })).rejects.toMatchObject({ tag: 'MemoryLimit' })
  const runner = await createRunner(program, { memoryLimitBytes: 2 ** 23, threads: 1 })
  await runner.close()
})

describe('a step whose shapes ONNX Runtime does not foresee', () => {
  const { parameters, initial, inputs, data, loss } = networks.unet({
    batch: 1,
    bands: 3,
    classes: 2,
    base: 16,
    levels: 3,
    size: 32,
  })
  const base = trace((p, given) => ({ loss: loss(p as never, given) }), { parameters, inputs })
  const program = stepProgram({ program: base, updates: [] }, optim.adam())

  async function run(hidesShapesFrom?: number): Promise<Record<string, ArrayLike<number>>> {
    const engine = testEngine()
    const target = await engine.target({ exact: false, fixedWeights: false })
    const graph = lowerProgram(program, {
      target: hidesShapesFrom === undefined ? target : { ...target, hidesShapesFrom },
    })
    const session = await engine.load(encodeModel(graph, { opset: 18 }))
    const given: Record<string, Float32Array<ArrayBuffer>> = { ...data, parameters: initial }
    const feeds = Object.fromEntries(
      graph.inputs.map(({ name, shape }) => {
        const size = shape.reduce((n, extent) => n * extent, 1)
        return [name, { type: 'float32' as const, data: given[name] ?? new Float32Array(size).fill(0.5), shape }]
      }),
    )
    const outputs = await engine.run({ session, feeds, resident: {}, keep: {} })
    await engine.close()
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]))
  }

  test('gives the same bytes', async () => {
    const [plain, hidden] = await Promise.all([run(), run(1)])
    expect(Object.keys(hidden)).toContain('parameters.next')
    expect(hidden).toEqual(plain)
  })

  test('is made where the estimate is large, on the processor only', () => {
    const hides = (target: LoweringTarget, size: number): boolean => {
      const { parameters, inputs, loss } = networks.unet({ batch: 2, bands: 3, classes: 2, base: 16, levels: 2, size })
      const traced = trace((p, given) => ({ loss: loss(p as never, given) }), { parameters, inputs })
      const graph = lowerStep(stepProgram({ program: traced, updates: [] }, optim.sgd()), target)
      return graph.nodes.some(({ op, attributes }) => op === 'Cast' && attributes.to === elementType.int64)
    }
    const nodeCpu = { name: 'node-cpu', nchwcBlock: 16, winograd: true, fixedWeights: false } as const
    expect([hides(nodeCpu, 32), hides(nodeCpu, 512), hides(portable, 512)]).toEqual([false, true, false])
  })
})
