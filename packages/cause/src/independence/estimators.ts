/** What evaluates an estimate that is plain data, by its kind: the same in this thread and in others. */
import { distanceEstimator } from './distance-estimator.ts'
import type { Estimator, KnnProblem } from './knn-problem.ts'
import { MOST_RANKS, rankEstimator } from './rank-estimator.ts'

export type Problem = KnnProblem

type Makers = { readonly [Kind in Problem['kind']]: (problem: Extract<Problem, { kind: Kind }>) => Estimator }

const MAKERS: Makers = {
  // Without ties, shares of smaller values are ranks over the number of samples: the same neighbours.
  knn: (problem) =>
    (problem.transform === 'ranks' || problem.transform === 'uniform') && problem.rows[0]!.length <= MOST_RANKS
      ? rankEstimator(problem)
      : distanceEstimator(problem),
}

export function estimatorOf(problem: Problem): Estimator {
  return MAKERS[problem.kind](problem)
}
