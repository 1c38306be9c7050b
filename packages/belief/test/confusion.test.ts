import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addConfusions, confusion, mcnemar, scores, transposed } from '../src/index.ts'
import { criticalValue, normalCdf, normalQuantile } from '../src/normal.ts'
import { oracle } from './oracle.ts'

interface ScoreOracle {
  sets: {
    reference: number[]
    prediction: number[]
    classes: number
    confusion: number[][]
    kappa: number
    overallAccuracy: number
    balancedAccuracy: number
    matthews: number
    precision: number[]
    recall: number[]
    f1: number[]
    support: number[]
    meanF1: number
    iou: number[]
  }[]
  mcnemar: { b: number; c: number; pValue: number }[]
  normal: { p: number; z: number }[]
}

const reference = oracle<ScoreOracle>('scores')

test.each(reference.sets)('scikit-learn’s scores, $classes classes', (set) => {
  const matrix = confusion(set.reference, set.prediction, set.classes)
  expect(matrix).toEqual(set.confusion)
  const names = Array.from({ length: set.classes }, (_, c) => `class ${c}`)
  const result = scores(matrix, names)
  for (const key of ['kappa', 'overallAccuracy', 'balancedAccuracy', 'matthews', 'meanF1'] as const) {
    expect(result[key]).toBeCloseTo(set[key], 12)
  }
  for (const key of ['precision', 'recall', 'f1', 'support', 'iou'] as const) {
    result.classes.forEach((c, i) => {
      expect(c[key]).toBeCloseTo(set[key][i]!, 12)
    })
  }
})

const matrices = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 3, maxLength: 3 }), {
  minLength: 3,
  maxLength: 3,
})

test('scores are finite for any counts, and do not care how classes are ordered', () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const result = scores(matrix, ['a', 'b', 'c'])
      const order = [2, 0, 1]
      const turned = scores(
        order.map((r) => order.map((c) => matrix[r]![c]!)),
        ['c', 'a', 'b'],
      )
      for (const key of ['kappa', 'overallAccuracy', 'meanF1', 'meanIou', 'matthews', 'balancedAccuracy'] as const) {
        expect(Number.isFinite(result[key])).toBe(true)
        expect(turned[key]).toBeCloseTo(result[key], 9)
      }
      const disagreement = result.quantityDisagreement + result.allocationDisagreement
      if (result.count > 0) expect(result.overallAccuracy + disagreement).toBeCloseTo(1, 9)
      for (const c of result.classes) expect(c.iou).toBeLessThanOrEqual(c.f1 + 1e-12)
    }),
  )
})

test('conventions: an absent class, one class only, nothing at all', () => {
  const absent = scores(
    [
      [8, 1, 1],
      [2, 8, 0],
      [0, 0, 0],
    ],
    ['a', 'b', 'ghost'],
  )
  expect(absent.classes[2]).toMatchObject({ precision: 0, recall: 0, f1: 0, iou: 0, support: 0, predicted: 1 })
  expect(absent.meanF1).toBeCloseTo((absent.classes[0]!.f1 + absent.classes[1]!.f1) / 2, 12)
  expect(
    scores(
      [
        [7, 0],
        [0, 0],
      ],
      ['a', 'b'],
    ),
  ).toMatchObject({ kappa: 0, overallAccuracy: 1, meanF1: 1, matthews: 0 })
  expect(scores([[0]], ['a'])).toMatchObject({ kappa: 0, overallAccuracy: 0, meanF1: 0, count: 0 })
  expect(() => scores([[1]], ['a', 'b'])).toThrow(/2 class names/)
})

describe('confusion', () => {
  test('leaves out what has no reference or no prediction', () => {
    expect(confusion([0, 1, -1, 255, 1, Number.NaN], [0, 0, 1, 1, 255, 1], 2, 255)).toEqual([
      [1, 0],
      [1, 0],
    ])
    expect(() => confusion([2], [0], 2)).toThrow(/not below 2/)
    expect(() => confusion([1], [0, 1], 2)).toThrow(/1 reference pixels/)
  })

  test('adds and transposes', () => {
    fc.assert(
      fc.property(matrices, matrices, (a, b) => {
        expect(transposed(transposed(a))).toEqual(a)
        expect(addConfusions([a, b])).toEqual(addConfusions([b, a]))
        expect(addConfusions([a])).toEqual(a)
      }),
    )
    expect(() => addConfusions([[[1]], [[1, 2]].concat([[3, 4]])])).toThrow(/differ/)
  })
})

test.each(reference.mcnemar)('McNemar $b against $c as SciPy has it', ({ b, c, pValue }) => {
  const result = mcnemar(b, c)
  expect(result.pValue).toBeCloseTo(pValue, 10)
  expect(result.exact).toBe(b + c < 100)
  expect(mcnemar(c, b).pValue).toBe(result.pValue)
})

test('normal quantiles as SciPy has them', () => {
  for (const { p, z } of reference.normal) {
    expect(normalQuantile(p)).toBeCloseTo(z, 9)
    expect(normalCdf(z) / p).toBeCloseTo(1, 9)
  }
  expect(criticalValue(0.95)).toBeCloseTo(1.959963984540054, 10)
  expect(() => normalQuantile(1)).toThrow(/between 0 and 1/)
  expect(() => criticalValue(1)).toThrow(/between 0 and 1/)
})
