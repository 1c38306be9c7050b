/** Geometries as arguments: GeoJSON, vector cubes, and what becomes of both. */
import { InputError } from '@ecotope/core'
import { parseCrs } from '../../crs/crs.ts'
import { crsEquals, transformer } from '../../crs/transform.ts'
import { FLOAT64 } from '../../model/block.ts'
import type { GeometryDimension } from '../../model/dimension.ts'
import type { Geometries, Geometry, GeometryFeature } from '../../model/geometry.ts'
import { memorySource } from '../../model/memory.ts'
import type { CubeNode } from '../../model/node.ts'
import type { Bounds, Crs, Features, Grid, Position } from '../../types.ts'
import { cutAt, cutOf } from '../../vector/cuts.ts'
import { parseGeoJson } from '../../vector/geojson.ts'
import { acrossTurns } from '../../vector/turns.ts'
import type { Value } from '../row.ts'
import { isCube, isFeatures } from '../schema.ts'

const TYPES = new Set(['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'])

/** The geometry dimension of a cube, the first where there are several. */
export const geometryDimension = (node: CubeNode): GeometryDimension | undefined =>
  node.schema.dims.find((dimension): dimension is GeometryDimension => dimension.type === 'geometry')

/** Geometries of a vector cube, of GeoJSON, or as they are. Throws InputError `NotGeometries` or `NotGeoJson`. */
export function geometriesOf(value: unknown, name: string): Geometries {
  if (isFeatures(value)) return value.features
  if (isCube(value)) {
    const dimension = geometryDimension(value.node)
    if (dimension !== undefined) return dimension.features
  } else if (typeof value === 'object' && value !== null && 'type' in value) {
    return fromGeoJson(value as Value, name)
  }
  throw new InputError('NotGeometries', `argument ${name} is neither GeoJSON nor a vector cube`, {
    hint: 'give a Polygon, a Feature or a FeatureCollection, or a cube with a dimension of geometries',
    data: { parameter: name },
  })
}

/** GeoJSON, in longitude and latitude unless it has a `crs` member of the 2008 edition. */
export function fromGeoJson(value: Value, name: string): Geometries {
  const layer = parseGeoJson(JSON.stringify(value), name)
  const crs = parseCrs(layer.crs[0] ?? 'OGC:CRS84')
  const features = layer.features.map((feature, i): GeometryFeature => {
    const { geometry, properties } = feature
    if (geometry !== null && !TYPES.has(geometry.type)) {
      throw new InputError('UnsupportedGeometry', `${name}: feature ${i + 1} is a ${geometry.type}`, {
        hint: 'split it into features of points, lines or polygons',
        data: { parameter: name, feature: i + 1, type: geometry.type },
      })
    }
    const own = idOf(value, i)
    return { geometry: geometry as Geometry | null, properties, ...(own === undefined ? {} : { id: own }) }
  })
  return { crs, features, label: name }
}

function idOf(root: Value, i: number): string | number | undefined {
  const collection = (root as { features?: readonly { id?: string | number }[] }).features
  const id = collection === undefined ? (root as { id?: string | number }).id : collection[i]?.id
  return typeof id === 'string' || typeof id === 'number' ? id : undefined
}

/** The dimension of features: labelled by their ids where all have distinct ones, else by number. */
export function dimensionOfFeatures(features: Geometries, name = 'geometry'): GeometryDimension {
  const ids = features.features.map((feature) => feature.id)
  const isNamed = ids.every((id) => id !== undefined) && new Set(ids).size === ids.length
  return { type: 'geometry', name, labels: isNamed ? (ids as string[]) : ids.map((_, i) => i), features }
}

/** Geometries as a vector cube without values: one dimension, cells missing. */
export function vectorNode(features: Geometries, name = 'geometry'): CubeNode {
  const dimension = dimensionOfFeatures(features, name)
  const data = new Float64Array(dimension.labels.length).fill(Number.NaN)
  return memorySource(data, { dims: [dimension], packing: FLOAT64 }, features.label)
}

/** The paths of a geometry: points one by one, lines, rings. */
export function pathsOf(geometry: Geometry | null): readonly (readonly Position[])[] {
  switch (geometry?.type) {
    case 'Point':
      return geometry.coordinates.length === 0 ? [] : [[geometry.coordinates]]
    case 'MultiPoint':
      return geometry.coordinates.map((position) => [position])
    case 'LineString':
      return [geometry.coordinates]
    case 'MultiLineString':
    case 'Polygon':
      return geometry.coordinates
    case 'MultiPolygon':
      return geometry.coordinates.flat()
    default:
      return []
  }
}

/** The geometry with every path replaced. */
export function mapPaths(geometry: Geometry, map: (path: readonly Position[]) => readonly Position[]): Geometry {
  switch (geometry.type) {
    case 'Point':
      return { type: 'Point', coordinates: map([geometry.coordinates])[0]! }
    case 'MultiPoint':
    case 'LineString':
      return { ...geometry, coordinates: map(geometry.coordinates) }
    case 'MultiLineString':
    case 'Polygon':
      return { ...geometry, coordinates: geometry.coordinates.map(map) }
    case 'MultiPolygon':
      return { ...geometry, coordinates: geometry.coordinates.map((rings) => rings.map(map)) }
  }
}

export const isEmpty = (geometry: Geometry | null): boolean => pathsOf(geometry).every((path) => path.length === 0)

export const isPolygonal = (geometry: Geometry | null): boolean =>
  geometry?.type === 'Polygon' || geometry?.type === 'MultiPolygon'

