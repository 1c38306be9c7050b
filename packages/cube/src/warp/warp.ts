/** Reprojection and resampling of a cube to any grid, lazily. Equal to `gdalwarp -et 0` on float32, band by band. */
import { throwIfAborted, type WorkOptions } from '@ecotope/core'
import { gridEquals, intersectWindows } from '../grid.ts'
import type { BandCube, Grid, Window } from '../types.ts'
import type { Target } from './kernels.ts'
import { BLOCK, type MappedBlock } from './pixel-map.ts'
import { type Piece, sourceWindow, type WarpOptions, type WarpPlan, warpPlan } from './plan.ts'
import { type Turn, turnsOf } from './turns.ts'

export type { Resampling } from './methods.ts'
export type { WarpOptions } from './plan.ts'

/** Source samples (all bands) that are held at one time. */
const PATCH_SAMPLES = 16 * 2 ** 20

/**
 * The cube on another grid. Pixels whose centre (for `average` and `mode`: area) lies outside the source are NaN.
 * Nothing is read until `read`; a window reads only the source pixels that it needs. Throws `InputError` for an
 * unknown resampling or projection.
 */
export function warp(cube: BandCube, grid: Grid, options: WarpOptions = {}): BandCube {
  const label = `warp(${cube.label}, ${options.resampling ?? 'bilinear'})`
  const turns = turnsOf(grid, cube.grid)
  if (turns !== undefined) return besides(cube, grid, label, turns, options)
  const job: Job = { cube, plan: warpPlan(grid, cube.grid, options) }
  if (gridEquals(cube.grid, grid)) return { ...cube, grid, label, read: (w, o) => cube.read(w, o) }
  return {
    dims: cube.dims,
    bands: cube.bands,
    grid,
    label,
    read: async (window, work = {}) => {
      const out = new Float32Array(cube.bands.length * window.width * window.height).fill(Number.NaN)
      await warpWindow(job, window, window, out, work)
      return out
    },
  }
}

/** Parts of the target that see the cube on different turns around the Earth, side by side. */
function besides(cube: BandCube, grid: Grid, label: string, turns: readonly Turn[], options: WarpOptions): BandCube {
  const parts = turns.map(({ from, to, source, target }) => {
    const moved: BandCube = { ...cube, grid: source, read: (window, work) => cube.read(window, work) }
    return { from, to, part: warp(moved, target, options) }
  })
  const { bands, dims } = cube
  return {
    dims,
    bands,
    grid,
    label,
    read: async (window, work) => {
      const { row, width, height } = window
      const out = new Float32Array(bands.length * width * height).fill(Number.NaN)
      for (const { from, to, part } of parts) {
        const column = Math.max(from, window.column)
        const own = Math.min(to, window.column + width) - column
        if (own <= 0) continue
        const cells = await part.read({ column: column - from, row, width: own, height }, work)
        for (let line = 0; line < bands.length * height; line++)
          out.set(cells.subarray(line * own, (line + 1) * own), line * width + column - window.column)
      }
      return out
    },
  }
}

interface Job {
  readonly cube: BandCube
  readonly plan: WarpPlan
}

/** Warps `part` of a window into its place in `out`, in halves where the source would not fit. */
async function warpWindow(job: Job, part: Window, window: Window, out: Float32Array, work: WorkOptions): Promise<void> {
  throwIfAborted(work.signal)
  if (part.width === 0 || part.height === 0) return
  const pieces = job.plan.pieces(part)
  const needed = sourceWindow(pieces, job.cube.grid)
  const samples = needed.width * needed.height * job.cube.bands.length
  if (samples > PATCH_SAMPLES && (part.width > BLOCK || part.height > BLOCK)) {
    for (const half of halves(part)) await warpWindow(job, half, window, out, work)
    return
  }
  if (samples === 0) return
  const data = await job.cube.read(needed, work)
  const side = BLOCK + (job.plan.method.corners ? 1 : 0)
  const xs = new Float64Array(side * side)
  const ys = new Float64Array(side * side)
  for (const piece of pieces) {
    for (const block of piece.blocks) warpBlock(job, piece, block, window, { data, needed }, xs, ys, out)
  }
}

/** Two halves along the longer side, on block borders so that no block is mapped twice. */
function halves({ column, row, width, height }: Window): [Window, Window] {
  const across = width >= height
  const start = across ? column : row
  const length = across ? width : height
  const cut = Math.max(start + 1, Math.floor((start + length / 2) / BLOCK) * BLOCK)
  const middle = cut > start && cut < start + length ? cut : start + Math.ceil(length / 2)
  const first = middle - start
  return across
    ? [
        { column, row, width: first, height },
        { column: middle, row, width: width - first, height },
      ]
    : [
        { column, row, width, height: first },
        { column, row: middle, width, height: height - first },
      ]
}

interface Held {
  readonly data: Float32Array
  readonly needed: Window
}

function warpBlock(
  job: Job,
  piece: Piece,
  block: MappedBlock,
  window: Window,
  { data, needed }: Held,
  xs: Float64Array,
  ys: Float64Array,
  out: Float32Array,
): void {
  const inside = intersectWindows(block, piece)
  if (inside.width === 0) return
  const { grid, bands } = job.cube
  const extra = job.plan.method.corners ? 1 : 0
  block.positions(extra === 1 ? 0 : 0.5, block.width + extra, block.height + extra, xs, ys)
  const target: Target = {
    data: out,
    start: (inside.row - window.row) * window.width + (inside.column - window.column),
    apart: window.width * window.height,
    stride: window.width,
    column: block.column,
    row: block.row,
    left: inside.column - block.column,
    top: inside.row - block.row,
    width: inside.width,
    height: inside.height,
    pitch: block.width + extra,
  }
  const patch = {
    data,
    start: 0,
    planes: bands.length,
    apart: needed.width * needed.height,
    sourceWidth: grid.width,
    sourceHeight: grid.height,
    seen: piece.seen,
  }
  piece.kernel({ ...patch, ...needed }, xs, ys, target)
}
