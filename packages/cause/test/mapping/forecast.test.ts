import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ForecastOptions } from '../../src/mapping/forecast.ts'
import { nonlinearity, sMap } from '../../src/mapping/s-map.ts'
import { chooseDimension, simplex } from '../../src/mapping/simplex.ts'
import { timeSeries } from '../../src/series/series.ts'
import { allNear, coupledMaps, golden, seriesOf } from './golden.ts'

const noisy = seriesOf(golden.noisy)

function optionsOf(expected: (typeof golden.simplex)[number]): ForecastOptions {
  const { columns, target, E, Tp, delay, knn, exclusionRadius, lib, pred } = expected
  return {
    from: columns,
    target,
    dimension: E,
    horizon: Tp,
    ...(delay && { delay }),
    ...(knn && { neighbours: knn }),
    ...(exclusionRadius && { exclusionRadius }),
    ...(lib && { library: [[lib[0] - 1, lib[1] - 1]] as const }),
    ...(pred && { prediction: [[pred[0] - 1, pred[1] - 1]] as const }),
  }
}

describe('simplex projection', () => {
  test.each(golden.simplex)('from $columns to $target, E $E, Tp $Tp equals pyEDM', (expected) => {
    const found = simplex(noisy, optionsOf(expected))
    expect([...found.rows]).toEqual(expected.rows)
    allNear(found.predicted, expected.predicted)
    allNear(found.variance, expected.variance)
  })

  test('the dimension of the best forecasts', () => {
    for (const variable of ['a', 'b', 'c'] as const) {
      const { skills, dimension } = chooseDimension(noisy, { from: variable, maxDimension: 6 })
      allNear(skills, golden.dimensions[variable])
      expect(dimension).toBe(golden.dimensions[variable].indexOf(Math.max(...golden.dimensions[variable])) + 1)
    }
  })

  test('forecasts lie within the range of what was seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 30 }), fc.integer({ min: 1, max: 4 }), (seed, dimension) => {
        const draw = random(seed)
        const values = Array.from({ length: 60 }, () => draw.normal())
        const { predicted } = simplex(timeSeries({ columns: [values] }), { from: 0, dimension })
        for (const value of predicted) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...values))
          expect(value).toBeLessThanOrEqual(Math.max(...values))
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a periodic series is foretold exactly, equal states or not', () => {
    const values = Array.from({ length: 60 }, (_, t) => [1, 5, 2, 7, 3][t % 5]!)
    const { skill, predicted, observed } = simplex(timeSeries({ columns: [values] }), { from: 0, dimension: 2 })
    expect(skill.rho).toBeCloseTo(1, 12)
    expect(skill.rmse).toBeCloseTo(0, 12)
    expect(predicted[0]).toBeCloseTo(observed[0]!, 12)
  })

  test('states never reach across data sets or gaps', () => {
    const parts = timeSeries([{ columns: [[1, 2, 3, 4, 5, 6]] }, { columns: [[7, 8, Number.NaN, 9, 10, 11]] }])
    const { rows, observed } = simplex(parts, { from: 0, dimension: 2 })
    expect([...rows]).toEqual([1, 2, 3, 4, 5, 7, 10, 11])
    allNear(observed, [3, 4, 5, 6, null, null, 11, null])
  })

  test('masked values count as missing where that is asked for', () => {
    const values = Array.from({ length: 40 }, (_, t) => Math.sin(t))
    const series = timeSeries({ columns: [values], masks: [values.map((_, t) => t === 9)] })
    expect(simplex(series, { from: 0, dimension: 2 }).rows).toHaveLength(39)
    expect(simplex(series, { from: 0, dimension: 2, masked: true }).rows).toHaveLength(37)
  })
})

describe('S-map', () => {
  test.each(golden.smap)('theta $theta of $columns equals pyEDM', (expected) => {
    const found = sMap(noisy, { ...optionsOf(expected), theta: expected.theta })
    expect([...found.rows]).toEqual(expected.rows)
    allNear(found.predicted, expected.predicted, 1e-9)
    allNear(found.variance, expected.variance, 1e-9)
    for (const [i, row] of expected.coefficients.entries()) allNear(found.coefficients[i]!, row, 1e-8)
  })

  test('collinear coordinates have the shortest solution', () => {
    const line = Array.from({ length: 30 }, (_, t) => t)
    const { predicted, coefficients } = sMap(timeSeries({ columns: [line] }), { from: 0, dimension: 2 })
    expect(predicted[3]).toBeCloseTo(5, 8)
    for (const value of coefficients[3]!) expect(Number.isFinite(value)).toBe(true)
  })

  test('tells a chaotic map from linear noise', async () => {
    const draw = random(2)
    const ar = new Float64Array(90)
    for (let t = 1; t < 90; t++) ar[t] = 0.7 * ar[t - 1]! + draw.normal()
    const chaos = coupledMaps(90, 0, 0, 4)[0]!
    const options = { dimension: 2, thetas: [0, 0.5, 2, 4], surrogates: 19 } as const
    const told: number[] = []
    const found = await nonlinearity(timeSeries({ columns: [chaos] }), {
      ...options,
      from: 0,
      onProgress: ({ fraction }) => told.push(fraction),
    })
    expect(found.pValue).toBeLessThanOrEqual(0.05)
    expect(found.theta).toBeGreaterThan(1)
    expect(found.gain).toBeGreaterThan(0.2)
    expect(told.at(-1)).toBe(1)
    const linear = await nonlinearity(timeSeries({ columns: [ar] }), { ...options, from: 0 })
    expect(linear.pValue).toBeGreaterThan(0.05)
    expect((await nonlinearity(timeSeries({ columns: [ar] }), { from: 0, dimension: 2 })).pValue).toBeUndefined()
  })
})

describe('what cannot be forecast is said', () => {
  test.each<[Partial<ForecastOptions>, string, RegExp]>([
    [{ from: 'z' }, 'UnknownVariable', /no variable z/],
    [{ dimension: 0 }, 'BadEmbedding', /0 coordinates/],
    [{ delay: 0 }, 'BadEmbedding', /0 steps/],
    [{ dimension: 155 }, 'TooFewStates', /library has 5 states/],
    [{ library: [[3, 900]] }, 'BadRange', /3 to 900 .* 160 rows/],
    [{ neighbours: 0 }, 'BadCount', /neighbours is 0/],
  ])('%j: %s', (options, tag, message) => {
    expect(() => simplex(noisy, { from: 'a', dimension: 2, ...options })).toThrow(
      expect.objectContaining({ tag, message: expect.stringMatching(message) }),
    )
  })

  test('theta, and constant series', () => {
    expect(() => sMap(noisy, { from: 'a', dimension: 2, theta: -1 })).toThrow(
      expect.objectContaining({ tag: 'BadTheta' }),
    )
    const flat = timeSeries({ columns: [new Float64Array(50).fill(2)] })
    expect(() => chooseDimension(flat, { from: 0 })).toThrow(expect.objectContaining({ tag: 'NoForecast' }))
  })
})
