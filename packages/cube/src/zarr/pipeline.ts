/** From the codec lists of metadata to a plan of decoding: what is done to a chunk's bytes, in order. */
import { InputError } from '@ecotope/core'
import { swapBytes } from '../codecs/numbers.ts'
import { type ByteCodec, type Configuration, codecOf, type ItemCodec } from '../codecs/table.ts'
import { stridesOf } from '../model/region.ts'
import type { DataType } from './data-types.ts'

export interface Pipeline {
  /** Axis k of the stored chunk is axis `order[k]` of the array. */
  readonly order: readonly number[]
  /** From stored bytes to bytes of elements, in the order of decoding. */
  readonly steps: readonly ByteCodec[]
  /** The last step where elements are objects. */
  readonly items: ItemCodec | undefined
  /** Where the bytes are a shard: smaller chunks and an index of their places. */
  readonly shards: Shards | undefined
}

export interface Shards {
  readonly chunks: readonly number[]
  readonly inner: Pipeline
  /** Decoding of the index: pairs of 64-bit numbers. */
  readonly index: Pipeline
  /** Bytes of the index as stored, for `count` inner chunks. */
  readonly indexBytes: (count: number) => number
  readonly isIndexFirst: boolean
}

export interface CodecEntry {
  readonly name: string
  readonly configuration?: Configuration
}

const swap = (size: number): ByteCodec => ({
  kind: 'bytes',
  keepsSize: true,
  decode: (data) => {
    const own = data.slice()
    swapBytes(own, size)
    return own
  },
})

const identity = (rank: number): number[] => Array.from({ length: rank }, (_, d) => d)

/** Zarr 2: filters in the order of writing, then a compressor. `isColumnMajor`: the first axis varies fastest. */
export function pipelineV2(
  filters: readonly Configuration[],
  compressor: Configuration | null | undefined,
  type: DataType,
  rank: number,
  isColumnMajor: boolean,
  path: string,
): Pipeline {
  const all = compressor === null || compressor === undefined ? filters : [...filters, compressor]
  const codecs = all.map((entry) => codecOf(String(entry.id), entry, { dtype: type.name }, path))
  const order = isColumnMajor ? identity(rank).reverse() : identity(rank)
  const items = codecs[0]?.kind === 'items' ? codecs[0] : undefined
  const steps = (items === undefined ? codecs : codecs.slice(1)).toReversed()
  if (steps.some((step) => step.kind === 'items')) throw misplaced('a codec of objects', path)
  if ((type.layout === 'items') !== (items !== undefined)) throw misplaced('the codec of objects', path)
  return { order, steps: steps as ByteCodec[], items, shards: undefined }
}

/** Zarr 3: array to array, array to bytes, bytes to bytes. `shape`: of the chunk. */
export function pipelineV3(
  entries: readonly CodecEntry[],
  type: DataType,
  shape: readonly number[],
  path: string,
): Pipeline {
  let order = identity(shape.length)
  // Steps in the order of writing; turned round at the end.
  const steps: ByteCodec[] = []
  let items: ItemCodec | undefined
  let shards: Shards | undefined
  let isLeading = true
  for (const { name, configuration = {} } of entries) {
    if (name === 'transpose') {
      const turn = transposeOrder(configuration.order, shape.length, path)
      if (isLeading) order = turn.map((axis) => order[axis]!)
      else
        steps.push(
          permute(
            turn,
            order.map((axis) => shape[axis]!),
            type.bytes,
          ),
        )
      continue
    }
    isLeading = false
    if (name === 'bytes') {
      // Types with the byte order in their name are turned where their elements are read.
      if (configuration.endian === 'big' && type.number !== undefined) steps.push(swap(type.number.bytes))
    } else if (name === 'sharding_indexed') {
      shards = shardsOf(
        configuration,
        type,
        order.map((axis) => shape[axis]!),
        path,
      )
    } else {
      const codec = codecOf(name, configuration, { dtype: type.name }, path)
      if (codec.kind === 'bytes') steps.push(codec)
      else items = codec
    }
  }
  if ((type.layout === 'items') !== (items !== undefined) && shards === undefined)
    throw misplaced('the codec of objects', path)
  return { order, steps: steps.reverse(), items, shards }
}

function shardsOf(configuration: Configuration, type: DataType, shape: readonly number[], path: string): Shards {
  const { chunk_shape, codecs, index_codecs, index_location } = configuration
  const chunks = chunk_shape as readonly number[] | undefined
  const isSound =
    Array.isArray(chunks) && chunks.length === shape.length && chunks.every((n, d) => n > 0 && shape[d]! % n === 0)
  if (!isSound || !Array.isArray(codecs) || !Array.isArray(index_codecs)) {
    throw new InputError('BadMetadata', `${path}: the inner chunks do not divide the shard ${shape.join(' x ')}`, {
      data: { path, shard: shape, chunks },
    })
  }
  const pair: DataType = {
    name: 'uint64',
    layout: 'number',
    bytes: 8,
    number: { kind: 'u', bytes: 8, isBigEndian: false },
  }
  const index = pipelineV3(index_codecs as CodecEntry[], pair, [1], path)
  const sums = (index_codecs as CodecEntry[]).filter(({ name }) => name.startsWith('crc32')).length
  return {
    chunks,
    inner: pipelineV3(codecs as CodecEntry[], type, chunks, path),
    index,
    indexBytes: (count) => 16 * count + 4 * sums,
    isIndexFirst: index_location === 'start',
  }
}

function transposeOrder(order: unknown, rank: number, path: string): number[] {
  if (order === 'C') return identity(rank)
  if (order === 'F') return identity(rank).reverse()
  const isSound = Array.isArray(order) && [...order].sort((a, b) => a - b).every((axis, d) => axis === d)
  if (!isSound || order.length !== rank) throw misplaced(`transpose with the order ${JSON.stringify(order)}`, path)
  return order as number[]
}

/** Undoes a transposition in memory: axis k of what is stored is axis `turn[k]` of `shape`. */
function permute(turn: readonly number[], shape: readonly number[], size: number): ByteCodec {
  const stored = turn.map((axis) => shape[axis]!)
  const strides = stridesOf(shape)
  return {
    kind: 'bytes',
    keepsSize: true,
    decode: (data) => {
      const out = new Uint8Array(data.length)
      const at = stored.map(() => 0)
      for (let k = 0; k * size < data.length; k++) {
        const to = turn.reduce((sum, axis, d) => sum + at[d]! * strides[axis]!, 0)
        out.set(data.subarray(k * size, (k + 1) * size), to * size)
        for (let d = stored.length - 1; d >= 0; d--) {
          at[d]!++
          if (at[d]! < stored[d]!) break
          at[d] = 0
        }
      }
      return out
    },
  }
}

const misplaced = (what: string, path: string): InputError =>
  new InputError('BadMetadata', `${path}: ${what} is missing or in the wrong place among the codecs`, {
    data: { path },
  })