/** Bounds of a geometry; undefined of an empty one. */
export function boundsOf(geometry: Geometry | null): Bounds | undefined {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const path of pathsOf(geometry)) {
    for (const [x, y] of path as readonly (readonly [number, number])[]) {
      west = Math.min(west, x)
      east = Math.max(east, x)
      south = Math.min(south, y)
      north = Math.max(north, y)
    }
  }
  return west > east ? undefined : [west, south, east, north]
}

/** Extent of the largest path of a geometry along x or y: parts on both sides of 180 degrees are not one of 360. */
function longestPath(geometry: Geometry): number {
  const extents = pathsOf(geometry).map((path) => {
    const [west, south, east, north] = boundsOf({ type: 'LineString', coordinates: path }) ?? [0, 0, 0, 0]
    return Math.max(east - west, north - south)
  })
  return extents.reduce((most, extent) => Math.max(most, extent), 0)
}

/** An edge is split into this many pieces at most when it is moved to another reference system. */
const MOST_PIECES = 4096

/**
 * The geometries in another reference system. Edges are split first (to a 64th of the extent of the feature's largest
 * part), since what is straight in one system is curved in another.
 */
export function reprojected(geometries: Geometries, crs: Crs, splits = true): Geometries {
  if (crsEquals(geometries.crs, crs)) return { ...geometries, crs }
  const transform = transformer(geometries.crs, crs)
  const features = geometries.features.map((feature, number) => {
    const bounds = boundsOf(feature.geometry)
    if (feature.geometry === null || bounds === undefined) return feature
    const longest = longestPath(feature.geometry) / 64
    const isArea = feature.geometry.type !== 'Point' && feature.geometry.type !== 'MultiPoint'
    return {
      ...feature,
      geometry: mapPaths(feature.geometry, (path) => moved(isArea && splits ? split(path, longest) : path, number)),
    }
  })
  return { ...geometries, crs, features }

  function moved(path: readonly Position[], number: number): readonly Position[] {
    const xy = Float64Array.from(path.flatMap((position) => [position[0]!, position[1]!]))
    transform(xy)
    if (xy.some((value) => !Number.isFinite(value))) {
      throw new InputError('OutsideCrs', `feature ${number + 1} of ${geometries.label} does not exist in ${crs.name}`, {
        hint: `check that its coordinates are in ${geometries.crs.name}`,
        data: { label: geometries.label, feature: number + 1, from: geometries.crs.name, to: crs.name },
      })
    }
    return path.map((_, i) => [xy[2 * i]!, xy[2 * i + 1]!])
  }
}

/**
 * The geometries in the reference system of a grid; degrees go on beyond 180 and up to poles, for `onGrid` to turn.
 * Those in degrees are cut where the grid's map ends, so that what crosses its end lies at both.
 */
export function broughtTo(geometries: Geometries, { crs }: Grid): Geometries {
  const there = reprojected(cutFor(geometries, crs), crs)
  if (!crs.isGeographic || crsEquals(geometries.crs, crs)) return there
  const features = there.features.map((feature) =>
    feature.geometry === null ? feature : { ...feature, geometry: acrossTurns(feature.geometry) },
  )
  return { ...there, features }
}

/** Geometries in degrees cut at the ends of the map of a system, where they reach beyond these. */
function cutFor(geometries: Geometries, crs: Crs): Geometries {
  const cut = cutOf(geometries.crs, crs)
  if (cut === undefined) return geometries
  const features = geometries.features.map((feature) =>
    feature.geometry === null ? feature : { ...feature, geometry: cutAt(feature.geometry, cut) },
  )
  return { ...geometries, features }
}

function split(path: readonly Position[], longest: number): Position[] {
  return path.flatMap((position, i) => {
    const next = path[i + 1]
    if (next === undefined) return [position]
    const [dx, dy] = [next[0]! - position[0]!, next[1]! - position[1]!]
    const pieces = Math.min(MOST_PIECES, Math.max(1, Math.ceil(Math.hypot(dx, dy) / longest)))
    return Array.from({ length: pieces }, (_, k) => [
      position[0]! + (dx * k) / pieces,
      position[1]! + (dy * k) / pieces,
    ])
  })
}

/** The polygons among them as features that the raster tools take, with the place of each in the list. */
export function polygonsOf(geometries: Geometries): { features: Features; places: readonly number[] } {
  const places = geometries.features.flatMap(({ geometry }, i) =>
    isPolygonal(geometry) && !isEmpty(geometry) ? [i] : [],
  )
  const features = places.map((i) => geometries.features[i]!) as unknown as Features['features']
  return { features: { crs: geometries.crs, features, label: geometries.label }, places }
}

/**
 * The polygons of an argument that takes nothing else: empty geometries, and points and lines beside polygons, are left
 * out. Throws InputError `NoPolygons` where there are points or lines only.
 */
export function polygonsAsked(geometries: Geometries, parameter: string): Geometries {
  const { features } = polygonsOf(geometries)
  const others = geometries.features.flatMap(({ geometry }) => (isEmpty(geometry) ? [] : [geometry!.type]))
  if (features.features.length > 0 || others.length === 0) return features
  const types = [...new Set(others)]
  const count = others.length === 1 ? 'the only one is' : `all ${others.length} are`
  throw new InputError('NoPolygons', `argument ${parameter} has no polygons; ${count} ${types.join(', ')}`, {
    hint: 'give polygons, or make some of points and lines with vector_buffer; aggregate_spatial takes points and lines as they are',
    data: { parameter, types },
  })
}
