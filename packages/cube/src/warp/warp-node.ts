/** Reprojection and resampling of a cube of any dimensions, as a node: what `resample_spatial` and mosaics stand on. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { crsEquals } from '../crs/transform.ts'
import { DTYPES } from '../dtype.ts'
import { spatialDimensions } from '../geotiff/array-source.ts'
import { gridEquals, intersectWindows, invertAffine, pixelToCrs } from '../grid.ts'
import type { Block, Packing } from '../model/block.ts'
import { blockArray, own, release } from '../model/garbage.ts'
import type { BlockNode, CubeNode, CubeSchema } from '../model/node.ts'
import { commonPacking, floatPacking, withMissing } from '../model/packing.ts'
import type { Region } from '../model/region.ts'
import { concatNode, repacked, sameCells } from '../process/cubes/nodes.ts'
import type { DType, Grid, Window } from '../types.ts'
import type { Target } from './kernels.ts'
import type { Method } from './methods.ts'
import { BLOCK } from './pixel-map.ts'
import { type Piece, sourceWindow, type WarpOptions, type WarpPlan, warpPlan } from './plan.ts'
import { type Floats, type PlaneLayout, packPlanes, plainPlanes, planeLayout, unpackPlanes } from './planes.ts'
import { type Turn, turnsOf } from './turns.ts'

/** Planes (x, y slices of the other dimensions) that are unpacked at one time. */
const PLANES = 16

/**
 * The cube on another grid; dimensions other than x and y stay. Methods that pick stored values (`nearest`, `mode`,
 * `min`, ...) keep the packing, wider where it cannot say "missing" and pixels lie beyond the source; the others give
 * float32 (float64 for wide inputs).
 * A cube on an equal grid is returned as it is. Throws InputError `NoGrid`, `BadResampling`, `UnsupportedProjection`.
 */
export function warpNode(input: CubeNode, grid: Grid, options: WarpOptions = {}): CubeNode {
  const source = input.schema.grid
  if (source === undefined) {
    throw new InputError('NoGrid', `${input.label} has no dimensions x and y on a grid, so it cannot be resampled`, {
      hint: 'load data that has a spatial grid',
      data: { dimensions: input.schema.dims.map((d) => d.name) },
    })
  }
  const turns = turnsOf(grid, source)
  return turns === undefined ? warped(input, source, grid, options) : joined(input, grid, turns, options)
}

/** Parts of the target that see the source on different turns around the Earth, side by side. */
function joined(input: CubeNode, grid: Grid, turns: readonly Turn[], options: WarpOptions): CubeNode {
  const parts = turns.map(({ source, target }) => warped(input, source, target, options))
  if (parts.length === 1) return parts[0]!
  const packing = commonPacking(...parts.map(({ schema }) => schema.packing))
  const x = parts[0]!.schema.dims[planeLayout(parts[0]!.schema).x]!.name
  const node = concatNode(
    parts.map((part) => repacked(part, packing)),
    x,
    `warp(${input.label}, ${options.resampling ?? 'bilinear'})`,
  )
  return { ...node, schema: { ...node.schema, dims: dimsOn(grid, input.schema), grid } }
}

/** The cube on another grid, where its own lies at `source`. */
function warped(input: CubeNode, source: Grid, grid: Grid, options: WarpOptions): CubeNode {
  const plan = warpPlan(grid, source, options)
  const schema = schemaOf({ ...input.schema, grid: source }, grid, plan.method)
  if (gridEquals(source, grid))
    return source === input.schema.grid
      ? input
      : sameCells(input.label, input, { ...schema, packing: input.schema.packing })
  const job: Job = {
    plan,
    source,
    from: input.schema.packing,
    to: schema.packing,
    layout: planeLayout(schema),
  }
  return node(input, schema, job, `warp(${input.label}, ${options.resampling ?? 'bilinear'})`)
}

interface Job {
  readonly plan: WarpPlan
  readonly source: Grid
  readonly from: Packing
  readonly to: Packing
  readonly layout: PlaneLayout
}

function node(input: CubeNode, schema: CubeSchema, job: Job, label: string): BlockNode {
  const { x, y } = job.layout
  const needed = (region: Region): Region | undefined => {
    const window = sourceWindow(job.plan.pieces(windowOf(region, job.layout)), job.source)
    if (window.width === 0 || window.height === 0) return undefined
    return {
      start: region.start.map((v, d) => (d === x ? window.column : d === y ? window.row : v)),
      shape: region.shape.map((v, d) => (d === x ? window.width : d === y ? window.height : v)),
    }
  }
  return {
    kind: 'blocks',
    schema,
    label,
    inputs: [input],
    needs: (region) => [needed(region)],
    compute: (region, [block], work) => compute(job, region, block, work),
    scratchBytes: (region) => {
      const shape = needed(region)?.shape ?? []
      const planes = job.layout.count(region.shape)
      const cells = shape.reduce((product, n) => product * n, 1) / Math.max(1, planes)
      const target = region.shape[x]! * region.shape[y]!
      return Math.min(planes, PLANES) * (cells + target) * DTYPES[floatOf(job.from)].bytes
    },
  }
}

