/** Every codec that is read, one row each, by its name in Zarr 3 and numcodecs. Zarr's own (bytes, transpose, sharding) are in `zarr/`. */
import { InputError, nearest } from '@ecotope/core'
import {
  bloscBlockBytes,
  decodeBlosc,
  decodeBloscFile,
  decodeBloscParts,
  type FileNow,
  type TakeBytes,
} from './blosc.ts'
import { decodeBz2 } from './bz2.ts'
import { adler32, crc32c, fletcher32 } from './checksums.ts'
import { sound } from './damage.ts'
import { crc32Of, engineDecode, engineDecodeAside } from './engine.ts'
import { decodeJsonItems, decodeVlenBytes, decodeVlenUtf8 } from './items.ts'
import { bloscKernel, inputArea, kernelAreas } from './kernel.ts'
import { decodeLz4 } from './lz4.ts'
import { type NumberType, numberType } from './numbers.ts'
import { castNumbers, decodeDelta, decodeFixedScaleOffset, decodePackBits, decodeShuffle } from './numeric.ts'

export type Configuration = Readonly<Record<string, unknown>>

/** From stored bytes to bytes. Throws `DamagedData`. */
export interface ByteCodec {
  readonly kind: 'bytes'
  /** Bytes of the result are as many as given, or known from `size` alone. */
  readonly keepsSize: boolean
  /** `size`: bytes of the result where known. The result may lie in the kernel's memory. */
  decode(data: Uint8Array, size?: number): Uint8Array
  /** The same in the engine's threads, for the thread that must not wait. */
  decodeAside?(data: Uint8Array, size?: number): Promise<Uint8Array>
  /** The bytes from `from` to `to` of a result of `size`, a part at a time; each is overwritten by the next. */
  decodeParts?(data: Uint8Array, size: number, from: number, to: number, take: TakeBytes): void
  /** The same of a file, of which only what is needed is read. */
  decodeFile?(file: FileNow, size: number, from: number, to: number, take: TakeBytes): void
  /** How many bytes of a result are decoded at one time, by its first 16 stored bytes; undefined where all are. */
  blockBytes?(beginning: Uint8Array, size: number): number | undefined
  /** Memory from which bytes are decoded without a copy; it is used for other things, too. */
  inputArea?(bytes: number): Uint8Array
}

/** From stored bytes to objects. */
export interface ItemCodec {
  readonly kind: 'items'
  decodeItems(data: Uint8Array): unknown[]
}

export type Codec = ByteCodec | ItemCodec

/** What a codec may need to know of its array. */
export interface CodecContext {
  /** Name of the array's number type, for codecs that leave theirs out. */
  readonly dtype: string
}

type Row = (configuration: Configuration, context: CodecContext) => Codec

const bytes = (decode: ByteCodec['decode'], keepsSize = false): ByteCodec => ({ kind: 'bytes', keepsSize, decode })
const items = (decodeItems: ItemCodec['decodeItems']): ItemCodec => ({ kind: 'items', decodeItems })
const engine =
  (name: 'zlib' | 'gzip' | 'zstd'): Row =>
  () => ({
    kind: 'bytes',
    keepsSize: false,
    decode: (data, size) => engineDecode(name, data, size),
    decodeAside: (data, size) => engineDecodeAside(name, data, size),
  })

