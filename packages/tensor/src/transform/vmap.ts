/** Functions of one element as functions of an axis of them. */

import { InputError } from '@ecotope/core'
import { batchNodes } from '../batch/index.ts'
import { type Batched, front, moveAxis } from '../batch/rule.ts'
import type { Tensor } from '../primitive.ts'
import { normaliseAxes } from '../shape.ts'
import { placeholder } from './body.ts'
import { isTensor, leavesOf, withLeaves } from './tree.ts'

/** The mapped axis: one number for all leaves, null where nothing is mapped, or a tree of them with the same keys. */
export type MappedAxes = number | null | { readonly [name: string]: MappedAxes } | readonly MappedAxes[]

export interface VmapOptions {
  /** The mapped axis of every argument (one for all, or a list). Default 0. */
  readonly inAxes?: number | readonly MappedAxes[]
  /** Where the mapped axis comes to lie in the results. Default 0. */
  readonly outAxes?: MappedAxes
}

/** One axis or null for each leaf of a tree. */
function axesOf(tree: unknown, axes: MappedAxes): (number | null)[] {
  if (axes === null && !isTree(tree)) return []
  if (axes === null || typeof axes === 'number') return leavesOf(tree, 'vmap').map(() => axes)
  const named = axes as Readonly<Record<string, MappedAxes>>
  return Object.entries(tree as object).flatMap(([name, child]) => axesOf(child, named[name] ?? null))
}

/** What is not mapped may be anything. */
function isTree(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === null || value === undefined
  return isTensor(value) || Object.values(value).every(isTree)
}

function mappedSize(leaves: readonly Tensor[], axes: readonly (number | null)[]): number {
  const sizes = leaves.flatMap((leaf, i) => {
    const axis = axes[i] ?? null
    return axis === null ? [] : [leaf.shape[normaliseAxes([axis], leaf.shape.length, 'vmap')[0]!]!]
  })
  if (sizes.length === 0 || sizes.some((size) => size !== sizes[0])) {
    const found = sizes.length === 0 ? 'nothing is mapped' : `the mapped axes have the extents ${sizes.join(', ')}`
    throw new InputError('ShapeMismatch', `vmap: one extent is needed, but ${found}`, { data: { sizes } })
  }
  return sizes[0]!
}

const isMappable = (arg: unknown, axes: MappedAxes): boolean => axes !== null || isTree(arg)

/**
 * `fn` for every element of an axis of its arguments at once; the results get that axis. Each primitive has a rule for
 * it, so that nothing is looped over. What `fn` closes over is the same for all elements, and so are random leaves in
 * it (same key, same numbers): give the elements different numbers by mapping over a random argument.
 */
export function vmap<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  const { inAxes = 0, outAxes = 0 } = options
  return (...args) => {
    const perArg = args.map((_, i): MappedAxes => (typeof inAxes === 'number' ? inAxes : (inAxes[i] ?? null)))
    const usable = args.map((arg, i) => (isMappable(arg, perArg[i]!) ? arg : null))
    const leaves = leavesOf(usable, 'vmap')
    const axes = usable.flatMap((arg, i) => axesOf(arg, perArg[i]!))
    const size = mappedSize(leaves, axes)
    const bound = new Map<Tensor, Batched>()
    const inner = leaves.map((leaf, i) => {
      const axis = axes[i] ?? null
      if (axis === null) return leaf
      const at = normaliseAxes([axis], leaf.shape.length, 'vmap')[0]!
      const one = placeholder(`mapped.${i}`, { shape: leaf.shape.toSpliced(at, 1), dtype: leaf.dtype })
      bound.set(one, { value: moveAxis(leaf, at, 0), mapped: true })
      return one
    })
    const replaced = withLeaves(usable, inner)
    const result = fn(...(args.map((arg, i) => (usable[i] === null ? arg : replaced[i])) as unknown as A))
    const to = axesOf(result, outAxes)
    const batched = batchNodes(leavesOf(result, 'vmap'), bound, size)
    return withLeaves(
      result,
      batched.map((x, i) => placed(x, to[i] ?? null, size)),
    )
  }
}

function placed(x: Batched, axis: number | null, size: number): Tensor {
  if (axis === null) {
    if (x.mapped)
      throw new InputError('ShapeMismatch', 'vmap: a result without an out axis depends on a mapped argument')
    return x.value
  }
  const whole = front(x, size)
  return moveAxis(whole, 0, normaliseAxes([axis], whole.shape.length, 'vmap')[0]!)
}
