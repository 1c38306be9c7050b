import type { SpecialPrimitive } from '../attributes/special.ts'
import type { Attributes } from '../primitive.ts'
import type { Rule } from './rule.ts'

export const specialShapes: { readonly [P in SpecialPrimitive]: Rule<Attributes[P]> } = {}
