/** Trees of tensors: plain nested objects and arrays, as functions take and give them. */

import { InputError } from '@ecotope/core'
import type { Tensor } from '../primitive.ts'

/** Plain nested objects and arrays of tensors; null where there is nothing. */
export type Tree = Tensor | null | TreeList | { readonly [name: string]: Tree }

/** An interface, not an alias: the compiler expands those lazily. */
export interface TreeList extends ReadonlyArray<Tree> {}

export function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'op' in value && 'inputs' in value && 'attributes' in value
}

/** The tensors of a tree, in the order of its keys. Raises `InputError` at anything else. */
export function leavesOf(tree: unknown, what = 'a tree'): Tensor[] {
  if (isTensor(tree)) return [tree]
  if (tree === null || tree === undefined) return []
  if (typeof tree !== 'object') {
    throw new InputError('NotATensor', `${what}: a tree holds tensors, not ${typeof tree}`, {
      hint: 'Wrap numbers with constant(), or close over what is not to be transformed.',
    })
  }
  return Object.values(tree).flatMap((child) => leavesOf(child, what))
}

/** The same tree with its tensors replaced, in the order of `leavesOf`. */
export function withLeaves<T>(tree: T, leaves: readonly Tensor[]): T {
  let next = 0
  const visit = (node: unknown): unknown => {
    if (isTensor(node)) return leaves[next++]
    if (node === null || node === undefined) return node
    if (Array.isArray(node)) return node.map(visit)
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, visit(child)]))
  }
  return visit(tree) as T
}

export function mapTree<T>(tree: T, fn: (leaf: Tensor, i: number) => Tensor): T {
  return withLeaves(tree, leavesOf(tree).map(fn))
}

/** Raises `InputError` where two trees differ in their leaves' number or shapes. */
export function matchTrees(what: string, expected: unknown, actual: unknown): { expected: Tensor[]; actual: Tensor[] } {
  const [left, right] = [leavesOf(expected, what), leavesOf(actual, what)]
  const fits = left.length === right.length && left.every(({ shape }, i) => shape.join() === right[i]!.shape.join())
  if (!fits) {
    const show = (leaves: readonly Tensor[]): string => leaves.map(({ shape }) => `[${shape.join(', ')}]`).join(' ')
    throw new InputError('ShapeMismatch', `${what}: expects the shapes ${show(left)}, not ${show(right)}`)
  }
  return { expected: left, actual: right }
}
