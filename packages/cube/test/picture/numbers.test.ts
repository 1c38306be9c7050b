/** Numbers of axes and legends. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  histogram,
  niceTicks,
  percentiles,
  shortText,
  stretchOf,
  tickText,
  unitText,
} from '../../src/picture/numbers.ts'

const texts = (low: number, high: number, count?: number) => {
  const ticks = niceTicks(low, high, count)
  return ticks.map((tick) => tickText(tick, ticks))
}

describe('ticks', () => {
  it.each([
    [0, 10, ['0', '2', '4', '6', '8', '10']],
    [-0.2, 0.9, ['−0.2', '0', '0.2', '0.4', '0.6', '0.8']],
    [0, 1, ['0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    [600_000, 600_400, ['600000', '600100', '600200', '600300', '600400']],
    [0, 5e-6, ['0', '1e−6', '2e−6', '3e−6', '4e−6', '5e−6']],
    [50, 52.5, ['50.0', '50.5', '51.0', '51.5', '52.0', '52.5']],
  ])('of %d to %d', (low, high, expected) => {
    expect(texts(low, high)).toEqual(expected)
  })

  it('are inside, in steps of 1, 2, 2.5 or 5, and different from each other', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(
        value,
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.integer({ min: 2, max: 8 }),
        (low, span, count) => {
          const ticks = niceTicks(low, low + span, count)
          expect(ticks.length).toBeLessThanOrEqual(1.6 * count + 2)
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(low - 1e-6 * span)
            expect(tick).toBeLessThanOrEqual(low + span * (1 + 1e-6))
          }
          expect(new Set(ticks.map((tick) => tickText(tick, ticks))).size).toBe(ticks.length)
        },
      ),
    )
  })
})

describe('stretch', () => {
  it('takes percentiles of what is there', () => {
    const values = Float64Array.from({ length: 101 }, (_, i) => i)
    expect(percentiles([values, Float64Array.of(Number.NaN)], [0, 50, 100])).toEqual([0, 50, 100])
    expect(stretchOf([values], 2, 98)).toEqual([2, 98])
    expect(percentiles([Float64Array.of(Number.NaN)], [50])).toBeUndefined()
  })

  it('is a range also of one value and of none', () => {
    expect(stretchOf([Float64Array.of(3, 3)], 2, 98)).toEqual([2.5, 3.5])
    expect(stretchOf([Float64Array.of(0, 0, 0, 0, 0, 0, 1)], 2, 50)).toEqual([0, 1])
    expect(stretchOf([new Float64Array(0)], 2, 98)).toEqual([0, 1])
  })

  it('counts what lies beyond at the ends', () => {
    expect(histogram([Float64Array.of(-5, 0, 0.5, 1, 9, Number.NaN)], [0, 1], 2)).toEqual([2, 3])
  })
})

describe('texts', () => {
  it('are short', () => {
    expect([shortText(0.123456), shortText(-12), shortText(Number.NaN)]).toEqual(['0.123', '−12', '–'])
  })
  it.each([
    ['mg m^-3', 'mg m⁻³'],
    ['m-1', 'm⁻¹'],
    ['m2', 'm²'],
    ['W m**-2', 'W m⁻²'],
    ['%', '%'],
    ['1', '1'],
    ['CO2', 'CO²'],
    ['K', 'K'],
  ])('unit %s is %s', (unit, expected) => {
    expect(unitText(unit)).toBe(expected)
  })
})
