/** Attributes of factorisations and solves. */

import type { None } from '../primitive.ts'

/** How a triangular matrix is read. What lies on the other side of its diagonal is not read at all. */
export interface Triangle {
  readonly lower: boolean
  readonly transpose: boolean
  /** The diagonal counts as 1 and is not read. */
  readonly unitDiagonal: boolean
}

export interface MatrixAttributes {
  /** a `[..., n, n]`, symmetric and positive definite, to the lower L with L L^T = a, NaN from the first bad pivot on. */
  readonly cholesky: None
  /** l `[..., n, n]`, b `[..., n, k]` to x with op(l) x = b; leading axes broadcast. */
  readonly triangularSolve: Triangle
}

export type MatrixPrimitive = keyof MatrixAttributes
