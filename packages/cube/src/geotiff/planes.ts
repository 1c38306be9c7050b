/** Stored bytes to planes by the SIMD kernel: the fast way for samples of 1, 2 or 4 whole bytes. */
import { DTYPES, type TypedArray } from '../dtype.ts'
import { kernelInstance } from '../kernels/load.ts'
import { wasm } from '../kernels/planes.wasm.ts'
import type { DType } from '../types.ts'
import type { CompressionName } from './codecs.ts'
import type { Rows } from './predictor.ts'

type Planes = (from: number, to: number, rows: number, columns: number, samples: number, summed: number) => void

interface Kernels {
  readonly planes8: Planes
  readonly planes16: Planes
  readonly planes32: Planes
  sums8(at: number, rows: number, stride: number, samples: number): void
  sums16(at: number, rows: number, columns: number): void
  floats32(from: number, to: number, scratch: number, rows: number, columns: number, samples: number): void
  unfloats32(at: number, scratch: number, rows: number, columns: number, samples: number): void
  /** Bytes that were decoded, -1 where the data is damaged. */
  inflate(from: number, length: number, to: number, size: number): number
  lzw(from: number, length: number, to: number, size: number): number
}

const instance = kernelInstance<Kernels>(wasm)

/** The kernel's own memory begins with its constants, then its tables of codes. */
const START = 35 * 1024
/** Loads and stores reach at most this far beyond what they are for. */
const MARGIN = 1024

const aligned = (at: number): number => Math.ceil(at / 64) * 64

const BY_BYTES = { 1: 'planes8', 2: 'planes16', 4: 'planes32' } as const

/** How a block is stored. Words of several bytes have the least significant one first, unless the predictor is 3. */
export interface StoredAs {
  readonly compression: CompressionName
  readonly predictor: 1 | 2 | 3
}

/** Schemes that the kernel decodes. */
const UNPACKERS: Readonly<Partial<Record<CompressionName, 'inflate' | 'lzw'>>> = { deflate: 'inflate', lzw: 'lzw' }

/**
 * The planes of a block as a view of the kernel's memory, gone with the next call; undefined where the samples are not
 * of 1, 2 or 4 bytes, or the bytes are damaged. Bytes of a scheme that the kernel does not decode have to be decoded.
 */
export function planesOf(
  bytes: Uint8Array,
  dtype: DType,
  shape: Rows,
  { compression, predictor }: StoredAs,
): TypedArray | undefined {
  const width = DTYPES[dtype].bytes
  if (width === 8 || (predictor === 3 && width !== 4)) return undefined
  const { rows, columns, samples } = shape
  const count = rows * columns * samples
  const size = count * width
  const { call, room } = instance()
  const unpacker = UNPACKERS[compression]
  const target = aligned(START + size + MARGIN)
  // What is decoded makes room for a row of scratch.
  const scratch = aligned(target + size + MARGIN)
  const input = unpacker === undefined ? START : scratch
  const rowBytes = predictor === 3 ? columns * samples * width : 0
  const memory = room(Math.max(scratch + rowBytes, input + bytes.length) + MARGIN)
  memory.set(unpacker !== undefined || size === bytes.length ? bytes : bytes.subarray(0, size), input)
  if (unpacker !== undefined && call[unpacker](input, bytes.length, START, size) !== size) return undefined
  if (predictor === 3) {
    call.floats32(START, target, scratch, rows, columns, samples)
    return DTYPES[dtype].view(memory.buffer, target, count)
  }
  const isSummed = predictor === 2 && SUMS[width](call, shape)
  if (samples === 1 && (predictor !== 2 || isSummed)) return DTYPES[dtype].view(memory.buffer, START, count)
  call[BY_BYTES[width]](START, target, rows, columns, samples, predictor === 2 && !isSummed ? 1 : 0)
  return DTYPES[dtype].view(memory.buffer, target, count)
}

/** Predictor 2 undone before samples are put in planes, by bytes of a sample; false where it is undone on the way. */
const SUMS: Readonly<Record<1 | 2 | 4, (call: Kernels, shape: Rows) => boolean>> = {
  1: (call, { rows, columns, samples }) => {
    call.sums8(START, rows, columns * samples, samples)
    return true
  },
  2: (call, { rows, columns, samples }) => {
    if (samples === 1) call.sums16(START, rows, columns)
    return samples === 1
  },
  4: () => false,
}

/** Does predictor 3 in place on samples of 4 bytes, as `doFloating`. */
export function doFloating32(bytes: Uint8Array, { rows, columns, samples }: Rows): void {
  const { call, room } = instance()
  const scratch = aligned(START + bytes.length + MARGIN)
  const memory = room(scratch + 4 * columns * samples + MARGIN)
  memory.set(bytes, START)
  call.unfloats32(START, scratch, rows, columns, samples)
  bytes.set(memory.subarray(START, START + bytes.length))
}

/** Decodes TIFF's LZW into `size` bytes, 0 where the data ends early. Throws `RangeError` on a code that cannot be. */
export function decodeLzw(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const { call, room } = instance()
  const input = aligned(START + size + MARGIN)
  const memory = room(input + bytes.length + MARGIN)
  memory.set(bytes, input)
  const made = call.lzw(input, bytes.length, START, size)
  if (made < 0) throw new RangeError('an LZW code occurs before it is defined')
  const out = new Uint8Array(size)
  out.set(memory.subarray(START, START + made))
  return out
}
