/** The resampling methods, one row each, and what they need of the source. GDAL's names for them are in the docs. */
import { InputError } from '@ecotope/core'
import { intersectWindows } from '../grid.ts'
import type { Grid, Window } from '../types.ts'
import { average, first, max, median, min, mode, rms, third } from './areas.ts'
import { WIDENS } from './chunks.ts'
import { BSPLINE, KEYS, lanczos, TRIANGLE, widened } from './filters.ts'
import { bilinear, cubic, type Kernel, nearest } from './kernels.ts'
import type { ExactMap, MappedBlock } from './pixel-map.ts'
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

export interface Method {
  /** Of the kernel, in source pixels at equal resolutions; 0 where it has no kernel. */
  readonly radius: number
  /** Samples that the kernel needs on each side of a position. */
  readonly reach: (scaleX: number, scaleY: number) => readonly [x: number, y: number]
  /**
   * `back` maps positions in the source to the target. `isUpright` says that positions along x depend on the column only,
   * those along y on the row only.
   */
  readonly kernel: (scaleX: number, scaleY: number, back: ExactMap, isUpright: boolean) => Kernel
  /** Whether positions are pixel corners instead of centres. */
  readonly corners: boolean
  /** Whether results are stored values of the source, so that its packing can stay. */
  readonly picks: boolean
}

const reachOf = (radius: number) => (scaleX: number, scaleY: number) =>
  [Math.ceil(radius / Math.min(1, scaleX)) + 1, Math.ceil(radius / Math.min(1, scaleY)) + 1] as const

const overArea = (kernel: Method['kernel'], picks: boolean): Method => ({
  radius: 0,
  reach: () => [1, 1],
  kernel,
  corners: true,
  picks,
})

export const METHODS: Readonly<Record<Resampling, Method>> = {
  nearest: { radius: 0, reach: () => [1, 1], kernel: () => nearest, corners: false, picks: true },
  bilinear: {
    radius: 1,
    reach: reachOf(1),
    kernel: (x, y, _, isUpright) => (x >= WIDENS && y >= WIDENS ? bilinear : widened(TRIANGLE, 1, x, y, isUpright)),
    corners: false,
    picks: false,
  },
  cubic: {
    radius: 2,
    reach: reachOf(2),
    kernel: (x, y, _, isUpright) => (x >= WIDENS && y >= WIDENS ? cubic : widened(KEYS, 2, x, y, isUpright)),
    corners: false,
    picks: false,
  },
  cubicspline: {
    radius: 2,
    reach: reachOf(2),
    kernel: (x, y, _, isUpright) => widened(BSPLINE, 2, x, y, isUpright),
    corners: false,
    picks: false,
  },
  lanczos: {
    radius: 3,
    reach: reachOf(3),
    kernel: (x, y, _, isUpright) => lanczos(x, y, isUpright),
    corners: false,
    picks: false,
  },
  average: overArea(average, false),
  mode: overArea(mode, true),
  min: overArea(min, true),
  max: overArea(max, true),
  median: overArea(median, true),
  q1: overArea(first, true),
  q3: overArea(third, true),
  sum: overArea((_x, _y, back) => sum(back), false),
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
