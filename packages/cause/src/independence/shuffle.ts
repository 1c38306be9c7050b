/** Orders of samples in which blocks keep their inner order, and p-values from them. */
import { InputError } from '@ecotope/core'
import type { NumpyRandom } from '../random/pcg64.ts'

/**
 * Makes orders of `length` samples: whole blocks in random order; the samples that fill no block are put in between at a
 * random place. The array that comes back is written over by the next call.
 * Throws `InputError` BlockTooLong.
 */
export function blockShuffler(length: number, block: number, random: NumpyRandom): () => Int32Array {
  if (!(Number.isInteger(block) && block >= 1 && block <= length))
    throw new InputError('BlockTooLong', `a block of ${block} steps does not fit into ${length} samples`, {
      hint: 'Use a whole number of steps, at most a tenth of the samples.',
      data: { block, length },
    })
  const blocks = Math.floor(length / block)
  const tail = length - blocks * block
  const order = new Int32Array(length)
  return () => {
    const starts = random.permutation(blocks)
    const before = tail > 0 ? random.integer(blocks) * block : length
    let at = 0
    for (let k = 0; k < blocks; k++)
      for (let i = 0; i < block; i++) {
        if (at === before) for (let rest = 0; rest < tail; rest++) order[at++] = blocks * block + rest
        order[at++] = starts[k]! * block + i
      }
    return order
  }
}

/** Share of shuffles whose statistic is at least as large (in size); the test itself counts as one. */
export function shufflePValue(value: number, null_: ArrayLike<number>): number {
  let larger = 0
  for (let i = 0; i < null_.length; i++) if (Math.abs(null_[i]!) >= Math.abs(value)) larger++
  return (larger + 1) / (null_.length + 1)
}
