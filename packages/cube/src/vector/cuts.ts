/** Geometries in degrees cut where a map of the world ends, so that their parts can be projected each to its own end. */
import { angle, definitionOf } from '../crs/definition.ts'
import { transformer } from '../crs/transform.ts'
import type { Geometry } from '../model/geometry.ts'
import type { Crs, MultiPolygon, Polygon, Position } from '../types.ts'

const TURN = 360
/** Off the meridian of the cut, so that rounding puts nothing on the map's other end; a tenth of a millimetre. */
const ASIDE = 1e-9
/** Nearer than this (metres) both sides of a meridian are one place. */
const SAME = 1000

/**
 * The longitude where the map of a system begins, at its western end: that opposite its central meridian, if the map is
 * cut there. Undefined of maps that go on across it, such as polar ones.
 */
export function cutOf(degrees: Crs, crs: Crs): number | undefined {
  if (crs.isGeographic || !degrees.isGeographic) return undefined
  const definition = definitionOf(crs.proj4)
  const [from, to] = [definitionOf(degrees.proj4), definition].map((d) => d.primeMeridian) as [number, number]
  const middle = ((angle(definition, 'lon_0') + to - from) * 180) / Math.PI
  const ends = Float64Array.of(middle - TURN / 2 + ASIDE, 1, middle + TURN / 2 - ASIDE, 1)
  transformer(degrees, crs)(ends)
  const apart = Math.hypot(ends[2]! - ends[0]!, ends[3]! - ends[1]!) * definition.metresPerUnit
  return apart > SAME ? middle - TURN / 2 : undefined
}

/** A strip of longitudes, and how far what lies there is moved to lie on the map. */
interface Strip {
  readonly west: number
  readonly east: number
  readonly by: number
}

/** The turns of the map that longitudes lie on; undefined where this is the map itself. */
function stripsOf(cut: number, west: number, east: number): readonly Strip[] | undefined {
  // Half a turn from Greenwich is exact in radians; from other meridians rounding may put it on the other end.
  const margin = cut === -TURN / 2 ? 0 : ASIDE
  if (west >= cut + margin && east <= cut + TURN - margin) return undefined
  const first = Math.floor((west - cut) / TURN)
  const last = Math.ceil((east - cut) / TURN) - 1
  return Array.from({ length: Math.max(1, last - first + 1) }, (_, i) => {
    const by = -(first + i) * TURN
    return { west: cut - by + ASIDE, east: cut + TURN - by - ASIDE, by }
  })
}

/** The position between two others at a longitude. */
function between(a: Position, b: Position, x: number): Position {
  const share = (x - a[0]!) / (b[0]! - a[0]!)
  return [x, a[1]! + share * (b[1]! - a[1]!)]
}

/** The part of a ring on one side of a meridian (Sutherland and Hodgman 1974); edges along it enclose nothing. */
function ringBeside(ring: readonly Position[], x: number, side: 1 | -1): readonly Position[] {
  const isIn = (position: Position): boolean => side * (position[0]! - x) >= 0
  const out = ring.flatMap((position, i): readonly Position[] => {
    const before = ring[(i + ring.length - 1) % ring.length]!
    const crossing = isIn(before) === isIn(position) ? [] : [between(before, position, x)]
    return isIn(position) ? [...crossing, position] : crossing
  })
  const [start, end] = [out[0], out.at(-1)]
  return start === undefined || (start[0] === end![0] && start[1] === end![1]) ? out : [...out, start]
}

/** The parts of a line within a strip. */
function linesWithin(line: readonly Position[], { west, east }: Strip): readonly (readonly Position[])[] {
  const parts: Position[][] = []
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1]!, line[i]!]
    if (Math.max(a[0]!, b[0]!) < west || Math.min(a[0]!, b[0]!) > east) continue
    const clipped = (p: Position): Position => {
      const x = Math.min(Math.max(p[0]!, west), east)
      return x === p[0] ? p : between(a, b, x)
    }
    const [start, end] = [clipped(a), clipped(b)]
    const last = parts.at(-1)?.at(-1)
    if (last !== undefined && last === start) parts.at(-1)!.push(end)
    else parts.push([start, end])
  }
  return parts
}

const moved = (path: readonly Position[], by: number): readonly Position[] =>
  path.map((position) => [position[0]! + by, ...position.slice(1)])

function cutPolygon(rings: Polygon['coordinates'], strips: readonly Strip[]): MultiPolygon['coordinates'] {
  return strips.flatMap((strip) => {
    const inside = rings.map((ring) => ringBeside(ringBeside(ring, strip.west, 1), strip.east, -1))
    const kept = inside.filter((ring) => ring.length > 3).map((ring) => moved(ring, strip.by))
    return kept.length === 0 ? [] : [kept]
  })
}

const cutLine = (line: readonly Position[], strips: readonly Strip[]): readonly (readonly Position[])[] =>
  strips.flatMap((strip) => linesWithin(line, strip).map((part) => moved(part, strip.by)))

/**
 * A geometry in degrees, in parts that lie each on one turn of a map that begins at the longitude `cut`. The geometry
 * itself where it lies on the map; points, which no cut divides.
 */
export function cutAt(geometry: Geometry, cut: number): Geometry {
  if (geometry.type === 'Point' || geometry.type === 'MultiPoint') return geometry
  const isNested = geometry.type === 'MultiPolygon'
  const paths = isNested
    ? geometry.coordinates.flat()
    : geometry.type === 'LineString'
      ? [geometry.coordinates]
      : geometry.coordinates
  let [west, east] = [Infinity, -Infinity]
  for (const path of paths as readonly (readonly Position[])[]) {
    for (const [x] of path) {
      west = Math.min(west, x!)
      east = Math.max(east, x!)
    }
  }
  const strips = west > east ? undefined : stripsOf(cut, west, east)
  if (strips === undefined) return geometry
  if (geometry.type === 'Polygon')
    return { type: 'MultiPolygon', coordinates: cutPolygon(geometry.coordinates, strips) }
  if (isNested) {
    return { type: 'MultiPolygon', coordinates: geometry.coordinates.flatMap((rings) => cutPolygon(rings, strips)) }
  }
  return {
    type: 'MultiLineString',
    coordinates: (paths as readonly (readonly Position[])[]).flatMap((line) => cutLine(line, strips)),
  }
}
