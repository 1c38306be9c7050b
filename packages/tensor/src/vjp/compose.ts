/** Gradients of composite primitives that have no rule of their own. */

import { type CompositePrimitive, compose } from '../compositions.ts'
import type { Attributes, Tensor } from '../primitive.ts'
import type { Pullback } from './index.ts'

/** Differentiates through the elementary form: for second derivatives, where speed does not matter. */
export function throughComposition<P extends CompositePrimitive>(
  node: Tensor<P>,
  g: Tensor,
  pullback: Pullback,
): readonly Tensor[] {
  return pullback(compose(node.op, node.inputs, node.attributes as Attributes[P]), g, node.inputs)
}
