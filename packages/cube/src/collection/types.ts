/** A collection: layers that keep their own grids and time axes. Types and small readings; nothing is read here. */
import type { Warning } from '@ecotope/core'
import type { ArraySource } from '../model/array-source.ts'
import type { Packing } from '../model/block.ts'
import type { Calendar } from '../model/dimension.ts'
import type { Band, Bounds, Crs, Grid } from '../types.ts'

/** One image of one band: the plane of a source at fixed indices of its other dimensions. */
export interface Piece {
  readonly path: string
  /** Instant, undefined where the file has none (a static layer). */
  readonly time?: string
  readonly grid: Grid
  readonly packing: Packing
  /** Its last two dimensions are y and x. */
  readonly source: ArraySource
  /** Index in each dimension of the source before y and x. */
  readonly at: readonly number[]
}

/** One band with all its images. */
export interface Layer {
  readonly name: string
  readonly band: Band
  /** Instants, or names of periods, in ascending order, each once; empty for a static layer. */
  readonly times: readonly string[]
  readonly calendar: Calendar
  /** The calendar period that the times name; undefined of instants. */
  readonly period?: string
  /** Grids of its images, each once: one, or those of its tiles. */
  readonly grids: readonly Grid[]
  readonly pieces: readonly Piece[]
}

/** Layers together; nothing is aligned until `stack`. */
export interface LayerSet {
  readonly label: string
  readonly layers: readonly Layer[]
  readonly warnings: readonly Warning[]
  close(): Promise<void>
}

/** How layers are brought together. Every member is plain data, so that it can stand in a process graph. */
export interface StackOptions {
  /**
   * The grid of the result: a layer's name (its own grid, tiles joined), a grid, or one made from a CRS, a pixel size
   * and bounds (default: the bounds of all chosen layers).
   */
  readonly grid?: string | Grid | GridRequest
  /** Layers in this order; default all. A variable such as `u` is all of its layers, `u[level=850]` and so on. */
  readonly bands?: readonly string[]
  /** Dimensions that files have beside time and space, such as `level`, to be those of the cube. Default: a band for each label. */
  readonly dimensions?: readonly string[]
  /** For layers of another grid: one method, or one by layer. Without it, layers of another grid are refused. */
  readonly resampling?: string | Readonly<Record<string, string>>
  /** Dates of the result: those of any layer (default), those that all have, or a layer's. */
  readonly time?: 'union' | 'intersection' | (string & {})
  /** Layers whose images stand for more than their own date; see `BROADCAST`. */
  readonly broadcast?: Readonly<Record<string, Broadcast>>
  /** Where several images of a layer cover a pixel at one date. Default `first`. */
  readonly mosaic?: 'first' | 'last' | 'mean' | 'median'
  /** Value of what is missing; default missing. */
  readonly fill?: number
}

/** `static`: one image for all dates. `year`, `month`: of the same year or month. `previous`, `nearest`: by distance. */
export type Broadcast = 'static' | 'year' | 'month' | 'previous' | 'nearest'

export interface GridRequest {
  readonly crs?: Crs | string | number
  /** Pixel size in units of the CRS. */
  readonly resolution: number | readonly [x: number, y: number]
  readonly bounds?: Bounds
}
