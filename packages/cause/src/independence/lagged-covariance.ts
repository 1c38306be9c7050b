/** Correlations of all variables at all lags over the steps that all tests of a search start from. */
import { adjoining, type CutOff, presentSteps } from '../series/samples.ts'
import type { TimeSeries } from '../series/series.ts'
import { standardised } from '../statistics/moments.ts'
import { normalScores } from '../statistics/normal-scores.ts'

/** Entries of a matrix beyond which it is not made (1 GiB). */
const MOST = 2 ** 27

/** States of rows. Unfit: so much less spread than the whole column that the products have lost digits. */
export const GOOD = 0
export const CONSTANT = 1
export const UNFIT = 2
export const LEAST_SHARE = 1e-4

/** Row of column `c` at lag -l: `c * (maxLag + 1) + l`. Missing values stand as 0, which is the mean of their column. */
export interface LaggedCovariance {
  /** Lags are 0 to this. */
  readonly maxLag: number
  readonly count: number
  readonly size: number
  /** Lower triangle, row-major; 1 on the diagonal. */
  readonly correlations: Float64Array
  /** Of each row: GOOD, CONSTANT or UNFIT. */
  readonly state: Uint8Array
  /** Means and standard deviations of rows, in units of the whole column. */
  readonly means: Float64Array
  readonly spreads: Float64Array
  /** Columns of all data sets one after another. */
  readonly raw: readonly Float64Array[]
  /** The same with mean 0 and variance 1. */
  readonly columns: readonly Float64Array[]
  /** Places of the present in the columns. */
  readonly points: Int32Array
  /** For each point where those of its data set end. */
  readonly ends: Int32Array
  /** 1 where a column has missing values. */
  readonly missing: Uint8Array
}

export function correlationOf({ correlations, size }: LaggedCovariance, a: number, b: number): number {
  return a >= b ? correlations[a * size + b]! : correlations[b * size + a]!
}

export interface LaggedOptions {
  readonly tauMax: number
  readonly cutOff: CutOff
  /** Whether each row of samples becomes normal scores first. */
  readonly scores?: boolean
}

/** A covariance in the making: what depends on products of rows is there when `building` is done. */
export interface CovarianceInSteps {
  readonly covariance: LaggedCovariance
  /** Small pieces of work; tells the share that is done. */
  readonly building: Iterator<number, void>
}

/** Undefined where there are no samples, samples depend on the lags of a test, or there are too many variables and lags. */
export function laggedCovariance(series: TimeSeries, options: LaggedOptions): LaggedCovariance | undefined {
  const made = covarianceInSteps(series, options)
  if (made !== undefined) finish(made.building)
  return made?.covariance
}

export function finish(building: Iterator<number, void>): void {
  while (!building.next().done);
}

/** See `laggedCovariance`. */
export function covarianceInSteps(series: TimeSeries, options: LaggedOptions): CovarianceInSteps | undefined {
  const { tauMax, cutOff, scores = false } = options
  const lags: Partial<Record<CutOff, number>> = { '2xtau-max': 2 * tauMax, 'tau-max': tauMax }
  const maxLag = lags[cutOff]
  const width = series.datasets[0]!.columns.length
  if (maxLag === undefined || (width * (maxLag + 1)) ** 2 > MOST) return undefined
  const segments = segmentsOf(series, { maxLag, tauMax, cutOff })
  const points = joined(segments)
  if (points.length === 0) return undefined
  const raw = Array.from({ length: width }, (_, c) => concatenated(series.datasets.map(({ columns }) => columns[c]!)))
  const missing = Uint8Array.from(raw, (column) => (column.some(Number.isNaN) ? 1 : 0))
  const size = width * (maxLag + 1)
  const covariance = {
    maxLag,
    count: points.length,
    size,
    correlations: new Float64Array(size * size),
    state: statesOf(raw, points, maxLag),
    means: new Float64Array(size),
    spreads: new Float64Array(size).fill(1),
    raw,
    columns: raw.map(scaled),
    points,
    ends: endsOf(segments),
    missing,
  }
  const sliding = !scores && segments.every((segment) => segment.length === 0 || adjoining(segment))
  return { covariance, building: sliding ? slide(covariance, segments) : correlateRows(covariance, scores) }
}

function* slide(made: LaggedCovariance, segments: readonly Int32Array[]): Generator<number, void> {
  for (const [k, segment] of segments.entries())
    if (segment.length > 0) for (const share of addSliding(made, segment)) yield (k + share) / segments.length
  normalise(made)
}

function segmentsOf(series: TimeSeries, rule: { maxLag: number; tauMax: number; cutOff: CutOff }): Int32Array[] {
  let start = 0
  return series.datasets.map((dataset) => {
    const from = start
    start += dataset.length
    return presentSteps(series, dataset, rule).map((point) => point + from)
  })
}

function endsOf(segments: readonly Int32Array[]): Int32Array {
  let end = 0
  return joined(
    segments.map((segment) => {
      end += segment.length
      return new Int32Array(segment.length).fill(end)
    }),
  )
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0]!
  const out = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Mean 0 and variance 1 of the values that are there; 0 for those that are not. */
function scaled(column: Float64Array): Float64Array {
  let [count, sum, squares] = [0, 0, 0]
  for (const value of column)
    if (!Number.isNaN(value)) {
      count++
      sum += value
    }
  const middle = sum / count
  for (const value of column) if (!Number.isNaN(value)) squares += (value - middle) ** 2
  if (!(squares > 0)) return new Float64Array(column.length)
  const scale = 1 / Math.sqrt(squares / count)
  return column.map((value) => (Number.isNaN(value) ? 0 : (value - middle) * scale))
}

