/** Correlations of all variables at all lags over the samples that all tests of a search share. */
import { type CutOff, presentSteps } from '../series/samples.ts'
import type { TimeSeries } from '../series/series.ts'
import { mean } from '../statistics/moments.ts'

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
  /** Columns with mean 0 and variance 1 over all data sets. */
  readonly columns: readonly Float64Array[]
  readonly points: Int32Array
  /** First step, where the points follow one another. */
  readonly from: number | undefined
}

/** Undefined where there are no samples or too many variables and lags. Columns with missing values are left empty. */
export function laggedCovariance(series: TimeSeries, tauMax: number, cutOff: CutOff): LaggedCovariance | undefined {
  const lags: Partial<Record<CutOff, number>> = { '2xtau-max': 2 * tauMax, 'tau-max': tauMax }
  const maxLag = lags[cutOff]
  const width = series.datasets[0]!.columns.length
  if (maxLag === undefined || (width * (maxLag + 1)) ** 2 > MOST) return undefined
  const scaled = scales(series)
  const parts = series.datasets.map((dataset): Part => {
    const points = presentSteps(series, dataset, { maxLag, tauMax, cutOff })
    const columns = dataset.columns.map((column, c) => scaled[c]!(column))
    const adjoining = points.length > 0 && points.every((point, k) => k === 0 || point === points[k - 1]! + 1)
    return { raw: dataset.columns, columns, points, from: adjoining ? points[0] : undefined }
  })
  const used = parts.filter(({ points }) => points.length > 0)
  const count = used.reduce((sum, { points }) => sum + points.length, 0)
  if (count === 0) return undefined
  const size = width * (maxLag + 1)
  const products = new Float64Array(size * size)
  const state = new Uint8Array(size)
  const means = new Float64Array(size)
  for (const part of used) {
    if (part.from === undefined) addGathered(products, means, part, maxLag)
    else addSliding(products, means, part, part.from, maxLag)
  }
  markConstants(state, used, maxLag)
  normalise(products, means, state, count)
  return { maxLag, count, size, correlations: products, state }
}

/** Functions that bring columns to mean 0 and variance 1; columns with missing values become zeros. */
function scales({ datasets }: TimeSeries): ((column: Float64Array) => Float64Array)[] {
  return datasets[0]!.columns.map((_, c) => {
    const all = datasets.map(({ columns }) => columns[c]!)
    const length = all.reduce((n, column) => n + column.length, 0)
    const middle = all.reduce((sum, column) => sum + mean(column) * (column.length / length), 0)
    let squares = 0
    for (const column of all) for (const value of column) squares += (value - middle) ** 2
    if (!(squares > 0)) return (column) => new Float64Array(column.length)
    const scale = 1 / Math.sqrt(squares / length)
    return (column) => column.map((value) => (value - middle) * scale)
  })
}

function addMeans(means: Float64Array, { columns, points }: Part, maxLag: number): void {
  for (const [c, column] of columns.entries())
    for (let lag = 0; lag <= maxLag; lag++) {
      let sum = 0
      for (const t of points) sum += column[t - lag]!
      means[c * (maxLag + 1) + lag]! += sum
    }
}

/** Points anywhere: rows are gathered, and all pairs multiplied. */
function addGathered(products: Float64Array, means: Float64Array, part: Part, maxLag: number): void {
  const { columns, points } = part
  const size = means.length
  const rows = Array.from({ length: size }, (_, row) => {
    const column = columns[Math.floor(row / (maxLag + 1))]!
    const lag = row % (maxLag + 1)
    return Float64Array.from(points, (t) => column[t - lag]!)
  })
  addMeans(means, part, maxLag)
  const out = new Float64Array(4)
  for (let a = 0; a < size; a++)
    for (let b = 0; b <= a; b += 4) {
      const more = Math.min(4, a - b + 1)
      fourProducts(rows[a]!, 0, rows, b, more, 0, points.length, out)
      for (let k = 0; k < more; k++) products[a * size + b + k]! += out[k]!
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
function addSliding(products: Float64Array, means: Float64Array, part: Part, from: number, maxLag: number): void {
  const { columns, points } = part
  const lags = maxLag + 1
  const size = means.length
  const length = points.length
  const end = from + length
  addMeans(means, part, maxLag)
  const out = new Float64Array(4)
  // Every pair of lags of one pair of variables, before it is added.
  const block = new Float64Array(4 * lags * lags)
  for (const [i, x] of columns.entries())
    for (let j = 0; j <= i; j += 4) {
      const many = Math.min(4, i - j + 1)
      for (let lag = 0; lag < lags; lag++) {
        fourProducts(x, from, columns, j, many, from - lag, length, out)
        for (let k = 0; k < many; k++) block[k * lags * lags + lag] = out[k]!
        fourProducts(x, from - lag, columns, j, many, from, length, out)
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
