/** Reprojection and resampling of a cube to any grid, lazily. Equal to `gdalwarp -et 0` on float32, band by band. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { gridEquals, intersectWindows, wholeWindow } from '../grid.ts'
import type { BandCube, Grid, Window } from '../types.ts'
import { average, mode } from './areas.ts'
import { bilinear, cubic, KEYS, nearest, type Patch, type Target, TRIANGLE, widened } from './kernels.ts'
import { BLOCK, type MappedBlock, type PixelMap, pixelMap } from './pixel-map.ts'

export type Resampling = 'nearest' | 'bilinear' | 'cubic' | 'average' | 'mode'

export interface WarpOptions {
  readonly resampling?: Resampling
  /**
   * Greatest error of a position, in source pixels (default 1e-6: results differ from the exact ones by less than
   * float32 rounding). 0 transforms every pixel exactly, at 10 to 50 times the cost.
   */
  readonly tolerance?: number
}

type Kernel = (patch: Patch, xs: Float64Array, ys: Float64Array, target: Target) => void

interface Method {
  /** Samples that the kernel needs on each side of a position. */
  readonly reach: (scaleX: number, scaleY: number) => readonly [x: number, y: number]
  readonly kernel: (scaleX: number, scaleY: number) => Kernel
  /** Whether positions are pixel corners instead of centres. */
  readonly corners: boolean
}

/** Below this ratio of resolutions GDAL widens the kernels. */
const WIDENS = 0.95

const reachOf = (radius: number) => (scaleX: number, scaleY: number) =>
  [Math.ceil(radius / Math.min(1, scaleX)) + 1, Math.ceil(radius / Math.min(1, scaleY)) + 1] as const

const METHODS: Readonly<Record<Resampling, Method>> = {
  nearest: { reach: () => [1, 1], kernel: () => nearest, corners: false },
  bilinear: {
    reach: reachOf(1),
    kernel: (x, y) => (x >= WIDENS && y >= WIDENS ? bilinear : widened(TRIANGLE, 1, x, y)),
    corners: false,
  },
  cubic: {
    reach: reachOf(2),
    kernel: (x, y) => (x >= WIDENS && y >= WIDENS ? cubic : widened(KEYS, 2, x, y)),
    corners: false,
  },
  average: { reach: () => [1, 1], kernel: () => average, corners: true },
  mode: { reach: () => [1, 1], kernel: () => mode, corners: true },
}

/** Source samples (all bands) that are held at one time. */
const PATCH_SAMPLES = 16 * 2 ** 20

/**
 * The cube on another grid. Pixels whose centre (for `average` and `mode`: area) lies outside the source are NaN.
 * Nothing is read until `read`; a window reads only the source pixels that it needs. Throws `InputError` for an
 * unknown resampling or projection.
 */
export function warp(cube: BandCube, grid: Grid, options: WarpOptions = {}): BandCube {
  const name = options.resampling ?? 'bilinear'
  const method = METHODS[name] as Method | undefined
  if (method === undefined) {
    throw new InputError('BadResampling', `there is no resampling "${String(name)}"`, {
      hint: `choose one of ${Object.keys(METHODS).join(', ')}`,
    })
  }
  const label = `warp(${cube.label}, ${name})`
  if (gridEquals(cube.grid, grid)) return { ...cube, grid, label, read: (w, o) => cube.read(w, o) }
  const map = pixelMap(grid, cube.grid, options.tolerance ?? 1e-6)
  const [scaleX, scaleY] = scales(map, grid, cube.grid)
  const job: Job = { cube, map, method, kernel: method.kernel(scaleX, scaleY), reach: method.reach(scaleX, scaleY) }
  return {
    dims: cube.dims,
    bands: cube.bands,
    grid,
    label,
    read: async (window, work = {}) => {
      const out = new Float32Array(cube.bands.length * window.width * window.height)
      await warpWindow(job, window, window, out, work)
      return out
    },
  }
}

interface Job {
  readonly cube: BandCube
  readonly map: PixelMap
  readonly method: Method
  readonly kernel: Kernel
  readonly reach: readonly [x: number, y: number]
}

