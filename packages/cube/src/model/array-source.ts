/** What a format gives the cube: one array that can be read by regions, and a plain-data handle to open it again elsewhere. */
import type { WorkOptions } from '@ecotope/core'
import type { TypedArray } from '../dtype.ts'
import type { CubeSchema } from './node.ts'
import type { Region } from './region.ts'

/** Plain data that survives JSON and threads. `format` selects the opener. */
export interface SourceHandle {
  readonly format: string
  /** Path or URL of the file, store or item. */
  readonly path: string
  readonly [option: string]: unknown
}

export interface ArraySource {
  readonly schema: CubeSchema
  readonly handle: SourceHandle
  /** The box of cells that is stored (and decoded) as one piece, per dimension. */
  readonly chunks: readonly number[]
  /** Mean bytes of one stored chunk, for `graph explain`; undefined where unknown. */
  readonly storedChunkBytes?: number
  /**
   * Raw cells of a region, row-major, in the schema's packing. Throws InputError `CorruptChunk` with
   * `data: { path, chunk }` where a chunk cannot be decoded.
   */
  read(region: Region, options?: WorkOptions): Promise<TypedArray>
  /**
   * The same array with these labels (by index, any order, repeats allowed) of one dimension, where the source can
   * leave the others unread; undefined where it cannot.
   */
  narrow?(dimension: number, indices: readonly number[]): ArraySource | undefined
  close(): Promise<void>
}
