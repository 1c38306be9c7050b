/** Decoders of the schemes that know of pixels, with what they need from an image's directory. */
import { type CompressionName, unsupported } from './codecs.ts'
import type { Directory } from './directory.ts'
import { decodeJpeg } from './jpeg.ts'
import { decodeLerc, type LercPacking } from './lerc.ts'
import type { Rows } from './predictor.ts'
import { TAG } from './tags.ts'

/** Bytes of the samples of a block of this shape, side by side. */
export type PixelDecoder = (data: Uint8Array, shape: Rows) => Promise<Uint8Array>

type Make = (directory: Directory, bits: number, path: string) => Promise<PixelDecoder>

/** TIFF photometric interpretation of luminance and chroma. */
const YCBCR = 6

const DECODERS: Partial<Readonly<Record<CompressionName, Make>>> = {
  jpeg: async (directory, bits, path) => {
    if (bits !== 8) throw unsupported(`JPEG of ${bits} bits`, path)
    const tables = await directory.numbers(TAG.jpegTables)
    const blocks = {
      tables: tables && Uint8Array.from(tables),
      isChroma: (await directory.number(TAG.photometric)) === YCBCR,
    }
    return (data, shape) => decodeJpeg(data, blocks, shape)
  },
  lerc: async (directory, _, path) => {
    const packing = (await directory.numbers(TAG.lercParameters))?.[1] ?? 0
    if (packing > 2) throw unsupported(`LERC with packing ${packing}`, path)
    return (data, shape) => decodeLerc(data, packing as LercPacking, shape)
  },
}

/** The decoder of a scheme that knows of pixels; undefined for others. Throws `InputError('UnsupportedCompression')`. */
export async function pixelDecoder(
  compression: CompressionName,
  directory: Directory,
  bits: number,
  path: string,
): Promise<PixelDecoder | undefined> {
  return DECODERS[compression]?.(directory, bits, path)
}
