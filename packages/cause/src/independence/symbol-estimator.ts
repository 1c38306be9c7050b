/** Conditional mutual information of codes from their frequencies, of the samples as they are or with X permuted. */
import { NumpyRandom } from '../random/pcg64.ts'
import { X, Y, Z } from '../series/samples.ts'
import { combined } from './contingency.ts'
import { entropies } from './count-tables.ts'
import { pairwiseSum } from './pairwise-sum.ts'

export interface SymbolProblem {
  readonly kind: 'symbols'
  readonly codes: readonly Int32Array[]
  readonly sizes: readonly number[]
  readonly roles: Uint8Array
  /** Groups of samples among which X is permuted (by a seed); without them, permutations are given. */
  readonly groups?: Int32Array
}

/** Entropy of the frequencies of codes, in nats; codes below 0 count nowhere. */
function entropy(codes: Int32Array, size: number): number {
  const frequencies = new Int32Array(size)
  for (const code of codes) if (code >= 0) frequencies[code]!++
  const n = codes.length
  const table = entropies(n)
  return (-pairwiseSum(Float64Array.from(frequencies, (k) => table[k]!)) + table[n]!) / n
}

/** Samples of each group, and the place of each sample's group. */
function groupsOf(codes: Int32Array): readonly [members: readonly Int32Array[], groupOf: Int32Array] {
  const members = new Map<number, number[]>()
  for (const [t, code] of codes.entries()) {
    const own = members.get(code)
    if (own === undefined) members.set(code, [t])
    else own.push(t)
  }
  const places = new Map([...members.keys()].map((code, place) => [code, place]))
  return [[...members.values()].map((own) => Int32Array.from(own)), codes.map((code) => places.get(code)!)]
}

/** In random order, each sample takes the first of its group, shuffled anew, that no other has taken. */
function localPermutation(seed: number, [members, groupOf]: ReturnType<typeof groupsOf>): Int32Array {
  const random = new NumpyRandom(seed)
  const used = new Uint8Array(groupOf.length)
  const permutation = new Int32Array(groupOf.length)
  for (const sample of random.permutation(groupOf.length)) {
    const choices = random.shuffle(Int32Array.from(members[groupOf[sample]!]!))
    const source = choices.find((choice) => used[choice] === 0)!
    permutation[sample] = source
    used[source] = 1
  }
  return permutation
}

/** `draw`: the seed of a local permutation, or a permutation; without it, samples stay as they are. */
export function symbolEstimator({ codes, sizes, roles, groups: given }: SymbolProblem): (draw?: Int32Array) => number {
  const count = codes[0]!.length
  const of = (...wanted: number[]): number[] => [...roles.keys()].filter((row) => wanted.includes(roles[row]!))
  const entropyOf = (rows: readonly Int32Array[], wanted: readonly number[], dropped?: Uint8Array): number => {
    const [own, size] = combined(
      wanted.map((row) => rows[row]!),
      wanted.map((row) => sizes[row]!),
      count,
    )
    return entropy(dropped === undefined ? own : own.map((code, t) => (dropped[t] === 1 ? -1 : code)), size)
  }
  const groups = given && groupsOf(given)
  const complete = codes.every((row) => !row.includes(-1))
  const [xz, yz, z, xyz] = [of(X, Z), of(Y, Z), of(Z), of(X, Y, Z)]
  // Permutations of X leave the frequencies of Y and Z, unless samples of X are left out.
  const fixed = complete ? { yz: entropyOf(codes, yz), z: entropyOf(codes, z) } : undefined
  return (draw) => {
    const permutation = draw !== undefined && groups !== undefined ? localPermutation(draw[0]!, groups) : draw
    const rows = codes.map((row, index) =>
      permutation !== undefined && roles[index] === X ? Int32Array.from(permutation, (t) => row[t]!) : row,
    )
    const dropped = complete ? undefined : incomplete(rows)
    const own = fixed ?? { yz: entropyOf(rows, yz, dropped), z: entropyOf(rows, z, dropped) }
    return entropyOf(rows, xz, dropped) + own.yz - own.z - entropyOf(rows, xyz, dropped)
  }
}

/** 1 where a sample lacks a code in a row: it counts in none. */
function incomplete(rows: readonly Int32Array[]): Uint8Array {
  return Uint8Array.from(rows[0]!, (_, t) => (rows.some((row) => row[t]! < 0) ? 1 : 0))
}
