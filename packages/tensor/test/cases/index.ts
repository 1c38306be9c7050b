import type { Primitive } from '../../src/primitive.ts'
import type { ProgramCase } from '../support.ts'
import { controlCases } from './control.ts'
import { indexingCases } from './indexing.ts'
import { matrixCases } from './matrix.ts'
import { plainCases } from './plain.ts'
import { spatialCases } from './spatial.ts'
import { specialCases } from './special.ts'

/** For every primitive, small programs that use it: the gradient and target tests run them all. */
export const cases: { readonly [P in Primitive]: readonly ProgramCase[] } = {
  ...plainCases,
  ...specialCases,
  ...indexingCases,
  ...spatialCases,
  ...matrixCases,
  ...controlCases,
}
