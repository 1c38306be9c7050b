/**
 * Quantiles of more values than fit in memory, exactly: values pass several times, and each pass narrows down where the
 * wanted one lies by digits of its bits (a radix selection), until what is left can be kept and sorted. Several
 * selections may share the values between them: what each has counted and kept is joined after every pass.
 */
import { countIntegers, Digits, type Halves, halvesOf, type SelectedType, type Stretch } from './digits.ts'

export type { SelectedType, Stretch } from './digits.ts'

export interface SelectionOptions {
  readonly probability: number
  /** false: one missing value makes the result missing. */
  readonly ignoreNodata: boolean
  /** Of the values. */
  readonly type: SelectedType
  /** Bytes that counts and kept values may take; more cells than fit even so take 2 kB each. */
  readonly bytes: number
  /** What values mean, where not themselves: those that are missing beside NaN; the scale is positive. */
  readonly packing?: { readonly nodata?: number; readonly scale: number; readonly offset: number }
}

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

/** Passes as a rule: two by digits, one over what is left; integers of 16 bits have one such digit, float32 two. */
export const USUAL_PASSES = 3

type Stage = 'counting' | 'keeping' | 'done'

/** One quantile on its way: plain data. */
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
  /** Numbers in the interval, of one that is kept. */
  inside: number
  /** The least number beyond the interval. */
  above: number
  kept: Float64Array<ArrayBuffer>
  held: number
  result: number
}

const EMPTY = new Float64Array(0)

const newCell = (): Cell => ({
  stage: 'counting',
  valid: 0,
  missing: 0,
  rank: 0,
  before: 0,
  digits: [],
  least: Number.NEGATIVE_INFINITY,
  greatest: Number.POSITIVE_INFINITY,
  inside: 0,
  above: Number.POSITIVE_INFINITY,
  kept: EMPTY,
  held: 0,
  result: Number.NaN,
})

/** Where a selection stands between two passes; plain data. */
export interface SelectionProgress {
  readonly level: number
  readonly cells: readonly Cell[]
}

/** What one of several selections found in a pass; plain data. */
export interface SelectionFound {
  readonly counts: Float64Array<ArrayBuffer>
  readonly cells: readonly Pick<Cell, 'valid' | 'missing' | 'above' | 'kept'>[]
}

/** One quantile (type 7) of each of several cells. All values of all cells are added in each pass, in any order. */
export class Selection {
  readonly #options: SelectionOptions
  readonly #digits: Digits
  readonly #cells: readonly Cell[]
  readonly #counts: Float64Array<ArrayBuffer>
  readonly #hole: number
  readonly #halves: Halves | undefined
  #level = 0

  /** `progress`: of the selection that this one takes values in for; it ends after one pass. */
  constructor(cells: number, options: SelectionOptions, progress?: SelectionProgress) {
    this.#options = options
    const bits = digitBits(cells, options.bytes)
    this.#digits = new Digits(options.type, bits)
    this.#cells = progress?.cells.map((cell) => ({ ...cell })) ?? Array.from({ length: cells }, newCell)
    this.#counts = new Float64Array(cells * this.#digits.size)
    this.#hole = options.packing?.nodata ?? Number.NaN
    this.#halves = halvesOf(options.type, bits, this.#hole)
    this.#level = progress?.level ?? 0
  }

