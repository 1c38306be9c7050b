/** Lowering of identities, sub-graphs and loops. */

import type { ControlPrimitive, TuplePrimitive } from '../attributes/control.ts'
import type { Value } from '../onnx/graph.ts'
import type { Tensor } from '../primitive.ts'
import { lowerScan } from './loop.ts'
import type { Lower, LoweredPrimitive, Lowering, LowerTuple } from './target.ts'
import { lowerNodes } from './walk.ts'

/** 0, but known only once `token` is: no optimiser can tell that nothing exceeds infinity. */
function zeroAfter(l: Lowering, token: Value): Value {
  const first = l.slice(l.reshape(token, [token.shape.reduce((n, extent) => n * extent, 1)]), [0], [0], [1])
  const beyond = l.graph.emit('Greater', [first, l.graph.scalar(Number.POSITIVE_INFINITY)], [1], { type: 'bool' })
  return l.reshape(l.graph.emit('Cast', [beyond], [1], { attributes: { to: 1 } }), [])
}

export const controlRules: { readonly [P in ControlPrimitive & LoweredPrimitive]: Lower<P> } = {
  identity: (_, [x]) => x!,
  barrier: (l, [x, token]) => l.add(x!, zeroAfter(l, token!)),
}

const call: LowerTuple<'call'> = (l, inputs, { attributes: { body } }) => {
  const bound = new Map<Tensor, Value>(body.inputs.map((leaf, i) => [leaf, inputs[i]!]))
  lowerNodes(l, body.outputs, bound)
  return body.outputs.map((node) => bound.get(node)!)
}

export const tupleRules: { readonly [P in TuplePrimitive]: LowerTuple<P> } = { call, scan: lowerScan }
