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
  values = new Float64Array(0)
  weights = new Float64Array(0)
  held = 0

  readonly #kept: Kept

  constructor(kept: Kept) {
    this.#kept = kept
  }

  /** Adds the covered pixels, all of which lie in the part's window. */
  add(coverage: Coverage, part: PlanePart): void {
    const { rows, columns, lengths, fractions, count } = coverage
    const { data, start, window, missing } = part
    for (let i = 0; i < count; i++) {
      const from = start + (rows[i]! - window.row) * window.width + (columns[i]! - window.column)
      const to = from + lengths[i]!
      const weight = fractions[i]!
      if (Number.isNaN(this.shift)) this.shift = firstValid(data, from, to, missing)
      if (this.#kept.squares) this.#addMoments(data, from, to, missing, weight)
      else if (this.#kept.moments) this.#addSum(data, from, to, missing, weight)
      if (this.#kept.extremes) this.#addExtremes(data, from, to, missing)
      if (this.#kept.values) this.#addValues(data, from, to, missing, weight)
    }
  }

  #addMoments(data: TypedArray, from: number, to: number, missing: number, weight: number): void {
    const { shift } = this
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
    const { shift } = this
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

/** The values in order with their weights, equal ones kept apart. */
export function sorted(zone: ZoneAccumulator): { readonly values: Float64Array; readonly weights: Float64Array } {
  const values = zone.values.subarray(0, zone.held)
  const weights = zone.weights.subarray(0, zone.held)
  if (weights.every((w) => w === weights[0])) return { values: values.toSorted(), weights }
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  return {
    values: Float64Array.from(order, (i) => values[i]!),
    weights: Float64Array.from(order, (i) => weights[i]!),
  }
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
