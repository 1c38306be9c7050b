/** Wilks' lambda of two sets of variables. */
import { centred, dot } from '../statistics/moments.ts'

type Matrix = number[][]

/** Added to variances, so that collinear parts have an inverse. */
const RIDGE = 1e-10

/** Product of 1 - squared canonical correlations: 1 where the sets are unrelated, 0 where one tells the other. */
export function wilksLambda(x: readonly Float64Array[], y: readonly Float64Array[]): number {
  const [a, b] = [x.map(centred), y.map(centred)]
  const n = (a[0]?.length ?? 2) - 1
  const covariance = (left: readonly Float64Array[], right: readonly Float64Array[]): Matrix =>
    left.map((row) => right.map((other) => dot(row, other) / n))
  const ridged = (matrix: Matrix): Matrix =>
    matrix.map((row, i) => row.map((value, j) => (i === j ? value + RIDGE : value)))
  const across = covariance(a, b)
  const product = multiply(
    multiply(inverse(ridged(covariance(a, a))), across),
    multiply(inverse(ridged(covariance(b, b))), transposed(across)),
  )
  // The product is not symmetric, but the reference reads its lower triangle as if it were; its numbers are kept.
  const lower = product.map((row, i) => row.map((value, j) => (j <= i ? value : product[j]![i]!)))
  return eigenvalues(lower).reduce((rest, value) => rest * (1 - Math.max(0, value)), 1)
}

const transposed = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map((row) => row[j]!))

const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)))

/** By Gauss and Jordan with pivots. */
function inverse(matrix: Matrix): Matrix {
  const n = matrix.length
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let k = 0; k < n; k++) {
    let best = k
    for (let i = k + 1; i < n; i++) if (Math.abs(work[i]![k]!) > Math.abs(work[best]![k]!)) best = i
    ;[work[k], work[best]] = [work[best]!, work[k]!]
    const pivot = work[k]![k]!
    work[k] = work[k]!.map((value) => value / pivot)
    for (let i = 0; i < n; i++)
      if (i !== k) {
        const factor = work[i]![k]!
        work[i] = work[i]!.map((value, j) => value - factor * work[k]![j]!)
      }
  }
  return work.map((row) => row.slice(n))
}

/** Of a symmetric matrix, by Jacobi's rotations. */
function eigenvalues(matrix: Matrix): number[] {
  const m = matrix.map((row) => [...row])
  const n = m.length
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += m[p]![q]! ** 2
    if (off < 1e-300) break
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) if (m[p]![q] !== 0) rotate(m, p, q)
  }
  return m.map((row, i) => row[i]!)
}

function rotate(m: Matrix, p: number, q: number): void {
  const theta = (m[q]![q]! - m[p]![p]!) / (2 * m[p]![q]!)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (const row of m) {
    const [a, b] = [row[p]!, row[q]!]
    row[p] = c * a - s * b
    row[q] = s * a + c * b
  }
  const [top, bottom] = [m[p]!, m[q]!]
  m[p] = top.map((value, k) => c * value - s * bottom[k]!)
  m[q] = top.map((value, k) => s * value + c * bottom[k]!)
}
