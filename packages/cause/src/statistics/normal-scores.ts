/** Values as quantiles of the standard normal distribution at their ranks (nonparanormal; Liu et al. 2009). */
import { normalQuantile } from './normal-quantile.ts'

/** In place of probability 1, whose quantile is infinite. */
const ALMOST_ONE = 1 - 1e-5

/** Quantiles at 1 / n, 2 / n, ... of the lengths seen last. */
const tables = new Map<number, Float64Array>()
const MOST_TABLES = 64

/** Scores of ranks 1 to n, at their place less 1. */
export function scoreTable(n: number): Float64Array {
  let found = tables.get(n)
  if (found === undefined) {
    found = Float64Array.from({ length: n }, (_, k) => normalQuantile(k === n - 1 ? ALMOST_ONE : (k + 1) / n))
    if (tables.size >= MOST_TABLES) tables.delete(tables.keys().next().value!)
    tables.set(n, found)
  }
  return found
}

/** Equal values get the quantile of the last of them. */
export function normalScores(values: Float64Array): Float64Array {
  const scores = scoreTable(values.length)
  const sorted = values.toSorted()
  const out = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]! <= value) low = middle + 1
      else high = middle
    }
    out[i] = scores[low - 1]!
  }
  return out
}