/** Target pixels per source pixel along each axis over the common area, as GDAL measures them. */
function scales(map: PixelMap, target: Grid, source: Grid): [number, number] {
  const steps = 21
  const xy: number[] = []
  for (let j = 0; j <= steps; j++) {
    for (let i = 0; i <= steps; i++) xy.push((target.width * i) / steps, (target.height * j) / steps)
  }
  const points = Float64Array.from(xy)
  map.exact(points)
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let i = 0; i < points.length; i += 2) {
    if (Number.isNaN(points[i]!)) continue
    west = Math.min(west, points[i]!)
    east = Math.max(east, points[i]!)
    south = Math.min(south, points[i + 1]!)
    north = Math.max(north, points[i + 1]!)
  }
  const width = Math.min(source.width - Math.max(0, floorNear(west)), east - west)
  const height = Math.min(source.height - Math.max(0, floorNear(south)), north - south)
  if (!(width > 0 && height > 0)) return [1, 1]
  return [closeReciprocal(target.width / width), closeReciprocal(target.height / height)]
}

const floorNear = (value: number): number => Math.floor(value + 1e-6)

/** A scale near 1/2, 1/3, ... is taken as exactly that. */
function closeReciprocal(scale: number): number {
  if (scale >= 1) return scale
  const whole = Math.round(1 / scale)
  return Math.abs(1 / scale - whole) < 0.05 ? 1 / whole : scale
}

/** Warps `part` of a window into its place in `out`, in halves where the source would not fit. */
async function warpWindow(job: Job, part: Window, window: Window, out: Float32Array, work: WorkOptions): Promise<void> {
  throwIfAborted(work.signal)
  if (part.width === 0 || part.height === 0) return
  const blocks = job.map.blocks(part)
  const needed = sourceWindow(job, blocks)
  const samples = needed.width * needed.height * job.cube.bands.length
  if (samples > PATCH_SAMPLES && (part.width > BLOCK || part.height > BLOCK)) {
    for (const half of halves(part)) await warpWindow(job, half, window, out, work)
    return
  }
  const data = samples === 0 ? new Float32Array(0) : await job.cube.read(needed, work)
  const side = BLOCK + (job.method.corners ? 1 : 0)
  const xs = new Float64Array(side * side)
  const ys = new Float64Array(side * side)
  for (const block of blocks) warpBlock(job, block, part, window, { data, needed }, xs, ys, out)
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

function sourceWindow({ cube, reach }: Job, blocks: readonly MappedBlock[]): Window {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { bounds } of blocks) {
    if (Number.isNaN(bounds[0])) continue
    west = Math.min(west, bounds[0])
    south = Math.min(south, bounds[1])
    east = Math.max(east, bounds[2])
    north = Math.max(north, bounds[3])
  }
  if (west > east) return { column: 0, row: 0, width: 0, height: 0 }
  // One pixel more on each side: bounds are those of sampled positions.
  const column = clampIndex(Math.floor(west) - reach[0] - 1)
  const row = clampIndex(Math.floor(south) - reach[1] - 1)
  const width = clampIndex(Math.ceil(east) + reach[0] + 1) - column
  const height = clampIndex(Math.ceil(north) + reach[1] + 1) - row
  return intersectWindows({ column, row, width, height }, wholeWindow(cube.grid))
}

const clampIndex = (value: number): number => Math.max(-(2 ** 40), Math.min(2 ** 40, value))

interface Held {
  readonly data: Float32Array
  readonly needed: Window
}

function warpBlock(
  job: Job,
  block: MappedBlock,
  part: Window,
  window: Window,
  { data, needed }: Held,
  xs: Float64Array,
  ys: Float64Array,
  out: Float32Array,
): void {
  const inside = intersectWindows(block, part)
  if (inside.width === 0) return
  const size = window.width * window.height
  const first = (inside.row - window.row) * window.width + (inside.column - window.column)
  const { grid, bands } = job.cube
  const extra = job.method.corners ? 1 : 0
  if (needed.width > 0) block.positions(extra === 1 ? 0 : 0.5, block.width + extra, block.height + extra, xs, ys)
  for (let band = 0; band < bands.length; band++) {
    const target: Target = {
      data: out,
      start: band * size + first,
      stride: window.width,
      left: inside.column - block.column,
      top: inside.row - block.row,
      width: inside.width,
      height: inside.height,
      pitch: block.width + extra,
    }
    if (needed.width === 0) blank(target)
    else {
      const patch = {
        data,
        start: band * needed.width * needed.height,
        sourceWidth: grid.width,
        sourceHeight: grid.height,
      }
      job.kernel({ ...patch, ...needed }, xs, ys, target)
    }
  }
}

function blank({ data, start, stride, width, height }: Target): void {
  for (let j = 0; j < height; j++) data.fill(Number.NaN, start + j * stride, start + j * stride + width)
}
