/** Areas of polygons on the ground. Projected coordinates are measured in the plane, geographic ones on the ellipsoid. */
import type { Ellipsoid } from '../crs/definition.ts'
import { ellipsoidOf, unitMetres, zoneArea } from '../ground.ts'
import type { Crs, MultiPolygon, Polygon } from '../types.ts'
import { partsOf, planarArea, type Ring } from './rings.ts'

const RADIANS = Math.PI / 180
// Gauss and Legendre's rule of 5 points on [0, 1].
const NODES = [0.046910077030668, 0.2307653449471585, 0.5, 0.7692346550528415, 0.953089922969332]
const WEIGHTS = [0.1184634425280945, 0.2393143352496832, 0.2844444444444444, 0.2393143352496832, 0.1184634425280945]
// Longer edges are split, so that the rule is exact to rounding.
const LONGEST_DEG = 2

/** Signed area in m² under a ring whose edges are straight in longitude and latitude, as GeoJSON defines them. */
function ringAreaOnEllipsoid(ring: Ring, ellipsoid: Ellipsoid): number {
  // Measured from the first vertex's zone, so that small polygons keep their digits.
  const base = ring.length === 0 ? 0 : zoneArea(ring[0]![1]!, ellipsoid)
  let sum = 0
  for (let i = 0; i + 1 < ring.length; i++) {
    const [x0, y0] = ring[i] as [number, number]
    const [x1, y1] = ring[i + 1] as [number, number]
    if (x0 === x1) continue
    const pieces = Math.max(1, Math.ceil(Math.abs(y1 - y0) / LONGEST_DEG))
    let mean = 0
    for (let piece = 0; piece < pieces; piece++) {
      for (let k = 0; k < NODES.length; k++) {
        const latitude = y0 + ((y1 - y0) * (piece + NODES[k]!)) / pieces
        mean += (WEIGHTS[k]! * (zoneArea(latitude, ellipsoid) - base)) / pieces
      }
    }
    sum -= (x1 - x0) * RADIANS * mean
  }
  return sum
}

/**
 * Area in m² with holes taken off. Projected CRS: in the plane of the projection (its areal distortion stays, below
 * 0.1 % inside a UTM zone). Geographic CRS: exact on the ellipsoid for edges straight in longitude and latitude.
 */
export function polygonAreaSquareMetres(geometry: Polygon | MultiPolygon, crs: Crs): number {
  if (!crs.isGeographic) return planarArea(geometry) * unitMetres(crs) ** 2
  const ellipsoid = ellipsoidOf(crs)
  let sum = 0
  for (const rings of partsOf(geometry)) {
    rings.forEach((ring, i) => {
      const area = Math.abs(ringAreaOnEllipsoid(ring, ellipsoid))
      sum += i === 0 ? area : -area
    })
  }
  return Math.max(0, sum)
}
