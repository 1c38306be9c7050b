/** Batching through the elementary form of a composite primitive: right for any operands, not the fast form. */

import { type CompositePrimitive, compose } from '../compositions.ts'
import type { Attributes, Tensor } from '../primitive.ts'
import { placeholder } from '../transform/body.ts'
import { type Batched, type Batching, front } from './rule.ts'

export function throughComposition<P extends CompositePrimitive>(
  inputs: readonly Batched[],
  node: Tensor<P>,
  batching: Batching,
): Tensor {
  const leaves = node.inputs.map((x, i) => placeholder(`x${i}`, x))
  const y = compose(node.op, leaves, node.attributes as Attributes[P])
  const [batched] = batching.run([y], new Map(leaves.map((leaf, i) => [leaf, inputs[i]!])))
  return front(batched!, batching.size)
}
