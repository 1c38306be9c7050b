/** Points, lines and polygons from a file of any supported vector format, as they stand there. */

import { InputError } from '@ecotope/core'
import type { Geometries, Geometry, GeometryFeature } from '../model/geometry.ts'
import type { Crs } from '../types.ts'
import type { RawFeature } from './layer.ts'
import { crsFrom, readLayer } from './read.ts'

export interface ReadFeaturesOptions {
  /** Layer of a file that has several. */
  readonly layer?: string
  /** Overrides the CRS that the file states. */
  readonly crs?: Crs
}

const TYPES = new Set(['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'])

/**
 * Features of any geometry of a GeoJSON, GeoPackage, FlatGeobuf, GeoParquet or shapefile, nothing mended and nothing
 * left out. Throws what `readPolygons` throws, and InputError `UnsupportedGeometry` for collections and curves.
 */
export async function readFeatures(path: string, options: ReadFeaturesOptions = {}): Promise<Geometries> {
  const layer = await readLayer(path, options.layer, true)
  const features = layer.features.map((raw) => featureOf(raw, path))
  const crs = options.crs ?? crsFrom(layer.crs, path)
  return { crs, features, label: layer.name === undefined ? path : `${path}:${layer.name}` }
}

function featureOf({ geometry, properties, id }: RawFeature, path: string): GeometryFeature {
  if (geometry === null) return { geometry: null, properties }
  if (!TYPES.has(geometry.type) || !Array.isArray(geometry.coordinates)) {
    throw new InputError('UnsupportedGeometry', `feature ${id} of ${path} is a ${geometry.type}`, {
      hint: 'split it into points, lines or polygons first',
      data: { path, feature: id, type: geometry.type },
    })
  }
  const { type, coordinates } = geometry
  return { geometry: { type, coordinates } as Geometry, properties }
}
