/** Eigenvalues and eigenvectors of symmetric matrices. */
import { divideAndConquer, divideSpace } from './eigen/divide.ts'
import { implicitQl } from './eigen/ql.ts'
import { applicationSpace, applyReflections, reduce, reductionSpace } from './eigen/tridiagonal.ts'
import { checkSquare, type Matrix, matrix, notFiniteAt, transposed } from './matrix.ts'
import { type Workspace, withWorkspace } from './workspace.ts'

export interface SymmetricEigen {
  /** n eigenvalues, ascending. */
  readonly values: Float64Array
  /** n x n: column k is the eigenvector of `values[k]`, of length 1, its largest entry of either sign. */
  readonly vectors: Matrix
}

/**
 * A = vectors diag(values) vectors^T for a symmetric matrix, of which the lower triangle is read.
 * @throws InputError `ShapeMismatch`, `NotFinite`; EnvironmentError `OutOfMemory` (5 n^2 numbers are needed).
 */
export function symmetricEigen(a: Matrix): SymmetricEigen {
  checkSquare('symmetricEigen', a)
  const n = a.rows
  if (n === 0) return { values: new Float64Array(0), vectors: matrix(0, 0) }
  const room = 2 * n * n + reductionSpace(n) + divideSpace(n) + applicationSpace(n)
  return withWorkspace(room, (space) => {
    const { at, scale } = bringScaled(space, a)
    const { diagonal: values, offDiagonal, tau } = reduce(space, n, at)
    const u = space.take(n * n)
    divideAndConquer(space, values, offDiagonal, u)
    applyReflections(space, n, at, tau, n, u)
    const order = Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!)
    const sorted = matrix(n, n)
    order.forEach((row, i) => {
      sorted.data.set(space.heap.subarray(u + row * n, u + (row + 1) * n), i * n)
    })
    return { values: Float64Array.from(order, (row) => values[row]! * scale), vectors: transposed(sorted) }
  })
}

/**
 * The eigenvalues alone, ascending: less than half of the time.
 * @throws as `symmetricEigen`.
 */
export function symmetricEigenvalues(a: Matrix): Float64Array {
  checkSquare('symmetricEigenvalues', a)
  const n = a.rows
  return withWorkspace(n * n + reductionSpace(n), (space) => {
    const { at, scale } = bringScaled(space, a)
    const { diagonal, offDiagonal } = reduce(space, n, at)
    const e = new Float64Array(n)
    e.set(offDiagonal)
    implicitQl(diagonal, e)
    return diagonal.sort().map((value) => value * scale)
  })
}

/** A copy divided by a power of two near its largest entry: squares neither overflow nor vanish, and nothing is lost. */
function bringScaled(space: Workspace, a: Matrix): { readonly at: number; readonly scale: number } {
  const n = a.rows
  let largest = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = a.data[i * n + j]!
      if (!Number.isFinite(value)) throw notFiniteAt('symmetricEigen', i, j, value)
      largest = Math.max(largest, Math.abs(value))
    }
  }
  const scale = largest === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(largest)))
  const at = space.take(a.data.length)
  space.heap.set(a.data, at)
  space.kernels.scale(a.data.length, 1 / scale, at * 8)
  return { at, scale }
}
