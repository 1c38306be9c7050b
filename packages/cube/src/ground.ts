/** Lengths and areas on the ground for a CRS or a grid: metres per pixel, square metres per pixel. No transformation. */
import { areaTerm } from './crs/auxiliary.ts'
import { definitionOf, type Ellipsoid } from './crs/definition.ts'
import type { Crs, Grid } from './types.ts'

const RADIANS = Math.PI / 180

/** The ellipsoid that a CRS lies on. */
export function ellipsoidOf(crs: Crs): Ellipsoid {
  return definitionOf(crs.proj4).ellipsoid
}

/** Metres per unit of a projected CRS; 1 for degrees, which have no fixed length. */
export function unitMetres(crs: Crs): number {
  return crs.isGeographic ? 1 : definitionOf(crs.proj4).metresPerUnit
}

/** Area in m² per radian of longitude between the equator and a latitude (Snyder 1987, eq. 3-12). */
export function zoneArea(latitudeDeg: number, { a, es }: Ellipsoid): number {
  return (a * a * areaTerm(Math.sin(latitudeDeg * RADIANS), Math.sqrt(es))) / 2
}

/** Metres of one degree of longitude and of latitude at a latitude (Snyder 1987, eq. 4-18 and 4-20). */
export function metresPerDegree(latitudeDeg: number, { a, es }: Ellipsoid): readonly [east: number, north: number] {
  const phi = latitudeDeg * RADIANS
  const w = 1 - es * Math.sin(phi) ** 2
  return [(RADIANS * a * Math.cos(phi)) / Math.sqrt(w), (RADIANS * a * (1 - es)) / w ** 1.5]
}

/** Metres between neighbours along a row and along a column, at the centre of a row. */
export function pixelMetres(grid: Grid, row: number): readonly [alongRow: number, alongColumn: number] {
  const [a, b, , d, e, f] = grid.affine
  if (!grid.crs.isGeographic) {
    const unit = unitMetres(grid.crs)
    return [Math.hypot(a, d) * unit, Math.hypot(b, e) * unit]
  }
  const latitude = (d * grid.width) / 2 + e * (row + 0.5) + f
  const [east, north] = metresPerDegree(latitude, ellipsoidOf(grid.crs))
  return [Math.hypot(a * east, d * north), Math.hypot(b * east, e * north)]
}

/**
 * Area of one pixel in m² for every row, shape `[height]`. Geographic grids: exact on the ellipsoid when north-up, else
 * the product of the local scales.
 */
export function pixelAreasSquareMetres(grid: Grid): Float64Array<ArrayBuffer> {
  const [a, b, , d, e, f] = grid.affine
  const out = new Float64Array(grid.height)
  if (!grid.crs.isGeographic) return out.fill(Math.abs(a * e - b * d) * unitMetres(grid.crs) ** 2)
  const ellipsoid = ellipsoidOf(grid.crs)
  for (let row = 0; row < grid.height; row++) {
    if (b === 0 && d === 0) {
      const top = zoneArea(e * row + f, ellipsoid)
      out[row] = Math.abs(a * RADIANS * (top - zoneArea(e * (row + 1) + f, ellipsoid)))
    } else {
      const [east, north] = metresPerDegree(e * (row + 0.5) + (d * grid.width) / 2 + f, ellipsoid)
      out[row] = Math.abs(a * e - b * d) * east * north
    }
  }
  return out
}
