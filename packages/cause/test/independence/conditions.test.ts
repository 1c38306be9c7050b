/** Strongest partial correlations of vectors: the short ways against regressions, with and without dependent conditions. */
import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withDummies } from '../../src/discovery/jpcmci-context.ts'
import { Conditions } from '../../src/independence/conditions.ts'
import { parcorrMult } from '../../src/independence/parcorr-mult.ts'
import { testerOf } from '../../src/independence/tester.ts'
import { samplesOf, X, Y, Z } from '../../src/series/samples.ts'
import { type Node, type TimeSeries, timeSeries } from '../../src/series/series.ts'
import { regress } from '../../src/statistics/least-squares.ts'
import { correlation, standardised } from '../../src/statistics/moments.ts'

const noise = (label: string, count: number): Float64Array => Float64Array.from(random(8).split(label).normals(count))

/** Three sets of a few coupled variables, with dummies; variables 3 and 4 are the dummies. */
function withBoth(length = 20): TimeSeries {
  const sets = [0, 1, 2].map((m) => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => noise(`${name}${m}`, length))
    return {
      columns: [a!, b!.map((v, t) => v + 0.5 * a![Math.max(0, t - 1)]! + m), c!.map((v, t) => v - 0.4 * b![t]!)],
    }
  })
  return withDummies(timeSeries(sets), ['system', 'system', 'system'], { time: true, space: true }).series
}

/** By regressions of minimum norm. */
function slow(series: TimeSeries, x: readonly Node[], y: readonly Node[], z: readonly Node[], tauMax: number): number {
  const { rows, roles } = samplesOf(series, x, y, z, { tauMax })
  const varying = rows.map((row) => row.some((value) => value !== row[0]))
  const of = (role: number): Float64Array[] => rows.filter((_, k) => varying[k] && roles[k] === role).map(standardised)
  const given = of(Z)
  const left = (row: Float64Array): Float64Array => regress(given, row).residuals
  const size = (row: Float64Array): number => Math.hypot(...row) / Math.sqrt(row.length)
  const [a, b] = [X, Y].map((role) =>
    of(role)
      .map(left)
      .filter((row) => size(row) > 1e-11),
  )
  return Math.max(0, ...a!.flatMap((p) => b!.map((q) => Math.abs(correlation(p, q)))))
}

const node = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: -2, max: 0 })) as fc.Arbitrary<Node>

describe('vectors', () => {
  test('short and long ways agree, whatever is conditioned on', () => {
    const series = withBoth()
    const test = parcorrMult()
    const short = testerOf(test, series)
    const long = testerOf(test, series, { shortcut: false })
    const dummies = fc.subarray([
      [3, 0],
      [4, 0],
      [4, -1],
    ] as Node[])
    const source = fc.oneof(node, fc.constantFrom<Node>([3, 0], [4, 0]))
    fc.assert(
      fc.property(
        source,
        fc.integer({ min: 0, max: 2 }),
        fc.array(node, { maxLength: 3 }),
        dummies,
        (x, j, z, more) => {
          const given = [...z, ...more].filter(([v, lag]) => !(v === x[0] && lag === x[1]) && !(v === j && lag === 0))
          fc.pre(!(x[0] === j && x[1] === 0))
          const options = { tauMax: 2, alpha: 0.05 }
          const [a, b] = [short, long].map((tester) => tester.ask([x], [[j, 0]], given, options)) as [
            { value: number; pValue: number; samples: number },
            { value: number; pValue: number; samples: number },
          ]
          expect(Math.abs(a.value)).toBeCloseTo(Math.abs(b.value), 9)
          expect(a.pValue).toBeCloseTo(b.pValue, 9)
          expect(a.samples).toBe(b.samples)
          expect(Math.abs(a.value)).toBeCloseTo(slow(series, [x], [[j, 0]], given, 2), 9)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('missing values: the long way answers', () => {
    const series = withBoth()
    const gap = {
      ...series,
      datasets: series.datasets.map((set) => ({ ...set, columns: set.columns.map((c) => c.slice()) })),
    }
    gap.datasets[0]!.columns[0]![10] = Number.NaN
    const answer = testerOf(parcorrMult(), gap).ask([[3, 0]], [[1, 0]], [[0, -1]], { tauMax: 1 })
    expect(answer).toMatchObject({ samples: 3 * 18 - 1 })
    expect((answer as { value: number }).value).not.toBeNaN()
  })

  test('two data sets mirror each other in their dummy: the first component counts', () => {
    const [a, b] = [noise('one', 30), noise('two', 30).map((value) => value + 1)]
    const made = withDummies(timeSeries([{ columns: [a] }, { columns: [b] }]), ['system'], { space: true }).series
    for (const shortcut of [true, false]) {
      const answer = testerOf(parcorrMult(), made, { shortcut }).ask([[1, 0]], [[0, 0]], [], { tauMax: 1 })
      expect((answer as { value: number }).value).toBeLessThan(0)
    }
  })

  test('too few samples are refused', () => {
    const series = withBoth(8)
    const ask = () =>
      testerOf(parcorrMult(), series).ask(
        [[0, 0]],
        [[1, 0]],
        [
          [3, 0],
          [3, -1],
          [3, -2],
          [4, 0],
        ],
        { tauMax: 2 },
      )
    expect(ask).toThrow(expect.objectContaining({ tag: 'TooFewSamples' }))
  })
})

describe('conditions', () => {
  /** Correlations of rows in which the third is the sum of the first two. */
  const rows = [noise('p', 50), noise('q', 50)]
  const all = [...rows, rows[0]!.map((value, t) => value + rows[1]![t]!), noise('r', 50)].map(standardised)
  const made = () => new Conditions((a, b) => correlation(all[a]!, all[b]!))

  test('that depend on others change nothing', () => {
    const [two, three] = [made(), made()]
    expect(two.set([0, 1])).toBe(true)
    expect(three.set([0, 1, 2])).toBe(true)
    expect([two.dependent, three.dependent]).toEqual([false, true])
    expect(three.residual(3).share).toBeCloseTo(two.residual(3).share, 12)
    expect(two.residual(2).share).toBeLessThan(1e-13)
  })

  test('are taken over where they begin alike', () => {
    const kept = made()
    kept.set([0, 1, 2])
    kept.set([0, 3])
    const fresh = made()
    fresh.set([0, 3])
    expect(kept.residual(1)).toEqual(fresh.residual(1))
  })

  test('nearly dependent ones are left to the long way', () => {
    const near = [...all, all[0]!.map((value, t) => value + 1e-5 * all[3]![t]!)].map(standardised)
    const conditions = new Conditions((a, b) => correlation(near[a]!, near[b]!))
    expect(conditions.set([0, 4])).toBe(false)
    expect(conditions.set([0])).toBe(true)
    expect(conditions.strongest([4], [1])).toBeUndefined()
  })
})
