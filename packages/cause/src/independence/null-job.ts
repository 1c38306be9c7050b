/** Part of a null distribution, in whatever thread it runs: a job of `@ecotope/cube`'s executors. */
import type { TaskRunner } from '@ecotope/cube'
import { estimatorOf, type Problem } from './estimators.ts'

/** Shuffles that follow one another. Arrays hold one state (ten words) and one permutation per shuffle. */
export interface Batch {
  readonly states: Uint32Array
  readonly permutations: Int32Array
}

/** Words of a state. */
export const STATE_WORDS = 10

/** Makes what evaluates batches of a problem. */
export function evaluatorOf(problem: Problem): (batch: Batch) => Float64Array {
  const estimate = estimatorOf(problem)
  return ({ states, permutations }) => {
    const shuffles = states.length / STATE_WORDS
    const count = permutations.length / shuffles
    return Float64Array.from({ length: shuffles }, (_, i) =>
      estimate(
        states.subarray(i * STATE_WORDS, (i + 1) * STATE_WORDS),
        permutations.subarray(i * count, (i + 1) * count),
      ),
    )
  }
}

export function open(problem: Problem): TaskRunner<Batch, Float64Array> {
  const evaluate = evaluatorOf(problem)
  return { run: async (batch) => evaluate(batch), close: async () => undefined }
}
