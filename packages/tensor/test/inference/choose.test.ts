/** When the image engine runs a program, and what a caller of `createRunner` sees of it. */
import { random } from '@ecotope/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  conv2d,
  createRunner,
  heNormal,
  initialise,
  type Program,
  parameter,
  type Runner,
  relu,
  type Shape,
  sin,
  type Tensor,
  trace,
} from '../../src/index.ts'
import { planInference } from '../../src/inference/choose.ts'
import { relativeError } from '../support.ts'
import { normals } from './support.ts'

const tree = (o: number, i: number, kernel = 3) => ({ w: parameter([o, i, kernel, kernel], heNormal()) })

function program(shape: Shape, o: number, { kernel = 3, after = relu as (x: Tensor) => Tensor } = {}): Program {
  const parameters = tree(o, shape[1]!, kernel)
  return trace((p, { x }) => ({ y: after(conv2d(x!, p.w)) }), { parameters, inputs: { x: { shape } } })
}

const names = { device: 'cpu', inputs: { x: 'x' }, outputs: { y: 'y' }, threads: 2 } as const
const chosen = (candidate: Program, memoryLimitBytes?: number): boolean => {
  const parameters = new Float32Array(candidate.parameters.size)
  const options = memoryLimitBytes === undefined ? names : { ...names, memoryLimitBytes }
  return planInference(candidate, parameters, options) !== undefined
}

describe('the engine is chosen', () => {
  const large: Shape = [1, 64, 128, 128]
  test('for large images and many channels', () => expect(chosen(program(large, 64))).toBe(true))
  test('not for small images', () => expect(chosen(program([1, 64, 32, 32], 64))).toBe(false))
  test('for few channels in a page only', () => {
    const few = program([1, 16, 512, 512], 16)
    expect(chosen(few)).toBe(false)
    expect(planInference(few, new Float32Array(few.parameters.size), { ...names, device: 'wasm' })).toBeDefined()
  })
  test('not for kernels of 1 x 1', () => expect(chosen(program(large, 640, { kernel: 1 }))).toBe(false))
  test('not where it lacks a primitive', () => expect(chosen(program(large, 64, { after: sin }))).toBe(false))
  test('not where it needs more memory than allowed', () => {
    const image = 128 * 128 * 64 * 4
    expect(chosen(program(large, 64), 6 * image)).toBe(true)
    expect(chosen(program(large, 64), 2 * image)).toBe(false)
  })
})

describe('a runner on the engine', () => {
  const shape: Shape = [1, 64, 96, 72]
  const network = program(shape, 64)
  const parameters = initialise(tree(64, 64), random(3))
  const x = normals(64 * 96 * 72, 4)
  const runners: Runner[] = []
  const open = async (options: object): Promise<Runner> => {
    const runner = await createRunner(network, { parameters, ...options })
    runners.push(runner)
    return runner
  }
  let runner: Runner
  beforeAll(async () => {
    runner = await open({})
  })
  afterAll(() => Promise.all(runners.map((each) => each.close())))

  test('is as near to exact arithmetic as rounding allows, and is another arithmetic', async () => {
    const [{ y }, { y: exact }] = [await runner.run({ x }), await (await open({ exact: true })).run({ x })]
    expect(relativeError(y!.data, exact!.data)).toBeLessThan(2e-6)
    expect(y!.data).not.toEqual(exact!.data)
    expect(y!.shape).toEqual([1, 64, 96, 72])
  })

  test('answers runs in their order, and leaves the inputs alone unless it may take them', async () => {
    const images = [1, 2, 3].map((factor) => x.map((v) => v * factor))
    const answers = await Promise.all(images.map((image) => runner.run({ x: image })))
    const [first, second, third] = answers.map(({ y }) => y!.data)
    expect(
      relativeError(
        second!,
        first!.map((v) => 2 * v),
      ),
    ).toBeLessThan(4e-6)
    expect(
      relativeError(
        third!,
        first!.map((v) => 3 * v),
      ),
    ).toBeLessThan(4e-6)
    expect(images[0]!.length).toBe(x.length)
    await runner.run({ x: images[0]! }, { transfer: true })
    expect(images[0]!.length).toBe(0)
  })

  test('several programs live in one worker: shapes are planned one by one', async () => {
    const byShape = await createRunner((shapes) => program(shapes.x!, 64), { parameters })
    runners.push(byShape)
    for (const [h, w] of [
      [96, 72],
      [72, 96],
      [8, 8],
      [96, 72],
    ] as const) {
      const data = x.subarray(0, 64 * h * w)
      const { y } = await byShape.run({ x: { data, shape: [1, 64, h, w] } })
      expect(y!.shape).toEqual([1, 64, h, w])
      if (h === 96) expect(y!.data).toEqual((await runner.run({ x })).y!.data)
    }
  })

  test('more memory than allowed is an error before anything runs', async () => {
    const refused = createRunner(network, { parameters, memoryLimitBytes: 1e6 })
    await expect(refused).rejects.toMatchObject({ tag: 'MemoryLimit' })
  })

  test('a closed one refuses, runs under way too', async () => {
    const short = await createRunner(network, { parameters, threads: 3 })
    const waiting = short.run({ x })
    const closed = short.close()
    await expect(waiting).rejects.toMatchObject({ tag: 'WorkerLost' })
    await closed
    await expect(short.run({ x })).rejects.toMatchObject({ tag: 'WorkerLost' })
  })
})
