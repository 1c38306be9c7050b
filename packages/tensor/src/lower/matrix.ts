import type { MatrixPrimitive } from '../attributes/matrix.ts'
import type { Lower } from './target.ts'

export const matrixRules: { readonly [P in MatrixPrimitive]: Lower<P> } = {}
