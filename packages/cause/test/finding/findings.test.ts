import { random } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { type Discovery, LinkGraph } from '../../src/discovery/graph.ts'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { diagnose, kpss, warningsOf } from '../../src/finding/diagnostics.ts'
import { findingsOf } from '../../src/finding/findings.ts'
import { timeSeries } from '../../src/series/series.ts'

const noise = (n: number, label: string): Float64Array => Float64Array.from(random(1).split(label).normals(n))
const trend = (n: number): Float64Array => noise(n, 'trend').map((value, t) => value + t / 20)
const walk = (n: number, coefficient: number): Float64Array => {
  let x = 0
  return noise(n, 'walk').map((value) => (x = coefficient * x + value))
}

describe('stationarity', () => {
  // statsmodels 0.15: kpss([((7 * t) % 11) + t / 10 for t in range(40)], 'c', nlags=10) and without the trend
  it('is measured as elsewhere', () => {
    const values = (slope: number) => Float64Array.from({ length: 40 }, (_, t) => ((7 * t) % 11) + slope * t)
    expect(kpss(values(0.1))).toBeCloseTo(0.5498813619646458, 10)
    expect(kpss(values(0))).toBeCloseTo(0.5039930555555545, 10)
  })

  it('is refused for trends and growing spread, not for noise', () => {
    const [steady, rising, widening] = diagnose(
      timeSeries({ columns: [noise(300, 'a'), trend(300), noise(300, 'b').map((value, t) => value * (1 + t / 100))] }),
    )
    expect(steady!.levelStatistic).toBeLessThan(0.463)
    expect(steady!.spreadStatistic).toBeLessThan(0.463)
    expect(rising!.levelStatistic).toBeGreaterThan(0.739)
    expect(widening!.spreadStatistic).toBeGreaterThan(0.739)
  })
})

describe('diagnostics', () => {
  it('count what is missing and see memory and constants', () => {
    const gappy = noise(200, 'c').map((value, t) => (t % 4 === 0 ? Number.NaN : value))
    const rows = diagnose(timeSeries({ columns: [gappy, walk(200, 0.95), new Float64Array(200).fill(3)] }))
    expect(rows[0]).toMatchObject({ count: 150, missing: 0.25, isConstant: false })
    expect(rows[1]!.autocorrelation).toBeGreaterThan(0.88)
    expect(rows[2]).toMatchObject({ isConstant: true, autocorrelation: Number.NaN })
    const tags = (size: Parameters<typeof warningsOf>[1]) => warningsOf(rows, size).map(({ tag }) => tag)
    const calm = { samples: 190, tests: 10, alpha: 0.01, isCorrected: false }
    expect(tags(calm)).toEqual(expect.arrayContaining(['ConstantVariable', 'ManyMissing']))
    expect(tags(calm)).not.toEqual(expect.arrayContaining(['ManyTests']))
    expect(tags({ ...calm, tests: 200 })).toContain('ManyTests')
    expect(tags({ ...calm, tests: 200, isCorrected: true })).not.toContain('ManyTests')
    expect(tags({ ...calm, samples: 30 })).toContain('ShortSeries')
  })

  it('do not pair the end of one data set with the beginning of the next', () => {
    const [row] = diagnose(timeSeries([{ columns: [[1, 2, 3]] }, { columns: [[3, 2, 1]] }]))
    expect(row!.autocorrelation).toBeCloseTo(0, 12)
  })
})

