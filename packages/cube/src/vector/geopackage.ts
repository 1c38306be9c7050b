/** GeoPackage (OGC 12-128r19) feature tables through Node's SQLite. Reads only; never writes to the file. */
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { EcotopeError, InputError, nearest } from '@ecotope/core'
import type { RawFeature, RawGeometry, RawLayer } from './layer.ts'
import { parseWkb } from './wkb.ts'

interface Table {
  readonly name: string
  readonly column: string
  readonly type: string
  readonly srsId: number
}

/** Length of the envelope by its code in the header's flags, in bytes. */
const ENVELOPE_BYTES = [0, 32, 48, 48, 64]

async function open(path: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import('node:sqlite')
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    database.prepare('SELECT count(*) FROM sqlite_master').get()
    return database
  } catch (first) {
    try {
      // A file in write-ahead mode inside a read-only folder opens only when declared immutable.
      const url = pathToFileURL(path)
      url.searchParams.set('immutable', '1')
      const database = new DatabaseSync(url, { readOnly: true })
      database.prepare('SELECT count(*) FROM sqlite_master').get()
      return database
    } catch {
      throw new InputError(
        'InvalidGeoPackage',
        `${path} cannot be opened as a GeoPackage: ${(first as Error).message}`,
        {
          hint: 'The file may be damaged or still being written.',
          data: { path },
          cause: first,
        },
      )
    }
  }
}

function tablesOf(database: DatabaseSync, path: string): Table[] {
  try {
    const rows = database
      .prepare(
        `SELECT g.table_name AS name, g.column_name AS "column", g.geometry_type_name AS type, g.srs_id AS srsId
         FROM gpkg_geometry_columns g JOIN gpkg_contents c ON c.table_name = g.table_name
         WHERE c.data_type = 'features' ORDER BY g.table_name`,
      )
      .all()
    return rows.map((row) => ({
      name: String(row.name),
      column: String(row.column),
      type: String(row.type),
      srsId: Number(row.srsId),
    }))
  } catch (cause) {
    throw new InputError('InvalidGeoPackage', `${path} is an SQLite file but no GeoPackage`, { data: { path }, cause })
  }
}

const POLYGONAL = new Set(['POLYGON', 'MULTIPOLYGON', 'SURFACE', 'MULTISURFACE', 'CURVEPOLYGON'])
const ANY = new Set(['GEOMETRY', 'GEOMETRYCOLLECTION', 'GEOMCOLLECTION'])

/** The layer asked for, else the only one that can hold polygons. */
function choose(tables: readonly Table[], layer: string | undefined, path: string, isAny: boolean): Table {
  const listed = tables.map((t) => `${t.name} (${t.type.toLowerCase()})`).join(', ')
  const data = { path, layers: tables.map((t) => t.name) }
  if (layer !== undefined) {
    const found = tables.find((t) => t.name === layer)
    if (found !== undefined) return found
    const near = nearest(layer, data.layers)
    const hint =
      near === undefined ? `Its layers: ${listed || 'none'}.` : `Did you mean "${near}"? Its layers: ${listed}.`
    throw new InputError('UnknownLayer', `${path} has no layer "${layer}"`, { hint, data })
  }
  if (isAny && tables.length === 1) return tables[0]!
  const polygonal = tables.filter((t) => POLYGONAL.has(t.type.toUpperCase()))
  const candidates = polygonal.length > 0 ? polygonal : tables.filter((t) => ANY.has(t.type.toUpperCase()))
  if (candidates.length === 1) return candidates[0]!
  if (candidates.length === 0) {
    throw new InputError('NoPolygons', `${path} has no polygon layer; it has ${listed || 'no layer at all'}`, { data })
  }
  throw new InputError('AmbiguousLayer', `${path} has several polygon layers: ${listed}`, {
    hint: 'Say which layer to use.',
    data,
  })
}

