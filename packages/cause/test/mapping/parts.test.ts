import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { transformOf } from '../../src/mapping/fourier.ts'
import { checkSizes, defaultSizes, drawLibrary } from '../../src/mapping/libraries.ts'
import { neighbourhood } from '../../src/mapping/neighbours.ts'
import { type SurrogateKind, surrogatesOf } from '../../src/mapping/surrogates.ts'
import { risingTrend } from '../../src/mapping/trend.ts'
import { NumpyRandom } from '../../src/random/pcg64.ts'
import { allNear, golden } from './golden.ts'

test('libraries are those of NumPy, one after the other', () => {
  for (const { seed, n, size, drawn, sum } of golden.choices) {
    const stream = new NumpyRandom(seed)
    const found = (drawn ?? sum)!.map(() =>
      [...drawLibrary(stream, n, size).entries()].filter(([, v]) => v).map(([i]) => i),
    )
    for (const library of found) expect(library).toHaveLength(size)
    if (drawn) expect(found).toEqual(drawn)
    else expect(found.map((library) => library.reduce((all, d) => all + d * (d % 7), 0))).toEqual(sum)
  }
})

test('sizes of libraries ascend to all states', () => {
  expect(defaultSizes(1000, 3)).toEqual([50, 156, 261, 367, 472, 578, 683, 789, 894, 1000])
  expect(defaultSizes(6, 4)).toEqual([6])
  expect(checkSizes([5, 9], 3)).toEqual([5, 9])
  for (const sizes of [[], [4, 9], [9, 9], [5.5]])
    expect(() => checkSizes(sizes, 3)).toThrow(expect.objectContaining({ tag: 'BadLibrarySizes' }))
})

test('neighbours come in order of distance, then of time', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double({ min: -5, max: 5, noNaN: true }))
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 2, maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 4 }),
      (values, dimension, radius) => {
        const n = Math.floor(values.length / dimension)
        fc.pre(n > 0)
        const states = Float64Array.from(values)
        const near = neighbourhood({ dimension, states, times: Float64Array.from({ length: n }, (_, t) => t) })
        const at = n - 1
        const distance = (s: number): number =>
          Math.sqrt(
            Array.from(
              { length: dimension },
              (_, k) => (values[s * dimension + k]! - values[at * dimension + k]!) ** 2,
            ).reduce((a, b) => a + b),
          )
        const expected = Array.from({ length: n }, (_, s) => s)
          .filter((s) => Math.abs(s - at) > radius)
          .sort((a, b) => distance(a) - distance(b) || at - a - (at - b))
        const found = near(states, at * dimension, at, radius)
        expect(found.count).toBe(expected.length)
        expect([...found.distances.subarray(0, found.count)]).toEqual(expected.map(distance))
        const [distances, all] = [found.distances.slice(0, found.count), found.states.slice(0, found.count)]
        for (const most of [1, 3, 32, 33]) {
          const few = neighbourhood({ dimension, states, times: Float64Array.from({ length: n }, (_, t) => t) }, most)
          const nearest = few(states, at * dimension, at, radius)
          expect(nearest.count).toBe(Math.min(most, expected.length))
          if (most === 33) continue
          expect(nearest.distances.slice(0, nearest.count)).toEqual(distances.slice(0, most))
          expect(nearest.states.slice(0, nearest.count)).toEqual(all.slice(0, most))
        }
        expect(new Set(found.states.subarray(0, found.count))).toEqual(new Set(expected))
      },
    ),
  )
})

