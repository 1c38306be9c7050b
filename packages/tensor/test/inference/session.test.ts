/** The image engine as a whole: threads, random convolutions, numbers that are not finite, a U-Net, memory. */
import { EnvironmentError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstValues, unet, unetTree } from '../../../../oracles/tensor/unet.ts'
import { constant } from '../../src/apply.ts'
import {
  add,
  concat,
  conv2d,
  createRunner,
  evaluate,
  greater,
  mean,
  meanPool,
  mul,
  type Program,
  relu,
  reshape,
  reverse,
  type Shape,
  softmax,
  type Tensor,
  trace,
  where,
} from '../../src/index.ts'
import { bytesOf, placementOf } from '../../src/inference/memory.ts'
import { openSession } from '../../src/inference/run/session.ts'
import type { Step } from '../../src/inference/steps.ts'
import { startHelper } from '../../src/node/inference-threads.ts'
import { sizeOf } from '../../src/shape.ts'
import { relativeError } from '../support.ts'
import { errorOf, inputsOf, normals, planOf, programOf, runPlan } from './support.ts'

const fixed = (shape: Shape, seed = 50): Tensor => constant(normals(sizeOf(shape), seed), shape)

const TRUE = constant(new Array(24 * 24).fill(1), [1, 1, 24, 24], 'bool')

const small = { bands: 5, classes: 3, base: 8, levels: 3 } as const

function network(activation: 'relu' | 'silu', shape: Shape): { program: Program; parameters: Float32Array } {
  const tree = unetTree({ ...small, activation })
  const program = trace((p, { x }) => ({ y: unet(p as never, x!, activation) }), {
    parameters: tree,
    inputs: { x: { shape } },
  })
  return { program, parameters: firstValues(tree, 7) }
}

describe('a U-Net', () => {
  test.each(['relu', 'silu'] as const)(
    'with %s is as near to float64 as ONNX Runtime, to a factor',
    async (activation) => {
      const { program, parameters } = network(activation, [1, 5, 36, 44])
      const inputs = inputsOf(program)
      const expected = evaluate(program, inputs, parameters).y!.data
      const { y } = await runPlan(program, inputs, { parameters, threads: 2 })
      const exact = await createRunner(program, { parameters: Float32Array.from(parameters), exact: true })
      const there = (await exact.run(inputs)).y!.data
      await exact.close()
      expect(relativeError(y!, expected)).toBeLessThan(1e-5)
      expect(relativeError(y!, expected)).toBeLessThan(10 * relativeError(there, expected))
    },
  )

  test('gives the same bytes for every number of threads, and run after run', async () => {
    const { program, parameters } = network('silu', [2, 5, 60, 52])
    const inputs = inputsOf(program)
    const [one, ...others] = await Promise.all(
      [1, 2, 3].map((threads) => runPlan(program, inputs, { parameters, threads, runs: threads })),
    )
    for (const other of others) expect(other.y).toEqual(one!.y)
  })
})

test('convolutions of random shapes equal the float64 interpreter', async () => {
  const side = fc.integer({ min: 1, max: 21 })
  const shape = fc.record({
    n: fc.integer({ min: 1, max: 3 }),
    c: fc.integer({ min: 1, max: 11 }),
    o: fc.integer({ min: 1, max: 41 }),
    h: side,
    w: side,
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(1, 3)),
    stride: fc.constantFrom(1, 1, 2),
    before: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    seed: fc.integer({ min: 0, max: 1e6 }),
  })
  const check = fc.asyncProperty(shape, async ({ n, c, o, h, w, kernel, stride, before, seed }) => {
    const after = kernel.map((k, i) => k - 1 - Math.min(before[i]!, k - 1))
    const program = programOf([[n, c, h, w]], (x) => {
      const options = { stride, padding: [...before, ...after], bias: fixed([o], seed + 1) }
      return conv2d(relu(x!), fixed([o, c, ...kernel], seed), options)
    })
    expect(await errorOf(program, seed)).toBeLessThan(3e-6)
  })
  await fc.assert(check, { numRuns: 60, seed: 1 })
})

describe('numbers that are not finite', () => {
  const program = programOf([[1, 5, 16, 16]], (x) => conv2d(x!, fixed([6, 5, 3, 3])))
  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s stays within the tiles that read it', async (bad) => {
    const inputs = inputsOf(program)
    const clean = (await runPlan(program, inputs)).y!
    inputs.x0![5 * 16 + 6] = bad
    const { y } = await runPlan(program, inputs)
    for (let i = 0; i < y!.length; i++) {
      const [row, column] = [Math.floor(i / 16) % 16, i % 16]
      const near = Math.abs(row - 5) <= 1 && Math.abs(column - 6) <= 1
      // The window of the tile of rows 4 to 7 and columns 4 to 7; no other tile's holds the pixel.
      const inTile = row >= 4 && row < 8 && column >= 4 && column < 8
      if (near) expect(Number.isFinite(y![i])).toBe(false)
      if (!inTile) expect(y![i]).toBe(clean[i])
    }
  })

  test('do not spread through the lanes that fill channels up', async () => {
    const log = programOf([[1, 3, 8, 8]], (x) => conv2d(mul(relu(x!), 1e30), fixed([2, 3, 3, 3])))
    const values = Object.values(await runPlan(log, inputsOf(log)))[0]!
    expect(values.every(Number.isFinite)).toBe(true)
  })
})

