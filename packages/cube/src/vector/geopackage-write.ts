/** GeoPackage (1.3) with one layer of features, through Node's SQLite. Writes only. */
import { open, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { wktOf } from '../cf/wkt-write.ts'
import { asidePath, writeError } from '../geotiff/aside.ts'
import type { Geometries, Geometry } from '../model/geometry.ts'
import type { Crs, Position } from '../types.ts'
import { columnOf, propertyNames, type WriteWork } from './columns.ts'
import { writeWkb } from './wkb-write.ts'

/** GeoPackage 1.3, clauses 1.1.2 (ids) and 1.1.3, 2.1 (tables). */
const TABLES = `
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys(srs_id), z TINYINT NOT NULL, m TINYINT NOT NULL,
  PRIMARY KEY (table_name, column_name));
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined Cartesian', -1, 'NONE', -1, 'undefined', NULL), ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL);
`

const SQL_TYPES = { DOUBLE: 'REAL', INT64: 'INTEGER', BOOLEAN: 'BOOLEAN', STRING: 'TEXT' } as const
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Names as SQLite compares them. */
const folded = (name: string): string => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** What the columns of a layer are called. */
interface Names {
  /** The primary key; `ids` are its values where a property gives them, else they are counted. */
  readonly key: string
  readonly ids?: readonly number[]
  /** Properties and their columns. */
  readonly columns: ReadonlyMap<string, string>
}

/**
 * Writes features as the layer `layer` (default: the name of the file). The file appears whole or not at all. Ids in a
 * property `fid` stay where they rise from feature to feature; other properties whose names are taken get a number
 * (`geom_1`) and are told of (`ColumnRenamed`).
 */
export async function writeGeoPackage(
  path: string,
  features: Geometries,
  work: WriteWork & { readonly layer?: string } = {},
): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite')
  const { layer, onWarning } = work
  const partial = await asidePath(path)
  const name = layer ?? basename(path).replace(/\.[^.]*$/, '')
  const names = namesOf(features)
  try {
    // What the system says, SQLite would not tell.
    await (await open(partial, 'wx')).close()
    const database = new DatabaseSync(partial)
    try {
      // Nobody reads the file before it is whole: no journal beside it, which a killed run would leave.
      database.exec('PRAGMA journal_mode = MEMORY')
      database.exec('BEGIN')
      fill(database, name, features, names, work)
      database.exec('COMMIT')
    } finally {
      database.close()
    }
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined)
    throw writeError(path, cause)
  }
  for (const [property, column] of names.columns) {
    if (property === column) continue
    const message = `${path}: the property ${property} is in the column ${column}, as there is another column of its name`
    onWarning?.({ tag: 'ColumnRenamed', message })
  }
}

function namesOf(layer: Geometries): Names {
  const { features } = layer
  const properties = propertyNames(layer)
  const key = properties.find((name) => folded(name) === 'fid')
  const ids = key === undefined ? undefined : idsOf(features.map((feature) => feature.properties[key]))
  const others = ids === undefined ? properties : properties.filter((name) => name !== key)
  const named = new Set(['fid', 'geom'])
  const all = new Set([...named, ...others.map(folded)])
  const columns = others.map((name): [string, string] => {
    if (!named.has(folded(name))) {
      named.add(folded(name))
      return [name, name]
    }
    let n = 1
    while (all.has(folded(`${name}_${n}`))) n++
    all.add(folded(`${name}_${n}`))
    return [name, `${name}_${n}`]
  })
  return { key: 'fid', ...(ids === undefined ? {} : { key: key!, ids }), columns: new Map(columns) }
}

/** Values as ids of rows, where they can be: rows come back in the order of their ids. */
function idsOf(values: readonly unknown[]): readonly number[] | undefined {
  const isRising = values.every(
    (value, i) => Number.isSafeInteger(value) && (value as number) > (i === 0 ? -1 : (values[i - 1] as number)),
  )
  return isRising ? (values as readonly number[]) : undefined
}

function fill(
  database: InstanceType<typeof import('node:sqlite').DatabaseSync>,
  name: string,
  features: Geometries,
  names: Names,
  work: WriteWork,
): void {
  database.exec(TABLES)
  const srs = srsOf(features.crs)
  database
    .prepare('INSERT OR REPLACE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)')
    .run(features.crs.name, srs.id, srs.organization, srs.id, srs.definition)
  const geometries = features.features.map(({ geometry }) => geometry)
  const types = [...new Set(geometries.flatMap((geometry) => (geometry === null ? [] : [geometry.type])))]
  const [west, south, east, north] = boundsOf(geometries)
  database
    .prepare(
      "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, min_y, max_x, max_y, srs_id) VALUES (?, 'features', ?, ?, ?, ?, ?, ?)",
    )
    .run(name, name, west ?? null, south ?? null, east ?? null, north ?? null, srs.id)
  database
    .prepare("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)")
    .run(name, types.length === 1 ? types[0]!.toUpperCase() : 'GEOMETRY', srs.id)
  const { key, ids } = names
  const columns = [...names.columns].map(([property, column]) => ({
    ...columnOf(property, features, work),
    name: column,
  }))
  const declared = columns.map((column) => `, ${quoted(column.name)} ${SQL_TYPES[column.type]}`).join('')
  database.exec(
    `CREATE TABLE ${quoted(name)} (${quoted(key)} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom BLOB${declared})`,
  )
  const into = [key, 'geom', ...columns.map((column) => column.name)].map(quoted)
  const insert = database.prepare(`INSERT INTO ${quoted(name)} (${into}) VALUES (${into.map(() => '?')})`)
  geometries.forEach((geometry, i) => {
    const values = columns.map(({ data }) => (typeof data[i] === 'boolean' ? Number(data[i]) : (data[i] ?? null)))
    const blob = geometry === null ? null : blobOf(geometry, srs.id)
    insert.run(ids?.[i] ?? null, blob, ...(values as (string | number | null)[]))
  })
}

function srsOf(crs: Crs): { id: number; organization: string; definition: string } {
  const definition = wktOf(crs) ?? 'undefined'
  const code = Number(crs.code?.replace(/^EPSG:/, ''))
  return Number.isInteger(code)
    ? { id: code, organization: 'EPSG', definition }
    : { id: 100000, organization: 'NONE', definition }
}

/** Header without envelope, then WKB (clause 2.1.3). */
function blobOf(geometry: Geometry, srs: number): Buffer {
  const head = Buffer.from([0x47, 0x50, 0, 1, 0, 0, 0, 0])
  head.writeInt32LE(srs, 4)
  return Buffer.concat([head, writeWkb(geometry)])
}

function boundsOf(geometries: readonly (Geometry | null)[]): (number | null)[] {
  const box = [Infinity, Infinity, -Infinity, -Infinity]
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return
    if (typeof value[0] !== 'number') for (const one of value) visit(one)
    else {
      const [x, y] = value as unknown as Position as [number, number]
      box[0] = Math.min(box[0]!, x)
      box[1] = Math.min(box[1]!, y)
      box[2] = Math.max(box[2]!, x)
      box[3] = Math.max(box[3]!, y)
    }
  }
  for (const geometry of geometries) visit(geometry?.coordinates)
  return box[0] === Infinity ? [null, null, null, null] : box
}
