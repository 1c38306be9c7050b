/**
 * Products of large matrices by seven products of half the order in place of eight, in Winograd's form with 15 sums:
 * Strassen (1969), Gaussian elimination is not optimal, Numerische Mathematik 13; the order of the steps, which needs two
 * areas of room, after Douglas et al. (1994), GEMMW, Journal of Computational Physics 110, table 1.
 */
import { type Block, from, product, rowMajor } from './blocks.ts'
import type { Matrix } from './matrix.ts'
import type { Workspace } from './workspace.ts'

type Extents = readonly [m: number, n: number, k: number]

/** From halves of this order on, an eighth of the products is worth more than the sums (measured on Zen 4: 6 % less time). */
const smallestHalf = 500

const halves = ([m, n, k]: Extents): Extents => [m >> 1, n >> 1, k >> 1]

/** How often the extents can be halved and pay. */
export function levelsOf(extents: Extents): number {
  const half = halves(extents)
  return Math.min(...half) < smallestHalf ? 0 : 1 + levelsOf(half)
}

/** Numbers of room that `fastProduct` needs beside operands and result. */
export function roomOf(extents: Extents, levels: number): number {
  if (levels === 0) return 0
  const [m, n, k] = halves(extents)
  return m * k + k * n + roomOf([m, n, k], levels - 1)
}

/** Numbers that WebAssembly addresses, less what packing takes. */
const MOST_NUMBERS = 2 ** 29 - 2 ** 23

/** How often a product should be halved: not at all where the room would be what ends the memory. */
export function halvingsOf(extents: Extents): number {
  const levels = levelsOf(extents)
  const [m, n, k] = extents
  return m * k + k * n + m * n + roomOf(extents, levels) > MOST_NUMBERS ? 0 : levels
}

/**
 * An error is bounded by the largest products of the whole, not by those of its own entry. That is the same where rows
 * of a, and columns of b, are of like size and mostly filled; `spread` is the largest ratio of the largest number to the
 * mean of a row or column.
 */
const spread = 64

/** Whether the operands are such that the fast product is as exact as the plain one; `m x k` and `k x n` numbers. */
export function suitsFastProduct(a: Matrix, transposeA: boolean, b: Matrix, transposeB: boolean): boolean {
  const [left, right] = [transposeA ? columnsOf(a) : rowsOf(a), transposeB ? rowsOf(b) : columnsOf(b)]
  const scale = left.largest * right.largest
  // Sums of blocks must neither overflow nor fall below what has all its digits.
  return scale < 1e290 && scale > 1e-250 && [left, right].every((x) => x.largest < spread * x.smallestMean)
}

/** Of the absolute values: the largest, and the smallest mean of a line, which is NaN where a value is. */
interface Sizes {
  readonly largest: number
  readonly smallestMean: number
}

function rowsOf({ rows, columns, data }: Matrix): Sizes {
  let [largest, smallest] = [0, Number.POSITIVE_INFINITY]
  for (let i = 0; i < rows; i++) {
    let sum = 0
    for (let at = i * columns; at < (i + 1) * columns; at++) {
      const size = Math.abs(data[at]!)
      sum += size
      if (size > largest) largest = size
    }
    smallest = Math.min(smallest, sum)
  }
  return { largest, smallestMean: smallest / columns }
}

function columnsOf({ rows, columns, data }: Matrix): Sizes {
  const sums = new Float64Array(columns)
  let largest = 0
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const size = Math.abs(data[i * columns + j]!)
      sums[j]! += size
      if (size > largest) largest = size
    }
  }
  return { largest, smallestMean: sums.reduce((least, sum) => Math.min(least, sum), Number.POSITIVE_INFINITY) / rows }
}

/** Room for sums of blocks of one operand, and whether rows (else columns) are contiguous in both. */
interface Room {
  readonly block: Block
  readonly byRows: boolean
}

function roomLike(space: Workspace, operand: Block, rows: number, columns: number): Room {
  const at = space.take(rows * columns)
  const byRows = operand.column === 1
  return { block: byRows ? rowMajor(at, columns) : { at, row: 1, column: rows }, byRows }
}

