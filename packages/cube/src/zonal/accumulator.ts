/** What is kept of one zone and one plane while pixels stream past: weighted moments, extremes, and values if need be. */
import type { TypedArray } from '../dtype.ts'
import type { Window } from '../types.ts'
import type { Coverage } from './coverage.ts'

/** What statistics need to be kept. */
export interface Kept {
  readonly moments: boolean
  /** Also the sum of squares, for variances. */
  readonly squares: boolean
  readonly extremes: boolean
  /** Every value with its weight, for order statistics and frequencies: 16 bytes a pixel. */
  readonly values: boolean
}

/** Pixels of one plane in memory: sample (column, row) of `window` is `data[start + row * stride + column]`. */
export interface PlanePart {
  readonly data: TypedArray
  readonly start: number
  readonly window: Window
  /** Stored value that means missing; NaN where only NaN does. */
  readonly missing: number
}

/** The longest run: sums of this many 16-bit integers fit into 32 bits. */
const LONGEST = 32768

/** The covered pixels of a zone as offsets into planes of one window, the same for all of them. */
export interface Footprint {
  /** Pixels [from[i], to[i]) that are covered fully, `runs` of them. */
  readonly runs: number
  readonly from: Int32Array
  readonly to: Int32Array
  /** Single pixels that are covered by `fractions[i]`, `parts` of them. */
  readonly parts: number
  readonly at: Int32Array
  readonly fractions: Float64Array
}

let from = new Int32Array(0)
let to = new Int32Array(0)
let at = new Int32Array(0)
let fractions = new Float64Array(0)

function makeRoom(runs: number, parts: number): void {
  if (runs > from.length) {
    from = new Int32Array(2 * runs)
    to = new Int32Array(2 * runs)
  }
  if (parts > at.length) {
    at = new Int32Array(2 * parts)
    fractions = new Float64Array(2 * parts)
  }
}

/** Offsets of the covered pixels, all of which lie in the window. Arrays are overwritten by the next call. */
export function footprintOf(coverage: Coverage, window: Window): Footprint {
  const { rows, columns, lengths, count } = coverage
  let [pieces, singles] = [0, 0]
  for (let i = 0; i < count; i++) {
    if (coverage.fractions[i] === 1) pieces += Math.ceil(lengths[i]! / LONGEST)
    else singles += lengths[i]!
  }
  makeRoom(pieces, singles)
  let [runs, parts] = [0, 0]
  for (let i = 0; i < count; i++) {
    const first = (rows[i]! - window.row) * window.width + (columns[i]! - window.column)
    const end = first + lengths[i]!
    const fraction = coverage.fractions[i]!
    const step = fraction === 1 ? LONGEST : 1
    for (let k = first; k < end; k += step) {
      if (fraction === 1) {
        from[runs] = k
        to[runs++] = Math.min(end, k + step)
      } else {
        at[parts] = k
        fractions[parts++] = fraction
      }
    }
  }
  return { runs, from, to, parts, at, fractions }
}

type AddPixels = (data: TypedArray, from: number, to: number, missing: number, weight: number) => void

const NO_VALUES = new Float64Array(0)

const isNarrow = (data: TypedArray): boolean => data.BYTES_PER_ELEMENT <= 2

export class ZoneAccumulator {
  /** Sum of weights of valid pixels. */
  weight = 0
  /** Weighted sums of (v - shift) and of its square; the shift keeps digits of large values. */
  sum = 0
  squares = 0
  shift = Number.NaN
  least = Infinity
  greatest = -Infinity
  /** Values and weights, `held` of each. */
  values: Float64Array = NO_VALUES
  weights: Float64Array = NO_VALUES
  held = 0

  readonly #kept: Kept

  constructor(kept: Kept) {
    this.#kept = kept
  }

