import type { MatrixPrimitive } from '../attributes/matrix.ts'
import type { Attributes } from '../primitive.ts'
import type { Rule } from './rule.ts'

export const matrixShapes: { readonly [P in MatrixPrimitive]: Rule<Attributes[P]> } = {}
