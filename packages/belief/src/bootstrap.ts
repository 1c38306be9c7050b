/** Intervals for scores of maps by resampling whole blocks: neighbouring pixels are not independent, blocks nearly are. */
import { InputError, random } from '@ecotope/core'
import { addConfusions, type ConfusionMatrix } from './confusion.ts'
import { normalCdf, normalQuantile } from './normal.ts'

/** An answer that is withheld, and why, in the user's words. */
export interface Refusal {
  readonly refused: string
}

export const isRefusal = (value: object): value is Refusal => 'refused' in value

export interface Interval {
  /** The statistic on all blocks together. */
  readonly estimate: number
  readonly standardError: number
  readonly lower: number
  readonly upper: number
  /** Such as 0.95. */
  readonly level: number
}

export interface BootstrapInterval extends Interval {
  readonly replicates: number
  /** Blocks that hold at least one compared pixel. */
  readonly blocks: number
}

export interface BootstrapOptions {
  readonly seed: number
  /** Default 2000. */
  readonly replicates?: number
  /** Default 0.95. */
  readonly level?: number
  /** Default `percentile`; `bca` corrects for bias and skewness (Efron 1987) with a jackknife over blocks. */
  readonly kind?: 'percentile' | 'bca'
}

/**
 * Bootstrap interval of any score of a confusion matrix, resampling blocks with replacement (Efron & Tibshirani 1993).
 * @param perBlock one confusion matrix per spatial block; empty blocks are left out
 * @returns a refusal for fewer than three blocks: their spread says nothing
 */
export function blockBootstrap(
  perBlock: readonly ConfusionMatrix[],
  statistic: (matrix: ConfusionMatrix) => number,
  options: BootstrapOptions,
): BootstrapInterval | Refusal {
  const { seed, replicates = 2000, level = 0.95, kind = 'percentile' } = options
  if (!(level > 0 && level < 1)) throw new InputError('BadLevel', `a confidence level must lie between 0 and 1`)
  if (!(replicates >= 100)) throw new InputError('BadReplicates', 'a bootstrap needs at least 100 replicates')
  const blocks = perBlock.filter((matrix) => matrix.some((row) => row.some((v) => v > 0)))
  if (blocks.length < 3) {
    return {
      refused: `only ${blocks.length} block${blocks.length === 1 ? '' : 's'} with reference; at least 3 are needed`,
    }
  }
  const estimate = statistic(addConfusions(blocks))
  const stream = random(seed).split('blockBootstrap')
  const values = new Float64Array(replicates)
  for (let r = 0; r < replicates; r++) {
    const drawn = Array.from(blocks, () => blocks[stream.integer(blocks.length)]!)
    values[r] = statistic(addConfusions(drawn))
  }
  values.sort()
  const [low, high] = kind === 'bca' ? bcaLevels(values, blocks, statistic, estimate, level) : symmetric(level)
  const mean = values.reduce((s, v) => s + v, 0) / replicates
  const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / (replicates - 1)
  return {
    estimate,
    standardError: Math.sqrt(variance),
    lower: quantile(values, low),
    upper: quantile(values, high),
    level,
    replicates,
    blocks: blocks.length,
  }
}

const symmetric = (level: number): [number, number] => [(1 - level) / 2, (1 + level) / 2]

/** Efron 1987, equations 2.3 and 6.6. Falls back on percentiles where every replicate lies on one side. */
function bcaLevels(
  values: Float64Array,
  blocks: readonly ConfusionMatrix[],
  statistic: (matrix: ConfusionMatrix) => number,
  estimate: number,
  level: number,
): [number, number] {
  const below = values.filter((v) => v < estimate).length / values.length
  if (below === 0 || below === 1) return symmetric(level)
  const bias = normalQuantile(below)
  const jack = blocks.map((_, left) => statistic(addConfusions(blocks.filter((_, b) => b !== left))))
  const mean = jack.reduce((s, v) => s + v, 0) / jack.length
  const cubes = jack.reduce((s, v) => s + (mean - v) ** 3, 0)
  const squares = jack.reduce((s, v) => s + (mean - v) ** 2, 0)
  const acceleration = squares > 0 ? cubes / (6 * squares ** 1.5) : 0
  const shifted = (p: number): number => {
    const z = bias + normalQuantile(p)
    return normalCdf(bias + z / (1 - acceleration * z))
  }
  const [low, high] = symmetric(level)
  return [shifted(low), shifted(high)]
}

/** Linear interpolation between order statistics (type 7 of Hyndman & Fan 1996, NumPy's default); `sorted` ascends. */
export function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below]!
  const high = sorted[Math.min(sorted.length - 1, below + 1)]!
  return low + (at - below) * (high - low)
}