function statesOf(raw: readonly Float64Array[], points: Int32Array, maxLag: number): Uint8Array {
  const lags = maxLag + 1
  const state = new Uint8Array(raw.length * lags)
  for (let row = 0; row < state.length; row++) {
    const column = raw[Math.floor(row / lags)]!
    const lag = row % lags
    const first = column[points[0]! - lag]
    if (points.every((t) => column[t - lag] === first)) state[row] = CONSTANT
  }
  return state
}

/** Points anywhere: rows are gathered, and all pairs multiplied. */
function* correlateRows(made: LaggedCovariance, scores: boolean): Generator<number, void> {
  const { state, size, count, points, maxLag, correlations, means, spreads } = made
  const lags = maxLag + 1
  const rows = Array.from({ length: size }, (_, k) => {
    const c = Math.floor(k / lags)
    if (state[k] !== GOOD) return new Float64Array(count)
    const column = scores ? made.raw[c]! : made.columns[c]!
    const row = Float64Array.from(points, (t) => column[t - (k % lags)]!)
    // Where values are missing, tests lose samples and make their own scores.
    if (scores) return row.some(Number.isNaN) ? new Float64Array(count) : standardised(normalScores(row))
    let [sum, squares] = [0, 0]
    for (const value of row) sum += value
    means[k] = sum / count
    for (const value of row) squares += (value - means[k]!) ** 2
    spreads[k] = Math.sqrt(squares / count)
    if (!(spreads[k]! ** 2 > LEAST_SHARE)) state[k] = UNFIT
    return standardised(row)
  })
  const four = new Float64Array(4)
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < a; b += 4) {
      const many = Math.min(4, a - b)
      fourProducts(rows[a]!, 0, rows, b, many, 0, count, four)
      for (let k = 0; k < many; k++) correlations[a * size + b + k] = four[k]! / count
    }
    correlations[a * size + a] = 1
    yield ((a + 1) / size) ** 2
  }
}

/** `out[k]`: products of a stretch of `u` with the stretches of up to four rows. */
function fourProducts(
  u: Float64Array,
  at: number,
  rows: readonly Float64Array[],
  first: number,
  many: number,
  other: number,
  length: number,
  out: Float64Array,
): void {
  const v0 = rows[first]!
  const v1 = many > 1 ? rows[first + 1]! : v0
  const v2 = many > 2 ? rows[first + 2]! : v0
  const v3 = many > 3 ? rows[first + 3]! : v0
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  for (let i = 0; i < length; i++) {
    const value = u[at + i]!
    s0 += value * v0[other + i]!
    s1 += value * v1[other + i]!
    s2 += value * v2[other + i]!
    s3 += value * v3[other + i]!
  }
  out[0] = s0
  out[1] = s1
  out[2] = s2
  out[3] = s3
}

/**
 * Points that follow one another: the products of (i, lag a + 1) and (j, lag b + 1) are those of lags a and b with one term
 * more at the beginning and one less at the end, so that only pairs with a lag of 0 are summed up.
 */
function* addSliding(
  { correlations: products, means: sums, columns, maxLag, size }: LaggedCovariance,
  segment: Int32Array,
): Generator<number, void> {
  const lags = maxLag + 1
  const [from, length] = [segment[0]!, segment.length]
  const end = from + length
  const out = new Float64Array(4)
  // Every pair of lags of up to four pairs of variables, before they are added.
  const block = new Float64Array(4 * lags * lags)
  for (const [i, x] of columns.entries()) {
    for (let lag = 0; lag < lags; lag++) for (let t = from; t < end; t++) sums[i * lags + lag]! += x[t - lag]!
    for (let j = 0; j <= i; j += 4) {
      const many = Math.min(4, i - j + 1)
      for (let lag = 0; lag < lags; lag++) {
        fourProducts(x, from, columns, j, many, from - lag, length, out)
        for (let k = 0; k < many; k++) block[k * lags * lags + lag] = out[k]!
        if (lag > 0) fourProducts(x, from - lag, columns, j, many, from, length, out)
        for (let k = 0; k < many; k++) block[k * lags * lags + lag * lags] = out[k]!
      }
      for (let k = 0; k < many; k++) {
        const y = columns[j + k]!
        const own = k * lags * lags
        for (let a = 1; a < lags; a++)
          for (let b = 1; b < lags; b++)
            block[own + a * lags + b] =
              block[own + (a - 1) * lags + b - 1]! + x[from - a]! * y[from - b]! - x[end - a]! * y[end - b]!
        for (let a = 0; a < lags; a++)
          for (let b = 0; b < (j + k === i ? a + 1 : lags); b++)
            products[(i * lags + a) * size + (j + k) * lags + b]! += block[own + a * lags + b]!
      }
    }
    yield ((i + 1) / columns.length) ** 2
  }
}

/** Sums of products to correlations. */
function normalise({ correlations: products, means, spreads, state, size, count }: LaggedCovariance): void {
  const scale = new Float64Array(size)
  for (let a = 0; a < size; a++) {
    means[a] = means[a]! / count
    const variance = products[a * size + a]! / count - means[a]! ** 2
    if (state[a] === GOOD && !(variance > LEAST_SHARE)) state[a] = UNFIT
    spreads[a] = state[a] === GOOD ? Math.sqrt(variance) : 0
    scale[a] = state[a] === GOOD ? 1 / spreads[a]! : 0
  }
  for (let a = 0; a < size; a++) {
    const [middle, own] = [means[a]!, scale[a]!]
    for (let b = 0; b < a; b++)
      products[a * size + b] = (products[a * size + b]! / count - middle * means[b]!) * own * scale[b]!
    products[a * size + a] = 1
  }
}
