import { random } from '@ecotope/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { precisionRecallCurve } from '../src/index.ts'
import { oracle } from './oracle.ts'

interface Curve {
  probability: number[]
  positives: number[]
  averagePrecision: number
  precision: number[]
  recall: number[]
  thresholds: number[]
}

test.each(oracle<{ curves: Curve[] }>('scores').curves)('scikit-learn’s curve, ties included', (set) => {
  const curve = precisionRecallCurve(Float32Array.from(set.probability), set.positives, { points: 1e6 })
  expect(curve.averagePrecision).toBeCloseTo(set.averagePrecision, 12)
  expect(curve.thresholds.length).toBeGreaterThan(5)
  curve.thresholds.forEach((threshold, i) => {
    const at = set.thresholds.indexOf(threshold)
    expect(at).toBeGreaterThanOrEqual(0)
    expect(curve.precision[i]).toBeCloseTo(set.precision[at]!, 12)
    expect(curve.recall[i]).toBeCloseTo(set.recall[at]!, 12)
  })
})

/** The definition, in O(n^2). */
function plain(p: readonly number[], y: readonly number[]): { averagePrecision: number; f1: number } {
  const total = y.reduce((s, v) => s + v, 0)
  let averagePrecision = 0
  let f1 = 0
  let last = 0
  for (const threshold of [...new Set(p)].sort((a, b) => b - a)) {
    const chosen = y.filter((_, i) => p[i]! >= threshold)
    const hits = chosen.reduce((s, v) => s + v, 0)
    averagePrecision += (hits / total - last) * (hits / chosen.length)
    f1 = Math.max(f1, (2 * hits) / (chosen.length + total))
    last = hits / total
  }
  return { averagePrecision, f1 }
}

test('equals the definition for any probabilities and labels', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 })), { minLength: 1 })
  fc.assert(
    fc.property(pairs, (drawn) => {
      const p = drawn.map(([v]) => v / 8)
      const y = drawn.map(([, v]) => v)
      fc.pre(y.includes(1))
      const curve = precisionRecallCurve(Float32Array.from(p), y)
      const expected = plain(p, y)
      expect(curve.averagePrecision).toBeCloseTo(expected.averagePrecision, 12)
      expect(curve.best.f1).toBeCloseTo(expected.f1, 12)
      expect(curve.recall.at(-1)).toBe(1)
      for (let i = 1; i < curve.recall.length; i++) {
        expect(curve.recall[i]!).toBeGreaterThanOrEqual(curve.recall[i - 1]!)
        expect(curve.thresholds[i]!).toBeLessThan(curve.thresholds[i - 1]!)
      }
    }),
  )
})

test('a million pixels: few points, exact average precision, guessing gives the prevalence', () => {
  const stream = random(9)
  const n = 1_000_000
  const p = Float32Array.from({ length: n }, () => stream.uniform())
  const y = Uint8Array.from({ length: n }, () => (stream.uniform() < 0.03 ? 1 : 0))
  const curve = precisionRecallCurve(p, y, { points: 200 })
  expect(curve.thresholds.length).toBeLessThanOrEqual(200)
  expect(curve.thresholds.length).toBeGreaterThan(150)
  expect(curve.averagePrecision).toBeCloseTo(curve.prevalence, 2)
})

test('missing values are left out; no positive gives 0, not NaN; what is no probability is told', () => {
  const curve = precisionRecallCurve(Float32Array.from([0.9, Number.NaN, 0.2, 0.8]), [1, 1, 0, -1])
  expect(curve).toMatchObject({ averagePrecision: 1, positives: 1, count: 2, prevalence: 0.5 })
  expect(precisionRecallCurve(Float32Array.from([0.9, 0.1]), [0, 0])).toMatchObject({
    averagePrecision: 0,
    positives: 0,
    best: { f1: 0 },
  })
  expect(precisionRecallCurve(new Float32Array(0), [])).toMatchObject({ count: 0, prevalence: 0, thresholds: [] })
  expect(() => precisionRecallCurve(Float32Array.from([2]), [1])).toThrow(/not a probability/)
  expect(() => precisionRecallCurve(Float32Array.from([0.2]), [])).toThrow(/1 probabilities/)
})
