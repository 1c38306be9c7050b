/** Shape rules of special functions. */

import { InputError } from '@ecotope/core'
import type { SpecialPrimitive } from '../attributes/special.ts'
import type { Attributes } from '../primitive.ts'
import { broadcastShapes } from '../shape.ts'
import { needFloat, type Rule, unary } from './rule.ts'

const binary: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  return { shape: broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, what), dtype: 'float32' }
}

export const specialShapes: { readonly [P in SpecialPrimitive]: Rule<Attributes[P]> } = {
  erf: unary,
  erfc: unary,
  expm1: unary,
  log1p: unary,
  tan: unary,
  asin: unary,
  acos: unary,
  atan: unary,
  floor: unary,
  ceil: unary,
  round: unary,
  lgamma: unary,
  polygamma: (inputs, attributes, what) => {
    const { order } = attributes
    if (!Number.isInteger(order) || order < 0) {
      throw new InputError('ParameterOutOfRange', `${what}: the order must be an integer from 0 on, not ${order}`)
    }
    return unary(inputs, attributes, what)
  },
  power: binary,
  gammaSample: binary,
}
