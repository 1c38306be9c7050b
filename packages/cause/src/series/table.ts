/** Tables (one row per time step, one column per variable) as series. Reading files is the caller's. */
import { InputError, type OnWarning } from '@ecotope/core'
import type { Table } from '@ecotope/cube'
import { clockOf } from './clock.ts'
import { type DataSetInput, type TimeSeries, type TimeSeriesOptions, timeSeries } from './series.ts'

export interface TableSeriesOptions extends Omit<TimeSeriesOptions, 'names' | 'vectors'> {
  /** Column of time stamps. Without it, each row is one step. */
  readonly time?: string
  /** Columns to take, in this order. Default: all but the time. */
  readonly variables?: readonly string[]
  /** A number that stands for a missing value, such as -999. */
  readonly missing?: number
  /** Tables like these with values other than 0 where a value is masked. */
  readonly masks?: readonly Table[]
  /** Variables whose values are classes, not amounts; for tests of mixed data. */
  readonly discrete?: readonly string[]
  /** Tables like these with the weight of each value. */
  readonly weights?: readonly Table[]
  readonly onWarning?: OnWarning
}

/**
 * One data set per table; all have the same variables. Time stamps must be whole steps of one clock; steps without a row are
 * missing. Throws `InputError`: NoRows, NoVariables, UnknownVariable, DifferentVariables, BadCell (row and column named),
 * BadTime, IrregularSteps, and those of `timeSeries`.
 */
export function seriesOf(tables: readonly Table[], options: TableSeriesOptions = {}): TimeSeries {
  const names = variablesOf(tables, options)
  for (const table of tables)
    if (table.rows === 0)
      throw new InputError('NoRows', `${table.label} has no rows`, { hint: 'Give one row per time step.' })
  const rows = placed(tables, options)
  const inputs = tables.map((table, index): DataSetInput => {
    const place = rows[index]!
    const numbers = (from: Table, fill: number): Float64Array[] =>
      names.map((name) => spread(numbersOf(from, name, options.missing), place, fill))
    const mask = likeness(options.masks, tables, index, 'mask')
    const weight = likeness(options.weights, tables, index, 'weights')
    return {
      columns: numbers(table, Number.NaN),
      offset: place.offset,
      ...(mask && { masks: numbers(mask, 1).map((column) => column.map((value) => (value === 0 ? 0 : 1))) }),
      ...(weight && { weights: numbers(weight, 0) }),
      ...(options.discrete && { types: typesOf(names, options.discrete, place.length) }),
    }
  })
  return timeSeries(inputs, {
    names,
    ...(options.referencePoints && { referencePoints: options.referencePoints }),
    ...(options.missingUpToMaxLag !== undefined && { missingUpToMaxLag: options.missingUpToMaxLag }),
  })
}

function variablesOf(tables: readonly Table[], { variables, time }: TableSeriesOptions): string[] {
  const [first] = tables
  if (first === undefined) throw new InputError('NoVariables', 'there is no table', { hint: 'Give at least one file.' })
  const names = variables ?? first.columns.map(({ name }) => name).filter((name) => name !== time)
  for (const table of tables) {
    const there = table.columns.map(({ name }) => name)
    const wanted = time === undefined ? names : [time, ...names]
    const missing = wanted.find((name) => !there.includes(name))
    if (missing !== undefined)
      throw new InputError('UnknownVariable', `${table.label} has no column ${missing}`, {
        hint: `Its columns are: ${there.join(', ')}.`,
        data: { path: table.label, column: missing },
      })
    const extra = variables === undefined ? there.find((name) => name !== time && !names.includes(name)) : undefined
    if (extra !== undefined)
      throw new InputError('DifferentVariables', `${table.label} has a column ${extra} that ${first.label} has not`, {
        hint: 'All data sets need the same variables; name those to use.',
        data: { path: table.label, column: extra },
      })
  }
  return [...names]
}

/** Where the rows of a table stand on the clock. */
interface Placed {
  readonly offset: number
  readonly length: number
  /** Step of each row after the offset; undefined: row by row. */
  readonly steps?: Int32Array
}

function placed(tables: readonly Table[], { time, onWarning }: TableSeriesOptions): Placed[] {
  if (time === undefined) return tables.map(({ rows }) => ({ offset: 0, length: rows }))
  const stamps = tables.map((table) => table.columns.find(({ name }) => name === time)!.values)
  const clock = clockOf(
    stamps,
    tables.map(({ label }) => label),
  )
  return clock.steps.map((steps, index) => {
    const offset = steps[0]!
    const length = steps.at(-1)! - offset + 1
    if (length > steps.length)
      onWarning?.({
        tag: 'Gaps',
        message: `${tables[index]!.label}: ${length - steps.length} of ${length} steps of ${clock.step} have no row; they count as missing`,
      })
    return { offset, length, steps: steps.map((step) => step - offset) }
  })
}

function spread(values: Float64Array, { length, steps }: Placed, fill: number): Float64Array {
  if (steps === undefined || length === values.length) return values
  const out = new Float64Array(length).fill(fill)
  for (const [row, step] of steps.entries()) out[step] = values[row]!
  return out
}

/** The numbers of a column; missing cells are NaN. Throws `InputError` BadCell. */
export function numbersOf(table: Table, name: string, missing?: number): Float64Array {
  const column = table.columns.find((one) => one.name === name)
  if (column === undefined)
    throw new InputError('UnknownVariable', `${table.label} has no column ${name}`, {
      data: { path: table.label, column: name },
    })
  return Float64Array.from(column.values, (value, row) => {
    if (value === null) return Number.NaN
    const number = typeof value === 'string' ? Number(value.trim()) : Number(value)
    if (number === missing) return Number.NaN
    if (Number.isFinite(number)) return number
    throw new InputError(
      'BadCell',
      `${table.label}, column ${name}, row ${row + 1}: ${typeof value === 'number' ? value : JSON.stringify(value)} is not a number`,
      {
        hint: 'Leave a missing cell empty or write NaN. A column of times is named with the time option; other columns can be left out by naming the variables.',
        data: { path: table.label, column: name, row: row + 1, value },
      },
    )
  })
}

function typesOf(names: readonly string[], discrete: readonly string[], length: number): Uint8Array[] {
  const unknown = discrete.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new InputError('UnknownVariable', `there is no variable ${unknown}`, {
      hint: `The variables are: ${names.join(', ')}.`,
    })
  return names.map((name) => new Uint8Array(length).fill(discrete.includes(name) ? 1 : 0))
}

function likeness(
  tables: readonly Table[] | undefined,
  like: readonly Table[],
  index: number,
  what: string,
): Table | undefined {
  if (tables === undefined) return undefined
  const table = tables[index]
  if (tables.length === like.length && table!.rows === like[index]!.rows) return table
  const why =
    tables.length === like.length
      ? `${table!.label} has ${table!.rows} rows, ${like[index]!.label} ${like[index]!.rows}`
      : `there are ${tables.length} for ${like.length} data sets`
  throw new InputError('DifferentShape', `each data set needs a table of ${what} with as many rows, but ${why}`)
}
