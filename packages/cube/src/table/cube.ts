/** Tables as cubes and back: series by their times, points by their coordinates, any cube as rows of labels and bands. */
import { InputError, nearest } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import type { TypedArray } from '../dtype.ts'
import { FLOAT64 } from '../model/block.ts'
import type { BandsDimension, Calendar, Dimension, GeometryDimension } from '../model/dimension.ts'
import type { Geometries } from '../model/geometry.ts'
import { memorySource } from '../model/memory.ts'
import { type CubeSchema, type SourceNode, shapeOf } from '../model/node.ts'
import { cellCount, stridesOf } from '../model/region.ts'
import { formatInstant, parseInstant } from '../model/time.ts'
import { roleOf } from '../roles.ts'
import { rowColumns } from './feature-columns.ts'
import { type Column, columnNamed, type Table, type TableValue } from './table.ts'

export interface SeriesOptions {
  /** Column of times (RFC 3339 dates or date-times, months, years). Default: the first called time, date or timestamp. */
  readonly time?: string
  /** Columns that become bands. Default: all other columns of numbers. */
  readonly bands?: readonly string[]
  readonly calendar?: Calendar
}

/** A cube of dimensions t, bands. Throws InputError `NoColumn`, `BadTime`, `NotNumbers`. */
export function seriesCube(table: Table, options: SeriesOptions = {}): SourceNode {
  const calendar = options.calendar ?? 'standard'
  const time = wanted(table, options.time, /^(t|time|date|datetime|timestamp)$/i, 'time')
  const labels = time.values.map((value, row) => instant(value, calendar, table, time.name, row))
  const columns = bandColumns(table, options.bands, [time.name])
  const dims: Dimension[] = [{ type: 'temporal', name: 't', labels, calendar }, bandsOf(columns)]
  return memorySource(interleaved(columns, table.rows), { dims, packing: FLOAT64 }, table.label)
}

export interface PointsOptions {
  /** Columns of coordinates. Default: x or lon, y or lat and their spellings. */
  readonly x?: string
  readonly y?: string
  /** Text of the CRS of the coordinates. Default: longitude and latitude on WGS 84. */
  readonly crs?: string
  readonly bands?: readonly string[]
}

/** A vector cube of dimensions geometry, bands; other columns are properties of the points. */
export function pointsCube(table: Table, options: PointsOptions = {}): SourceNode {
  const x = wanted(table, options.x, /^(x|lon|long|longitude|lng|easting)$/i, 'x')
  const y = wanted(table, options.y, /^(y|lat|latitude|northing)$/i, 'y')
  const columns = bandColumns(table, options.bands, [x.name, y.name])
  const used = new Set([x, y, ...columns])
  const others = table.columns.filter((column) => !used.has(column))
  const features = Array.from({ length: table.rows }, (_, row): Geometries['features'][number] => {
    const position = [x.values[row], y.values[row]]
    const properties = Object.fromEntries(others.map(({ name, values }) => [name, values[row] ?? null]))
    const isPoint = position.every((value) => typeof value === 'number')
    return { geometry: isPoint ? { type: 'Point', coordinates: position as number[] } : null, properties }
  })
  const geometry: GeometryDimension = {
    type: 'geometry',
    name: 'geometry',
    labels: features.map((_, i) => i),
    features: { crs: parseCrs(options.crs ?? 'OGC:CRS84'), features, label: table.label },
  }
  return memorySource(
    interleaved(columns, table.rows),
    { dims: [geometry, bandsOf(columns)], packing: FLOAT64 },
    table.label,
  )
}

/** A column by name, else the first whose name fits. */
function wanted(table: Table, name: string | undefined, pattern: RegExp, what: string): Column {
  const found =
    name === undefined ? table.columns.find((column) => pattern.test(column.name)) : columnNamed(table, name)
  if (found !== undefined) return found
  const names = table.columns.map((column) => column.name)
  const near = name === undefined ? undefined : nearest(name, names)
  throw new InputError('NoColumn', `${table.label} has no column ${name === undefined ? `for ${what}` : `"${name}"`}`, {
    hint: near === undefined ? `its columns: ${names.join(', ')}` : `did you mean "${near}"?`,
    data: { path: table.label, columns: names },
  })
}

