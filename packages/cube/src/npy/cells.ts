/** Stored bytes of `.npy` arrays as cells: byte order, half floats, 64-bit integers. */
import { DTYPES, type TypedArray } from '../dtype.ts'
import type { NpyHeader } from './header.ts'

/** Takes the bytes over (they are swapped in place where they are big-endian). */
export function cellsOf(bytes: Uint8Array<ArrayBuffer>, { type, isBigEndian }: NpyHeader): TypedArray {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  if (isBigEndian) swap(aligned, type.bytes)
  const { buffer, byteOffset } = aligned
  const count = aligned.length / type.bytes
  switch (type.stored) {
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, count), Number)
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, count), Number)
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), half)
    default:
      return DTYPES[type.dtype].view(buffer, byteOffset, count)
  }
}

function swap(bytes: Uint8Array<ArrayBuffer>, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse()
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
