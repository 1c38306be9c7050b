import type { IndexingPrimitive } from '../attributes/indexing.ts'
import type { Lower } from './target.ts'

export const indexingRules: { readonly [P in IndexingPrimitive]: Lower<P> } = {}
