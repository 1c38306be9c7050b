/** Estimates of mixed data (continuous, discrete, or both in one row) as plain data, and how their rows become coordinates. */
import { InputError } from '@ecotope/core'
import { ranksOf } from './distance-estimator.ts'
import { standardise } from './pairwise-sum.ts'

export type MixedTransform = 'ranks' | 'standardize' | 'scale' | 'none'

/**
 * `ms` (Mesner and Shalizi 2019): different discrete values are at distance 1. `msinf` (Popescu et al. 2024): they are no
 * neighbours. `zmadg` (Zan et al. 2022): entropies within the combinations of discrete values.
 */
export type MixedEstimatorName = 'ms' | 'msinf' | 'zmadg'

/**
 * Of `msinf`, where a combination of discrete values has fewer samples than neighbours are wanted. `global`: the same share
 * of those that it has; `cluster`: all of them; `local`: the share is of the smallest combination from the beginning.
 */
export type NeighbourScope = 'global' | 'cluster' | 'local'

export interface MixedProblem {
  readonly kind: 'mixed'
  /** Rows of X, Y and Z, without NaN. */
  readonly rows: readonly Float64Array[]
  /** 1 where a value is discrete. */
  readonly types: readonly Uint8Array[]
  readonly roles: Uint8Array
  readonly estimator: MixedEstimatorName
  /** Below 1: a share. */
  readonly neighbours: number
  readonly scope: NeighbourScope
  readonly transform: MixedTransform
  readonly scaleRange: readonly [number, number]
  readonly notNegative: boolean
}

/** Noise, in standard deviations of a row: it parts values that are equal and near zero. */
export const MIXED_NOISE = 1e-16
/** Distance of different discrete values where they are no neighbours. */
export const APART = 9_999_999

export const isContinuous = (types: Uint8Array): boolean => !types.includes(1)
export const isDiscrete = (types: Uint8Array): boolean => !types.includes(0)

function scaled(values: Float64Array, [low, high]: readonly [number, number]): Float64Array {
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const factor = (high - low) / (most > least ? most - least : 1)
  const shift = low - least * factor
  return values.map((value) => value * factor + shift)
}

/** Continuous rows are changed by these, others are not. */
export const MIXED_TRANSFORMS: Readonly<
  Record<MixedTransform, (values: Float64Array, range: readonly [number, number]) => Float64Array>
> = {
  ranks: ranksOf,
  standardize: (values) => standardise(Float64Array.from(values)),
  scale: scaled,
  none: (values) => Float64Array.from(values),
}

/** A row of coordinates, the difference of which counts at most `limit`. */
export interface Coordinate {
  readonly values: Float64Array
  readonly limit: number
}

const distinct = (values: Float64Array): number[] => [...new Set(values)].sort((a, b) => a - b)

/** Discrete values of a row that also has continuous ones; zero is none of them. */
const categoriesOf = (values: Float64Array, types: Uint8Array): number[] =>
  distinct(values.filter((_, t) => types[t] === 1)).filter((value) => value !== 0)

/** Codes of values, `apart` from each other; 0 of values that are no category. */
function codesOf(values: Float64Array, categories: readonly number[], apart: number): Float64Array {
  const places = new Map(categories.map((category, place) => [category, (place + 1) * apart]))
  return values.map((value) => places.get(value) ?? 0)
}

/** The continuous part of a row of both kinds. */
const continuousPart = (values: Float64Array, types: Uint8Array): Float64Array =>
  values.map((value, t) => (types[t] === 1 ? 0 : value))

/** Coordinates of a row. Where `estimator` is `ms`, only rows that are discrete throughout have categories. */
export function coordinatesOf(values: Float64Array, types: Uint8Array, estimator: 'ms' | 'msinf'): Coordinate[] {
  const apart = estimator === 'ms' ? 1 : APART
  const plain: Coordinate = { values, limit: Number.POSITIVE_INFINITY }
  if (isDiscrete(types)) return [{ values: codesOf(values, distinct(values), apart), limit: apart }]
  if (isContinuous(types) || estimator === 'ms') return [plain]
  const categories = categoriesOf(values, types)
  return [
    { values: continuousPart(values, types), limit: Number.POSITIVE_INFINITY },
    { values: codesOf(values, categories, apart), limit: apart },
  ]
}

/** As `coordinatesOf` for `msinf`, with a row of its own for each category. */
export function indicatorsOf(values: Float64Array, types: Uint8Array): Float64Array[] {
  const indicate = (category: number): Float64Array => values.map((value) => (value === category ? APART : 0))
  if (isDiscrete(types)) return distinct(values).map(indicate)
  if (isContinuous(types)) return [values]
  return [continuousPart(values, types), ...categoriesOf(values, types).map(indicate)]
}

/** Number of samples of the rarest combination of the rows that have discrete values; of all where there are none. */
export function rarest(rows: readonly Float64Array[], types: readonly Uint8Array[]): number {
  const own = rows.filter((_, row) => types[row]!.includes(1))
  const counts = new Map<string, number>()
  for (let t = 0; t < rows[0]!.length; t++) {
    const key = own.map((row) => row[t]).join()
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return Math.min(...counts.values())
}

export function tooFewIn(neighbours: number, samples: number): InputError {
  return new InputError(
    'TooFewSamples',
    `a combination of discrete values has ${samples} samples, too few for neighbours`,
    {
      hint: 'Give the neighbours as a smaller share (below 1), or use classes with more samples.',
      data: { neighbours, samples },
    },
  )
}
