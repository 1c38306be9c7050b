/** Ranks and orders of samples. */

/** Indices in ascending order of values; equal values keep their order. NaN comes last. */
export function argsort(values: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: values.length }, (_, i) => i)
  return order.sort((a, b) => {
    const [x, y] = [values[a]!, values[b]!]
    if (x < y) return -1
    if (x > y) return 1
    if (x === y) return a - b
    return (Number.isNaN(x) ? 1 : 0) - (Number.isNaN(y) ? 1 : 0) || a - b
  })
}

/** How equal values are ranked: `average` of their places, the first (`min`), the last (`max`), or in order (`ordinal`). */
export type Ties = 'average' | 'min' | 'max' | 'ordinal'

const tied: Record<Ties, (first: number, last: number, at: number) => number> = {
  average: (first, last) => (first + last) / 2,
  min: (first) => first,
  max: (_, last) => last,
  ordinal: (_first, _last, at) => at,
}

/** Ranks from 1. */
export function ranks(values: ArrayLike<number>, ties: Ties = 'average'): Float64Array {
  const order = argsort(values)
  const out = new Float64Array(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++
    for (let at = from; at <= to; at++) out[order[at]!] = tied[ties](from + 1, to + 1, at + 1)
    from = to + 1
  }
  return out
}
