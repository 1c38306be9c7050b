/**
 * Many rasters as one on a common grid: each is warped where its grid differs, and only those that a region meets are
 * read. Overlaps by a rule. Unlike `merge_cubes`, the inputs lie beside each other and have the same other dimensions.
 */
import { InputError } from '@ecotope/core'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import { spatialDimensions } from '../geotiff/array-source.ts'
import { gridBounds, gridEquals, transformBounds, windowOf } from '../grid.ts'
import type { Block, Packing } from '../model/block.ts'
import { type BlockNode, type CubeNode, type CubeSchema, shapeOf } from '../model/node.ts'
import { commonPacking, floatPacking, withMissing } from '../model/packing.ts'
import { type Region, stridesOf } from '../model/region.ts'
import type { Grid, Window } from '../types.ts'
import type { Resampling } from '../warp/methods.ts'
import { planeLayout } from '../warp/planes.ts'
import { turnsOf } from '../warp/turns.ts'
import { warpNode } from '../warp/warp-node.ts'

/** What counts where several rasters have a value: that of the first or last in order, or one of all. */
export type MosaicRule = 'first' | 'last' | 'mean' | 'median' | 'min' | 'max'

export interface MosaicOptions {
  /** Default `first`. */
  readonly rule?: MosaicRule
  /** For inputs whose pixels do not lie on those of the grid. Default `nearest`. */
  readonly resampling?: Resampling
  readonly tolerance?: number
}

/** Of the valid values `values[0..count)` (in order of the inputs), the result. */
type Combine = (values: Float64Array, count: number) => number

const RULES: Readonly<Record<MosaicRule, Combine>> = {
  first: (values) => values[0]!,
  last: (values, count) => values[count - 1]!,
  mean: (values, count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += values[i]!
    return sum / count
  },
  median: (values, count) => {
    const sorted = values.subarray(0, count).sort()
    return (sorted[(count - 1) >> 1]! + sorted[count >> 1]!) / 2
  },
  min: (values, count) => values.subarray(0, count).reduce((a, b) => Math.min(a, b)),
  max: (values, count) => values.subarray(0, count).reduce((a, b) => Math.max(a, b)),
}

/** Rules whose result is one of the stored values. */
const PICKS = new Set<MosaicRule>(['first', 'last', 'min', 'max'])

/**
 * The mosaic of inputs on a grid. Inputs have dimensions of the same names and labels but for x and y. Throws
 * InputError `NothingToMosaic`, `OtherDimensions`, `NoGrid`, `BadRule`.
 */
export function mosaicNode(inputs: readonly CubeNode[], grid: Grid, options: MosaicOptions = {}): CubeNode {
  const rule = options.rule ?? 'first'
  const combine = RULES[rule] as Combine | undefined
  if (combine === undefined) {
    throw new InputError('BadRule', `there is no rule "${rule}" for mosaics`, {
      hint: `choose one of ${Object.keys(RULES).join(', ')}`,
    })
  }
  const [first] = inputs
  if (first === undefined) throw new InputError('NothingToMosaic', 'a mosaic needs at least one raster')
  for (const other of inputs) checkDimensions(first, other)
  const pieces = inputs.map((input) => pieceOf(input, grid, options))
  if (pieces.length === 1 && pieces[0]!.shift === undefined) return pieces[0]!.node
  return node(pieces, schemaOf(pieces, grid, PICKS.has(rule)), combine, `mosaic(${inputs.length} rasters, ${rule})`)
}

function checkDimensions(first: CubeNode, other: CubeNode): void {
  const labels = ({ schema }: CubeNode): string =>
    JSON.stringify(
      schema.dims.map((d) => (d.type === 'spatial' && d.axis !== 'z' ? [d.name, d.axis] : [d.name, d.labels])),
    )
  if (labels(first) === labels(other)) return
  throw new InputError('OtherDimensions', `${other.label} has other dimensions or labels than ${first.label}`, {
    hint: 'rasters of a mosaic need the same bands and dates; use merge_cubes for others',
    data: { first: first.label, other: other.label },
  })
}

