import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bandMoments, normalisationOf, normaliseInPlace } from '../src/index.ts'

describe('moments', () => {
  test('equal mean and deviation, with missing and infinite values left out', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 2 }), (values) => {
        const moments = bandMoments(2)
        for (const v of values) {
          moments.add(1, v)
          moments.add(1, Number.NaN)
          moments.add(1, Number.NEGATIVE_INFINITY)
        }
        const mean = values.reduce((a, b) => a + b, 0) / values.length
        const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1)
        expect(moments.count).toEqual([0, values.length])
        expect(moments.mean[1]).toBeCloseTo(mean, 6)
        expect(moments.standardDeviation(1)).toBeCloseTo(Math.sqrt(variance), 5)
      }),
    )
  })

  test('do not lose small deviations far from zero', () => {
    const moments = bandMoments(1)
    for (const v of [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]) moments.add(0, v)
    expect(moments.standardDeviation(0)).toBeCloseTo(Math.sqrt(30), 6)
  })
})

describe('normalisation', () => {
  const moments = bandMoments(2)
  for (const v of [1, 2, 3]) {
    moments.add(0, v)
    moments.add(1, 8)
  }
  const normalisation = normalisationOf(['nir', 'constant'], moments)

  test('centres and scales by band; a constant band becomes zeros', () => {
    const values = Float32Array.of(1, 2, 3, 8, 8, 8)
    normaliseInPlace(values, normalisation)
    expect([...values]).toEqual([-1, 0, 1, 0, 0, 0])
  })

  test('missing is the mean, outliers and infinities are limited', () => {
    const values = Float32Array.of(Number.NaN, 1e9, -1e9, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 8)
    normaliseInPlace(values, { ...normalisation, bands: ['nir'], centre: [2], scale: [1] })
    expect([...values]).toEqual([0, 10, -10, 10, -10, 6])
  })

  test('a band without values is an error that names it', () => {
    const empty = bandMoments(2)
    empty.add(0, 1)
    expect(() => normalisationOf(['red', 'dem'], empty)).toThrow(
      expect.objectContaining({ tag: 'BandEmpty', message: expect.stringContaining("'dem'") }),
    )
  })
})
