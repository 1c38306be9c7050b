/**
 * Singular value decomposition by one-sided Jacobi rotations (Hestenes 1958; Demmel & Veselic 1992, SIAM J. Matrix Anal.
 * Appl. 13), started from the eigenvectors of A A^T, so that few rotations are left to do.
 */
import { EcotopeError } from '@ecotope/core'
import { bring, fetch, product, rowMajor, transposeOf } from './blocks.ts'
import { checkFinite, checkMatrix, divided, largestOf, type Matrix, matrix, scaleOf, transposed } from './matrix.ts'
import { qr } from './qr.ts'
import { eigenRows, eigenSpace } from './symmetric-eigen.ts'
import { type Workspace, withWorkspace } from './workspace.ts'

/** A = u diag(values) vt, thin: k = min(m, n). */
export interface Svd {
  /** m x k, orthonormal columns. */
  readonly u: Matrix
  /** k singular values, descending. */
  readonly values: Float64Array
  /** k x n, orthonormal rows. */
  readonly vt: Matrix
}

const mostSweeps = 60

/**
 * Thin singular value decomposition of any m x n matrix.
 * @throws InputError `ShapeMismatch`, `NotFinite`; EnvironmentError `OutOfMemory` (about 7 k^2 numbers are needed).
 */
export function svd(a: Matrix): Svd {
  checkMatrix('svd', a)
  checkFinite('svd', a)
  const { rows: m, columns: n } = a
  if (m < n) {
    const { u, values, vt } = svd(transposed(a))
    return { u: transposed(vt), values, vt: transposed(u) }
  }
  if (n === 0) return { u: matrix(m, 0), values: new Float64Array(0), vt: matrix(0, 0) }
  const scale = scaleOf(a.data)
  const scaled = divided(a, scale)
  const { q, r } = m > n ? qr(scaled) : { q: undefined, r: scaled }
  const square = squareSvd(r)
  return {
    ...square,
    values: square.values.map((value) => value * scale),
    u: q === undefined ? square.u : timesSmall(q, square.u),
  }
}

function timesSmall(q: Matrix, u: Matrix): Matrix {
  const [m, n] = [q.rows, q.columns]
  return withWorkspace(q.data.length + u.data.length + m * n, (space) => {
    const [left, right, at] = [bring(space, q), bring(space, u), space.take(m * n)]
    product(space, [m, n, n], 1, left, right, rowMajor(at, n), { accumulate: false })
    return fetch(space, m, n, at)
  })
}

function squareSvd(a: Matrix): Svd {
  const n = a.rows
  return withWorkspace(4 * n * n + 2 * n + eigenSpace(n), (space) => {
    const source = bring(space, a)
    const gram = rowMajor(space.take(n * n), n)
    const overwrite = { accumulate: false }
    product(space, [n, n, n], 1, source, transposeOf(source), gram, { ...overwrite, lower: true })
    const { rows } = eigenRows(space, n, gram.at)
    const left = bring(space, { rows: n, columns: n, data: rows })
    const w = rowMajor(space.take(n * n), n)
    product(space, [n, n, n], 1, left, source, w, overwrite)
    orthogonalise(space, n, w.at, left.at, gram.at)
    return collect(space, n, w.at, left.at)
  })
}

/** Rows shorter than this part of the longest one are far below rounding: what they hold is noise without directions. */
const negligible = 2 ** -60

interface Rows {
  readonly space: Workspace
  readonly n: number
  /** The rows that become orthogonal, and those that are rotated with them. */
  readonly w: number
  readonly left: number
  readonly tolerance: number
}

