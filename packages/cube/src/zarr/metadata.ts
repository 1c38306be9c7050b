/** Metadata documents of Zarr 2, Zarr 3, the draft before Zarr 3, and N5, all as one description of an array. */
import { InputError } from '@ecotope/core'
import { parseJson } from '../codecs/json.ts'
import type { Configuration } from '../codecs/table.ts'
import { type DataType, dataType, fillValue } from './data-types.ts'
import { type CodecEntry, type Pipeline, pipelineV2, pipelineV3 } from './pipeline.ts'

export type Attributes = Readonly<Record<string, unknown>>

export interface ArrayMetadata {
  /** In the store, without a slash at either end; empty for the root. */
  readonly path: string
  readonly shape: readonly number[]
  /** Of what is stored under one key: a chunk or a shard. */
  readonly chunks: readonly number[]
  readonly type: DataType
  readonly fill: unknown
  /** Whether the metadata state a fill value at all. */
  readonly hasFill: boolean
  readonly attributes: Attributes
  /** Names of the dimensions where the format has them. */
  readonly dimensionNames: readonly (string | null)[] | undefined
  readonly pipeline: Pipeline
  /** The key of a chunk, relative to the store. */
  readonly keyOf: (index: readonly number[]) => string
  /** Chunks start with their own shape (N5), which may be smaller than `chunks` at the array's end. */
  readonly hasChunkHeader: boolean
  readonly origin: ArrayOrigin
}

type Document = Readonly<Record<string, unknown>>

/** Plain data from which `arrayFrom` makes the same description again, in another thread. */
export interface ArrayOrigin {
  readonly kind: 'v2' | 'v3' | 'draft' | 'n5'
  readonly path: string
  readonly document: Document
  /** Name of the array in errors. */
  readonly where: string
  /** Of the document, for fill values that JSON numbers cannot hold. */
  readonly text?: string
}

export function arrayFrom(origin: ArrayOrigin): ArrayMetadata {
  const { kind, path, document, where, text } = origin
  if (kind === 'v2') return arrayV2(path, document, {}, where, text)
  if (kind === 'v3') return arrayV3(path, document, where, text)
  return kind === 'n5' ? arrayN5(path, document, where) : arrayDraft(path, document, where)
}