/** Ways to write the CRS of a row of gpkg_spatial_ref_sys: authority code first, then its definitions. */
function crsTexts(database: DatabaseSync, srsId: number): string[] {
  // -1 and 0 stand for undefined systems (GeoPackage, requirement 11).
  if (srsId === -1 || srsId === 0) return []
  const row = database.prepare('SELECT * FROM gpkg_spatial_ref_sys WHERE srs_id = ?').get(srsId)
  if (row === undefined) return [`EPSG:${srsId}`]
  const texts: string[] = []
  const authority = String(row.organization ?? '').toUpperCase()
  if (authority !== '' && authority !== 'NONE') texts.push(`${authority}:${row.organization_coordsys_id}`)
  for (const key of ['definition_12_063', 'definition']) {
    const text = row[key]
    if (typeof text === 'string' && text !== '' && text !== 'undefined') texts.push(text)
  }
  return texts
}

/** Geometry of a GeoPackage blob: header (clause 2.1.3), then WKB; null when empty. */
function geometryFrom(blob: Uint8Array, what: string): RawGeometry | null {
  const flags = blob[3]
  if (blob[0] !== 0x47 || blob[1] !== 0x50 || flags === undefined) {
    throw new InputError('InvalidGeometry', `${what} holds a geometry that is no GeoPackage binary`)
  }
  if ((flags & 0x10) !== 0) return null
  const envelope = ENVELOPE_BYTES[(flags >> 1) & 7]
  if (envelope === undefined)
    throw new InputError('InvalidGeometry', `${what} holds a geometry with an unknown envelope`)
  return parseWkb(blob.subarray(8 + envelope), what)
}

/** SQLite's values as JSON's: safe integers as numbers, other big ones as text. */
function plain(value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return BigInt.asIntN(54, value) === value ? Number(value) : value.toString()
}

/** Columns that hold true and false, which SQLite stores as 1 and 0. */
function booleanColumns(database: DatabaseSync, table: string): Set<string> {
  const columns = database.prepare('SELECT name, type FROM pragma_table_info(?)').all(table)
  return new Set(columns.filter(({ type }) => /^bool(ean)?$/i.test(String(type))).map(({ name }) => String(name)))
}

function featureFrom(
  row: Record<string, unknown>,
  table: Table,
  booleans: ReadonlySet<string>,
  path: string,
  number: number,
): RawFeature {
  const properties: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(row)) {
    if (key === table.column || value instanceof Uint8Array) continue
    properties[key] = typeof value === 'bigint' && booleans.has(key) ? value !== 0n : plain(value)
  }
  const name = properties.name ?? properties.fid ?? properties.id
  const id = name === undefined || name === null ? `${number}` : `${number} (${String(name)})`
  const blob = row[table.column]
  const geometry = blob instanceof Uint8Array ? geometryFrom(blob, `${path}, feature ${id},`) : null
  return { geometry, properties, id }
}

/** Records of one layer; `isAny`: also of an only layer of points or lines. Errors: `InvalidGeoPackage`, `UnknownLayer`, `AmbiguousLayer`, `NoPolygons`. */
export async function readGeoPackage(path: string, layer: string | undefined, isAny = false): Promise<RawLayer> {
  const database = await open(path)
  try {
    const table = choose(tablesOf(database, path), layer, path, isAny)
    const booleans = booleanColumns(database, table.name)
    const rows = database.prepare(`SELECT * FROM "${table.name.replaceAll('"', '""')}"`)
    rows.setReadBigInts(true)
    const features: RawFeature[] = []
    for (const row of rows.iterate()) features.push(featureFrom(row, table, booleans, path, features.length + 1))
    return { name: table.name, features, crs: crsTexts(database, table.srsId) }
  } catch (cause) {
    if (cause instanceof EcotopeError) throw cause
    throw new InputError('InvalidGeoPackage', `${path} is damaged: ${(cause as Error).message}`, {
      hint: 'get the file again',
      data: { path },
      cause,
    })
  } finally {
    database.close()
  }
}
