/**
 * Conditional mutual information by nearest neighbours (Frenzel and Pompe 2007, equation 3), tested against permutations among
 * neighbours in Z (Runge 2018). For continuous variables of any dependence.
 */
import { InputError, type OnProgress } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { type Samples, X, Y, Z } from '../series/samples.ts'
import { blockLength } from '../statistics/autocorrelation.ts'
import { normal } from '../statistics/distributions.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { TRANSFORMS } from './distance-estimator.ts'
import { estimatorOf } from './estimators.ts'
import { nearestNeighbours } from './kd-tree.ts'
import { knnCriterion } from './knn-criterion.ts'
import { type KnnProblem, type KnnTransform, rowsOf } from './knn-problem.ts'
import { nullDistribution, shareNotSmaller } from './null-distribution.ts'
import { pairwiseSum, spread } from './pairwise-sum.ts'
import { neighbourPermutations } from './restricted-permutation.ts'
import { blockShuffler } from './shuffle.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

export interface CmiKnnOptions extends TestOptions {
  /** Neighbours: a share of the samples where below 1, else their number. Default 0.2. */
  readonly neighbours?: number
  /** Neighbours in Z among which values are exchanged; default 5. */
  readonly shuffleNeighbours?: number
  /** Default `ranks`. */
  readonly transform?: KnnTransform
  /** What is exchanged where there is a Z; default `y`. Without Z, blocks of X are. */
  readonly permute?: 'x' | 'y'
  /** `normal`: p-values from a normal distribution with the mean and deviation of the shuffled values. Default: their ranks. */
  readonly nullFit?: 'normal'
  /** Stretches of time for cross validation, where a search chooses its level; default 3. */
  readonly folds?: number
  /** Worker threads for shuffles; 1: none. Default: one for each processor. Results do not depend on it. */
  readonly threads?: number
  /** Stops a shuffle test. */
  readonly signal?: AbortSignal
  /** Of each shuffle test. */
  readonly onProgress?: OnProgress
}

const SHUFFLES = 500

/** Number of neighbours among `count` samples. Throws `InputError` TooFewSamples, BadNeighbours. */
export function neighbourCount(neighbours: number, count: number): number {
  if (!(neighbours > 0 && Number.isFinite(neighbours)))
    throw new InputError('BadNeighbours', `the number of neighbours is ${neighbours}`, {
      hint: 'Give a share of the samples (0.2) or a number of at least 1.',
    })
  const own = Math.max(1, Math.floor(neighbours < 1 ? neighbours * count : neighbours))
  if (own < count) return own
  throw new InputError('TooFewSamples', `${count} samples have no ${own} neighbours`, {
    hint: 'Use fewer neighbours or longer series.',
    data: { samples: count, neighbours: own },
  })
}

/** Significance of a test without a known null distribution. Throws `InputError` NoAnalyticSignificance. */
export function shuffledSignificance(name: string, { significance = 'shuffle' }: TestOptions): 'shuffle' | 'threshold' {
  if (significance !== 'analytic') return significance
  throw new InputError('NoAnalyticSignificance', `${name} has no analytic p-values`, {
    hint: 'Use the significance shuffle, or threshold.',
  })
}

function problemOf({ rows, roles, count }: Samples, options: CmiKnnOptions): KnnProblem {
  const own = [...roles.keys()].filter((row) => roles[row]! <= Z)
  const isLocal = roles.includes(Z) && (options.shuffleNeighbours ?? 5) < count
  return {
    kind: 'knn',
    rows: own.map((row) => rows[row]!),
    roles: Uint8Array.from(own, (row) => roles[row]!),
    neighbours: neighbourCount(options.neighbours ?? 0.2, count),
    transform: options.transform ?? 'ranks',
    moved: isLocal && options.permute !== 'x' ? Y : X,
  }
}

/** Draws permutations: of neighbours in Z, or (without Z) of blocks. */
function permuter(problem: KnnProblem, random: NumpyRandom, options: CmiKnnOptions): () => Int32Array {
  const { rows, roles, transform } = problem
  const count = rows[0]!.length
  const width = options.shuffleNeighbours ?? 5
  const z = rowsOf(roles, Z).map((row) => TRANSFORMS[transform](rows[row]!))
  if (z.length > 0 && width < count) return neighbourPermutations(random, nearestNeighbours(z, width), width)
  const block = options.shuffleBlock ?? blockLength(rowsOf(roles, X).map((row) => rows[row]!))
  return blockShuffler(count, block, random)
}

function fittedPValue(value: number, shuffled: Float64Array): number {
  const size = spread(shuffled)
  const mean = pairwiseSum(shuffled) / shuffled.length
  return size === 0 ? (mean >= value ? 1 : 0) : 1 - normal.cdf((value - mean) / size)
}

/**
 * Significance: `shuffle` or `threshold`. X, Y and Z may have any number of rows. Values throw `InputError` TooFewSamples,
 * BadNeighbours; p-values `CancelledError`.
 */
export function cmiKnn(options: CmiKnnOptions = {}): IndependenceTest {
  const random = new NumpyRandom(options.seed ?? 42)
  const estimate = (samples: Samples): number => {
    const problem = problemOf(samples, options)
    const value = estimatorOf(problem)(random.state())
    random.advance(problem.rows.length * samples.count)
    return value
  }
  return {
    name: 'cmi-knn',
    significance: shuffledSignificance('cmi-knn', options),
    twoSided: false,
    maskType: options.maskType ?? '',
    options,
    value: estimate,
    criterion: (samples) =>
      knnCriterion(samples, neighbourCount(options.neighbours ?? 0.2, samples.count), options.folds ?? 3),
    async pValue(value, samples) {
      const problem = problemOf(samples, options)
      const draws = {
        random,
        permutation: permuter(problem, random, options),
        noise: problem.rows.length * samples.count,
      }
      const shuffled = await nullDistribution(problem, draws, { ...options, shuffles: options.shuffles ?? SHUFFLES })
      return options.nullFit === 'normal' ? fittedPValue(value, shuffled) : shareNotSmaller(value, shuffled)
    },
    ...(options.confidence && { interval: (samples) => bootstrapInterval(samples, options, random, estimate) }),
  }
}
