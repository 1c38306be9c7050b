/**
 * Conditional mutual information of discrete variables by plugging in frequencies, tested against permutations of X among
 * samples of the same Z.
 */
import type { OnProgress } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { type Samples, Z } from '../series/samples.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { shuffledSignificance } from './cmi-knn.ts'
import { coded, combined } from './contingency.ts'
import { nullDistribution, shareNotSmaller } from './null-distribution.ts'
import { blockShuffler } from './shuffle.ts'
import { type SymbolProblem, symbolEstimator } from './symbol-estimator.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

export interface CmiSymbOptions extends TestOptions {
  /** Values are 0 to `symbols` - 1, samples with others count nowhere. Default: the values that samples have. */
  readonly symbols?: number
  /** Worker threads for shuffles; 1: none. Default: one for each processor. Results do not depend on it. */
  readonly threads?: number
  /** Stops a shuffle test. */
  readonly signal?: AbortSignal
  /** Of each shuffle test. */
  readonly onProgress?: OnProgress
}

/** Seeds of shuffles are below this. */
const MOST_SEEDS = 2 ** 31 - 1
const SHUFFLES = 500

function problemOf(samples: Samples, { symbols }: CmiSymbOptions): SymbolProblem {
  const roles = samples.roles.filter((role) => role <= Z)
  const problem = { kind: 'symbols', ...coded(samples, symbols), roles } as const
  if (!roles.includes(Z)) return problem
  const { codes, sizes } = symbols === undefined ? problem : coded(samples, undefined)
  const z = [...roles.keys()].filter((row) => roles[row] === Z)
  const [groups] = combined(
    z.map((row) => codes[row]!),
    z.map((row) => sizes[row]!),
    samples.count,
  )
  return { ...problem, groups }
}

/** Blocks of `shuffleBlock` steps (default 1) where there is no Z; otherwise the seed of a permutation. */
function drawer({ groups }: SymbolProblem, samples: Samples, random: NumpyRandom, block: number): () => Int32Array {
  return groups !== undefined
    ? () => Int32Array.of(random.integer(MOST_SEEDS))
    : blockShuffler(samples.count, block, random)
}

/**
 * Significance: `shuffle` or `threshold`. X, Y and Z may have any number of rows. Throws `InputError` NotDiscrete, and p-values
 * `CancelledError`.
 */
export function cmiSymb(options: CmiSymbOptions = {}): IndependenceTest {
  const random = new NumpyRandom(options.seed ?? 42)
  const estimate = (samples: Samples): number => symbolEstimator(problemOf(samples, options))()
  return {
    name: 'cmi-symb',
    significance: shuffledSignificance('cmi-symb', options),
    twoSided: false,
    maskType: options.maskType ?? '',
    options,
    value: estimate,
    async pValue(value, samples) {
      const problem = problemOf(samples, options)
      const draws = { random, permutation: drawer(problem, samples, random, options.shuffleBlock ?? 1), noise: 0 }
      const shuffled = await nullDistribution(problem, draws, { ...options, shuffles: options.shuffles ?? SHUFFLES })
      return shareNotSmaller(value, shuffled)
    },
    ...(options.confidence && {
      interval: (samples) =>
        bootstrapInterval(samples, { ...options, confidenceBlock: options.confidenceBlock ?? 1 }, random, estimate),
    }),
  }
}
