/** Size and elongation of polygons as landslide inventories describe them. Plane coordinates in metres. */
import { convexHull, type MultiPolygon, type Polygon } from '@ecotope/cube'

export interface Shape {
  readonly areaSquareMetres: number
  /** Longer and shorter side of the smallest rectangle around the polygon, metres. */
  readonly length: number
  readonly width: number
  /** Direction of the longer side, degrees counter-clockwise from east, in [0, 180). */
  readonly bearingDeg: number
  /** Area over the area of the convex hull, in (0, 1]. */
  readonly solidity: number
}

function ringArea(ring: readonly (readonly number[])[]): number {
  const [x0, y0] = ring[0] as [number, number]
  let sum = 0
  for (let i = 0; i + 1 < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[i + 1]!]
    sum += (a[0]! - x0) * (b[1]! - y0) - (b[0]! - x0) * (a[1]! - y0)
  }
  return Math.abs(sum) / 2
}

/** The shape of a geometry: all its shells together, holes taken off the area. */
export function shapeOf(geometry: Polygon | MultiPolygon): Shape {
  const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  let area = 0
  for (const rings of parts) for (const [i, ring] of rings.entries()) area += i === 0 ? ringArea(ring) : -ringArea(ring)
  const hull = convexHull([{ geometry, properties: {} }]).coordinates[0]!
  let best = { product: Number.POSITIVE_INFINITY, length: 0, width: 0, bearingDeg: 0 }
  for (let i = 0; i + 1 < hull.length; i++) {
    const [a, b] = [hull[i]!, hull[i + 1]!]
    const edge = Math.hypot(b[0]! - a[0]!, b[1]! - a[1]!)
    const [ux, uy] = [(b[0]! - a[0]!) / edge, (b[1]! - a[1]!) / edge]
    const along = hull.map((p) => p[0]! * ux + p[1]! * uy)
    const across = hull.map((p) => p[1]! * ux - p[0]! * uy)
    const [l, w] = [Math.max(...along) - Math.min(...along), Math.max(...across) - Math.min(...across)]
    if (l * w >= best.product) continue
    const angle = (Math.atan2(uy, ux) * 180) / Math.PI + (l >= w ? 0 : 90)
    best = { product: l * w, length: Math.max(l, w), width: Math.min(l, w), bearingDeg: ((angle % 180) + 180) % 180 }
  }
  const { length, width, bearingDeg } = best
  return { areaSquareMetres: area, length, width, bearingDeg, solidity: area / ringArea(hull) }
}
