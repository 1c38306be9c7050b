/**
 * How each step's work is cut into units and blocks. By shape alone, never by the number of threads, so that every
 * number of threads adds in the same order.
 */
import type { Extent } from './layout.ts'
import { depthOf } from './layout.ts'
import type { Source, StepOf } from './steps.ts'

/** Numbers of a pixel of a source. */
export const sourceDepth = ({ parts }: Source): number => depthOf(parts.map(({ channels }) => channels))

/** Units that a step should have at least, for threads that do not all come at once. */
const UNITS = 16

/** Tiles transformed together: with their 36 products they stay in the second-level cache. */
const MOST_TILES = 32
/** Output channels per pass over the tiles' products. */
export const CHUNK = 32

export interface WinogradGeometry {
  readonly tileRows: number
  readonly tileColumns: number
  readonly strips: number
  /** Tiles of a strip's row, except perhaps the last strip's. */
  readonly tiles: number
  /** Rows of tiles taken together. */
  readonly rows: number
  /** Rows of tiles per unit; a multiple of `rows`. */
  readonly run: number
  readonly runs: number
  /** Blocks of moments per strip. */
  readonly blocks: number
}

export function winogradGeometry({ to, from }: StepOf<'winograd'>): WinogradGeometry {
  const { n, h, w } = to.extent
  const [tileRows, tileColumns] = [Math.ceil(h / 4), Math.ceil(w / 4)]
  const most = sourceDepth(from) > 256 ? MOST_TILES / 2 : MOST_TILES
  const strips = Math.ceil(tileColumns / most)
  const tiles = Math.ceil(tileColumns / strips)
  const rows = Math.max(1, Math.min(Math.floor(most / tiles), Math.ceil(tileRows / 4)))
  const blocks = Math.ceil(tileRows / rows)
  const wanted = Math.min(blocks, Math.max(1, Math.round(UNITS / (n * strips))))
  const run = Math.ceil(blocks / wanted) * rows
  return { tileRows, tileColumns, strips, tiles, rows, run, runs: Math.ceil(tileRows / run), blocks }
}

/** Rows of an image in units, and each row in segments of so many pixels. */
export interface RowGeometry {
  readonly run: number
  readonly runs: number
  readonly segment: number
  readonly segments: number
}

export function rowGeometry({ n, h, w }: Extent, mostPixels: number): RowGeometry {
  const segments = Math.ceil(w / mostPixels)
  const segment = Math.ceil(w / segments)
  const wanted = Math.min(h, Math.max(1, Math.round(UNITS / n)))
  const run = Math.ceil(h / wanted)
  return { run, runs: Math.ceil(h / run), segment, segments }
}

/** Pixels that steps without products take at a time. */
export const SEGMENT = 512

/** Numbers of gathered windows that stay in the second-level cache. */
const GATHERED = 2 ** 16

/** Rows and segments of a step that multiplies matrices: of its result, or (`spread`) of what it reads. */
export function productRows(step: StepOf<'gathered'> | StepOf<'spread'>): RowGeometry & { readonly rows: number } {
  const taps = step.kind === 'gathered' ? step.reach.kernel[0] * step.reach.kernel[1] : 1
  const pixels = Math.max(12, Math.min(126, Math.floor(GATHERED / (sourceDepth(step.from) * taps))))
  const extent = step.kind === 'gathered' ? step.to.extent : step.from.extent
  return { ...rowGeometry(extent, pixels), rows: extent.h }
}
