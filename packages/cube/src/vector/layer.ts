/** What every vector format yields before polygons are picked and a CRS is made: plain records. Reads no file. */
import type { MultiPolygon, Polygon, Position } from '../types.ts'
import { geometryOf, type Rings } from './rings.ts'

/** Geometry of any kind as a format gave it. */
export interface RawGeometry {
  readonly type: string
  readonly coordinates?: unknown
  readonly geometries?: readonly RawGeometry[]
}

export interface RawFeature {
  readonly geometry: RawGeometry | null
  readonly properties: Readonly<Record<string, unknown>>
  /** How messages name the feature, without the word `feature`. */
  readonly id: string
}

export interface RawLayer {
  readonly name?: string
  readonly features: readonly RawFeature[]
  /** Ways to write the CRS, best first; empty when the file names none. */
  readonly crs: readonly string[]
}

function isPosition(value: unknown): value is Position {
  return Array.isArray(value) && value.length >= 2 && Number.isFinite(value[0]) && Number.isFinite(value[1])
}

/** Rings fit for use: at least three different vertices, closed; undefined when the coordinates are no polygon. */
function ringsFrom(coordinates: unknown): Rings | undefined {
  if (!Array.isArray(coordinates)) return undefined
  const rings: Position[][] = []
  for (const [i, ring] of coordinates.entries()) {
    if (!Array.isArray(ring) || !ring.every(isPosition)) return undefined
    const positions = [...(ring as Position[])]
    const first = positions[0]
    const last = positions[positions.length - 1]
    if (first !== undefined && last !== undefined && (first[0] !== last[0] || first[1] !== last[1])) {
      positions.push(first)
    }
    if (positions.length >= 4) rings.push(positions)
    else if (i === 0) return []
  }
  return rings
}

/** Parts of a geometry that are polygons, `faulty` when its coordinates cannot be read as its type says. */
function collect(geometry: RawGeometry, parts: Rings[]): 'fine' | 'faulty' {
  const add = (coordinates: unknown): 'fine' | 'faulty' => {
    const rings = ringsFrom(coordinates)
    if (rings === undefined) return 'faulty'
    if (rings.length > 0) parts.push(rings)
    return 'fine'
  }
  switch (geometry.type) {
    case 'Polygon':
      return add(geometry.coordinates)
    case 'MultiPolygon':
      if (!Array.isArray(geometry.coordinates)) return 'faulty'
      return geometry.coordinates.map(add).includes('faulty') ? 'faulty' : 'fine'
    case 'GeometryCollection':
      return (geometry.geometries ?? []).map((g) => collect(g, parts)).includes('faulty') ? 'faulty' : 'fine'
    default:
      return 'fine'
  }
}

/** The polygonal part of a geometry: undefined when it has none, `faulty` when its coordinates are broken. */
export function polygonalPart(geometry: RawGeometry | null): Polygon | MultiPolygon | 'faulty' | undefined {
  if (geometry === null) return undefined
  const parts: Rings[] = []
  if (collect(geometry, parts) === 'faulty') return 'faulty'
  return parts.length === 0 ? undefined : geometryOf(parts)
}

/** Geometry types with their counts, for messages: `12 Point, 3 LineString`. */
export function describeTypes(features: readonly RawFeature[]): string {
  const counts = new Map<string, number>()
  for (const { geometry } of features) {
    const type = geometry?.type ?? 'without geometry'
    counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  return [...counts].map(([type, count]) => `${count} ${type}`).join(', ')
}
