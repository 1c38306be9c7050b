/** Systems with a triangular matrix. */
import { bring, fetch, solveLower, solveUpper, transposeOf } from './blocks.ts'
import {
  checkFinite,
  checkFiniteRow,
  checkMatrix,
  checkSquare,
  type Matrix,
  shapeMismatch,
  singular,
} from './matrix.ts'
import { withWorkspace } from './workspace.ts'

export interface TriangularOptions {
  /** The triangle of `t` that is read, lower by default; the other one is never looked at. */
  readonly lower?: boolean
  /** Solves with the transpose of t. */
  readonly transpose?: boolean
  /** Takes the diagonal for ones, without reading it. */
  readonly unitDiagonal?: boolean
}

/**
 * X with t X = b (or t^T X = b), for n x n `t` and n x k `b`, by recursive substitution.
 * @throws InputError `ShapeMismatch`, `NotFinite`, `SingularMatrix` (data: index of the zero on the diagonal).
 */
export function triangularSolve(t: Matrix, b: Matrix, options: TriangularOptions = {}): Matrix {
  const { lower = true, transpose = false, unitDiagonal = false } = options
  checkSquare('triangularSolve', t)
  checkMatrix('triangularSolve', b)
  const n = t.rows
  checkRightSide('triangularSolve', n, b)
  checkTriangle(t, lower, unitDiagonal)
  return withWorkspace(n * n + b.data.length, (space) => {
    const [triangle, x] = [bring(space, t), bring(space, b)]
    const solve = lower === transpose ? solveUpper : solveLower
    solve(space, n, b.columns, transpose ? transposeOf(triangle) : triangle, unitDiagonal, x)
    return fetch(space, n, b.columns, x.at)
  })
}

export function checkRightSide(name: string, n: number, b: Matrix): void {
  checkMatrix(name, b)
  if (b.rows !== n) throw shapeMismatch(name, `a right side of ${b.rows} rows does not meet a matrix of order ${n}`)
  checkFinite(name, b)
}

function checkTriangle(t: Matrix, lower: boolean, unit: boolean): void {
  const n = t.rows
  for (let i = 0; i < n; i++) {
    const [first, end] = lower ? [0, unit ? i : i + 1] : [unit ? i + 1 : i, n]
    checkFiniteRow('triangularSolve', t, i, first, end)
    if (!unit && t.data[i * n + i] === 0) throw singular('triangularSolve', i, 'diagonal entry')
  }
}
