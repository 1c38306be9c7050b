/** Rows of mixed data in the kernel's memory: noise and transforms of continuous rows, then coordinates. */

import { X } from '../series/samples.ts'
import { gather } from './knn-problem.ts'
import { isContinuous, MIXED_NOISE, MIXED_TRANSFORMS, type MixedProblem } from './mixed-problem.ts'
import { Arena, aligned, type DistanceKernel, distanceKernel } from './nearest-kernel.ts'
import { spread } from './pairwise-sum.ts'

type Area = 'from' | 'keys' | 'rows' | 'limits' | 'counts' | 'buffers'

export interface MixedArena {
  readonly arena: Arena<Area, DistanceKernel>
  /** Of a row of coordinates. */
  readonly bytes: number
}

/** Room for rows of `count` samples, two coordinates for each. */
export function mixedArena({ rows }: Pick<MixedProblem, 'rows'>): MixedArena {
  const count = rows[0]!.length
  const bytes = aligned(8 * count) + 64
  const sizes: Record<Area, number> = {
    from: 8 * count,
    keys: 8 * count,
    rows: 2 * bytes * rows.length,
    limits: 16 * rows.length,
    counts: 16 * count,
    buffers: 5 * bytes + 256,
  }
  return { bytes, arena: new Arena(distanceKernel(), sizes, () => undefined) }
}

export interface MixedRows {
  readonly rows: readonly Float64Array[]
  readonly types: readonly Uint8Array[]
}

/** Rows, and their types, with those of X permuted. */
export function permuted({ rows, types, roles }: MixedProblem, permutation: Int32Array | undefined): MixedRows {
  if (permutation === undefined) return { rows, types }
  return {
    rows: rows.map((row, i) => (roles[i] === X ? gather(row, permutation, new Float64Array(row.length)) : row)),
    types: types.map((row, i) => (roles[i] === X ? Uint8Array.from(permutation, (t) => row[t]!) : row)),
  }
}

/** Continuous rows with noise (from the stream's state) and transformed. Call `arena.enter()` before. */
export function transformed(
  { rows, types }: MixedRows,
  { transform, scaleRange }: MixedProblem,
  { arena }: MixedArena,
  state: Uint32Array,
): Float64Array[] {
  arena.seed(state)
  const { from, keys } = arena.at
  return rows.map((row, i) => {
    if (!isContinuous(types[i]!)) return row
    arena.floats(from, row.length).set(row)
    arena.kernel.addNoise(from, keys, row.length, MIXED_NOISE * spread(row))
    return MIXED_TRANSFORMS[transform](arena.floats(keys, row.length), scaleRange)
  })
}

/** Numbers of noise that each evaluation draws. */
export const noiseOf = ({ rows, types }: MixedRows): number => types.filter(isContinuous).length * rows[0]!.length
