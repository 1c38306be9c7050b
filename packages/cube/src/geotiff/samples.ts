/** Samples of TIFF: the array that holds them, and how those become numbers that memory has no words for. */
import { halves, swapBytes, toFloat64 } from '../codecs/numbers.ts'
import { newArray, type TypedArray, words } from '../dtype.ts'
import type { DType } from '../types.ts'
import { type Rows, split, undoFloating, undoHorizontal, wordsOf } from './predictor.ts'

export interface Sample {
  readonly dtype: DType
  /** Words of the array itself, other words of whole bytes, or bits in rows, the highest first. */
  readonly stored: 'plain' | 'words' | 'bits'
  /** Numbers of words that are stored in this machine's byte order. */
  readonly toNumbers?: (bytes: Uint8Array<ArrayBuffer>) => TypedArray
}

const plain = (dtype: DType): Sample => ({ dtype, stored: 'plain' })
const other = (dtype: DType, toNumbers: Required<Sample>['toNumbers']): Sample => ({
  dtype,
  stored: 'words',
  toNumbers,
})

/** By TIFF sample format (1 unsigned, 2 signed, 3 float) and bits. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  '1:8': plain('uint8'),
  '1:16': plain('uint16'),
  // GDAL's order: the reverse of the file's.
  '1:24': other('uint32', (bytes) => threeByteNumbers(bytes).map((word) => turnedBytes(word))),
  '1:32': plain('uint32'),
  '1:64': other('float64', (bytes) => toFloat64(new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8))),
  '2:8': plain('int8'),
  '2:16': plain('int16'),
  '2:32': plain('int32'),
  '2:64': other('float64', (bytes) => toFloat64(new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8))),
  '3:16': other('float32', (bytes) => halves(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2))),
  '3:24': other('float32', (bytes) => Float32Array.from(threeByteNumbers(bytes), threeByteFloat)),
  '3:32': plain('float32'),
  '3:64': plain('float64'),
}

const UNSIGNED = 1
/** "Not defined"; readers take it as unsigned. */
const UNDEFINED = 4

/** How samples are stored and held; undefined where they cannot be read. */
export function sampleOf(format: number, bits: number): Sample | undefined {
  const kind = format === UNDEFINED ? UNSIGNED : format
  const whole = SAMPLES[`${kind}:${bits}`]
  if (whole !== undefined || kind !== UNSIGNED || !(bits >= 1 && bits < 32)) return whole
  return { dtype: bits < 8 ? 'uint8' : bits < 16 ? 'uint16' : 'uint32', stored: 'bits' }
}

function threeByteNumbers(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(bytes.length / 3)
  for (let i = 0; i < out.length; i++) out[i] = bytes[3 * i]! | (bytes[3 * i + 1]! << 8) | (bytes[3 * i + 2]! << 16)
  return out
}

const turnedBytes = (word: number): number => ((word & 255) << 16) | (word & 0xff00) | (word >> 16)

/** 1 sign, 7 exponent and 16 fraction bits (Adobe Photoshop TIFF Technical Note 3). */
function threeByteFloat(word: number): number {
  const sign = word & 0x800000 ? -1 : 1
  const exponent = (word >> 16) & 127
  const fraction = (word & 0xffff) / 65536
  if (exponent === 127) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -62 : (1 + fraction) * 2 ** (exponent - 63))
}

/** How a block is stored, as far as its words are concerned. */
interface Stored {
  readonly bits: number
  readonly predictor: 1 | 2 | 3
  readonly littleEndian: boolean
}

/** Planes of a block of other words or of bits. `bytes` are changed. Throws `InexactValue`. */
export function planesOfOther(sample: Sample, bytes: Uint8Array<ArrayBuffer>, shape: Rows, stored: Stored): TypedArray {
  const numbers = sample.stored === 'bits' ? numbersOfBits(sample, bytes, shape, stored.bits) : convert()
  if (shape.samples === 1) return numbers
  const planes = newArray(sample.dtype, numbers.length)
  split(words(numbers), words(planes), shape, false)
  return planes

  function convert(): TypedArray {
    const width = stored.bits / 8
    if (stored.predictor === 3) undoFloating(bytes, shape, width)
    else if (!stored.littleEndian) swapBytes(bytes, width)
    if (stored.predictor === 2) undoHorizontal(wordsOf(bytes, width), shape)
    return sample.toNumbers!(bytes)
  }
}

/** Rows of bits begin at whole bytes. */
function numbersOfBits(
  { dtype }: Sample,
  bytes: Uint8Array,
  { rows, columns, samples }: Rows,
  bits: number,
): TypedArray {
  const perRow = columns * samples
  const numbers = newArray(dtype, rows * perRow)
  const rowBytes = Math.ceil((perRow * bits) / 8)
  for (let r = 0; r < rows; r++) {
    let bit = 8 * r * rowBytes
    for (let i = 0; i < perRow; i++) {
      let value = 0
      for (const end = bit + bits; bit < end; ) {
        const taken = Math.min(8 - (bit & 7), end - bit)
        const shift = 8 - (bit & 7) - taken
        value = (value << taken) | ((bytes[bit >> 3]! >> shift) & ((1 << taken) - 1))
        bit += taken
      }
      numbers[r * perRow + i] = value
    }
  }
  return numbers
}

/** Each byte with its bits turned round. */
const TURNED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let turned = 0
  for (let k = 0; k < 8; k++) turned |= ((byte >> k) & 1) << (7 - k)
  return turned
})

/** Bytes of a file of FillOrder 2, whose lowest bits come first. */
export const turnedBits = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => TURNED[byte]!)
