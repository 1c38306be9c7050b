/** Symmetric positive definite matrices, in batches: factorisation, solves, determinants. Float32 in the graph. */

import { InputError } from '@ecotope/core'
import { apply, constant } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import { showShape } from '../shape.ts'
import { add, log, mul, reshape, sum, transpose } from './plain.ts'

export interface CholeskyOptions {
  /**
   * Added to the diagonal as a multiple of its mean, as is usual for Gaussian processes (1e-6 to 1e-4 in float32).
   * Never raised silently: a matrix that is not positive definite gives NaN. Default 0.
   */
  readonly jitter?: number
}

const identity = (n: number): Tensor =>
  constant(
    Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
    [n, n],
  )

function lastTwoSwapped(x: Tensor): Tensor {
  const rank = x.shape.length
  return transpose(
    x,
    x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
  )
}

/** The diagonals of `[..., n, n]`, as `[..., n]`. */
function diagonalOf(x: Tensor): Tensor {
  return sum(mul(x, identity(x.shape.at(-1)!)), -1)
}

/**
 * The lower triangular L with L L^T = a, for symmetric positive definite matrices a `[..., n, n]`. As in JAX the
 * symmetric part of a is taken, so that the gradient is symmetric. From the first pivot that is not positive on the
 * result is NaN. Gradient: Murray 2016, equation 10.
 */
export function cholesky(a: Tensor, { jitter = 0 }: CholeskyOptions = {}): Tensor {
  const [n, m] = [a.shape.at(-1), a.shape.at(-2)]
  if (a.shape.length < 2 || n !== m) {
    throw new InputError('ShapeMismatch', `cholesky: needs square matrices [..., n, n], not ${showShape(a.shape)}`)
  }
  const known = factors.get(a) ?? new Map<number, Tensor>()
  factors.set(a, known)
  const factor = known.get(jitter) ?? apply('cholesky', [raised(a, jitter)], {})
  known.set(jitter, factor)
  return factor
}

/** A matrix is factored once, however many solves and determinants ask for it: so is its gradient. */
const factors = new WeakMap<Tensor, Map<number, Tensor>>()

/** The symmetric part with the jitter on its diagonal. */
function raised(a: Tensor, jitter: number): Tensor {
  const symmetric = mul(add(a, lastTwoSwapped(a)), 0.5)
  if (jitter === 0) return symmetric
  const n = a.shape.at(-1)!
  const mean = mul(sum(diagonalOf(a), -1), jitter / n)
  return add(symmetric, mul(reshape(mean, [...mean.shape, 1, 1]), identity(n)))
}

export interface TriangularSolveOptions {
  /** Which triangle of l is read. Default true. */
  readonly lower?: boolean
  /** Solve with the transposed matrix. Default false. */
  readonly transpose?: boolean
  /** Take the diagonal as 1. Default false. */
  readonly unitDiagonal?: boolean
}

/** x with l x = b for a triangular l `[..., n, n]` and b `[..., n, k]`; leading axes broadcast. */
export function triangularSolve(l: Tensor, b: Tensor, options: TriangularSolveOptions = {}): Tensor {
  const { lower = true, transpose: transposed = false, unitDiagonal = false } = options
  return apply('triangularSolve', [l, b], { lower, transpose: transposed, unitDiagonal })
}

/** x with a x = b for symmetric positive definite a `[..., n, n]`; b `[..., n, k]`. */
export function solve(a: Tensor, b: Tensor, options: CholeskyOptions = {}): Tensor {
  const l = cholesky(a, options)
  return triangularSolve(l, triangularSolve(l, b), { transpose: true })
}

/** log det a for symmetric positive definite a `[..., n, n]`, as `[...]`. */
export function logDeterminant(a: Tensor, options: CholeskyOptions = {}): Tensor {
  return mul(sum(log(diagonalOf(cholesky(a, options))), -1), 2)
}