  /** Adds the pixels of a footprint on the part's window. */
  add(footprint: Footprint, part: PlanePart): void {
    const { squares, moments, extremes, values } = this.#kept
    if (squares) this.#each(footprint, part, this.#addMoments)
    else if (moments && isNarrow(part.data)) this.#addNarrow(footprint, part)
    else if (moments) this.#each(footprint, part, this.#addSum)
    if (extremes) this.#each(footprint, part, this.#addExtremes)
    if (values) this.#each(footprint, part, this.#addValues)
  }

  #each(footprint: Footprint, { data, start, missing }: PlanePart, add: AddPixels): void {
    const { runs, from, to, parts, at, fractions } = footprint
    for (let i = 0; i < runs; i++) add.call(this, data, start + from[i]!, start + to[i]!, missing, 1)
    for (let i = 0; i < parts; i++) {
      const k = start + at[i]!
      add.call(this, data, k, k + 1, missing, fractions[i]!)
    }
  }

  /** Sums of integers of 8 or 16 bits, which are exact; the shift is 0. */
  #addNarrow(footprint: Footprint, { data, start, missing }: PlanePart): void {
    const { runs, from, to, parts, at, fractions } = footprint
    // A value that no sample has, where none is missing.
    const hole = Number.isInteger(missing) && Math.abs(missing) < 65536 ? missing | 0 : 65536
    let weight = 0
    let sum = 0
    // All values are added and missing ones taken off after, so that the loop has no branches.
    for (let i = 0; i < runs; i++) {
      const end = (start + to[i]!) | 0
      let k = (start + from[i]!) | 0
      let [total, missed] = [0, 0]
      weight += end - k
      for (; k < end; k = (k + 1) | 0) {
        const v = data[k]!
        total = (total + v) | 0
        missed = (missed + (v === hole ? 1 : 0)) | 0
      }
      weight -= missed
      sum += total - missed * hole
    }
    for (let i = 0; i < parts; i++) {
      const v = data[start + at[i]!]!
      if (v === hole) continue
      weight += fractions[i]!
      sum += fractions[i]! * v
    }
    this.shift = 0
    this.weight += weight
    this.sum += sum
  }

  #shiftFrom(data: TypedArray, from: number, to: number, missing: number): number {
    if (Number.isNaN(this.shift)) this.shift = firstValid(data, from, to, missing)
    return this.shift
  }

  #addMoments(data: TypedArray, from: number, to: number, missing: number, weight: number): void {
    const shift = this.#shiftFrom(data, from, to, missing)
    let count = 0
    let sum = 0
    let squares = 0
    for (let i = from; i < to; i++) {
      const v = data[i]!
      // NaN differs from itself.
      if (v === missing || Number.isNaN(v)) continue
      const d = v - shift
      count++
      sum += d
      squares += d * d
    }
    this.weight += weight * count
    this.sum += weight * sum
    this.squares += weight * squares
  }

  #addSum(data: TypedArray, from: number, to: number, missing: number, weight: number): void {
    const shift = this.#shiftFrom(data, from, to, missing)
    let count = 0
    let sum = 0
    for (let i = from; i < to; i++) {
      const v = data[i]!
      if (v === missing || Number.isNaN(v)) continue
      count++
      sum += v - shift
    }
    this.weight += weight * count
    this.sum += weight * sum
  }

  #addExtremes(data: TypedArray, from: number, to: number, missing: number): void {
    let { least, greatest } = this
    for (let i = from; i < to; i++) {
      const v = data[i]!
      if (v === missing) continue
      if (v < least) least = v
      if (v > greatest) greatest = v
    }
    this.least = least
    this.greatest = greatest
  }

  #addValues(data: TypedArray, from: number, to: number, missing: number, weight: number): void {
    if (this.held + to - from > this.values.length) this.#grow(this.held + to - from)
    let n = this.held
    for (let i = from; i < to; i++) {
      const v = data[i]!
      if (v === missing || Number.isNaN(v)) continue
      this.values[n] = v
      this.weights[n] = weight
      n++
    }
    this.held = n
  }

  #grow(least: number): void {
    const room = Math.max(64, least, 2 * this.values.length)
    const values = new Float64Array(room)
    const weights = new Float64Array(room)
    values.set(this.values.subarray(0, this.held))
    weights.set(this.weights.subarray(0, this.held))
    this.values = values
    this.weights = weights
  }
}

