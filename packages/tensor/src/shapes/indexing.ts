import type { IndexingPrimitive } from '../attributes/indexing.ts'
import type { Attributes } from '../primitive.ts'
import type { Rule } from './rule.ts'

export const indexingShapes: { readonly [P in IndexingPrimitive]: Rule<Attributes[P]> } = {}