describe('memory', () => {
  const chain = (depth: number): Program =>
    programOf([[1, 16, 64, 64]], (x) => {
      let y = x!
      for (let i = 0; i < depth; i++) y = conv2d(y, fixed([16, 16, 3, 3]))
      return y
    })

  test('is shared by images that are never alive together', () => {
    const image = 64 * 64 * 16 * 4
    const weights = 36 * 16 * 16 * 4
    const grown = bytesOf(planOf(chain(9)), 1) - bytesOf(planOf(chain(3)), 1)
    expect(grown).toBeGreaterThanOrEqual(6 * weights)
    expect(grown).toBeLessThan(6 * weights + image)
  })

  test('holds weights once that several images go through', () => {
    const mirrored = (times: number): Program =>
      programOf([[1, 16, 8, 8]], (x) => {
        const w = fixed([16, 16, 3, 3])
        return Array.from({ length: times }, (_, i) => conv2d(mul(x!, i + 1), w)).reduce((a, b) => add(a, b))
      })
    const weights = (times: number): number =>
      planOf(mirrored(times)).buffers.filter(({ constant }) => constant?.packing.kind === 'winograd').length
    expect([weights(1), weights(4)]).toEqual([1, 1])
  })

  test('is never given twice', () => {
    const { program, parameters } = network('relu', [1, 5, 36, 44])
    const plan = planOf(program, parameters)
    const { offsets, numbers, scratch } = placementOf(plan, 2)
    expect(scratch[1]! - scratch[0]!).toBeGreaterThan(0)
    const constants = plan.buffers.flatMap((buffer, i) => {
      return buffer.constant === undefined ? [] : [{ from: offsets[i]!, to: offsets[i]! + buffer.numbers }]
    })
    const ordered = constants.toSorted((a, b) => a.from - b.from)
    for (const [i, { from }] of ordered.slice(1).entries()) expect(from).toBeGreaterThanOrEqual(ordered[i]!.to)
    expect(Math.max(...ordered.map(({ to }) => to))).toBeLessThanOrEqual(numbers)
  })
})

test.each([
  [(x: Tensor) => conv2d(x, fixed([6, 2, 3, 3]), { groups: 2 }), 'convolutions in groups of 3 output channels'],
  [(x: Tensor) => meanPool(x, { kernel: 20 }), 'windows of 20 x 20'],
  [(x: Tensor) => softmax(x, 3), 'softmax along other axes than channels'],
  [(x: Tensor) => mean(x, 1), 'sums over other axes than all of space'],
  [(x: Tensor) => reverse(x, [1]), 'channels in reverse order'],
  [(x: Tensor) => relu(where(concat([greater(x, 0), TRUE], 1), 1, 2)), 'constant masks'],
  [(x: Tensor) => conv2d(x, mul(x, 1)), 'weights that are not fixed'],
  [(x: Tensor) => reshape(x, [4, 24, 24]), 'a change of shape from [1, 4, 24, 24] to [4, 24, 24]'],
] as const)('what the engine lacks is named: %#', (fn, message) => {
  const program = programOf([[1, 4, 24, 24]], (x) => fn(x!))
  expect(() => planOf(program)).toThrow(message)
})

test('a thread that cannot be started is an error, and the others are ended', async () => {
  const plan = planOf(programOf([[1, 4, 6, 6]], (x) => relu(x!)))
  let running = 0
  const opened = openSession(plan, 3, async ({ thread }) => {
    if (thread === 2) throw new Error('no more threads')
    running++
    return () => {
      running--
    }
  })
  await expect(opened).rejects.toMatchObject({ tag: 'ThreadsUnavailable' })
  expect(running).toBe(0)
})

test.each([1, 2])('a step that fails on one of %i threads is an error, and ends the run', async (threads) => {
  const program = programOf([[1, 4, 64, 64]], (x) => relu(x!))
  const plan = planOf(program)
  const steps = plan.steps.map((step): Step => {
    return step.kind === 'map' ? { ...step, to: { ...step.to, offset: 2 ** 28 } } : step
  })
  const session = await openSession({ ...plan, steps }, threads, startHelper)
  const feeds = { x0: { type: 'float32', data: normals(4 * 64 * 64, 1), shape: [1, 4, 64, 64] } } as const
  for (let i = 0; i < 3; i++) expect(() => session.run(feeds)).toThrow(EnvironmentError)
  session.release()
})
