/**
 * Symmetric matrix to tridiagonal form T = Q^T A Q by Householder reflections, half of the work in matrix products, and
 * the way back for vectors. The blocks are those of Dongarra, Hammarling & Sorensen (1989), J. Comput. Appl. Math. 27.
 */
import { from, product, rowMajor, transposeOf } from '../blocks.ts'
import { applyBlock, blockRows, reflect, takeBlockRoom } from '../reflections.ts'
import type { Workspace } from '../workspace.ts'

export interface Tridiagonal {
  /** n numbers. */
  readonly diagonal: Float64Array
  /** n - 1 numbers. */
  readonly offDiagonal: Float64Array
  /** Factor of the reflection that row k holds; entry 0 is unused. */
  readonly tau: Float64Array
}

/** Rows that are reduced before the rest of the matrix is brought up to date. */
const panelRows = 32

/** Numbers of workspace that `reduce` takes. */
export const reductionSpace = (n: number): number => 4 * panelRows * n + 2 * panelRows

/**
 * Reduces the lower half of the n x n rows at `a`, from the last row to the first. Row k is left with the reflection
 * I - tau v v^T that made it: v in columns 0 to k - 1 with v[k - 1] = 1, then zeros.
 */
export function reduce(space: Workspace, n: number, a: number): Tridiagonal {
  const made = {
    diagonal: new Float64Array(n),
    offDiagonal: new Float64Array(Math.max(0, n - 1)),
    tau: new Float64Array(n),
  }
  // The first half of `left` is V, the second W; `right` has them the other way round.
  const [left, right] = [space.take(2 * panelRows * n), space.take(2 * panelRows * n)]
  const small = space.take(2 * panelRows)
  for (let end = n; end > 0; ) {
    const rows = Math.min(panelRows, end)
    const start = end - rows
    const panel = { space, n, a, w: left + panelRows * n, small, end }
    for (let i = end - 1; i >= start; i--) reduceRow(panel, i, made)
    if (start > 0) {
      const { heap } = space
      heap.copyWithin(left, a + start * n, a + end * n)
      const [v, w] = [left, panel.w]
      // W is filled from its last row backwards; both blocks are `rows` high.
      heap.copyWithin(left + rows * n, w + (panelRows - rows) * n, w + panelRows * n)
      heap.copyWithin(right, left + rows * n, left + 2 * rows * n)
      heap.copyWithin(right + rows * n, v, v + rows * n)
      const [p, q] = [rowMajor(left, n), rowMajor(right, n)]
      product(space, [start, start, 2 * rows], -1, transposeOf(p), q, rowMajor(a, n), { lower: true })
    }
    for (let i = start; i < end; i++) space.heap.fill(0, a + i * n + i, a + (i + 1) * n)
    end = start
  }
  return made
}

interface Panel {
  readonly space: Workspace
  readonly n: number
  readonly a: number
  /** Rows of W, the last one for row `end - 1`. */
  readonly w: number
  readonly small: number
  readonly end: number
}

/** Brings row i up to date with the rows reduced after it, makes its reflection and its row of W. */
function reduceRow({ space, n, a, w, small, end }: Panel, i: number, made: Tridiagonal): void {
  const { heap, kernels } = space
  const after = end - 1 - i
  const row = a + i * n
  const [v, ws] = [row + n, w + (panelRows - after) * n]
  const [p, q] = [small, small + panelRows]
  const subtractBoth = (length: number, target: number): void => {
    kernels.transposeTimesVector(after, length, -1, ws * 8, n * 8, p * 8, target * 8)
    kernels.transposeTimesVector(after, length, -1, v * 8, n * 8, q * 8, target * 8)
  }
  for (let k = 0; k < after; k++) {
    heap[p + k] = heap[v + k * n + i]!
    heap[q + k] = heap[ws + k * n + i]!
  }
  subtractBoth(i + 1, row)
  made.diagonal[i] = heap[row + i]!
  if (i === 0) return
  const { tau, beta } = reflect(space, i, row, 'last')
  made.offDiagonal[i - 1] = beta
  made.tau[i] = tau
  const target = ws - n
  heap.fill(0, target, target + i)
  if (tau === 0) return
  kernels.symmetricTimesVector(i, a * 8, n * 8, row * 8, target * 8)
  heap.fill(0, small, small + 2 * panelRows)
  kernels.timesVector(after, i, 1, v * 8, n * 8, row * 8, p * 8)
  kernels.timesVector(after, i, 1, ws * 8, n * 8, row * 8, q * 8)
  subtractBoth(i, target)
  kernels.scale(i, tau, target * 8)
  kernels.axpy(i, -0.5 * tau * kernels.dot(i, target * 8, row * 8), row * 8, target * 8)
}

/** Turns eigenvectors of T, the `count` rows of n numbers at `u`, into those of the reduced matrix. */
export function applyReflections(
  space: Workspace,
  n: number,
  a: number,
  tau: Float64Array,
  count: number,
  u: number,
): void {
  const room = takeBlockRoom(space, count)
  for (let start = 1; start < n; start += blockRows) {
    const end = Math.min(n, start + blockRows)
    const v = from(rowMajor(a, n), start, 0)
    applyBlock(space, room, { v, length: end - 1, tau: tau.subarray(start, end) }, false, count, rowMajor(u, n))
  }
}
