/** Conditional mutual information of mixed data from counts of neighbours (`ms` and `msinf`). */
import { X, Y, Z } from '../series/samples.ts'
import { digammas } from './count-tables.ts'
import { type Estimator, rowsOf } from './knn-problem.ts'
import { entropyEstimator } from './mixed-entropies.ts'
import { APART, type Coordinate, coordinatesOf, type MixedProblem, rarest, tooFewIn } from './mixed-problem.ts'
import { type MixedRows, mixedArena, permuted, transformed } from './mixed-rows.ts'
import { pairwiseSum } from './pairwise-sum.ts'

/** Number of neighbours, and the share of a combination's samples where these are fewer. */
interface Wanted {
  readonly neighbours: number
  readonly share: number
}

function wantedOf({ neighbours, estimator, scope }: MixedProblem, { rows, types }: MixedRows): Wanted {
  const count = rows[0]!.length
  const isLocal = estimator === 'msinf' && scope === 'local'
  const of = isLocal ? rarest(rows, types) : count
  const own = Math.max(1, Math.floor(neighbours < 1 ? neighbours * of : neighbours))
  return { neighbours: own, share: scope === 'global' ? neighbours : 0 }
}

/** Counts of the joint space, XZ, YZ and Z, each sample itself left out where others are there; then the mean of digammas. */
function estimateOf(counts: Int32Array, notNegative: boolean): number {
  const count = counts.length / 4
  const psi = digammas(count)
  const at = (space: number, t: number): number => {
    const found = counts[space * count + t]!
    return psi[found > 1 ? found - 1 : found]!
  }
  const terms = Float64Array.from({ length: count }, (_, t) => at(0, t) - at(1, t) - at(2, t) + at(3, t))
  const value = pairwiseSum(terms) / count
  return notNegative ? Math.max(0, value) : value
}

function countingEstimator(problem: MixedProblem, estimator: 'ms' | 'msinf'): Estimator {
  const { roles } = problem
  const own = mixedArena(problem)
  const { arena, bytes } = own
  const { at } = arena
  const count = problem.rows[0]!.length
  const sets = [Z, X, Y].map((role) => rowsOf(roles, role))
  return (state, permutation) => {
    const kernel = arena.enter()
    const given = permuted(problem, permutation)
    const { neighbours, share } = wantedOf(problem, given)
    const rows = transformed(given, problem, own, state)
    const coordinates = sets.map((set) =>
      set.flatMap((row): Coordinate[] => coordinatesOf(rows[row]!, given.types[row]!, estimator)),
    )
    for (const [place, { values, limit }] of coordinates.flat().entries()) {
      arena.floats(at.rows + bytes * place, count).set(values)
      arena.floats(at.limits + 8 * place, 1)[0] = limit
    }
    const [z, x, y] = coordinates.map(({ length }) => length) as [number, number, number]
    const fewer = kernel.countDistances(
      ...([count, z, x, y, at.rows, bytes, at.limits, neighbours, 1] as const),
      ...([estimator === 'msinf' ? APART : Number.POSITIVE_INFINITY, share, at.counts, at.buffers] as const),
    )
    if (fewer > 0) throw tooFewIn(neighbours, fewer)
    return estimateOf(arena.words(at.counts, 4 * count), problem.notNegative)
  }
}

const MAKERS: Readonly<Record<MixedProblem['estimator'], (problem: MixedProblem) => Estimator>> = {
  ms: (problem) => countingEstimator(problem, 'ms'),
  msinf: (problem) => countingEstimator(problem, 'msinf'),
  zmadg: entropyEstimator,
}

export const mixedEstimator = (problem: MixedProblem): Estimator => MAKERS[problem.estimator](problem)
