/**
 * Numbers in the order of their bits, as digits of 8 or 16 bits, the highest first; and the loops that count digits of
 * arrays. Zeros are one number. Intervals of digits are intervals of numbers, as missing ones are left out.
 */
import type { TypedArray } from '../dtype.ts'
import type { DType } from '../types.ts'

/** Types whose bits are in order once signs are seen to. */
export type SelectedType = DType

interface TypeRow {
  readonly make: () => TypedArray
  readonly isFloat: boolean
  readonly isSigned: boolean
  /** The number nearest to zero on the negative side, of floats. */
  readonly negative: number
}

const SELECTED: Readonly<Record<SelectedType, TypeRow>> = {
  uint8: { make: () => new Uint8Array(1), isFloat: false, isSigned: false, negative: -1 },
  int8: { make: () => new Int8Array(1), isFloat: false, isSigned: true, negative: -1 },
  uint16: { make: () => new Uint16Array(1), isFloat: false, isSigned: false, negative: -1 },
  int16: { make: () => new Int16Array(1), isFloat: false, isSigned: true, negative: -1 },
  uint32: { make: () => new Uint32Array(1), isFloat: false, isSigned: false, negative: -1 },
  int32: { make: () => new Int32Array(1), isFloat: false, isSigned: true, negative: -1 },
  float32: { make: () => new Float32Array(1), isFloat: true, isSigned: true, negative: -(2 ** -149) },
  float64: { make: () => new Float64Array(1), isFloat: true, isSigned: true, negative: -Number.MIN_VALUE },
}

type Words = Uint8Array | Uint16Array

export class Digits {
  readonly levels: number
  readonly size: number
  readonly #row: TypeRow
  readonly #wide: boolean
  readonly #number: TypedArray
  readonly #words: Words
  readonly #mask: number
  readonly #sign: number

  constructor(type: SelectedType, bits: 8 | 16) {
    this.#row = SELECTED[type]
    this.#number = this.#row.make()
    this.#wide = bits === 16 && this.#number.BYTES_PER_ELEMENT > 1
    this.#words = this.wordsOf(this.#number)
    this.levels = this.#words.length
    this.size = this.#wide ? 2 ** 16 : 2 ** 8
    this.#mask = this.size - 1
    this.#sign = this.size / 2
  }

  wordsOf({ buffer, byteOffset, byteLength }: TypedArray): Words {
    return this.#wide
      ? new Uint16Array(buffer, byteOffset, byteLength / 2)
      : new Uint8Array(buffer, byteOffset, byteLength)
  }

  /** The digit of a level (0: the highest) of number `x`, which is number `index` of the array that `words` are of. */
  digit(level: number, x: number, words: Words, index: number): number {
    const { isFloat, isSigned } = this.#row
    const word = words[index * this.levels + this.levels - 1 - level]!
    if (isFloat && x === 0) return level === 0 ? this.#sign : 0
    if (isFloat && x < 0) return word ^ this.#mask
    return level === 0 && isSigned ? word ^ this.#sign : word
  }

  /** The least number with these digits. */
  least(digits: ArrayLike<number>, level: number): number {
    const x = this.#filled(digits, level, 0)
    return Number.isNaN(x) ? Number.NEGATIVE_INFINITY : x
  }

  /** The greatest number with these digits. */
  greatest(digits: ArrayLike<number>, level: number): number {
    const x = this.#filled(digits, level, this.#mask)
    if (Object.is(x, -0)) return this.#row.negative
    return Number.isNaN(x) ? Number.POSITIVE_INFINITY : x
  }

  #filled(digits: ArrayLike<number>, level: number, rest: number): number {
    const { isFloat, isSigned } = this.#row
    const isNegative = isFloat && digits[0]! < this.#sign
    for (let k = 0; k < this.levels; k++) {
      const digit = k <= level ? digits[k]! : rest
      const word = isNegative ? digit ^ this.#mask : k === 0 && isSigned ? digit ^ this.#sign : digit
      this.#words[this.levels - 1 - k] = word
    }
    return this.#number[0]!
  }
}

/** Values that pass by: `count` of them from index `from` in steps of `step`. */
export interface Stretch {
  readonly data: TypedArray
  readonly from: number
  readonly step: number
  readonly count: number
}

