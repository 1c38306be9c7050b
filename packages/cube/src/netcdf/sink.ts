/**
 * Cubes written as NetCDF-4 with CF attributes: a variable for every band, chunked, shuffled and deflated. Workers
 * compress, the main thread appends; the file appears under its name when it is whole.
 */
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { encodeCf } from '../cf/encode.ts'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { SinkEncoder, SinkFormat, SinkHandle, SinkJob, SinkOptions } from '../execute/sink.ts'
import { type AsideFile, openAside } from '../geotiff/aside.ts'
import type { Block } from '../model/block.ts'
import { type CubeSchema, shapeOf } from '../model/node.ts'
import { cellCount, type Region, stridesOf } from '../model/region.ts'
import type { DType } from '../types.ts'
import { Hdf5Writer } from './hdf5-write.ts'

/** What a worker needs to know; plain data. */
interface Handle extends SinkHandle {
  readonly dtype: DType
  readonly fill: number
  /** Per dimension of the cube. */
  readonly chunks: readonly number[]
  /** Index of the dimension of bands, -1 where there is none. */
  readonly bands: number
  readonly level: number
  readonly shuffle: boolean
}

/** A compressed chunk: index of its variable and its first cell there. */
interface EncodedChunk {
  readonly variable: number
  readonly start: readonly number[]
  readonly bytes: Uint8Array
}

const CHUNK_BYTES = 1 << 20
const TILE = 512

/** Chunks of about a mebibyte: tiles of space first, then as many of the slower dimensions as there is room for. */
function chunksFor(schema: CubeSchema): number[] {
  const shape = shapeOf(schema)
  let room = CHUNK_BYTES / DTYPES[schema.packing.dtype].bytes
  const chunks = shape.map(() => 1)
  const isTiled = (d: number): boolean => {
    const dim = schema.dims[d]!
    return dim.type === 'spatial' && dim.axis !== 'z'
  }
  const order = [...shape.keys()].reverse()
  for (const d of [...order.filter(isTiled), ...order.filter((d) => !isTiled(d))]) {
    if (schema.dims[d]!.type === 'bands') continue
    const most = isTiled(d) ? TILE : Infinity
    chunks[d] = Math.max(1, Math.min(shape[d]!, most, Math.floor(room)))
    room /= chunks[d]
  }
  return chunks
}

async function create(path: string, schema: CubeSchema, { options }: SinkOptions): Promise<SinkJob> {
  const layout = { chunks: chunksFor(schema), level: levelOf(options.level), shuffle: options.shuffle !== false }
  const dataset = encodeCf(schema, { layout: 'variables' })
  if (shapeOf(schema).some((length) => length === 0)) {
    throw new InputError('EmptyCube', `${path}: the cube has a dimension without labels`, { data: { path } })
  }
  const bands = schema.dims.findIndex((dim) => dim.type === 'bands')
  const aside = await openAside(path, () => Promise.resolve())
  const withoutBands = layout.chunks.filter((_, d) => d !== bands)
  const writer = new Hdf5Writer(aside.file, dataset, { ...layout, chunks: withoutBands })
  const handle: Handle = {
    format: 'netCDF',
    path,
    dtype: schema.packing.dtype,
    fill: schema.packing.nodata ?? (DTYPES[schema.packing.dtype].isFloat ? Number.NaN : 0),
    bands,
    ...layout,
  }
  return jobOf(aside, writer, handle)
}

function levelOf(level: unknown): number {
  if (level === undefined) return 4
  if (typeof level === 'number' && Number.isInteger(level) && level >= 0 && level <= 9) return level
  throw new InputError('BadOption', `the compression level ${String(level)} is not possible`, {
    hint: 'give a whole number from 0 (none) to 9',
    data: { level },
  })
}