/** An input on the grid: warped onto it whole, or lying on its pixels at `shift`. */
interface Piece {
  readonly node: CubeNode
  /** Column and row of the grid at which the input's own begin; undefined where it has the whole grid. */
  readonly shift: readonly [column: number, row: number] | undefined
  /** Pixels of the grid that it can reach. */
  readonly window: Window
}

/** Pixels around a footprint, for kernels and bent edges. */
const MARGIN = 8

function pieceOf(input: CubeNode, grid: Grid, options: MosaicOptions): Piece {
  const own = input.schema.grid
  if (own === undefined) {
    throw new InputError('NoGrid', `${input.label} has no dimensions x and y on a grid`, {
      data: { input: input.label },
    })
  }
  const whole = { column: 0, row: 0, width: grid.width, height: grid.height }
  if (gridEquals(own, grid)) return { node: input, shift: undefined, window: whole }
  const isTurned = turnsOf(grid, own) !== undefined
  const place = windowOf(grid, gridBounds(own))
  const moved = { ...grid, affine: shifted(grid, place.column, place.row), width: own.width, height: own.height }
  if (!isTurned && gridEquals(own, moved)) {
    return { node: input, shift: [place.column, place.row], window: { ...place, width: own.width, height: own.height } }
  }
  const warped = warpNode(input, grid, { resampling: options.resampling ?? 'nearest', ...toleranceOf(options) })
  return { node: warped, shift: undefined, window: isTurned ? whole : (reachOf(own, grid) ?? whole) }
}

const toleranceOf = ({ tolerance }: MosaicOptions): { tolerance?: number } =>
  tolerance === undefined ? {} : { tolerance }

function shifted({ affine: [a, b, c, d, e, f] }: Grid, column: number, row: number): Grid['affine'] {
  return [a, b, c + a * column + b * row, d, e, f + d * column + e * row]
}

/** The pixels that the bounds of another grid cover; undefined where these cannot be said. */
function reachOf(own: Grid, grid: Grid): Window | undefined {
  try {
    const { column, row, width, height } = windowOf(grid, transformBounds(gridBounds(own), own.crs, grid.crs))
    // Across the meridian of 180 degrees bounds are not what they seem.
    if (width > 2 * grid.width && height > 2 * grid.height) return undefined
    if (own.crs.isGeographic !== grid.crs.isGeographic && width > grid.width) return undefined
    return { column: column - MARGIN, row: row - MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN }
  } catch {
    return undefined
  }
}

/** The packing that holds all, and missing; floats where values are made. */
function schemaOf(pieces: readonly Piece[], grid: Grid, picks: boolean): CubeSchema {
  const { schema } = pieces[0]!.node
  const packings = pieces.map((piece) => piece.node.schema.packing)
  const common = withMissing(commonPacking(...packings))
  const keeps = picks || DTYPES[common.dtype].isFloat
  return { ...schema, dims: warpedDims(schema, grid), grid, packing: keeps ? common : floatPacking(...packings) }
}

/** The dimensions of a cube with those of the grid for x and y. */
function warpedDims(schema: CubeSchema, grid: Grid): CubeSchema['dims'] {
  const [y, x] = spatialDimensions(grid)
  return schema.dims.map((dimension) => {
    if (dimension.type !== 'spatial' || dimension.axis === 'z') return dimension
    return { ...(dimension.axis === 'x' ? x : y), name: dimension.name }
  })
}

