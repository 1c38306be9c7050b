/** Correlations of all variables at all lags over the samples that all tests of a search share. */
import { adjoining, type CutOff, presentSteps } from '../series/samples.ts'
import type { TimeSeries } from '../series/series.ts'
import { mean, standardised } from '../statistics/moments.ts'

/** Entries of a matrix beyond which it is not made (1 GiB). */
const MOST = 2 ** 27

/** States of rows. Unfit: so much less spread than the whole column that the products have lost digits. */
export const GOOD = 0
export const CONSTANT = 1
export const UNFIT = 2
const LEAST_SHARE = 1e-4

export interface LaggedCovariance {
  /** Lags are 0 to this. */
  readonly maxLag: number
  readonly count: number
  /** Row of column `c` at lag -l: `c * (maxLag + 1) + l`. */
  readonly size: number
  /** Lower triangle, row-major; 1 on the diagonal. */
  readonly correlations: Float64Array
  /** Of each row: GOOD, CONSTANT or UNFIT. */
  readonly state: Uint8Array
}

interface Part {
  readonly raw: readonly Float64Array[]
  readonly points: Int32Array
}

export interface LaggedOptions {
  readonly tauMax: number
  readonly cutOff: CutOff
  /** What becomes of each row of samples first. */
  readonly transform?: (row: Float64Array) => Float64Array
}

/** Undefined where there are no samples or too many variables and lags. Columns with missing values are left empty. */
export function laggedCovariance(series: TimeSeries, options: LaggedOptions): LaggedCovariance | undefined {
  const { tauMax, cutOff, transform } = options
  const lags: Partial<Record<CutOff, number>> = { '2xtau-max': 2 * tauMax, 'tau-max': tauMax }
  const maxLag = lags[cutOff]
  const width = series.datasets[0]!.columns.length
  if (maxLag === undefined || (width * (maxLag + 1)) ** 2 > MOST) return undefined
  const parts = series.datasets
    .map((dataset): Part => {
      const points = presentSteps(series, dataset, { maxLag, tauMax, cutOff })
      return { raw: dataset.columns, points }
    })
    .filter(({ points }) => points.length > 0)
  const count = parts.reduce((sum, { points }) => sum + points.length, 0)
  if (count === 0) return undefined
  const size = width * (maxLag + 1)
  const state = new Uint8Array(size)
  markConstants(state, parts, maxLag)
  const correlations = new Float64Array(size * size)
  const sliding = transform === undefined && parts.every(({ points }) => adjoining(points))
  if (sliding) correlateSliding(correlations, state, parts, maxLag, count)
  else correlateRows(correlations, state, parts, maxLag, count, transform)
  return { maxLag, count, size, correlations, state }
}

/** Points anywhere: rows are gathered, and all pairs multiplied. */
function correlateRows(
  out: Float64Array,
  state: Uint8Array,
  parts: readonly Part[],
  maxLag: number,
  count: number,
  transform: LaggedOptions['transform'],
): void {
  const size = state.length
  const rows = Array.from({ length: size }, (_, k) => {
    const [c, lag] = [Math.floor(k / (maxLag + 1)), k % (maxLag + 1)]
    const row = new Float64Array(count)
    if (state[k] !== GOOD) return row
    let at = 0
    for (const { raw, points } of parts) for (const t of points) row[at++] = raw[c]![t - lag]!
    const scaled = standardised(transform === undefined ? row : transform(row))
    if (!Number.isFinite(scaled[0])) return row.fill(0)
    return scaled
  })
  const four = new Float64Array(4)
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < a; b += 4) {
      const many = Math.min(4, a - b)
      fourProducts(rows[a]!, 0, rows, b, many, 0, count, four)
      for (let k = 0; k < many; k++) out[a * size + b + k] = four[k]! / count
    }
    out[a * size + a] = 1
  }
}

function correlateSliding(
  products: Float64Array,
  state: Uint8Array,
  parts: readonly Part[],
  maxLag: number,
  count: number,
): void {
  const scales = scaling(parts)
  const sums = new Float64Array(state.length)
  for (const { raw, points } of parts) {
    const columns = raw.map((column, c) => scales[c]!(column))
    addSums(sums, columns, points, maxLag)
    addSliding(products, columns, points[0]!, points.length, maxLag)
  }
  normalise(products, sums, state, count)
}

/** Functions that bring columns to mean 0 and variance 1; columns with missing values become zeros. */
function scaling(parts: readonly Part[]): ((column: Float64Array) => Float64Array)[] {
  return parts[0]!.raw.map((_, c) => {
    const all = parts.map(({ raw }) => raw[c]!)
    const length = all.reduce((n, column) => n + column.length, 0)
    const middle = all.reduce((total, column) => total + mean(column) * (column.length / length), 0)
    let squares = 0
    for (const column of all) for (const value of column) squares += (value - middle) ** 2
    if (!(squares > 0)) return (column) => new Float64Array(column.length)
    const scale = 1 / Math.sqrt(squares / length)
    return (column) => column.map((value) => (value - middle) * scale)
  })
}

function addSums(sums: Float64Array, columns: readonly Float64Array[], points: Int32Array, maxLag: number): void {
  for (const [c, column] of columns.entries())
    for (let lag = 0; lag <= maxLag; lag++) {
      let total = 0
      for (let k = 0; k < points.length; k++) total += column[points[k]! - lag]!
      sums[c * (maxLag + 1) + lag]! += total
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
function addSliding(
  products: Float64Array,
  columns: readonly Float64Array[],
  from: number,
  length: number,
  maxLag: number,
): void {
  const lags = maxLag + 1
  const size = columns.length * lags
  const end = from + length
  const out = new Float64Array(4)
  // Every pair of lags of one pair of variables, before it is added.
  const block = new Float64Array(4 * lags * lags)
  for (const [i, x] of columns.entries())
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
}

function markConstants(state: Uint8Array, parts: readonly Part[], maxLag: number): void {
  for (let row = 0; row < state.length; row++) {
    const [c, lag] = [Math.floor(row / (maxLag + 1)), row % (maxLag + 1)]
    const first = parts[0]!.raw[c]![parts[0]!.points[0]! - lag]
    const same = parts.every(({ points, raw }) => points.every((t) => raw[c]![t - lag] === first))
    if (same) state[row] = CONSTANT
  }
}

/** Sums of products to correlations. */
function normalise(products: Float64Array, sums: Float64Array, state: Uint8Array, count: number): void {
  const size = sums.length
  const scale = new Float64Array(size)
  for (let a = 0; a < size; a++) {
    const variance = products[a * size + a]! - (sums[a]! * sums[a]!) / count
    if (state[a] === GOOD && !(variance > LEAST_SHARE * count)) state[a] = UNFIT
    scale[a] = state[a] === GOOD ? 1 / Math.sqrt(variance) : 0
  }
  for (let a = 0; a < size; a++) {
    const [sum, own] = [sums[a]! / count, scale[a]!]
    for (let b = 0; b < a; b++) products[a * size + b] = (products[a * size + b]! - sum * sums[b]!) * own * scale[b]!
    products[a * size + a] = 1
  }
}
