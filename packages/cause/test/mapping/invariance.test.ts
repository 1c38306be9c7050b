import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crossMap } from '../../src/mapping/cross-map.ts'
import { skillOf } from '../../src/mapping/skill.ts'
import { timeSeries } from '../../src/series/series.ts'
import { allNear, coupledMaps } from './golden.ts'

const options = { dimension: 2, samples: 5, surrogates: 0, librarySizes: [10, 40, 79] }
const columns = coupledMaps(80, 0.15, 0, 12, 0.01)

describe('cross maps do not change', () => {
  test('with the units of the variables', async () => {
    const expected = await crossMap(timeSeries({ columns }), options)
    const unit = fc.record({
      scale: fc.constantFrom(-1000, -0.5, 0.001, 2, 1e6),
      shift: fc.integer({ min: -50, max: 50 }),
    })
    await fc.assert(
      fc.asyncProperty(unit, unit, async (a, b) => {
        const changed = columns.map((column, v) => column.map((x) => (x + [a, b][v]!.shift) * [a, b][v]!.scale))
        const found = await crossMap(timeSeries({ columns: changed }), options)
        for (const [at, pair] of found.pairs.entries()) allNear(pair.skill, [...expected.pairs[at]!.skill], 1e-6)
      }),
      { numRuns: 15 },
    )
  })

  test('with the order of the variables', async () => {
    const [forth, back] = [
      await crossMap(timeSeries({ columns }), options),
      await crossMap(timeSeries({ columns: columns.toReversed() }), options),
    ]
    expect(back.values.get(1, 0, 0)).toBe(forth.values.get(0, 1, 0))
    expect(back.pValues.get(0, 1, 0)).toBe(forth.pValues.get(1, 0, 0))
  })

  test('with steps that are missing in both variables at the end', async () => {
    const longer = columns.map((column) => [...column, Number.NaN, Number.NaN])
    const [short, long] = [
      await crossMap(timeSeries({ columns }), options),
      await crossMap(timeSeries({ columns: longer }), options),
    ]
    expect(long.values).toEqual(short.values)
  })
})

describe('skill', () => {
  test('counts pairs that are known', () => {
    const [a, b] = [Float64Array.of(1, 2, 3, 4, 5, Number.NaN, 9), Float64Array.of(2, 4, 6, 8, 10, 1, Number.NaN)]
    expect(skillOf(a, b)).toEqual({ rho: expect.closeTo(1, 14), mae: 3, rmse: Math.sqrt(11), count: 5 })
  })

  test('of few pairs or constant sides is not a number', () => {
    const four = Float64Array.of(1, 2, 3, 4)
    expect(skillOf(four, four)).toEqual({ rho: Number.NaN, mae: Number.NaN, rmse: Number.NaN, count: 4 })
    const flat = new Float64Array(6).fill(2)
    expect(skillOf(flat, Float64Array.of(1, 2, 3, 1, 2, 3)).rho).toBeNaN()
  })
})
