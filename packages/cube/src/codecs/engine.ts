/** Compression that the engine brings: deflate in its three wrappings, zstd, CRC-32. The one codec file that needs Node. */
import { Buffer } from 'node:buffer'
import { promisify } from 'node:util'
import {
  constants,
  crc32,
  deflateSync,
  gunzip,
  gunzipSync,
  gzipSync,
  inflate,
  inflateSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { DamagedData } from './damage.ts'

interface Room {
  readonly chunkSize: number
  readonly maxOutputLength: number
}
type Decoder = (data: Uint8Array, room: Room) => Uint8Array
type AsyncDecoder = (data: Uint8Array, room: Room) => Promise<Uint8Array>

const SYNC = { zlib: inflateSync, gzip: gunzipSync, zstd: zstdDecompressSync } as unknown as Record<
  'zlib' | 'gzip' | 'zstd',
  Decoder
>
const ASYNC: Record<'zlib' | 'gzip' | 'zstd', AsyncDecoder> = {
  zlib: promisify(inflate) as unknown as AsyncDecoder,
  gzip: promisify(gunzip) as unknown as AsyncDecoder,
  zstd: promisify(zstdDecompress) as unknown as AsyncDecoder,
}

/** Where the size is not known, buffers grow in these steps and are limited to what an array can hold. */
const UNKNOWN: Room = { chunkSize: 1 << 18, maxOutputLength: 2 ** 32 - 1 }

/** One output buffer with a little room, so that the engine neither grows nor joins buffers; a longer result is damage. */
const roomFor = (size: number | undefined): Room =>
  size === undefined ? UNKNOWN : { chunkSize: Math.max(64, size + 64), maxOutputLength: Math.max(64, size + 64) }

/** The engine's buffers have a `slice` that does not copy; plain arrays have not. */
const bare = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array => new Uint8Array(buffer, byteOffset, length)

function explain(name: string, cause: unknown): DamagedData {
  return new DamagedData(`${name}: ${(cause as Error).message}`, { cause })
}

/** Decodes here and now. `size`: bytes of the result where known. */
export function engineDecode(name: keyof typeof SYNC, data: Uint8Array, size?: number): Uint8Array {
  try {
    return bare(SYNC[name](data, roomFor(size)))
  } catch (cause) {
    throw explain(name, cause)
  }
}

/** Decodes in the engine's own threads. `data` must stay as it is until then. */
export async function engineDecodeAside(name: keyof typeof SYNC, data: Uint8Array, size?: number): Promise<Uint8Array> {
  try {
    return bare(await ASYNC[name](data, roomFor(size)))
  } catch (cause) {
    throw explain(name, cause)
  }
}

/** Gives back the memory of a result that nobody refers to any longer: the engine itself lets much of it wait. */
export function releaseMade({ buffer }: Uint8Array): void {
  // Small results may be parts of a pool that the engine keeps.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
}

function zstdOptions(data: Uint8Array, level: number, checksum: boolean): object {
  const params = {
    [constants.ZSTD_c_compressionLevel]: level === 0 ? 3 : level,
    [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
  }
  return { params, pledgedSrcSize: data.length, chunkSize: zstdBound(data.length) }
}

/** zstd with a level (0 means 3, as in the library) and the frame's size written in it. */
export const zstdEncode = (data: Uint8Array, level: number, checksum = false): Uint8Array =>
  zstdCompressSync(data, zstdOptions(data, level, checksum))

/** The most bytes that zstd makes of `length`. */
const zstdBound = (length: number): number => Math.max(64, length + (length >> 8) + 128)

export const zlibEncode = (data: Uint8Array, level: number): Uint8Array => deflateSync(data, { level })
export const gzipEncode = (data: Uint8Array, level: number): Uint8Array => gzipSync(data, { level })

/** CRC-32 (the one of gzip and zip). */
export const crc32Of = (data: Uint8Array): number => crc32(data)

const compressAside = promisify(zstdCompress) as unknown as (data: Uint8Array, options: object) => Promise<Uint8Array>

/** `zstdEncode` in the engine's threads. `data` must stay as it is until then. */
export function zstdEncodeAside(data: Uint8Array, level: number, checksum = false): Promise<Uint8Array> {
  return compressAside(data, zstdOptions(data, level, checksum))
}
