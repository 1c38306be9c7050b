/** The estimate of a graph's memory: by hand on small graphs, and as a limit. */

import { describe, expect, test } from 'vitest'
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
import { memoryOf } from '../src/lower/memory.ts'
import { portable } from '../src/lower/target.ts'

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
