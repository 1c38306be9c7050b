import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forest } from '../../src/effects/regressors/forest.ts'
import { kernelRidge } from '../../src/effects/regressors/kernel-ridge.ts'
import { linear, ridge } from '../../src/effects/regressors/linear.ts'
import { nearestNeighbours } from '../../src/effects/regressors/neighbours.ts'
import type { Regressor } from '../../src/effects/regressors/regressor.ts'
import { REGRESSORS, regressorNamed } from '../../src/effects/regressors/table.ts'

/** Two predictors and a target with a step, a curve and an interaction. */
function sample(count: number, seed: number): { rows: Float64Array[]; target: Float64Array; truth: Float64Array } {
  const stream = random(seed)
  const rows = [0, 1].map(() => Float64Array.from({ length: count }, () => stream.normal()))
  const truth = rows[0]!.map((a, i) => (a > 0 ? 1 : -1) + a * rows[1]![i]! * 0.5)
  return { rows, target: truth.map((value) => value + 0.2 * stream.normal()), truth }
}

const errorOf = (predicted: Float64Array, truth: Float64Array): number =>
  Math.sqrt(predicted.reduce((sum, value, i) => sum + (value - truth[i]!) ** 2, 0) / truth.length)

describe('every estimator', () => {
  const all = Object.entries(REGRESSORS).map(([name, make]) => [name, make()] as const)

  test.each(all)('%s is named, gives one finite value per sample and the same twice', (name, regressor) => {
    const { rows, target } = sample(80, 1)
    expect(regressor.name).toBe(name)
    const asked = rows.map((row) => row.subarray(0, 7))
    const [a, b] = [regressor.fit(rows, target).predict(asked), regressor.fit(rows, target).predict(asked)]
    expect(a.length).toBe(7)
    expect(a.every(Number.isFinite)).toBe(true)
    expect(a).toEqual(b)
  })

  test.each(all)('%s does not change what it is given', (_name, regressor) => {
    const { rows, target } = sample(60, 2)
    const before = [...rows.map((row) => row.slice()), target.slice()]
    regressor.fit(rows, target).predict(rows)
    expect([...rows, target]).toEqual(before)
  })

  test.each(all)('%s predicts a constant target as it is', (_name, regressor) => {
    const { rows } = sample(60, 3)
    const predicted = regressor.fit(rows, new Float64Array(60).fill(4)).predict(rows)
    for (const value of predicted) expect(Math.abs(value - 4)).toBeLessThan(1e-9)
  })

  test.each(all)('%s moves with the target', (_name, regressor) => {
    const { rows, target } = sample(60, 4)
    const [a, b] = [
      regressor.fit(rows, target).predict(rows),
      regressor
        .fit(
          rows,
          target.map((value) => value + 100),
        )
        .predict(rows),
    ]
    for (const [i, value] of a.entries()) expect(Math.abs(b[i]! - value - 100)).toBeLessThan(1e-6)
  })
})

describe('nonlinear estimators', () => {
  const line = linear()
  const nonlinear: [string, Regressor][] = [
    ['knn', nearestNeighbours()],
    ['kernel-ridge', kernelRidge({ alpha: 0.1 })],
    ['forest', forest({ trees: 60 })],
  ]
  test.each(nonlinear)('%s is nearer to a bent law than a plane, on new samples', (_name, regressor) => {
    const [train, fresh] = [sample(500, 5), sample(300, 6)]
    const straight = errorOf(line.fit(train.rows, train.target).predict(fresh.rows), fresh.truth)
    const bent = errorOf(regressor.fit(train.rows, train.target).predict(fresh.rows), fresh.truth)
    expect(bent).toBeLessThan(0.75 * straight)
  })

  test('forests differ by seed, not by order of predictors looked at in full', () => {
    const { rows, target } = sample(100, 7)
    const with0 = forest({ trees: 5 }).fit(rows, target).predict(rows)
    expect(forest({ trees: 5, seed: 1 }).fit(rows, target).predict(rows)).not.toEqual(with0)
    expect(forest({ trees: 5, predictors: 0.5 }).fit(rows, target).predict(rows)).not.toEqual(with0)
  })

  test('a leaf is never smaller than asked: a forest of one leaf is flat', () => {
    const { rows, target } = sample(50, 8)
    const flat = forest({ trees: 3, leaf: 26 }).fit(rows, target).predict(rows)
    expect(new Set(flat).size).toBe(1)
  })

  test('one neighbour gives back the samples; weights by distance go through them', () => {
    const { rows, target } = sample(50, 9)
    expect(nearestNeighbours({ k: 1 }).fit(rows, target).predict(rows)).toEqual(target)
    expect(nearestNeighbours({ k: 6, weights: 'distance' }).fit(rows, target).predict(rows)).toEqual(target)
  })

  test('what cannot be done is said', () => {
    const { rows, target } = sample(8, 10)
    expect(() => nearestNeighbours({ k: 9 }).fit(rows, target)).toThrow(/9 neighbours are asked of 8 samples/)
    const many = [new Float64Array(5001)]
    expect(() => kernelRidge().fit(many, many[0]!)).toThrow(/too much work/)
    expect(() => regressorNamed('forrest')).toThrow(/no estimator forrest/)
    expect(regressorNamed('forest').name).toBe('forest')
  })
})

describe('linear estimators', () => {
  test('least squares leaves residuals orthogonal to predictors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const { rows, target } = sample(40, seed)
        const predicted = linear().fit(rows, target).predict(rows)
        for (const row of [...rows, new Float64Array(40).fill(1)]) {
          const product = row.reduce((sum, value, i) => sum + value * (target[i]! - predicted[i]!), 0)
          expect(Math.abs(product)).toBeLessThan(1e-9)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('collinear predictors are said to be, and share the coefficient', () => {
    const { rows, target } = sample(40, 11)
    const model = linear().fit([rows[0]!, rows[0]!.slice()], target)
    expect(model.concern).toBe('the 2 predictors are collinear (rank 1)')
    expect(model.coefficients![0]).toBeCloseTo(model.coefficients![1]!, 10)
    expect(linear().fit(rows, target).concern).toBeUndefined()
  })

  test('ridge shrinks from least squares to nothing', () => {
    const { rows, target } = sample(40, 12)
    const size = (regressor: Regressor): number => Math.hypot(...regressor.fit(rows, target).coefficients!)
    const sizes = [0.001, 1, 100, 1e6].map((alpha) => size(ridge({ alpha })))
    expect(sizes[0]).toBeCloseTo(size(linear()), 3)
    expect([...sizes].sort((a, b) => b - a)).toEqual(sizes)
    expect(sizes[3]).toBeLessThan(1e-3)
  })
})
