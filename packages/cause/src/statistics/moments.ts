/** Means, variances and correlations of rows of samples. */

/** Sum by pairs of halves, whose error does not grow with the length. */
export function sum(values: Float64Array, from = 0, to: number = values.length): number {
  if (to - from > 128) {
    const middle = from + (((to - from) >> 4) << 3)
    return sum(values, from, middle) + sum(values, middle, to)
  }
  let total = 0
  for (let i = from; i < to; i++) total += values[i]!
  return total
}

export const mean = (values: Float64Array): number => sum(values) / values.length

/** Values less their mean. */
export function centred(values: Float64Array): Float64Array {
  const middle = mean(values)
  return values.map((value) => value - middle)
}

/** Sum of products. */
export function dot(a: Float64Array, b: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  const whole = a.length & ~3
  for (let i = 0; i < whole; i += 4) {
    s0 += a[i]! * b[i]!
    s1 += a[i + 1]! * b[i + 1]!
    s2 += a[i + 2]! * b[i + 2]!
    s3 += a[i + 3]! * b[i + 3]!
  }
  for (let i = whole; i < a.length; i++) s0 += a[i]! * b[i]!
  return s0 + s1 + (s2 + s3)
}

/** Population standard deviation (divided by the number of values). */
export function deviation(values: Float64Array): number {
  const less = centred(values)
  return Math.sqrt(dot(less, less) / values.length)
}

/** Mean 0 and standard deviation 1; a constant row becomes zeros. */
export function standardised(values: Float64Array): Float64Array {
  const less = centred(values)
  const spread = Math.sqrt(dot(less, less) / values.length)
  return spread === 0 ? less : less.map((value) => value / spread)
}

/** Pearson correlation; NaN where a row is constant. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const [x, y] = [centred(a), centred(b)]
  const [xx, yy] = [Math.sqrt(dot(x, x)), Math.sqrt(dot(y, y))]
  if (xx === 0 || yy === 0) return Number.NaN
  const value = dot(
    x.map((value) => value / xx),
    y.map((value) => value / yy),
  )
  return Math.max(-1, Math.min(1, value))
}
