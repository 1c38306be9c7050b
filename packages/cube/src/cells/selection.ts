/**
 * Quantiles of more values than fit in memory, exactly: values pass several times, and each pass narrows down where the
 * wanted one lies by digits of its bits (a radix selection), until what is left can be kept and sorted.
 */
import type { TypedArray } from '../dtype.ts'

export interface SelectionOptions {
  readonly probability: number
  /** false: one missing value makes the result missing. */
  readonly ignoreNodata: boolean
  /** Of the values, and of the arithmetic between two neighbours. */
  readonly type: 'float32' | 'float64'
  /** Bytes that counts and kept values may take; more cells than fit even so take 2 kB each. */
  readonly bytes: number
}

/** Values that pass by: `count` of them from index `from` in steps of `step`. */
export interface Stretch {
  readonly data: TypedArray
  readonly from: number
  readonly step: number
  readonly count: number
}

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

const COUNT_BYTES = 8
const VALUE_BYTES = 8

/** Digits of 16 bits where their counts take no more than half of the memory, else of 8. */
export function digitBits(cells: number, bytes: number): 8 | 16 {
  return cells * 2 ** 16 * COUNT_BYTES <= bytes / 2 ? 16 : 8
}

/** Bytes of a selection at its largest. */
export function selectionBytes(cells: number, bytes: number): number {
  return cells * 2 ** digitBits(cells, bytes) * COUNT_BYTES + Math.max(0, bytes / 2)
}

/** Passes as a rule: two by digits, one over what is left. */
export const USUAL_PASSES = 3

/**
 * Numbers in the order of their bits, as digits. Zeros are one number, and missing ones have been left out, so that
 * intervals of digits are intervals of numbers.
 */
class Digits {
  readonly levels: number
  readonly size: number
  readonly #wide: boolean
  readonly #number: Floats
  readonly #words: Uint8Array | Uint16Array
  readonly #mask: number
  readonly #sign: number
  /** The number nearest to zero on the negative side. */
  readonly #negative: number

  constructor(type: SelectionOptions['type'], bits: 8 | 16) {
    this.#number = type === 'float32' ? new Float32Array(1) : new Float64Array(1)
    this.#wide = bits === 16
    this.#words = this.wordsOf(this.#number)
    this.levels = this.#words.length
    this.size = 2 ** bits
    this.#mask = this.size - 1
    this.#sign = this.size / 2
    this.#negative = type === 'float32' ? -(2 ** -149) : -Number.MIN_VALUE
  }

  wordsOf({ buffer, byteOffset, byteLength }: Floats): Uint8Array | Uint16Array {
    return this.#wide
      ? new Uint16Array(buffer, byteOffset, byteLength / 2)
      : new Uint8Array(buffer, byteOffset, byteLength)
  }

  /** The digit of a level (0: the highest) of number `x`, which is number `index` of the array that `words` are of. */
  digit(level: number, x: number, words: Uint8Array | Uint16Array, index: number): number {
    if (x === 0) return level === 0 ? this.#sign : 0
    const word = words[index * this.levels + this.levels - 1 - level]!
    if (x < 0) return word ^ this.#mask
    return level === 0 ? word ^ this.#sign : word
  }

  /** The least number with these digits. */
  least(digits: ArrayLike<number>, level: number): number {
    const x = this.#filled(digits, level, 0)
    return Number.isNaN(x) ? Number.NEGATIVE_INFINITY : x
  }

  /** The greatest number with these digits. */
  greatest(digits: ArrayLike<number>, level: number): number {
    const x = this.#filled(digits, level, this.#mask)
    if (Object.is(x, -0)) return this.#negative
    return Number.isNaN(x) ? Number.POSITIVE_INFINITY : x
  }

  #filled(digits: ArrayLike<number>, level: number, rest: number): number {
    const isNegative = digits[0]! < this.#sign
    for (let k = 0; k < this.levels; k++) {
      const digit = k <= level ? digits[k]! : rest
      const word = isNegative ? digit ^ this.#mask : k === 0 ? digit ^ this.#sign : digit
      this.#words[this.levels - 1 - k] = word
    }
    return this.#number[0]!
  }
}

type Stage = 'counting' | 'keeping' | 'done'

/** One quantile on its way. */
interface Cell {
  stage: Stage
  valid: number
  missing: number
  /** Of the numbers in order: the wanted one, and how many lie below the interval. */
  rank: number
  before: number
  digits: number[]
  least: number
  greatest: number
  /** The least number beyond the interval. */
  above: number
  kept: Float64Array<ArrayBuffer>
  held: number
  result: number
}

const newCell = (): Cell => ({
  stage: 'counting',
  valid: 0,
  missing: 0,
  rank: 0,
  before: 0,
  digits: [],
  least: Number.NEGATIVE_INFINITY,
  greatest: Number.POSITIVE_INFINITY,
  above: Number.POSITIVE_INFINITY,
  kept: new Float64Array(0),
  held: 0,
  result: Number.NaN,
})

