/**
 * Conditional mutual information of ranks from nearest neighbours (Frenzel and Pompe 2007): ranks are distinct whole numbers,
 * so that distances have 16 bits and spaces of one row need no counting.
 */
import { X, Y, Z } from '../series/samples.ts'
import { digammas } from './count-tables.ts'
import { type Estimator, gather, type KnnProblem, NOISE, rowsOf } from './knn-problem.ts'
import { Arena, aligned, type RankKernel, rankKernel } from './nearest-kernel.ts'
import { pairwiseSum, spread } from './pairwise-sum.ts'

/** More samples than this do not fit the 16 bits. */
export const MOST_RANKS = 32_000

type Area = 'values' | 'moved' | 'keys' | 'sorted' | 'orders' | 'scratch' | 'ranks' | 'counts' | 'buffers'

function arenaOf({ rows }: KnnProblem, bytes: number): Arena<Area, RankKernel> {
  const count = rows[0]!.length
  const sizes: Record<Area, number> = {
    values: 8 * count * rows.length,
    moved: 8 * count,
    keys: 8 * count,
    sorted: 4 * count * rows.length,
    orders: 4 * count * rows.length,
    scratch: 4 * count,
    ranks: bytes * rows.length,
    counts: 12 * count,
    buffers: 5 * bytes + 256,
  }
  return new Arena(rankKernel(), sizes, (arena) => {
    for (const [row, values] of rows.entries()) {
      const from = arena.at.values + 8 * count * row
      const order = arena.at.sorted + 4 * count * row
      arena.floats(from, count).set(values)
      for (let t = 0, to = arena.words(order, count); t < count; t++) to[t] = t
      arena.kernel.sortOrder(from, order, arena.at.scratch, count)
    }
  })
}

/** Samples by the place of their source in the order of the unmoved row: nearly sorted. */
function movedOrder(sorted: Int32Array, permutation: Int32Array, order: Int32Array): void {
  const count = sorted.length
  const rank = new Int32Array(count)
  for (let i = 0; i < count; i++) rank[sorted[i]!] = i
  const next = new Int32Array(count + 1)
  for (let t = 0; t < count; t++) next[rank[permutation[t]!]! + 1]!++
  for (let i = 0; i < count; i++) next[i + 1] = next[i + 1]! + next[i]!
  for (let t = 0; t < count; t++) order[next[rank[permutation[t]!]!]!++] = t
}

/** psi(k) less the mean of psi(xz) + psi(yz) - psi(z); counts of XZ, YZ and Z follow one another. */
export function estimateOf(neighbours: number, counts: Int32Array): number {
  const count = counts.length / 3
  const psi = digammas(Math.max(count, neighbours))
  const terms = new Float64Array(count)
  for (let t = 0; t < count; t++) terms[t] = psi[counts[t]!]! + psi[counts[count + t]!]! - psi[counts[2 * count + t]!]!
  return psi[neighbours]! - pairwiseSum(terms) / count
}

/** Of a problem with ranks and at most `MOST_RANKS` samples. */
export function rankEstimator(problem: KnnProblem): Estimator {
  const { rows, roles, neighbours, moved } = problem
  const count = rows[0]!.length
  const bytes = Math.max(aligned(2 * count) + 64, aligned(16 * rows.length))
  const arena = arenaOf(problem, bytes)
  const { at } = arena
  const scales = rows.map((row) => NOISE * spread(row))
  const [x, y, z] = [X, Y, Z].map((role) => rowsOf(roles, role)) as [number[], number[], number[]]
  const places = at.orders + 4 * count * (z[0] ?? x[0]!)

  /** Puts the order of a row, with noise, into its area. */
  const sortRow = (row: number, permutation: Int32Array | undefined): void => {
    const { kernel } = arena
    const sorted = arena.words(at.sorted + 4 * count * row, count)
    const order = at.orders + 4 * count * row
    let from = at.values + 8 * count * row
    let scale = scales[row]!
    if (permutation !== undefined && roles[row] === moved) {
      scale = NOISE * spread(gather(rows[row]!, permutation, arena.floats(at.moved, count)))
      movedOrder(sorted, permutation, arena.words(order, count))
      from = at.moved
    } else arena.words(order, count).set(sorted)
    kernel.addNoise(from, at.keys, count, scale)
    kernel.sortOrder(at.keys, order, at.scratch, count)
  }

  return (state, permutation) => {
    const kernel = arena.enter()
    arena.seed(state)
    for (let row = 0; row < rows.length; row++) sortRow(row, permutation)
    for (const [index, row] of [...z, ...x, ...y].entries())
      kernel.placeRanks(at.orders + 4 * count * row, places, at.scratch, at.ranks + bytes * index, count)
    kernel.countRanks(
      ...([count, z.length, x.length, y.length] as const),
      ...([at.ranks, bytes, neighbours, places, at.counts, at.buffers] as const),
    )
    return estimateOf(neighbours, arena.words(at.counts, 3 * count))
  }
}
