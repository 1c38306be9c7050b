/** Gradients of composite primitives that have no rule of their own. */

import { apply } from '../apply.ts'
import { type CompositePrimitive, compose } from '../compositions.ts'
import type { Attributes, Tensor } from '../primitive.ts'
import type { Pullback } from './index.ts'

/**
 * Differentiates through the elementary form: for second derivatives, where speed does not matter. Operands get nodes of
 * their own, because one tensor may be several of them.
 */
export function throughComposition<P extends CompositePrimitive>(
  node: Tensor<P>,
  g: Tensor,
  pullback: Pullback,
): readonly Tensor[] {
  const operands = node.inputs.map((operand) => apply('identity', [operand], {}))
  return pullback(compose(node.op, operands, node.attributes as Attributes[P]), g, operands)
}
