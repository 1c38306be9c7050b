/** QR factorisation and what rests on it: least squares of any rank. */
import { InputError } from '@ecotope/core'
import { bring, rowMajor, solveLower, solveUpper, transposeOf } from './blocks.ts'
import { applyQ, type FactoredColumns, factorColumns } from './columns.ts'
import { checkFinite, checkMatrix, divided, type Matrix, matrix, scaleOf, transposed } from './matrix.ts'
import { blockRoomSpace, takeBlockRoom } from './reflections.ts'
import { checkRightSide } from './triangular.ts'
import { type Workspace, withWorkspace } from './workspace.ts'

export interface Qr {
  /** m x k with k = min(m, n): orthonormal columns. */
  readonly q: Matrix
  /** k x n, upper triangular, its diagonal not negative; this makes it unique where A has full column rank. */
  readonly r: Matrix
}

/**
 * A = Q R for any m x n matrix, by Householder reflections in blocks; thin.
 * @throws InputError `ShapeMismatch`, `NotFinite`.
 */
export function qr(a: Matrix): Qr {
  checkMatrix('qr', a)
  checkFinite('qr', a)
  const { rows: m, columns: n } = a
  const k = Math.min(m, n)
  const most = Math.max(n, k)
  const scale = scaleOf(a.data)
  return withWorkspace(m * n + k * m + most + blockRoomSpace(most), (space) => {
    const [columns, u, small] = [bring(space, transposed(divided(a, scale))).at, space.take(k * m), space.take(most)]
    const room = takeBlockRoom(space, most)
    const factored = factorColumns(space, [n, m], columns, small, room, false)
    space.heap.fill(0, u, u + k * m)
    for (let i = 0; i < k; i++) space.heap[u + i * (m + 1)] = Math.sign(factored.r[i * n + i]!) || 1
    applyQ(space, factored, room, true, k, u)
    for (let i = 0; i < k; i++) {
      const factor = factored.r[i * n + i]! < 0 ? -scale : scale
      for (let j = i; j < n; j++) factored.r[i * n + j]! *= factor
    }
    const q = transposed({ rows: k, columns: m, data: space.heap.slice(u, u + k * m) })
    return { q, r: { rows: k, columns: n, data: factored.r } }
  })
}

export interface LeastSquaresOptions {
  /** Relative size below which a pivot of R counts as zero; by default the larger side of A times 2^-52. */
  readonly rcond?: number
}

export interface LeastSquares {
  /** n x k: for each right side the x of least |A x - b|, and of these (where the rank is below n) that of least |x|. */
  readonly x: Matrix
  readonly rank: number
  /** |A x - b|^2 of each right side. */
  readonly residuals: Float64Array
}

/**
 * Least squares by QR with column pivoting, then (below full rank) a second QR that drops the null space: Golub & Van
 * Loan (2013), Matrix Computations, 4th ed., sections 5.5.6 and 5.4.7.
 * @throws InputError `ShapeMismatch`, `NotFinite`, `InvalidRcond`.
 */
export function leastSquares(a: Matrix, b: Matrix, options: LeastSquaresOptions = {}): LeastSquares {
  checkMatrix('leastSquares', a)
  checkFinite('leastSquares', a)
  const { rows: m, columns: n } = a
  checkRightSide('leastSquares', m, b)
  const { rcond = Math.max(m, n) * 2 ** -52 } = options
  if (!(rcond >= 0 && rcond < 1)) {
    throw new InputError('InvalidRcond', `linalg.leastSquares: rcond must lie in [0, 1), not ${rcond}`, {
      data: { rcond },
    })
  }
  const sides = b.columns
  const [scaleA, scaleB] = [scaleOf(a.data), scaleOf(b.data)]
  const most = Math.max(n, sides)
  const longest = Math.max(m, n)
  return withWorkspace(m * n + n * n + sides * (longest + m) + most + 2 * blockRoomSpace(most), (space) => {
    const columns = bring(space, transposed(divided(a, scaleA))).at
    const right = bring(space, transposed(divided(b, scaleB))).at
    const small = space.take(most)
    const room = takeBlockRoom(space, most)
    const factored = factorColumns(space, [n, m], columns, small, room, true)
    applyQ(space, factored, room, false, sides, right)
    const rank = rankOf(factored, n, rcond)
    const residuals = Float64Array.from({ length: sides }, (_, side) => {
      const tail = (right + side * m + rank) * 8
      return space.kernels.dot(m - rank, tail, tail) * scaleB * scaleB
    })
    const x = solveRanked(space, factored, [n, rank, sides], right, small, room)
    return { x: { ...x, data: x.data.map((value) => (value / scaleA) * scaleB) }, rank, residuals }
  })
}

function rankOf({ r, tau }: FactoredColumns, n: number, rcond: number): number {
  const limit = rcond * Math.abs(r[0] ?? 0)
  let rank = 0
  while (rank < tau.length && Math.abs(r[rank * n + rank]!) > limit) rank++
  return rank
}

/** Solves [R11 R12] x = c for the first `rank` numbers of each row at `right`. */
function solveRanked(
  space: Workspace,
  { length: m, r, order }: FactoredColumns,
  [n, rank, sides]: readonly [number, number, number],
  right: number,
  small: number,
  room: ReturnType<typeof takeBlockRoom>,
): Matrix {
  const { heap } = space
  const triangle = space.take(n * n)
  heap.set(r.subarray(0, rank * n), triangle)
  const y = space.take(sides * n)
  heap.fill(0, y, y + sides * n)
  for (let side = 0; side < sides; side++) heap.copyWithin(y + side * n, right + side * m, right + side * m + rank)
  const unknowns = transposeOf(rowMajor(y, n))
  if (rank === n) solveUpper(space, n, sides, rowMajor(triangle, n), false, unknowns)
  else {
    // The rows of [R11 R12] are the columns of its transpose Z S, and so R x = c is S^T (Z^T x) = c.
    const second = factorColumns(space, [rank, n], triangle, small, room, false)
    const s = space.take(rank * rank)
    heap.set(second.r, s)
    solveLower(space, rank, sides, transposeOf(rowMajor(s, rank)), false, unknowns)
    applyQ(space, second, room, true, sides, y)
  }
  const x = matrix(n, sides)
  for (let side = 0; side < sides; side++) {
    for (let j = 0; j < n; j++) x.data[order[j]! * sides + side] = heap[y + side * n + j]!
  }
  return x
}
