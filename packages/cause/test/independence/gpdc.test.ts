/** GPDC against the reference implementation, and its parts against what they must satisfy. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GpdcOptions, gpdc } from '../../src/independence/gpdc.ts'
import type { KernelOptions } from '../../src/independence/gpdc-kernel.ts'
import { type SamplesOptions, samplesOf } from '../../src/series/samples.ts'
import { type Node, type TimeSeries, timeSeries } from '../../src/series/series.ts'

interface Case {
  readonly x: Node[]
  readonly y: Node[]
  readonly z: Node[]
  readonly value: number
  readonly p: number
}

interface Golden {
  readonly data: number[][]
  readonly holes: (number | null)[][]
  readonly mask: number[][]
  readonly analytic: Case[]
  readonly cut: Case[]
  readonly shuffle: Case[]
  readonly blocks: Case[]
  readonly masked: Case[]
  readonly ties: Case[]
  readonly kernels: Readonly<Record<string, Case[]>>
  readonly bounds: [number, number][]
  readonly criterion: { readonly parents: Node[]; readonly score: number | null }[]
}

const golden: Golden = JSON.parse(readFileSync(new URL('../../../../oracles/cause/gpdc.json', import.meta.url), 'utf8'))
const plain = timeSeries({ columns: golden.data })

async function compare(
  series: TimeSeries,
  options: GpdcOptions,
  cases: readonly Case[],
  sampling: Partial<SamplesOptions> = {},
): Promise<void> {
  const made = gpdc(options)
  for (const { x, y, z, value, p } of cases) {
    const samples = samplesOf(series, x, y, z, { tauMax: 2, maskType: made.maskType, ...sampling })
    const found = await made.value(samples)
    expect(found).toBeCloseTo(value, 10)
    expect(await made.pValue(found, samples)).toBeCloseTo(p, 10)
  }
}

describe('against the reference', () => {
  test('values and analytic p-values', () => compare(plain, { shuffles: 200 }, golden.analytic))

  test('another cut-off, seed and number of draws', () =>
    compare(plain, { shuffles: 100, seed: 7 }, golden.cut, { cutOff: 'max-lag' }))

  test('shuffled residuals in blocks by autocorrelation', () =>
    compare(plain, { significance: 'shuffle', shuffles: 100 }, golden.shuffle))

  test('shuffled residuals in blocks of given length', () =>
    compare(plain, { significance: 'shuffle', shuffles: 60, shuffleBlock: 7 }, golden.blocks))

  test('missing values and masks', () => {
    const columns = golden.holes.map((column) => column.map((value) => value ?? Number.NaN))
    return compare(timeSeries({ columns, masks: golden.mask }), { shuffles: 50, maskType: 'y' }, golden.masked)
  })

  test('ties', () => {
    const even = (value: number): number => {
      const floor = Math.floor(value)
      return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value)
    }
    const columns = golden.data.map((column) => column.map((value) => even(value * 2) / 2))
    return compare(timeSeries({ columns }), { shuffles: 50 }, golden.ties)
  })

  const kernels: Readonly<Record<string, KernelOptions>> = {
    variance: { variance: {} },
    axes: { lengthScale: [{}, {}], noise: { start: 0.5, bounds: [1e-3, 10] } },
    nugget: { lengthScale: { start: 2, bounds: [0.1, 10] }, noise: { start: 0.1 } },
    fixed: { lengthScale: { start: 0.7, bounds: 'fixed' } },
  }
  test.each(Object.entries(kernels))('kernel: %s', (name, kernel) =>
    compare(
      plain,
      { shuffles: 50, gaussianProcess: { kernel, nugget: name === 'nugget' ? 0.05 : 0 } },
      golden.kernels[name]!,
    ),
  )

  test('bootstrap bounds', async () => {
    const made = gpdc({ confidence: 'bootstrap', confidenceSamples: 30, confidenceBlock: 5 })
    for (const [k, [low, high]] of golden.bounds.entries()) {
      const { x, y, z } = golden.analytic[k]!
      const found = await made.interval!(samplesOf(plain, x, y, z, { tauMax: 2 }))
      expect(found[0]).toBeCloseTo(low, 9)
      expect(found[1]).toBeCloseTo(high, 9)
    }
  })

  test('scores of models', () => {
    const made = gpdc()
    for (const { parents, score } of golden.criterion) {
      const samples = samplesOf(plain, [[1, 0]], [[1, 0]], parents, { tauMax: 2 })
      const found = made.criterion!(samples)
      if (score === null) expect(found).toBe(Number.POSITIVE_INFINITY)
      else expect(found).toBeCloseTo(score, 8)
    }
  })
})

const sampled = (columns: number[][]) =>
  samplesOf(
    timeSeries({ columns }),
    [[0, 0]],
    [[1, 0]],
    columns.slice(2).map((_, k): Node => [k + 2, 0]),
    { tauMax: 0 },
  )

describe('properties', () => {
  const column = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 12, maxLength: 12 })

  test('without conditions the value is symmetric, in [0, 1], and blind to growing transforms', () =>
    fc.assert(
      fc.property(column, column, (a, b) => {
        const made = gpdc()
        const value = made.value(sampled([a, b])) as number
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1 + 1e-12)
        expect(made.value(sampled([b, a]))).toBeCloseTo(value, 7)
        const eighths = a.map((x) => Math.round(x * 8))
        const grown = eighths.map((x) => x ** 3)
        expect(made.value(sampled([grown, b]))).toBeCloseTo(made.value(sampled([eighths, b])) as number, 7)
      }),
      { numRuns: 60 },
    ))

  test('a fit that is asked for again is not made again', () => {
    const made = gpdc({ shuffles: 10 })
    const samples = samplesOf(
      plain,
      [[0, -1]],
      [[1, 0]],
      [
        [1, -1],
        [2, -1],
        [3, -1],
      ],
      { tauMax: 2 },
    )
    const time = (): number => {
      const start = performance.now()
      made.value(samples)
      return performance.now() - start
    }
    const first = time()
    // The least of five: a busy machine may hold up any one of them.
    expect(Math.min(...Array.from({ length: 5 }, time))).toBeLessThan(first / 3)
  })
})

describe('bad input', () => {
  test('several X', () => {
    const samples = samplesOf(
      plain,
      [
        [0, -1],
        [2, -1],
      ],
      [[1, 0]],
      [],
      { tauMax: 2 },
    )
    expect(() => gpdc().value(samples)).toThrow(expect.objectContaining({ tag: 'NotUnivariate' }))
  })

  test('too few samples', () => {
    expect(() =>
      gpdc().value(
        sampled([
          [1, 2, 3],
          [3, 1, 2],
        ]),
      ),
    ).toThrow(expect.objectContaining({ tag: 'TooFewSamples', data: { samples: 3, needed: 4 } }))
  })

  test('no analytic interval', () => {
    expect(() => gpdc({ confidence: 'analytic' })).toThrow(expect.objectContaining({ tag: 'NoAnalyticInterval' }))
  })

  test('kernels that cannot be', () => {
    const samples = samplesOf(plain, [[0, -1]], [[1, 0]], [[1, -1]], { tauMax: 2 })
    const of = (kernel: KernelOptions) => () => gpdc({ gaussianProcess: { kernel } }).value(samples)
    expect(of({ noise: { start: 0 } })).toThrow(expect.objectContaining({ tag: 'BadKernel' }))
    expect(of({ lengthScale: [{}, {}] })).toThrow(expect.objectContaining({ tag: 'BadKernel' }))
  })
})
