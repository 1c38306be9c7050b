import type { MatrixPrimitive } from '../../src/attributes/matrix.ts'
import type { ProgramCase } from '../support.ts'

export const matrixCases: { readonly [P in MatrixPrimitive]: readonly ProgramCase[] } = {}
