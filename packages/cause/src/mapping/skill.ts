/** How well predictions meet observations. */

export interface Skill {
  /** Pearson correlation; NaN below five pairs or where one side is constant. */
  readonly rho: number
  /** Mean absolute error. */
  readonly mae: number
  /** Root of the mean squared error. */
  readonly rmse: number
  /** Pairs of which neither is missing. */
  readonly count: number
}

const LEAST_PAIRS = 5

export function skillOf(observed: Float64Array, predicted: Float64Array): Skill {
  let [count, absolute, squared, meanA, meanB] = [0, 0, 0, 0, 0]
  for (let i = 0; i < observed.length; i++) {
    const error = observed[i]! - predicted[i]!
    if (Number.isNaN(error)) continue
    count++
    absolute += Math.abs(error)
    squared += error * error
    meanA += observed[i]!
    meanB += predicted[i]!
  }
  if (count < LEAST_PAIRS) return { rho: Number.NaN, mae: Number.NaN, rmse: Number.NaN, count }
  meanA /= count
  meanB /= count
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < observed.length; i++) {
    const [a, b] = [observed[i]! - meanA, predicted[i]! - meanB]
    if (Number.isNaN(a + b)) continue
    ab += a * b
    aa += a * a
    bb += b * b
  }
  const rho = aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN
  return { rho, mae: absolute / count, rmse: Math.sqrt(squared / count), count }
}
