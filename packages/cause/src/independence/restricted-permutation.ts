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
