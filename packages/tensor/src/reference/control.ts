/** The float64 meaning of identities, sub-graphs and loops. */

import type { ControlPrimitive, TuplePrimitive } from '../attributes/control.ts'
import type { Evaluate, EvaluatedPrimitive, EvaluateTuple } from './index.ts'

export const controlReferences: { readonly [P in ControlPrimitive & EvaluatedPrimitive]: Evaluate<P> } = {
  identity: ([x]) => x!,
  barrier: ([x]) => x!,
}

export const tupleReferences: { readonly [P in TuplePrimitive]: EvaluateTuple<P> } = {}
