/** Arithmetic of grids, windows and bounds. Pixels are areas; nothing here reads data. */
import { InputError } from '@ecotope/core'
import { crsEquals, transformer } from './crs/transform.ts'
import type { Affine, Bounds, Crs, Grid, Window } from './types.ts'

/** Bounds of the outer pixel edges in the grid's CRS; of the corners' hull where the grid is rotated. */
export function gridBounds(grid: Grid): Bounds {
  const { width, height } = grid
  const corners = [pixelToCrs(grid.affine, 0, 0), pixelToCrs(grid.affine, width, 0)]
  corners.push(pixelToCrs(grid.affine, 0, height), pixelToCrs(grid.affine, width, height))
  const xs = corners.map((c) => c[0])
  const ys = corners.map((c) => c[1])
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

/** Side lengths of a pixel in units of the CRS, both positive. */
export function gridResolution(grid: Grid): [x: number, y: number] {
  const [a, b, , d, e] = grid.affine
  return [Math.hypot(a, d), Math.hypot(b, e)]
}

/** True where rows run east and columns run north or south. */
export function isNorthUp(grid: Grid): boolean {
  return grid.affine[1] === 0 && grid.affine[3] === 0
}

/** CRS coordinates of a position in pixels (fractions of a pixel allowed; 0 is the outer edge). */
export function pixelToCrs([a, b, c, d, e, f]: Affine, column: number, row: number): [x: number, y: number] {
  return [a * column + b * row + c, d * column + e * row + f]
}

/** The affine map from CRS coordinates to pixels. Throws `InputError('BadGrid')` where pixels have no area. */
export function invertAffine([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d
  if (!Number.isFinite(1 / determinant)) {
    throw new InputError('BadGrid', 'the grid has pixels without area', { data: { affine: [a, b, c, d, e, f] } })
  }
  // In GDAL's order: where positions fall on the border between samples, rounding decides.
  if (b === 0 && d === 0) return [1 / a, 0, -c / a, 0, 1 / e, -f / e]
  const scale = 1 / determinant
  return [e * scale, -b * scale, (b * f - c * e) * scale, -d * scale, a * scale, (c * d - a * f) * scale]
}

/** The part of a grid that a window covers; it may reach beyond the grid. */
export function cropGrid(grid: Grid, window: Window): Grid {
  const [a, b, , d, e] = grid.affine
  const [c, f] = pixelToCrs(grid.affine, window.column, window.row)
  return { crs: grid.crs, affine: [a, b, c, d, e, f], width: window.width, height: window.height }
}

/**
 * A north-up grid that covers bounds with square pixels (or [x, y] sizes). With `snap`, edges lie on multiples of the
 * resolution (or on the pixels of the given grid), else the upper left corner is that of the bounds.
 */
export function gridOf(
  bounds: Bounds,
  crs: Crs,
  resolution: number | readonly [x: number, y: number],
  options: { readonly snap?: boolean | Grid } = {},
): Grid {
  const [dx, dy] = typeof resolution === 'number' ? [resolution, resolution] : resolution
  const [west, south, east, north] = bounds
  if (!(dx > 0 && dy > 0 && Number.isFinite(dx) && Number.isFinite(dy))) {
    throw new InputError('BadGrid', `a resolution of ${dx} x ${dy} is not possible`, { data: { dx, dy } })
  }
  if (!(east > west && north > south)) {
    throw new InputError('BadGrid', `the bounds ${bounds.join(', ')} are empty`, { data: { bounds } })
  }
  const snap = options.snap ?? false
  const x0 = typeof snap === 'object' ? snap.affine[2] : 0
  const y0 = typeof snap === 'object' ? snap.affine[5] : 0
  const left = snap === false ? west : x0 + Math.floor((west - x0) / dx + EDGE) * dx
  const top = snap === false ? north : y0 + Math.ceil((north - y0) / dy - EDGE) * dy
  const width = Math.max(1, Math.ceil((east - left) / dx - EDGE))
  const height = Math.max(1, Math.ceil((top - south) / dy - EDGE))
  return { crs, affine: [dx, 0, left, 0, -dy, top], width, height }
}

/** An edge within this share of a pixel counts as on it, so that rounding adds no row. */
const EDGE = 1e-6

/**
 * Bounds in another CRS: the extremes of `densify` extra points along every edge (as GDAL and rasterio do). In degrees
 * `west` may lie beyond `east`: such bounds cross the antimeridian.
 */
export function transformBounds(bounds: Bounds, from: Crs, to: Crs, densify = 21): Bounds {
  if (crsEquals(from, to)) return bounds
  const [west, south, last, north] = bounds
  const east = from.isGeographic && west > last ? last + 360 : last
  const xy: number[] = []
  const steps = densify + 1
  for (let i = 0; i <= steps; i++) {
    const x = west + ((east - west) * i) / steps
    const y = south + ((north - south) * i) / steps
    xy.push(x, south, x, north, west, y, east, y)
  }
  const points = Float64Array.from(xy)
  transformer(from, to)(points)
  let [w, s, e, n] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let i = 0; i < points.length; i += 2) {
    // From degrees to degrees of another datum, longitudes stay on their turn around the Earth.
    const turns = from.isGeographic && to.isGeographic ? Math.round((xy[i]! - points[i]!) / 360) : 0
    const x = points[i]! + 360 * turns
    const y = points[i + 1]!
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    w = Math.min(w, x)
    e = Math.max(e, x)
    s = Math.min(s, y)
    n = Math.max(n, y)
  }
  if (w > e) {
    throw new InputError('OutsideCrs', `the bounds ${bounds.join(', ')} cannot be expressed in ${to.name}`, {
      data: { bounds, from: from.name, to: to.name },
    })
  }
  return [w, s, e, n]
}

/** The smallest window of whole pixels that covers bounds in the grid's CRS; it may reach beyond the grid. */
export function windowOf(grid: Grid, bounds: Bounds): Window {
  const inverse = invertAffine(grid.affine)
  const [west, south, east, north] = bounds
  const corners = [pixelToCrs(inverse, west, south), pixelToCrs(inverse, east, south)]
  corners.push(pixelToCrs(inverse, west, north), pixelToCrs(inverse, east, north))
  const column = Math.floor(Math.min(...corners.map((c) => c[0])) + EDGE)
  const row = Math.floor(Math.min(...corners.map((c) => c[1])) + EDGE)
  const right = Math.ceil(Math.max(...corners.map((c) => c[0])) - EDGE)
  const bottom = Math.ceil(Math.max(...corners.map((c) => c[1])) - EDGE)
  return { column, row, width: Math.max(0, right - column), height: Math.max(0, bottom - row) }
}

/** The common part of two windows; zero width and height where they do not meet. */
export function intersectWindows(a: Window, b: Window): Window {
  const column = Math.max(a.column, b.column)
  const row = Math.max(a.row, b.row)
  const width = Math.max(0, Math.min(a.column + a.width, b.column + b.width) - column)
  const height = Math.max(0, Math.min(a.row + a.height, b.row + b.height) - row)
  return width === 0 || height === 0 ? { column, row, width: 0, height: 0 } : { column, row, width, height }
}

/** The window of the whole grid. */
export function wholeWindow(grid: Grid): Window {
  return { column: 0, row: 0, width: grid.width, height: grid.height }
}

/** True where two grids have the same CRS, size and affine (to a millionth of a pixel at every corner). */
export function gridEquals(a: Grid, b: Grid): boolean {
  if (a.width !== b.width || a.height !== b.height || !crsEquals(a.crs, b.crs)) return false
  const [dx, dy] = gridResolution(a)
  const corners = [0, a.width].flatMap((column) => [0, a.height].map((row) => [column, row] as const))
  return corners.every(([column, row]) => {
    const one = pixelToCrs(a.affine, column, row)
    const other = pixelToCrs(b.affine, column, row)
    return Math.abs(one[0] - other[0]) <= 1e-6 * dx && Math.abs(one[1] - other[1]) <= 1e-6 * dy
  })
}
