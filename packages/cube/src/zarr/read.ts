/** Regions of one Zarr array: which chunks they touch, and their cells in one place. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { DamagedData, InexactValue } from '../codecs/damage.ts'
import { cellCount, type Region, splitRegion, stridesOf, wholeRegion } from '../model/region.ts'
import { type ChunkBytes, type Maybe, readChunk } from './chunks.ts'
import { cubeType, newValues, type Values } from './data-types.ts'
import type { ArrayMetadata } from './metadata.ts'
import type { Store } from './store.ts'

/** Chunks that are fetched and decoded at the same time. */
const AT_ONCE = { local: 8, remote: 16 } as const
/** Shards whose index stays in memory, per array. */
const INDEXES_KEPT = 256

export interface ZarrArray {
  readonly store: Store
  readonly metadata: ArrayMetadata
  /** Indexes of shards, by key. */
  readonly indexes: Map<string, BigUint64Array>
}

export const arrayOf = (store: Store, metadata: ArrayMetadata): ZarrArray => ({ store, metadata, indexes: new Map() })

/** Cells of a region in the array's own type; 64-bit integers as bigint, texts and objects as a list. */
export async function readValues(array: ZarrArray, region?: Region, work: WorkOptions = {}): Promise<Values> {
  const { type, shape } = array.metadata
  const whole = region ?? wholeRegion(shape)
  const values = newValues(type, cellCount(whole.shape))
  await readInto(array, whole, values, 0, stridesOf(whole.shape), false, work)
  return values
}

/**
 * Reads a region into an array that has room for it: its first cell at `offset`, steps `strides`. `asCube`: as numbers
 * of `cubeType`. Throws `InputError('CorruptChunk')` with `data: { path, chunk, key }`.
 */
export async function readInto(
  array: ZarrArray,
  region: Region,
  values: Values,
  offset: number,
  strides: readonly number[],
  asCube: boolean,
  work: WorkOptions = {},
): Promise<void> {
  const { store, metadata, indexes } = array
  const { chunks, type, pipeline } = metadata
  const wanted = { type, fill: metadata.fill, asCube, hasHeader: metadata.hasChunkHeader }
  // Shards stay while their parts are decoded.
  const area = pipeline.shards === undefined ? pipeline.steps[0]?.inputArea : undefined
  const one = (piece: Region): Maybe<void> => {
    throwIfAborted(work.signal)
    const index = piece.start.map((from, d) => Math.floor(from / chunks[d]!))
    const key = metadata.keyOf(index)
    const start = piece.start.map((from, d) => from - index[d]! * chunks[d]!)
    const at = piece.start.reduce((sum, from, d) => sum + (from - region.start[d]!) * strides[d]!, offset)
    const named = (error: unknown): never => {
      throw corrupt(error, store, metadata, key, index)
    }
    try {
      const box = { start, shape: piece.shape }
      const target = { values, offset: at, strides }
      const done = readChunk(bytesOf(store, key, indexes, area), pipeline, chunks, box, target, wanted)
      return done instanceof Promise ? done.catch(named) : done
    } catch (error) {
      return named(error)
    }
  }
  const pieces = splitRegion(region, chunks)
  const lane = async (): Promise<void> => {
    for (const piece of pieces) {
      const done = one(piece)
      if (done instanceof Promise) await done
    }
  }
  await Promise.all(Array.from({ length: store.isRemote ? AT_ONCE.remote : AT_ONCE.local }, lane))
  if (indexes.size > INDEXES_KEPT) indexes.clear()
}

const bytesOf = (
  store: Store,
  key: string,
  indexes: Map<string, BigUint64Array>,
  area: ((bytes: number) => Uint8Array) | undefined,
): ChunkBytes => ({
  key,
  indexes,
  ...(store.openNow === undefined ? {} : { open: () => store.openNow!(key) }),
  all: () => (store.getNow === undefined ? store.get(key) : store.getNow(key, area)),
  part: (offset, length) => store.getPart(key, offset, length),
})

/** Errors of zip files and their bytes, which are a chunk's damage here. */
const DAMAGE = new Set(['DamagedZip', 'TruncatedFile'])

function corrupt(
  error: unknown,
  store: Store,
  metadata: ArrayMetadata,
  key: string,
  index: readonly number[],
): unknown {
  const name = metadata.path === '' ? store.path : `${store.path}/${metadata.path}`
  const chunk = index.join(', ')
  if (error instanceof InexactValue) {
    return new InputError('InexactValue', `chunk [${chunk}] of ${name}: ${error.message}`, {
      hint: 'cubes have no 64-bit integers; store smaller numbers, or times as CF times',
      data: { path: name, chunk: [...index], key },
    })
  }
  const isDamage = error instanceof DamagedData || (error instanceof InputError && DAMAGE.has(error.tag))
  if (!isDamage) return error
  return new InputError('CorruptChunk', `chunk [${chunk}] of ${name} is damaged: ${error.message}`, {
    hint: 'get the store again, or go on without its damaged chunks (--on-error skip)',
    data: { path: name, chunk: [...index], key },
    cause: error,
  })
}

/** Throws `InputError('UnsupportedType')` where a cube cannot hold such elements. */
export function cubeTypeOf(store: Store, metadata: ArrayMetadata): NonNullable<ReturnType<typeof cubeType>> {
  const dtype = cubeType(metadata.type)
  if (dtype !== undefined) return dtype
  const name = metadata.path === '' ? store.path : `${store.path}/${metadata.path}`
  throw new InputError('UnsupportedType', `${name} holds ${metadata.type.name}, which is not a number of a cube`, {
    hint: 'cubes hold booleans, integers and floats',
    data: { path: name, type: metadata.type.name },
  })
}
