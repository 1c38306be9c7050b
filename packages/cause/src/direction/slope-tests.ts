/** Student's t tests of the coefficients of a linear regression. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { studentT } from '../statistics/distributions.ts'
import { centred, deviation, dot } from '../statistics/moments.ts'

/**
 * Two-sided p-values of the slopes of `target` on `predictors`. Throws `InputError` CollinearVariables (data: `predictor`).
 */
export function slopePValues(
  predictors: readonly Float64Array[],
  target: Float64Array,
  intercept = true,
): Float64Array {
  const [p, n] = [predictors.length, target.length]
  if (p === 0) return new Float64Array(0)
  const ready = intercept ? centred : (row: Float64Array): Float64Array => row.slice()
  const rows = predictors.map((row) => {
    const spread = deviation(row)
    return ready(row).map((value) => value / spread)
  })
  const y = ready(target)
  const { lower, relativeJitter } = linalg.cholesky(linalg.syrk(linalg.fromRows(rows)))
  const thin = rows.findIndex((_, k) => lower.data[k * (p + 1)]! < 1e-7 * Math.sqrt(n))
  if (relativeJitter > 0 || thin >= 0)
    throw new InputError(
      'CollinearVariables',
      `predictor ${Math.max(0, thin)} is a combination of the ones before it`,
      {
        hint: 'Leave one of the variables out.',
        data: { predictor: Math.max(0, thin) },
      },
    )
  const inverse = linalg.choleskySolve({ lower, relativeJitter, jitter: 0 }, linalg.identity(p))
  const products = Float64Array.from(rows, (row) => dot(row, y))
  const slopes = linalg.matvec(inverse, products)
  const left = y.map((value, i) => rows.reduce((rest, row, k) => rest - slopes[k]! * row[i]!, value))
  const freedom = n - p - (intercept ? 1 : 0)
  const noise = dot(left, left) / freedom
  const { sf } = studentT(freedom)
  return slopes.map((slope, k) => 2 * sf(Math.abs(slope) / Math.sqrt(noise * inverse.data[k * (p + 1)]!)))
}
