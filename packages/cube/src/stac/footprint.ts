/** Where a grid lies on the globe, as GeoJSON wants it: degrees, split where it crosses the antimeridian. */
import { parseCrs } from '../crs/crs.ts'
import { transformer } from '../crs/transform.ts'
import { invertAffine, pixelToCrs } from '../grid.ts'
import type { Grid } from '../types.ts'

export interface Footprint {
  /** West, south, east, north; west is greater than east where the antimeridian is crossed. */
  readonly bbox: readonly [west: number, south: number, east: number, north: number]
  readonly geometry: { readonly type: 'Polygon' | 'MultiPolygon'; readonly coordinates: unknown }
}

/** Points along each edge, so that bent edges are followed. */
const STEPS = 16
/** Digits of a degree that are kept: about a centimetre. */
const DIGITS = 7

export function footprintOf(grid: Grid): Footprint {
  const ring = unrolled(edgeDegrees(grid))
  const xs = ring.map(([x]) => x)
  const ys = ring.map(([, y]) => y)
  const [west, least, east, greatest] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)].map(
    rounded,
  )
  const [south, north] = [holdsPole(grid, -90) ? -90 : least, holdsPole(grid, 90) ? 90 : greatest]
  const box = (w: number, e: number) => [
    [w, south],
    [e, south],
    [e, north],
    [w, north],
    [w, south],
  ]
  if (east! - west! >= 360 || (!grid.crs.isGeographic && (south === -90 || north === 90))) {
    return { bbox: [-180, south!, 180, north!], geometry: { type: 'Polygon', coordinates: [box(-180, 180)] } }
  }
  if (east! <= 180 && west! >= -180) {
    return { bbox: [west!, south!, east!, north!], geometry: { type: 'Polygon', coordinates: [box(west!, east!)] } }
  }
  const [left, right] = [wrapped(west!), wrapped(east!)]
  const coordinates = [[box(left, 180)], [box(-180, right)]]
  return { bbox: [left, south!, right, north!], geometry: { type: 'MultiPolygon', coordinates } }
}

/** Whether a pole lies inside of a projected grid, whose edge then runs around it. */
function holdsPole(grid: Grid, latitude: number): boolean {
  if (grid.crs.isGeographic) return false
  const pole = Float64Array.of(0, latitude)
  transformer(parseCrs('EPSG:4326'), grid.crs)(pole)
  if (!pole.every(Number.isFinite)) return false
  const [column, row] = pixelToCrs(invertAffine(grid.affine), pole[0]!, pole[1]!)
  return column > 0 && row > 0 && column < grid.width && row < grid.height
}

const rounded = (value: number): number => Number(value.toFixed(DIGITS))
const wrapped = (longitude: number): number => rounded(((((longitude + 180) % 360) + 360) % 360) - 180)

/** Points along the outer edge, in degrees; those that cannot be expressed are left out. */
function edgeDegrees(grid: Grid): [number, number][] {
  const corners = [
    [0, 0],
    [grid.width, 0],
    [grid.width, grid.height],
    [0, grid.height],
  ] as const
  const xy: number[] = []
  for (const [i, [column, row]] of corners.entries()) {
    const [nextColumn, nextRow] = corners[(i + 1) % 4]!
    for (let k = 0; k < STEPS; k++) {
      const share = k / STEPS
      xy.push(...pixelToCrs(grid.affine, column + share * (nextColumn - column), row + share * (nextRow - row)))
    }
  }
  const points = Float64Array.from(xy)
  const degrees = parseCrs('EPSG:4326')
  // Degrees stay as they are written: a grid from 170 to 190 is unambiguous, its transformation would not be.
  if (!grid.crs.isGeographic) transformer(grid.crs, degrees)(points)
  const pairs = Array.from({ length: points.length / 2 }, (_, i): [number, number] => [
    points[2 * i]!,
    points[2 * i + 1]!,
  ])
  return pairs.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
}

/** Longitudes without jumps from 180 to -180. */
function unrolled(ring: readonly (readonly [number, number])[]): [number, number][] {
  let turn = 0
  let before = ring[0]?.[0] ?? 0
  return ring.map(([x, y]) => {
    if (x - before > 180) turn -= 360
    else if (x - before < -180) turn += 360
    before = x
    return [x + turn, y]
  })
}
