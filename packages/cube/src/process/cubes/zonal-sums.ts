/** What is kept of the values of a zone while they pass, and the reducers that need no more than that. */
import type { Selection } from '../../cells/selection.ts'
import type { TypedArray } from '../../dtype.ts'
import type { Packing } from '../../model/block.ts'

/** Sums kept of the values of a zone. For variances, distances are from its first value, which keeps them exact. */
export interface Sums {
  readonly total: Float64Array
  readonly valid: Float64Array
  readonly first: Float64Array
  readonly sum: Float64Array
  readonly squares: Float64Array
  readonly least: Float64Array
  readonly greatest: Float64Array
  /** Values of each zone, where the reducer needs them. */
  readonly values: number[][] | undefined
}

const variance = (s: Sums, i: number): number => {
  const n = s.valid[i]!
  return n < 2 ? Number.NaN : Math.max(0, (s.squares[i]! - (s.sum[i]! * s.sum[i]!) / n) / (n - 1))
}

/** Reducers that need no values, from the sums of a zone with at least one valid value. */
export const STREAMED: Readonly<Record<string, (sums: Sums, i: number) => number>> = {
  mean: (s, i) => s.sum[i]! / s.valid[i]!,
  sum: (s, i) => s.sum[i]!,
  min: (s, i) => s.least[i]!,
  max: (s, i) => s.greatest[i]!,
  variance,
  sd: (s, i) => Math.sqrt(variance(s, i)),
}

export interface Run {
  readonly start: number
  readonly end: number
  readonly step: number
}
export type AddRun = (s: Sums, cell: number, data: TypedArray, packing: Packing, run: Run) => void

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
  s.valid[cell]! += valid
  s.sum[cell]! += sum * scale + offset * valid
}

const addExtremes: AddRun = (s, cell, data, { nodata, scale, offset }, { start, end, step }) => {
  let [least, greatest] = [s.least[cell]!, s.greatest[cell]!]
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    if (raw === nodata || Number.isNaN(raw)) continue
    const value = raw * scale + offset
    s.valid[cell]!++
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  s.least[cell] = least
  s.greatest[cell] = greatest
}

/** Distances from the first value and their squares. */
export const addMoments: AddRun = (s, cell, data, { nodata, scale, offset }, { start, end, step }) => {
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    if (raw === nodata || Number.isNaN(raw)) continue
    const value = raw * scale + offset
    if (s.valid[cell]!++ === 0) s.first[cell] = value
    const distance = value - s.first[cell]!
    s.sum[cell]! += distance
    s.squares[cell]! += distance * distance
  }
}

export const ADDERS: Readonly<Record<string, AddRun>> = {
  mean: addSums,
  sum: addSums,
  min: addExtremes,
  max: addExtremes,
}

let passing = new Float64Array(0)

/** Values that pass by; as often as they do, they are counted in the first pass. */
export function selectRun(
  s: Sums & { readonly pass: number },
  selection: Selection,
  cell: number,
  data: TypedArray,
  { nodata, scale, offset }: Packing,
  { start, end, step }: Run,
): void {
  const most = Math.ceil((end - start) / step)
  if (most > passing.length) passing = new Float64Array(2 * most)
  let count = 0
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    if (raw !== nodata && !Number.isNaN(raw)) passing[count++] = raw * scale + offset
  }
  if (s.pass === 0) s.valid[cell]! += count
  selection.add(cell, { data: passing, from: 0, step: 1, count })
}

export function keepRun(s: Sums, cell: number, kept: number[], data: TypedArray, packing: Packing, run: Run): void {
  const { nodata, scale, offset } = packing
  for (let k = run.start; k < run.end; k += run.step) {
    const raw = data[k]!
    const isMissing = raw === nodata || Number.isNaN(raw)
    kept.push(isMissing ? Number.NaN : raw * scale + offset)
    if (!isMissing) s.valid[cell]!++
  }
}
