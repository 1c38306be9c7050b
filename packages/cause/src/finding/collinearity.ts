/** Variables that others nearly determine: links to one of them cannot be told from links to the others. */
import type { TimeSeries } from '../series/series.ts'

/** Share of the variance that others leave, below which a variable counts as their linear combination. */
const LEFT_OVER = 1e-6
/** Of standardised variables: less of it in a combination is not named. */
const LEAST_PART = 1e-3

/** Columns, each with those before it that determine it at the same time. Only time steps where all are there count. */
export function collinearColumns(series: TimeSeries): Map<number, number[]> {
  const columns = standardised(series)
  const rows = columns[0]?.length ?? 0
  const found = new Map<number, number[]>()
  if (rows < 2 * columns.length + 10) return found
  // The Cholesky factor of the correlations grows by a row for each column that is not determined by those before.
  const basis: number[] = []
  const factor: Float64Array[] = []
  for (const [j, column] of columns.entries()) {
    if (column.every((value) => value === 0)) continue
    const row = new Float64Array(basis.length)
    let left = 1
    for (const [k, i] of basis.entries()) {
      let sum = dot(columns[i]!, column)
      for (let m = 0; m < k; m++) sum -= row[m]! * factor[k]![m]!
      row[k] = sum / factor[k]![k]!
      left -= row[k]! ** 2
    }
    if (left < LEFT_OVER) {
      const parts = solved(factor, row)
      found.set(
        j,
        basis.filter((_, k) => Math.abs(parts[k]!) > LEAST_PART),
      )
    } else {
      basis.push(j)
      factor.push(Float64Array.of(...row, Math.sqrt(left)))
    }
  }
  return found
}

/** Weights of the columns in the combination: the transposed factor solved for the row. */
function solved(factor: readonly Float64Array[], row: Float64Array): Float64Array {
  const weights = Float64Array.from(row)
  for (let k = row.length - 1; k >= 0; k--) {
    for (let m = k + 1; m < row.length; m++) weights[k]! -= factor[m]![k]! * weights[m]!
    weights[k]! /= factor[k]![k]!
  }
  return weights
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let t = 0; t < x.length; t++) sum += x[t]! * y[t]!
  return sum
}

/** Of mean 0 and length 1; a constant column is all 0. */
function standardised({ datasets }: TimeSeries): Float64Array[] {
  const width = datasets[0]?.columns.length ?? 0
  const isThere = datasets.map(({ columns, length }) =>
    Uint8Array.from({ length }, (_, t) => (columns.every((column) => !Number.isNaN(column[t]!)) ? 1 : 0)),
  )
  return Array.from({ length: width }, (_, j) => {
    const values = Float64Array.from(
      datasets.flatMap(({ columns }, d) => Array.from(columns[j]!.filter((_, t) => isThere[d]![t] === 1))),
    )
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const centred = values.map((value) => value - mean)
    const length = Math.sqrt(dot(centred, centred))
    return centred.map((value) => (length > 1e-12 * Math.abs(mean) * Math.sqrt(values.length) ? value / length : 0))
  })
}
