/** Time steps drawn in blocks with replacement, for bootstrap aggregation (Debeire et al. 2024). */
import { InputError } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import type { Resampling } from './series.ts'

/**
 * As many steps as given, in blocks of neighbours; none of none. Every call with the same resampling begins the random
 * numbers anew, so that all tests of one search (and all data sets) see the same draw. Throws `InputError`: BadBlockLength,
 * BlockTooLong where fewer than two blocks fit.
 */
export function drawBlocks(steps: Int32Array, { blockLength, seed, spawnKey = [] }: Resampling): Int32Array {
  if (steps.length === 0) return steps
  if (blockLength !== 'cube-root' && !(Number.isInteger(blockLength) && blockLength > 0))
    throw new InputError('BadBlockLength', `blocks of ${blockLength} steps: give a whole number of at least 1`, {
      hint: 'Or `cube-root`, for the cube root of the number of samples.',
      data: { blockLength },
    })
  const length = blockLength === 'cube-root' ? Math.max(1, Math.floor(steps.length ** (1 / 3))) : blockLength
  const blocks = Math.ceil(steps.length / length)
  if (blocks < 2 || steps.length <= length)
    throw new InputError('BlockTooLong', `blocks of ${length} steps do not fit twice into ${steps.length} samples`, {
      hint: 'Use a shorter block length.',
      data: { blockLength: length, samples: steps.length },
    })
  const random = new NumpyRandom(seed, spawnKey)
  const out = new Int32Array(blocks * length)
  for (let block = 0; block < blocks; block++) {
    const start = random.integer(steps.length - length)
    for (let i = 0; i < length; i++) out[block * length + i] = steps[start + i]!
  }
  return out.subarray(0, steps.length)
}
