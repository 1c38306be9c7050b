/** Sample types: how many bytes, which array, which range. */
import type { DType } from './types.ts'

export type TypedArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

interface DTypeRow {
  readonly bytes: 1 | 2 | 4 | 8
  /** Least and greatest value; of floats, the finite range. */
  readonly range: readonly [number, number]
  readonly isFloat: boolean
  readonly view: (buffer: ArrayBuffer, byteOffset?: number, length?: number) => TypedArray
}

const FLOAT32_MAX = 3.4028234663852886e38

export const DTYPES: Readonly<Record<DType, DTypeRow>> = {
  uint8: { bytes: 1, range: [0, 255], isFloat: false, view: (b, o, n) => new Uint8Array(b, o, n) },
  int8: { bytes: 1, range: [-128, 127], isFloat: false, view: (b, o, n) => new Int8Array(b, o, n) },
  uint16: { bytes: 2, range: [0, 65535], isFloat: false, view: (b, o, n) => new Uint16Array(b, o, n) },
  int16: { bytes: 2, range: [-32768, 32767], isFloat: false, view: (b, o, n) => new Int16Array(b, o, n) },
  uint32: { bytes: 4, range: [0, 2 ** 32 - 1], isFloat: false, view: (b, o, n) => new Uint32Array(b, o, n) },
  int32: { bytes: 4, range: [-(2 ** 31), 2 ** 31 - 1], isFloat: false, view: (b, o, n) => new Int32Array(b, o, n) },
  float32: {
    bytes: 4,
    range: [-FLOAT32_MAX, FLOAT32_MAX],
    isFloat: true,
    view: (b, o, n) => new Float32Array(b, o, n),
  },
  float64: {
    bytes: 8,
    range: [-Number.MAX_VALUE, Number.MAX_VALUE],
    isFloat: true,
    view: (b, o, n) => new Float64Array(b, o, n),
  },
}

/** A zeroed array of `length` samples. */
export function newArray(dtype: DType, length: number): TypedArray {
  return DTYPES[dtype].view(new ArrayBuffer(length * DTYPES[dtype].bytes))
}

/** The sample type of an array. */
export function dtypeOf(array: TypedArray): DType {
  return array.constructor.name.replace('Array', '').toLowerCase() as DType
}

/**
 * The same memory as unsigned words of the sample's size (float64 stays). Copying loops see four array kinds
 * instead of eight, which keeps them fast in the engine.
 */
export type WordArray =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

export function words(array: TypedArray): WordArray {
  const { buffer, byteOffset, length } = array
  switch (array.BYTES_PER_ELEMENT) {
    case 1:
      return new Uint8Array(buffer, byteOffset, length)
    case 2:
      return new Uint16Array(buffer, byteOffset, length)
    case 4:
      return new Uint32Array(buffer, byteOffset, length)
    default:
      return new Float64Array(buffer, byteOffset, length)
  }
}
