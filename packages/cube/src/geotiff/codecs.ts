/**
 * Block compression of TIFF: one row per scheme. zlib and zstd run in the engine's threads, LZW and PackBits here; JPEG
 * and LERC know pixels and are in files of their own.
 */
import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { inflate, inflateSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { InputError } from '@ecotope/core'
import { decodeLzw } from './planes.ts'

/** Schemes from bytes to bytes. */
type BytesName = 'none' | 'lzw' | 'deflate' | 'packbits' | 'zstd'
export type CompressionName = BytesName | 'jpeg' | 'lerc'

/** Decodes one block that holds at most `size` bytes when decoded. */
type Decoder = (data: Uint8Array, size: number) => Uint8Array | Promise<Uint8Array>

const inflateAsync = promisify<Uint8Array, { readonly chunkSize: number }, Uint8Array>(inflate)
const zstdAsync = promisify<Uint8Array, { readonly chunkSize: number }, Uint8Array>(zstdDecompress)

/** One output buffer with a little room, so that the engine neither grows nor joins buffers. */
const room = (size: number): { readonly chunkSize: number } => ({ chunkSize: Math.max(64, size + 64) })

/**
 * Blocks below this many bytes are not worth the way to another thread. A worker decodes by itself: its neighbours are
 * as busy, and the way there and back costs as much again.
 */
const SMALL = isMainThread ? 32768 : Infinity

const DECODERS: Readonly<Record<BytesName, Decoder>> = {
  none: (data) => data,
  lzw: decodeLzw,
  deflate: (data, size) => (size < SMALL ? inflateSync(data, room(size)) : inflateAsync(data, room(size))),
  packbits: decodePackBits,
  zstd: (data, size) => (size < SMALL ? zstdDecompressSync(data, room(size)) : zstdAsync(data, room(size))),
}

/** The most bytes that one compressed byte can stand for; a block that claims more is damaged. */
export const GREATEST_RATIO: Readonly<Record<CompressionName, number>> = {
  none: 1,
  lzw: 2600,
  deflate: 1040,
  packbits: 64,
  zstd: 44000,
  // Two bits for 64 samples, of chroma for 256.
  jpeg: 2000,
  // A tile of one value takes as many bytes whatever its size.
  lerc: Infinity,
}

/** TIFF compression codes that are read. */
const CODES: Readonly<Record<number, CompressionName>> = {
  1: 'none',
  5: 'lzw',
  7: 'jpeg',
  8: 'deflate',
  32946: 'deflate',
  32773: 'packbits',
  34887: 'lerc',
  50000: 'zstd',
}

/** Names of schemes that are not read, for the message. */
const FOREIGN: Readonly<Record<number, string>> = {
  2: 'CCITT RLE',
  3: 'CCITT fax 3',
  4: 'CCITT fax 4',
  6: 'JPEG (old)',
  34712: 'JPEG 2000',
  34925: 'LZMA',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
}

/** The scheme of a TIFF code. Throws `InputError('UnsupportedCompression')`. */
export function compressionOf(code: number, path: string): CompressionName {
  const name = CODES[code]
  if (name === undefined) {
    const foreign = FOREIGN[code] ?? `code ${code}`
    throw unsupported(foreign, path)
  }
  return name
}

export const unsupported = (scheme: string, path: string): InputError =>
  new InputError('UnsupportedCompression', `${path} is compressed with ${scheme}, which is not supported`, {
    hint: 'install the optional package gdal-async (npm install gdal-async), or convert it first (gdal_translate -co COMPRESS=DEFLATE INPUT OUTPUT.tif)',
    data: { path, compression: scheme },
  })

/** Decodes one block; the result may be shorter than `size` where the file is odd. */
export function decompress(name: BytesName, data: Uint8Array, size: number): Uint8Array | Promise<Uint8Array> {
  return DECODERS[name](data, size)
}

function decodePackBits(data: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size)
  let at = 0
  let p = 0
  while (p < data.length && at < size) {
    const head = data[p++]!
    if (head < 128) {
      const run = data.subarray(p, Math.min(p + head + 1, p + size - at))
      out.set(run, at)
      at += run.length
      p += head + 1
    } else if (head > 128) {
      const count = Math.min(257 - head, size - at)
      out.fill(data[p++] ?? 0, at, at + count)
      at += count
    }
  }
  return out
}
