/** Pixel-interleaved samples to planes by the SIMD kernel: the fast way for whole bytes, little-endian, predictor 1 or 2. */
import { DTYPES, type TypedArray } from '../dtype.ts'
import { kernelInstance } from '../kernels/load.ts'
import { wasm } from '../kernels/planes.wasm.ts'
import type { DType } from '../types.ts'
import type { Rows } from './predictor.ts'

type Planes = (from: number, to: number, rows: number, columns: number, samples: number, summed: number) => void

interface Kernels {
  readonly planes8: Planes
  readonly planes16: Planes
  readonly planes32: Planes
  sums16(at: number, rows: number, columns: number): void
  /** Bytes that were decoded, -1 where the data is damaged. */
  inflate(from: number, length: number, to: number, size: number): number
}

const instance = kernelInstance<Kernels>(wasm)

/** The kernel's own memory begins with its constants, then its tables of codes. */
const START = 25 * 1024
/** Loads and stores reach at most this far beyond what they are for. */
const MARGIN = 512

const aligned = (at: number): number => Math.ceil(at / 64) * 64

const BY_BYTES = { 1: 'planes8', 2: 'planes16', 4: 'planes32' } as const

/**
 * The planes of a block as a view of the kernel's memory, gone with the next call; undefined where the samples are not
 * of 1, 2 or 4 bytes. \`deflated\`: the bytes are zlib data; then undefined also where they are damaged.
 */
export function planesOf(
  bytes: Uint8Array,
  dtype: DType,
  shape: Rows,
  summed: boolean,
  deflated: boolean,
): TypedArray | undefined {
  const width = DTYPES[dtype].bytes
  if (width === 8) return undefined
  const count = shape.rows * shape.columns * shape.samples
  const size = count * width
  const { call, room } = instance()
  const target = aligned(START + size + MARGIN)
  const input = deflated ? aligned(target + size + MARGIN) : START
  const memory = room(deflated ? input + bytes.length + MARGIN : target + size + MARGIN)
  memory.set(deflated || size === bytes.length ? bytes : bytes.subarray(0, size), input)
  if (deflated && call.inflate(input, bytes.length, START, size) !== size) return undefined
  if (shape.samples === 1 && width === 2 && summed) call.sums16(START, shape.rows, shape.columns)
  if (shape.samples === 1 && (!summed || width === 2)) return DTYPES[dtype].view(memory.buffer, START, count)
  call[BY_BYTES[width]](START, target, shape.rows, shape.columns, shape.samples, summed ? 1 : 0)
  return DTYPES[dtype].view(memory.buffer, target, count)
}
