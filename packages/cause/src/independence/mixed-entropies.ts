/** Conditional mutual information of mixed data from entropies within combinations of discrete values (Zan et al. 2022). */
import { X, Y, Z } from '../series/samples.ts'
import { digammas, logarithms } from './count-tables.ts'
import type { Estimator } from './knn-problem.ts'
import { type MixedProblem, tooFewIn } from './mixed-problem.ts'
import { type MixedArena, mixedArena, permuted, transformed } from './mixed-rows.ts'
import { pairwiseSum } from './pairwise-sum.ts'

interface Space {
  readonly continuous: readonly Float64Array[]
  readonly discrete: readonly Float64Array[]
}

/** To the nearest whole number, halves to the even one. */
function rounded(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1
  return rest > 0.5 ? below + 1 : below
}

/** Differential entropy by nearest neighbours (Kozachenko and Leonenko 1987), in nats; of samples at distance 0 none. */
function continuousEntropy(rows: readonly Float64Array[], neighbours: number, { arena, bytes }: MixedArena): number {
  const count = rows[0]?.length ?? 0
  if (count <= 1) return 0
  const k = neighbours < 1 ? Math.max(1, rounded(neighbours * count)) : neighbours
  if (k >= count) throw tooFewIn(k, count)
  const { at } = arena
  for (const [place, row] of rows.entries()) {
    arena.floats(at.rows + bytes * place, count).set(row)
    arena.floats(at.limits + 8 * place, 1)[0] = Number.POSITIVE_INFINITY
  }
  arena.kernel.kthDistances(count, rows.length, at.rows, bytes, at.limits, k, at.keys, at.buffers)
  const distances = arena.floats(at.keys, count).filter((distance) => distance !== 0)
  const found = distances.length
  if (found === 0) return 0
  const psi = digammas(Math.max(found, k))
  const sum = pairwiseSum(distances.map((distance) => Math.log(2 * distance)))
  return psi[found]! - psi[k]! + (rows.length / found) * sum
}

/** Samples of each combination of discrete values, in the order of the values of the first row, then the second, ... */
function combinations(rows: readonly Float64Array[], count: number): Int32Array[] {
  const samples = Int32Array.from({ length: count }, (_, t) => t)
  const compare = (a: number, b: number): number => {
    for (const row of rows) if (row[a] !== row[b]) return row[a]! - row[b]!
    return a - b
  }
  samples.sort(compare)
  const groups: Int32Array[] = []
  let start = 0
  for (let i = 1; i <= count; i++) {
    if (i < count && rows.every((row) => row[samples[i]!] === row[samples[start]!])) continue
    groups.push(samples.subarray(start, i))
    start = i
  }
  return groups
}

function entropy({ continuous, discrete }: Space, count: number, neighbours: number, arena: MixedArena): number {
  if (discrete.length === 0) return continuousEntropy(continuous, neighbours, arena)
  const logs = logarithms(count)
  let [within, among] = [0, 0]
  for (const group of combinations(discrete, count)) {
    const share = group.length / count
    if (continuous.length > 0 && group.length > neighbours) {
      const rows = continuous.map((row) => Float64Array.from(group, (t) => row[t]!))
      within += continuousEntropy(rows, neighbours, arena) * share
    }
    among -= share * (logs[group.length]! - logs[count]!)
  }
  return within + among
}

export function entropyEstimator(problem: MixedProblem): Estimator {
  const { roles, neighbours, notNegative } = problem
  const own = mixedArena(problem)
  const count = problem.rows[0]!.length
  return (state, permutation) => {
    own.arena.enter()
    const given = permuted(problem, permutation)
    const rows = transformed(given, problem, own, state)
    const spaceOf = (...wanted: number[]): Space => {
      const of = wanted.flatMap((role) => [...rows.keys()].filter((row) => roles[row] === role))
      const has = (row: number): boolean => given.types[row]!.includes(1)
      return {
        continuous: of.filter((row) => !has(row)).map((row) => rows[row]!),
        discrete: of.filter(has).map((row) => rows[row]!),
      }
    }
    const of = (...wanted: number[]): number => entropy(spaceOf(...wanted), count, neighbours, own)
    const value = of(X, Z) + of(Y, Z) - of(X, Y, Z) - of(Z)
    return notNegative ? Math.max(0, value) : value
  }
}
