/** Cells in memory: one region of a cube as a typed array, still packed as its source stored it. */
import type { TypedArray } from '../dtype.ts'
import type { DType } from '../types.ts'
import type { Region } from './region.ts'

/**
 * How stored numbers become physical ones: missing where raw equals `nodata` (of floats also where it is NaN),
 * else raw x scale + offset. Booleans are 0 and 1 in `uint8` with `isBoolean`, missing 255.
 */
export interface Packing {
  readonly dtype: DType
  readonly nodata?: number
  readonly scale: number
  readonly offset: number
  readonly isBoolean?: boolean
}

export const FLOAT32: Packing = { dtype: 'float32', scale: 1, offset: 0 }
export const FLOAT64: Packing = { dtype: 'float64', scale: 1, offset: 0 }

/** `data` is row-major over `region.shape`, in the packing of the cube that it belongs to. Never changed once made. */
export interface Block {
  readonly region: Region
  readonly data: TypedArray
}
