/** Vector-Jacobian products of identities, sub-graphs and loops. */

import { apply } from '../apply.ts'
import type { ControlPrimitive, TuplePrimitive } from '../attributes/control.ts'
import type { Tensor } from '../primitive.ts'
import { inline } from '../transform/body.ts'
import type { TupleVjp, Vjp } from './index.ts'
import { scanVjp } from './loop.ts'

export const controlVjps: { readonly [P in Exclude<ControlPrimitive, TuplePrimitive | 'output'>]: Vjp<P> } = {
  identity: (_, g) => [g],
  barrier: (_, g) => [g, null],
}

/** Parameters stay in memory anyway, and nothing that is computed from them alone is large. */
function stays(node: Tensor): boolean {
  return node.op === 'identity' ? stays(node.inputs[0]!) : node.op === 'parameter'
}

const call: TupleVjp<'call'> = (node, gs, _, pullback) => {
  const token = gs.find((g) => g !== null && g !== undefined)
  if (token === undefined || token === null) return node.inputs.map(() => null)
  const inputs = node.inputs.map((x) =>
    x.dtype !== 'float32' || stays(x) ? apply('identity', [x], {}) : apply('barrier', [x, token], {}),
  )
  return pullback(inline(node.attributes.body, inputs), gs, inputs)
}

export const tupleVjps: { readonly [P in TuplePrimitive]: TupleVjp<P> } = { call, scan: scanVjp }
