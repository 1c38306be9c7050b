/** Sums and spreads rounded as NumPy rounds them along contiguous rows, so that noise and ties come out the same. */

const BLOCK = 128

/** Sum by pairs of halves; eight partial sums below 128 values. */
export function pairwiseSum(values: Float64Array, from = 0, count: number = values.length - from): number {
  if (count > BLOCK) {
    const half = Math.floor(count / 2)
    const first = half - (half % 8)
    return pairwiseSum(values, from, first) + pairwiseSum(values, from + first, count - first)
  }
  if (count < 8) {
    let total = 0
    for (let i = from; i < from + count; i++) total += values[i]!
    return total
  }
  const part = Array.from({ length: 8 }, (_, i) => values[from + i]!)
  const whole = count - (count % 8)
  for (let i = 8; i < whole; i += 8) for (let j = 0; j < 8; j++) part[j] = part[j]! + values[from + i + j]!
  let total = part[0]! + part[1]! + (part[2]! + part[3]!) + (part[4]! + part[5]! + (part[6]! + part[7]!))
  for (let i = whole; i < count; i++) total += values[from + i]!
  return total
}

/** Population standard deviation. */
export function spread(values: Float64Array): number {
  const mean = pairwiseSum(values) / values.length
  const squares = values.map((value) => (value - mean) * (value - mean))
  return Math.sqrt(pairwiseSum(squares) / values.length)
}

/** Mean 0 and standard deviation 1, in place; a constant row only loses its mean. */
export function standardise(values: Float64Array): Float64Array {
  const mean = pairwiseSum(values) / values.length
  for (let i = 0; i < values.length; i++) values[i] = values[i]! - mean
  const size = spread(values)
  if (size !== 0) for (let i = 0; i < values.length; i++) values[i] = values[i]! / size
  return values
}