/** Where digits are counted: digit d at `counts[base + d]`. */
export interface Tally {
  readonly counts: Float64Array
  readonly base: number
}

/** Counts integers of at most 16 bits, each of which is one digit; how many were `hole`, which is not counted. */
export function countIntegers({ data, from, step, count }: Stretch, { counts, base }: Tally, hole: number): number {
  const zero = base - (data instanceof Int8Array ? -128 : data instanceof Int16Array ? -32768 : 0)
  const end = from + count * step
  const before = counts[zero + hole] ?? 0
  for (let i = from; i < end; i += step) counts[zero + data[i]!]!++
  // Counting all and taking some off again leaves the loop without branches.
  const missing = (counts[zero + hole] ?? 0) - before
  if (missing > 0) counts[zero + hole] = before
  return missing
}

/** How bits of 32-bit numbers are read as integers in the order of the numbers. */
interface Bits {
  /** Of the bits that tell zeros and numbers that are none, which have more than `limit` there. */
  readonly mask: number
  readonly limit: number
  /** Bits that are turned round in negative numbers, and in all. */
  readonly fold: number
  readonly flip: number
}

const BITS: Readonly<Partial<Record<SelectedType, Bits>>> = {
  float32: { mask: 0x7fffffff, limit: 0x7f800000, fold: 0x7fffffff, flip: 0 },
  int32: { mask: -1, limit: 0x7fffffff, fold: 0, flip: 0 },
  uint32: { mask: -1, limit: 0x7fffffff, fold: 0, flip: -(2 ** 31) },
}

/** Numbers of 32 bits, whose halves are counted by loops over integers. */
export class Halves {
  readonly #bits: Bits
  readonly #number: TypedArray
  /** The bits of the number that stands for missing; NaN of none. */
  readonly #hole: number

  constructor(type: SelectedType, bits: Bits, hole: number) {
    this.#bits = bits
    this.#number = SELECTED[type].make()
    this.#number[0] = hole
    this.#hole = this.#number[0] !== hole ? Number.NaN : hole === 0 ? 0 : new Int32Array(this.#number.buffer)[0]!
  }

  /** Counts upper halves; how many numbers were missing. */
  upper({ data, from, step, count }: Stretch, { counts, base }: Tally): number {
    const { mask, limit, fold, flip } = this.#bits
    const hole = this.#hole
    const words = new Int32Array(data.buffer, data.byteOffset, data.length)
    const zero = base + 32768
    const end = from + count * step
    let missing = 0
    for (let i = from; i < end; i += step) {
      let bits = words[i]!
      const magnitude = bits & mask
      if (magnitude === 0) bits = 0
      if (magnitude > limit || bits === hole) missing++
      else counts[zero + ((bits ^ ((bits >> 31) & fold) ^ flip) >> 16)]!++
    }
    return missing
  }

  /** Counts lower halves of numbers whose upper half is digit `upper`; gives the least number beyond these. */
  lower({ data, from, step, count }: Stretch, { counts, base }: Tally, upper: number): number {
    const { mask, limit, fold, flip } = this.#bits
    const hole = this.#hole
    const words = new Int32Array(data.buffer, data.byteOffset, data.length)
    const wanted = upper - 32768
    const end = from + count * step
    // Infinity, or an integer that is not needed where there is none.
    let above = limit
    for (let i = from; i < end; i += step) {
      let bits = words[i]!
      const magnitude = bits & mask
      if (magnitude === 0) bits = 0
      if (magnitude > limit || bits === hole) continue
      const key = bits ^ ((bits >> 31) & fold) ^ flip
      const half = key >> 16
      if (half === wanted) counts[base + (key & 0xffff)]!++
      else if (half > wanted && key < above) above = key
    }
    const turned = above ^ flip
    new Int32Array(this.#number.buffer)[0] = turned ^ ((turned >> 31) & fold)
    return this.#number[0]!
  }
}

/** Of numbers that digits of 16 bits make two of; undefined of others. */
export function halvesOf(type: SelectedType, bits: 8 | 16, hole: number): Halves | undefined {
  const rules = BITS[type]
  return bits === 16 && rules !== undefined ? new Halves(type, rules, hole) : undefined
}
