import type { ControlPrimitive } from '../attributes/control.ts'
import type { Evaluate } from './index.ts'

export const controlReferences: { readonly [P in ControlPrimitive]: Evaluate<P> } = {}
