/** Boxes of one stored chunk or shard: fetched, decoded and copied to where they belong. Knows nothing of whole arrays. */
import { isMainThread } from 'node:worker_threads'
import type { FileNow, TakeBytes } from '../codecs/blosc.ts'
import { DamagedData, sound } from '../codecs/damage.ts'
import { owned } from '../codecs/kernel.ts'
import { exactly, toFloat64 } from '../codecs/numbers.ts'
import { cellCount, type Region, splitRegion, stridesOf } from '../model/region.ts'
import { copyPart, copyStrided, fillStrided, runLength, type Strided } from './copy.ts'
import { type DataType, type Values, valuesOf } from './data-types.ts'
import type { Pipeline, Shards } from './pipeline.ts'

export type Maybe<T> = T | Promise<T>

/**
 * Goes on with a value that may be there already. Reading from files in worker threads never waits, so that bytes in
 * reused memory are used up before anything else runs.
 */
export function after<T, R>(value: Maybe<T>, use: (value: T) => Maybe<R>): Maybe<R> {
  return value instanceof Promise ? value.then(use) : use(value)
}

/** The stored bytes of one chunk. */
export interface ChunkBytes {
  /** May lie in memory that the next read overwrites. */
  all(): Maybe<Uint8Array | undefined>
  /** A negative offset counts from the end. */
  part(offset: number, length: number): Maybe<Uint8Array | undefined>
  /** The same as an open file, in threads that may wait for it. */
  open?(): FileNow | undefined
  /** What is read of shards' indexes is kept here, by key and place. */
  readonly indexes?: Map<string, BigUint64Array>
  readonly key: string
}

/** What is asked of a chunk. */
export interface Wanted {
  readonly type: DataType
  /** Missing chunks are filled with this. */
  readonly fill: unknown
  /** 64-bit integers become float64. */
  readonly asCube: boolean
  /** Chunks carry their own shape (N5). */
  readonly hasHeader: boolean
}

const fillOf = ({ fill, asCube }: Wanted): unknown => (asCube && typeof fill === 'bigint' ? exactly(fill) : fill)

/** Results below this many bytes are not worth the way to another thread. */
const SMALL = 32768

/** Decodes and hands the result over at once, as it may lie in the kernel's memory. */
function run<R>(
  { steps }: Pipeline,
  data: Uint8Array,
  size: number | undefined,
  use: (bytes: Uint8Array) => R,
  from = 0,
): Maybe<R> {
  let bytes = data
  for (let k = from; k < steps.length; k++) {
    const step = steps[k]!
    const known = steps.slice(k + 1).every((later) => later.keepsSize) ? size : undefined
    if (isMainThread && step.decodeAside !== undefined && (known ?? bytes.length * 4) >= SMALL) {
      return step.decodeAside(owned(bytes), known).then((made) => run({ steps } as Pipeline, made, size, use, k + 1))
    }
    bytes = step.decode(bytes, known)
  }
  return use(bytes)
}

