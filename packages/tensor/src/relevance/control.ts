/** Relevance rules of identities, sub-graphs and loops: through the body, step by step. */

import { apply } from '../apply.ts'
import type { ControlPrimitive, TuplePrimitive } from '../attributes/control.ts'
import { concat, reshape, sliceAxis } from '../ops/plain.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import { inline } from '../transform/body.ts'
import type { RelevantPrimitive } from './index.ts'
import { moving, type RelevanceContext, type RelevanceRule } from './rule.ts'

/** As `RelevanceRule`, for a node with several values. */
export type RelevanceTuple<P extends Primitive> = (
  node: Tensor<P>,
  rs: readonly (Tensor | null)[],
  context: RelevanceContext,
) => readonly (Tensor | null)[]

export const controlRelevances: { readonly [P in ControlPrimitive & RelevantPrimitive]: RelevanceRule<P> } = {
  identity: moving,
  barrier: moving,
}

const call: RelevanceTuple<'call'> = (node, rs, { within }) => {
  const inputs = node.inputs.map((x) => apply('identity', [x], {}))
  return within(inline(node.attributes.body, inputs), rs, inputs)
}

/** Element t of the first axis. */
function element(x: Tensor, t: number): Tensor {
  return reshape(sliceAxis(x, 0, t, t + 1), x.shape.slice(1))
}

/** All steps as nodes of the graph: relevance has no rule of its own for loops. */
const scan: RelevanceTuple<'scan'> = (node, rs, { within }) => {
  const { body, carries, sequences, length, reverse } = node.attributes
  const inputs: Tensor[] = node.inputs.map((x) => apply('identity', [x], {}))
  const captured = inputs.slice(carries + sequences)
  let carry = inputs.slice(0, carries)
  const stacks: Tensor[][] = body.outputs.map(() => [])
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step
    const elements = inputs.slice(carries, carries + sequences).map((x) => element(x, t))
    const outputs = inline(body, [...carry, ...elements, ...captured])
    const parts = [...outputs.slice(carries), ...carry]
    parts.forEach((value, i) => {
      stacks[i]![t] = reshape(value, [1, ...value.shape])
    })
    carry = outputs.slice(0, carries)
  }
  return within([...carry, ...stacks.map((parts) => concat(parts, 0))], rs, inputs)
}

export const tupleRelevances: { readonly [P in TuplePrimitive]: RelevanceTuple<P> } = { call, scan }
