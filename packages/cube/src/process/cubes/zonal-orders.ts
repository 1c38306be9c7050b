/** Order statistics of zones: found while values pass several times, or from values that are kept. */
import { quantileOfSorted } from '../../cells/reducers.ts'
import { Selection, type SelectionOptions, type SelectionProgress } from '../../cells/selection.ts'
import type { TypedArray } from '../../dtype.ts'
import type { Packing } from '../../model/block.ts'
import type { Run } from './zonal-sums.ts'

/** Raw values are in the order of what they mean. */
const isOrdered = ({ scale }: Packing): boolean => scale > 0

/** A selection of one quantile of each cell, of values of a packing, within these bytes. */
export function selectionFor(
  cells: number,
  probability: number,
  packing: Packing,
  bytes: number,
  progress?: SelectionProgress,
): Selection {
  const { dtype, nodata, scale, offset } = packing
  const common = { probability, ignoreNodata: true, bytes }
  const meaning = { scale, offset, ...(nodata === undefined ? {} : { nodata }) }
  const options: SelectionOptions = isOrdered(packing)
    ? { ...common, type: dtype, packing: meaning }
    : { ...common, type: 'float64' }
  return new Selection(cells, options, progress)
}

let passing = new Float64Array(0)

/** Values that pass by selections. */
export function selectRun(
  selections: readonly Selection[],
  cell: number,
  data: TypedArray,
  packing: Packing,
  { start, end, step }: Run,
): void {
  const most = Math.ceil((end - start) / step)
  if (isOrdered(packing)) {
    for (const selection of selections) selection.add(cell, { data, from: start, step, count: most })
    return
  }
  const { nodata, scale, offset } = packing
  if (most > passing.length) passing = new Float64Array(2 * most)
  let count = 0
  for (let k = start; k < end; k += step) {
    const raw = data[k]!
    passing[count++] = raw === nodata || Number.isNaN(raw) ? Number.NaN : raw * scale + offset
  }
  for (const selection of selections) selection.add(cell, { data: passing, from: 0, step: 1, count })
}

/** Adds values to a list, NaN where missing; how many were not. */
export function keepRun(kept: number[], data: TypedArray, { nodata, scale, offset }: Packing, run: Run): number {
  let valid = 0
  for (let k = run.start; k < run.end; k += run.step) {
    const raw = data[k]!
    const isMissing = raw === nodata || Number.isNaN(raw)
    kept.push(isMissing ? Number.NaN : raw * scale + offset)
    if (!isMissing) valid++
  }
  return valid
}

/** Quantiles of values that were kept, NaN among them being missing. */
export function quantilesOf(kept: readonly number[], probabilities: readonly number[]): number[] {
  const sorted = Float64Array.from(kept.filter((value) => !Number.isNaN(value))).sort()
  return probabilities.map((probability) => quantileOfSorted(sorted, probability))
}
