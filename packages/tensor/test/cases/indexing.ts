import type { IndexingPrimitive } from '../../src/attributes/indexing.ts'
import type { ProgramCase } from '../support.ts'

export const indexingCases: { readonly [P in IndexingPrimitive]: readonly ProgramCase[] } = {}
