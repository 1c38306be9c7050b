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
