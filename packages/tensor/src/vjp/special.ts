import type { SpecialPrimitive } from '../attributes/special.ts'
import type { Vjp } from './index.ts'

export const specialVjps: { readonly [P in SpecialPrimitive]: Vjp<P> } = {}
