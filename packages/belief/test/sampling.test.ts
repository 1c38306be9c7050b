import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate, sampleSize, stratifiedSample } from '../src/index.ts'

/** Olofsson et al. 2014, section 5.1.1: the example behind their table 5. */
const weights = [0.02, 0.015, 0.32, 0.645]
const expectedUsersAccuracy = [0.7, 0.6, 0.9, 0.95]

describe('sampleSize', () => {
  test('the published example needs 641 units', () => {
    expect(sampleSize({ weights, expectedUsersAccuracy, standardError: 0.01 })).toBe(641)
  })

  test('a small map needs fewer, a smaller error more', () => {
    const small = sampleSize({ weights, expectedUsersAccuracy, standardError: 0.01, population: 2000 })
    expect(small).toBeLessThan(641)
    expect(sampleSize({ weights, expectedUsersAccuracy, standardError: 0.005 })).toBeGreaterThan(2500)
    expect(() => sampleSize({ weights: [0.5], expectedUsersAccuracy: [0.5], standardError: 0.1 })).toThrow(/sum to 1/)
    expect(() => sampleSize({ weights, expectedUsersAccuracy: [1], standardError: 0.1 })).toThrow(/every class/)
    expect(() => sampleSize({ weights, expectedUsersAccuracy, standardError: 0 })).toThrow(/positive/)
  })
})

describe('allocate', () => {
  test('the published allocation: 75 to each rare class, the rest by area', () => {
    const units = allocate({ units: 640, weights, kind: 'rare', minimum: 75 })
    // The paper rounds these to 75, 75, 165, 325.
    expect(units).toEqual([75, 75, 162, 328])
  })

  test('proportional, equal and Neyman', () => {
    expect(allocate({ units: 1000, weights, kind: 'proportional' })).toEqual([20, 15, 320, 645])
    expect(allocate({ units: 640, weights, kind: 'equal' })).toEqual([160, 160, 160, 160])
    expect(allocate({ units: 641, weights, kind: 'neyman', expectedUsersAccuracy })).toEqual([23, 19, 243, 356])
    expect(() => allocate({ units: 640, weights, kind: 'neyman' })).toThrow(/expected accuracy/)
    expect(() => allocate({ units: 100, weights, kind: 'rare' })).toThrow(/at least 50/)
  })

  test('always adds up and keeps the floor', () => {
    const shares = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 8 })
    const kinds = fc.constantFrom('proportional' as const, 'equal' as const, 'rare' as const)
    fc.assert(
      fc.property(shares, kinds, fc.integer({ min: 400, max: 2000 }), (drawn, kind, units) => {
        const total = drawn.reduce((s, v) => s + v, 0)
        fc.pre(total > 0)
        const w = drawn.map((v) => v / total)
        const out = allocate({ units, weights: w, kind, minimum: 30 })
        expect(out.reduce((s, v) => s + v, 0)).toBe(units)
        out.forEach((u, c) => {
          if (w[c] === 0) expect(u).toBe(0)
          else expect(u).toBeGreaterThanOrEqual(kind === 'rare' ? 30 : 2)
        })
      }),
    )
  })
})

describe('stratifiedSample', () => {
  const map = Uint8Array.from({ length: 6000 }, (_, i) => (i % 10 === 0 ? 1 : i % 7 === 0 ? 255 : 0))

  test('draws distinct pixels of the right class, repeatably', () => {
    const drawn = stratifiedSample(map, [40, 25], 3)
    expect(drawn.map((pixels) => pixels.length)).toEqual([40, 25])
    drawn.forEach((pixels, c) => {
      expect(new Set(pixels).size).toBe(pixels.length)
      for (const i of pixels) expect(map[i]).toBe(c)
    })
    expect(stratifiedSample(map, [40, 25], 3)).toEqual(drawn)
    expect(stratifiedSample(map, [40, 25], 4)).not.toEqual(drawn)
  })

  test('every pixel is equally likely', () => {
    const hits = new Float64Array(50)
    for (let seed = 0; seed < 4000; seed++)
      for (const i of stratifiedSample(new Uint8Array(50), [5], seed)[0]!) hits[i]!++
    for (const count of hits) expect(Math.abs(count - 400)).toBeLessThan(100)
  })

  test('a class smaller than its share is taken whole', () => {
    expect(stratifiedSample([1, 0, 1], [5, 5], 1)).toEqual([[1], [0, 2]])
  })
})
