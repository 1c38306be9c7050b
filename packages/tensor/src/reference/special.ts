import type { SpecialPrimitive } from '../attributes/special.ts'
import type { Evaluate } from './index.ts'

export const specialReferences: { readonly [P in SpecialPrimitive]: Evaluate<P> } = {}