test('rank trends equal the exact test of SciPy', () => {
  for (const { values, tau, pValue } of golden.trends) {
    const found = risingTrend(values)
    expect(found.tau).toBeCloseTo(tau, 12)
    expect(Math.abs(found.pValue / pValue - 1)).toBeLessThan(1e-9)
  }
  expect(risingTrend([1, 2])).toEqual({ tau: 0, pValue: 1 })
  expect(risingTrend([3, 3, 3])).toEqual({ tau: 0, pValue: 1 })
  const tied = risingTrend([1, 1, 2, 3, 4, 4, 5, 7])
  expect(tied.tau).toBeCloseTo(26 / Math.sqrt(28 * 26), 12)
  expect(tied.pValue).toBeLessThan(0.01)
  expect(risingTrend(Array.from({ length: 60 }, (_, i) => i)).pValue).toBeLessThan(1e-20)
})

test('spectra equal those of NumPy, and the inverse brings values back', () => {
  for (const { re, im, fft } of golden.spectra) {
    const fourier = transformOf(re.length)
    const found = fourier({ re: Float64Array.from(re), im: Float64Array.from(im) })
    allNear(found.re, fft[0], 1e-12)
    allNear(found.im, fft[1], 1e-12)
    const back = fourier(found, true)
    allNear(
      back.re.map((value) => value / re.length),
      re,
      1e-13,
    )
  }
})

describe('surrogates', () => {
  const draw = random(3)
  const values = Float64Array.from({ length: 96 }, (_, t) => Math.sin(t / 3) + 0.3 * draw.normal() + 4)
  const one = (kind: SurrogateKind, seed = 1, column = values): Float64Array =>
    surrogatesOf([column], { kind, period: 12 })(random(seed))[0]!

  test('of Ebisuzaki have the same spectrum and mean', () => {
    for (const length of [95, 96]) {
      const column = values.slice(0, length)
      const found = one('ebisuzaki', 1, column)
      const sizes = [column, found].map((x) => {
        const { re, im } = transformOf(length)({ re: x, im: new Float64Array(length) })
        return re.map((value, k) => Math.hypot(value, im[k]!)).slice(0, Math.floor((length - 1) / 2))
      })
      allNear(sizes[1]!, [...sizes[0]!], 1e-9)
      expect(found).not.toEqual(column)
    }
  })

  test('of seasons keep the mean cycle and what is left of it', () => {
    const found = one('seasonal')
    const cycle = (x: Float64Array): number[] =>
      Array.from({ length: 12 }, (_, k) => x.filter((_, t) => t % 12 === k).reduce((a, b) => a + b, 0) / 8)
    const [before, after] = [cycle(values), cycle(found)]
    for (const [k, value] of before.entries()) expect(Math.abs(after[k]! - value)).toBeLessThan(0.8)
    const left = values.map((value, t) => value - before[t % 12]!).toSorted()
    allNear(found.map((value, t) => value - before[t % 12]!).toSorted(), [...left], 1e-12)
    expect(() => surrogatesOf([values], { kind: 'seasonal' })).toThrow(expect.objectContaining({ tag: 'BadPeriod' }))
  })

  test('by swapping and by twins hold values that were seen', () => {
    const swapped = one('swap')
    expect(swapped.toSorted()).toEqual(values.toSorted())
    const at = swapped.indexOf(values[0]!)
    expect([...swapped.slice(at), ...swapped.slice(0, at)]).toEqual([...values])
    const periodic = Float64Array.from({ length: 60 }, (_, t) => [1, 5, 2, 7, 3][t % 5]!)
    const twin = one('twin', 4, periodic)
    for (const value of twin) expect(periodic).toContain(value)
    expect(one('twin', 1, values.slice(0, 4))).toEqual(values.slice(0, 4))
  })

  test.each(['ebisuzaki', 'seasonal', 'swap', 'twin'] as const)('%s: by seed, gaps stay gaps', (kind) => {
    const gaps = values.slice()
    for (const t of [0, 1, 40, 95]) gaps[t] = Number.NaN
    const [a, b] = [one(kind, 5, gaps), one(kind, 6, gaps)]
    expect(one(kind, 5, gaps)).toEqual(a)
    expect(b).not.toEqual(a)
    for (const [t, value] of a.entries()) expect(Number.isNaN(value)).toBe(Number.isNaN(gaps[t]!))
  })
})
