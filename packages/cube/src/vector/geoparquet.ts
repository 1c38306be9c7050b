/** GeoParquet (1.0 and 1.1) read, and written with geometries as WKB. A file without coordinates' system has longitude and latitude. */
import { InputError } from '@ecotope/core'
import { writeAside } from '../geotiff/aside.ts'
import { writeFully } from '../geotiff/spool.ts'
import type { Geometries } from '../model/geometry.ts'
import { openParquet, type ParquetFile } from '../table/parquet-file.ts'
import { columnOf, type FeatureColumn, type WriteWork } from './columns.ts'
import type { RawFeature, RawGeometry, RawLayer } from './layer.ts'
import { projJsonOf } from './projjson.ts'
import { writeWkb } from './wkb-write.ts'

interface GeoColumn {
  readonly encoding?: string
  readonly crs?: {
    readonly id?: { readonly authority: string; readonly code: string | number }
    readonly name?: string
  } | null
}
interface GeoMetadata {
  readonly primary_column?: string
  readonly columns?: Readonly<Record<string, GeoColumn>>
}

/** Records of a GeoParquet file. Throws InputError `BadParquet`, `NotGeoParquet`. */
export async function readGeoParquet(path: string): Promise<RawLayer> {
  const file = await openParquet(path)
  try {
    const text = file.metadata.key_value_metadata?.find(({ key }) => key === 'geo')?.value
    const geo = text === undefined ? {} : (JSON.parse(text) as GeoMetadata)
    const primary = geo.primary_column ?? 'geometry'
    const column = geo.columns?.[primary]
    const native = NATIVE[column?.encoding ?? '']
    if (column === undefined || (column.encoding !== 'WKB' && native === undefined)) {
      throw new InputError('NotGeoParquet', `${path} is a Parquet file without geometries that can be read`, {
        hint: column === undefined ? 'a table without geometries is no vector file' : 'write its geometries as WKB',
        data: { path },
      })
    }
    const rows = await file.rows()
    const hidden = new Set(Object.keys(geo.columns ?? {}))
    const features = rows.map((row, i): RawFeature => {
      const properties = Object.fromEntries(
        Object.entries(row).flatMap(([key, value]) => (hidden.has(key) ? [] : [[key, plain(value, key, file)]])),
      )
      const name = properties.name ?? properties.id ?? properties.fid
      const id = name === undefined || name === null ? `${i + 1}` : `${i + 1} (${String(name)})`
      const stored = row[primary] as RawGeometry | null | undefined
      const geometry = native === undefined ? (stored ?? null) : nativeGeometry(native, stored)
      return { geometry: withoutNowhere(geometry), properties, id }
    })
    return { features, crs: crsTexts(column) }
  } finally {
    await file.close()
  }
}

/** Encodings of GeoArrow: lists of coordinates, by type of geometry. */
const NATIVE: Readonly<Record<string, string>> = {
  point: 'Point',
  linestring: 'LineString',
  polygon: 'Polygon',
  multipoint: 'MultiPoint',
  multilinestring: 'MultiLineString',
  multipolygon: 'MultiPolygon',
}

function nativeGeometry(type: string, stored: unknown): RawGeometry | null {
  const coordinates = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(coordinates)
    const { x, y, z } = value as { x: number; y: number; z?: number }
    return z === undefined ? [x, y] : [x, y, z]
  }
  return stored === null || stored === undefined ? null : ({ type, coordinates: coordinates(stored) } as RawGeometry)
}

function crsTexts({ crs }: GeoColumn): string[] {
  if (crs === undefined) return ['OGC:CRS84']
  if (crs === null) return []
  const code = crs.id === undefined ? [] : [`${crs.id.authority}:${crs.id.code}`]
  return [...code, JSON.stringify(crs), ...(crs.name === undefined ? [] : [crs.name])]
}

/** NaN stands for the coordinates of an empty point. */
const withoutNowhere = (geometry: RawGeometry | null): RawGeometry | null =>
  geometry?.type === 'Point' && Number.isNaN((geometry.coordinates as number[])[0])
    ? { ...geometry, coordinates: [] }
    : geometry

/** Days and instants as GeoPackages have them, without the zone that they are not said to be in. */
function plain(value: unknown, key: string, { days, local }: ParquetFile): unknown {
  if (typeof value === 'bigint') return BigInt.asIntN(54, value) === value ? Number(value) : value.toString()
  if (!(value instanceof Date)) return value
  if (days.has(key)) return value.toISOString().slice(0, 10)
  const text = value.toISOString().replace(/\.000Z$/, 'Z')
  return local.has(key) ? text.slice(0, -1) : text
}

/** Parquet has integers of 64 bits, as which JavaScript gives them. */
const stored = ({ name, data, type }: FeatureColumn) =>
  type === 'INT64'
    ? { name, data: data.map((value) => (value === null ? null : BigInt(value as number))), type }
    : { name, data: [...data], type }

/** Writes features of any geometry, zstd-compressed. Throws InputError `UnknownCrs`, EnvironmentError `CannotWrite`. */
export async function writeGeoParquet(path: string, features: Geometries, work: WriteWork = {}): Promise<void> {
  const { ByteWriter, parquetWrite } = await import('hyparquet-writer')
  const { zstdCompressSync } = await import('node:zlib')
  const crs = projJsonOf(features.crs)
  const types = [...new Set(features.features.flatMap(({ geometry }) => (geometry === null ? [] : [geometry.type])))]
  const geo = {
    version: '1.1.0',
    primary_column: 'geometry',
    columns: {
      geometry: {
        encoding: 'WKB',
        geometry_types: types.toSorted((a, b) => a.localeCompare(b)),
        ...(crs === undefined ? {} : { crs }),
      },
    },
  }
  const names = [...new Set(features.features.flatMap(({ properties }) => Object.keys(properties)))]
  const columns = names.map((name) => stored(columnOf(name, features, work)))
  const geometries = features.features.map(({ geometry }) =>
    geometry === null ? null : new Uint8Array(writeWkb(geometry)),
  )
  const writer = new ByteWriter()
  parquetWrite({
    writer,
    columnData: [...columns, { name: 'geometry', data: geometries, type: 'BYTE_ARRAY' }],
    codec: 'ZSTD',
    compressors: { ZSTD: (input: Uint8Array) => new Uint8Array(zstdCompressSync(input)) },
    kvMetadata: [{ key: 'geo', value: JSON.stringify(geo) }],
  })
  const bytes = new Uint8Array(writer.getBuffer())
  await writeAside(path, (file) => writeFully(file, bytes, 0))
}
