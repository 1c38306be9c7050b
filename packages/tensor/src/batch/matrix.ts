/** Batching rules of factorisations and solves: leading axes are batches already. */

import type { MatrixPrimitive } from '../attributes/matrix.ts'
import { asItIs, type BatchRule, broadcasting } from './rule.ts'

export const matrixBatches: { readonly [P in MatrixPrimitive]: BatchRule<P> } = {
  cholesky: asItIs,
  triangularSolve: broadcasting,
}
