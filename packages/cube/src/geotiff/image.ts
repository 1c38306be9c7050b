/** One image of a TIFF file: how its samples are laid out and where its blocks are. Decodes single blocks. */
import { isMainThread } from 'node:worker_threads'
import { InputError } from '@ecotope/core'
import { InexactValue } from '../codecs/damage.ts'
import { releaseMade } from '../codecs/engine.ts'
import { DTYPES, newArray, type TypedArray, words } from '../dtype.ts'
import type { DType } from '../types.ts'
import { type CompressionName, compressionOf, decompress, GREATEST_RATIO } from './codecs.ts'
import type { Directory, TiffFile } from './directory.ts'
import { type PixelDecoder, pixelDecoder } from './pixel-decoder.ts'
import { planesOf } from './planes.ts'
import { type Rows, split, swapBytes, undoFloating, undoHorizontal, wordsOf } from './predictor.ts'
import { planesOfOther, type Sample, sampleOf, turnedBits } from './samples.ts'
import { type ByteSource, truncated } from './source.ts'
import { TAG } from './tags.ts'

export interface Image {
  readonly width: number
  readonly height: number
  /** Samples of a pixel: bands. */
  readonly samples: number
  readonly dtype: DType
  readonly sample: Sample
  readonly bits: number
  readonly tiled: boolean
  readonly blockWidth: number
  readonly blockHeight: number
  readonly blocksAcross: number
  readonly blocksDown: number
  /** True where a block holds all bands of its pixels. */
  readonly pixelInterleaved: boolean
  readonly compression: CompressionName
  /** Decodes blocks of a scheme that knows of pixels. */
  readonly pixelDecoder?: PixelDecoder
  readonly predictor: 1 | 2 | 3
  readonly littleEndian: boolean
  /** FillOrder 2: the lowest bit of a byte comes first. */
  readonly turned: boolean
  readonly offsets: Float64Array
  readonly byteCounts: Float64Array
  /** TIFF NewSubfileType: 1 overview, 4 mask (5 both). */
  readonly subfile: number
}

/**
 * Reads the layout. Throws `InputError` for what is not supported and, unless `lenient`, where blocks lie beyond the
 * file; then only these blocks fail when they are read.
 */
export async function readImage(
  source: ByteSource,
  file: TiffFile,
  directory: Directory,
  lenient = false,
): Promise<Image> {
  const one = async (tag: number, otherwise: number): Promise<number> => (await directory.number(tag)) ?? otherwise
  const width = await one(TAG.imageWidth, 0)
  const height = await one(TAG.imageLength, 0)
  const samples = await one(TAG.samplesPerPixel, 1)
  const bits = await one(TAG.bitsPerSample, 1)
  const compression = compressionOf(await one(TAG.compression, 1), source.path)
  const tiled = directory.has(TAG.tileWidth)
  const blockWidth = tiled ? await one(TAG.tileWidth, width) : width
  const rows = tiled ? await one(TAG.tileLength, height) : await one(TAG.rowsPerStrip, height)
  const blockHeight = tiled ? rows : Math.max(1, Math.min(height, rows))
  if (!(width > 0 && height > 0 && samples > 0 && blockWidth > 0 && blockHeight > 0)) {
    throw new InputError('NotTiff', `${source.path} has an image without size`, { data: { path: source.path } })
  }
  const blocksAcross = Math.ceil(width / blockWidth)
  const blocksDown = Math.ceil(height / blockHeight)
  const sample = await sampleOfDirectory(source, directory, bits)
  const own = await pixelDecoder(compression, directory, bits, source.path)
  const image: Image = {
    width,
    height,
    samples,
    dtype: sample.dtype,
    sample,
    bits,
    tiled,
    blockWidth,
    blockHeight,
    blocksAcross,
    blocksDown,
    pixelInterleaved: (await one(TAG.planarConfiguration, 1)) === 1,
    compression,
    ...(own === undefined ? {} : { pixelDecoder: own }),
    predictor: predictorOf(await one(TAG.predictor, 1), compression, source.path),
    littleEndian: file.littleEndian,
    turned: (await one(TAG.fillOrder, 1)) === 2 && own === undefined,
    offsets: (await directory.numbers(tiled ? TAG.tileOffsets : TAG.stripOffsets)) ?? new Float64Array(0),
    byteCounts: (await directory.numbers(tiled ? TAG.tileByteCounts : TAG.stripByteCounts)) ?? new Float64Array(0),
    subfile: await one(TAG.newSubfileType, 0),
  }
  checkBlocks(source, image, lenient)
  return withShortStrips(image)
}

