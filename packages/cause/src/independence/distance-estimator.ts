/** Conditional mutual information from nearest neighbours in float64 (Frenzel and Pompe 2007): any transform, any length. */
import { X, Y, Z } from '../series/samples.ts'
import { type Estimator, gather, type KnnProblem, type KnnTransform, NOISE, rowsOf } from './knn-problem.ts'
import { Arena, aligned, type DistanceKernel, distanceKernel } from './nearest-kernel.ts'
import { spread, standardise } from './pairwise-sum.ts'
import { estimateOf } from './rank-estimator.ts'
import { vectorOrder } from './vector-order.ts'

/** Neighbours nearer than the k-th: its distance is made a little smaller. */
const SHRINK = 0.999999999

type Area = 'values' | 'moved' | 'keys' | 'order' | 'scratch' | 'rows' | 'limits' | 'counts' | 'buffers'

export function ranksOf(values: Float64Array): Float64Array {
  const order = vectorOrder(values)
  const ranks = new Float64Array(values.length)
  for (const [rank, t] of order.entries()) ranks[t] = rank
  return ranks
}

/** Shares of values that are not larger: 1/n to 1; equal values have the same. */
export function uniformOf(values: Float64Array): Float64Array {
  const count = values.length
  const sorted = values.toSorted()
  const step = count > 1 ? (1 - 1 / count) / (count - 1) : 0
  return values.map((value) => {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]! <= value) low = middle + 1
      else high = middle
    }
    return low === count ? 1 : (low - 1) * step + 1 / count
  })
}

export const TRANSFORMS: Readonly<Record<KnnTransform, (values: Float64Array) => Float64Array>> = {
  ranks: ranksOf,
  standardize: (values) => standardise(Float64Array.from(values)),
  uniform: uniformOf,
  none: (values) => values,
}

function arenaOf({ rows }: KnnProblem, bytes: number): Arena<Area, DistanceKernel> {
  const count = rows[0]!.length
  const sizes: Record<Area, number> = {
    values: 8 * count * rows.length,
    moved: 8 * count,
    keys: 8 * count,
    order: 4 * count,
    scratch: 4 * count,
    rows: bytes * rows.length,
    limits: 8 * rows.length,
    counts: 16 * count,
    buffers: 5 * bytes + 256,
  }
  return new Arena(distanceKernel(), sizes, (arena) => {
    for (const [row, values] of rows.entries()) arena.floats(arena.at.values + 8 * count * row, count).set(values)
    arena.floats(arena.at.limits, rows.length).fill(Number.POSITIVE_INFINITY)
  })
}

export function distanceEstimator(problem: KnnProblem): Estimator {
  const { rows, roles, neighbours, moved, transform } = problem
  const count = rows[0]!.length
  const bytes = aligned(8 * count) + 64
  const arena = arenaOf(problem, bytes)
  const { at } = arena
  const scales = rows.map((row) => NOISE * spread(row))
  const [x, y, z] = [X, Y, Z].map((role) => rowsOf(roles, role)) as [number[], number[], number[]]
  const placeOf = new Map([...z, ...x, ...y].map((row, place) => [row, place]))
  return (state, permutation) => {
    const kernel = arena.enter()
    arena.seed(state)
    for (const [row, values] of rows.entries()) {
      const isMoved = permutation !== undefined && roles[row] === moved
      if (isMoved) gather(values, permutation, arena.floats(at.moved, count))
      const from = isMoved ? at.moved : at.values + 8 * count * row
      kernel.addNoise(from, at.keys, count, isMoved ? NOISE * spread(arena.floats(at.moved, count)) : scales[row]!)
      const changed = TRANSFORMS[transform](arena.floats(at.keys, count))
      arena.floats(at.rows + bytes * placeOf.get(row)!, count).set(changed)
    }
    kernel.countDistances(
      ...([count, z.length, x.length, y.length, at.rows, bytes, at.limits, neighbours, SHRINK] as const),
      ...([Number.POSITIVE_INFINITY, 0, at.counts, at.buffers] as const),
    )
    return estimateOf(neighbours, arena.words(at.counts + 4 * count, 3 * count))
  }
}
