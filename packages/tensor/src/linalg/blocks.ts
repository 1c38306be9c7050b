/** Operations on blocks in the workspace, shared by the factorisations. Indices and strides count float64 numbers. */
import type { Matrix } from './matrix.ts'
import { packingOf, type Workspace } from './workspace.ts'

/** A block in the workspace: entry (i, j) is `heap[at + i * row + j * column]`; strides may be negative. */
export interface Block {
  readonly at: number
  readonly row: number
  readonly column: number
}

export const rowMajor = (at: number, row: number): Block => ({ at, row, column: 1 })

export const transposeOf = ({ at, row, column }: Block): Block => ({ at, row: column, column: row })

/** The block that begins at entry (i, j). */
export const from = ({ at, row, column }: Block, i: number, j: number): Block => ({
  at: at + i * row + j * column,
  row,
  column,
})

/** A copy of the matrix in the workspace. */
export function bring(space: Workspace, a: Matrix): Block {
  const at = space.take(a.data.length)
  space.heap.set(a.data, at)
  return rowMajor(at, a.columns)
}

/** A matrix in ordinary memory from contiguous rows of the workspace. */
export function fetch(space: Workspace, rows: number, columns: number, at: number): Matrix {
  return { rows, columns, data: space.heap.slice(at, at + rows * columns) }
}

export interface ProductOptions {
  /** Adds to C (the default) or overwrites it. */
  readonly accumulate?: boolean
  /** Only tiles that reach the lower triangle (column <= row) are computed; the others keep what they have. */
  readonly lower?: boolean
}

/** Below this many products, waking a thread costs more than it saves. */
const worthThreads = 4e6

/** No tile is left out. */
const everything = 1 << 29

/** C += alpha A B, for m x n numbers of C and k terms each. Columns of C (or its rows) must be contiguous. */
export function product(
  space: Workspace,
  [m, n, k]: readonly [number, number, number],
  alpha: number,
  a: Block,
  b: Block,
  c: Block,
  { accumulate = true, lower = false }: ProductOptions = {},
): void {
  if (m === 0 || n === 0) return
  if (Math.abs(c.column) !== 1) {
    product(space, [n, m, k], alpha, transposeOf(b), transposeOf(a), transposeOf(c), { accumulate })
    return
  }
  if (c.column === -1) {
    const reversed = { ...from(b, 0, n - 1), column: -b.column }
    product(space, [m, n, k], alpha, a, reversed, rowMajor(c.at - n + 1, c.row), { accumulate })
    return
  }
  if (k === 0) {
    if (!accumulate) for (let i = 0; i < m; i++) space.heap.fill(0, c.at + i * c.row, c.at + i * c.row + n)
    return
  }
  const part = ([i, j]: readonly [number, number], [rows, columns]: readonly [number, number], thread: number) => {
    const [left, right, target] = [from(a, i, 0), from(b, 0, j), from(c, i, j)]
    return [
      ...[rows, columns, k, alpha, left.at * 8, left.row * 8, left.column * 8],
      ...[right.at * 8, right.row * 8, right.column * 8, target.at * 8, target.row * 8],
      ...[accumulate ? 1 : 0, lower ? i - j : everything, packingOf(space, thread)],
    ] as unknown as Parameters<Workspace['kernels']['gemm']>
  }
  const threads = m * n * k < worthThreads ? 1 : 1 + (space.helpers?.count ?? 0)
  const byRows = lower || m >= n
  const width = byRows ? space.source.tiles.mr : space.source.tiles.nr
  const cuts = cutsOf(byRows ? m : n, threads, width, lower)
  const run = (thread: number): ReturnType<typeof part> => {
    const [start, length] = [cuts[thread]!, cuts[thread + 1]! - cuts[thread]!]
    return byRows ? part([start, 0], [length, n], thread) : part([0, start], [m, length], thread)
  }
  for (let thread = 1; thread < threads; thread++) space.helpers!.post(thread - 1, 'gemm', run(thread))
  space.kernels.gemm(...run(0))
  for (let thread = 1; thread < threads; thread++) space.helpers!.await(thread - 1)
}

/** Where the parts of `size` begin and end, on multiples of a tile; parts of a triangle have about the same area. */
function cutsOf(size: number, parts: number, width: number, triangle: boolean): readonly number[] {
  return Array.from({ length: parts + 1 }, (_, part) => {
    const share = triangle ? Math.sqrt(part / parts) : part / parts
    return part === parts ? size : Math.min(size, Math.round((size * share) / width) * width)
  })
}

/** Orders of the triangles that are solved by substitution; larger ones are split. */
const smallTriangle = 32

/** Half of n, rounded up to what keeps vectors aligned. */
export const halfOf = (n: number): number => Math.ceil(n / 16) * 8

/** Solves T X = B in place: T lower triangular of order n, B of n x columns; contiguous either way. */
export function solveLower(space: Workspace, n: number, columns: number, t: Block, unit: boolean, b: Block): void {
  if (n === 0 || columns === 0) return
  if (n > smallTriangle) {
    const half = halfOf(n)
    solveLower(space, half, columns, t, unit, b)
    product(space, [n - half, columns, half], -1, from(t, half, 0), b, from(b, half, 0))
    solveLower(space, n - half, columns, from(t, half, half), unit, from(b, half, 0))
    return
  }
  const triangle = [t.at * 8, t.row * 8, t.column * 8, unit ? 1 : 0] as const
  if (b.column === 1) space.kernels.solveRows(n, columns, ...triangle, b.at * 8, b.row * 8)
  else space.kernels.solveColumns(n, columns, ...triangle, b.at * 8, b.column * 8, b.row * 8)
}

/** Solves T X = B in place for an upper triangle: a lower one read backwards. */
export function solveUpper(space: Workspace, n: number, columns: number, t: Block, unit: boolean, b: Block): void {
  if (n === 0) return
  const backwards = { at: t.at + (n - 1) * (t.row + t.column), row: -t.row, column: -t.column }
  solveLower(space, n, columns, backwards, unit, { ...from(b, n - 1, 0), row: -b.row })
}
