/** Longitudes that differ by whole turns are the same place: geometries brought to where a geographic grid has them. */
import { gridBounds } from '../grid.ts'
import type { Geometry } from '../model/geometry.ts'
import type { Grid, MultiPolygon, Polygon, Position } from '../types.ts'

const TURN = 360

/** Coordinates of any depth, as GeoJSON nests them. */
type Nested = Position | readonly Nested[]

const isPosition = (nested: Nested): nested is Position => typeof nested[0] === 'number'

/** West and east of coordinates; [Infinity, -Infinity] of none. */
function longitudesOf(nested: Nested): readonly [west: number, east: number] {
  if (isPosition(nested)) return [nested[0]!, nested[0]!]
  let [west, east] = [Infinity, -Infinity]
  for (const inner of nested as readonly Nested[]) {
    const [w, e] = longitudesOf(inner)
    if (w < west) west = w
    if (e > east) east = e
  }
  return [west, east]
}

const shifted = (nested: Nested, by: number): Nested =>
  isPosition(nested)
    ? [nested[0]! + by, ...nested.slice(1)]
    : (nested as readonly Nested[]).map((inner) => shifted(inner, by))

/** A path whose longitudes go on beyond 180 degrees instead of jumping to the other side. */
function unrolled(path: readonly Position[]): Position[] {
  let turns = 0
  return path.map((position, i) => {
    const step = i === 0 ? 0 : position[0]! - path[i - 1]![0]!
    turns -= Math.round(step / TURN)
    return [position[0]! + turns * TURN, ...position.slice(1)]
  })
}

/** A ring as before; one that goes around a pole is closed by way of the pole, along the meridian of its ends. */
function unrolledRing(ring: readonly Position[]): Position[] {
  const path = unrolled(ring)
  const [first, last] = [path[0], path.at(-1)]
  if (first === undefined || last === undefined || Math.abs(last[0]! - first[0]!) < TURN / 2) return path
  const pole = path.reduce((sum, position) => sum + position[1]!, 0) < 0 ? -90 : 90
  return [...path, [last[0]!, pole], [first[0]!, pole], first]
}

const PATHS: Readonly<Record<Geometry['type'], (geometry: never) => unknown>> = {
  Point: ({ coordinates }: { coordinates: Position }) => coordinates,
  MultiPoint: ({ coordinates }: { coordinates: readonly Position[] }) => coordinates,
  LineString: ({ coordinates }: { coordinates: readonly Position[] }) => unrolled(coordinates),
  MultiLineString: ({ coordinates }: { coordinates: readonly (readonly Position[])[] }) => coordinates.map(unrolled),
  Polygon: ({ coordinates }: Polygon) => coordinates.map(unrolledRing),
  MultiPolygon: ({ coordinates }: MultiPolygon) => coordinates.map((rings) => rings.map(unrolledRing)),
}

/**
 * A geometry in degrees that was computed from another reference system, vertex by vertex: where that wrapped at 180
 * degrees it goes on instead, and around a pole it covers all up to it. Edges must be short (below 180 degrees).
 */
export function acrossTurns(geometry: Geometry): Geometry {
  return { type: geometry.type, coordinates: PATHS[geometry.type](geometry as never) } as Geometry
}

export function onGrid(geometry: Polygon | MultiPolygon, grid: Grid): Polygon | MultiPolygon
export function onGrid(geometry: Geometry, grid: Grid): Geometry
/**
 * The geometry where the grid has it: 100 W on a grid of 0 to 360 degrees is 260 E, and what crosses an end of the grid
 * lies at both ends. The geometry itself where the grid is projected or nothing changes.
 */
export function onGrid(geometry: Geometry, grid: Grid): Geometry {
  if (!grid.crs.isGeographic) return geometry
  const [west, east] = longitudesOf(geometry.coordinates as Nested)
  const bounds = gridBounds(grid)
  const turns = [0, -TURN, TURN].filter((by) => west + by < bounds[2] && east + by > bounds[0])
  if (turns.length === 0 || (turns.length === 1 && turns[0] === 0)) return geometry
  const isMulti = geometry.type.startsWith('Multi')
  const copies = turns.flatMap((by) => {
    const copy = shifted(geometry.coordinates as Nested, by)
    return isMulti ? (copy as readonly Nested[]) : [copy]
  })
  if (copies.length === 1 && !isMulti) return { type: geometry.type, coordinates: copies[0] } as Geometry
  return { type: isMulti ? geometry.type : `Multi${geometry.type}`, coordinates: copies } as Geometry
}
