/** FlatGeobuf (version 3) from features of any geometry, through the format's own library. Writes only. */
import { writeAside } from '../geotiff/aside.ts'
import { writeFully } from '../geotiff/spool.ts'
import type { Geometries, Geometry } from '../model/geometry.ts'
import { columnOf, type FeatureColumn, propertyNames, type WriteWork } from './columns.ts'
import { inLonLat, isEmpty } from './lon-lat.ts'

/** Numbers of the specification, by our types of columns and geometries. */
const COLUMN_TYPES: Readonly<Record<FeatureColumn['type'], number>> = { BOOLEAN: 2, INT64: 7, DOUBLE: 10, STRING: 11 }
const GEOMETRY_TYPES: Readonly<Record<Geometry['type'], number>> = {
  Point: 1,
  LineString: 2,
  Polygon: 3,
  MultiPoint: 4,
  MultiLineString: 5,
  MultiPolygon: 6,
}

/**
 * With the EPSG code of the system; other systems become longitude and latitude. Features in their order; those without
 * geometry have no place in the format, and are told of (`FeaturesLeftOut`).
 */
export async function writeFlatGeobuf(path: string, features: Geometries, work: WriteWork = {}): Promise<void> {
  const [{ buildFeature }, { buildHeader }, { parseGeometry }] = await Promise.all([
    import('flatgeobuf/lib/mjs/generic/feature.js'),
    import('flatgeobuf/lib/mjs/generic/featurecollection.js'),
    import('flatgeobuf/lib/mjs/geojson/geometry.js'),
  ])
  const code = Number(features.crs.code?.replace(/^EPSG:/, ''))
  const isNamed = Number.isInteger(code)
  const geometries = (isNamed ? features.features : inLonLat(features)).map(({ geometry }) => geometry)
  const columns = propertyNames(features).map((name) => columnOf(name, features, work))
  const kept = geometries.flatMap((geometry, i) => (geometry === null || isEmpty(geometry) ? [] : [{ geometry, i }]))
  const types = new Set(kept.map(({ geometry }) => GEOMETRY_TYPES[geometry.type]))
  const [only = 0] = types
  const meta = {
    geometryType: types.size === 1 ? only : 0,
    columns: columns.map(({ name, type }) => ({ ...COLUMN, name, type: COLUMN_TYPES[type] })),
    envelope: null,
    featuresCount: kept.length,
    indexNodeSize: 0,
    crs: null,
    title: null,
    description: null,
    metadata: null,
  }
  const parts = kept.map(({ geometry, i }) => {
    const properties = Object.fromEntries(columns.map(({ name, data }) => [name, data[i]!]))
    return buildFeature(parseGeometry(geometry as Parameters<typeof parseGeometry>[0]), properties, meta)
  })
  const bytes = Buffer.concat([MAGIC, buildHeader(meta, isNamed ? code : 4326), ...parts])
  await writeAside(path, (file) => writeFully(file, bytes, 0))
  const left = geometries.length - kept.length
  if (left === 0) return
  const message = `${path}: ${left} of ${geometries.length} features have no geometry, and FlatGeobuf holds none without`
  work.onWarning?.({ tag: 'FeaturesLeftOut', message })
}

/** "fgb", version 3. */
const MAGIC = Uint8Array.of(0x66, 0x67, 0x62, 3, 0x66, 0x67, 0x62, 0)

const COLUMN = {
  title: null,
  description: null,
  width: -1,
  precision: -1,
  scale: -1,
  nullable: true,
  unique: false,
  primary_key: false,
}
