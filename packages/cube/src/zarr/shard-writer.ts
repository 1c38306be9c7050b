/** A block of a cube as shards on disk: each file is written aside and then renamed, so that it is whole or not there. */
import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { throwIfAborted, type WorkOptions } from '@ecotope/core'
import { encodeBlosc } from '../codecs/blosc.ts'
import { crc32c } from '../codecs/checksums.ts'
import { gzipEncode, releaseMade, zstdEncode, zstdEncodeAside } from '../codecs/engine.ts'
import { owned } from '../codecs/kernel.ts'
import { DTYPES, newArray, type TypedArray } from '../dtype.ts'
import type { SinkEncoder } from '../execute/sink.ts'
import { writeError } from '../geotiff/aside.ts'
import type { Block } from '../model/block.ts'
import { cellCount, type Region, splitRegion, stridesOf } from '../model/region.ts'
import type { DType } from '../types.ts'
import { copyStrided } from './copy.ts'
import { type ArrayPlan, isSharded, type ZarrPlan } from './plan.ts'

/** Chunks that are encoded at the same time in the main thread. */
const AT_ONCE = 4

/** The worker's side of the sink. `encode` answers the files it wrote and their bytes. */
export function shardWriter(plan: ZarrPlan): SinkEncoder {
  const writing = { plan, folders: new Set<string>(), room: isMainThread ? newArray : keptArray() }
  return {
    encode: async (region, block, work) => {
      let bytes = 0
      for (const array of plan.arrays) {
        const part = partOf(plan, array, region, block)
        if (part === undefined) continue
        for (const shard of splitRegion(part.region, array.shards)) {
          throwIfAborted(work.signal)
          bytes += await writeShard(writing, array, part, shard, work)
        }
      }
      return { bytes }
    },
    close: () => Promise.resolve(),
  }
}

/** What is kept from shard to shard. */
interface Writing {
  readonly plan: ZarrPlan
  /** Those that are there. */
  readonly folders: Set<string>
  /** An array for one chunk, whatever is in it. */
  readonly room: (dtype: DType, length: number) => TypedArray
}

/** One array for one chunk after the other: thousands of dropped ones keep the engine busy looking for them. */
function keptArray(): Writing['room'] {
  let kept: TypedArray | undefined
  return (dtype, length) => {
    if (kept?.length !== length) kept = newArray(dtype, length)
    return kept
  }
}

/** What of a block belongs to one array: its region in the array's dimensions, and where its cells are. */
interface Part {
  readonly region: Region
  readonly data: TypedArray
  readonly offset: number
  readonly strides: readonly number[]
}

function partOf({ bands }: ZarrPlan, { band }: ArrayPlan, region: Region, block: Block): Part | undefined {
  const strides = stridesOf(block.region.shape)
  const offset = region.start.reduce((sum, from, d) => sum + (from - block.region.start[d]!) * strides[d]!, 0)
  if (bands === undefined || band === undefined) return { region, data: block.data, offset, strides }
  const row = band - region.start[bands]!
  if (row < 0 || row >= region.shape[bands]!) return undefined
  const without = <T>(list: readonly T[]): T[] => list.filter((_, d) => d !== bands)
  return {
    region: { start: without(region.start), shape: without(region.shape) },
    data: block.data,
    offset: offset + row * strides[bands]!,
    strides: without(strides),
  }
}

