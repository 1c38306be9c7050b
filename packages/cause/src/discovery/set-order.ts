/**
 * The order in which CPython walks through a set of tuples of nodes. Shuffle tests draw from one stream of random numbers in
 * the order of tests, and the reference takes subsets from such a set: only in its order are p-values the same. This follows
 * the data structures that CPython documents in its sources (tuple hash by xxHash, open addressing with linear probes).
 */
import type { Node } from '../series/series.ts'

const WORD = (1n << 64n) - 1n
const PRIME_1 = 11400714785074694791n
const PRIME_2 = 14029467366897019727n
const PRIME_5 = 2870177450012600261n
const LENGTH_SALT = PRIME_5 ^ 3527539n
/** Neighbouring places that are tried before a jump, and the bits of the hash that each jump uses up. */
const PROBES = 9
const JUMP_BITS = 5n

const tupleHash = (parts: readonly bigint[]): bigint => {
  let sum = PRIME_5
  for (const part of parts) {
    sum = (sum + part * PRIME_2) & WORD
    sum = ((sum << 31n) | (sum >> 33n)) & WORD
    sum = (sum * PRIME_1) & WORD
  }
  sum = (sum + (BigInt(parts.length) ^ LENGTH_SALT)) & WORD
  // All ones is kept for errors.
  return sum === WORD ? 1546275796n : sum
}

const integerHash = (value: number): bigint => BigInt(value === -1 ? -2 : value) & WORD

export const subsetHash = (nodes: readonly Node[]): bigint =>
  tupleHash(nodes.map(([variable, lag]) => tupleHash([integerHash(variable), integerHash(lag)])))

/** First free place for a hash. */
function place(table: readonly (number | undefined)[], hash: bigint): number {
  const mask = BigInt(table.length - 1)
  let jump = hash
  let at = hash & mask
  for (;;) {
    const first = Number(at)
    const last = first + PROBES < table.length ? first + PROBES : first
    for (let entry = first; entry <= last; entry++) if (table[entry] === undefined) return entry
    jump >>= JUMP_BITS
    at = (at * 5n + 1n + jump) & mask
  }
}

/** The subsets, all different, in the order of a set that they were added to one after another. */
export function setOrder<T>(subsets: readonly T[], hashOf: (subset: T) => bigint): T[] {
  const hashes = subsets.map(hashOf)
  let table = new Array<number | undefined>(8).fill(undefined)
  for (let count = 1; count <= subsets.length; count++) {
    table[place(table, hashes[count - 1]!)] = count - 1
    if (count * 5 < (table.length - 1) * 3) continue
    const wanted = count > 50_000 ? count * 2 : count * 4
    let size = 8
    while (size <= wanted) size *= 2
    const larger = new Array<number | undefined>(size).fill(undefined)
    for (const entry of table) if (entry !== undefined) larger[place(larger, hashes[entry]!)] = entry
    table = larger
  }
  return table.filter((entry) => entry !== undefined).map((entry) => subsets[entry]!)
}
