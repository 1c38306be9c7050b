import type { IndexingPrimitive } from '../attributes/indexing.ts'
import type { Vjp } from './index.ts'

export const indexingVjps: { readonly [P in IndexingPrimitive]: Vjp<P> } = {}
