/** Small matrix helpers of autoregressions: inverses of triangles, companion matrices and their spectral radius. */
import { linalg } from '@ecotope/tensor'

/** Inverse of the leading n x n triangle of an upper triangular matrix. */
export function inverseOfUpper(a: linalg.Matrix, n: number): linalg.Matrix {
  const triangle = linalg.matrix(n, n)
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) triangle.data[i * n + j] = a.data[i * a.columns + j]!
  return n === 0 ? triangle : linalg.triangularSolve(triangle, linalg.identity(n), { lower: false })
}

/** `[A_1 ... A_p; I 0]` of coefficients `[(lag - 1) K K + effect K + cause]`. */
export function companion(coefficients: Float64Array, size: number, order: number): linalg.Matrix {
  const n = size * order
  const out = linalg.matrix(n, n)
  for (let lag = 0; lag < order; lag++)
    for (let effect = 0; effect < size; effect++)
      for (let cause = 0; cause < size; cause++)
        out.data[effect * n + lag * size + cause] = coefficients[(lag * size + effect) * size + cause]!
  for (let i = size; i < n; i++) out.data[i * n + i - size] = 1
  return out
}

/** Squarings: the error is about log(n) / 2^40; of large matrices fewer, for time. */
const squarings = (n: number): number => (n <= 200 ? 44 : 24)

/** Largest modulus of the companion's eigenvalues, by Gelfand's formula |A^n|^(1/n) with n = 2^k. */
export function spectralRadius(coefficients: Float64Array, size: number, order: number): number {
  const n = size * order
  if (n === 1) return Math.abs(coefficients[0]!)
  let power = companion(coefficients, size, order)
  let logRadius = 0
  for (let k = 0; k < squarings(n); k++) {
    const norm = Math.sqrt(power.data.reduce((sum, value) => sum + value * value, 0))
    if (norm === 0) return 0
    logRadius += Math.log(norm) / 2 ** k
    const scaled = { ...power, data: power.data.map((value) => value / norm) }
    power = linalg.matmul(scaled, scaled)
  }
  return Math.exp(logRadius)
}

/** Solves A x = b for a small symmetric positive definite A (row-major n x n) and returns b' x. */
export function quadraticForm(a: Float64Array, b: Float64Array): number {
  const n = b.length
  const factor = linalg.cholesky(linalg.matrix(n, n, a))
  const x = linalg.triangularSolve(factor.lower, linalg.matrix(n, 1, b)).data
  return x.reduce((sum, value) => sum + value * value, 0)
}
