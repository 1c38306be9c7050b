/** Partial correlation from a correlation matrix, by Cholesky factors of the conditions. */

/** Where less is left of the variances, normal equations lose digits that reflections keep. */
export const EXACT_ENOUGH = 1e-6

/** Reused by all calls: they never overlap. */
let factor = new Float64Array(0)

function factorOf(n: number): Float64Array {
  if (factor.length < n * n) factor = new Float64Array(2 * n * n)
  return factor
}

/**
 * Eliminates the first `given` rows from the rest. `matrix`: lower triangle of a correlation matrix (diagonal 1), row-major,
 * `n` x `n`. Afterwards the rows from `given` on hold factors in their first `given` places. Returns the least pivot: near 0
 * where the rows are collinear.
 */
function eliminate(matrix: Float64Array, n: number, given: number): number {
  const l = factorOf(n)
  let least = 1
  for (let r = 0; r < n; r++) {
    const row = r * n
    const most = Math.min(r, given)
    for (let c = 0; c < most; c++) {
      const other = c * n
      let sum = matrix[row + c]!
      for (let t = 0; t < c; t++) sum -= l[row + t]! * l[other + t]!
      l[row + c] = sum * l[other + c]!
    }
    if (r >= given) continue
    let pivot = matrix[row + r]!
    for (let t = 0; t < r; t++) pivot -= l[row + t]! * l[row + t]!
    if (!(pivot > EXACT_ENOUGH)) return 0
    if (pivot < least) least = pivot
    // The inverse of the root, so that rows below multiply.
    l[row + r] = 1 / Math.sqrt(pivot)
  }
  return least
}

/** Correlation of the last two rows without the linear part of the others; NaN where it would not be exact to 1e-9. */
export function partialCorrelation(matrix: Float64Array, n: number): number {
  const given = n - 2
  const least = eliminate(matrix, n, given)
  const [x, y] = [given * n, (given + 1) * n]
  let xx = matrix[x + given]!
  let yy = matrix[y + given + 1]!
  let xy = matrix[y + given]!
  for (let t = 0; t < given; t++) {
    const [a, b] = [factor[x + t]!, factor[y + t]!]
    xx -= a * a
    yy -= b * b
    xy -= a * b
  }
  if (!(least * Math.min(xx, yy) > EXACT_ENOUGH)) return Number.NaN
  const value = xy / Math.sqrt(xx * yy)
  return Math.max(-1, Math.min(1, value))
}

/** Share of the variance of the last row that the others leave; NaN where it would not be exact. */
export function unexplained(matrix: Float64Array, n: number): number {
  const given = n - 1
  const least = eliminate(matrix, n, given)
  const y = given * n
  let rest = matrix[y + given]!
  for (let t = 0; t < given; t++) rest -= factor[y + t]! ** 2
  return least * rest > EXACT_ENOUGH ? rest : Number.NaN
}

let centredRows = new Float64Array(0)
let correlations = new Float64Array(0)

/**
 * Correlations of rows, in the given order: lower triangle with 1 on the diagonal. The array that comes back is written over
 * by the next call. Undefined where a row is constant.
 */
export function correlationsOf(rows: readonly Float64Array[], order: readonly number[]): Float64Array | undefined {
  const n = order.length
  const length = rows[0]!.length
  if (centredRows.length < n * length) centredRows = new Float64Array(n * length)
  if (correlations.length < n * n) correlations = new Float64Array(2 * n * n)
  for (let k = 0; k < n; k++) if (!unit(rows[order[k]!]!, centredRows, k * length)) return undefined
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < a; b++) correlations[a * n + b] = product(centredRows, a * length, b * length, length)
    correlations[a * n + a] = 1
  }
  return correlations
}

/** Writes the row with mean 0 and length 1. */
function unit(row: Float64Array, out: Float64Array, at: number): boolean {
  const n = row.length
  let total = 0
  for (let i = 0; i < n; i++) total += row[i]!
  const middle = total / n
  // The second pass removes what rounding left in the mean.
  let rest = 0
  for (let i = 0; i < n; i++) {
    const value = row[i]! - middle
    out[at + i] = value
    rest += value
  }
  const shift = rest / n
  let squares = 0
  for (let i = 0; i < n; i++) {
    const value = out[at + i]! - shift
    out[at + i] = value
    squares += value * value
  }
  if (!(squares > 0)) return false
  const scale = 1 / Math.sqrt(squares)
  for (let i = 0; i < n; i++) out[at + i] = out[at + i]! * scale
  return true
}

/** Sum of products of two stretches. */
export function product(values: Float64Array, a: number, b: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    s0 += values[a + i]! * values[b + i]!
    s1 += values[a + i + 1]! * values[b + i + 1]!
    s2 += values[a + i + 2]! * values[b + i + 2]!
    s3 += values[a + i + 3]! * values[b + i + 3]!
  }
  for (let i = whole; i < length; i++) s0 += values[a + i]! * values[b + i]!
  return s0 + s1 + (s2 + s3)
}