/** Bytes of the file; 0 where every cell is the fill value, for which there is no file. */
async function writeShard(
  writing: Writing,
  array: ArrayPlan,
  part: Part,
  shard: Region,
  work: WorkOptions,
): Promise<number> {
  const { plan, folders } = writing
  const index = shard.start.map((from, d) => Math.floor(from / array.shards[d]!))
  const path = join(plan.part, array.name, 'c', ...index.map(String))
  const aside = new AsideFile(path, folders)
  try {
    const grid = array.shards.map((n, d) => n / array.chunks[d]!)
    const places = new BigUint64Array(2 * cellCount(grid)).fill(2n ** 64n - 1n)
    const steps = stridesOf(grid)
    const origin = index.map((n, d) => n * array.shards[d]!)
    const pieces = [...splitRegion(shard, array.chunks)]
    for (let k = 0; k < pieces.length; k += isMainThread ? AT_ONCE : 1) {
      throwIfAborted(work.signal)
      const batch = pieces.slice(k, k + (isMainThread ? AT_ONCE : 1))
      const encoded = batch.map((piece) => encodeChunk(writing, array, part, piece))
      for (const [i, waiting] of encoded.entries()) {
        const bytes = waiting instanceof Promise ? await waiting : waiting
        if (bytes === undefined) continue
        const at = batch[i]!.start.reduce((sum, from, d) => {
          return sum + Math.floor((from - origin[d]!) / array.chunks[d]!) * steps[d]!
        }, 0)
        places[2 * at] = BigInt(aside.size)
        places[2 * at + 1] = BigInt(bytes.length)
        aside.write(bytes)
        if (BY_ENGINE.has(plan.compression)) releaseMade(bytes)
      }
    }
    if (aside.size === 0) return aside.finishEmpty()
    if (isSharded(array)) aside.write(indexBytes(places))
    return aside.finish()
  } catch (cause) {
    aside.abandon()
    // Of the folder beside the output nobody has heard.
    throw writeError(plan.path, cause)
  }
}

function indexBytes(places: BigUint64Array): Uint8Array {
  const bytes = new Uint8Array(places.byteLength + 4)
  const pairs = new Uint8Array(places.buffer)
  bytes.set(pairs)
  new DataView(bytes.buffer).setUint32(places.byteLength, crc32c(pairs), true)
  return bytes
}

/** One chunk, whole also at the array's edge; undefined where all of it is the fill value. */
function encodeChunk(
  { plan, room }: Writing,
  array: ArrayPlan,
  part: Part,
  piece: Region,
): Uint8Array | undefined | Promise<Uint8Array> {
  const cells = room(plan.dtype, cellCount(array.chunks))
  const fill = plan.fill ?? Number.NaN
  if (piece.shape.some((n, d) => n < array.chunks[d]!)) cells.fill(fill)
  const offset = piece.start.reduce(
    (sum, from, d) => sum + (from - part.region.start[d]!) * part.strides[d]!,
    part.offset,
  )
  copyStrided(
    { values: part.data, offset, strides: part.strides },
    { values: cells, offset: 0, strides: stridesOf(array.chunks) },
    piece.shape,
  )
  if (isAll(cells, fill)) return undefined
  const bytes = new Uint8Array(cells.buffer)
  const { compression, level } = plan
  if (compression === 'none') return bytes
  if (compression === 'gzip') return gzipEncode(bytes, level)
  if (compression === 'zstd') return isMainThread ? zstdEncodeAside(bytes, level) : zstdEncode(bytes, level)
  const typesize = DTYPES[plan.dtype].bytes
  const shuffle = typesize === 1 ? 'noshuffle' : 'shuffle'
  const made = encodeBlosc(bytes, { cname: 'lz4', clevel: level, shuffle, typesize })
  return isMainThread ? owned(made) : made
}

/** What the engine compresses lies in memory of its own. */
const BY_ENGINE: ReadonlySet<ZarrPlan['compression']> = new Set(['zstd', 'gzip'])

function isAll(cells: TypedArray, fill: number): boolean {
  if (Number.isNaN(fill)) return cells.every((value) => Number.isNaN(value))
  return cells.every((value) => value === fill)
}

/** Whether a file was being written when its process ended. */
export const isAside = (name: string): boolean => /^(?:\d+|c)\.[\da-f]{8}$/.test(name)

/** A file under another name until it is whole. */
class AsideFile {
  size = 0
  readonly #path: string
  readonly #aside: string
  readonly #folders: Set<string>
  #file: number | undefined

  constructor(path: string, folders: Set<string>) {
    this.#path = path
    this.#aside = `${path}.${randomUUID().slice(0, 8)}`
    this.#folders = folders
  }

  write(bytes: Uint8Array): void {
    if (this.#file === undefined) {
      const folder = dirname(this.#path)
      if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true })
      this.#folders.add(folder)
      this.#file = openSync(this.#aside, 'wx')
    }
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.size += bytes.length
  }

  finish(): number {
    closeSync(this.#file!)
    this.#file = undefined
    renameSync(this.#aside, this.#path)
    return this.size
  }

  /** An earlier try may have left a file where none is needed. */
  finishEmpty(): number {
    rmSync(this.#path, { force: true })
    return 0
  }

  abandon(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    rmSync(this.#aside, { force: true })
  }
}
