/** Normal scores among the samples that a test has, from columns that are sorted once. */
import { scoreTable } from '../statistics/normal-scores.ts'
import { correlationsOf } from '../statistics/partial.ts'
import { argsort } from '../statistics/ranks.ts'
import type { LaggedCovariance } from './lagged-covariance.ts'

export class GapScores {
  /** Whether samples are distinct steps, as they are unless drawn with replacement. */
  readonly usable: boolean
  readonly #covariance: LaggedCovariance
  readonly #orders = new Map<number, Int32Array>()
  /** Sample of each step of a column, or -1. */
  readonly #sample: Int32Array

  constructor(covariance: LaggedCovariance) {
    this.#covariance = covariance
    this.usable = new Set(covariance.points).size === covariance.points.length
    this.#sample = new Int32Array(covariance.raw[0]!.length)
  }

  /** Writes the correlations of the scores of `n` rows at `many` samples; false where a row is constant. */
  correlate(rows: Int32Array, n: number, places: Int32Array, many: number, matrix: Float64Array): boolean {
    const scores = Array.from({ length: n }, (_, k) => this.#scores(rows[k]!, places, many))
    const made = correlationsOf(scores, [...scores.keys()])
    if (made === undefined) return false
    matrix.set(made.subarray(0, n * n))
    return true
  }

  #scores(row: number, places: Int32Array, many: number): Float64Array {
    const { raw, points, maxLag } = this.#covariance
    const [c, lag] = [Math.floor(row / (maxLag + 1)), row % (maxLag + 1)]
    const column = raw[c]!
    const sample = this.#sample.fill(-1)
    for (let i = 0; i < many; i++) sample[points[places[i]!]! - lag] = i
    const order = this.#order(c)
    const table = scoreTable(many)
    const out = new Float64Array(many)
    let [rank, score, before] = [many, 0, Number.NaN]
    // From the largest on, so that equal values get the rank of the last of them.
    for (let k = order.length - 1; k >= 0; k--) {
      const at = sample[order[k]!]!
      if (at < 0) continue
      const value = column[order[k]!]!
      if (value !== before) score = table[rank - 1]!
      before = value
      out[at] = score
      rank--
    }
    return out
  }

  #order(column: number): Int32Array {
    let order = this.#orders.get(column)
    if (order === undefined) {
      order = argsort(this.#covariance.raw[column]!)
      this.#orders.set(column, order)
    }
    return order
  }
}