function firstValid(data: TypedArray, from: number, to: number, missing: number): number {
  for (let i = from; i < to; i++) {
    const v = data[i]!
    if (v !== missing && !Number.isNaN(v)) return v
  }
  return Number.NaN
}

export interface Ordered {
  readonly values: Float64Array
  readonly weights: Float64Array
}

const inOrder = new WeakMap<ZoneAccumulator, Ordered>()

/**
 * The values in order with their weights, equal ones kept apart and in the order of weights, whichever came first. All of
 * a zone must have been added.
 */
export function sorted(zone: ZoneAccumulator): Ordered {
  // One order serves all statistics of a zone.
  const known = inOrder.get(zone)
  if (known !== undefined) return known
  const values = zone.values.subarray(0, zone.held)
  const weights = zone.weights.subarray(0, zone.held)
  const isEqual = weights.every((w) => w === weights[0])
  const ordered = isEqual ? { values: values.toSorted(), weights } : mergedOrder(values, weights)
  inOrder.set(zone, ordered)
  return ordered
}

/** Most pixels count fully: these are sorted as numbers, the others as pairs, and both lists are merged. */
function mergedOrder(values: Float64Array, weights: Float64Array): Ordered {
  const whole = new Float64Array(values.length)
  const others: number[] = []
  let count = 0
  for (let i = 0; i < values.length; i++) {
    if (weights[i] === 1) whole[count++] = values[i]!
    else others.push(i)
  }
  const full = whole.subarray(0, count).sort()
  others.sort((a, b) => values[a]! - values[b]! || weights[a]! - weights[b]!)
  const merged = { values: new Float64Array(values.length), weights: new Float64Array(values.length).fill(1) }
  let next = 0
  for (let k = 0, j = 0; k < values.length; k++) {
    const other = j < others.length ? values[others[j]!]! : Infinity
    // Of equal values the one that counts less comes first.
    if (j < others.length && !(full[next]! < other)) {
      merged.values[k] = other
      merged.weights[k] = weights[others[j++]!]!
    } else {
      merged.values[k] = full[next++]!
    }
  }
  return merged
}

/**
 * The quantile of weighted values in order: positions S_k = (k - 1) w_k + (n - 1) (w_1 + ... + w_(k-1)), linear in
 * between; with equal weights the usual one (type 7). NaN without values.
 */
export function weightedQuantile(values: Float64Array, weights: Float64Array, probability: number): number {
  const n = values.length
  if (n === 0) return Number.NaN
  if (n === 1) return values[0]!
  const total = weights.reduce((sum, w) => sum + w, 0)
  const wanted = probability * total * (n - 1)
  let before = 0
  let last = 0
  for (let k = 0; k < n; k++) {
    const position = k * weights[k]! + (n - 1) * before
    if (position >= wanted) {
      if (k === 0 || position === last) return values[k]!
      const share = (wanted - last) / (position - last)
      return values[k - 1]! + share * (values[k]! - values[k - 1]!)
    }
    last = position
    before += weights[k]!
  }
  return values[n - 1]!
}

export interface Frequency {
  /** The value with the greatest weight (of equals the greatest), the one with the least (of equals the least). */
  readonly majority: number
  readonly minority: number
  /** The number of different values. */
  readonly variety: number
}

/** Frequencies of values in order. */
export function frequencies(values: Float64Array, weights: Float64Array): Frequency {
  let [majority, minority, variety] = [Number.NaN, Number.NaN, 0]
  let [most, fewest] = [-Infinity, Infinity]
  for (let i = 0; i < values.length; ) {
    let weight = 0
    const value = values[i]!
    for (; i < values.length && values[i] === value; i++) weight += weights[i]!
    variety++
    if (weight >= most) {
      most = weight
      majority = value
    }
    if (weight < fewest) {
      fewest = weight
      minority = value
    }
  }
  return { majority, minority, variety }
}
