/**
 * Conditional mutual information of continuous and discrete variables by nearest neighbours, tested against permutations of X
 * among neighbours in Z. Which values are discrete is told by the series (`types`).
 */
import { InputError, type OnProgress } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { type Samples, X, Z } from '../series/samples.ts'
import { blockLength } from '../statistics/autocorrelation.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { neighbourCount, shuffledSignificance } from './cmi-knn.ts'
import { nearestNeighbours } from './kd-tree.ts'
import { rowsOf } from './knn-problem.ts'
import { mixedEstimator } from './mixed-estimator.ts'
import {
  APART,
  indicatorsOf,
  type MixedEstimatorName,
  type MixedProblem,
  type MixedTransform,
  type NeighbourScope,
} from './mixed-problem.ts'
import { mixedArena, noiseOf, transformed } from './mixed-rows.ts'
import { nullDistribution, shareNotSmaller } from './null-distribution.ts'
import { setPermutations } from './restricted-permutation.ts'
import { blockShuffler } from './shuffle.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

export interface CmiKnnMixedOptions extends TestOptions {
  /** Default `msinf`. */
  readonly estimator?: MixedEstimatorName
  /** Neighbours: a share of the samples where below 1, else their number. Default 0.2. */
  readonly neighbours?: number
  /** Default `global`. */
  readonly neighbourScope?: NeighbourScope
  /** Neighbours in Z among which values are exchanged; default 5. */
  readonly shuffleNeighbours?: number
  /** Of continuous rows. Default `ranks`. */
  readonly transform?: MixedTransform
  /** What `scale` makes of the least and the largest value; default 0 and 1. */
  readonly scaleRange?: readonly [number, number]
  /** Whether values below 0 become 0; default false. */
  readonly notNegative?: boolean
  /** Worker threads for shuffles; 1: none. Default: one for each processor. Results do not depend on it. */
  readonly threads?: number
  /** Stops a shuffle test. */
  readonly signal?: AbortSignal
  /** Of each shuffle test. */
  readonly onProgress?: OnProgress
}

const SHUFFLES = 500

function problemOf({ rows, roles, types, count }: Samples, options: CmiKnnMixedOptions): MixedProblem {
  if (types === undefined)
    throw new InputError('NoTypes', 'the series do not say which values are discrete', {
      hint: 'Give types (1: discrete, 0: continuous) with the series, or use cmi-knn or cmi-symb.',
    })
  const { neighbours = 0.2, estimator = 'msinf', neighbourScope: scope = 'global' } = options
  const own = [...roles.keys()].filter((row) => roles[row]! <= Z)
  const ownTypes = own.map((row) => types[row]!)
  neighbourCount(neighbours, count)
  const needsShare =
    estimator === 'zmadg' ? neighbours > 1 : estimator === 'msinf' && scope === 'local' && neighbours >= 1
  if (needsShare)
    throw new InputError('BadNeighbours', `${estimator} takes neighbours as a share below 1, not ${neighbours}`)
  if (estimator === 'zmadg' && !ownTypes.some((row) => row.includes(1)))
    throw new InputError('NotMixed', 'zmadg needs a discrete variable among X, Y and Z', {
      hint: 'Use cmi-knn, or the estimator msinf.',
    })
  return {
    ...{ kind: 'mixed', estimator, neighbours, scope },
    rows: own.map((row) => rows[row]!),
    roles: Uint8Array.from(own, (row) => roles[row]!),
    types: ownTypes,
    transform: options.transform ?? 'ranks',
    scaleRange: options.scaleRange ?? [0, 1],
    notNegative: options.notNegative ?? false,
  }
}

/** With Z, shuffles begin from rows that are transformed once; blocks of X are of the rows themselves. */
function shuffled(
  problem: MixedProblem,
  random: NumpyRandom,
  options: CmiKnnMixedOptions,
): readonly [MixedProblem, () => Int32Array] {
  const { roles, types } = problem
  const count = problem.rows[0]!.length
  const width = options.shuffleNeighbours ?? 5
  const of = (role: number): number[] => rowsOf(roles, role)
  if (of(Z).length === 0 || width >= count) {
    const block = options.shuffleBlock ?? blockLength(of(X).map((row) => problem.rows[row]!))
    return [problem, blockShuffler(count, block, random)]
  }
  const own = mixedArena(problem)
  own.arena.enter()
  const rows = transformed(problem, problem, own, random.state())
  random.advance(noiseOf(problem))
  const z = of(Z).flatMap((row) => indicatorsOf(rows[row]!, types[row]!))
  const neighbours = nearestNeighbours(z, width + 1, APART)
  return [{ ...problem, rows }, setPermutations(random, neighbours, width + 1, width)]
}

/**
 * Significance: `shuffle` or `threshold`. X, Y and Z may have any number of rows. Throws `InputError` NoTypes, TooFewSamples,
 * BadNeighbours, NotMixed; p-values `CancelledError`.
 */
export function cmiKnnMixed(options: CmiKnnMixedOptions = {}): IndependenceTest {
  const random = new NumpyRandom(options.seed ?? 42)
  const estimate = (samples: Samples): number => {
    const problem = problemOf(samples, options)
    const value = mixedEstimator(problem)(random.state())
    random.advance(noiseOf(problem))
    return value
  }
  return {
    name: 'cmi-knn-mixed',
    significance: shuffledSignificance('cmi-knn-mixed', options),
    twoSided: false,
    maskType: options.maskType ?? '',
    options,
    value: estimate,
    async pValue(value, samples) {
      const [problem, permutation] = shuffled(problemOf(samples, options), random, options)
      const draws = { random, permutation, noise: noiseOf(problem) }
      const values = await nullDistribution(problem, draws, { ...options, shuffles: options.shuffles ?? SHUFFLES })
      return shareNotSmaller(value, values)
    },
    ...(options.confidence && { interval: (samples) => bootstrapInterval(samples, options, random, estimate) }),
  }
}
