/** Vector-Jacobian products of identities, sub-graphs and loops. */

import type { ControlPrimitive, TuplePrimitive } from '../attributes/control.ts'
import type { TupleVjp, Vjp } from './index.ts'

export const controlVjps: { readonly [P in Exclude<ControlPrimitive, TuplePrimitive | 'output'>]: Vjp<P> } = {
  identity: (_, g) => [g],
  barrier: (_, g) => [g, null],
}

export const tupleVjps: { readonly [P in TuplePrimitive]: TupleVjp<P> } = {}
