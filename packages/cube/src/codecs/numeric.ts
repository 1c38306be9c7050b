/** Codecs that are arithmetic on numbers: delta, fixed scale and offset, casts, bits. Decoding gives numcodecs' results bit for bit. */
import { sound } from './damage.ts'
import { asNumbers, type Numbers, type NumberType, newNumbers } from './numbers.ts'

/** Running sums in the type of the result: integers wrap, floats add in order, booleans are true after the first. */
export function decodeDelta(data: Uint8Array, stored: NumberType, type: NumberType): Uint8Array {
  const from = asNumbers(data, stored)
  const { numbers, bytes } = newNumbers(type, from.length)
  if (from instanceof BigInt64Array || from instanceof BigUint64Array) {
    let sum = 0n
    for (let k = 0; k < from.length; k++) {
      sum += from[k]!
      setNumber(numbers, k, sum)
      sum = BigInt.asIntN(64, sum)
    }
    return bytes()
  }
  const isBool = type.kind === 'b'
  const isInteger = stored.kind !== 'f'
  let sum = 0
  for (let k = 0; k < from.length; k++) {
    sum += from[k]!
    if (isInteger) sum = sum % 2 ** 32
    setNumber(numbers, k, isBool ? (sum === 0 ? 0 : 1) : sum)
    // Sums of floats round to the type at every step.
    if (!isInteger) sum = numbers[k] as number
  }
  return bytes()
}

function setNumber(numbers: Numbers, at: number, value: number | bigint): void {
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) numbers[at] = BigInt(value)
  else numbers[at] = Number(value)
}

/** stored / scale + offset, in float32 where the stored numbers are, else in float64. */
export function decodeFixedScaleOffset(
  data: Uint8Array,
  stored: NumberType,
  type: NumberType,
  scale: number,
  offset: number,
): Uint8Array {
  const from = asNumbers(data, stored)
  const { numbers, bytes } = newNumbers(type, from.length)
  const round = stored.kind === 'f' && stored.bytes <= 4 ? Math.fround : (value: number): number => value
  const [divisor, summand] = [round(scale), round(offset)]
  for (let k = 0; k < from.length; k++) {
    const value = round(round(Number(from[k]) / divisor) + summand)
    setNumber(numbers, k, numbers instanceof BigInt64Array || numbers instanceof BigUint64Array ? whole(value) : value)
  }
  return bytes()
}

const whole = (value: number): bigint => (Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n)

/** Numbers of one type as those of another. */
export function castNumbers(data: Uint8Array, stored: NumberType, type: NumberType): Uint8Array {
  const from = asNumbers(data, stored)
  const { numbers, bytes } = newNumbers(type, from.length)
  const isWide = numbers instanceof BigInt64Array || numbers instanceof BigUint64Array
  for (let k = 0; k < from.length; k++) {
    const value = from[k]!
    if (type.kind === 'b') numbers[k] = Number(value) === 0 ? 0 : 1
    else if (isWide) numbers[k] = typeof value === 'bigint' ? value : whole(value)
    else numbers[k] = Number(value)
  }
  return bytes()
}

/** Eight booleans a byte, the first in the highest bit; the first byte is the number of bits that only fill up. */
export function decodePackBits(data: Uint8Array): Uint8Array {
  sound(data.length > 0 && data[0]! < 8, 'packbits: the padding is damaged')
  const count = (data.length - 1) * 8 - data[0]!
  sound(count >= 0, 'packbits: the padding is damaged')
  const out = new Uint8Array(count)
  for (let k = 0; k < count; k++) out[k] = (data[1 + (k >> 3)]! >> (7 - (k & 7))) & 1
  return out
}

/** Bytes of numbers gathered by significance, with the bytes beyond the last whole number left out of it. */
export function decodeShuffle(
  data: Uint8Array,
  size: number,
  unshuffle: (data: Uint8Array, count: number, size: number) => Uint8Array,
): Uint8Array {
  if (size <= 1) return data
  const count = Math.floor(data.length / size)
  const out = new Uint8Array(data.length)
  out.set(unshuffle(data.subarray(0, count * size), count, size))
  out.set(data.subarray(count * size), count * size)
  return out
}
