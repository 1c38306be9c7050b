import { random } from '@ecotope/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reliability } from '../src/index.ts'

/** `[2, n]` from the probability of class 0. */
const binary = (p: readonly number[]): Float32Array => Float32Array.from([...p, ...p.map((v) => 1 - v)])

test('by hand: two bins, four pixels', () => {
  const result = reliability(binary([0.9, 0.9, 0.6, 0.6]), [0, 1, 0, 1], { bins: 2 })
  // All confidences lie in the upper bin: mean 0.75 stated, 0.5 right.
  expect(result.ece).toBeCloseTo(0.25, 6)
  expect(result.mce).toBeCloseTo(0.25, 6)
  expect(result.bins[1]).toMatchObject({ lower: 0.5, upper: 1, accuracy: 0.5, count: 4 })
  expect(result.bins[0]).toMatchObject({ count: 0, accuracy: 0, confidence: 0.25 })
  // Sorted into halves: (0.6, 0.6) is right half the time, (0.9, 0.9) as well.
  expect(result.adaptiveEce).toBeCloseTo(0.5 * 0.1 + 0.5 * 0.4, 6)
  expect(result.nll).toBeCloseTo(-(Math.log(0.9) + Math.log(0.1) + Math.log(0.6) + Math.log(0.4)) / 4, 6)
  expect(result.brier.score).toBeCloseTo((2 * (0.01 + 0.81 + 0.16 + 0.36)) / 4, 6)
})

test('the parts of the Brier score add up, and the errors lie in their ranges', () => {
  const probabilities = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 30, maxLength: 30 })
  const labels = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 30, maxLength: 30 })
  fc.assert(
    fc.property(probabilities, labels, (p, y) => {
      fc.pre(y.some((label) => label >= 0))
      const { brier, ece, mce, adaptiveEce, classwiseEce } = reliability(binary(p), y)
      expect(brier.reliability - brier.resolution + brier.uncertainty + brier.withinBins).toBeCloseTo(brier.score, 9)
      expect(brier.reliability).toBeGreaterThanOrEqual(0)
      expect(brier.resolution).toBeGreaterThanOrEqual(0)
      for (const error of [ece, mce, adaptiveEce, classwiseEce]) {
        expect(error).toBeGreaterThanOrEqual(0)
        expect(error).toBeLessThanOrEqual(1)
      }
      expect(ece).toBeLessThanOrEqual(mce + 1e-9)
    }),
  )
})

test('labels drawn from the stated probabilities are found calibrated', () => {
  const stream = random(2)
  const p = Array.from({ length: 40_000 }, () => stream.uniform())
  const y = p.map((v) => (stream.uniform() < v ? 0 : 1))
  const result = reliability(binary(p), y)
  expect(result.ece).toBeLessThan(0.015)
  expect(result.adaptiveEce).toBeLessThan(0.015)
  expect(result.brier.reliability).toBeLessThan(0.001)
})

test('certain and wrong stays finite; unlabelled and missing pixels are left out', () => {
  const result = reliability(Float32Array.from([1, 0.2, Number.NaN, 0, 0.8, Number.NaN]), [1, -1, 0])
  expect(result.count).toBe(1)
  expect(result.nll).toBeCloseTo(-Math.log(Number.EPSILON), 9)
  expect(() => reliability(new Float32Array(2), [-1])).toThrow(/no labelled pixel/)
  expect(() => reliability(new Float32Array(2), [5])).toThrow(/not below/)
})
