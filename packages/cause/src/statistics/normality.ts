/** How far values are from a normal distribution (D'Agostino and Pearson 1973). */
import { centred } from './moments.ts'

/** The omnibus statistic of skewness and kurtosis: chi-squared with 2 degrees of freedom where values are normal. Needs 8 values. */
export function normalityStatistic(values: Float64Array): number {
  const less = centred(values)
  const moment = (power: number): number => less.reduce((sum, value) => sum + value ** power, 0) / less.length
  const variance = moment(2)
  const n = values.length
  return skewScore(moment(3) / variance ** 1.5, n) ** 2 + kurtosisScore(moment(4) / variance ** 2, n) ** 2
}

/** Normal approximation for the skewness of n normal values (D'Agostino 1970). */
function skewScore(skewness: number, n: number): number {
  const y = skewness * Math.sqrt(((n + 1) * (n + 3)) / (6 * (n - 2))) || 1
  const beta = (3 * (n * n + 27 * n - 70) * (n + 1) * (n + 3)) / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
  const w = Math.sqrt(2 * (beta - 1)) - 1
  const alpha = Math.sqrt(2 / (w - 1))
  return Math.asinh(y / alpha) / Math.sqrt(0.5 * Math.log(w))
}

/** Normal approximation for the kurtosis of n normal values (Anscombe and Glynn 1983). */
function kurtosisScore(kurtosis: number, n: number): number {
  const expected = (3 * (n - 1)) / (n + 1)
  const variance = (24 * n * (n - 2) * (n - 3)) / ((n + 1) ** 2 * (n + 3) * (n + 5))
  const x = (kurtosis - expected) / Math.sqrt(variance)
  const skew =
    ((6 * (n * n - 5 * n + 2)) / ((n + 7) * (n + 9))) * Math.sqrt((6 * (n + 3) * (n + 5)) / (n * (n - 2) * (n - 3)))
  const a = 6 + (8 / skew) * (2 / skew + Math.sqrt(1 + 4 / skew ** 2))
  const below = 1 + x * Math.sqrt(2 / (a - 4))
  const root = Math.sign(below) * Math.cbrt((1 - 2 / a) / Math.abs(below))
  return (1 - 2 / (9 * a) - root) / Math.sqrt(2 / (9 * a))
}
