/** The Blosc kernel of this thread (shuffles, LZ4 and BloscLZ) as functions on byte arrays. Results are views that the next call overwrites. */
import { wasm } from '../kernels/blosc.wasm.ts'
import { kernelInstance } from '../kernels/load.ts'
import { DamagedData } from './damage.ts'

export type Bytes = Uint8Array<ArrayBuffer>

export interface BloscKernel {
  unshuffle(from: number, to: number, count: number, size: number): void
  shuffle(from: number, to: number, count: number, size: number): void
  unshuffleBits(from: number, to: number, count: number, size: number): void
  shuffleBits(from: number, to: number, count: number, size: number): void
  /** Bytes written, or -1 where the block is damaged. */
  decompress(from: number, length: number, to: number, capacity: number): number
  /** The same of BloscLZ. */
  decompressLz(from: number, length: number, to: number, capacity: number): number
  /** Bytes written, or 0 where `capacity` is too small. `table` is `LZ4_TABLE_BYTES` of scratch memory. */
  compress(from: number, length: number, to: number, capacity: number, table: number, acceleration: number): number
}

export const LZ4_TABLE_BYTES = 16384

/** The first bytes of the memory hold the tables of the kernel. */
export const KERNEL_BASE = 8192

export const bloscKernel = kernelInstance<BloscKernel>(wasm)

/** Damaged headers ask for more than there can be. */
function roomFor(bytes: number): Bytes {
  try {
    return bloscKernel().room(bytes)
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new DamagedData(`${bytes} bytes are more than can be decoded at once`, { cause })
    throw cause
  }
}

/** Areas of the kernel's memory, each with room for vectors that reach beyond its end; and `input` put into the first. */
export function kernelAreas(input: Uint8Array, ...sizes: readonly number[]): { memory: Bytes; at: number[] } {
  const isHere = isBorrowed(input)
  const isInPlace = isHere && input.byteOffset === KERNEL_BASE
  const own = isHere && !isInPlace ? input.slice() : input
  const { memory, at } = emptyAreas(own.length, ...sizes)
  if (!isInPlace) memory.set(own, KERNEL_BASE)
  return { memory, at }
}

/** The same with nothing in them. */
export function emptyAreas(...sizes: readonly number[]): { memory: Bytes; at: number[] } {
  const at: number[] = []
  let next = KERNEL_BASE
  for (const size of sizes) {
    at.push(next)
    next += (size + 64 + 63) & ~63
  }
  return { memory: roomFor(next), at }
}

/** Where `kernelAreas` wants its input: what is read there need not be copied. To be used before the next call. */
export function inputArea(bytes: number): Bytes {
  return roomFor(KERNEL_BASE + bytes).subarray(KERNEL_BASE, KERNEL_BASE + bytes)
}

/** Whether bytes lie in the kernel's memory, so that they have to be used or copied before the next call. */
export function isBorrowed(bytes: Uint8Array): boolean {
  return bytes.buffer === bloscKernel().room(0).buffer
}

/** Bytes that stay as they are. */
export function owned(bytes: Uint8Array): Uint8Array {
  return isBorrowed(bytes) ? bytes.slice() : bytes
}
