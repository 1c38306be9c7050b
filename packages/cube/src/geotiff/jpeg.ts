/** JPEG inside TIFF (compression 7), decoded by libjpeg-turbo: a block and the tables that all blocks share. */
import { createRequire } from 'node:module'
import { splitJpeg } from './jpeg-split.ts'

/** What a block of JPEG needs from its image. */
export interface JpegBlocks {
  /** Tag JPEGTables: a JPEG stream of tables only. */
  readonly tables: Uint8Array | undefined
  /** Photometric 6: samples are luminance and chroma, and become red, green, blue. */
  readonly isChroma: boolean
}

interface Decoder {
  getEncodedBuffer(length: number): Uint8Array
  decode(): void
  getDecodedBuffer(): Uint8Array
  getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number }
}
interface Library {
  readonly JPEGDecoder: new () => Decoder
}

let loaded: Promise<Decoder> | undefined

function decoder(): Promise<Decoder> {
  const require = createRequire(import.meta.url)
  const quiet = { print: () => undefined, printErr: () => undefined }
  loaded ??= (require('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs') as (o: object) => Promise<Library>)(
    quiet,
  ).then((library) => new library.JPEGDecoder())
  return loaded
}

/** Pixels of a block and samples of a pixel. */
interface Shape {
  readonly columns: number
  readonly rows: number
  readonly samples: number
}

/** Pixels of a block, samples side by side: the upper left part of what is coded. Throws where it is damaged. */
export async function decodeJpeg(data: Uint8Array, blocks: JpegBlocks, shape: Shape): Promise<Uint8Array> {
  const library = await decoder()
  // From here on nothing waits: the one decoder is for all blocks.
  const { samples, columns, rows } = shape
  const segments = segmentsOf(data, blocks.tables)
  checkFrame(segments, shape)
  if (samples === 1 || samples === 3) return decodeOne(library, [adobe(blocks.isChroma), ...segments], shape)
  const planes = splitJpeg(segments)
  if (planes.length !== samples) throw new RangeError(`${planes.length} samples instead of ${samples}`)
  const out = new Uint8Array(columns * rows * samples)
  for (const [s, plane] of planes.entries()) {
    const pixels = decodeOne(library, plane, { columns, rows, samples: 1 })
    for (let i = 0; i < pixels.length; i++) out[i * samples + s] = pixels[i]!
  }
  return out
}

/** Damaged sizes would ask for all memory. */
function checkFrame(segments: readonly Uint8Array[], { columns, rows }: Shape): void {
  const frame = segments.find(({ 1: marker = 0 }) => marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.has(marker))
  if (frame === undefined || frame.length < 10) throw new RangeError('no frame')
  const [height, width] = [(frame[5]! << 8) | frame[6]!, (frame[7]! << 8) | frame[8]!]
  if (width > columns + 64 || height > 2 * rows + 64) throw new RangeError(`${width} x ${height} pixels are too many`)
}

/** Markers among those of frames that are none: Huffman tables, an extension, arithmetic coding. */
const NO_FRAME = new Set([0xc4, 0xc8, 0xcc])

function decodeOne(library: Decoder, segments: readonly Uint8Array[], { columns, rows, samples }: Shape): Uint8Array {
  const parts = [START, ...segments]
  const input = library.getEncodedBuffer(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    input.set(part, at)
    at += part.length
  }
  try {
    library.decode()
  } catch {
    // What is thrown is a number of the library's own.
    throw new RangeError('libjpeg cannot decode it')
  }
  const { width, height, componentCount } = library.getFrameInfo()
  if (componentCount !== samples) throw new RangeError(`${componentCount} samples instead of ${samples}`)
  if (width < columns || height < rows) throw new RangeError(`${width} x ${height} pixels are too few`)
  const pixels = library.getDecodedBuffer()
  if (width === columns) return pixels.slice(0, columns * rows * samples)
  const out = new Uint8Array(columns * rows * samples)
  for (let r = 0; r < rows; r++) {
    out.set(pixels.subarray(r * width * samples, (r * width + columns) * samples), r * columns * samples)
  }
  return out
}

const MARKER = { end: 0xd9, scan: 0xda, firstApplication: 0xe0, lastApplication: 0xef } as const

const START = Uint8Array.of(0xff, 0xd8)

/** Adobe's segment says by its last byte whether the samples of a pixel were transformed: it is what decoders heed. */
const adobe = (isChroma: boolean): Uint8Array =>
  Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, isChroma ? 1 : 0)

/**
 * Segments of a whole file, the last with the scan and all the rest. TIFF's photometric interpretation counts, not what
 * a block says itself, as in libtiff.
 */
function segmentsOf(data: Uint8Array, tables: Uint8Array | undefined): Uint8Array[] {
  return [...(tables === undefined ? [] : segmentsIn(tables)), ...segmentsIn(data)]
}

/** The segments of a stream without start, end and applications' own; with the first scan comes all the rest. */
function segmentsIn(data: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = []
  for (let at = 2; at + 4 <= data.length; ) {
    const marker = data[at + 1]!
    if (data[at] !== 0xff) throw new RangeError(`no marker at byte ${at}`)
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === MARKER.end) break
    if (marker === MARKER.scan) return [...out, data.subarray(at)]
    const end = at + 2 + ((data[at + 2]! << 8) | data[at + 3]!)
    if (marker < MARKER.firstApplication || marker > MARKER.lastApplication) out.push(data.subarray(at, end))
    at = end
  }
  return out
}
