/** How inputs lie to each other on the ground, by regular sample points. Not an exact intersection of outlines. */
import {
  type Bounds,
  crsEquals,
  type Features,
  featuresBounds,
  type Grid,
  gridBounds,
  gridOf,
  gridResolution,
  invertAffine,
  pixelToCrs,
  rasterise,
  transformer,
  transformFeatures,
} from '@ecotope/cube'
import type { Opened, Problem } from './inspect.ts'

export interface Overlap {
  readonly first: string
  readonly second: string
  /** Share of the first's area that the second covers; of polygons, the area inside the raster. */
  readonly shareOfFirst: number
  /** Share of the second's area that the first covers. */
  readonly shareOfSecond: number
  /** Polygons entirely outside the raster, where one of the two is polygons. */
  readonly polygonsOutside?: number
}

const POINTS = 96

/** Shares of common area for every pair that can be compared, and what is wrong with them. */
export function overlapsOf(inputs: readonly Opened[], problems: Problem[]): Overlap[] {
  const overlaps: Overlap[] = []
  const rasters = inputs.flatMap((one) => (one.kind === 'raster' && one.known ? [one.raster] : []))
  const layers = inputs.flatMap((one) => (one.kind === 'polygons' ? [one] : []))
  for (const [i, first] of rasters.entries())
    for (const second of rasters.slice(i + 1)) {
      const shareOfFirst = coveredShare(first.grid, second.grid)
      const shareOfSecond = coveredShare(second.grid, first.grid)
      overlaps.push({ first: first.path, second: second.path, shareOfFirst, shareOfSecond })
      noteRasters(first.path, second.path, shareOfFirst, shareOfSecond, problems)
    }
  for (const { features, path } of layers)
    for (const raster of rasters) {
      const overlap = comparePolygons(features, path, raster.path, raster.grid)
      overlaps.push(overlap)
      notePolygons(overlap, features.features.length, problems)
    }
  noteCrs(inputs, problems)
  return overlaps
}

/** The share of points of one grid that lie in another. */
function coveredShare(of: Grid, by: Grid): number {
  const points = new Float64Array(2 * POINTS * POINTS)
  for (let i = 0; i < POINTS * POINTS; i++) {
    const column = (((i % POINTS) + 0.5) / POINTS) * of.width
    const row = ((Math.floor(i / POINTS) + 0.5) / POINTS) * of.height
    points.set(pixelToCrs(of.affine, column, row), 2 * i)
  }
  transformer(of.crs, by.crs)(points)
  const inverse = invertAffine(by.affine)
  let inside = 0
  for (let i = 0; i < points.length; i += 2) {
    const [column, row] = pixelToCrs(inverse, points[i]!, points[i + 1]!)
    if (column >= 0 && row >= 0 && column <= by.width && row <= by.height) inside++
  }
  return inside / (POINTS * POINTS)
}

const disjoint = (a: Bounds, b: Bounds): boolean => a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]

/** Pixels on the longer side of the raster that polygons are burnt into to measure shares. */
const CANVAS = 1024

function comparePolygons(features: Features, path: string, rasterPath: string, grid: Grid): Overlap {
  const local = transformFeatures(features, grid.crs)
  const bounds = gridBounds(grid)
  const outside = local.features.filter((feature) =>
    disjoint(featuresBounds({ ...local, features: [feature] }), bounds),
  ).length
  const inRaster = burntArea(local, bounds, grid)
  const all = burntArea(local, featuresBounds(local), grid)
  const rasterArea = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
  return {
    first: path,
    second: rasterPath,
    shareOfFirst: outside === local.features.length || all === 0 ? 0 : Math.min(1, inRaster / all),
    shareOfSecond: Math.min(1, inRaster / rasterArea),
    polygonsOutside: outside,
  }
}

/** Area that polygons cover within bounds, in squared units of the CRS. */
function burntArea(features: Features, bounds: Bounds, grid: Grid): number {
  const longest = Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1])
  const [x, y] = gridResolution(grid).map(Math.abs) as [number, number]
  const step = Math.max(longest / CANVAS, Math.min(x, y))
  const canvas = gridOf(bounds, features.crs, step)
  const burnt = rasterise(features, canvas, { value: () => 1 })
  let pixels = 0
  for (const value of burnt) pixels += value
  return pixels * step * step
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

function noteRasters(first: string, second: string, a: number, b: number, problems: Problem[]): void {
  if (a === 0 && b === 0)
    problems.push({ severity: 'error', tag: 'NoOverlap', path: second, message: `does not overlap ${first}` })
  else if (Math.max(a, b) < 0.5)
    problems.push({
      severity: 'warning',
      tag: 'LittleOverlap',
      path: second,
      message: `shares only ${percent(b)} of its area with ${first}`,
    })
}

function notePolygons(overlap: Overlap, count: number, problems: Problem[]): void {
  const { first, second, polygonsOutside = 0, shareOfFirst } = overlap
  if (polygonsOutside === count)
    problems.push({
      severity: 'error',
      tag: 'PolygonsOutside',
      path: first,
      message: `all polygons lie outside ${second}`,
    })
  else if (polygonsOutside > 0)
    problems.push({
      severity: 'warning',
      tag: 'PolygonsOutside',
      path: first,
      message: `${polygonsOutside} of ${count} polygons lie outside ${second}`,
    })
  else if (shareOfFirst < 0.98)
    problems.push({
      severity: 'note',
      tag: 'PolygonsCut',
      path: first,
      message: `${percent(1 - shareOfFirst)} of the polygons' area lies outside ${second}`,
    })
}

function noteCrs(inputs: readonly Opened[], problems: Problem[]): void {
  const known = inputs.flatMap((one) =>
    one.kind === 'polygons'
      ? [{ path: one.path, crs: one.features.crs }]
      : one.kind === 'raster' && one.known
        ? [{ path: one.raster.path, crs: one.raster.grid.crs }]
        : [],
  )
  const first = known[0]
  if (first === undefined) return
  for (const other of known.slice(1))
    if (!crsEquals(first.crs, other.crs))
      problems.push({
        severity: 'note',
        tag: 'DifferentCrs',
        path: other.path,
        message: `is in ${other.crs.code ?? other.crs.name}, ${first.path} in ${first.crs.code ?? first.crs.name}; they are brought together when needed`,
      })
}
