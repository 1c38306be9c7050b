/** Reverse mode. Its rules are written in primitives, so that gradients can be differentiated again. */

import { InputError } from '@ecotope/core'
import { constant, onBehalf } from '../apply.ts'
import type { TuplePrimitive } from '../attributes/control.ts'
import { type Primitive, type Tensor, topological } from '../primitive.ts'
import { sizeOf } from '../shape.ts'
import { controlVjps, tupleVjps } from './control.ts'
import { indexingVjps } from './indexing.ts'
import { total } from './join.ts'
import { matrixVjps } from './matrix.ts'
import { plainVjps } from './plain.ts'
import { spatialVjps } from './spatial.ts'
import { specialVjps } from './special.ts'

export type Pullback = (output: Tensor, cotangent: Tensor, wrt: readonly Tensor[]) => Tensor[]

/** The gradients of a node's inputs from the gradient `g` of its value; null where none flows. */
export type Vjp<P extends Primitive> = (node: Tensor<P>, g: Tensor, pullback: Pullback) => readonly (Tensor | null)[]

/** Null where an output does not depend on a node; see `sparsePullback`. */
export type SparsePullback = (
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
  wrt: readonly Tensor[],
) => (Tensor | null)[]

/** As `Vjp` for a node with several values: null for a value without gradient; `needed` tells the inputs that ask. */
export type TupleVjp<P extends Primitive> = (
  node: Tensor<P>,
  gs: readonly (Tensor | null)[],
  needed: readonly boolean[],
  pullback: SparsePullback,
) => readonly (Tensor | null)[]

type SinglePrimitive = Exclude<Primitive, TuplePrimitive | 'output'>

export const vjpRules: { readonly [P in SinglePrimitive]: Vjp<P> } = {
  ...plainVjps,
  ...specialVjps,
  ...indexingVjps,
  ...spatialVjps,
  ...matrixVjps,
  ...controlVjps,
}

const isTuple = (node: Tensor): boolean => node.op in tupleVjps

/**
 * Gradients of a scalar `output` with respect to any nodes of its graph, in their order; zeros where it does not
 * depend on them. The nodes of `wrt` are taken as independent: nothing flows through them to what they came from.
 */
export function gradients(output: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (sizeOf(output.shape) !== 1) {
    throw new InputError('ShapeMismatch', `gradients: the output must be a scalar, not [${output.shape.join(', ')}]`)
  }
  return pullback(output, constant(1, output.shape), wrt)
}

/** As `gradients`, for an output of any shape and a given gradient of it. */
export function pullback(output: Tensor, cotangent: Tensor, wrt: readonly Tensor[]): Tensor[] {
  return pullbackAll([output], [cotangent], wrt)
}

/** As `pullback`, for several outputs; those without a cotangent (null) are constant. */
export function pullbackAll(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
  wrt: readonly Tensor[],
): Tensor[] {
  return sparsePullback(outputs, cotangents, wrt).map((g, i) => g ?? constant(0, wrt[i]!.shape))
}

/** As `pullbackAll`, with null where an output does not depend on a node. */
export function sparsePullback(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
  wrt: readonly Tensor[],
): (Tensor | null)[] {
  const targets = new Set(wrt)
  const oldest = Math.min(...wrt.map(({ id }) => id))
  const order = topological(outputs, (node) => targets.has(node) || node.id < oldest)
  const depends = new Set<Tensor>()
  for (const node of order) {
    if (targets.has(node) || node.inputs.some((input) => depends.has(input))) depends.add(node)
  }
  const sums = new Sums()
  outputs.forEach((output, i) => {
    sums.add(output, cotangents[i] ?? null)
  })
  for (const node of order.reverse()) {
    if (targets.has(node) || !depends.has(node)) continue
    const needed = node.inputs.map((input) => depends.has(input))
    onBehalf(node, () => sums.pull(node, needed)).forEach((part, i) => {
      if (needed[i]) sums.add(node.inputs[i]!, part)
    })
  }
  return wrt.map((node) => sums.of(node) ?? null)
}

/** The gradients that have arrived at each node, and at each value of a node with several. */
class Sums {
  readonly #single = new Map<Tensor, Tensor[]>()
  readonly #tuple = new Map<Tensor, (Tensor | null)[]>()

  add(node: Tensor, part: Tensor | null): void {
    if (part === null || node.dtype !== 'float32') return
    const before = this.#single.get(node)
    if (before === undefined) this.#single.set(node, [part])
    else before.push(part)
  }

  of(node: Tensor): Tensor | undefined {
    const parts = this.#single.get(node)
    return parts === undefined ? undefined : total(parts)
  }

  /** What a node hands on to its inputs. */
  pull(node: Tensor, needed: readonly boolean[]): readonly (Tensor | null)[] {
    if (isTuple(node)) {
      const gs = this.#tuple.get(node)
      return gs === undefined ? [] : pullTuple(node as Tensor<TuplePrimitive>, gs, needed)
    }
    const g = this.of(node)
    if (g === undefined) return []
    this.#single.delete(node)
    if (node.op !== 'output') return pullSingle(node as Tensor<SinglePrimitive>, g)
    this.#give(node.inputs[0]!, (node as Tensor<'output'>).attributes.index, g)
    return []
  }

  /** One value may have been picked by several nodes: every gradient of a loop picks its carries. */
  #give(tuple: Tensor, index: number, g: Tensor): void {
    const gs = this.#tuple.get(tuple) ?? []
    const before = gs[index] ?? null
    gs[index] = before === null ? g : total([before, g])
    this.#tuple.set(tuple, gs)
  }
}

function pullSingle<P extends SinglePrimitive>(node: Tensor<P>, g: Tensor): readonly (Tensor | null)[] {
  return (vjpRules[node.op] as Vjp<P>)(node, g, pullback)
}

function pullTuple<P extends TuplePrimitive>(
  node: Tensor<P>,
  gs: readonly (Tensor | null)[],
  needed: readonly boolean[],
): readonly (Tensor | null)[] {
  return (tupleVjps[node.op] as TupleVjp<P>)(node, gs, needed, sparsePullback)
}
