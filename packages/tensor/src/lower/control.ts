import type { ControlPrimitive } from '../attributes/control.ts'
import type { Lower } from './target.ts'

export const controlRules: { readonly [P in ControlPrimitive]: Lower<P> } = {}