/** One quantile (type 7) of each of several cells. All values of all cells are added in each pass, in any order. */
export class Selection {
  readonly #options: SelectionOptions
  readonly #digits: Digits
  readonly #cells: readonly Cell[]
  readonly #counts: Float64Array<ArrayBuffer>
  #level = 0

  constructor(cells: number, options: SelectionOptions) {
    this.#options = options
    this.#digits = new Digits(options.type, digitBits(cells, options.bytes))
    this.#cells = Array.from({ length: cells }, newCell)
    this.#counts = new Float64Array(cells * this.#digits.size)
  }

  add(at: number, stretch: Stretch): void {
    const cell = this.#cells[at]!
    if (cell.stage === 'counting') this.#count(cell, at * this.#digits.size, stretch)
    else if (cell.stage === 'keeping') keep(cell, stretch)
  }

  #count(cell: Cell, base: number, { data, from, step, count }: Stretch): void {
    const [digits, counts, level] = [this.#digits, this.#counts, this.#level]
    const { least, greatest } = cell
    const words = digits.wordsOf(data as Floats)
    let { above } = cell
    let [valid, missing] = [0, 0]
    for (let n = 0, i = from; n < count; n++, i += step) {
      const x = data[i]!
      if (Number.isNaN(x)) missing++
      else valid++
      if (x > greatest) {
        if (x < above) above = x
      } else if (x >= least) counts[base + digits.digit(level, x, words, i)]!++
    }
    cell.above = above
    if (level > 0) return
    cell.valid += valid
    cell.missing += missing
  }

  /** Ends a pass. Whether all values have to pass once more. */
  again(): boolean {
    let room = Math.floor(this.#options.bytes / 2 / VALUE_BYTES)
    for (const [at, cell] of this.#cells.entries()) {
      if (cell.stage === 'keeping') this.#choose(cell)
      else if (cell.stage === 'counting') room -= this.#narrow(cell, at * this.#digits.size, room)
    }
    this.#level++
    this.#counts.fill(0)
    return this.#cells.some(({ stage }) => stage !== 'done')
  }

  /** Quantiles of all cells, once no pass is left. */
  results(): Float64Array<ArrayBuffer> {
    return Float64Array.from(this.#cells, ({ result }) => result)
  }

  resultOf(cell: number): number {
    return this.#cells[cell]!.result
  }

  /** Narrows the interval to the digit that the wanted number has; gives the room that its values will take. */
  #narrow(cell: Cell, base: number, room: number): number {
    if (this.#level === 0) this.#begin(cell)
    if (cell.stage === 'done') return 0
    const counts = this.#counts
    let digit = 0
    while (cell.before + counts[base + digit]! <= cell.rank) cell.before += counts[base + digit++]!
    const inside = counts[base + digit]!
    cell.digits.push(digit)
    cell.least = this.#digits.least(cell.digits, this.#level)
    cell.greatest = this.#digits.greatest(cell.digits, this.#level)
    if (this.#level === this.#digits.levels - 1) {
      const isLast = cell.before + inside === cell.rank + 1
      this.#finish(cell, cell.least, isLast ? this.#next(cell, base, digit) : cell.least)
      return 0
    }
    cell.above = Number.POSITIVE_INFINITY
    if (inside > room) return 0
    cell.stage = 'keeping'
    cell.kept = new Float64Array(inside)
    return inside
  }

  #begin(cell: Cell): void {
    cell.rank = Math.floor((cell.valid - 1) * this.#options.probability)
    if (cell.valid === 0 || (cell.missing > 0 && !this.#options.ignoreNodata)) cell.stage = 'done'
  }

  /** The number after those with a digit of the last level. */
  #next(cell: Cell, base: number, digit: number): number {
    for (let next = digit + 1; next < this.#digits.size; next++)
      if (this.#counts[base + next]! > 0) return this.#digits.least([...cell.digits.slice(0, -1), next], this.#level)
    return cell.above
  }

  #choose(cell: Cell): void {
    const sorted = cell.kept.subarray(0, cell.held).sort()
    const at = cell.rank - cell.before
    this.#finish(cell, sorted[at]!, sorted[at + 1] ?? cell.above)
  }

  /** Linear between the wanted number and the next, rounded as kernels do. */
  #finish(cell: Cell, low: number, high: number): void {
    const position = (cell.valid - 1) * this.#options.probability
    const round = this.#options.type === 'float32' ? Math.fround : (x: number): number => x
    const share = round(position - Math.floor(position))
    const between = (): number => round(round(low * round(1 - share)) + round(high * share))
    cell.result = share === 0 || low === high ? low : between()
    cell.stage = 'done'
    cell.kept = new Float64Array(0)
  }
}

function keep(cell: Cell, { data, from, step, count }: Stretch): void {
  const { least, greatest, kept } = cell
  let { above, held } = cell
  for (let n = 0, i = from; n < count; n++, i += step) {
    const x = data[i]!
    if (x > greatest) {
      if (x < above) above = x
    } else if (x >= least) kept[held++] = x
  }
  cell.above = above
  cell.held = held
}
