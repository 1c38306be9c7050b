/** What the information-theoretic tests do besides numbers: bad input, threads, cancelling, progress. */
import type { ProgressEvent } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { type CmiKnnOptions, cmiKnn } from '../../src/independence/cmi-knn.ts'
import { cmiKnnMixed } from '../../src/independence/cmi-knn-mixed.ts'
import { cmiSymb } from '../../src/independence/cmi-symb.ts'
import { gsquared } from '../../src/independence/gsquared.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { NumpyRandom } from '../../src/random/pcg64.ts'
import { type TimeSeries, timeSeries } from '../../src/series/series.ts'

function noise(steps: number, width = 3, round = (v: number): number => v): TimeSeries {
  const random = new NumpyRandom(steps)
  const columns = Array.from({ length: width }, () =>
    Float64Array.from({ length: steps }, () => round(random.uniform() + random.uniform())),
  )
  return timeSeries({ columns })
}

const tagged = (tag: string) => expect.objectContaining({ tag })
const question = [[[0, -1]], [[1, 0]], [[2, -1]], { tauMax: 1 }] as const
const ask = async (test: Parameters<typeof testerOf>[0], series: TimeSeries) => testerOf(test, series).ask(...question)

describe('bad input is refused with the reason', () => {
  it('fewer samples than neighbours', async () => {
    await expect(ask(cmiKnn({ neighbours: 30 }), noise(20))).rejects.toEqual(tagged('TooFewSamples'))
    await expect(ask(cmiKnn({ neighbours: 0 }), noise(20))).rejects.toEqual(tagged('BadNeighbours'))
    await expect(ask(cmiKnn({ neighbours: Number.NaN }), noise(20))).rejects.toEqual(tagged('BadNeighbours'))
  })

  it('p-values that a test does not have', () => {
    expect(() => cmiKnn({ significance: 'analytic' })).toThrow(tagged('NoAnalyticSignificance'))
    expect(() => cmiSymb({ significance: 'analytic' })).toThrow(tagged('NoAnalyticSignificance'))
    expect(() => gsquared({ significance: 'shuffle' })).toThrow(tagged('NoShuffleTest'))
  })

  it('continuous data in discrete tests, with the variable named', async () => {
    await expect(ask(cmiSymb(), noise(100))).rejects.toThrow(/variable 0 at lag -1 has 98 different values/)
    await expect(ask(gsquared(), noise(100))).rejects.toEqual(tagged('NotDiscrete'))
  })

  it('vectors in a test of single variables', async () => {
    const tester = testerOf(gsquared(), noise(50, 3, Math.round))
    const asked = async () =>
      tester.ask(
        [[0, -1]],
        [
          [1, 0],
          [2, 0],
        ],
        [],
        { tauMax: 1 },
      )
    await expect(asked()).rejects.toEqual(tagged('Multivariate'))
  })

  it('mixed tests without types, or with neighbours of the wrong kind', async () => {
    await expect(ask(cmiKnnMixed(), noise(50))).rejects.toEqual(tagged('NoTypes'))
    const columns = noise(60).datasets[0]!.columns
    const continuous = timeSeries({ columns, types: columns.map((column) => column.map(() => 0)) })
    await expect(ask(cmiKnnMixed({ estimator: 'zmadg' }), continuous)).rejects.toEqual(tagged('NotMixed'))
    await expect(ask(cmiKnnMixed({ estimator: 'zmadg', neighbours: 5 }), continuous)).rejects.toEqual(
      tagged('BadNeighbours'),
    )
    await expect(ask(cmiKnnMixed({ neighbours: 5, neighbourScope: 'local' }), continuous)).rejects.toEqual(
      tagged('BadNeighbours'),
    )
  })

  it('a combination of discrete values with too few samples for so many neighbours', async () => {
    const steps = 60
    const classes = Float64Array.from({ length: steps }, (_, t) => (t % 12 === 0 ? 1 : 0))
    const [x, y] = noise(steps).datasets[0]!.columns
    const types = [0, 0, 1].map((type) => new Uint8Array(steps).fill(type))
    const series = timeSeries({ columns: [x!, y!, classes], types })
    await expect(ask(cmiKnnMixed({ neighbours: 10 }), series)).rejects.toEqual(tagged('TooFewSamples'))
    expect(
      (await ask(cmiKnnMixed({ neighbours: 10, neighbourScope: 'cluster', shuffles: 5 }), series)).value,
    ).toBeLessThan(1)
  })
})

