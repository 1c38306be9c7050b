/** Linear regression by least squares, and ridge regression (Hoerl and Kennard 1970). */
import { linalg } from '@ecotope/tensor'
import { regressor } from '../../statistics/least-squares.ts'
import { centred, dot, mean } from '../../statistics/moments.ts'
import type { FittedModel, Regressor } from './regressor.ts'

/** Least squares with an intercept; coefficients of minimum norm where predictors are collinear, which is said. */
export const linear = (): Regressor => ({
  name: 'linear',
  fit(rows, target) {
    const fit = regressor(rows, { intercept: true })
    const { coefficients } = fit.fit(target)
    const model = linearModel(coefficients.slice(0, rows.length), coefficients.at(-1)!)
    if (fit.rank === rows.length) return model
    return { ...model, concern: `the ${rows.length} predictors are collinear (rank ${fit.rank})` }
  },
})

export interface RidgeOptions {
  /** Penalty on the sum of squared coefficients (of predictors as they are, not scaled); default 1. */
  readonly alpha?: number
}

/** Ridge regression; the intercept is not penalised. */
export const ridge = ({ alpha = 1 }: RidgeOptions = {}): Regressor => ({
  name: 'ridge',
  fit(rows, target) {
    const less = rows.map(centred)
    const width = rows.length
    const gram = linalg.matrix(width, width)
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++) gram.data[i * width + j] = dot(less[i]!, less[j]!) + (i === j ? alpha : 0)
    const middle = mean(target)
    const own = target.map((value) => value - middle)
    const right = linalg.matrix(
      width,
      1,
      less.map((row) => dot(row, own)),
    )
    const coefficients = linalg.choleskySolve(linalg.cholesky(gram), right).data
    const intercept = rows.reduce((rest, row, k) => rest - coefficients[k]! * mean(row), middle)
    return linearModel(Float64Array.from(coefficients), intercept)
  },
})

function linearModel(coefficients: Float64Array, intercept: number): FittedModel {
  return {
    coefficients,
    predict(rows) {
      const out = new Float64Array(rows[0]?.length ?? 0).fill(intercept)
      for (const [k, row] of rows.entries()) {
        const factor = coefficients[k]!
        for (let i = 0; i < out.length; i++) out[i] = out[i]! + factor * row[i]!
      }
      return out
    },
  }
}
