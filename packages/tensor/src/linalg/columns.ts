/** QR factorisation in the workspace, of a matrix held by columns (its transpose, row-major), with or without pivoting. */
import { from, rowMajor } from './blocks.ts'
import { applyBlock, type BlockRoom, blockRows, type Reflections, reflect } from './reflections.ts'
import type { Workspace } from './workspace.ts'

export interface FactoredColumns {
  /** m, the length of each column. */
  readonly length: number
  /** Where the columns were; column j < tau.length now holds the vector of reflection j: zeros, 1 at j, the rest. */
  readonly at: number
  readonly tau: Float64Array
  /** min(m, n) x n, row-major: R of A P = Q R. */
  readonly r: Float64Array
  /** Column of A at each place. */
  readonly order: Int32Array
}

/** Columns that are factored before the others are brought up to date. */
const panelColumns = 32

/** Factors the n columns of m numbers at `at`; `small` is room for n numbers, `room` for blocks on n vectors. */
export function factorColumns(
  space: Workspace,
  [n, m]: readonly [number, number],
  at: number,
  small: number,
  room: BlockRoom,
  pivoting: boolean,
): FactoredColumns {
  const k = Math.min(m, n)
  const made = {
    length: m,
    at,
    tau: new Float64Array(k),
    r: new Float64Array(k * n),
    order: Int32Array.from({ length: n }, (_, i) => i),
  }
  const norms = pivoting ? columnNorms(space, n, m, at) : undefined
  for (let start = 0; start < k; ) {
    // A pivot may come from any column, and so all of them have to be up to date.
    const end = pivoting ? n : Math.min(start + panelColumns, n)
    const last = Math.min(end, k)
    for (let j = start; j < last; j++) {
      if (norms !== undefined) exchange(space, made, j, norms)
      factorColumn(space, made, j, end, n, small)
      if (norms !== undefined) downdate(space, made, j, norms)
    }
    const v = from(rowMajor(at, m), start, start)
    const block = { v, length: m - start, tau: made.tau.subarray(start, last) }
    if (end < n) applyBlock(space, room, block, false, n - end, from(rowMajor(at, m), end, start))
    start = last
  }
  for (let j = k; j < n; j++) for (let i = 0; i < k; i++) made.r[i * n + j] = space.heap[at + j * m + i]!
  return made
}

/** Makes reflection j, keeps column j of R, and reflects the columns up to `end`. */
function factorColumn(space: Workspace, made: FactoredColumns, j: number, end: number, n: number, small: number): void {
  const { heap, kernels } = space
  const { length: m, at, r } = made
  const column = at + j * m
  for (let i = 0; i < j; i++) r[i * n + j] = heap[column + i]!
  heap.fill(0, column, column + j)
  const { tau, beta } = reflect(space, m - j, column + j, 'first')
  made.tau[j] = tau
  r[j * n + j] = beta
  const [v, next, count] = [column + j, column + m + j, end - j - 1]
  if (tau === 0 || count <= 0) return
  heap.fill(0, small, small + count)
  kernels.timesVector(count, m - j, -tau, next * 8, m * 8, v * 8, small * 8)
  for (let i = 0; i < count; i++) kernels.axpy(m - j, heap[small + i]!, v * 8, (next + i * m) * 8)
}

interface Norms {
  /** Squares of the norms of what is left of each column. */
  readonly left: Float64Array
  /** The same when they were last computed afresh. */
  readonly fresh: Float64Array
}

function columnNorms({ kernels }: Workspace, n: number, m: number, at: number): Norms {
  const left = Float64Array.from({ length: n }, (_, j) => kernels.dot(m, (at + j * m) * 8, (at + j * m) * 8))
  return { left, fresh: left.slice() }
}

/** Brings the longest of the columns from j on to place j. */
function exchange(
  { heap }: Workspace,
  { length: m, at, order }: FactoredColumns,
  j: number,
  { left, fresh }: Norms,
): void {
  let best = j
  for (let i = j + 1; i < order.length; i++) if (left[i]! > left[best]!) best = i
  if (best === j) return
  const [x, y] = [at + j * m, at + best * m]
  const kept = heap.slice(x, x + m)
  heap.copyWithin(x, y, y + m)
  heap.set(kept, y)
  for (const list of [left, fresh, order]) {
    const value = list[j]!
    list[j] = list[best]!
    list[best] = value
  }
}

/** Takes entry j off the norms of the columns after j; what cancellation has spoilt is computed afresh. */
function downdate(
  { heap, kernels }: Workspace,
  { length: m, at }: FactoredColumns,
  j: number,
  { left, fresh }: Norms,
): void {
  for (let i = j + 1; i < left.length; i++) {
    const entry = heap[at + i * m + j]!
    left[i] = Math.max(0, left[i]! - entry * entry)
    // Drmac & Bujanovic (2008), ACM TOMS 35: below sqrt(eps) of the fresh square nothing is left of its digits.
    if (left[i]! > 1e-7 * fresh[i]!) continue
    const tail = (at + i * m + j + 1) * 8
    left[i] = kernels.dot(m - j - 1, tail, tail)
    fresh[i] = left[i]!
  }
}

/** Multiplies `count` rows of `length` numbers at `target` from the right by Q (or by its transpose). */
export function applyQ(
  space: Workspace,
  { length, at, tau }: FactoredColumns,
  room: BlockRoom,
  transpose: boolean,
  count: number,
  target: number,
): void {
  const blocks: { readonly start: number; readonly block: Reflections }[] = []
  for (let start = 0; start < tau.length; start += blockRows) {
    const v = from(rowMajor(at, length), start, start)
    blocks.push({ start, block: { v, length: length - start, tau: tau.subarray(start, start + blockRows) } })
  }
  for (const { start, block } of transpose ? blocks.reverse() : blocks) {
    applyBlock(space, room, block, transpose, count, from(rowMajor(target, length), 0, start))
  }
}
