/** What is kept of the values of zones while they pass, and the reducers that need no more than that. */
import type { Reducer } from '../../cells/cell.ts'
import type { TypedArray } from '../../dtype.ts'
import type { Packing } from '../../model/block.ts'

/** Sums kept of the values of each zone (and plane). */
export interface Sums {
  readonly total: Float64Array
  readonly valid: Float64Array
  readonly sum: Float64Array
  /** For variances: a value, and distances of all values from it, which keeps them exact. */
  readonly first: Float64Array
  readonly distance: Float64Array
  readonly squares: Float64Array
  readonly least: Float64Array
  readonly greatest: Float64Array
  readonly infinite: Float64Array
}

/** Numbers of one cell. */
export const SUMS_BYTES = 9 * 8

export function newSums(cells: number): Sums {
  const zeros = () => new Float64Array(cells)
  return {
    total: zeros(),
    valid: zeros(),
    sum: zeros(),
    first: zeros(),
    distance: zeros(),
    squares: zeros(),
    least: zeros().fill(Number.POSITIVE_INFINITY),
    greatest: zeros().fill(Number.NEGATIVE_INFINITY),
    infinite: zeros(),
  }
}

/** Sums of more values of the same zones, taken in after those of `s`. */
export function joinSums(s: Sums, part: Sums): void {
  for (let i = 0; i < s.total.length; i++) {
    const [before, more] = [s.valid[i]!, part.valid[i]!]
    if (before === 0) s.first[i] = part.first[i]!
    const shift = part.first[i]! - s.first[i]!
    if (more > 0) {
      s.squares[i]! += part.squares[i]! + 2 * shift * part.distance[i]! + more * shift * shift
      s.distance[i]! += part.distance[i]! + more * shift
    }
    s.total[i]! += part.total[i]!
    s.valid[i]! += more
    s.sum[i]! += part.sum[i]!
    s.infinite[i]! += part.infinite[i]!
    s.least[i] = Math.min(s.least[i]!, part.least[i]!)
    s.greatest[i] = Math.max(s.greatest[i]!, part.greatest[i]!)
  }
}

const variance = (s: Sums, i: number): number => {
  const n = s.valid[i]!
  return n < 2 ? Number.NaN : Math.max(0, (s.squares[i]! - (s.distance[i]! * s.distance[i]!) / n) / (n - 1))
}

/** Values from `start` to `end` in steps. */
export interface Run {
  readonly start: number
  readonly end: number
  readonly step: number
}

/** Takes values in; how many were not missing. */
export type AddRun = (s: Sums, cell: number, data: TypedArray, packing: Packing, run: Run) => number

/** Sums of physical values. */
const addSums: AddRun = (s, cell, data, { nodata, scale, offset }, { start, end, step }) => {
  let valid = 0
  let sum = 0
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    if (raw === nodata || Number.isNaN(raw)) continue
    valid++
    sum += raw
  }
  s.sum[cell]! += sum * scale + offset * valid
  return valid
}

const addExtremes: AddRun = (s, cell, data, { nodata, scale, offset }, { start, end, step }) => {
  let [least, greatest] = [s.least[cell]!, s.greatest[cell]!]
  let valid = 0
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    if (raw === nodata || Number.isNaN(raw)) continue
    const value = raw * scale + offset
    valid++
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  s.least[cell] = least
  s.greatest[cell] = greatest
  return valid
}

/** Distances from the first value and their squares. */
const addMoments: AddRun = (s, cell, data, { nodata, scale, offset }, { start, end, step }) => {
  let isFirst = s.valid[cell] === 0
  let valid = 0
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    if (raw === nodata || Number.isNaN(raw)) continue
    const value = raw * scale + offset
    if (isFirst) s.first[cell] = value
    isFirst = false
    valid++
    const distance = value - s.first[cell]!
    s.distance[cell]! += distance
    s.squares[cell]! += distance * distance
  }
  return valid
}

const addInfinite: AddRun = (s, cell, data, { nodata }, { start, end, step }) => {
  let valid = 0
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    if (raw === nodata || Number.isNaN(raw)) continue
    valid++
    if (!Number.isFinite(raw)) s.infinite[cell]!++
  }
  return valid
}

interface Row {
  readonly add: AddRun
  /** Of a zone with at least one value that is not missing. */
  readonly result: (sums: Sums, cell: number) => number
}

/** Reducers that need no values. */
export const SUMMED: Readonly<Partial<Record<Reducer, Row>>> = {
  mean: { add: addSums, result: (s, i) => s.sum[i]! / s.valid[i]! },
  sum: { add: addSums, result: (s, i) => s.sum[i]! },
  min: { add: addExtremes, result: (s, i) => s.least[i]! },
  max: { add: addExtremes, result: (s, i) => s.greatest[i]! },
  variance: { add: addMoments, result: variance },
  sd: { add: addMoments, result: (s, i) => Math.sqrt(variance(s, i)) },
  countValid: { add: addInfinite, result: (s, i) => s.valid[i]! - s.infinite[i]! },
}
