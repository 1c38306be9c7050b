import type { MatrixPrimitive } from '../attributes/matrix.ts'
import type { BatchRule } from './rule.ts'

export const matrixBatches: { readonly [P in MatrixPrimitive]: BatchRule<P> } = {}
