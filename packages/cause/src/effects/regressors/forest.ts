/** Random forests of regression trees (Breiman 2001): nonlinear, with interactions, hardly any choices to make. */
import { type Random, random } from '@ecotope/core'
import { mean } from '../../statistics/moments.ts'
import type { Regressor } from './regressor.ts'

export interface ForestOptions {
  /** Default 100. */
  readonly trees?: number
  /** Fewest samples in a leaf; default 5. */
  readonly leaf?: number
  /** Share of predictors that are looked at for each split, in (0, 1]; default 1. */
  readonly predictors?: number
  /** Default 0. */
  readonly seed?: number
}

/** A split, or a leaf where there is no predictor. */
interface Tree {
  readonly value: number
  readonly predictor?: number
  readonly threshold?: number
  readonly low?: Tree
  readonly high?: Tree
}

interface Growth {
  readonly rows: readonly Float64Array[]
  /** Places of the values of each row in ascending order. */
  readonly ranks: readonly Int32Array[]
  readonly target: Float64Array
  readonly leaf: number
  readonly looked: number
  readonly random: Random
}

/** Means over trees, each of a bootstrap sample; splits that lower the sum of squares most. */
export const forest = ({ trees = 100, leaf = 5, predictors = 1, seed = 0 }: ForestOptions = {}): Regressor => ({
  name: 'forest',
  fit(rows, outcome) {
    const source = random(seed)
    // Sums of squares of centred values lose no digits.
    const middle = mean(outcome)
    const target = outcome.map((value) => value - middle)
    const looked = Math.max(1, Math.round(predictors * rows.length))
    const growth: Growth = { rows, ranks: rows.map(ranksOf), target, leaf, looked, random: source }
    const grown = Array.from({ length: trees }, () => {
      const drawn = Int32Array.from(target, () => below(source, target.length))
      return grow(growth, drawn)
    })
    return {
      predict: (asked) =>
        Float64Array.from({ length: asked[0]?.length ?? 0 }, (_, i) => {
          let total = 0
          for (const tree of grown) total += descend(tree, asked, i)
          return middle + total / trees
        }),
    }
  },
})

const below = (source: Random, n: number): number => Math.min(n - 1, Math.floor(source.uniform() * n))

function descend(tree: Tree, rows: readonly Float64Array[], i: number): number {
  let at = tree
  while (at.predictor !== undefined) at = rows[at.predictor]![i]! <= at.threshold! ? at.low! : at.high!
  return at.value
}

function grow(growth: Growth, samples: Int32Array): Tree {
  const { target, rows } = growth
  let total = 0
  for (const i of samples) total += target[i]!
  const value = total / samples.length
  const best = samples.length < 2 * growth.leaf ? undefined : bestSplit(growth, samples, total)
  if (best === undefined) return { value }
  const row = rows[best.predictor]!
  const isLow = (i: number): boolean => row[i]! <= best.threshold
  return {
    ...best,
    value,
    low: grow(growth, samples.filter(isLow)),
    high: grow(
      growth,
      samples.filter((i) => !isLow(i)),
    ),
  }
}

/** The split with the largest sum of squared sums per sample, which is that of the least squares left. */
function bestSplit(
  { rows, ranks, target, leaf, looked, random: source }: Growth,
  samples: Int32Array,
  total: number,
): { predictor: number; threshold: number } | undefined {
  const count = samples.length
  let most = total ** 2 / count
  let best: { predictor: number; threshold: number } | undefined
  for (const predictor of someOf(rows.length, looked, source)) {
    const row = rows[predictor]!
    const sorted = sortedBy(ranks[predictor]!, samples)
    let low = 0
    for (let at = 1; at <= count - leaf; at++) {
      low += target[sorted[at - 1]!]!
      const [before, after] = [row[sorted[at - 1]!]!, row[sorted[at]!]!]
      if (at < leaf || before === after) continue
      const gain = low ** 2 / at + (total - low) ** 2 / (count - at)
      // Splits that part the samples alike differ by rounding only: the first is kept.
      if (gain <= most * (1 + 1e-10)) continue
      most = gain
      const middle = (before + after) / 2
      best = { predictor, threshold: middle < after ? middle : before }
    }
  }
  return best
}

function ranksOf(row: Float64Array): Int32Array {
  const order = Int32Array.from(row, (_, i) => i).sort((a, b) => row[a]! - row[b]!)
  const ranks = new Int32Array(row.length)
  for (let place = 0; place < order.length; place++) ranks[order[place]!] = place
  return ranks
}

/** Ranks and samples in one number sort without calling back. */
function sortedBy(ranks: Int32Array, samples: Int32Array): Int32Array {
  const n = ranks.length
  const keys = Float64Array.from(samples, (sample) => ranks[sample]! * n + sample).sort()
  return Int32Array.from(keys, (key) => key % n)
}

function someOf(count: number, looked: number, source: Random): number[] {
  const all = Array.from({ length: count }, (_, k) => k)
  if (looked === count) return all
  for (let k = 0; k < looked; k++) {
    const other = k + below(source, count - k)
    const held = all[k]!
    all[k] = all[other]!
    all[other] = held
  }
  return all.slice(0, looked)
}