/** Reads the cells `box` (counted within the chunk) of a chunk of `shape` to `to`. */
export function readChunk(
  source: ChunkBytes,
  pipeline: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Maybe<void> {
  // Everything from here on is in the order of axes in which the chunk is stored.
  const turn = <T>(list: readonly T[]): T[] => pipeline.order.map((axis) => list[axis]!)
  const stored = turn(shape)
  const within = { start: turn(box.start), shape: turn(box.shape) }
  const target = { ...to, strides: turn(to.strides) }
  if (pipeline.shards !== undefined) {
    return readShard(source, pipeline, pipeline.shards, stored, within, target, wanted)
  }
  const rows = plainRows(pipeline, stored, within, wanted)
  if (rows !== undefined) {
    return after(source.part(rows.offset, rows.length), (data) => {
      if (data === undefined) return fillStrided(fillOf(wanted), target, within.shape)
      return decodeBox(data, pipeline, rows.shape, rows.box, target, wanted)
    })
  }
  if (isReadByBlocks(source, pipeline, stored, within, target, wanted)) {
    using file = source.open!()
    if (file === undefined) return fillStrided(fillOf(wanted), target, within.shape)
    const { size, from, end, take } = runOf(stored, within, target, wanted)
    return pipeline.steps[0]!.decodeFile!(file, size, from, end, take)
  }
  return after(source.all(), (data) => {
    if (data === undefined) return fillStrided(fillOf(wanted), target, within.shape)
    if (wanted.hasHeader) return readWithHeader(data, pipeline, stored, within, target, wanted)
    return decodeBox(data, pipeline, stored, within, target, wanted)
  })
}

/** Whether elements are stored as they are, so that some can be read alone. */
export const isPlain = ({ steps, items, shards }: Pipeline, { bytes }: DataType): boolean =>
  steps.length === 0 && items === undefined && shards === undefined && bytes > 0

/** Of a plain chunk the stretch of bytes from the first row of a box to the last, where that is half or less of it. */
function plainRows(pipeline: Pipeline, shape: readonly number[], box: Region, { type, hasHeader }: Wanted) {
  if (hasHeader || !isPlain(pipeline, type)) return undefined
  const along = Math.max(
    0,
    box.shape.findIndex((side) => side > 1),
  )
  const strides = stridesOf(shape)
  const count = box.shape[along]! * strides[along]!
  if (2 * count > cellCount(shape)) return undefined
  const first = box.start.reduce((sum, at, d) => (d > along ? sum : sum + at * strides[d]!), 0)
  return {
    offset: first * type.bytes,
    length: count * type.bytes,
    shape: shape.map((side, d) => (d > along ? side : box.shape[d]!)),
    box: { start: box.start.map((at, d) => (d > along ? at : 0)), shape: box.shape },
  }
}

function decodeBox(
  data: Uint8Array,
  pipeline: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Maybe<void> {
  const count = cellCount(shape)
  const { type } = wanted
  const size = type.bytes === 0 ? undefined : count * type.bytes
  if (size !== undefined && isTakenInParts(pipeline, shape, box, to, wanted)) {
    return decodeParts(data, pipeline, shape, box, to, wanted)
  }
  return run(pipeline, data, size, (bytes) => {
    let values: Values
    if (pipeline.items !== undefined) {
      values = pipeline.items.decodeItems(bytes)
      sound(values.length === count, `${values.length} elements where ${count} are expected`)
    } else {
      sound(bytes.length === size, `${bytes.length} bytes where ${size} are expected`)
      values = valuesOf(type, bytes, count)
    }
    values = cubeValues(values, wanted)
    const strides = stridesOf(shape)
    const offset = box.start.reduce((sum, from, d) => sum + from * strides[d]!, 0)
    copyStrided({ values, offset, strides }, to, box.shape)
  })
}

const cubeValues = (values: Values, { asCube }: Wanted): Values =>
  asCube && (values instanceof BigInt64Array || values instanceof BigUint64Array) ? toFloat64(values) : values

/** Shorter runs are copied faster in one walk over the whole box. */
export const LONG_RUN = 64

/** Whether the last codec gives numbers a part at a time, and the box is one run of the chunk's elements. */
function isTakenInParts(
  { steps, items }: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  { type }: Wanted,
): boolean {
  if (steps.at(-1)?.decodeParts === undefined || items !== undefined || type.layout !== 'number') return false
  const first = box.shape.findIndex((length) => length !== 1)
  const isRun = box.shape.every((length, d) => d <= first || length === shape[d])
  return isRun && runLength(box.shape, to) >= LONG_RUN
}

/** Decoded chunks of more bytes than this leave the processor's cache before they are used. */
const CACHED_BYTES = 2 ** 20

/** Whether a chunk is read from its file block by block, as little of it is wanted or it is large. */
function isReadByBlocks(
  { open }: ChunkBytes,
  pipeline: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): boolean {
  const { steps } = pipeline
  if (open === undefined || wanted.hasHeader || steps.length !== 1 || steps[0]!.decodeFile === undefined) return false
  const count = cellCount(shape)
  const isWorthIt = count * wanted.type.bytes > CACHED_BYTES || 2 * cellCount(box.shape) <= count
  return isWorthIt && isTakenInParts(pipeline, shape, box, to, wanted)
}

/** A box that is one run of a chunk's elements: its bytes among those of the chunk, and how they get to their place. */
function runOf(shape: readonly number[], box: Region, to: Strided, wanted: Wanted) {
  const { type } = wanted
  const strides = stridesOf(shape)
  const from = box.start.reduce((sum, start, d) => sum + start * strides[d]!, 0) * type.bytes
  const take: TakeBytes = (part, at) => {
    const values = valuesOf(type, part, part.length / type.bytes)
    copyPart(cubeValues(values, wanted), (at - from) / type.bytes, to, box.shape)
  }
  return { size: cellCount(shape) * type.bytes, from, end: from + cellCount(box.shape) * type.bytes, take }
}

/** Each part is copied to its place while it is in the cache. */
function decodeParts(
  data: Uint8Array,
  { steps, ...pipeline }: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Maybe<void> {
  const { size, from, end, take } = runOf(shape, box, to, wanted)
  return run({ ...pipeline, steps: steps.slice(0, -1) }, data, undefined, (bytes) =>
    steps.at(-1)!.decodeParts!(bytes, size, from, end, take),
  )
}

/** N5: mode, number of axes, lengths (first axis fastest), all big-endian; then the data of just these cells. */
function readWithHeader(
  data: Uint8Array,
  pipeline: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Maybe<void> {
  sound(data.length >= 4, 'the header is truncated')
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const [mode, rank] = [view.getUint16(0), view.getUint16(2)]
  sound(mode === 0 && rank === shape.length, `a header of mode ${mode} with ${rank} axes is not supported`)
  sound(data.length >= 4 + 4 * rank, 'the header is truncated')
  const own = shape.map((_, d) => view.getUint32(4 + 4 * (rank - 1 - d)))
  sound(
    own.every((n, d) => n <= shape[d]!),
    `its shape ${own.join(' x ')} exceeds the chunks' shape`,
  )
  const held = box.shape.map((n, d) => Math.max(0, Math.min(n, own[d]! - box.start[d]!)))
  if (held.some((n, d) => n < box.shape[d]!)) fillStrided(fillOf(wanted), to, box.shape)
  return decodeBox(data.subarray(4 + 4 * rank), pipeline, own, { start: box.start, shape: held }, to, wanted)
}

/** No such inner chunk. */
const ABSENT = 2n ** 64n - 1n

function readShard(
  source: ChunkBytes,
  pipeline: Pipeline,
  shards: Shards,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Maybe<void> {
  const grid = shape.map((n, d) => n / shards.chunks[d]!)
  const count = cellCount(grid)
  const pieces = [...splitRegion(box, shards.chunks)]
  const isMost = pieces.length * 2 >= count
  const held = pipeline.steps.length > 0 || isMost ? whole(source, pipeline) : source
  return after(held, (shard) =>
    after(shard === undefined ? undefined : indexOf(shard, shards, count), (index) => {
      if (shard === undefined || index === undefined) return fillStrided(fillOf(wanted), to, box.shape)
      const waiting = pieces.map((piece) => readInner(shard, index, shards, grid, piece, box, to, wanted))
      return waiting.some((one) => one instanceof Promise) ? Promise.all(waiting).then(() => {}) : undefined
    }),
  )
}

/** One inner chunk of a shard. */
function readInner(
  shard: ChunkBytes,
  index: BigUint64Array,
  shards: Shards,
  grid: readonly number[],
  piece: Region,
  box: Region,
  to: Strided,
  wanted: Wanted,
): Maybe<void> {
  const steps = stridesOf(grid)
  const at = piece.start.map((from, d) => Math.floor(from / shards.chunks[d]!))
  const place = at.reduce((sum, n, d) => sum + n * steps[d]!, 0)
  const [offset, length] = [index[2 * place]!, index[2 * place + 1]!]
  const isAbsent = offset === ABSENT && length === ABSENT
  const inner = isAbsent ? nothing(shard.key) : partOf(shard, Number(offset), Number(length), place)
  const start = piece.start.map((from, d) => from - at[d]! * shards.chunks[d]!)
  const move = piece.start.reduce((sum, from, d) => sum + (from - box.start[d]!) * to.strides[d]!, to.offset)
  const named = (error: unknown): never => {
    throw error instanceof DamagedData ? new DamagedData(`inner chunk ${at.join('.')}: ${error.message}`) : error
  }
  try {
    const target = { ...to, offset: move }
    const done = readChunk(inner, shards.inner, shards.chunks, { start, shape: piece.shape }, target, wanted)
    return done instanceof Promise ? done.catch(named) : done
  } catch (error) {
    return named(error)
  }
}

const nothing = (key: string): ChunkBytes => ({ key, all: () => undefined, part: () => undefined })

/** The shard's bytes in memory. */
function whole(source: ChunkBytes, pipeline: Pipeline): Maybe<ChunkBytes | undefined> {
  return after(source.all(), (stored) => {
    if (stored === undefined) return undefined
    if (pipeline.steps.length === 0) return inMemory(source, stored)
    return run(pipeline, stored, undefined, (data) => inMemory(source, data.slice()))
  })
}

const inMemory = ({ key, indexes }: ChunkBytes, data: Uint8Array): ChunkBytes => ({
  key,
  ...(indexes === undefined ? {} : { indexes }),
  all: () => data,
  part: (offset, length) => {
    const at = offset < 0 ? Math.max(0, data.length + offset) : offset
    return data.subarray(at, at + length)
  },
})

function partOf(shard: ChunkBytes, offset: number, length: number, place: number): ChunkBytes {
  const exactly = (at: number, count: number): Maybe<Uint8Array | undefined> =>
    after(shard.part(at, count), (data) => {
      sound(data?.length === count, `the shard ends before byte ${at + count}`)
      return data
    })
  return {
    key: `${shard.key}/${place}`,
    ...(shard.indexes === undefined ? {} : { indexes: shard.indexes }),
    all: () => exactly(offset, length),
    part: (from, count) => exactly(offset + (from < 0 ? length + from : from), count),
  }
}

function indexOf(source: ChunkBytes, shards: Shards, count: number): Maybe<BigUint64Array | undefined> {
  const known = source.indexes?.get(source.key)
  if (known !== undefined) return known
  const bytes = shards.indexBytes(count)
  return after(source.part(shards.isIndexFirst ? 0 : -bytes, bytes), (stored) => {
    if (stored === undefined) return undefined
    sound(stored.length === bytes, 'the shard is shorter than its index')
    try {
      return run(shards.index, stored, undefined, (data) => {
        const index = new BigUint64Array(data.slice().buffer, 0, 2 * count)
        source.indexes?.set(source.key, index)
        return index
      })
    } catch (error) {
      throw error instanceof DamagedData ? new DamagedData(`the index of the shard: ${error.message}`) : error
    }
  })
}