function node(pieces: readonly Piece[], schema: CubeSchema, combine: Combine, label: string): BlockNode {
  const { x, y } = planeLayout(schema)
  const needed = ({ node: input, shift, window }: Piece, region: Region): Region | undefined => {
    const [left, right] = [
      Math.max(region.start[x]!, window.column),
      Math.min(region.start[x]! + region.shape[x]!, window.column + window.width),
    ]
    const [top, bottom] = [
      Math.max(region.start[y]!, window.row),
      Math.min(region.start[y]! + region.shape[y]!, window.row + window.height),
    ]
    if (left >= right || top >= bottom) return undefined
    const [dx, dy] = shift ?? [0, 0]
    const inside = shapeOf(input.schema)
    const start = region.start.map((v, d) => (d === x ? left - dx : d === y ? top - dy : v))
    const shape = region.shape.map((v, d) => (d === x ? right - left : d === y ? bottom - top : v))
    return start.every((v, d) => v >= 0 && v + shape[d]! <= inside[d]!) ? { start, shape } : undefined
  }
  return {
    kind: 'blocks',
    schema,
    label,
    inputs: pieces.map((piece) => piece.node),
    needs: (region) => pieces.map((piece) => needed(piece, region)),
    compute: (region, blocks) => combined(pieces, schema, combine, region, blocks),
  }
}

/** One input's part of a region: where its cells are, and how they are read. */
interface Part {
  readonly data: TypedArray
  readonly strides: readonly number[]
  /** First cell of the region that the part has, and one past the last, per dimension. */
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly missing: number
  /** From its raw values to those of the mosaic. */
  readonly scale: number
  readonly offset: number
}

const missingOf = (packing: Packing): number => packing.nodata ?? (packing.isBoolean === true ? 255 : Number.NaN)

function combined(
  pieces: readonly Piece[],
  schema: CubeSchema,
  combine: Combine,
  region: Region,
  blocks: readonly (Block | undefined)[],
): Block {
  const { x, y } = planeLayout(schema)
  const parts = pieces.flatMap((piece, i): Part[] => {
    const block = blocks[i]
    if (block === undefined) return []
    const [dx, dy] = piece.shift ?? [0, 0]
    const from = block.region.start.map((v, d) => v + (d === x ? dx : d === y ? dy : 0) - region.start[d]!)
    const { packing } = piece.node.schema
    return [
      {
        data: block.data,
        strides: stridesOf(block.region.shape),
        from,
        to: from.map((v, d) => v + block.region.shape[d]!),
        missing: missingOf(packing),
        scale: packing.scale / schema.packing.scale,
        offset: (packing.offset - schema.packing.offset) / schema.packing.scale,
      },
    ]
  })
  const length = region.shape.reduce((product, n) => product * n, 1)
  const out = newArray(schema.packing.dtype, length)
  const missing = missingOf(schema.packing)
  const rank = region.shape.length
  const run = region.shape[rank - 1] ?? 1
  const at = new Array<number>(rank).fill(0)
  const values = new Float64Array(parts.length)
  for (let start = 0; start < length; start += run) {
    const here = parts.filter((part) =>
      part.from.every((v, d) => d === rank - 1 || (at[d]! >= v && at[d]! < part.to[d]!)),
    )
    combineRow(here, at, out, start, run, values, combine, missing)
    for (let d = rank - 2; d >= 0; d--) {
      at[d]!++
      if (at[d]! < region.shape[d]!) break
      at[d] = 0
    }
  }
  return { region, data: out }
}

/** Combines one run along the last dimension. */
function combineRow(
  parts: readonly Part[],
  at: readonly number[],
  out: TypedArray,
  start: number,
  run: number,
  values: Float64Array,
  combine: Combine,
  missing: number,
): void {
  const last = at.length - 1
  const firsts = parts.map((part) =>
    part.strides.reduce((sum, s, d) => (d === last ? sum : sum + (at[d]! - part.from[d]!) * s), 0),
  )
  for (let i = 0; i < run; i++) {
    let count = 0
    for (const [p, part] of parts.entries()) {
      if (i < part.from[last]! || i >= part.to[last]!) continue
      const v = part.data[firsts[p]! + i - part.from[last]!]!
      if (v === part.missing || Number.isNaN(v)) continue
      values[count++] = v * part.scale + part.offset
    }
    out[start + i] = count === 0 ? missing : combine(values, count)
  }
}
