/** General square systems by LU with row pivoting. */
import { type Block, bring, fetch, from, halfOf, product, rowMajor, solveLower, solveUpper } from './blocks.ts'
import { checkFinite, checkSquare, type Matrix, singular } from './matrix.ts'
import { checkRightSide } from './triangular.ts'
import { type Workspace, withWorkspace } from './workspace.ts'

/** P A = L U. */
export interface LuFactor {
  /** n x n: U with its diagonal, below it L without its diagonal of ones. */
  readonly factors: Matrix
  /** Row of A that stands at each row of L U. */
  readonly order: Int32Array
  /** Determinant of P: 1 or -1. */
  readonly sign: 1 | -1
}

/**
 * LU with the largest pivot of each column, recursively: Toledo (1997), SIAM J. Matrix Anal. Appl. 18. A singular matrix
 * has a factor too, with a zero on U's diagonal.
 * @throws InputError `ShapeMismatch`, `NotFinite`.
 */
export function lu(a: Matrix): LuFactor {
  checkSquare('lu', a)
  checkFinite('lu', a)
  const n = a.rows
  return withWorkspace(n * n, (space) => {
    const state = { space, n, a: bring(space, a), order: Int32Array.from({ length: n }, (_, i) => i), exchanges: 0 }
    factorPanel(state, 0, n)
    const factors = fetch(space, n, n, state.a.at)
    return { factors, order: state.order, sign: state.exchanges % 2 === 0 ? 1 : -1 }
  })
}

interface State {
  readonly space: Workspace
  readonly n: number
  readonly a: Block
  readonly order: Int32Array
  exchanges: number
}

const smallColumns = 16

/** Factors columns `start` to `end` of the rows from `start` on; rows are exchanged over their whole width. */
function factorPanel(state: State, start: number, end: number): void {
  const { space, n, a } = state
  const columns = end - start
  if (columns <= smallColumns) {
    for (let j = start; j < end; j++) eliminate(state, j, end)
    return
  }
  const middle = start + halfOf(columns)
  factorPanel(state, start, middle)
  const [diagonal, upper] = [from(a, start, start), from(a, start, middle)]
  solveLower(space, middle - start, end - middle, diagonal, true, upper)
  const sizes = [n - middle, end - middle, middle - start] as const
  product(space, sizes, -1, from(a, middle, start), upper, from(a, middle, middle))
  factorPanel(state, middle, end)
}

/** Column j: its largest entry becomes the pivot, the columns up to `end` are brought up to date. */
function eliminate(state: State, j: number, end: number): void {
  const { space, n, a, order } = state
  const { heap } = space
  let best = j
  for (let i = j + 1; i < n; i++) {
    if (Math.abs(heap[a.at + i * n + j]!) > Math.abs(heap[a.at + best * n + j]!)) best = i
  }
  const [row, other] = [a.at + j * n, a.at + best * n]
  if (best !== j) {
    const kept = heap.slice(row, row + n)
    heap.copyWithin(row, other, other + n)
    heap.set(kept, other)
    const index = order[j]!
    order[j] = order[best]!
    order[best] = index
    state.exchanges++
  }
  const pivot = heap[row + j]!
  if (pivot === 0) return
  for (let i = j + 1; i < n; i++) {
    const target = a.at + i * n
    const factor = heap[target + j]! / pivot
    heap[target + j] = factor
    for (let c = j + 1; c < end; c++) heap[target + c]! -= factor * heap[row + c]!
  }
}

/**
 * X with A X = b for the factored A; `b` is n x k.
 * @throws InputError `ShapeMismatch`, `NotFinite`, `SingularMatrix` (data: index of the zero pivot).
 */
export function luSolve({ factors, order }: LuFactor, b: Matrix): Matrix {
  checkSquare('luSolve', factors)
  const n = factors.rows
  checkRightSide('luSolve', n, b)
  for (let i = 0; i < n; i++) if (factors.data[i * (n + 1)] === 0) throw singular('luSolve', i, 'pivot')
  const sides = b.columns
  return withWorkspace(n * n + n * sides, (space) => {
    const block = bring(space, factors)
    const x = rowMajor(space.take(n * sides), sides)
    order.forEach((row, i) => {
      space.heap.set(b.data.subarray(row * sides, (row + 1) * sides), x.at + i * sides)
    })
    solveLower(space, n, sides, block, true, x)
    solveUpper(space, n, sides, block, false, x)
    return fetch(space, n, sides, x.at)
  })
}

/** X with A X = b for a square A: `luSolve(lu(a), b)`. */
export function solve(a: Matrix, b: Matrix): Matrix {
  return luSolve(lu(a), b)
}
