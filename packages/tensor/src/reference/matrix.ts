import type { MatrixPrimitive } from '../attributes/matrix.ts'
import type { Evaluate } from './index.ts'

export const matrixReferences: { readonly [P in MatrixPrimitive]: Evaluate<P> } = {}
