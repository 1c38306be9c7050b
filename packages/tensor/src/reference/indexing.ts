import type { IndexingPrimitive } from '../attributes/indexing.ts'
import type { Evaluate } from './index.ts'

export const indexingReferences: { readonly [P in IndexingPrimitive]: Evaluate<P> } = {}
