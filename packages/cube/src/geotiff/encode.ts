/** The bytes of tags and directories, and of one compressed tile. Little-endian throughout. */
import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { constants, deflate, deflateSync, zstdCompress, zstdCompressSync } from 'node:zlib'
import { releaseMade } from '../codecs/engine.ts'
import { DTYPES, newArray, type TypedArray, type WordArray, words } from '../dtype.ts'
import type { DType } from '../types.ts'
import { doFloating32 } from './planes.ts'
import { doFloating, doHorizontal, wordsOf } from './predictor.ts'

export type CogCompression = 'deflate' | 'zstd' | 'none'

interface DeflateOptions {
  readonly level: number
  readonly memLevel: number
  readonly strategy?: number
}

interface Room {
  readonly chunkSize: number
}

const deflateAsync = promisify<Uint8Array, DeflateOptions & Room, Uint8Array>(deflate)
const zstdAsync = promisify<Uint8Array, typeof ZSTD & Room, Uint8Array>(zstdCompress)

/** One buffer, so that the engine does not come back for every 16 KiB. */
const room = (data: Uint8Array): Room => ({ chunkSize: data.length + (data.length >> 8) + 1024 })

/** The bytes without the rest of their buffer. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes)
  releaseMade(bytes)
  return out
}

/** In a worker, which its neighbours leave one processor, without another thread. */
async function deflateBytes(data: Uint8Array, options: DeflateOptions): Promise<Uint8Array> {
  const all = { ...options, ...room(data) }
  return trimmed(isMainThread ? await deflateAsync(data, all) : deflateSync(data, all))
}

async function zstdBytes(data: Uint8Array): Promise<Uint8Array> {
  const all = { ...ZSTD, ...room(data) }
  return trimmed(isMainThread ? await zstdAsync(data, all) : zstdCompressSync(data, all))
}

/**
 * Levels of zlib by the bytes of a sample. Level 3 is the knee for differences of 16-bit measurements (smaller than 6,
 * and 40 % faster) and for floats (0.1 to 0.7 % larger than 4, 15 % faster), 4 for wider ones; bytes, of which classes
 * and masks are made, have longer repetitions to find.
 */
const LEVELS: Readonly<Record<number, number>> = { 1: 6, 2: 3, 4: 3, 8: 4 }
const deflateOptions = (sampleBytes: number): DeflateOptions => ({ level: LEVELS[sampleBytes] ?? 6, memLevel: 9 })
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 9 } }

/** Parts of a tile that are compressed in two ways to see which suits it, and the share of the tile that one is. */
const TRIALS = 4
const TRIAL_SHARE = 1 / 128
/** Less tells nothing. */
const LEAST_TRIAL_BYTES = 4096
/** How much larger the quicker way may make a tile. */
const TOLERANCE = 1.01

/**
 * Noise in the lower bytes of wide samples repeats nothing but by chance: to look for runs of one byte only takes half
 * the time and makes the tile hardly larger. Where a trial says otherwise (classes, steps), all repetitions are found.
 */
async function deflateWide(data: Uint8Array, sampleBytes: number): Promise<Uint8Array> {
  const thorough = deflateOptions(sampleBytes)
  const quick = { ...thorough, strategy: constants.Z_RLE }
  const length = Math.floor(data.length * TRIAL_SHARE)
  if (length < LEAST_TRIAL_BYTES) return await deflateBytes(data, thorough)
  const parts = Array.from({ length: TRIALS }, (_, k) => {
    const start = Math.floor(((2 * k + 1) * data.length) / (2 * TRIALS) - length / 2)
    return data.subarray(start, start + length)
  })
  // Here and now also in the main thread: the way to another one takes longer.
  const sizeBy = (options: DeflateOptions): number =>
    parts.reduce((size, part) => size + deflateSync(part, { ...options, ...room(part) }).length, 0)
  const isNoise = sizeBy(quick) <= TOLERANCE * sizeBy(thorough)
  return await deflateBytes(data, isNoise ? quick : thorough)
}

type Encode = (data: Uint8Array, sampleBytes: number) => Promise<Uint8Array> | Uint8Array

/** TIFF code and encoder of each scheme. */
export const ENCODERS: Readonly<Record<CogCompression, { readonly code: number; readonly encode: Encode }>> = {
  none: { code: 1, encode: (data) => data },
  deflate: {
    code: 8,
    encode: (data, bytes) => (bytes < 4 ? deflateBytes(data, deflateOptions(bytes)) : deflateWide(data, bytes)),
  },
  zstd: { code: 50000, encode: zstdBytes },
}

/** Samples of a rectangle, band-major. */
export interface Patch {
  readonly data: TypedArray
  readonly width: number
  readonly height: number
}

/**
 * One tile, pixel-interleaved, differenced and compressed: the part of the patch from (column, row), padded with
 * `fill` to `side` x `side`.
 */
