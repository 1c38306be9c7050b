/** Points sampled from geometries, at random or at regular distances. */
import type { Random } from '@ecotope/core'
import type { Geometry } from '../../model/geometry.ts'
import type { Position } from '../../types.ts'
import { ringContains } from '../../vector/rings.ts'
import { boundsOf, isPolygonal, pathsOf } from './geometries.ts'

/** Tries of a random point in the bounds of a polygon, before a point is taken on a line through it. */
const TRIES = 10_000

/** Inside an odd number of rings: shells less holes. */
export const isInside = (geometry: Geometry, x: number, y: number): boolean =>
  pathsOf(geometry).filter((ring) => ringContains(ring, x, y)).length % 2 === 1

const length = (a: Position, b: Position): number => Math.hypot(b[0]! - a[0]!, b[1]! - a[1]!)

/** `count` points of a geometry: of points each once, along lines by length, in polygons by area. */
export function randomPoints(geometry: Geometry, count: number, random: Random): Position[] {
  const paths = pathsOf(geometry)
  if (isPolygonal(geometry)) return Array.from({ length: count }, () => inPolygon(geometry, random))
  if (geometry.type === 'Point' || geometry.type === 'MultiPoint') return chosen(paths.flat(), count, random)
  return Array.from({ length: count }, () => onLines(paths, random))
}

/** Distinct elements in random order, at most all of them. */
function chosen(points: readonly Position[], count: number, random: Random): Position[] {
  const left = [...points]
  const picked: Position[] = []
  while (left.length > 0 && picked.length < count) {
    picked.push(...left.splice(Math.floor(random.uniform() * left.length), 1))
  }
  return picked
}

function inPolygon(geometry: Geometry, random: Random): Position {
  const [west, south, east, north] = boundsOf(geometry)!
  for (let k = 0; k < TRIES; k++) {
    const [x, y] = [west + random.uniform() * (east - west), south + random.uniform() * (north - south)]
    if (isInside(geometry, x, y)) return [x, y]
  }
  // A sliver: a point between two crossings of a horizontal line, at a random height.
  const y = south + random.uniform() * (north - south)
  const crossings = pathsOf(geometry)
    .flatMap((ring) => ring.slice(1).map((b, i) => [ring[i]!, b] as const))
    .filter(([a, b]) => a[1]! > y !== b[1]! > y)
    .map(([a, b]) => a[0]! + ((y - a[1]!) * (b[0]! - a[0]!)) / (b[1]! - a[1]!))
    .sort((p, q) => p - q)
  const [from, to] = [crossings[0] ?? west, crossings[1] ?? west]
  return [from + random.uniform() * (to - from), y]
}

function onLines(paths: readonly (readonly Position[])[], random: Random): Position {
  const segments = paths.flatMap((path) => path.slice(1).map((b, i) => [path[i]!, b] as const))
  const total = segments.reduce((sum, [a, b]) => sum + length(a, b), 0)
  let left = random.uniform() * total
  for (const [a, b] of segments) {
    const own = length(a, b)
    if (left <= own) {
      const t = own === 0 ? 0 : left / own
      return [a[0]! + t * (b[0]! - a[0]!), a[1]! + t * (b[1]! - a[1]!)]
    }
    left -= own
  }
  return paths[0]![0]!
}

/** Points at regular distances: centres of a grid from the upper left of polygons, along lines, points as they are. */
export function regularPoints(geometry: Geometry, distance: number): Position[] {
  const paths = pathsOf(geometry)
  if (geometry.type === 'Point' || geometry.type === 'MultiPoint') return paths.flat()
  if (!isPolygonal(geometry)) return paths.flatMap((path) => alongLine(path, distance))
  const [west, south, east, north] = boundsOf(geometry)!
  const points: Position[] = []
  for (let row = 0; north - row * distance > south; row++) {
    const y = north - (row + 0.5) * distance
    for (let column = 0; west + column * distance < east; column++) {
      const x = west + (column + 0.5) * distance
      if (isInside(geometry, x, y)) points.push([x, y])
    }
  }
  return points.length > 0 ? points : [paths[0]![0]!]
}

/** The first point, then one each time the distance to the one before has been walked. */
function alongLine(path: readonly Position[], distance: number): Position[] {
  const points: Position[] = path.length > 0 ? [path[0]!] : []
  let walked = 0
  for (let i = 1; i < path.length; i++) {
    const [a, b] = [path[i - 1]!, path[i]!]
    const own = length(a, b)
    let at = distance - walked
    for (; at <= own * (1 + 1e-12); at += distance) {
      points.push([a[0]! + ((b[0]! - a[0]!) * at) / own, a[1]! + ((b[1]! - a[1]!) * at) / own])
    }
    walked = own - (at - distance)
  }
  return points
}