/** The dimensions of a cube with those of a grid for x and y. */
function dimsOn(grid: Grid, input: CubeSchema): CubeSchema['dims'] {
  const [y, x] = spatialDimensions(grid)
  return input.dims.map((dimension) => {
    if (dimension.type !== 'spatial' || dimension.axis === 'z') return dimension
    return { ...(dimension.axis === 'x' ? x : y), name: dimension.name }
  })
}

function schemaOf(input: CubeSchema, grid: Grid, method: Method): CubeSchema {
  const dims = dimsOn(grid, input)
  const { packing } = input
  if (!method.picks) return { ...input, dims, grid, packing: floatPacking(packing) }
  return { ...input, dims, grid, packing: isWithin(grid, input.grid!) ? packing : withMissing(packing) }
}

/** Pixels within this share of a pixel of the source's edge count as within. */
const EDGE = 1e-6

/** Whether every pixel of a grid surely lies in the source, so that none can be missing. */
function isWithin(grid: Grid, source: Grid): boolean {
  if (!crsEquals(grid.crs, source.crs)) return false
  const inverse = invertAffine(source.affine)
  const corners = [0, grid.width].flatMap((x) => [0, grid.height].map((y) => pixelToCrs(grid.affine, x, y)))
  return corners.every((corner) => {
    const [column, row] = pixelToCrs(inverse, ...corner)
    const isInside = (at: number, size: number): boolean => at >= -EDGE && at <= size + EDGE
    return isInside(column, source.width) && isInside(row, source.height)
  })
}

/** The floats that hold values of a packing: float32 for what it holds exactly. */
const floatOf = ({ dtype }: Packing): DType => (DTYPES[dtype].bytes < 4 || dtype === 'float32' ? 'float32' : 'float64')

function windowOf({ start, shape }: Region, { x, y }: PlaneLayout): Window {
  return { column: start[x]!, row: start[y]!, width: shape[x]!, height: shape[y]! }
}

function compute(job: Job, region: Region, block: Block | undefined, work: WorkOptions): Block {
  const { layout } = job
  const window = windowOf(region, layout)
  const length = region.shape.reduce((product, n) => product * n, 1)
  const out = own(blockArray(job.to.dtype, length))
  const count = layout.count(region.shape)
  const float = floatOf(job.from)
  const pieces = block === undefined ? [] : job.plan.pieces(window)
  for (let first = 0; first < count; first += PLANES) {
    throwIfAborted(work.signal)
    const planes = Math.min(PLANES, count - first)
    const { picks } = job.plan.method
    const plain = plainPlanes(out, layout, region.shape, job.to, picks, first, planes, float)
    const results = plain ?? own(blockArray(float, planes * window.width * window.height) as Floats)
    results.fill(Number.NaN)
    if (block !== undefined) warpPlanes(job, block, pieces, window, first, planes, float, results)
    if (plain !== undefined) continue
    packPlanes(results, out, layout, region.shape, job.to, picks, first, planes)
    release(results)
  }
  return { region, data: out }
}

function warpPlanes(
  job: Job,
  block: Block,
  pieces: readonly Piece[],
  window: Window,
  first: number,
  planes: number,
  float: DType,
  out: Float32Array | Float64Array,
): void {
  const held = windowOf(block.region, job.layout)
  const data = unpackPlanes(block, job.layout, job.from, job.plan.method.picks, first, planes, float)
  const extra = job.plan.method.corners ? 1 : 0
  const side = BLOCK + extra
  const xs = new Float64Array(side * side)
  const ys = new Float64Array(side * side)
  for (const [piece, mapped] of pieces.flatMap((p) => p.blocks.map((b) => [p, b] as const))) {
    const inside = intersectWindows(mapped, piece)
    if (inside.width === 0) continue
    mapped.positions(extra === 1 ? 0 : 0.5, mapped.width + extra, mapped.height + extra, xs, ys)
    const target: Target = {
      data: out,
      start: (inside.row - window.row) * window.width + (inside.column - window.column),
      apart: window.width * window.height,
      stride: window.width,
      column: mapped.column,
      row: mapped.row,
      left: inside.column - mapped.column,
      top: inside.row - mapped.row,
      width: inside.width,
      height: inside.height,
      pitch: mapped.width + extra,
    }
    const { width, height } = job.source
    const band = { data, start: 0, planes, apart: held.width * held.height }
    const patch = { ...band, ...held, sourceWidth: width, sourceHeight: height, seen: piece.seen }
    piece.kernel(patch, xs, ys, target)
  }
  // Planes as large as the block itself would wait for the collector.
  if (data.buffer !== block.data.buffer) release(own(data))
}
