/** The shape rule of every primitive: what it accepts and what it gives. Raises `InputError` that names the layer. */

import type { Attributes, Primitive } from '../primitive.ts'
import { controlShapes } from './control.ts'
import { indexingShapes } from './indexing.ts'
import { matrixShapes } from './matrix.ts'
import { plainShapes } from './plain.ts'
import type { Inferred, Operand, Rule } from './rule.ts'
import { spatialShapes } from './spatial.ts'
import { specialShapes } from './special.ts'

export const shapeRules: { readonly [P in Primitive]: Rule<Attributes[P]> } = {
  ...plainShapes,
  ...specialShapes,
  ...indexingShapes,
  ...spatialShapes,
  ...matrixShapes,
  ...controlShapes,
}

/** Shape and dtype of one application. Leaves have none to infer. */
export function inferShape<P extends Primitive>(
  op: P,
  inputs: readonly Operand[],
  attributes: Attributes[P],
  scope: string,
): Inferred {
  const rule = shapeRules[op] as Rule<Attributes[P]>
  return rule(inputs, attributes, scope === '' ? op : `${op} in ${scope}`)
}