function bandColumns(table: Table, names: readonly string[] | undefined, taken: readonly string[]): Column[] {
  const isNumeric = ({ values }: Column): boolean =>
    values.every((value) => value === null || typeof value === 'number')
  if (names === undefined) {
    return table.columns.filter((column) => !taken.includes(column.name) && isNumeric(column))
  }
  return names.map((name) => {
    const column = wanted(table, name, /^$/, 'bands')
    if (isNumeric(column)) return column
    throw new InputError('NotNumbers', `column "${name}" of ${table.label} holds texts`, {
      hint: 'name columns of numbers, or the texts that stand for missing values',
      data: { path: table.label, column: name },
    })
  })
}

function bandsOf(columns: readonly Column[]): BandsDimension {
  const bands = columns.map(({ name }) => {
    const role = roleOf(name)
    return { name, ...(role === undefined ? {} : { role }) }
  })
  return { type: 'bands', name: 'bands', labels: bands.map(({ name }) => name), bands }
}

/** The first day of a year (2020) or month (2020-06), as periods are labelled; other texts as they are. */
function wholeDate(text: string): string {
  if (/^\d{4}$/.test(text)) return `${text}-01-01`
  return /^\d{4}-\d{2}$/.test(text) ? `${text}-01` : text
}

function instant(value: TableValue, calendar: Calendar, table: Table, column: string, row: number): string {
  const date = parseInstant(wholeDate(String(value)), calendar)
  if (date !== undefined) return formatInstant(date)
  throw new InputError('BadTime', `row ${row + 1} of ${table.label}: "${String(value)}" in ${column} is no date`, {
    hint: 'dates are written 2020-06-01, 2020-06-01T12:00:00Z, 2020-06 or 2020',
    data: { path: table.label, column, row: row + 1, value },
  })
}

function interleaved(columns: readonly Column[], rows: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(rows * columns.length)
  columns.forEach(({ values }, band) => {
    for (let row = 0; row < rows; row++) {
      const value = values[row]
      out[row * columns.length + band] = typeof value === 'number' ? value : Number.NaN
    }
  })
  return out
}

/** Names of the columns that rows of a cube have: dimensions, what is known of features, then bands (or `value`). */
export function rowNames(schema: CubeSchema): string[] {
  const bands = schema.dims.find((dim) => dim.type === 'bands')
  const dims = schema.dims.filter((dim) => dim !== bands).map(({ name }) => name)
  const known = rowColumns(schema).map(({ name }) => name)
  return [...dims, ...known, ...(bands === undefined ? [schema.band?.name ?? 'value'] : bands.labels.map(String))]
}

/** Rows of a box of a cube (`start` its first labels): labels of the dimensions, what is known of the feature, then values. Missing is null. */
export function* rowsOf(
  schema: CubeSchema,
  data: TypedArray,
  start: readonly number[],
  shape: readonly number[],
): Generator<TableValue[]> {
  const b = schema.dims.findIndex((dim) => dim.type === 'bands')
  const g = schema.dims.findIndex((dim) => dim.type === 'geometry')
  const known = rowColumns(schema)
  const strides = stridesOf(shape)
  const outer = shape.map((_, d) => d).filter((d) => d !== b)
  const steps = stridesOf(outer.map((d) => shape[d]!))
  const total = cellCount(outer.map((d) => shape[d]!))
  const { nodata, scale, offset, isBoolean } = schema.packing
  const valueAt = (cell: number): TableValue => {
    const raw = data[cell]!
    if (Number.isNaN(raw) || raw === nodata || (isBoolean && raw === 255)) return null
    return isBoolean ? raw === 1 : raw * scale + offset
  }
  for (let i = 0; i < total; i++) {
    const at = outer.map((d, k) => Math.floor(i / steps[k]!) % shape[d]!)
    const cell = outer.reduce((sum, d, k) => sum + at[k]! * strides[d]!, 0)
    const labels = outer.map((d, k): TableValue => schema.dims[d]!.labels[start[d]! + at[k]!]!)
    const values =
      b < 0 ? [valueAt(cell)] : Array.from({ length: shape[b]! }, (_, k) => valueAt(cell + k * strides[b]!))
    const feature = g < 0 ? 0 : start[g]! + at[outer.indexOf(g)]!
    yield [...labels, ...known.map((column) => column.values[feature] ?? null), ...values]
  }
}

/** A whole cube in memory as a table. */
export function tableOf(schema: CubeSchema, data: TypedArray, label = 'cube'): Table {
  const names = rowNames(schema)
  const shape = shapeOf(schema)
  const rows = [
    ...rowsOf(
      schema,
      data,
      shape.map(() => 0),
      shape,
    ),
  ]
  return { columns: names.map((name, i) => ({ name, values: rows.map((row) => row[i]!) })), rows: rows.length, label }
}