export async function encodeTile(
  patch: Patch,
  column: number,
  row: number,
  side: number,
  bands: number,
  dtype: DType,
  fill: number,
  predictor: 1 | 2 | 3,
  compression: CogCompression,
): Promise<Uint8Array> {
  const tile = newArray(dtype, side * side * bands)
  const width = Math.min(side, patch.width - column)
  const height = Math.min(side, patch.height - row)
  if (fill !== 0 && (width < side || height < side)) tile.fill(fill)
  const source = words(patch.data)
  const target = words(tile)
  const width8 = DTYPES[dtype].bytes
  // Whole tiles are differenced on the way; the words of 8 bytes are floats here, which is no way to subtract bits.
  const fused = predictor === 2 && width8 < 8 && width === side && height === side
  for (let b = 0; b < bands; b++) {
    for (let r = 0; r < height; r++) {
      const from = (b * patch.height + row + r) * patch.width + column
      const to = r * side * bands + b
      if (fused) differences(source, from, target, to, bands, width)
      else scatter(source, from, target, to, bands, width)
    }
  }
  const bytes = new Uint8Array(tile.buffer)
  const shape = { rows: side, columns: side, samples: bands }
  if (predictor === 2 && !fused) doHorizontal(wordsOf(bytes, width8), shape)
  if (predictor === 3 && width8 === 4) doFloating32(bytes, shape)
  else if (predictor === 3) doFloating(bytes, shape, width8)
  return ENCODERS[compression].encode(bytes, width8)
}

function scatter(source: WordArray, from: number, target: WordArray, to: number, step: number, count: number): void {
  for (let i = 0, at = to; i < count; i++, at += step) target[at] = source[from + i]!
}

function differences(
  source: WordArray,
  from: number,
  target: WordArray,
  to: number,
  step: number,
  count: number,
): void {
  let before = 0
  for (let i = 0, at = to; i < count; i++, at += step) {
    const value = source[from + i]!
    target[at] = value - before
    before = value
  }
}

/** TIFF field types that are written. */
export const FIELD = { byte: 1, ascii: 2, short: 3, long: 4, double: 12, long8: 16 } as const

export interface Field {
  readonly tag: number
  readonly type: (typeof FIELD)[keyof typeof FIELD]
  readonly count: number
  readonly bytes: Uint8Array
}

export const shorts = (tag: number, values: ArrayLike<number>): Field => ({
  tag,
  type: FIELD.short,
  count: values.length,
  bytes: new Uint8Array(Uint16Array.from(values).buffer),
})

export const longs = (tag: number, values: ArrayLike<number>): Field => ({
  tag,
  type: FIELD.long,
  count: values.length,
  bytes: new Uint8Array(Uint32Array.from(values).buffer),
})

export const long8s = (tag: number, values: ArrayLike<number>): Field => ({
  tag,
  type: FIELD.long8,
  count: values.length,
  bytes: new Uint8Array(BigUint64Array.from(Array.from(values, BigInt)).buffer),
})

export const doubles = (tag: number, values: ArrayLike<number>): Field => ({
  tag,
  type: FIELD.double,
  count: values.length,
  bytes: new Uint8Array(Float64Array.from(values).buffer),
})

export const text = (tag: number, value: string): Field => {
  const bytes = new TextEncoder().encode(`${value}\0`)
  return { tag, type: FIELD.ascii, count: bytes.length, bytes }
}

/** Bytes of a directory with the values that do not fit into its entries. */
export function directorySize(fields: readonly Field[], big: boolean): number {
  const inline = big ? 8 : 4
  const outside = fields.reduce((sum, f) => sum + (f.bytes.length > inline ? even(f.bytes.length) : 0), 0)
  return even((big ? 8 : 2) + fields.length * (big ? 20 : 12) + inline) + outside
}

export const even = (size: number): number => size + (size & 1)

/** A directory at a position of the file; `next` is where the following one is, 0 for none. */
export function encodeDirectory(fields: readonly Field[], at: number, next: number, big: boolean): Uint8Array {
  const sorted = [...fields].sort((a, b) => a.tag - b.tag)
  const out = new Uint8Array(directorySize(fields, big))
  const view = new DataView(out.buffer)
  const inline = big ? 8 : 4
  const put = (position: number, value: number): void => {
    if (big) view.setBigUint64(position, BigInt(value), true)
    else view.setUint32(position, value, true)
  }
  if (big) view.setBigUint64(0, BigInt(fields.length), true)
  else view.setUint16(0, fields.length, true)
  let p = big ? 8 : 2
  let outside = even(p + fields.length * (big ? 20 : 12) + inline)
  for (const field of sorted) {
    view.setUint16(p, field.tag, true)
    view.setUint16(p + 2, field.type, true)
    put(p + 4, field.count)
    const value = p + (big ? 12 : 8)
    if (field.bytes.length <= inline) out.set(field.bytes, value)
    else {
      put(value, at + outside)
      out.set(field.bytes, outside)
      outside += even(field.bytes.length)
    }
    p += big ? 20 : 12
  }
  put(p, next)
  return out
}
