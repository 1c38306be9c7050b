import type { MatrixPrimitive } from '../attributes/matrix.ts'
import type { Vjp } from './index.ts'

export const matrixVjps: { readonly [P in MatrixPrimitive]: Vjp<P> } = {}
