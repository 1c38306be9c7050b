/** What evaluates an estimate that is plain data, by its kind: the same in this thread and in others. */
import { distanceEstimator } from './distance-estimator.ts'
import type { Estimator, KnnProblem } from './knn-problem.ts'
import { mixedEstimator } from './mixed-estimator.ts'
import type { MixedProblem } from './mixed-problem.ts'
import { MOST_RANKS, rankEstimator } from './rank-estimator.ts'
import { type SymbolProblem, symbolEstimator } from './symbol-estimator.ts'

export type Problem = KnnProblem | MixedProblem | SymbolProblem

type Makers = { readonly [Kind in Problem['kind']]: (problem: Extract<Problem, { kind: Kind }>) => Estimator }

const MAKERS: Makers = {
  // Without ties, shares of smaller values are ranks over the number of samples: the same neighbours.
  knn: (problem) =>
    (problem.transform === 'ranks' || problem.transform === 'uniform') && problem.rows[0]!.length <= MOST_RANKS
      ? rankEstimator(problem)
      : distanceEstimator(problem),
  mixed: mixedEstimator,
  symbols: (problem) => {
    const estimate = symbolEstimator(problem)
    return (_state, draw) => estimate(draw)
  },
}

export function estimatorOf(problem: Problem): Estimator {
  const make = MAKERS[problem.kind] as (problem: Problem) => Estimator
  return make(problem)
}