describe('constant rows', () => {
  it('make X and Y independent, and are no conditions', async () => {
    const columns = [...noise(80).datasets[0]!.columns]
    const constant = new Float64Array(80).fill(3)
    for (const test of [cmiKnn({ shuffles: 9 }), cmiKnn({ shuffles: 9, transform: 'standardize' })]) {
      const tester = testerOf(test, timeSeries({ columns: [constant, columns[1]!, columns[2]!] }))
      expect(await tester.ask(...question)).toMatchObject({ value: 0, pValue: 1 })
      expect(tester.warnings).toHaveLength(1)
    }
    const inZ = timeSeries({ columns: [columns[0]!, columns[1]!, constant] })
    const tester = testerOf(cmiKnn({ shuffles: 9, shuffleBlock: 1 }), inZ)
    const bare = testerOf(cmiKnn({ shuffles: 9, shuffleBlock: 1 }), inZ)
    expect(await tester.ask(...question)).toEqual(await bare.ask([[0, -1]], [[1, 0]], [], { tauMax: 1 }))
  })
})

describe('shuffle tests', () => {
  const series = noise(420)
  const p = async (options: CmiKnnOptions): Promise<number> =>
    (await ask(cmiKnn({ shuffles: 90, ...options }), series)).pValue

  it('give the same in any number of threads', async () => {
    const one = await p({ threads: 1 })
    expect(one).toBeGreaterThan(0)
    expect(await p({ threads: 2 })).toBe(one)
    expect(await p({ threads: 3 })).toBe(one)
    const normal = await p({ threads: 1, nullFit: 'normal' })
    expect(await p({ threads: 2, nullFit: 'normal' })).toBe(normal)
    expect(Math.abs(normal - one)).toBeLessThan(0.15)
  })

  it('of standardised and of discrete data as well', async () => {
    const one = await p({ threads: 1, transform: 'standardize', shuffles: 70 })
    expect(await p({ threads: 2, transform: 'standardize', shuffles: 70 })).toBe(one)
    const classes = noise(420, 3, (v) => Math.floor(2 * v))
    const symbols = async (threads: number) => (await ask(cmiSymb({ threads, shuffles: 60 }), classes)).pValue
    expect(await symbols(2)).toBe(await symbols(1))
  })

  it('tell how far they are, and stop when asked', async () => {
    for (const threads of [1, 2]) {
      const seen: ProgressEvent[] = []
      await p({ threads, onProgress: (progress) => seen.push(progress) })
      expect(seen.at(-1)).toMatchObject({ step: 'shuffle test', fraction: 1 })
      const controller = new AbortController()
      const stopped = p({ threads, shuffles: 100_000, signal: controller.signal })
      setTimeout(() => controller.abort(), 60)
      await expect(stopped).rejects.toEqual(tagged('Cancelled'))
    }
  })

  it('are left out for thresholds', async () => {
    const tester = testerOf(cmiKnn({ significance: 'threshold' }), series)
    expect(await tester.ask([[0, -1]], [[1, 0]], [], { tauMax: 1, alpha: 0.2 })).toMatchObject({ dependent: false })
    const self = await tester.ask(
      [[0, -1]],
      [
        [0, -1],
        [1, 0],
      ],
      [],
      { tauMax: 1, alpha: 0.2 },
    )
    expect(self).toMatchObject({ dependent: true })
  })
})

describe('long series', () => {
  it('fit into memory: what is held grows with their length, not its square', async () => {
    const long = noise(20_000, 2)
    const tester = testerOf(cmiKnn({ shuffles: 2, neighbours: 5, shuffleBlock: 10 }), long)
    const before = process.memoryUsage().rss
    const { value } = await tester.ask([[0, -1]], [[1, 0]], [], { tauMax: 1 })
    expect(Math.abs(value)).toBeLessThan(0.05)
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
  })
})
