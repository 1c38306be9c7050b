/** Which pixels zones are read by: tiles of the source in which zones lie, some planes of each at a time. */
import { DTYPES } from '../../dtype.ts'
import type { Dimension } from '../../model/dimension.ts'
import type { CubeNode, CubeSchema } from '../../model/node.ts'
import type { Region } from '../../model/region.ts'
import type { Window } from '../../types.ts'
import type { Callback, Value } from '../row.ts'
import { meet } from './coverage.ts'
import { enumerated } from './labels.ts'
import { withWindow } from './planes.ts'
import { pieces as boxes, pieceCount } from './reshape.ts'
import type { Runs } from './zonal-runs.ts'

/** Cells that are read at one time. */
const PIECE_CELLS = 1 << 21

export interface ZonalSpec {
  readonly node: CubeNode
  /** Indices of the dimensions with the axes x and y. */
  readonly at: { readonly x: number; readonly y: number }
  /** The pixels that each zone may own; undefined where none. */
  readonly windows: readonly (Window | undefined)[]
  /** The pixels that a zone owns: row, first column, length of each run, one after the other. */
  readonly runs: (zone: number) => Runs
  readonly reducer: Callback
  readonly context: Value
  /** The dimension of geometries. */
  readonly zones: Dimension
  /** Name of the dimension of value, total_count and valid_count. */
  readonly counts: string | undefined
}

/** Where the dimensions of input and result lie. */
export interface ZonalLayout {
  readonly schema: CubeSchema
  readonly zone: number
  readonly count: number
  readonly outer: readonly (readonly [input: number, output: number])[]
}

/** Pixels of a tile along an axis, where the source has no chunks of a sensible size. */
const TILE = 512

/** The size of tiles: chunks of the source below, as far as its pixels are those of the cube, or some of them. */
function tileOf(node: CubeNode, x: number, y: number): readonly [number, number] {
  let source = node
  while (source.kind !== 'source' && source.inputs.length > 0) source = source.inputs[0]!
  const along = (d: number): number => {
    const { name } = node.schema.dims[d]!
    const at = source.schema.dims.findIndex((dimension) => dimension.name === name)
    const chunk = source.kind === 'source' && at >= 0 ? source.source.chunks[at]! : TILE
    return chunk > 2 * TILE ? TILE : chunk * Math.max(1, Math.round(TILE / chunk))
  }
  return [along(x), along(y)]
}

export class ZonalTiles {
  readonly #spec: ZonalSpec
  readonly #layout: ZonalLayout
  readonly #tile: readonly [number, number]

  constructor(spec: ZonalSpec, layout: ZonalLayout) {
    this.#spec = spec
    this.#layout = layout
    this.#tile = tileOf(spec.node, spec.at.x, spec.at.y)
  }

  /** Zones of a region of the result that may own pixels. */
  zonesIn(region: Region): number[] {
    const { zone } = this.#layout
    return enumerated(region.shape[zone]!)
      .map((i) => region.start[zone]! + i)
      .filter((i) => this.#spec.windows[i] !== undefined)
  }

  #windowOf(region: Region): Window | undefined {
    const windows = this.zonesIn(region).map((i) => this.#spec.windows[i]!)
    if (windows.length === 0) return undefined
    const least = (of: (w: Window) => number) => windows.reduce((a, w) => Math.min(a, of(w)), Infinity)
    const [column, row] = [least((w) => w.column), least((w) => w.row)]
    const width = -least((w) => -w.column - w.width) - column
    return { column, row, width, height: -least((w) => -w.row - w.height) - row }
  }

  #inputRegion(region: Region, window: Window, part?: Region): Region {
    const { node, at } = this.#spec
    const start = node.schema.dims.map(() => 0)
    const shape = [...start]
    this.#layout.outer.forEach(([from, to], k) => {
      start[from] = region.start[to]! + (part?.start[k] ?? 0)
      shape[from] = part?.shape[k] ?? region.shape[to]!
    })
    return withWindow({ start, shape }, at.x, at.y, window)
  }

  /** The cells of the input that all zones of a region lie in. */
  extent(region: Region): Region | undefined {
    const window = this.#windowOf(region)
    return window === undefined ? undefined : this.#inputRegion(region, window)
  }

  /** The size of tiles, of which a budget may want smaller ones. */
  #tileWithin(cells: number): readonly [number, number] {
    let [width, height] = this.#tile
    while (width * height > Math.max(1, cells)) {
      if (height >= width) height = Math.ceil(height / 2)
      else width = Math.ceil(width / 2)
    }
    return [width, height]
  }

  /** Tiles in which zones lie, and how many planes of each are taken at a time. */
  *#tiles(region: Region, targetBytes: number): Generator<{ readonly tile: Window; readonly most: number }> {
    const window = this.#windowOf(region)
    if (window === undefined) return
    const zones = this.zonesIn(region).map((i) => this.#spec.windows[i]!)
    const cells = Math.min(PIECE_CELLS, targetBytes / DTYPES[this.#spec.node.schema.packing.dtype].bytes)
    const [width, height] = this.#tileWithin(cells)
    for (let row = window.row - (window.row % height); row < window.row + window.height; row += height) {
      for (
        let column = window.column - (window.column % width);
        column < window.column + window.width;
        column += width
      ) {
        const tile = meet({ column, row, width, height }, window)
        if (tile === undefined || !zones.some((zone) => meet(tile, zone) !== undefined)) continue
        yield { tile, most: Math.max(1, Math.floor(cells / (tile.width * tile.height))) }
      }
    }
  }

  /** Boxes of the input, of about these bytes, in which zones lie. */
  *pieces(region: Region, targetBytes: number): Generator<readonly (Region | undefined)[]> {
    const planes = this.#layout.outer.map(([, to]) => region.shape[to]!)
    for (const { tile, most } of this.#tiles(region, targetBytes))
      for (const part of boxes(planes, most)) yield [this.#inputRegion(region, tile, part)]
  }

  /** How many `pieces` there are. */
  count(region: Region, targetBytes: number): number {
    const planes = this.#layout.outer.map(([, to]) => region.shape[to]!)
    let count = 0
    for (const { most } of this.#tiles(region, targetBytes)) count += pieceCount(planes, most)
    return count
  }
}
