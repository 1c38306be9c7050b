/** What the reducers mean on float64 numbers: the reference of the compiled ones. Missing is NaN. */
import type { Reducer } from './cell.ts'

export interface ReducerOptions {
  /** false: one missing value makes the result missing (of `first` and `last`: the element at the end counts). */
  readonly ignoreNodata: boolean
  /** Of `quantile`. */
  readonly probability: number
}

interface ReducerRow {
  readonly isBoolean: boolean
  /** Of the values that are not missing. */
  readonly ofValid: (values: Float64Array, options: ReducerOptions) => number
  /** Of all values, where they hold missing ones that are not ignored. Default: missing. */
  readonly withMissing?: (values: Float64Array) => number
}

const MISSING = Number.NaN

/** Whether a condition is true: neither 0 nor missing. */
export const isTrue = (x: number): boolean => x !== 0 && !Number.isNaN(x)

/** Hyndman and Fan's type 7 of ascending values: linear between the two nearest order statistics. */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  if (sorted.length === 0) return MISSING
  const position = (sorted.length - 1) * probability
  const below = Math.floor(position)
  const low = sorted[below]!
  const rest = position - below
  const high = sorted[below + 1]
  // Weights rather than a step from low, which would lose infinite neighbours.
  return rest === 0 || high === low ? low : low * (1 - rest) + high! * rest
}

function sum(values: Float64Array): number {
  if (values.length === 0) return MISSING
  let total = 0
  for (const x of values) total += x
  return total
}

/** Sample variance (n - 1), two passes; missing of fewer than two values. */
function variance(values: Float64Array): number {
  if (values.length < 2) return MISSING
  const mean = sum(values) / values.length
  let squares = 0
  for (const x of values) squares += (x - mean) ** 2
  return squares / (values.length - 1)
}

const fold = (start: number, step: (a: number, b: number) => number) => (values: Float64Array) =>
  values.length === 0 ? MISSING : values.reduce((a, b) => step(a, b), start)

export const REDUCERS: Readonly<Record<Reducer, ReducerRow>> = {
  sum: { isBoolean: false, ofValid: sum },
  mean: { isBoolean: false, ofValid: (values) => sum(values) / values.length },
  product: { isBoolean: false, ofValid: fold(1, (a, b) => a * b) },
  min: { isBoolean: false, ofValid: fold(Number.POSITIVE_INFINITY, Math.min) },
  max: { isBoolean: false, ofValid: fold(Number.NEGATIVE_INFINITY, Math.max) },
  count: {
    isBoolean: false,
    ofValid: (values) => values.filter(isTrue).length,
    withMissing: (values) => values.filter(isTrue).length,
  },
  countValid: {
    isBoolean: false,
    ofValid: (values) => values.filter(Number.isFinite).length,
    withMissing: (values) => values.filter(Number.isFinite).length,
  },
  variance: { isBoolean: false, ofValid: variance },
  sd: { isBoolean: false, ofValid: (values) => Math.sqrt(variance(values)) },
  median: { isBoolean: false, ofValid: (values) => quantileOfSorted(values.sort(), 0.5) },
  quantile: { isBoolean: false, ofValid: (values, { probability }) => quantileOfSorted(values.sort(), probability) },
  first: { isBoolean: false, ofValid: (values) => values[0] ?? MISSING, withMissing: (values) => values[0] ?? MISSING },
  last: {
    isBoolean: false,
    ofValid: (values) => values.at(-1) ?? MISSING,
    withMissing: (values) => values.at(-1) ?? MISSING,
  },
  any: {
    isBoolean: true,
    ofValid: (values) => Number(values.some(isTrue)),
    withMissing: (values) => (values.some(isTrue) ? 1 : MISSING),
  },
  all: {
    isBoolean: true,
    ofValid: (values) => Number(values.every(isTrue)),
    withMissing: (values) => (values.some((x) => x === 0) ? 0 : MISSING),
  },
}

/** Reduces numbers, NaN among them being missing. */
export function reduceValues(reducer: Reducer, values: Float64Array, options: ReducerOptions): number {
  const row = REDUCERS[reducer]
  const valid = values.filter((x) => !Number.isNaN(x))
  if (options.ignoreNodata || valid.length === values.length) return row.ofValid(valid, options)
  return row.withMissing?.(values) ?? MISSING
}
