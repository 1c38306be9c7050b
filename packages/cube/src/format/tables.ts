/** Cubes as tables, for CSV and Parquet: a row for each cell of all dimensions but bands, a column for each band. */
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { Dimension } from '../model/dimension.ts'
import { shapeOf } from '../model/node.ts'
import { stridesOf } from '../model/region.ts'
import { bufferedSink, type WholeCube } from './buffered-sink.ts'

export interface Column {
  readonly name: string
  readonly values: readonly (string | number)[] | Float64Array
}

/** Columns of labels, then of values; NaN is missing. */
export function columnsOf({ schema, values }: WholeCube): Column[] {
  const { dims } = schema
  const shape = shapeOf(schema)
  const strides = stridesOf(shape)
  const b = dims.findIndex((dim) => dim.type === 'bands')
  const outer = [...dims.keys()].filter((d) => d !== b)
  const rows = outer.reduce((product, d) => product * shape[d]!, 1)
  const index = (row: number, k: number): number => {
    const below = outer.slice(k + 1).reduce((product, d) => product * shape[d]!, 1)
    return Math.floor(row / below) % shape[outer[k]!]!
  }
  const labels = outer.map((d, k): Column => {
    const list: readonly (string | number)[] = dims[d]!.labels
    return { name: dims[d]!.name, values: Array.from({ length: rows }, (_, row) => list[index(row, k)]!) }
  })
  const starts = Array.from({ length: rows }, (_, row) =>
    outer.reduce((sum, d, k) => sum + index(row, k) * strides[d]!, 0),
  )
  const names =
    b < 0 ? [schema.unit === undefined ? 'value' : `value (${schema.unit})`] : (dims[b] as Dimension).labels.map(String)
  const cells = names.map((name, i): Column => {
    const from = b < 0 ? 0 : i * strides[b]!
    return { name, values: Float64Array.from(starts, (start) => values[start + from]!) }
  })
  return [...labels, ...cells]
}

function csv(columns: readonly Column[]): string {
  const rows = columns[0]?.values.length ?? 0
  const lines = [columns.map(({ name }) => field(name)).join(',')]
  for (let row = 0; row < rows; row++) lines.push(columns.map(({ values }) => field(values[row]!)).join(','))
  return `${lines.join('\n')}\n`
}

/** RFC 4180; what is missing is empty. */
function field(value: string | number): string {
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value)
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

function parquet(columns: readonly Column[]): Uint8Array {
  const columnData = columns.map(({ name, values }) => {
    if (values instanceof Float64Array) {
      return {
        name,
        data: Array.from(values, (value) => (Number.isNaN(value) ? null : value)),
        type: 'DOUBLE' as const,
        nullable: true,
      }
    }
    const isNumber = values.every((value) => typeof value === 'number')
    return {
      name,
      data: isNumber ? [...values] : values.map(String),
      type: isNumber ? ('DOUBLE' as const) : ('STRING' as const),
    }
  })
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}

/** Larger tables are better asked for in parts. */
const MOST_CELLS = 2 ** 23

export const csvSink = bufferedSink({
  format: 'CSV',
  extensions: ['.csv'],
  mostCells: MOST_CELLS,
  render: (cube) => csv(columnsOf(cube)),
})

export const parquetSink = bufferedSink({
  format: 'Parquet',
  extensions: ['.parquet'],
  mostCells: MOST_CELLS,
  render: (cube) => parquet(columnsOf(cube)),
})