/** Bytes of a strip above which parts of it are read alone, where its rows lie in the file as they are. */
const LONG_STRIP = 1 << 20

/** The image with strips that are not compressed cut into shorter ones, so that none has to be read whole. */
function withShortStrips(image: Image): Image {
  const { tiled, compression, blockHeight, blocksDown, height, offsets, byteCounts } = image
  const rowBytes = Math.ceil((image.width * (image.pixelInterleaved ? image.samples : 1) * image.bits) / 8)
  if (tiled || compression !== 'none' || blockHeight * rowBytes <= LONG_STRIP) return image
  const rowsOf = (i: number): number => Math.min(blockHeight, height - (i % blocksDown) * blockHeight)
  // Strips that are left out or cut off stay as they are.
  if (offsets.some((_, i) => byteCounts[i]! < rowsOf(i) * rowBytes)) return image
  const most = Math.max(1, Math.floor(LONG_STRIP / rowBytes))
  // All strips but the last of a band have to be as long.
  const rows = blocksDown === 1 ? most : divisorUpTo(blockHeight, most)
  const parts = [...offsets].flatMap((offset, i) =>
    Array.from({ length: Math.ceil(rowsOf(i) / rows) }, (_, k) => ({
      offset: offset + k * rows * rowBytes,
      bytes: Math.min(rows, rowsOf(i) - k * rows) * rowBytes,
    })),
  )
  return {
    ...image,
    blockHeight: rows,
    blocksDown: Math.ceil(height / rows),
    offsets: Float64Array.from(parts, ({ offset }) => offset),
    byteCounts: Float64Array.from(parts, ({ bytes }) => bytes),
  }
}

/** The greatest divisor of a number that is not above another. */
function divisorUpTo(number: number, most: number): number {
  let divisor = most
  while (number % divisor !== 0) divisor--
  return divisor
}

async function sampleOfDirectory(source: ByteSource, directory: Directory, bits: number): Promise<Sample> {
  const formats = (await directory.numbers(TAG.sampleFormat)) ?? new Float64Array([1])
  const format = formats[0] ?? 1
  const widths = (await directory.numbers(TAG.bitsPerSample)) ?? new Float64Array([bits])
  const sample = sampleOf(format, bits)
  const mixed = widths.some((w) => w !== bits) || formats.some((f) => f !== format)
  if (sample !== undefined && !mixed) return sample
  const kind =
    format === 5 || format === 6 ? 'complex numbers' : mixed ? 'bands of different types' : `${bits}-bit samples`
  throw new InputError('UnsupportedSample', `${source.path} holds ${kind}, which are not supported`, {
    hint: 'install the optional package gdal-async (npm install gdal-async), or convert it to a real type first (gdal_translate -ot Float32 INPUT OUTPUT.tif)',
    data: { path: source.path, bits, format },
  })
}

const UNPREDICTED: ReadonlySet<CompressionName> = new Set(['none', 'packbits', 'jpeg', 'lerc'])

function predictorOf(code: number, compression: CompressionName, path: string): 1 | 2 | 3 {
  // The tag has meaning only where a compression uses it.
  if (UNPREDICTED.has(compression)) return 1
  if (code === 1 || code === 2 || code === 3) return code
  throw new InputError('UnsupportedCompression', `${path} uses predictor ${code}, which is not supported`, {
    data: { path, predictor: code },
  })
}

