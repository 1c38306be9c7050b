/** The shape rule of every primitive: what it accepts and what it gives. Raises `InputError` that names the layer. */

import { InputError } from '@ecotope/core'
import type { Attributes, Primitive } from '../primitive.ts'
import { isShape, showShape } from '../shape.ts'
import { controlShapes } from './control.ts'
import { indexingShapes } from './indexing.ts'
import { matrixShapes } from './matrix.ts'
import { plainShapes } from './plain.ts'
import { type Inferred, need, type Operand, type Rule } from './rule.ts'
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

/** What callers without types may give in place of a tensor: most often an input or parameter with a misspelt name. */
function checkOperands(inputs: readonly Operand[], what: string): void {
  const at = inputs.findIndex((x) => !Array.isArray((x as Operand | undefined)?.shape))
  if (at < 0) return
  const given: unknown = inputs[at]
  throw new InputError(
    'NotATensor',
    `${what}: operand ${at} is ${given === undefined ? given : typeof given}, not a tensor`,
    {
      hint: 'Look at the spelling of inputs and parameters; wrap arrays of numbers with constant().',
    },
  )
}

/** Shape and dtype of one application. Leaves have none to infer. */
export function inferShape<P extends Primitive>(
  op: P,
  inputs: readonly Operand[],
  attributes: Attributes[P],
  scope: string,
): Inferred {
  const rule = shapeRules[op] as Rule<Attributes[P]>
  const what = scope === '' ? op : `${op} in ${scope}`
  checkOperands(inputs, what)
  const inferred = rule(inputs, attributes, what)
  need(isShape(inferred.shape), what, `extents are positive integers, not ${showShape(inferred.shape)}`)
  return inferred
}