function jobOf({ write, publish, remove }: AsideFile, writer: Hdf5Writer, handle: Handle): SinkJob {
  // Chunks are appended one after the other, whoever calls.
  let queue: Promise<void> = Promise.resolve()
  return {
    handle,
    chunks: handle.chunks,
    // Chunks are appended as they come: in one order, so that the same cube gives the same bytes.
    order: 'row-major',
    encodeBytes: () => 4 * cellCount(handle.chunks) * DTYPES[handle.dtype].bytes,
    isDone: () => false,
    write: (_, encoded) => {
      const next = queue.then(async () => {
        for (const { variable, start, bytes } of encoded as EncodedChunk[]) await writer.chunk(variable, start, bytes)
      })
      queue = next.catch(() => undefined)
      return write(() => next)
    },
    finish: async (work) => {
      try {
        throwIfAborted(work?.signal)
        await queue
        await write(() => writer.finish())
        await work?.beforePublish?.()
        await publish()
      } catch (cause) {
        await remove()
        throw cause
      }
    },
    // A partial file has no index of its chunks, so that it cannot be taken up again.
    abandon: remove,
  }
}

const compress = promisify(deflate) as (data: Uint8Array, options: { level: number }) => Promise<Buffer>

async function encoder(handle: SinkHandle): Promise<SinkEncoder> {
  const settings = handle as Handle
  return {
    encode: async (region: Region, block: Block, work: WorkOptions): Promise<EncodedChunk[]> => {
      const out: EncodedChunk[] = []
      for (const start of chunkStarts(region, settings.chunks)) {
        throwIfAborted(work.signal)
        const cells = cut(block, start, settings)
        const raw = new Uint8Array(cells.buffer)
        const { shuffle, level, bands } = settings
        const ordered = shuffle ? shuffled(raw, cells.BYTES_PER_ELEMENT) : raw
        const bytes = level === 0 ? ordered : await compress(ordered, { level })
        const variable = bands < 0 ? 0 : start[bands]!
        out.push({ variable, start: start.filter((_, d) => d !== bands), bytes })
      }
      return out
    },
    close: async () => undefined,
  }
}

/** First cells of the chunks of a region. */
function* chunkStarts(region: Region, chunks: readonly number[]): Generator<number[]> {
  const counts = region.shape.map((length, d) => Math.ceil(length / chunks[d]!))
  const total = cellCount(counts)
  const strides = stridesOf(counts)
  for (let i = 0; i < total; i++) {
    yield counts.map((n, d) => region.start[d]! + (Math.floor(i / strides[d]!) % n) * chunks[d]!)
  }
}

/** A whole chunk of the block, filled up beyond its edge: HDF5 stores no partial ones. */
function cut({ region, data }: Block, start: readonly number[], { chunks, dtype, fill }: Handle): TypedArray {
  const shape = chunks.map((size, d) => Math.min(size, region.start[d]! + region.shape[d]! - start[d]!))
  const out = newArray(dtype, cellCount(chunks))
  if (shape.some((length, d) => length < chunks[d]!)) out.fill(fill)
  const from = stridesOf(region.shape)
  const to = stridesOf(chunks)
  const rank = shape.length
  const run = shape[rank - 1] ?? 1
  const rows = cellCount(shape.slice(0, -1))
  const steps = stridesOf(shape.slice(0, -1))
  for (let row = 0; row < rows; row++) {
    let source = rank === 0 ? 0 : start[rank - 1]! - region.start[rank - 1]!
    let target = 0
    for (let d = 0; d < rank - 1; d++) {
      const i = Math.floor(row / steps[d]!) % shape[d]!
      source += (start[d]! - region.start[d]! + i) * from[d]!
      target += i * to[d]!
    }
    out.set(data.subarray(source, source + run), target)
  }
  return out
}

/** Bytes of the same significance together. */
function shuffled(bytes: Uint8Array, size: number): Uint8Array {
  if (size === 1) return bytes
  const count = bytes.length / size
  const out = new Uint8Array(bytes.length)
  for (let b = 0; b < size; b++) {
    const base = b * count
    for (let i = 0, at = b; i < count; i++, at += size) out[base + i] = bytes[at]!
  }
  return out
}

export const netcdfSink: SinkFormat = {
  format: 'netCDF',
  extensions: ['.nc', '.nc4'],
  options: ['level', 'shuffle'],
  create,
  encoder,
}
