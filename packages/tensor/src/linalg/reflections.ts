/**
 * Householder reflections I - tau v v^T, alone and in blocks I - V^T T V with the vectors in rows of V: Schreiber & Van
 * Loan (1989), A storage-efficient WY representation, SIAM J. Sci. Stat. Comput. 10.
 */
import { type Block, product, rowMajor, transposeOf } from './blocks.ts'
import type { Workspace } from './workspace.ts'

/** Most reflections in a block. */
export const blockRows = 96

/** Rooms that the application of blocks to `count` vectors needs. */
export interface BlockRoom {
  readonly gram: number
  readonly triangle: number
  readonly first: number
  readonly second: number
}

export const blockRoomSpace = (count: number): number => 2 * blockRows * (blockRows + count)

export function takeBlockRoom(space: Workspace, count: number): BlockRoom {
  const [gram, triangle] = [space.take(blockRows ** 2), space.take(blockRows ** 2)]
  return { gram, triangle, first: space.take(count * blockRows), second: space.take(count * blockRows) }
}

/** Reflections H_0, H_1 ... in the rows of `v`, each of `length` numbers. */
export interface Reflections {
  readonly v: Block
  readonly length: number
  readonly tau: Float64Array
}

/** Multiplies the `count` rows of `target` from the right by H_0 H_1 ..., or by ... H_1 H_0 when `reversed`. */
export function applyBlock(
  space: Workspace,
  room: BlockRoom,
  { v, length, tau }: Reflections,
  reversed: boolean,
  count: number,
  target: Block,
): void {
  const rows = tau.length
  if (rows === 0 || count === 0) return
  const overwrite = { accumulate: false }
  product(space, [rows, rows, length], 1, v, transposeOf(v), rowMajor(room.gram, rows), overwrite)
  forwardFactor(space.heap, rows, tau, room)
  const triangle = rowMajor(room.triangle, rows)
  const [x, y] = [rowMajor(room.first, rows), rowMajor(room.second, rows)]
  product(space, [count, rows, length], 1, target, transposeOf(v), x, overwrite)
  product(space, [count, rows, rows], 1, x, reversed ? transposeOf(triangle) : triangle, y, overwrite)
  product(space, [count, length, rows], -1, y, v, target)
}

/** The upper triangle T with H_0 H_1 ... = I - V^T T V, from the products `gram` of the rows of V (eq. 3.3). */
function forwardFactor(heap: Float64Array, k: number, tau: Float64Array, { gram, triangle }: BlockRoom): void {
  heap.fill(0, triangle, triangle + k * k)
  for (let j = 0; j < k; j++) {
    const factor = tau[j]!
    for (let i = 0; i < j; i++) {
      let sum = 0
      for (let l = i; l < j; l++) sum += heap[triangle + i * k + l]! * heap[gram + l * k + j]!
      heap[triangle + i * k + j] = -factor * sum
    }
    heap[triangle + j * k + j] = factor
  }
}

/**
 * The reflection that maps the `length` numbers at x to a multiple beta of the unit vector at x's entry `pivot`, its
 * first or last one; x becomes v, with 1 at that entry.
 */
export function reflect(
  { heap, kernels }: Workspace,
  length: number,
  x: number,
  pivot: 'first' | 'last',
): { readonly tau: number; readonly beta: number } {
  const [one, others] = pivot === 'first' ? [x, x + 1] : [x + length - 1, x]
  const alpha = heap[one]!
  const rest = kernels.dot(length - 1, others * 8, others * 8)
  heap[one] = 1
  if (rest === 0) return { tau: 0, beta: alpha }
  const beta = (alpha > 0 ? -1 : 1) * Math.sqrt(alpha * alpha + rest)
  kernels.scale(length - 1, 1 / (alpha - beta), others * 8)
  return { tau: (beta - alpha) / beta, beta }
}
