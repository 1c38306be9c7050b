import type { ControlPrimitive } from '../../src/attributes/control.ts'
import type { ProgramCase } from '../support.ts'

export const controlCases: { readonly [P in ControlPrimitive]: readonly ProgramCase[] } = {}
