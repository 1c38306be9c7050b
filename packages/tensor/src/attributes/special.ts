/** Attributes of special functions and the rarer elementary ones. All are elementwise on float32. */

import type { None } from '../primitive.ts'

export interface SpecialAttributes {
  /** Gauss's error function. */
  readonly erf: None
  /** 1 - erf(x), without cancellation for large x. */
  readonly erfc: None
  /** exp(x) - 1, exact for tiny x. */
  readonly expm1: None
  /** log(1 + x), exact for tiny x. */
  readonly log1p: None
  readonly tan: None
  readonly asin: None
  readonly acos: None
  readonly atan: None
  readonly floor: None
  readonly ceil: None
  /** To the nearest integer, halves to the even one. */
  readonly round: None
  /** log |Gamma(x)|. */
  readonly lgamma: None
  /** The derivative of this order of digamma; 0 is digamma itself. */
  readonly polygamma: { readonly order: number }
  /** Two operands that broadcast: x to the power y. */
  readonly power: None
  /** sample, concentration: the sample, whose gradient reaches the concentration implicitly; see `ops/gamma.ts`. */
  readonly gammaSample: None
}

export type SpecialPrimitive = keyof SpecialAttributes
