/** Relevance rules of factorisations and solves: there are none. */

import type { MatrixPrimitive } from '../attributes/matrix.ts'
import { type RelevanceRule, refusing } from './rule.ts'

export const matrixRelevances: { readonly [P in MatrixPrimitive]: RelevanceRule<P> } = {
  cholesky: refusing,
  triangularSolve: refusing,
}
