import { describe, expect, it } from 'vitest'
import { sortingNetwork } from '../../src/cells/compile/network.ts'

/** Runs the network as a kernel does: a place that is not kept is spoilt. */
function run(values: readonly number[], wanted?: number): number[] {
  const places = [...values]
  for (const { low, high, keepsLow, keepsHigh } of sortingNetwork(values.length, wanted)) {
    const [a, b] = [places[low]!, places[high]!]
    places[low] = keepsLow ? Math.min(a, b) : Number.NaN
    places[high] = keepsHigh ? Math.max(a, b) : Number.NaN
  }
  return places
}

describe('sorting networks', () => {
  it('sort all sequences of zeros and ones, hence everything (the 0-1 principle)', () => {
    for (let n = 1; n <= 12; n++) {
      for (let bits = 0; bits < 2 ** n; bits++) {
        const values = Array.from({ length: n }, (_, i) => (bits >> i) & 1)
        expect(run(values)).toEqual(values.toSorted((a, b) => a - b))
      }
    }
  })

  it.each([13, 24, 31, 32, 33, 48, 63, 64])('sort %d numbers in any order', (n) => {
    for (let seed = 1; seed < 60; seed++) {
      const values = Array.from({ length: n }, (_, i) => Math.imul(i + 1, seed * 0x9e3779b1) >>> 20)
      const sorted = values.toSorted((a, b) => a - b)
      expect(run(values)).toEqual(sorted)
      // Cut down to the lower half, which is what medians ask for.
      const wanted = Math.floor(n / 2) + 1
      expect(run(values, wanted).slice(0, wanted)).toEqual(sorted.slice(0, wanted))
    }
  })

  it('has as many comparators as Batcher counts, and fewer for fewer outputs', () => {
    expect([1, 2, 4, 8, 16, 32, 64].map((n) => sortingNetwork(n).length)).toEqual([0, 1, 5, 19, 63, 191, 543])
    expect(sortingNetwork(24, 13).length).toBeLessThan(sortingNetwork(24).length)
    // The least alone is n - 1 comparisons of which only the smaller is kept.
    expect(sortingNetwork(16, 1)).toHaveLength(15)
    expect(sortingNetwork(16, 1).every(({ keepsHigh }) => !keepsHigh)).toBe(true)
  })
})
