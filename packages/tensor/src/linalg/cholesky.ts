/** Symmetric positive definite matrices: Cholesky factor, solves, log-determinant. */
import { InputError } from '@ecotope/core'
import { type Block, bring, fetch, from, halfOf, product, solveLower, solveUpper, transposeOf } from './blocks.ts'
import { checkFiniteLower, checkSquare, type Matrix } from './matrix.ts'
import { checkRightSide } from './triangular.ts'
import { type Workspace, withWorkspace } from './workspace.ts'

/** A = L L^T, or A + jitter I = L L^T where A alone is not positive definite in float64. */
export interface CholeskyFactor {
  /** L, n x n, zero above the diagonal. */
  readonly lower: Matrix
  /** What was added to the diagonal, in the units of A: `relativeJitter` times the mean of the diagonal. */
  readonly jitter: number
  /** 0, or 1e-12, 1e-11 ... 1e-6. */
  readonly relativeJitter: number
}

/** The one policy: first none, then a power of ten of the mean diagonal from 1e-12 to 1e-6. */
const relativeJitters: readonly number[] = [0, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6]

/**
 * Cholesky factor of a symmetric matrix, of which the lower triangle is read.
 * @throws InputError `ShapeMismatch`, `NotFinite`; `NotPositiveDefinite` where the largest jitter does not help (data:
 * `pivot`, the row where the factorisation without jitter failed, and `pivotWithJitter`, where the last one did).
 */
export function cholesky(a: Matrix): CholeskyFactor {
  checkSquare('cholesky', a)
  checkFiniteLower('cholesky', a)
  const n = a.rows
  return withWorkspace(n * n, (space) => {
    const block = bring(space, a)
    let mean = 0
    for (let i = 0; i < n; i++) mean += a.data[i * n + i]! / n
    let first: number | undefined
    let last = 0
    for (const relativeJitter of relativeJitters) {
      const jitter = relativeJitter * Math.max(0, mean)
      if (relativeJitter > 0) {
        space.heap.set(a.data, block.at)
        for (let i = 0; i < n; i++) space.heap[block.at + i * (n + 1)]! += jitter
      }
      last = factorLower(space, n, block)
      first ??= last
      if (last >= 0) continue
      const lower = fetch(space, n, n, block.at)
      for (let i = 0; i < n; i++) lower.data.fill(0, i * n + i + 1, (i + 1) * n)
      return { lower, jitter, relativeJitter }
    }
    throw new InputError(
      'NotPositiveDefinite',
      `linalg.cholesky: the matrix is not positive definite at row ${first}`,
      {
        hint: 'Adding 1e-6 of the mean diagonal did not help: look for a wrong sign, or use symmetricEigen.',
        data: { pivot: first, pivotWithJitter: last, meanDiagonal: mean },
      },
    )
  })
}

const smallOrder = 48

/** Factor of the lower half in place; -1, or the row where it failed. */
function factorLower(space: Workspace, n: number, a: Block): number {
  if (n === 0) return -1
  if (n <= smallOrder) return space.kernels.smallCholesky(n, a.at * 8, a.row * 8)
  const half = halfOf(n)
  const rest = n - half
  const failed = factorLower(space, half, a)
  if (failed >= 0) return failed
  const below = from(a, half, 0)
  // L21 L11^T = A21, read as L11 L21^T = A21^T.
  solveLower(space, half, rest, a, false, transposeOf(below))
  product(space, [rest, rest, half], -1, below, transposeOf(below), from(a, half, half), { lower: true })
  const later = factorLower(space, rest, from(a, half, half))
  return later < 0 ? later : half + later
}

/**
 * X with A X = b for the factored A; `b` is n x k.
 * @throws InputError `ShapeMismatch`, `NotFinite`.
 */
export function choleskySolve({ lower }: CholeskyFactor, b: Matrix): Matrix {
  const n = lower.rows
  checkSquare('choleskySolve', lower)
  checkRightSide('choleskySolve', n, b)
  return withWorkspace(n * n + b.data.length, (space) => {
    const [triangle, x] = [bring(space, lower), bring(space, b)]
    solveLower(space, n, b.columns, triangle, false, x)
    solveUpper(space, n, b.columns, transposeOf(triangle), false, x)
    return fetch(space, n, b.columns, x.at)
  })
}

/** log det A of the factored A; 0 for order 0. */
export function logDeterminant({ lower }: CholeskyFactor): number {
  checkSquare('logDeterminant', lower)
  let sum = 0
  for (let i = 0; i < lower.rows; i++) sum += Math.log(lower.data[i * lower.rows + i]!)
  return 2 * sum
}
