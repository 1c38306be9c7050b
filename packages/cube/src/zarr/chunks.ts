/** Boxes of one stored chunk or shard: fetched, decoded and copied to where they belong. Knows nothing of whole arrays. */
import { isMainThread } from 'node:worker_threads'
import { DamagedData, sound } from '../codecs/damage.ts'
import { owned } from '../codecs/kernel.ts'
import { cellCount, type Region, splitRegion, stridesOf } from '../model/region.ts'
import { copyStrided, exactly, fillStrided, type Strided, toFloat64 } from './copy.ts'
import { type DataType, type Values, valuesOf } from './data-types.ts'
import type { Pipeline, Shards } from './pipeline.ts'

type Maybe<T> = T | Promise<T>

/** The stored bytes of one chunk. */
export interface ChunkBytes {
  all(): Maybe<Uint8Array | undefined>
  /** A negative offset counts from the end. */
  part(offset: number, length: number): Maybe<Uint8Array | undefined>
  /** What is read of shards' indexes is kept here, by depth and place. */
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

/** Decodes with `steps`; the result may lie in the kernel's memory and has to be used before the next `await`. */
async function run(pipeline: Pipeline, data: Uint8Array, size: number | undefined): Promise<Uint8Array> {
  const { steps } = pipeline
  let bytes = data
  for (let k = 0; k < steps.length; k++) {
    const step = steps[k]!
    const known = steps.slice(k + 1).every((later) => later.keepsSize) ? size : undefined
    if (isMainThread && step.decodeAside !== undefined && (known ?? bytes.length * 4) >= SMALL) {
      bytes = await step.decodeAside(owned(bytes), known)
    } else {
      bytes = step.decode(bytes, known)
    }
  }
  return bytes
}

/** Reads the cells `box` (counted within the chunk) of a chunk of `shape` to `to`. */
export async function readChunk(
  source: ChunkBytes,
  pipeline: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Promise<void> {
  // Everything from here on is in the order of axes in which the chunk is stored.
  const turn = <T>(list: readonly T[]): T[] => pipeline.order.map((axis) => list[axis]!)
  const stored = turn(shape)
  const within = { start: turn(box.start), shape: turn(box.shape) }
  const target = { ...to, strides: turn(to.strides) }
  if (pipeline.shards !== undefined) {
    await readShard(source, pipeline, pipeline.shards, stored, within, target, wanted)
    return
  }
  const data = await source.all()
  if (data === undefined) {
    fillStrided(fillOf(wanted), target, within.shape)
    return
  }
  if (wanted.hasHeader) await readWithHeader(data, pipeline, stored, within, target, wanted)
  else await decodeBox(data, pipeline, stored, within, target, wanted)
}

async function decodeBox(
  data: Uint8Array,
  pipeline: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Promise<void> {
  const count = cellCount(shape)
  const { type } = wanted
  const size = type.bytes === 0 ? undefined : count * type.bytes
  const bytes = await run(pipeline, data, size)
  let values: Values
  if (pipeline.items !== undefined) {
    values = pipeline.items.decodeItems(bytes)
    sound(values.length === count, `${values.length} elements where ${count} are expected`)
  } else {
    sound(bytes.length === size, `${bytes.length} bytes where ${size} are expected`)
    values = valuesOf(type, bytes, count)
  }
  if (wanted.asCube && (values instanceof BigInt64Array || values instanceof BigUint64Array)) values = toFloat64(values)
  const strides = stridesOf(shape)
  const offset = box.start.reduce((sum, from, d) => sum + from * strides[d]!, 0)
  copyStrided({ values, offset, strides }, to, box.shape)
}

/** N5: mode, number of axes, lengths (first axis fastest), all big-endian; then the data of just these cells. */
async function readWithHeader(
  data: Uint8Array,
  pipeline: Pipeline,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Promise<void> {
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
  await decodeBox(data.subarray(4 + 4 * rank), pipeline, own, { start: box.start, shape: held }, to, wanted)
}

/** No such inner chunk. */
const ABSENT = 2n ** 64n - 1n

async function readShard(
  source: ChunkBytes,
  pipeline: Pipeline,
  shards: Shards,
  shape: readonly number[],
  box: Region,
  to: Strided,
  wanted: Wanted,
): Promise<void> {
  const grid = shape.map((n, d) => n / shards.chunks[d]!)
  const pieces = [...splitRegion(box, shards.chunks)]
  const isMost = pieces.length * 2 >= cellCount(grid)
  const held = pipeline.steps.length > 0 || isMost ? await whole(source, pipeline) : source
  const index = held === undefined ? undefined : await indexOf(held, shards, cellCount(grid))
  if (held === undefined || index === undefined) {
    fillStrided(fillOf(wanted), to, box.shape)
    return
  }
  const steps = stridesOf(grid)
  const tasks = pieces.map(async (piece) => {
    const at = piece.start.map((from, d) => Math.floor(from / shards.chunks[d]!))
    const place = at.reduce((sum, n, d) => sum + n * steps[d]!, 0)
    const [offset, length] = [index[2 * place]!, index[2 * place + 1]!]
    const inner: ChunkBytes =
      offset === ABSENT && length === ABSENT ? nothing(source.key) : partOf(held, Number(offset), Number(length), place)
    const start = piece.start.map((from, d) => from - at[d]! * shards.chunks[d]!)
    const move = piece.start.reduce((sum, from, d) => sum + (from - box.start[d]!) * to.strides[d]!, to.offset)
    const region = { start, shape: piece.shape }
    try {
      await readChunk(inner, shards.inner, shards.chunks, region, { ...to, offset: move }, wanted)
    } catch (error) {
      throw error instanceof DamagedData ? new DamagedData(`inner chunk ${at.join('.')}: ${error.message}`) : error
    }
  })
  await Promise.all(tasks)
}

const nothing = (key: string): ChunkBytes => ({ key, all: () => undefined, part: () => undefined })

/** The shard's bytes in memory. */
async function whole(source: ChunkBytes, pipeline: Pipeline): Promise<ChunkBytes | undefined> {
  const stored = await source.all()
  if (stored === undefined) return undefined
  const data = pipeline.steps.length === 0 ? stored : (await run(pipeline, stored, undefined)).slice()
  return {
    key: source.key,
    all: () => data,
    part: (offset, length) => {
      const at = offset < 0 ? Math.max(0, data.length + offset) : offset
      return data.subarray(at, at + length)
    },
  }
}

function partOf(shard: ChunkBytes, offset: number, length: number, place: number): ChunkBytes {
  const exactly = async (at: number, count: number): Promise<Uint8Array | undefined> => {
    const data = await shard.part(at, count)
    sound(data?.length === count, `the shard ends before byte ${at + count}`)
    return data
  }
  return {
    key: `${shard.key}/${place}`,
    ...(shard.indexes === undefined ? {} : { indexes: shard.indexes }),
    all: () => exactly(offset, length),
    part: (from, count) => exactly(offset + (from < 0 ? length + from : from), count),
  }
}

async function indexOf(source: ChunkBytes, shards: Shards, count: number): Promise<BigUint64Array | undefined> {
  const known = source.indexes?.get(source.key)
  if (known !== undefined) return known
  const bytes = shards.indexBytes(count)
  const stored = await source.part(shards.isIndexFirst ? 0 : -bytes, bytes)
  if (stored === undefined) return undefined
  sound(stored.length === bytes, 'the shard is shorter than its index')
  let data: Uint8Array
  try {
    data = await run(shards.index, stored, undefined)
  } catch (error) {
    throw error instanceof DamagedData ? new DamagedData(`the index of the shard: ${error.message}`) : error
  }
  const index = new BigUint64Array(data.slice().buffer, 0, 2 * count)
  source.indexes?.set(source.key, index)
  return index
}
