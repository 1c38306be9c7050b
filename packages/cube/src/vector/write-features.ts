/** Features of any geometry to a file, by its extension: GeoJSON, GeoParquet, FlatGeobuf, GeoPackage. */
import { extname } from 'node:path'
import { InputError } from '@ecotope/core'
import { writeAside } from '../geotiff/aside.ts'
import type { Geometries } from '../model/geometry.ts'
import type { WriteWork } from './columns.ts'
import { writeFlatGeobuf } from './flatgeobuf-write.ts'
import { writeGeoPackage } from './geopackage-write.ts'
import { writeGeoParquet } from './geoparquet.ts'
import { inLonLat, isEmpty } from './lon-lat.ts'

const WRITERS: Readonly<Record<string, (path: string, features: Geometries, work: WriteWork) => Promise<void>>> = {
  '.geojson': writeGeoJsonFeatures,
  '.json': writeGeoJsonFeatures,
  '.parquet': writeGeoParquet,
  '.geoparquet': writeGeoParquet,
  '.fgb': writeFlatGeobuf,
  '.gpkg': writeGeoPackage,
}

/**
 * The file appears whole or not at all. Warns `ColumnRenamed` of properties that a GeoPackage has under another name,
 * `FeaturesLeftOut` of those without geometry, which a FlatGeobuf cannot hold.
 * Throws InputError `UnknownFormat`, `UnknownCrs`; EnvironmentError `CannotWrite`.
 */
export async function writeFeatures(path: string, features: Geometries, work: WriteWork = {}): Promise<void> {
  const writer = WRITERS[extname(path).toLowerCase()]
  if (writer === undefined) {
    throw new InputError('UnknownFormat', `${path}: its extension names no vector format that can be written`, {
      hint: `write to a path that ends in ${Object.keys(WRITERS).join(', ')}`,
      data: { path },
    })
  }
  await writer(path, features, work)
}

/** In longitude and latitude, as RFC 7946 asks. */
async function writeGeoJsonFeatures(path: string, features: Geometries): Promise<void> {
  const list = inLonLat(features).map((feature) => {
    const geometry = isEmpty(feature.geometry) ? null : feature.geometry
    return JSON.stringify({ type: 'Feature', ...feature, geometry })
  })
  await writeAside(path, async (file) => {
    await file.writeFile(`{"type":"FeatureCollection","features":[\n${list.join(',\n')}\n]}\n`)
  })
}
