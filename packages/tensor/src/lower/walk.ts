/** Walks a graph of primitives and emits its nodes by the target's table. Knows no operator itself. */

import type { Value } from '../onnx/graph.ts'
import { type Tensor, topological } from '../primitive.ts'
import type { Lower, LoweredPrimitive, Lowering } from './target.ts'

function emit<P extends LoweredPrimitive>(l: Lowering, node: Tensor<P>, inputs: readonly Value[]): Value {
  return (l.rules[node.op] as Lower<P>)(l, inputs, node)
}

/** Emits what `outputs` need; leaves must be bound already. Binds the value of every node. */
export function lowerNodes(l: Lowering, outputs: readonly Tensor[], bound: Map<Tensor, Value>): Map<Tensor, Value> {
  for (const node of topological(outputs)) {
    if (bound.has(node)) continue
    l.graph.scope = node.scope
    const inputs = node.inputs.map((input) => bound.get(input)!)
    bound.set(node, emit(l, node as Tensor<LoweredPrimitive>, inputs))
  }
  return bound
}
