/** Walks a graph of primitives and emits its nodes by the target's table. Knows no operator itself. */

import type { TuplePrimitive } from '../attributes/control.ts'
import type { Value } from '../onnx/graph.ts'
import { type Tensor, topological } from '../primitive.ts'
import { tupleRules } from './control.ts'
import { type Narrowing, narrowings } from './narrow.ts'
import type { Lower, LoweredPrimitive, Lowering, LowerTuple } from './target.ts'

function emit<P extends LoweredPrimitive>(l: Lowering, node: Tensor<P>, inputs: readonly Value[]): Value {
  return (l.rules[node.op] as Lower<P>)(l, inputs, node)
}

function emitTuple<P extends TuplePrimitive>(
  l: Lowering,
  node: Tensor<P>,
  inputs: readonly Value[],
  used: ReadonlySet<number>,
): (Value | undefined)[] {
  return (tupleRules[node.op] as LowerTuple<P>)(l, inputs, node, (index) => used.has(index))
}

const isPick = (node: Tensor): node is Tensor<'output'> => node.op === 'output'

/** Which values of each node with several are picked. */
function picks(order: readonly Tensor[]): Map<Tensor, Set<number>> {
  const used = new Map<Tensor, Set<number>>()
  for (const node of order.filter(isPick)) {
    const tuple = node.inputs[0]!
    used.set(tuple, (used.get(tuple) ?? new Set()).add(node.attributes.index))
  }
  return used
}

/** The wanted channels of a gradient, from those of the weight. */
function emitNarrowed(l: Lowering, { slice, gradient }: Narrowing, [g, w]: readonly Value[]): Value {
  const { starts, ends } = slice.attributes
  const narrow = { ...gradient, shape: slice.shape }
  return emit(l, narrow, [g!, l.slice(w!, [1], starts, ends)])
}

/** Emits what `outputs` need; leaves must be bound already. Binds the value of every node. */
export function lowerNodes(l: Lowering, outputs: readonly Tensor[], bound: Map<Tensor, Value>): Map<Tensor, Value> {
  const order = topological(outputs, (node) => bound.has(node))
  const used = picks(order)
  const narrowed = narrowings(order, outputs)
  const tuples = new Map<Tensor, (Value | undefined)[]>()
  for (const node of order) {
    if (bound.has(node)) continue
    if (isPick(node)) {
      bound.set(node, tuples.get(node.inputs[0]!)![node.attributes.index]!)
      continue
    }
    l.graph.scope = node.scope
    const narrowing = narrowed.get(node)
    if (node === narrowing?.gradient) continue
    const inputs = (narrowing?.gradient ?? node).inputs.map((input) => bound.get(input)!)
    if (narrowing !== undefined) bound.set(node, emitNarrowed(l, narrowing, inputs))
    else if (node.op in tupleRules)
      tuples.set(node, emitTuple(l, node as Tensor<TuplePrimitive>, inputs, used.get(node)!))
    else bound.set(node, emit(l, node as Tensor<LoweredPrimitive>, inputs))
  }
  return bound
}
