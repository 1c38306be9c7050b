/**
 * Reads regions of sources so that each stored chunk is decoded at most once while it is kept: chunks of which only a
 * part is used (by halos, warps, crops) stay in a cache of fixed size, whole chunks pass through.
 */
import { EcotopeError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { newArray, type TypedArray } from '../dtype.ts'
import { type ArraySource, DECODED_AGAIN, decodedBoxes, type Place, partsApart } from '../model/array-source.ts'
import { copyBox } from '../model/copy.ts'
import { blockArray, dropBytes, own, release } from '../model/garbage.ts'
import { shapeOf } from '../model/node.ts'
import { canBeMissing, missingRaw } from '../model/packing.ts'
import { inParallel } from '../model/parallel.ts'
import { alignRegion, cellCount, type Region, regionText, sameRegion, splitRegion, stridesOf } from '../model/region.ts'
import { chunkBytes } from './nodes.ts'
import { PARALLEL_CHUNKS } from './schedule.ts'

/** A chunk that could not be read and whose cells are missing instead. */
export interface FailedChunk {
  readonly path: string
  /** Index of the chunk along each dimension of its array. */
  readonly chunk: readonly number[]
  readonly region: Region
  readonly message: string
}

export interface ReaderOptions {
  /** Bytes of decoded chunks that are kept. Default 0: none. */
  readonly cacheBytes?: number
  /** Where given, cells of chunks that cannot be read are missing, and each such chunk is told once. */
  readonly onFailedChunk?: (failure: FailedChunk) => void
  /** Whether sources that can read to any place do so, to spare memory; else they may use several threads. */
  readonly inPlace?: boolean
}

interface Cached {
  readonly data: Promise<TypedArray>
  readonly bytes: number
}

/** Formats whose readers make a new array for each read. */
const COPYING: ReadonlySet<string> = new Set(['Zarr', 'GTiff', 'netCDF', 'assembled', 'spool'])

/**
 * Whether nobody else can refer to what a read gives. Layers that lie in memory after all are given as they are only
 * where all of a plane is asked for.
 */
function givesCopies({ handle, schema }: ArraySource, region: Region): boolean {
  const shape = shapeOf(schema)
  const isPart = region.shape.slice(-2).some((side, d, sides) => side < shape[shape.length - sides.length + d]!)
  return isPart && COPYING.has(handle.format)
}

/** Formats of which any cells can be read without others. */
const PLAIN: ReadonlySet<string> = new Set(['spool'])

export class ChunkReader {
  readonly #cacheBytes: number
  readonly #onFailedChunk: ReaderOptions['onFailedChunk']
  readonly #inPlace: boolean
  /** Least recently used first. */
  readonly #cache = new Map<string, Cached>()
  readonly #ids = new WeakMap<ArraySource, number>()
  readonly #told = new Set<string>()
  #bytes = 0
  #sources = 0

  constructor(options: ReaderOptions = {}) {
    this.#cacheBytes = options.cacheBytes ?? 0
    this.#onFailedChunk = options.onFailedChunk
    this.#inPlace = options.inPlace ?? false
  }

  async read(source: ArraySource, region: Region, work: WorkOptions = {}): Promise<TypedArray> {
    throwIfAborted(work.signal)
    const { chunks, schema } = source
    const shape = shapeOf(schema)
    if (this.#passes(source, region)) return this.#made(source, region, work)
    const target = own(blockArray(schema.packing.dtype, cellCount(region.shape)))
    await inParallel(splitRegion(region, chunks), PARALLEL_CHUNKS, async (part) => {
      const chunk = alignRegion(part, chunks, shape)
      const isOwn = sameRegion(chunk, part)
      const data = isOwn ? await this.#made(source, part, work) : await this.#cached(source, chunk, work)
      const from = part.start.map((start, d) => start - chunk.start[d]!)
      const to = part.start.map((start, d) => start - region.start[d]!)
      copyBox(data, chunk.shape, from, target, region.shape, to, part.shape)
      if (isOwn) release(data)
    })
    return target
  }

  /** Whether chunks are not kept, as little of them would be used again or they are too large. */
  #passes(source: ArraySource, region: Region): boolean {
    const { chunks, schema, handle } = source
    if (PLAIN.has(handle.format)) return true
    const decoded = cellCount(alignRegion(region, decodedBoxes(source, region), shapeOf(schema)).shape)
    return decoded <= DECODED_AGAIN * cellCount(region.shape) || 2 * chunkBytes(schema, chunks) > this.#cacheBytes
  }

  /** Whether `readTo` is worth a try. */
  canPlace(source: ArraySource, region: Region): boolean {
    return source.readTo !== undefined && this.#onFailedChunk === undefined && this.#passes(source, region)
  }

  /** Reads to memory of the caller's; false where the source cannot. */
  readTo(source: ArraySource, region: Region, place: Place, work: WorkOptions): Promise<boolean> {
    throwIfAborted(work.signal)
    return source.readTo?.(region, place, work) ?? Promise.resolve(false)
  }

  #key(source: ArraySource, chunk: Region): string {
    let id = this.#ids.get(source)
    if (id === undefined) {
      id = this.#sources++
      this.#ids.set(source, id)
    }
    return `${id}:${regionText(chunk)}`
  }

  #cached(source: ArraySource, chunk: Region, work: WorkOptions): Promise<TypedArray> {
    const key = this.#key(source, chunk)
    const known = this.#cache.get(key)
    if (known !== undefined) {
      this.#cache.delete(key)
      this.#cache.set(key, known)
      return known.data
    }
    const entry = { data: this.#direct(source, chunk, work), bytes: chunkBytes(source.schema, chunk.shape) }
    this.#cache.set(key, entry)
    this.#bytes += entry.bytes
    entry.data.catch(() => this.#drop(key))
    for (const oldest of this.#cache.keys()) {
      if (this.#bytes <= this.#cacheBytes) break
      this.#drop(oldest)
    }
    return entry.data
  }

  #drop(key: string): void {
    const bytes = this.#cache.get(key)?.bytes ?? 0
    this.#bytes -= bytes
    dropBytes(bytes)
    this.#cache.delete(key)
  }

  /** What is read for one block, which owns it where nobody else can have it. */
  async #made(source: ArraySource, region: Region, work: WorkOptions): Promise<TypedArray> {
    const placed = await this.#placed(source, region, work)
    if (placed !== undefined) return placed
    const data = await this.#direct(source, region, work)
    return givesCopies(source, region) ? own(data) : data
  }

  /** Undefined where the source cannot read to a given place. */
  async #placed(source: ArraySource, region: Region, work: WorkOptions): Promise<TypedArray | undefined> {
    if (!this.#inPlace || this.#onFailedChunk !== undefined || source.readTo === undefined) return undefined
    const { dtype } = source.schema.packing
    const [data, strides] = [own(blockArray(dtype, cellCount(region.shape))), stridesOf(region.shape)]
    const place = { buffer: data.buffer, byteOffset: 0, strides, length: data.length }
    if (await source.readTo(region, place, work)) return data
    release(data)
    return undefined
  }

  async #direct(source: ArraySource, region: Region, work: WorkOptions): Promise<TypedArray> {
    if (this.#onFailedChunk === undefined) return source.read(region, work)
    try {
      return await source.read(region, work)
    } catch (error) {
      throwIfAborted(work.signal)
      return this.#mended(source, region, error, work)
    }
  }

  /** Chunk by chunk; those that fail are missing. Throws where cells of this packing cannot be missing. */
  async #mended(source: ArraySource, region: Region, error: unknown, work: WorkOptions): Promise<TypedArray> {
    const { packing } = source.schema
    if (!canBeMissing(packing) || !(error instanceof EcotopeError)) throw error
    const target = newArray(packing.dtype, cellCount(region.shape)).fill(missingRaw(packing))
    for (const part of partsApart(source, region)) {
      try {
        const data = await source.read(part, work)
        const to = part.start.map((start, d) => start - region.start[d]!)
        const from = to.map(() => 0)
        copyBox(data, part.shape, from, target, region.shape, to, part.shape)
      } catch (cause) {
        throwIfAborted(work.signal)
        this.#tell(source, part, cause)
      }
    }
    return target
  }

  #tell(source: ArraySource, part: Region, cause: unknown): void {
    const data = cause instanceof EcotopeError ? cause.data : {}
    const path = typeof data.path === 'string' ? data.path : source.handle.path
    const chunk = Array.isArray(data.chunk)
      ? (data.chunk as number[])
      : part.start.map((start, d) => Math.floor(start / source.chunks[d]!))
    const key = `${path}#${chunk.join()}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#onFailedChunk!({
      path,
      chunk,
      region: source.apart === undefined ? alignRegion(part, source.chunks, shapeOf(source.schema)) : part,
      message: cause instanceof Error ? cause.message : String(cause),
    })
  }
}
