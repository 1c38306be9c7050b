import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  concat,
  constant,
  conv2d,
  evaluate,
  groupNorm,
  maxPool2,
  mul,
  type Shape,
  silu,
  sum,
  up2,
} from '../src/index.ts'
import { narrowings } from '../src/lower/narrow.ts'
import type { LoweringTarget } from '../src/lower/target.ts'
import { topological } from '../src/primitive.ts'
import type { Engine } from '../src/run/engine.ts'
import { type ProgramCase, targetOf, testEngine, traceCase, worstError } from './support.ts'

let engine: Engine
let target: LoweringTarget
beforeAll(async () => {
  engine = testEngine()
  target = await targetOf(engine, 'node-cpu')
})
afterAll(() => engine.close())

const threeByThree = (n: number, c: number, o: number, h: number, w: number): ProgramCase => ({
  shapes: [
    [n, c, h, w],
    [o, c, 3, 3],
  ],
  fn: (x, weight) => conv2d(x, weight),
})

const ones = (n: number): Float32Array => new Float32Array(n).fill(1)

/** Winograd's transforms lose about one digit. */
const WINOGRAD = 3e-5
const PLAIN = 3e-6

describe('convolutions take a fast form only where it is right', () => {
  test.each([
    ['Winograd throughout', 64, 128, 8, 12, WINOGRAD],
    ['Winograd weight gradient', 64, 64, 8, 8, WINOGRAD],
    ['extents not divisible by 4', 64, 128, 6, 10, PLAIN],
    ['odd extents', 64, 64, 7, 5, PLAIN],
    ['blocks from few channels', 6, 32, 8, 8, PLAIN],
    ['blocks in, more out', 16, 48, 9, 6, PLAIN],
    ['blocks in, fewer out', 48, 16, 5, 8, PLAIN],
    ['no blocks: channels', 20, 32, 8, 8, PLAIN],
    ['no blocks: outputs', 16, 5, 8, 8, PLAIN],
    ['all shifts of the input in one product', 5, 15, 2, 3, PLAIN],
    ['all shifts of the gradient in one product', 15, 5, 4, 2, PLAIN],
    ['one row', 16, 16, 1, 8, PLAIN],
    ['one column', 16, 16, 8, 1, PLAIN],
    ['one pixel', 64, 128, 1, 1, PLAIN],
  ])('%s', async (_, c, o, h, w, tolerance) => {
    expect(await worstError(engine, target, traceCase(threeByThree(2, c, o, h, w)))).toBeLessThan(tolerance)
  })

  test('a bias goes with each form', async () => {
    for (const [c, o] of [
      [64, 128],
      [16, 32],
      [6, 16],
      [5, 3],
    ] as const) {
      const { shapes } = threeByThree(1, c, o, 8, 8)
      const biased: ProgramCase = { shapes: [...shapes, [o]], fn: (x, w, bias) => conv2d(x, w, { bias }) }
      expect(await worstError(engine, target, traceCase(biased))).toBeLessThan(WINOGRAD)
    }
  })

  test('any kernel, stride, dilation and padding (property)', async () => {
    const small = fc.integer({ min: 1, max: 3 })
    const spec = fc.record({
      n: fc.integer({ min: 1, max: 2 }),
      c: fc.constantFrom(1, 3, 16, 17, 32),
      o: fc.constantFrom(1, 4, 16, 32),
      h: fc.integer({ min: 7, max: 12 }),
      w: fc.integer({ min: 7, max: 12 }),
      kh: small,
      kw: small,
      sv: small,
      sh: small,
      dv: small,
      dh: small,
      padding: fc.constantFrom('same', 'valid', [2, 0, 1, 3]),
    })
    await fc.assert(
      fc.asyncProperty(spec, async ({ n, c, o, h, w, kh, kw, sv, sh, dv, dh, padding }) => {
        const options = { stride: [sv, sh], dilation: [dv, dh], padding: padding as 'same' } as const
        const traced = traceCase({
          shapes: [
            [n, c, h, w],
            [o, c, kh, kw],
          ],
          fn: (x, weight) => conv2d(x, weight, options),
        })
        expect(await worstError(engine, target, traced)).toBeLessThan(PLAIN)
      }),
      { numRuns: 40, seed: 7 },
    )
  })
})

