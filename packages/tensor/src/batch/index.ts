/** Batching: a graph for one element becomes a graph for all elements of a mapped axis, by a rule per primitive. */

import { onBehalf, reapply } from '../apply.ts'
import type { TuplePrimitive } from '../attributes/control.ts'
import { type Primitive, type Tensor, topological } from '../primitive.ts'
import { controlBatches, tupleBatches } from './control.ts'
import { indexingBatches } from './indexing.ts'
import { matrixBatches } from './matrix.ts'
import { plainBatches } from './plain.ts'
import type { Batched, Batching, BatchRule, BatchTuple } from './rule.ts'
import { spatialBatches } from './spatial.ts'
import { specialBatches } from './special.ts'

/** Leaves are never mapped; picks are made by the walk. */
export type BatchedPrimitive = Exclude<
  Primitive,
  'input' | 'parameter' | 'constant' | 'random' | 'output' | TuplePrimitive
>

export const batchRules: { readonly [P in BatchedPrimitive]: BatchRule<P> } = {
  ...plainBatches,
  ...specialBatches,
  ...indexingBatches,
  ...spatialBatches,
  ...matrixBatches,
  ...controlBatches,
}

function batchNode<P extends BatchedPrimitive>(
  node: Tensor<P>,
  inputs: readonly Batched[],
  batching: Batching,
): Tensor {
  return (batchRules[node.op] as BatchRule<P>)(inputs, node, batching)
}

function batchTuple<P extends TuplePrimitive>(
  node: Tensor<P>,
  inputs: readonly Batched[],
  batching: Batching,
): Batched[] {
  return (tupleBatches[node.op] as BatchTuple<P>)(inputs, node, batching)
}

/** The same node of other operands, none of them mapped. */
function unmapped(node: Tensor, inputs: readonly Batched[]): Tensor {
  const same = inputs.every(({ value }, i) => value === node.inputs[i])
  return same
    ? node
    : reapply(
        node,
        inputs.map(({ value }) => value),
      )
}

/**
 * The outputs for every element of an axis of extent `size`, given what some nodes become. Nodes older than all of
 * those, and what depends on none of them, stay as they are.
 */
export function batchNodes(outputs: readonly Tensor[], bound: ReadonlyMap<Tensor, Batched>, size: number): Batched[] {
  const oldest = Math.min(...[...bound.keys()].map(({ id }) => id))
  const done = new Map(bound)
  const tuples = new Map<Tensor, Batched[]>()
  const batching: Batching = { size, run: (inner, inputs) => batchNodes(inner, inputs, size) }
  const now = (node: Tensor): Batched => done.get(node) ?? { value: node, mapped: false }
  const place = (node: Tensor, inputs: readonly Batched[]): void => {
    if (node.op in tupleBatches) tuples.set(node, batchTuple(node as Tensor<TuplePrimitive>, inputs, batching))
    else done.set(node, { value: batchNode(node as Tensor<BatchedPrimitive>, inputs, batching), mapped: true })
  }
  for (const node of topological(outputs, (n) => n.id < oldest || bound.has(n))) {
    if (done.has(node) || node.id < oldest || node.inputs.length === 0) continue
    const several = tuples.get(node.inputs[0]!)
    if (node.op === 'output' && several !== undefined) {
      done.set(node, several[(node as Tensor<'output'>).attributes.index]!)
      continue
    }
    const inputs = node.inputs.map(now)
    if (!inputs.some(({ mapped }) => mapped)) done.set(node, { value: unmapped(node, inputs), mapped: false })
    else onBehalf(node, () => place(node, inputs))
  }
  return outputs.map(now)
}
