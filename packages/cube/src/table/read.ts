/** A table from a CSV or Parquet file, told apart by content. */
import { open } from 'node:fs/promises'
import { extname } from 'node:path'
import { InputError } from '@ecotope/core'
import { type ReadCsvOptions, readCsv, writeCsv } from './csv.ts'
import { readParquet, writeParquet } from './parquet.ts'
import type { Table } from './table.ts'

/** Throws InputError `MissingFile`, `BadTable`, `BadParquet`. */
export async function readTable(path: string, options: ReadCsvOptions = {}): Promise<Table> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new InputError('MissingFile', `${path} cannot be opened`, { hint: 'check the path', data: { path }, cause })
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1', 0, bytesRead) === 'PAR1' ? await readParquet(path) : await readCsv(path, options)
  } finally {
    await file.close()
  }
}

const WRITERS: Readonly<Record<string, (path: string, table: Table) => Promise<void>>> = {
  '.csv': writeCsv,
  '.parquet': writeParquet,
}

/** By the extension of the path. Throws InputError `UnknownFormat`. */
export async function writeTable(path: string, table: Table): Promise<void> {
  const writer = WRITERS[extname(path).toLowerCase()]
  if (writer !== undefined) return writer(path, table)
  throw new InputError('UnknownFormat', `${path}: tables are written as .csv or .parquet`, { data: { path } })
}