describe('findings', () => {
  const variables = ['a', 'b', 'c']
  const graph = new LinkGraph(3, 2)
  const values = new LagArray(3, 2)
  const pValues = new LagArray(3, 2, 1)
  const put = (i: number, j: number, tau: number, link: string, value: number, p: number): void => {
    graph.put(i, j, tau, link)
    for (const [from, to] of tau === 0
      ? ([
          [i, j],
          [j, i],
        ] as const)
      : ([[i, j]] as const)) {
      values.set(from, to, tau, value)
      pValues.set(from, to, tau, p)
    }
  }
  put(0, 0, 1, '-->', 0.9, 1e-9)
  put(0, 1, 2, '-->', -0.4, 0.001)
  put(1, 2, 0, '<--', 0.3, 0.04)
  put(0, 2, 0, 'o-o', 0.2, 0.05)
  put(2, 0, 1, '<->', 0.1, 0.05)
  const found: Discovery = {
    ...{ method: 'pcmci+', test: 'parcorr', variables, tauMin: 0, tauMax: 2, alpha: 0.05, graph, values, pValues },
    ...{ tests: 20, seconds: 1, samples: [280, 296], assumptions: ['Faithfulness.'], warnings: [] },
  }
  const series = timeSeries({ columns: [noise(300, 'a'), noise(300, 'b'), noise(300, 'c')] }, { names: variables })

  it('are claims, the strongest first, contemporaneous ones once and along their arrow', () => {
    expect(findingsOf(found, series).links.map(({ claim, lag }) => [claim, lag])).toEqual([
      ['a causes a', 1],
      ['a causes b', 2],
      ['c causes b', 0],
      ['a and c are linked; the direction is open', 0],
      ['c and a have a hidden common cause', 1],
    ])
  })

  it('say what they stand on', () => {
    const { links, assumptions, warnings } = findingsOf(found, series, {
      get: (i, j) => (i === 0 && j === 1 ? 0.3 : 0.9),
    })
    expect(assumptions).toEqual(['Faithfulness.'])
    expect(links[1]).toMatchObject({ strength: -0.4, pValue: 0.001, stability: 0.3 })
    expect(links[1]!.qValue).toBeGreaterThan(0.001)
    expect(links[1]!.warnings).toEqual(['comes back in fewer than half of the bootstrap draws'])
    expect(links[2]!.warnings).toContain('does not stand when p-values are corrected for the number of tests')
    expect(warnings.map(({ tag }) => tag)).toEqual([])
  })

  it('carry the bounds of strengths', () => {
    const [lower, upper] = [new LagArray(3, 2, -1), new LagArray(3, 2, 0)]
    expect(findingsOf({ ...found, intervals: { lower, upper } }, series).links[0]!.interval).toEqual([-1, 0])
  })
})

describe('collinear variables', () => {
  const [a, b, c] = ['x', 'y', 'z'].map((label) => noise(200, label)) as [Float64Array, Float64Array, Float64Array]
  const warned = (...columns: Float64Array[]): string[] =>
    warningsOf(diagnose(timeSeries({ columns })), { samples: 190, tests: 1, alpha: 0.01, isCorrected: false })
      .filter(({ tag }) => tag === 'Collinear')
      .map(({ message }) => message)

  it('are named with those that determine them, exact or nearly', () => {
    expect(
      warned(
        a,
        b,
        a.map((value) => 3 - 2 * value),
      ),
    ).toEqual([expect.stringMatching(/^x2: .* of x0;/)])
    expect(
      warned(
        a,
        b,
        a.map((value, t) => value + 1e-7 * c[t]!),
      ),
    ).toEqual([expect.stringMatching(/^x2: .* of x0;/)])
    expect(
      warned(
        a,
        c,
        b,
        a.map((value, t) => (value + b[t]!) / 2),
      ),
    ).toEqual([expect.stringMatching(/^x3: .* of x0, x2;/)])
    const gappy = a.map((value, t) => (t % 7 === 0 ? Number.NaN : 1e9 + value))
    expect(warned(a, b, gappy)).toHaveLength(1)
  })

  it('are not seen in correlated ones, in constants, nor where there are too few steps', () => {
    expect(
      warned(
        a,
        a.map((value, t) => value + 0.01 * b[t]!),
        new Float64Array(200).fill(2),
      ),
    ).toEqual([])
    expect(warned(a.slice(0, 12), b.slice(0, 12), a.slice(0, 12))).toEqual([])
    expect(warned(a, new Float64Array(200).fill(Number.NaN), a)).toEqual([])
  })
})
