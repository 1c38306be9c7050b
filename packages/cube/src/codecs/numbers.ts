/** Number types by the names of numpy (`<i2`) and Zarr 3 (`int16`), and bytes as numbers of such a type. */
import { InexactValue } from './damage.ts'

export interface NumberType {
  readonly kind: 'i' | 'u' | 'f' | 'b'
  readonly bytes: 1 | 2 | 4 | 8
  readonly isBigEndian: boolean
}

/** Numbers in memory: halves as float32, booleans as 0 and 1. */
export type Numbers =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>

type View = (buffer: ArrayBuffer, offset: number, length: number) => Numbers

const VIEWS: Readonly<Record<string, View>> = {
  b1: (b, o, n) => new Uint8Array(b, o, n),
  u1: (b, o, n) => new Uint8Array(b, o, n),
  i1: (b, o, n) => new Int8Array(b, o, n),
  u2: (b, o, n) => new Uint16Array(b, o, n),
  i2: (b, o, n) => new Int16Array(b, o, n),
  u4: (b, o, n) => new Uint32Array(b, o, n),
  i4: (b, o, n) => new Int32Array(b, o, n),
  u8: (b, o, n) => new BigUint64Array(b, o, n),
  i8: (b, o, n) => new BigInt64Array(b, o, n),
  f2: (b, o, n) => halves(new Uint16Array(b, o, n)),
  f4: (b, o, n) => new Float32Array(b, o, n),
  f8: (b, o, n) => new Float64Array(b, o, n),
}

const LONG_NAME = /^(bool|u?int|float)(8|16|32|64)?$/
const LETTERS: Readonly<Record<string, NumberType['kind']>> = { bool: 'b', int: 'i', uint: 'u', float: 'f' }

/** The type that a name means; undefined where it is none of numbers. */
export function numberType(name: string): NumberType | undefined {
  const short = /^([<>|=]?)([iufb])([1248])$/.exec(name)
  const long = LONG_NAME.exec(name)
  const kind = short === null ? LETTERS[long?.[1] ?? ''] : (short[2] as NumberType['kind'])
  const bytes = short === null ? (long?.[1] === 'bool' ? 1 : Number(long?.[2]) / 8) : Number(short[3])
  if (kind === undefined || VIEWS[`${kind}${bytes}`] === undefined) return undefined
  return { kind, bytes: bytes as NumberType['bytes'], isBigEndian: short?.[1] === '>' && bytes > 1 }
}

/** The bytes as numbers: a view where they lie well and need no change, else a copy. Surplus bytes are left out. */
export function asNumbers(data: Uint8Array, type: NumberType): Numbers {
  const length = Math.floor(data.length / type.bytes)
  const isPlaced = data.byteOffset % type.bytes === 0 && data.buffer instanceof ArrayBuffer
  const bytes = (isPlaced && !type.isBigEndian ? data : data.slice()) as Uint8Array<ArrayBuffer>
  if (type.isBigEndian) swapBytes(bytes, type.bytes)
  return VIEWS[`${type.kind}${type.bytes}`]!(bytes.buffer, bytes.byteOffset, length)
}

/** Room for numbers of a type, as `asNumbers` gives them, with the way to their bytes. */
export function newNumbers(
  type: NumberType,
  length: number,
): { numbers: Numbers; bytes: () => Uint8Array<ArrayBuffer> } {
  const key = type.kind === 'f' && type.bytes === 2 ? 'f4' : `${type.kind}${type.bytes}`
  const width = key === 'f4' ? 4 : type.bytes
  const buffer = new ArrayBuffer(length * width)
  const numbers = VIEWS[key]!(buffer, 0, length)
  const bytes = (): Uint8Array<ArrayBuffer> => {
    const made = type.bytes === width ? new Uint8Array(buffer) : halfBytes(numbers as Float32Array)
    if (type.isBigEndian) swapBytes(made, type.bytes)
    return made
  }
  return { numbers, bytes }
}

/** Turns each group of `size` bytes round, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  if (size === 2) {
    for (let k = 0; k + 1 < bytes.length; k += 2) {
      const first = bytes[k]!
      bytes[k] = bytes[k + 1]!
      bytes[k + 1] = first
    }
    return
  }
  for (let k = 0; k + size <= bytes.length; k += size) bytes.subarray(k, k + size).reverse()
}

/** Half-precision numbers; exact in float32. */
export function halves(words: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(words.length)
  for (let k = 0; k < words.length; k++) out[k] = halfToNumber(words[k]!)
  return out
}

export function halfToNumber(word: number): number {
  const sign = word & 0x8000 ? -1 : 1
  const exponent = (word >> 10) & 31
  const fraction = word & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const float32 = new Float32Array(1)
const word32 = new Uint32Array(float32.buffer)

/** The nearest half, ties to even. */
export function numberToHalf(value: number): number {
  float32[0] = value
  const word = word32[0]!
  const sign = (word >>> 16) & 0x8000
  const exponent = ((word >>> 23) & 255) - 112
  const fraction = word & 0x7fffff
  if (exponent === 143) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200)
  if (exponent <= 0) return sign | roundEven(Math.abs(float32[0]) * 2 ** 24)
  const rounded = (exponent << 10) + roundEven(fraction / 8192)
  return sign | Math.min(rounded, 0x7c00)
}

function roundEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low
}

function halfBytes(numbers: Float32Array): Uint8Array<ArrayBuffer> {
  const words = new Uint16Array(numbers.length)
  for (let k = 0; k < words.length; k++) words[k] = numberToHalf(numbers[k]!)
  return new Uint8Array(words.buffer)
}

/** Whole numbers up to here are all exact in float64. */
const SAFE = 2n ** 53n

/** 64-bit whole numbers as float64. Throws `InexactValue` where one would lose digits. */
export function toFloat64(values: BigInt64Array | BigUint64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(values.length)
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!
    out[k] = value <= SAFE && value >= -SAFE ? Number(value) : exactly(value)
  }
  return out
}

/** The value as float64. Throws `InexactValue` where it would lose digits. */
export function exactly(value: bigint): number {
  const number = Number(value)
  if (BigInt(number) !== value) throw new InexactValue(`the value ${value} has more digits than a cube can hold`)
  return number
}
