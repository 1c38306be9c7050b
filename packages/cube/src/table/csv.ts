/** CSV files (RFC 4180 and what spreadsheets make of it) to tables and back. */
import { open } from 'node:fs/promises'
import { InputError } from '@ecotope/core'
import { writeAside } from '../geotiff/aside.ts'
import { MISSING, type Table, type TableValue, typedColumn } from './table.ts'

export interface ReadCsvOptions {
  /** Default: the one of `,` `;` tab `|` that the first line has most of. */
  readonly delimiter?: string
  /** Texts that stand for missing values, beside the empty one. */
  readonly missing?: readonly string[]
  /** Of the bytes. Default UTF-8, or UTF-16 where a byte order mark says so. */
  readonly encoding?: 'utf8' | 'latin1'
}

/** What stands for bytes that are no character. */
const NO_CHARACTER = '\ufffd'

const DELIMITERS = [',', ';', '\t', '|']

/** Reads a CSV file with a header line, row by row. Throws InputError `MissingFile`, `BadTable`. */
export async function readCsv(path: string, options: ReadCsvOptions = {}): Promise<Table> {
  const { parse } = await import('csv-parse')
  const found = await delimiterOf(path)
  const delimiter = options.delimiter ?? found.delimiter
  const file = await opened(path)
  const columns: string[][] = []
  let names: string[] | undefined
  try {
    const parser = file
      .createReadStream()
      // In a table of one column an empty line is a missing value.
      .pipe(
        parse({
          delimiter,
          bom: true,
          skip_empty_lines: found.count > 1,
          relax_quotes: true,
          ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
        }),
      )
    for await (const record of parser as AsyncIterable<string[]>) {
      if (record.some((text) => text.includes(NO_CHARACTER))) throw notUtf8(path, columns[0]?.length ?? 0)
      if (names === undefined) {
        names = record.map((name, i) => name.trim() || `column_${i + 1}`)
        for (const _ of names) columns.push([])
      } else for (const [i, text] of record.entries()) columns[i]!.push(text)
    }
  } catch (cause) {
    throw badTable(path, cause)
  } finally {
    await file.close().catch(() => undefined)
  }
  if (names === undefined) throw badTable(path, new Error('it has no header line'))
  const twice = names.find((name, i) => names!.indexOf(name) !== i)
  if (twice !== undefined) throw badTable(path, new Error(`two columns are called "${twice}"`))
  const missing = new Set(options.missing === undefined ? MISSING : ['', ...options.missing])
  return {
    columns: names.map((name, i) => typedColumn(name, columns[i]!, missing, delimiter === ';')),
    rows: columns[0]?.length ?? 0,
    label: path,
  }
}

async function opened(path: string) {
  return open(path, 'r').catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause
    throw new InputError('MissingFile', `there is no file ${path}`, { hint: 'check the path', data: { path }, cause })
  })
}

/** The delimiter that the header line has most of, and the columns that it makes. */
async function delimiterOf(path: string): Promise<{ delimiter: string; count: number }> {
  const file = await opened(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64 << 10), 0, 64 << 10, 0)
    const [line = ''] = buffer
      .toString('utf8', 0, bytesRead)
      .replace(/"[^"]*"/g, '')
      .split(/\r?\n/)
    const counts = DELIMITERS.map((one) => line.split(one).length)
    const count = Math.max(...counts)
    return { delimiter: DELIMITERS[counts.indexOf(count)]!, count }
  } finally {
    await file.close()
  }
}

function badTable(path: string, cause: unknown): unknown {
  if (cause instanceof InputError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new InputError('BadTable', `${path} cannot be read as a table: ${why}`, {
    hint: 'a table has a header line and as many cells in every line; name the delimiter if it is an unusual one',
    data: { path },
    cause,
  })
}

function notUtf8(path: string, rowsBefore: number): InputError {
  return new InputError('BadTable', `${path} is not UTF-8 (after ${rowsBefore} rows)`, {
    hint: "save it as UTF-8, or say that it is Latin-1: encoding: 'latin1'",
    data: { path },
  })
}

/** A cell as CSV has it: quoted where it has to be, empty where missing. */
export function csvCell(value: TableValue): string {
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return ''
  const text = String(value)
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const BATCH = 4096

/** Writes a table as CSV (comma, UTF-8, line feeds). The file appears whole or not at all. */
export async function writeCsv(path: string, table: Table): Promise<void> {
  await writeAside(path, async (file) => {
    await file.writeFile(`${table.columns.map(({ name }) => csvCell(name)).join(',')}\n`)
    for (let start = 0; start < table.rows; start += BATCH) {
      const lines: string[] = []
      for (let row = start; row < Math.min(start + BATCH, table.rows); row++) {
        lines.push(table.columns.map(({ values }) => csvCell(values[row] ?? null)).join(','))
      }
      await file.writeFile(`${lines.join('\n')}\n`)
    }
  })
}
