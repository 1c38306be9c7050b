import type { SpecialPrimitive } from '../../src/attributes/special.ts'
import type { ProgramCase } from '../support.ts'

export const specialCases: { readonly [P in SpecialPrimitive]: readonly ProgramCase[] } = {}
