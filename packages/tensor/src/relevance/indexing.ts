/** Relevance rules of gathering, scattering, sorting and running sums. */

import type { IndexingPrimitive } from '../attributes/indexing.ts'
import { deciding, moving, proportional, type RelevanceRule } from './rule.ts'

export const indexingRelevances: { readonly [P in IndexingPrimitive]: RelevanceRule<P> } = {
  gather: moving,
  scatterSum: proportional,
  gatherElements: moving,
  scatterSumElements: proportional,
  argTopK: deciding,
  cumsum: proportional,
}