describe('the gradient of some channels', () => {
  const frame: Shape = [2, 6, 8, 8]
  const state: Shape = [2, 32, 8, 8]
  const weight: Shape = [16, 38, 3, 3]
  const traced = (fn: ProgramCase['fn'], shapes: readonly Shape[]) => {
    const made = traceCase({ shapes, fn })
    const outputs = Object.values(made.program.outputs)
    return { made, narrowed: [...narrowings(topological(outputs), outputs).keys()].map(({ op }) => op) }
  }

  test('is computed for those alone where nothing else reads it', async () => {
    const { made, narrowed } = traced((h, w) => conv2d(concat([constant(0.5, frame), h], 1), w), [state, weight])
    expect(narrowed).toEqual(['slice', 'convInputGrad'])
    expect(await worstError(engine, target, made)).toBeLessThan(PLAIN)
  })

  test('and as a whole where both parts are read', async () => {
    const { made, narrowed } = traced((x, h, w) => conv2d(concat([x, h], 1), w), [frame, state, weight])
    expect(narrowed).toEqual([])
    expect(await worstError(engine, target, made)).toBeLessThan(PLAIN)
  })

  test('with stride, dilation and a slice in the middle', async () => {
    for (const options of [{ stride: 2 }, { dilation: 2 }, { padding: 'valid' }] as const) {
      const { made, narrowed } = traced(
        (h, w) => conv2d(concat([constant(0.5, frame), h, constant(2, frame)], 1), w, options),
        [
          [2, 16, 8, 8],
          [16, 28, 3, 3],
        ],
      )
      expect(narrowed).toHaveLength(2)
      expect(await worstError(engine, target, made)).toBeLessThan(PLAIN)
    }
  })
})

describe('normalisation, activations, pooling and enlargement', () => {
  test.each([
    [[2, 16, 8, 8], 4],
    [[3, 24, 5, 7], 3],
    [[1, 8, 64, 80], 8],
    [[2, 12, 1, 1], 3],
    [[1, 5, 37, 41], 1],
  ] as [Shape, number][])('groupNorm on %j in %i groups, each activation', async (shape, groups) => {
    for (const activation of ['none', 'relu', 'silu'] as const) {
      const vector = [shape[1]!]
      const c: ProgramCase = {
        shapes: [shape, vector, vector],
        fn: (x, s, b) => groupNorm(x, s, b, { groups, activation }),
      }
      expect(await worstError(engine, target, traceCase(c))).toBeLessThan(2e-5)
    }
  })

  test('over the batch, groupNorm of single channels is batch normalisation', async () => {
    for (const activation of ['none', 'relu', 'silu'] as const) {
      const c: ProgramCase = {
        shapes: [[3, 16, 8, 12], [16], [16]],
        fn: (x, s, b) => groupNorm(x, s, b, { groups: 16, overBatch: true, activation }),
      }
      const traced = traceCase(c)
      expect(await worstError(engine, target, traced)).toBeLessThan(2e-5)
      if (activation !== 'none') continue
      const { y } = evaluate(traced.program, { ...traced.inputs, x1: ones(16), x2: new Float32Array(16) })
      for (let channel = 0; channel < 16; channel++) {
        const own = y!.data.filter((_, i) => Math.floor(i / 96) % 16 === channel)
        const mean = own.reduce((sum, v) => sum + v, 0) / own.length
        const variance = own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / own.length
        expect(Math.abs(mean)).toBeLessThan(1e-12)
        expect(variance).toBeCloseTo(1, 4)
      }
    }
  })

  test('the variance survives a mean that is 1000 times the deviation', async () => {
    const values: ProgramCase['values'] = (size, seed, i) =>
      Float32Array.from({ length: size }, (_, k) => (i === 0 ? 1000 : 1) + Math.sin(seed + k * 12.9898))
    const c: ProgramCase = {
      shapes: [[1, 8, 48, 48], [8], [8]],
      fn: (x, s, b) => groupNorm(x, s, b, { groups: 2 }),
      values,
    }
    const { program, inputs } = traceCase(c)
    const forward = { program: { ...program, outputs: { y: program.outputs.y! } }, inputs }
    // The input itself holds the deviation to 6e-5 only; nothing more may be lost.
    expect(await worstError(engine, target, forward)).toBeLessThan(1e-4)
  })

  test.each([
    [16, 16, 4, 4],
    [32, 16, 3, 5],
    [16, 32, 2, 1],
    [8, 8, 3, 3],
    [20, 16, 4, 4],
  ])('up2 from %i to %i channels on %i x %i', async (c, o, h, w) => {
    const shapes: Shape[] = [[2, c, h, w], [c, o, 2, 2], [o]]
    const withBias: ProgramCase = { shapes, fn: (x, weight, bias) => up2(x, weight, { bias }) }
    const without: ProgramCase = { shapes: shapes.slice(0, 2), fn: (x, weight) => up2(x, weight) }
    for (const c of [withBias, without]) expect(await worstError(engine, target, traceCase(c))).toBeLessThan(PLAIN)
  })

  test('a small encoder and decoder, whose nodes share tiles and sums', async () => {
    const c: ProgramCase = {
      shapes: [[2, 6, 16, 16], [16, 6, 3, 3], [16], [16], [32, 16, 3, 3], [32, 16, 2, 2], [16, 32, 3, 3]],
      fn: (x, w1, s, b, w2, wu, w3) => {
        const a = groupNorm(conv2d(x, w1), s, b, { groups: 4, activation: 'relu' })
        const d = silu(conv2d(maxPool2(a), w2))
        return mul(sum(conv2d(concat([a, up2(d, wu)], 1), w3), [2, 3]), 0.1)
      },
    }
    expect(await worstError(engine, target, traceCase(c))).toBeLessThan(2e-5)
  })
})