/** Finds truncation at once, before hours of work: every block must end within the file. */
function checkBlocks(source: ByteSource, image: Image, lenient: boolean): void {
  const planes = image.pixelInterleaved ? 1 : image.samples
  const expected = image.blocksAcross * image.blocksDown * planes
  if (image.offsets.length < expected || image.byteCounts.length < expected) {
    throw new InputError('TruncatedFile', `${source.path} lists ${image.offsets.length} of its ${expected} blocks`, {
      hint: 'the file is damaged; get it again',
      data: { path: source.path, expected, actual: image.offsets.length },
    })
  }
  if (lenient) return
  for (let i = 0; i < expected; i++) checkBlock(source, image, i)
}

/** Throws where the block cannot be whole: it ends beyond the file, or holds more than its bytes can say. */
export function checkBlock(source: ByteSource, image: Image, i: number): void {
  const end = image.offsets[i]! + image.byteCounts[i]!
  if (end > source.size) throw truncated(source.path, blockName(image, i), end, source.size, { block: i })
  // Also keeps a damaged size from asking for all memory.
  const held = image.byteCounts[i]! * GREATEST_RATIO[image.compression] + 64
  if (image.byteCounts[i]! > 0 && blockBytes(image, i) > held) {
    throw corrupt(source.path, image, i, new RangeError(`${image.byteCounts[i]} bytes are too few`))
  }
}

/** A block in words: `tile 3 (row 0, column 2) of band 1`. */
export function blockName(image: Image, index: number): string {
  const perPlane = image.blocksAcross * image.blocksDown
  const inPlane = index % perPlane
  const where = image.tiled
    ? `tile ${inPlane + 1} (tile row ${Math.floor(inPlane / image.blocksAcross) + 1}, column ${(inPlane % image.blocksAcross) + 1})`
    : `strip ${inPlane + 1}`
  return image.pixelInterleaved ? where : `${where} of band ${Math.floor(index / perPlane) + 1}`
}

/** Rows that a block holds: a last strip may be short, a tile never is. */
export function blockRows(image: Image, index: number): number {
  if (image.tiled) return image.blockHeight
  const row = Math.floor((index % (image.blocksAcross * image.blocksDown)) / image.blocksAcross)
  return Math.min(image.blockHeight, image.height - row * image.blockHeight)
}

/** Bytes of a block when decoded. */
function blockBytes(image: Image, index: number): number {
  const perRow = image.blockWidth * (image.pixelInterleaved ? image.samples : 1)
  return blockRows(image, index) * Math.ceil((perRow * image.bits) / 8)
}

/** Takes a decoded block, shape `[samples in a block, rows, blockWidth]`; a passing one is overwritten by the next. */
export type UseBlock = (block: TypedArray, isPassing: boolean) => void

/** Schemes that the kernel decodes; in the main thread the engine's own threads inflate. */
const BY_KERNEL: ReadonlySet<CompressionName> = new Set(isMainThread ? ['lzw'] : ['lzw', 'deflate'])

/** Schemes whose decoded bytes are memory that the engine has made. */
const BY_ENGINE: ReadonlySet<CompressionName> = new Set(['deflate', 'zstd'])

