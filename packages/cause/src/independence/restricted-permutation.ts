/** Permutations that keep what X or Y have in common with Z. */
import type { NumpyRandom } from '../random/pcg64.ts'

/**
 * Draws permutations in which each sample takes the value of a neighbour in Z that no other has taken, where it can (Runge 2018,
 * algorithm 1). `neighbours`: those of each sample, as many as `width`, one sample after the other; their order is shuffled
 * anew, from the last one, in each draw.
 */
export function neighbourPermutations(random: NumpyRandom, neighbours: Int32Array, width: number): () => Int32Array {
  const count = neighbours.length / width
  const held = Int32Array.from(neighbours)
  return () => {
    const order = random.permutation(count)
    random.shuffleRows(held, count)
    const used = new Uint8Array(count)
    const permutation = new Int32Array(count)
    for (const sample of order) {
      const first = sample * width
      const last = first + width - 1
      let at = first
      while (at < last && used[held[at]!] === 1) at++
      permutation[sample] = held[at]!
      used[held[at]!] = 1
    }
    return permutation
  }
}

/**
 * As `neighbourPermutations`, of neighbours as sets: `width` for each sample, -1 standing for the sample itself; each set is
 * shuffled in the order of indices, and of it the first `most` may be taken.
 */
export function setPermutations(
  random: NumpyRandom,
  neighbours: Int32Array,
  width: number,
  most: number,
): () => Int32Array {
  const count = neighbours.length / width
  const sets = Array.from({ length: count }, (_, t) => {
    const own = neighbours.subarray(t * width, (t + 1) * width)
    return Int32Array.from(new Set(own.map((other) => (other < 0 ? t : other)))).sort()
  })
  return () => {
    const order = random.permutation(count)
    const shuffled = sets.map((set) => random.shuffle(set.slice()))
    const used = new Uint8Array(count)
    const permutation = new Int32Array(count)
    for (const sample of order) {
      const choices = shuffled[sample]!
      const last = Math.min(most, choices.length) - 1
      let at = 0
      while (at < last && used[choices[at]!] === 1) at++
      permutation[sample] = choices[at]!
      used[choices[at]!] = 1
    }
    return permutation
  }
}