  add(at: number, stretch: Stretch): void {
    const cell = this.#cells[at]!
    if (cell.stage === 'counting') this.#count(cell, at * this.#digits.size, stretch)
    else if (cell.stage === 'keeping') keep(cell, stretch, this.#hole)
  }

  #count(cell: Cell, base: number, stretch: Stretch): void {
    const tally = { counts: this.#counts, base }
    const halves = this.#halves
    if (this.#level > 0) {
      const above = halves?.lower(stretch, tally, cell.digits[0]!) ?? this.#countBetween(cell, base, stretch)
      cell.above = Math.min(cell.above, above)
      return
    }
    const missing =
      this.#digits.levels === 1
        ? countIntegers(stretch, tally, this.#hole)
        : (halves?.upper(stretch, tally) ?? this.#countFirst(base, stretch))
    cell.missing += missing
    cell.valid += stretch.count - missing
  }

  /** Counts the first digits of numbers of any type; how many were missing. */
  #countFirst(base: number, { data, from, step, count }: Stretch): number {
    const [digits, counts, hole] = [this.#digits, this.#counts, this.#hole]
    const words = digits.wordsOf(data)
    let missing = 0
    for (let n = 0, i = from; n < count; n++, i += step) {
      const x = data[i]!
      if (Number.isNaN(x) || x === hole) missing++
      else counts[base + digits.digit(0, x, words, i)]!++
    }
    return missing
  }

  /** Counts later digits of the numbers in the cell's interval; gives the least number beyond it. */
  #countBetween({ least, greatest }: Cell, base: number, { data, from, step, count }: Stretch): number {
    const [digits, counts, level, hole] = [this.#digits, this.#counts, this.#level, this.#hole]
    const words = digits.wordsOf(data)
    let above = Number.POSITIVE_INFINITY
    for (let n = 0, i = from; n < count; n++, i += step) {
      const x = data[i]!
      if (x === hole) continue
      if (x > greatest) {
        if (x < above) above = x
      } else if (x >= least) counts[base + digits.digit(level, x, words, i)]!++
    }
    return above
  }

  /** As it was when the pass began, whatever has been added since. */
  progress(): SelectionProgress {
    const none = { kept: EMPTY, held: 0, above: Number.POSITIVE_INFINITY }
    const counts = this.#level === 0 ? { valid: 0, missing: 0 } : {}
    return { level: this.#level, cells: this.#cells.map((cell) => ({ ...cell, ...none, ...counts })) }
  }

  /** What was counted and kept since the selection began, which was after the pass before. */
  found(): SelectionFound {
    const cells = this.#cells.map(({ valid, missing, above, kept, held }) => ({
      valid,
      missing,
      above,
      kept: kept.slice(0, held),
    }))
    return { counts: this.#counts, cells }
  }

  /** Takes in what another selection found that began with the progress of this one. */
  join({ counts, cells }: SelectionFound): void {
    for (let i = 0; i < counts.length; i++) this.#counts[i]! += counts[i]!
    for (const [at, { valid, missing, above, kept }] of cells.entries()) {
      const cell = this.#cells[at]!
      if (cell.stage === 'done') continue
      if (this.#level === 0) {
        cell.valid += valid
        cell.missing += missing
      }
      cell.above = Math.min(cell.above, above)
      if (kept.length === 0) continue
      makeRoom(cell, kept.length)
      cell.kept.set(kept, cell.held)
      cell.held += kept.length
    }
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

  /** Values that are not missing, after the first pass. */
  validOf(cell: number): number {
    return this.#cells[cell]!.valid
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
    cell.inside = inside
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
    cell.kept = EMPTY
  }

  /** Linear between the wanted number and the next, rounded as kernels do, which know no packing. */
  #finish(cell: Cell, lowest: number, highest: number): void {
    const { packing, type, probability } = this.#options
    const position = (cell.valid - 1) * probability
    const round = type === 'float32' && packing === undefined ? Math.fround : (x: number): number => x
    const share = round(position - Math.floor(position))
    const meant = (x: number): number => (packing === undefined ? x : x * packing.scale + packing.offset)
    const [low, high] = [meant(lowest), meant(highest)]
    const between = (): number => round(round(low * round(1 - share)) + round(high * share))
    cell.result = share === 0 || low === high ? low : between()
    cell.stage = 'done'
  }
}

/** Room for more kept values: twice as many as before, and never more than there are. */
function makeRoom(cell: Cell, more: number): void {
  if (cell.held + more <= cell.kept.length) return
  const kept = new Float64Array(Math.min(cell.inside, Math.max(1024, 2 * cell.kept.length, cell.held + more)))
  kept.set(cell.kept.subarray(0, cell.held))
  cell.kept = kept
}

function keep(cell: Cell, { data, from, step, count }: Stretch, hole: number): void {
  const { least, greatest } = cell
  makeRoom(cell, Math.min(count, cell.inside - cell.held))
  const { kept } = cell
  let { above, held } = cell
  for (let n = 0, i = from; n < count; n++, i += step) {
    const x = data[i]!
    if (x === hole) continue
    if (x > greatest) {
      if (x < above) above = x
    } else if (x >= least) kept[held++] = x
  }
  cell.above = above
  cell.held = held
}
