/** The resampling methods, one row each, and what they need of the source. GDAL's names for them are in the docs. */
import { InputError } from '@ecotope/core'
import { intersectWindows } from '../grid.ts'
import type { Grid, Window } from '../types.ts'
import { average, first, max, median, min, mode, rms, third } from './areas.ts'
import {
  BSPLINE,
  bilinear,
  cubic,
  KEYS,
  LANCZOS,
  nearest,
  type Patch,
  type Target,
  TRIANGLE,
  widened,
} from './kernels.ts'
import { type MappedBlock, type PixelMap, pixelMap } from './pixel-map.ts'
import { sum } from './sums.ts'

/**
 * By the nearest pixel; by weights of pixels around the position (`bilinear` to `lanczos`); by the pixels that a target
 * pixel covers (`average` to `rms`; `q1`, `q3` are quartiles).
 */
export type Resampling =
  | 'nearest'
  | 'bilinear'
  | 'cubic'
  | 'cubicspline'
  | 'lanczos'
  | 'average'
  | 'mode'
  | 'min'
  | 'max'
  | 'median'
  | 'q1'
  | 'q3'
  | 'sum'
  | 'rms'

export type Kernel = (patch: Patch, xs: Float64Array, ys: Float64Array, target: Target) => void

export interface Method {
  /** Samples that the kernel needs on each side of a position. */
  readonly reach: (scaleX: number, scaleY: number) => readonly [x: number, y: number]
  readonly kernel: (scaleX: number, scaleY: number) => Kernel
  /** Whether positions are pixel corners instead of centres. */
  readonly corners: boolean
  /** Whether results are stored values of the source, so that its packing can stay. */
  readonly picks: boolean
}

/** Below this ratio of resolutions GDAL widens the kernels. */
const WIDENS = 0.95

const reachOf = (radius: number) => (scaleX: number, scaleY: number) =>
  [Math.ceil(radius / Math.min(1, scaleX)) + 1, Math.ceil(radius / Math.min(1, scaleY)) + 1] as const

const overArea = (kernel: Method['kernel'], picks: boolean): Method => ({
  reach: () => [1, 1],
  kernel,
  corners: true,
  picks,
})

export const METHODS: Readonly<Record<Resampling, Method>> = {
  nearest: { reach: () => [1, 1], kernel: () => nearest, corners: false, picks: true },
  bilinear: {
    reach: reachOf(1),
    kernel: (x, y) => (x >= WIDENS && y >= WIDENS ? bilinear : widened(TRIANGLE, 1, x, y)),
    corners: false,
    picks: false,
  },
  cubic: {
    reach: reachOf(2),
    kernel: (x, y) => (x >= WIDENS && y >= WIDENS ? cubic : widened(KEYS, 2, x, y)),
    corners: false,
    picks: false,
  },
  cubicspline: {
    reach: reachOf(2),
    kernel: (x, y) => widened(BSPLINE, 2, x, y),
    corners: false,
    picks: false,
  },
  lanczos: { reach: reachOf(3), kernel: (x, y) => widened(LANCZOS, 3, x, y), corners: false, picks: false },
  average: overArea(average, false),
  mode: overArea(mode, true),
  min: overArea(min, true),
  max: overArea(max, true),
  median: overArea(median, true),
  q1: overArea(first, true),
  q3: overArea(third, true),
  sum: overArea(() => sum, false),
  rms: overArea(rms, false),
}

/** The row of a name. Throws `InputError('BadResampling')`. */
export function methodOf(name: Resampling): Method {
  const method = METHODS[name] as Method | undefined
  if (method !== undefined) return method
  throw new InputError('BadResampling', `there is no resampling "${String(name)}"`, {
    hint: `choose one of ${Object.keys(METHODS).join(', ')}`,
  })
}

/** Places per axis at which grids are compared. */
const STEPS = 21

/** Target pixels per source pixel along each axis over the common area, as GDAL measures them. */
export function scales(map: PixelMap, target: Grid, source: Grid): [number, number] {
  const xy: number[] = []
  for (let j = 0; j <= STEPS; j++) {
    for (let i = 0; i <= STEPS; i++) xy.push((target.width * i) / STEPS, (target.height * j) / STEPS)
  }
  const points = Float64Array.from(xy)
  map.exact(points)
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const positions of [points, sourcePointsWithin(target, source)]) {
    for (let i = 0; i < positions.length; i += 2) {
      if (Number.isNaN(positions[i]!)) continue
      west = Math.min(west, positions[i]!)
      east = Math.max(east, positions[i]!)
      south = Math.min(south, positions[i + 1]!)
      north = Math.max(north, positions[i + 1]!)
    }
  }
  const width = Math.min(source.width - Math.max(0, floorNear(west)), east - west)
  const height = Math.min(source.height - Math.max(0, floorNear(south)), north - south)
  if (!(width > 0 && height > 0)) return [1, 1]
  return [closeReciprocal(target.width / width), closeReciprocal(target.height / height)]
}

/**
 * Positions in the source that lie within the target: around poles and across the meridian of 180 degrees the target's
 * own places miss the ends of the source.
 */
function sourcePointsWithin(target: Grid, source: Grid): Float64Array {
  const ratios = [0.5, ...Array.from({ length: STEPS }, (_, i) => i / (STEPS - 1)), -0.5]
  const along = (size: number): number[] => ratios.map((r, i) => (i === 0 ? 0.5 : r < 0 ? size - 0.5 : r * size))
  const positions = Float64Array.from(along(source.height).flatMap((y) => along(source.width).flatMap((x) => [x, y])))
  const there = positions.slice()
  pixelMap(source, target, 0).exact(there)
  for (let i = 0; i < there.length; i += 2) {
    const inside = there[i]! >= 0 && there[i]! <= target.width && there[i + 1]! >= 0 && there[i + 1]! <= target.height
    if (!inside) positions[i] = positions[i + 1] = Number.NaN
  }
  return positions
}

const floorNear = (value: number): number => Math.floor(value + 1e-6)

/** A scale near 1/2, 1/3, ... is taken as exactly that. */
function closeReciprocal(scale: number): number {
  if (scale >= 1) return scale
  const whole = Math.round(1 / scale)
  return Math.abs(1 / scale - whole) < 0.05 ? 1 / whole : scale
}

/** The window of the source that blocks of the target need; zero size where they need nothing of it. */
export function footprint(blocks: readonly MappedBlock[], reach: readonly [number, number], source: Grid): Window {
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
  const whole = { column: 0, row: 0, width: source.width, height: source.height }
  return intersectWindows({ column, row, width, height }, whole)
}

const clampIndex = (value: number): number => Math.max(-(2 ** 40), Math.min(2 ** 40, value))
