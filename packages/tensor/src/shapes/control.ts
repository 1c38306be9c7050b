import type { ControlPrimitive } from '../attributes/control.ts'
import type { Attributes } from '../primitive.ts'
import type { Rule } from './rule.ts'

export const controlShapes: { readonly [P in ControlPrimitive]: Rule<Attributes[P]> } = {}
