/** What a format gives the cube: one array that can be read by regions, and a plain-data handle to open it again elsewhere. */
import type { WorkOptions } from '@ecotope/core'
import type { TypedArray } from '../dtype.ts'
import { type CubeSchema, shapeOf } from './node.ts'
import { alignRegion, cellCount, type Region, splitRegion } from './region.ts'

/** Plain data that survives JSON and threads. `format` selects the opener. */
export interface SourceHandle {
  readonly format: string
  /** Path or URL of the file, store or item. */
  readonly path: string
  readonly [option: string]: unknown
}

/** Memory of somebody else's for the cells of a region: the first at `byteOffset`, steps of `strides` cells. */
export interface Place {
  readonly buffer: ArrayBuffer
  readonly byteOffset: number
  readonly strides: readonly number[]
  /** Cells from the first to the last, gaps included. */
  readonly length: number
}

export interface ArraySource {
  readonly schema: CubeSchema
  readonly handle: SourceHandle
  /** The box of cells that is stored (and decoded) as one piece, per dimension. */
  readonly chunks: readonly number[]
  /**
   * Smaller boxes, of which a whole number make up a chunk, that are read for their share of what the chunk costs: the
   * rest of it is not decoded. Undefined where there are none.
   */
  readonly blocks?: readonly number[] | undefined
  /** The calendar period that labels in the names of bands name, where bands of several times lie side by side. */
  readonly period?: string
  /** Mean bytes of one stored chunk, for `graph explain`; undefined where unknown. */
  readonly storedChunkBytes?: number
  /**
   * Raw cells of a region, row-major, in the schema's packing. Throws InputError `CorruptChunk` with
   * `data: { path, chunk }` where a chunk cannot be decoded.
   */
  read(region: Region, options?: WorkOptions): Promise<TypedArray>
  /** What `read` gives, put where it is needed; false where it cannot be: then the place has to be filled otherwise. */
  readTo?(region: Region, place: Place, options?: WorkOptions): Promise<boolean>
  /**
   * The same array with these labels (by index, any order, repeats allowed) of one dimension, where the source can
   * leave the others unread; undefined where it cannot.
   */
  narrow?(dimension: number, indices: readonly number[]): ArraySource | undefined
  /** Cuts a region into boxes of which each can be read where others are damaged. Default: its parts of `chunks`. */
  apart?(region: Region): Iterable<Region>
  close(): Promise<void>
}

/** For sources that give another's cells in other places. */
export function withoutPlaces({ readTo: _, apart: __, blocks: ___, ...source }: ArraySource): ArraySource {
  return source
}

/** Up to this many times the cells that are asked for, decoding again costs less than keeping chunks and copying. */
export const DECODED_AGAIN = 1.25

/** Which boxes are decoded whole where a region is read: blocks, where they are little more than it, or chunks. */
export function decodedBoxes({ chunks, blocks, schema }: ArraySource, region: Region): readonly number[] {
  if (blocks === undefined) return chunks
  const { shape } = alignRegion(region, blocks, shapeOf(schema))
  return cellCount(shape) <= DECODED_AGAIN * cellCount(region.shape) ? blocks : chunks
}

/** Boxes of a region of which each can be read where others are damaged. */
export const partsApart = (source: ArraySource, region: Region): Iterable<Region> =>
  source.apart?.(region) ?? splitRegion(region, source.chunks)
