/** LERC inside TIFF (compression 34887), by Esri's decoder; around it may lie deflate or zstd. */
import { promisify } from 'node:util'
import { inflate, zstdDecompress } from 'node:zlib'
import type { LercData } from 'lerc'
import type { TypedArray } from '../dtype.ts'

/** Tag LercParameters, second value: what lies around LERC. */
export type LercPacking = 0 | 1 | 2

const unpack: Readonly<Record<LercPacking, (data: Uint8Array) => Uint8Array | Promise<Uint8Array>>> = {
  0: (data) => data,
  1: promisify<Uint8Array, Uint8Array>(inflate),
  2: promisify<Uint8Array, Uint8Array>(zstdDecompress),
}

/**
 * Bytes of a block's samples, side by side, little-endian in every file (GDAL swaps them before they are coded). Floats
 * that LERC masks are NaN; of unsigned bytes with one sample less than asked for, the mask is the last one (alpha).
 * Throws where it is damaged.
 */
export async function decodeLerc(
  data: Uint8Array,
  packing: LercPacking,
  { columns, rows, samples }: { readonly columns: number; readonly rows: number; readonly samples: number },
): Promise<Uint8Array> {
  const library = await import('lerc')
  await library.load()
  const blob = await unpack[packing](data)
  const told = library.getBlobInfo(blob)
  // Damaged sizes would ask for all memory.
  if (told.width > columns || told.height > 2 * rows || told.depthCount * told.bandCount > samples) {
    throw new RangeError(`${told.width} x ${told.height} pixels are too many`)
  }
  const block = library.decode(blob, { returnInterleaved: true })
  const { width, height, depthCount, pixels } = block
  if (width < columns || height < rows) throw new RangeError(`${width} x ${height} pixels are too few`)
  const held = pixels.length * depthCount
  const hasAlpha = held === samples - 1 && block.pixelType === 'U8'
  if (held !== samples && !hasAlpha) throw new RangeError(`${held} samples instead of ${samples}`)
  const out = crop(block, hasAlpha, columns, rows)
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
}

/** The upper left part, samples side by side, masked. */
function crop(block: LercData, hasAlpha: boolean, columns: number, rows: number): TypedArray {
  const { width, depthCount, pixels, mask, bandMasks } = block
  const samples = pixels.length * depthCount + (hasAlpha ? 1 : 0)
  const first = pixels[0] as unknown as TypedArray
  const isFloat = first instanceof Float32Array || first instanceof Float64Array
  const isPlain = !(hasAlpha || (isFloat && mask !== null) || pixels.length > 1)
  if (isPlain && width === columns) return first.subarray(0, columns * rows * samples)
  const out = new (first.constructor as new (length: number) => TypedArray)(columns * rows * samples)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const pixel = r * width + c
      const at = (r * columns + c) * samples
      for (const [b, band] of pixels.entries()) {
        const isMissing = isFloat && (bandMasks?.[b] ?? mask)?.[pixel] === 0
        for (let d = 0; d < depthCount; d++) {
          out[at + b * depthCount + d] = isMissing ? Number.NaN : band[pixel * depthCount + d]!
        }
      }
      if (hasAlpha) out[at + samples - 1] = mask === null || mask[pixel] !== 0 ? 255 : 0
    }
  }
  return out
}