export const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`)

const bad = (path: string, what: string, cause?: unknown): InputError =>
  new InputError('BadMetadata', `the metadata of ${path} cannot be read: ${what}`, {
    hint: 'the store may be damaged or written by a program that does not keep to the format',
    data: { path },
    cause,
  })

/** Parses a document; `where` names it in errors. */
export function parseDocument(bytes: Uint8Array, where: string): Document {
  try {
    const value = parseJson(new TextDecoder().decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Document
  } catch (cause) {
    throw bad(where, (cause as Error).message, cause)
  }
  throw bad(where, 'it is no JSON object')
}

function lengths(value: unknown, where: string, what: string): number[] {
  const list = Array.isArray(value) ? (value as unknown[]) : undefined
  if (list?.every((n) => Number.isSafeInteger(n) && (n as number) >= 0) !== true) throw bad(where, `${what} is missing`)
  return list as number[]
}

/** Whole numbers that JSON numbers cannot hold, from the document's text. */
const exactFill = (text: string | undefined): string | undefined => {
  const digits = text === undefined ? undefined : /"fill_value"\s*:\s*(-?\d{16,})\s*[,}\n]/.exec(text)?.[1]
  return digits
}

/** An array of Zarr 2 from `.zarray` and `.zattrs`. `text` is that of the document, for large fill values. */
export function arrayV2(
  path: string,
  document: Document,
  attributes: Attributes,
  where: string,
  text?: string,
): ArrayMetadata {
  const shape = lengths(document.shape, where, 'the shape')
  const chunks = lengths(document.chunks, where, 'the shape of the chunks')
  if (chunks.length !== shape.length || chunks.some((n) => n === 0)) throw bad(where, 'the chunks do not fit the shape')
  const type = dataType(document.dtype, where)
  const separator = document.dimension_separator === '/' ? '/' : '.'
  const filters = (document.filters ?? []) as Configuration[]
  const compressor = document.compressor as Configuration | null
  const names = attributes._ARRAY_DIMENSIONS
  return {
    path,
    shape,
    chunks,
    type,
    fill: fillValue(type, document.fill_value, exactFill(text)),
    hasFill: document.fill_value !== null && document.fill_value !== undefined,
    attributes,
    dimensionNames: Array.isArray(names) && names.length === shape.length ? (names as string[]) : undefined,
    pipeline: pipelineV2(filters, compressor, type, shape.length, document.order === 'F', where),
    keyOf: (index) => join(path, index.length === 0 ? '0' : index.join(separator)),
    hasChunkHeader: false,
    origin: { kind: 'v2', path, document, where, ...(text === undefined ? {} : { text }) },
  }
}

/** An array of Zarr 3 from `zarr.json`. */
export function arrayV3(path: string, document: Document, where: string, text?: string): ArrayMetadata {
  const shape = lengths(document.shape, where, 'the shape')
  const grid = document.chunk_grid as { name?: string; configuration?: { chunk_shape?: unknown } } | undefined
  if (grid?.name !== 'regular') throw bad(where, `chunks on the grid ${String(grid?.name)} are not supported`)
  const chunks = lengths(grid.configuration?.chunk_shape, where, 'the shape of the chunks')
  if (chunks.length !== shape.length || chunks.some((n) => n === 0)) throw bad(where, 'the chunks do not fit the shape')
  const needed = (document.storage_transformers as unknown[] | undefined) ?? []
  if (needed.length > 0) throw bad(where, 'storage transformers are not supported')
  const type = dataType(document.data_type, where)
  const names = document.dimension_names as (string | null)[] | null | undefined
  return {
    path,
    shape,
    chunks,
    type,
    fill: fillValue(type, document.fill_value, exactFill(text)),
    hasFill: true,
    attributes: (document.attributes ?? {}) as Attributes,
    dimensionNames: names ?? undefined,
    pipeline: pipelineV3((document.codecs ?? []) as CodecEntry[], type, chunks, where),
    keyOf: keysV3(path, document.chunk_key_encoding, where),
    hasChunkHeader: false,
    origin: { kind: 'v3', path, document, where, ...(text === undefined ? {} : { text }) },
  }
}

function keysV3(path: string, encoding: unknown, where: string): ArrayMetadata['keyOf'] {
  const { name, configuration } = (typeof encoding === 'string' ? { name: encoding } : (encoding ?? {})) as {
    name?: string
    configuration?: { separator?: string }
  }
  const separator = configuration?.separator
  if (name === 'default') {
    return (index) => join(path, ['c', ...index].join(separator ?? '/'))
  }
  if (name === 'v2') return (index) => join(path, index.length === 0 ? '0' : index.join(separator ?? '.'))
  throw bad(where, `chunk keys of kind ${String(name)} are not known`)
}

const DRAFT_CODEC = /\/codec\/([a-z0-9]+)\//

/** An array of the draft that came before Zarr 3 (`meta/root/X.array.json`, chunks under `data/root/X/c0/1/2`). */
export function arrayDraft(path: string, document: Document, where: string): ArrayMetadata {
  const shape = lengths(document.shape, where, 'the shape')
  const grid = document.chunk_grid as { chunk_shape?: unknown; separator?: string } | undefined
  const chunks = lengths(grid?.chunk_shape, where, 'the shape of the chunks')
  const type = dataType(document.data_type, where)
  const compressor = document.compressor as { codec?: string; configuration?: Configuration } | undefined
  const codec = compressor === undefined ? undefined : DRAFT_CODEC.exec(compressor.codec ?? '')?.[1]
  if (compressor !== undefined && codec === undefined) throw bad(where, `the codec ${compressor.codec} is not known`)
  const entry = codec === undefined ? null : { ...compressor?.configuration, id: codec }
  const separator = grid?.separator ?? '/'
  return {
    path,
    shape,
    chunks,
    type,
    fill: fillValue(type, document.fill_value),
    hasFill: false,
    attributes: (document.attributes ?? {}) as Attributes,
    dimensionNames: undefined,
    pipeline: pipelineV2([], entry, type, shape.length, document.chunk_memory_layout === 'F', where),
    keyOf: (index) => `data/root/${join(path, `c${index.join(separator)}`)}`,
    hasChunkHeader: false,
    origin: { kind: 'draft', path, document, where },
  }
}

const N5_CODECS: Readonly<Record<string, string>> = {
  gzip: 'gzip',
  zlib: 'zlib',
  bzip2: 'bz2',
  blosc: 'blosc',
  zstd: 'zstd',
}

/** An array of N5: numbers big-endian, the first axis fastest; given here with axes turned round, as z5py and zarr-python do. */
export function arrayN5(path: string, document: Document, where: string): ArrayMetadata {
  const shape = lengths(document.dimensions, where, 'the dimensions').toReversed()
  const chunks = lengths(document.blockSize, where, 'the block size').toReversed()
  const type = dataType(document.dataType, where)
  if (type.number === undefined)
    throw bad(where, `elements of type ${String(document.dataType)} are not supported in N5`)
  const compression = (document.compression ?? { type: document.compressionType ?? 'raw' }) as Record<string, unknown>
  const kind = compression.type === 'gzip' && compression.useZlib === true ? 'zlib' : String(compression.type)
  const codec = N5_CODECS[kind]
  if (codec === undefined && kind !== 'raw') {
    throw new InputError('UnsupportedCodec', `${where} is compressed with ${kind}, which is not supported`, {
      data: { path: where, codec: kind },
    })
  }
  const { dimensions: _1, blockSize: _2, dataType: _3, compression: _4, compressionType: _5, ...attributes } = document
  const stored = { ...type, number: { ...type.number, isBigEndian: type.bytes > 1 } }
  return {
    path,
    shape,
    chunks,
    type: stored,
    fill: fillValue(type, 0),
    hasFill: false,
    attributes,
    dimensionNames: undefined,
    pipeline: pipelineV2([], codec === undefined ? null : { id: codec }, stored, shape.length, false, where),
    keyOf: (index) => join(path, index.toReversed().join('/')),
    hasChunkHeader: true,
    origin: { kind: 'n5', path, document, where },
  }
}