const CODECS: Readonly<Record<string, Row>> = {
  blosc: () => ({
    ...bytes(decodeBlosc),
    decodeParts: decodeBloscParts,
    decodeFile: decodeBloscFile,
    blockBytes: bloscBlockBytes,
    inputArea,
  }),
  lz4: () => bytes(decodeLz4),
  zstd: engine('zstd'),
  gzip: engine('gzip'),
  zlib: engine('zlib'),
  bz2: () => bytes(decodeBz2),
  shuffle: ({ elementsize = 4 }) => {
    const size = integer('shuffle', 'elementsize', elementsize)
    return bytes((data) => decodeShuffle(data, size, unshuffle), true)
  },
  packbits: () => bytes(decodePackBits),
  crc32: checksum('crc32', crc32Of, 'start'),
  crc32c: checksum('crc32c', crc32c, 'end'),
  adler32: checksum('adler32', adler32, 'start'),
  fletcher32: checksum('fletcher32', fletcher32, 'end'),
  delta: (configuration, context) => {
    const type = typeIn('delta', configuration.dtype ?? context.dtype)
    const stored = typeIn('delta', configuration.astype ?? configuration.dtype ?? context.dtype)
    return bytes((data) => decodeDelta(data, stored, type), stored.bytes === type.bytes)
  },
  fixedscaleoffset: (configuration, context) => {
    const type = typeIn('fixedscaleoffset', configuration.dtype ?? context.dtype)
    const stored = typeIn('fixedscaleoffset', configuration.astype ?? configuration.dtype ?? context.dtype)
    const [scale, offset] = [real(configuration.scale, 1), real(configuration.offset, 0)]
    return bytes((data) => decodeFixedScaleOffset(data, stored, type, scale, offset))
  },
  quantize: (configuration, context) => cast('quantize', configuration.astype, configuration.dtype, context),
  astype: (configuration, context) => cast('astype', configuration.encode_dtype, configuration.decode_dtype, context),
  // Rounded before it was stored; nothing is to be undone.
  bitround: () => bytes((data) => data, true),
  'vlen-utf8': () => items(decodeVlenUtf8),
  'vlen-bytes': () => items(decodeVlenBytes),
  json2: () => items((data) => decodeJsonItems(data, true)),
  json: () => items((data) => decodeJsonItems(data, false)),
}

/** Codecs that exist and are not read, with what to do. */
const FOREIGN: Readonly<Record<string, string>> = {
  pickle: 'pickled Python objects can run code and are never read',
  msgpack2: 'MessagePack objects are not numbers',
  zfpy: 'ZFP needs its own library',
  pcodec: 'pcodec needs its own library',
  lzma: 'LZMA needs its own library',
  imagecodecs_jpeg2k: 'JPEG 2000 needs its own library',
}

/**
 * The codec of a name (with or without `numcodecs.` before it). Throws `InputError('UnsupportedCodec')` that names
 * `path` and the codec.
 */
export function codecOf(name: string, configuration: Configuration, context: CodecContext, path: string): Codec {
  const row = CODECS[name.replace(/^numcodecs[./]/, '')]
  if (row === undefined) {
    const similar = nearest(name, Object.keys(CODECS))
    throw new InputError('UnsupportedCodec', `${path} is encoded with ${name}, which is not supported`, {
      hint:
        FOREIGN[name] ?? (similar === undefined ? 'write it again with zstd or blosc' : `is it a slip for ${similar}?`),
      data: { path, codec: name },
    })
  }
  return row(configuration, context)
}

/** Names of all codecs, for documentation and tests. */
export const codecNames = (): string[] => Object.keys(CODECS)

function checksum(name: string, of: (data: Uint8Array) => number, usual: 'start' | 'end'): Row {
  return ({ location = usual }) =>
    bytes((data) => {
      sound(data.length >= 4, `${name}: the checksum is missing`)
      const at = location === 'start' ? 0 : data.length - 4
      const body = location === 'start' ? data.subarray(4) : data.subarray(0, at)
      const stored = new DataView(data.buffer, data.byteOffset + at).getUint32(0, true)
      sound(stored === of(body), `${name}: the checksum does not match`)
      return body
    })
}

function cast(name: string, from: unknown, to: unknown, context: CodecContext): Codec {
  const type = typeIn(name, to ?? context.dtype)
  const stored = typeIn(name, from ?? to ?? context.dtype)
  const isSame = type.kind === stored.kind && type.bytes === stored.bytes && type.isBigEndian === stored.isBigEndian
  return isSame ? bytes((data) => data, true) : bytes((data) => castNumbers(data, stored, type))
}

function unshuffle(data: Uint8Array, count: number, size: number): Uint8Array {
  const { memory, at } = kernelAreas(data, data.length)
  bloscKernel().call.unshuffle(at[0]!, at[1]!, count, size)
  return memory.subarray(at[1]!, at[1]! + data.length)
}

function typeIn(codec: string, name: unknown): NumberType {
  const type = typeof name === 'string' ? numberType(name) : undefined
  if (type === undefined) throw badConfiguration(codec, `the number type ${JSON.stringify(name)}`)
  return type
}

function integer(codec: string, key: string, value: unknown): number {
  if (!Number.isInteger(value)) throw badConfiguration(codec, `${key} ${JSON.stringify(value)}`)
  return value as number
}

const real = (value: unknown, usual: number): number => (typeof value === 'number' ? value : usual)

const badConfiguration = (codec: string, what: string): InputError =>
  new InputError('BadCodec', `the codec ${codec} has ${what}, which is not possible`, { data: { codec } })
