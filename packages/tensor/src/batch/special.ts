/** Batching rules of special functions: all are elementwise. */

import type { SpecialPrimitive } from '../attributes/special.ts'
import { asItIs, type BatchRule, broadcasting } from './rule.ts'

export const specialBatches: { readonly [P in SpecialPrimitive]: BatchRule<P> } = {
  erf: asItIs,
  erfc: asItIs,
  expm1: asItIs,
  log1p: asItIs,
  tan: asItIs,
  asin: asItIs,
  acos: asItIs,
  atan: asItIs,
  floor: asItIs,
  ceil: asItIs,
  round: asItIs,
  lgamma: asItIs,
  polygamma: asItIs,
  power: broadcasting,
  gammaSample: broadcasting,
}
