/** Kendall's rank correlation with the order of values (Mann 1945; Kendall 1975): whether they rise. */
import { normal } from '../statistics/distributions.ts'

export interface Trend {
  /** In [-1, 1]: pairs that rise less those that fall, of all pairs; equal pairs are counted as tau-b does. */
  readonly tau: number
  /** Chance of so many rising pairs, or more, in a random order. */
  readonly pValue: number
}

/** Up to this many values without ties, chances are counted; else approximated. */
const EXACT = 50

/** Of values in their order. No trend (tau 0, p-value 1) below three values, or where all are equal. */
export function risingTrend(values: ArrayLike<number>): Trend {
  const n = values.length
  let [score, equal] = [0, 0]
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      score += Math.sign(values[j]! - values[i]!)
      if (values[j] === values[i]) equal++
    }
  const pairs = (n * (n - 1)) / 2
  if (n < 3 || equal === pairs) return { tau: 0, pValue: 1 }
  const tau = score / Math.sqrt(pairs * (pairs - equal))
  if (equal === 0 && n <= EXACT) return { tau, pValue: exactTail(n, (pairs + score) / 2) }
  const ties = tiesOf(values).reduce((sum, t) => sum + t * (t - 1) * (2 * t + 5), 0)
  const variance = (n * (n - 1) * (2 * n + 5) - ties) / 18
  return { tau, pValue: normal.sf((score - Math.sign(score)) / Math.sqrt(variance)) }
}

function tiesOf(values: ArrayLike<number>): number[] {
  const counts = new Map<number, number>()
  for (let i = 0; i < values.length; i++) counts.set(values[i]!, (counts.get(values[i]!) ?? 0) + 1)
  return [...counts.values()]
}

/** Chance of at least `rising` pairs in order, by the numbers of permutations with so many inversions. */
function exactTail(n: number, rising: number): number {
  const pairs = (n * (n - 1)) / 2
  let chances = new Float64Array(pairs + 1)
  chances[0] = 1
  for (let k = 2; k <= n; k++) {
    const next = new Float64Array(pairs + 1)
    let window = 0
    for (let i = 0; i <= pairs; i++) {
      window += chances[i]!
      if (i >= k) window -= chances[i - k]!
      next[i] = Math.max(0, window) / k
    }
    chances = next
  }
  // As many inversions as there are pairs that fall: at most pairs - rising.
  let tail = 0
  for (let i = 0; i <= pairs - rising; i++) tail += chances[i]!
  return Math.min(1, tail)
}
