/** Plane geometry of rings and polygons: areas with sign, bounds, hulls, containment. No CRS is known here. */
import type { Bounds, Feature, Features, MultiPolygon, Polygon, Position } from '../types.ts'

export type Ring = readonly Position[]
export type Rings = readonly Ring[]

/** The polygons of a geometry: one list of rings (shell first) each. */
export function partsOf(geometry: Polygon | MultiPolygon): readonly Rings[] {
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
}

/** A polygon from one part, a multipolygon from several. */
export function geometryOf(parts: readonly Rings[]): Polygon | MultiPolygon {
  return parts.length === 1 ? { type: 'Polygon', coordinates: parts[0]! } : { type: 'MultiPolygon', coordinates: parts }
}

/** The same geometry with every position mapped; rings and their order stay. */
export function mapPositions(
  geometry: Polygon | MultiPolygon,
  position: (ring: Ring) => Position[],
): Polygon | MultiPolygon {
  if (geometry.type === 'Polygon') return { type: 'Polygon', coordinates: geometry.coordinates.map(position) }
  return { type: 'MultiPolygon', coordinates: geometry.coordinates.map((rings) => rings.map(position)) }
}

/** Area with sign by the shoelace formula, in squared units of the coordinates: positive when counter-clockwise (y up). */
export function signedArea(ring: Ring): number {
  const first = ring[0]
  if (first === undefined) return 0
  // Relative to the first vertex, so that projected coordinates in the millions keep their digits.
  const x0 = first[0]!
  const y0 = first[1]!
  let sum = 0
  for (let i = 1; i + 1 < ring.length; i++) {
    const a = ring[i]!
    const b = ring[i + 1]!
    sum += (a[0]! - x0) * (b[1]! - y0) - (b[0]! - x0) * (a[1]! - y0)
  }
  return sum / 2
}

/** Shells counter-clockwise and holes clockwise (RFC 7946, section 3.1.6). */
export function orientRings(rings: Rings): Rings {
  return rings.map((ring, i) => (signedArea(ring) > 0 === (i === 0) ? ring : [...ring].reverse()))
}

/** Area of a geometry in squared units of its coordinates, holes taken off; at least 0. */
export function planarArea(geometry: Polygon | MultiPolygon): number {
  let sum = 0
  for (const rings of partsOf(geometry)) {
    rings.forEach((ring, i) => {
      sum += i === 0 ? Math.abs(signedArea(ring)) : -Math.abs(signedArea(ring))
    })
  }
  return Math.max(0, sum)
}

/** [west, south, east, north] of rings; infinite and inverted when there is no position. */
export function ringsBounds(rings: Iterable<Ring>): Bounds {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const ring of rings) {
    for (const position of ring) {
      const x = position[0]!
      const y = position[1]!
      if (x < west) west = x
      if (x > east) east = x
      if (y < south) south = y
      if (y > north) north = y
    }
  }
  return [west, south, east, north]
}

/** Bounds of all features in their CRS; infinite and inverted when there is none. */
export function featuresBounds(features: Features | readonly Feature[]): Bounds {
  const list = 'features' in features ? features.features : features
  return ringsBounds(list.flatMap((feature) => partsOf(feature.geometry).flat()))
}

/** Bounds widened on every side, in units of their CRS; a negative margin narrows them. */
export function bufferBounds(bounds: Bounds, margin: number | readonly [x: number, y: number]): Bounds {
  const [dx, dy] = typeof margin === 'number' ? [margin, margin] : margin
  return [bounds[0] - dx, bounds[1] - dy, bounds[2] + dx, bounds[3] + dy]
}

/** Twice the signed area of the triangle a, b, c: positive when c lies left of a → b. */
export function cross(a: Position, b: Position, c: Position): number {
  return (b[0]! - a[0]!) * (c[1]! - a[1]!) - (b[1]! - a[1]!) * (c[0]! - a[0]!)
}

function halfHull(points: readonly Position[]): Position[] {
  const out: Position[] = []
  for (const point of points) {
    while (out.length > 1 && cross(out[out.length - 2]!, out[out.length - 1]!, point) <= 0) out.pop()
    out.push(point)
  }
  return out.slice(0, -1)
}

/** Smallest convex polygon around all features, counter-clockwise and closed (monotone chain, Andrew 1979). */
export function convexHull(features: Features | readonly Feature[]): Polygon {
  const list = 'features' in features ? features.features : features
  const points: Position[] = []
  for (const feature of list) {
    for (const rings of partsOf(feature.geometry)) for (const position of rings[0] ?? []) points.push(position)
  }
  points.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!)
  const hull = [...halfHull(points), ...halfHull([...points].reverse())].map((p) => [p[0]!, p[1]!])
  if (hull.length > 0) hull.push(hull[0]!)
  return { type: 'Polygon', coordinates: [hull] }
}

/** Whether a point lies inside a ring (even-odd rule; points on the edge go either way). */
export function ringContains(ring: Ring, x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i] as [number, number]
    const [xj, yj] = ring[j] as [number, number]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}
