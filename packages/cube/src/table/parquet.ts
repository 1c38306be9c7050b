/** Parquet files as tables, and tables as Parquet. Nested columns become JSON texts. */
import { writeAside } from '../geotiff/aside.ts'
import { writeFully } from '../geotiff/spool.ts'
import { openParquet } from './parquet-file.ts'
import type { Column, Table, TableValue } from './table.ts'

/** Reads all columns, or those named. Throws InputError `MissingFile`, `BadParquet`. */
export async function readParquet(path: string, columns?: readonly string[]): Promise<Table> {
  const file = await openParquet(path)
  try {
    const rows = await file.rows(columns)
    const names = file.names.filter((name) => columns === undefined || columns.includes(name))
    const list = names.map(
      (name): Column => ({ name, values: plainValues(rows.map((row) => dayOf(row[name], file.days.has(name)))) }),
    )
    return { columns: list, rows: rows.length, label: path }
  } finally {
    await file.close()
  }
}

/** A day as its date; other values, and those of columns of instants, as they are. */
export const dayOf = (value: unknown, isDay: boolean): unknown =>
  isDay && value instanceof Date ? value.toISOString().slice(0, 10) : value

/** Values of one type: a column with integers that no double holds is one of texts. */
function plainValues(values: readonly unknown[]): TableValue[] {
  const isExact = values.every((value) => typeof value !== 'bigint' || isSafe(value))
  return values.map((value) => (typeof value === 'bigint' && !isExact ? value.toString() : plain(value)))
}

const isSafe = (value: bigint): boolean => BigInt.asIntN(54, value) === value

function plain(value: unknown): TableValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.toISOString().replace(/\.000Z$/, 'Z')
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? (isSafe(inner) ? Number(inner) : inner.toString()) : inner,
  )
}

const TYPES = { number: 'DOUBLE', boolean: 'BOOLEAN', string: 'STRING' } as const

/** Writes a table, zstd-compressed. The file appears whole or not at all. */
export async function writeParquet(path: string, table: Table): Promise<void> {
  const { ByteWriter, parquetWrite } = await import('hyparquet-writer')
  const { zstdCompressSync } = await import('node:zlib')
  const writer = new ByteWriter()
  parquetWrite({
    writer,
    columnData: table.columns.map(({ name, values }) => {
      const first = values.find((value) => value !== null)
      const type = TYPES[(first === undefined ? 'number' : typeof first) as keyof typeof TYPES]
      return { name, data: [...values], type }
    }),
    codec: 'ZSTD',
    compressors: { ZSTD: (input: Uint8Array) => new Uint8Array(zstdCompressSync(input)) },
  })
  const bytes = new Uint8Array(writer.getBuffer())
  await writeAside(path, (file) => writeFully(file, bytes, 0))
}
