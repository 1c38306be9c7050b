/** The inverse of a positive definite matrix from its Cholesky factor, by halves: half the work of solving for the unit matrix. */
import { linalg } from '@ecotope/tensor'

type Matrix = linalg.Matrix

/** Orders up to this are inverted at once. */
const SMALL = 256

/** The last unit matrix: evaluations ask for the same one over and over. */
let unit = linalg.identity(1)

function unitOf(n: number): Matrix {
  if (unit.rows !== n) unit = linalg.identity(n)
  return unit
}

/** Halves of a triangle's inverse: `a` and `b` on the diagonal, `c` below. */
interface Halves {
  readonly whole: Matrix
  readonly parts?: { readonly a: Halves; readonly b: Halves; readonly c: Matrix }
}

/** L^-T L^-1: the lower triangle of a full matrix; what stands above the diagonal means nothing. */
export const inverseFrom = (lower: Matrix): Matrix => crossed(inverted(lower))

function inverted(lower: Matrix): Halves {
  const n = lower.rows
  if (n <= SMALL) return { whole: linalg.triangularSolve(lower, unitOf(n)) }
  const half = Math.ceil(n / 16) * 8
  const [a, b] = [inverted(cut(lower, 0, 0, half, half)), inverted(cut(lower, half, half, n - half, n - half))]
  const below = linalg.matmul(cut(lower, half, 0, n - half, half), a.whole, { alpha: -1 })
  const c = linalg.matmul(b.whole, below)
  const whole = linalg.matrix(n, n)
  paste(whole, a.whole, 0, 0)
  paste(whole, b.whole, half, half)
  paste(whole, c, half, 0)
  return { whole, parts: { a, b, c } }
}

function crossed({ whole, parts }: Halves): Matrix {
  if (parts === undefined) return linalg.syrk(whole, { transpose: true })
  const { a, b, c } = parts
  const half = a.whole.rows
  const out = linalg.matrix(whole.rows, whole.rows)
  paste(out, linalg.matmul(c, c, { transposeA: true, add: crossed(a) }), 0, 0)
  paste(out, linalg.matmul(b.whole, c, { transposeA: true }), half, 0)
  paste(out, crossed(b), half, half)
  return out
}

function cut({ data, columns: stride }: Matrix, row: number, column: number, rows: number, columns: number): Matrix {
  const out = linalg.matrix(rows, columns)
  for (let i = 0; i < rows; i++) {
    const from = (row + i) * stride + column
    out.data.set(data.subarray(from, from + columns), i * columns)
  }
  return out
}

function paste(into: Matrix, part: Matrix, row: number, column: number): void {
  for (let i = 0; i < part.rows; i++)
    into.data.set(part.data.subarray(i * part.columns, (i + 1) * part.columns), (row + i) * into.columns + column)
}