/** Decodes the bytes of one block and hands its samples to `use`, at once. */
export async function decodeBlock(
  image: Image,
  stored: Uint8Array,
  index: number,
  path: string,
  use: UseBlock,
): Promise<void> {
  const data = image.turned ? turnedBits(stored) : stored
  const size = blockBytes(image, index)
  const shape = {
    rows: blockRows(image, index),
    samples: image.pixelInterleaved ? image.samples : 1,
    columns: image.blockWidth,
  }
  const { compression, predictor } = image
  const isPlain = image.sample.stored === 'plain'
  const fits = isPlain && (image.littleEndian || predictor === 3)
  if (fits && BY_KERNEL.has(compression)) {
    const planes = planesOf(data, image.dtype, shape, image)
    if (planes !== undefined) {
      use(planes, true)
      return
    }
  }
  let decoded: Uint8Array
  try {
    const answer = bytesOf(image, data, shape, size)
    decoded = answer instanceof Uint8Array ? answer : await answer
  } catch (cause) {
    throw corrupt(path, image, index, cause)
  }
  if (decoded.length < size && compression !== 'none') {
    throw corrupt(path, image, index, new RangeError(`${decoded.length} of ${size} bytes`))
  }
  if (fits && (predictor > 1 || shape.samples > 1) && decoded.length >= size) {
    const planes = planesOf(decoded, image.dtype, shape, { compression: 'none', predictor })
    if (planes !== undefined) {
      if (BY_ENGINE.has(compression)) releaseMade(decoded)
      use(planes, true)
      return
    }
  }
  const untouched = compression === 'none' && image.littleEndian && isPlain
  const width = DTYPES[image.dtype].bytes
  const bytes = exactly(decoded, size, untouched ? undefined : data, width)
  if (isPlain) use(samplesOf(image, bytes, shape, width), false)
  else {
    const planes = () => planesOfOther(image.sample, bytes, shape, image)
    use(exact(planes, path, image, index), false)
  }
}

function bytesOf(image: Image, data: Uint8Array, shape: Rows, size: number): Uint8Array | Promise<Uint8Array> {
  const { compression, pixelDecoder } = image
  if (compression !== 'jpeg' && compression !== 'lerc') return decompress(compression, data, size)
  return pixelDecoder!(data, shape)
}

/** Throws `InputError('InexactValue')` where a 64-bit integer has more digits than float64. */
function exact(planes: () => TypedArray, path: string, image: Image, index: number): TypedArray {
  try {
    return planes()
  } catch (cause) {
    if (!(cause instanceof InexactValue)) throw cause
    throw new InputError('InexactValue', `${blockName(image, index)} of ${path}: ${cause.message}`, {
      hint: 'cubes have no 64-bit integers; convert the file first (gdal_translate -ot Float64 INPUT OUTPUT.tif)',
      data: { path, block: index },
      cause,
    })
  }
}

/** Bytes to samples by band: byte order, predictor and interleaving undone. */
function samplesOf(image: Image, bytes: Uint8Array<ArrayBuffer>, shape: Rows, width: number): TypedArray {
  const { dtype, predictor } = image
  const count = shape.rows * shape.columns * shape.samples
  const view = (buffer: ArrayBuffer, at: number): TypedArray => DTYPES[dtype].view(buffer, at, count)
  if (predictor === 3) undoFloating(bytes, shape, width)
  else if (!image.littleEndian) swapBytes(bytes, width)
  if (shape.samples === 1 || width === 8) {
    if (predictor === 2) undoHorizontal(wordsOf(bytes, width), shape)
    if (shape.samples === 1) return view(bytes.buffer, bytes.byteOffset)
  }
  const planes = newArray(dtype, count)
  // Differences are undone on the way to the planes, in one pass; 64-bit words have been undone above.
  const summed = predictor === 2 && width < 8
  split(words(view(bytes.buffer, bytes.byteOffset)), words(planes), shape, summed)
  return planes
}

/**
 * The first `size` bytes, aligned for samples of `width` bytes and in memory that is ours to change: not that of
 * `input`, where it is given.
 */
function exactly(
  decoded: Uint8Array,
  size: number,
  input: Uint8Array | undefined,
  width: number,
): Uint8Array<ArrayBuffer> {
  const ours = decoded.buffer !== input?.buffer && decoded.byteOffset % width === 0 && decoded.length >= size
  if (ours && decoded.buffer instanceof ArrayBuffer) return new Uint8Array(decoded.buffer, decoded.byteOffset, size)
  const out = new Uint8Array(size)
  out.set(decoded.length > size ? decoded.subarray(0, size) : decoded)
  return out
}

function corrupt(path: string, image: Image, block: number, cause: unknown): InputError {
  const what = blockName(image, block)
  return new InputError('CorruptBlock', `${path} is damaged: ${what} cannot be decoded`, {
    hint: 'get the file again',
    data: { path, what, block },
    cause,
  })
}
