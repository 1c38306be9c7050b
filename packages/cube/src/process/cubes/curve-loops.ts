/** fit_curve and predict_curve on all columns of a tile, with a model that compiled. */
import type { ColumnLoop } from './columns.ts'
import { type Evaluator, fitCurve } from './curves.ts'
import { linearFit } from './linear-fit.ts'

/** Fits column by column. Infinite values are left out as missing ones are. */
export function fitLoop(model: Evaluator, length: number, initial: readonly number[]): ColumnLoop {
  const n = initial.length
  const fast = model.isLinear ? linearFit(model, n) : undefined
  const ys = new Float64Array(length)
  return ([values], count, result) => {
    for (let c = 0; c < count; c++) {
      let known = 0
      for (let i = 0; i < length; i++) {
        const value = values![c * length + i]!
        ys[i] = Number.isFinite(value) ? value : Number.NaN
        known += Number(Number.isFinite(value))
      }
      if (known >= n && fast?.(ys, 0, result, c * n)) continue
      result.set(fitCurve(model, ys, initial), c * n)
    }
  }
}

/** Values of the model for the parameters that each column holds. */
export function predictLoop(model: Evaluator, n: number, length: number): ColumnLoop {
  if (model.isLinear) return sumLoop(model, n, length)
  return ([parameters], count, result) => {
    for (let c = 0; c < count; c++) {
      model.evaluate(parameters!.subarray(c * n, c * n + n), false)
      result.set(model.values, c * length)
    }
  }
}

/** Of a linear model: what is there without parameters, and each times its slopes. */
function sumLoop(model: Evaluator, n: number, length: number): ColumnLoop {
  model.evaluate(new Float64Array(n), true)
  const { values, slopes } = model
  return ([parameters], count, result) => {
    for (let c = 0; c < count; c++) {
      const to = c * length
      result.set(values, to)
      for (let k = 0; k < n; k++) {
        const factor = parameters![c * n + k]!
        const slope = slopes[k]!
        for (let i = 0; i < length; i++) result[to + i]! += factor * slope[i]!
      }
    }
  }
}
