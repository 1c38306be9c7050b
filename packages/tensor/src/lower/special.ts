import type { SpecialPrimitive } from '../attributes/special.ts'
import type { Lower } from './target.ts'

export const specialRules: { readonly [P in SpecialPrimitive]: Lower<P> } = {}