/** Rotates pairs of the n rows at `w` until all are orthogonal, and those at `left` with them. */
function orthogonalise(space: Workspace, n: number, w: number, left: number, gram: number): void {
  const { heap } = space
  const tolerance = 2 ** -52 * Math.max(4, Math.sqrt(n))
  const rows = rowMajor(w, n)
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    // All inner products at once; only the pairs that fail the test are looked at again.
    product(space, [n, n, n], 1, rows, transposeOf(rows), rowMajor(gram, n), { accumulate: false, lower: true })
    const squares = Float64Array.from({ length: n }, (_, i) => heap[gram + i * (n + 1)]!)
    const least = largestOf(squares) * negligible ** 2
    const lengths = squares.map((square, i) => {
      if (square > least) return Math.sqrt(square)
      heap.fill(0, w + i * n, w + (i + 1) * n)
      return 0
    })
    let rotations = 0
    for (let i = 1; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const bound = tolerance * lengths[i]! * lengths[j]!
        if (bound === 0 || Math.abs(heap[gram + i * n + j]!) <= bound) continue
        if (rotatePair({ space, n, w, left, tolerance }, i, j)) rotations++
      }
    }
    if (rotations === 0) return
  }
  throw new EcotopeError('NoConvergence', `linalg.svd: no convergence in ${mostSweeps} sweeps`)
}

/** Makes rows i and j orthogonal; false where they are so already. */
function rotatePair({ space: { kernels }, n, w, left, tolerance }: Rows, i: number, j: number): boolean {
  const [x, y] = [(w + i * n) * 8, (w + j * n) * 8]
  const [xx, yy, xy] = [kernels.dot(n, x, x), kernels.dot(n, y, y), kernels.dot(n, x, y)]
  if (Math.abs(xy) <= tolerance * Math.sqrt(xx) * Math.sqrt(yy)) return false
  const half = (yy - xx) / (2 * xy)
  const t = -(half >= 0 ? 1 : -1) / (Math.abs(half) + Math.sqrt(1 + half * half))
  const c = 1 / Math.sqrt(1 + t * t)
  kernels.rotate(n, x, y, c, t * c)
  kernels.rotate(n, (left + i * n) * 8, (left + j * n) * 8, c, t * c)
  return true
}

/** Singular values are the lengths of the rows; what has none is filled up to an orthonormal set. */
function collect({ heap, kernels }: Workspace, n: number, w: number, left: number): Svd {
  const lengths = Float64Array.from({ length: n }, (_, i) =>
    Math.sqrt(kernels.dot(n, (w + i * n) * 8, (w + i * n) * 8)),
  )
  const order = Array.from(lengths, (_, i) => i).sort((i, j) => lengths[j]! - lengths[i]!)
  const [u, vt] = [matrix(n, n), matrix(n, n)]
  order.forEach((row, i) => {
    u.data.set(heap.subarray(left + row * n, left + (row + 1) * n), i * n)
    const length = lengths[row]!
    for (let k = 0; k < n; k++) vt.data[i * n + k] = length === 0 ? 0 : heap[w + row * n + k]! / length
  })
  const rank = lengths.reduce((count, length) => count + (length > 0 ? 1 : 0), 0)
  for (let i = rank; i < n; i++) complete(vt, i)
  return { u: transposed(u), values: Float64Array.from(order, (row) => lengths[row]!), vt }
}

/** Fills row i of `q` with a unit vector orthogonal to the rows before: what is left of the axis that they miss most. */
function complete({ rows: n, data }: Matrix, i: number): void {
  const covered = new Float64Array(n)
  for (let row = 0; row < i; row++) for (let k = 0; k < n; k++) covered[k]! += data[row * n + k]! ** 2
  const axis = covered.reduce((least, value, k) => (value < covered[least]! ? k : least), 0)
  const vector = data.subarray(i * n, (i + 1) * n)
  vector[axis] = 1
  // Twice is enough: Kahan's rule for Gram-Schmidt.
  for (let pass = 0; pass < 2; pass++) {
    for (let row = 0; row < i; row++) {
      const other = data.subarray(row * n, (row + 1) * n)
      const along = other.reduce((sum, value, k) => sum + value * vector[k]!, 0)
      for (let k = 0; k < n; k++) vector[k]! -= along * other[k]!
    }
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
    for (let k = 0; k < n; k++) vector[k]! /= length
  }
}
