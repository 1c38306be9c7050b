/** Parquet files through hyparquet: a local file as what it reads from, and the codecs. */
import { type FileHandle, open } from 'node:fs/promises'
import { InputError } from '@ecotope/core'
import type { AsyncBuffer, Compressors, FileMetaData, SchemaElement } from 'hyparquet'

export interface ParquetFile {
  readonly metadata: FileMetaData
  /** Columns of the table; those with parts count once. */
  readonly names: readonly string[]
  /** Columns of days without a time. */
  readonly days: ReadonlySet<string>
  /** Columns of instants of no zone. */
  readonly local: ReadonlySet<string>
  /** Values of the wanted columns (all by default), row by row. */
  rows(columns?: readonly string[]): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** Opens a Parquet file. Throws InputError `MissingFile`, `BadParquet`. Codecs: snappy, gzip, zstd, lz4, brotli. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause
    throw new InputError('MissingFile', `there is no file ${path}`, { hint: 'check the path', data: { path }, cause })
  })
  try {
    const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet')
    const buffer = await bufferOf(file)
    const metadata = await parquetMetadataAsync(buffer)
    const elements = parquetSchema(metadata).children.map(({ element }) => element)
    return {
      metadata,
      names: elements.map(({ name }) => name),
      days: namesOf(elements, ({ logical_type: logical, converted_type: converted }) =>
        logical === undefined ? converted === 'DATE' : logical.type === 'DATE',
      ),
      local: namesOf(
        elements,
        ({ logical_type: logical }) => logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC,
      ),
      rows: async (columns) => {
        const compressors = await codecs()
        try {
          return await parquetReadObjects({
            file: buffer,
            metadata,
            compressors,
            ...(columns === undefined ? {} : { columns: [...columns] }),
          })
        } catch (cause) {
          throw badParquet(path, cause)
        }
      },
      close: () => file.close(),
    }
  } catch (cause) {
    await file.close()
    throw badParquet(path, cause)
  }
}

const namesOf = (elements: readonly SchemaElement[], is: (element: SchemaElement) => boolean): Set<string> =>
  new Set(elements.filter(is).map(({ name }) => name))

/** Those of the library, and gzip and zstd of the platform, which are faster. */
async function codecs(): Promise<Compressors> {
  const [{ compressors }, { gunzipSync, zstdDecompressSync }] = await Promise.all([
    import('hyparquet-compressors'),
    import('node:zlib'),
  ])
  const all: Compressors = {
    ...compressors,
    GZIP: (input: Uint8Array) => gunzipSync(input),
    ZSTD: (input: Uint8Array) => zstdDecompressSync(input),
  }
  // Pages of nothing but missing values hold no bytes, which not every codec of the library knows.
  const known = Object.entries(all).map(([name, decode]): [string, typeof decode] => [
    name,
    (input, size) => (size === 0 ? new Uint8Array(0) : decode(input, size)),
  ])
  return Object.fromEntries(known)
}

async function bufferOf(file: FileHandle): Promise<AsyncBuffer> {
  const { size } = await file.stat()
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start))
      await file.read(bytes, 0, bytes.length, start)
      return bytes.buffer
    },
  }
}

function badParquet(path: string, cause: unknown): unknown {
  if (cause instanceof InputError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new InputError('BadParquet', `${path} cannot be read as Parquet: ${why}`, {
    hint: 'the file may be cut off or damaged; copy or export it again',
    data: { path },
    cause,
  })
}
