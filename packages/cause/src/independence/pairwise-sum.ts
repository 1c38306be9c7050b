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
  let [a, b, c, d] = [values[from]!, values[from + 1]!, values[from + 2]!, values[from + 3]!]
  let [e, f, g, h] = [values[from + 4]!, values[from + 5]!, values[from + 6]!, values[from + 7]!]
  const end = from + count
  let i = from + 8
  for (; i + 8 <= end; i += 8) {
    a += values[i]!
    b += values[i + 1]!
    c += values[i + 2]!
    d += values[i + 3]!
    e += values[i + 4]!
    f += values[i + 5]!
    g += values[i + 6]!
    h += values[i + 7]!
  }
  let total = a + b + (c + d) + (e + f + (g + h))
  for (; i < end; i++) total += values[i]!
  return total
}

/** Population standard deviation. */
export function spread(values: Float64Array): number {
  const mean = pairwiseSum(values) / values.length
  const squares = new Float64Array(values.length)
  for (let i = 0; i < squares.length; i++) {
    const rest = values[i]! - mean
    squares[i] = rest * rest
  }
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
