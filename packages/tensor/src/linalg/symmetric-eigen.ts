/** Eigenvalues and eigenvectors of symmetric matrices. */
import { bring } from './blocks.ts'
import { divideAndConquer, divideSpace } from './eigen/divide.ts'
import { implicitQl } from './eigen/ql.ts'
import { applyReflections, reduce, reductionSpace } from './eigen/tridiagonal.ts'
import { checkFiniteLower, checkSquare, largestOf, type Matrix, matrix, scaleFor, transposed } from './matrix.ts'
import { blockRoomSpace } from './reflections.ts'
import { type Workspace, withWorkspace } from './workspace.ts'

export interface SymmetricEigen {
  /** n eigenvalues, ascending. */
  readonly values: Float64Array
  /** n x n: column k is the eigenvector of `values[k]`, of length 1, its largest entry of either sign. */
  readonly vectors: Matrix
}

/**
 * A = vectors diag(values) vectors^T for a symmetric matrix, of which the lower triangle is read.
 * @throws InputError `ShapeMismatch`, `NotFinite`; EnvironmentError `OutOfMemory` (4 n^2 numbers are needed).
 */
export function symmetricEigen(a: Matrix): SymmetricEigen {
  checkSquare('symmetricEigen', a)
  checkFiniteLower('symmetricEigen', a)
  const n = a.rows
  if (n === 0) return { values: new Float64Array(0), vectors: matrix(0, 0) }
  return withWorkspace(n * n + eigenSpace(n), (space) => {
    const { at, scale } = bringScaled(space, a)
    const { values, rows } = eigenRows(space, n, at)
    return { values: values.map((value) => value * scale), vectors: transposed({ rows: n, columns: n, data: rows }) }
  })
}

/** Numbers of workspace that `eigenRows` takes. */
export const eigenSpace = (n: number): number => n * n + reductionSpace(n) + divideSpace(n) + blockRoomSpace(n)

/** Ascending eigenvalues, and eigenvectors as rows, of the lower half of the n x n rows at `at`, which it destroys. */
export function eigenRows(space: Workspace, n: number, at: number): { values: Float64Array; rows: Float64Array } {
  const { diagonal: values, offDiagonal, tau } = reduce(space, n, at)
  const u = space.take(n * n)
  divideAndConquer(space, values, offDiagonal, u)
  applyReflections(space, n, at, tau, n, u)
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!)
  const rows = new Float64Array(n * n)
  order.forEach((row, i) => {
    rows.set(space.heap.subarray(u + row * n, u + (row + 1) * n), i * n)
  })
  return { values: Float64Array.from(order, (row) => values[row]!), rows }
}

/**
 * The eigenvalues alone, ascending: less than half of the time.
 * @throws as `symmetricEigen`.
 */
export function symmetricEigenvalues(a: Matrix): Float64Array {
  checkSquare('symmetricEigenvalues', a)
  checkFiniteLower('symmetricEigenvalues', a)
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

/** A scaled copy; only the lower triangle has a say in the scale. */
function bringScaled(space: Workspace, a: Matrix): { readonly at: number; readonly scale: number } {
  const n = a.rows
  let largest = 0
  for (let i = 0; i < n; i++) largest = Math.max(largest, largestOf(a.data.subarray(i * n, i * n + i + 1)))
  const scale = scaleFor(largest)
  const { at } = bring(space, a)
  space.kernels.scale(n * n, 1 / scale, at * 8)
  return { at, scale }
}
