import type { ControlPrimitive } from '../attributes/control.ts'
import type { Vjp } from './index.ts'

export const controlVjps: { readonly [P in ControlPrimitive]: Vjp<P> } = {}