/** The rooms of every level for sums of A and of B, outermost first. */
function rooms(
  space: Workspace,
  extents: Extents,
  levels: number,
  a: Block,
  b: Block,
): readonly (readonly [Room, Room])[] {
  if (levels === 0) return []
  const [m, n, k] = halves(extents)
  return [[roomLike(space, a, m, k), roomLike(space, b, k, n)], ...rooms(space, [m, n, k], levels - 1, a, b)]
}

/** Z = X + sign Y for rows x columns numbers, all three by rows or all three by columns. */
function combine(
  space: Workspace,
  byRows: boolean,
  [rows, columns]: readonly [number, number],
  x: Block,
  sign: number,
  y: Block,
  z: Block,
): void {
  const [m, n, side] = byRows ? [rows, columns, 'row' as const] : [columns, rows, 'column' as const]
  space.kernels.combine(m, n, x.at * 8, x[side] * 8, y.at * 8, y[side] * 8, z.at * 8, z[side] * 8, sign)
}

/**
 * C = alpha A B by `levels` halvings: A and B with contiguous rows or columns, C with contiguous rows; takes `roomOf`
 * numbers of room.
 */
export function fastProduct(
  space: Workspace,
  extents: Extents,
  levels: number,
  alpha: number,
  a: Block,
  b: Block,
  c: Block,
): void {
  multiply(space, extents, alpha, a, b, c, rooms(space, extents, levels, a, b))
}

function multiply(
  space: Workspace,
  extents: Extents,
  alpha: number,
  a: Block,
  b: Block,
  c: Block,
  [room, ...inner]: readonly (readonly [Room, Room])[],
): void {
  if (room === undefined) {
    product(space, extents, alpha, a, b, c, { accumulate: false })
    return
  }
  const half = halves(extents)
  const [m, n, k] = half
  const [{ block: x, byRows: byRowsA }, { block: y, byRows: byRowsB }] = room
  const quarters = (block: Block, rows: number, columns: number) =>
    [block, from(block, 0, columns), from(block, rows, 0), from(block, rows, columns)] as const
  const [a11, a12, a21, a22] = quarters(a, m, k)
  const [b11, b12, b21, b22] = quarters(b, k, n)
  const [c11, c12, c21, c22] = quarters(c, m, n)
  const ofA = (left: Block, sign: number, right: Block) => combine(space, byRowsA, [m, k], left, sign, right, x)
  const ofB = (left: Block, sign: number, right: Block) => combine(space, byRowsB, [k, n], left, sign, right, y)
  const toC = (target: Block, other: Block) => combine(space, true, [m, n], target, 1, other, target)
  const times = (left: Block, right: Block, target: Block) => multiply(space, half, alpha, left, right, target, inner)
  // What is added to a block is not halved again: that would need a third room.
  const add = (sign: number, left: Block, right: Block, target: Block) =>
    product(space, half, sign * alpha, left, right, target)
  ofA(a11, -1, a21)
  ofB(b22, -1, b12)
  times(x, y, c21)
  ofA(a21, 1, a22)
  ofB(b12, -1, b11)
  times(x, y, c22)
  ofA(x, -1, a11)
  ofB(b22, -1, y)
  times(x, y, c12)
  ofA(a12, -1, x)
  times(a11, b11, c11)
  toC(c12, c11)
  toC(c21, c12)
  toC(c12, c22)
  toC(c22, c21)
  add(1, x, b22, c12)
  ofB(y, -1, b21)
  add(-1, a22, y, c21)
  add(1, a12, b21, c11)
  border(space, extents, alpha, a, b, c)
}

/** What an odd extent leaves over. */
function border(space: Workspace, [m, n, k]: Extents, alpha: number, a: Block, b: Block, c: Block): void {
  const [evenM, evenN, evenK] = [m & ~1, n & ~1, k & ~1]
  const overwrite = { accumulate: false }
  product(space, [evenM, evenN, k - evenK], alpha, from(a, 0, evenK), from(b, evenK, 0), c)
  product(space, [evenM, n - evenN, k], alpha, a, from(b, 0, evenN), from(c, 0, evenN), overwrite)
  product(space, [m - evenM, n, k], alpha, from(a, evenM, 0), b, from(c, evenM, 0), overwrite)
}
