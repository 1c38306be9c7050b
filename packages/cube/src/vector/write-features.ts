/** Features of any geometry to a file, by its extension: GeoJSON, GeoParquet, FlatGeobuf, GeoPackage. */
import { extname } from 'node:path'
import { InputError, type WorkOptions } from '@ecotope/core'
import { lonLat } from '../cf/crs.ts'
import { crsEquals, transformer } from '../crs/transform.ts'
import { writeAside } from '../geotiff/aside.ts'
import { writeFully } from '../geotiff/spool.ts'
import type { Geometries, Geometry } from '../model/geometry.ts'
import { writeGeoPackage } from './geopackage-write.ts'
import { writeGeoParquet } from './geoparquet.ts'

const WRITERS: Readonly<Record<string, (path: string, features: Geometries, work: WorkOptions) => Promise<void>>> = {
  '.geojson': writeGeoJsonFeatures,
  '.json': writeGeoJsonFeatures,
  '.parquet': writeGeoParquet,
  '.geoparquet': writeGeoParquet,
  '.fgb': writeFlatGeobuf,
  '.gpkg': writeGeoPackage,
}

/**
 * The file appears whole or not at all. Warns `ColumnRenamed` of properties that a GeoPackage has under another name.
 * Throws InputError `UnknownFormat`, `UnknownCrs`; EnvironmentError `CannotWrite`.
 */
export async function writeFeatures(path: string, features: Geometries, work: WorkOptions = {}): Promise<void> {
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
  const list = inLonLat(features).map((feature) => JSON.stringify({ type: 'Feature', ...feature }))
  await writeAside(path, async (file) => {
    await file.writeFile(`{"type":"FeatureCollection","features":[\n${list.join(',\n')}\n]}\n`)
  })
}

/** With the EPSG code of the system; other systems become longitude and latitude. */
export async function writeFlatGeobuf(path: string, features: Geometries): Promise<void> {
  const { serialize } = await import('flatgeobuf/lib/mjs/geojson.js')
  const code = Number(features.crs.code?.replace(/^EPSG:/, ''))
  const isNamed = Number.isInteger(code)
  const list = isNamed ? features.features : inLonLat(features)
  // The library takes the columns from the first feature, so that all are given there.
  const names = [...new Set(list.flatMap(({ properties }) => Object.keys(properties)))]
  const whole = list.flatMap(({ geometry, properties }) => {
    if (geometry === null) return []
    const filled = Object.fromEntries(names.map((name) => [name, properties[name] ?? null]))
    return [{ type: 'Feature' as const, geometry, properties: filled }]
  })
  const first = whole.findIndex(({ properties }) => Object.values(properties).every((value) => value !== null))
  const ordered = first > 0 ? [whole[first]!, ...whole.filter((_, i) => i !== first)] : whole
  const collection = { type: 'FeatureCollection', features: ordered } as unknown as Parameters<typeof serialize>[0]
  const bytes = serialize(collection, isNamed ? code : 4326)
  await writeAside(path, (file) => writeFully(file, bytes, 0))
}

function inLonLat({ crs, features }: Geometries): Geometries['features'] {
  if (crsEquals(crs, lonLat())) return features
  const transform = transformer(crs, lonLat())
  const moved = (value: unknown): unknown => {
    if (!Array.isArray(value) || value.length === 0) return value
    if (typeof value[0] !== 'number') return value.map(moved)
    const point = Float64Array.of(value[0], value[1] as number)
    transform(point)
    return [point[0], point[1]]
  }
  return features.map((feature) => {
    const { geometry } = feature
    if (geometry === null) return feature
    return { ...feature, geometry: { ...geometry, coordinates: moved(geometry.coordinates) } as Geometry }
  })
}
