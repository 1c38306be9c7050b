/** Relevance rules of special functions. */

import type { SpecialPrimitive } from '../attributes/special.ts'
import { unbroadcast } from '../vjp/plain.ts'
import { deciding, passing, type RelevanceRule } from './rule.ts'

/** The base takes all, where it depends on the data. */
const powerRule: RelevanceRule<'power'> = ({ inputs: [x, y] }, r, { depends }) =>
  depends(x!) ? [unbroadcast(r, x!.shape), null] : [null, unbroadcast(r, y!.shape)]

export const specialRelevances: { readonly [P in SpecialPrimitive]: RelevanceRule<P> } = {
  erf: passing,
  erfc: passing,
  expm1: passing,
  log1p: passing,
  tan: passing,
  asin: passing,
  acos: passing,
  atan: passing,
  floor: deciding,
  ceil: deciding,
  round: deciding,
  lgamma: passing,
  polygamma: passing,
  power: powerRule,
  gammaSample: ({ inputs: [, a] }, r) => [null, unbroadcast(r, a!.shape)],
}
