/** Composite primitives by their elementary form, on targets that have nothing better. */

import { input } from '../apply.ts'
import { type CompositePrimitive, compose } from '../compositions.ts'
import type { Value } from '../onnx/graph.ts'
import type { Attributes, Tensor } from '../primitive.ts'
import type { Lowering } from './target.ts'
import { lowerNodes } from './walk.ts'

/** Lowers the elementary form of a composite primitive. */
export function byComposition<P extends CompositePrimitive>(
  l: Lowering,
  inputs: readonly Value[],
  node: Tensor<P>,
): Value {
  const stand = node.inputs.map(({ shape, dtype }, i) => input(`operand ${i}`, { shape, dtype }))
  const bound = new Map<Tensor, Value>(stand.map((s, i) => [s, inputs[i]!]))
  const output = compose(node.op, stand, node.attributes as Attributes[P])
  return lowerNodes(l, [output], bound).get(output)!
}
