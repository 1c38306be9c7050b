/** The float64 meaning of special functions. */

import type { SpecialPrimitive } from '../attributes/special.ts'
import type { Primitive } from '../primitive.ts'
import { broadcast, map, zip } from './array.ts'
import { lgamma, polygamma } from './gamma.ts'
import type { Evaluate } from './index.ts'

const unary =
  (fn: (x: number) => number): Evaluate<Primitive> =>
  ([x]) =>
    map(x!, fn)

/** Below this the series of erf, from it on the continued fraction of erfc. */
const SWITCH = 2
/** From here on erfc is below the smallest number (and the parts of its product may be 0 and infinite). */
const NOTHING = 28

/** DLMF 7.6.2: all terms positive. */
function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
    term *= (2 * x * x) / (2 * k + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** DLMF 7.9.1 for x >= 2, from its tail. */
function erfcFraction(x: number): number {
  let tail = x
  for (let k = 120; k >= 1; k--) tail = x + k / 2 / tail
  // exp(-x^2) without the rounding of x^2, which matters where it is large.
  const high = Math.fround(x)
  return (Math.exp(-high * high) * Math.exp(-(x - high) * (x + high))) / (Math.sqrt(Math.PI) * tail)
}

export function erf(x: number): number {
  if (Number.isNaN(x)) return x
  const size = Math.abs(x)
  if (size < SWITCH) return x === 0 ? x : erfSeries(x)
  return Math.sign(x) * (1 - erfc(size))
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x
  if (x < SWITCH) return 1 - erf(x)
  return x > NOTHING ? 0 : erfcFraction(x)
}

/** To the nearest integer, halves to the even one. */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}

export const specialReferences: { readonly [P in SpecialPrimitive]: Evaluate<P> } = {
  erf: unary(erf),
  erfc: unary(erfc),
  expm1: unary(Math.expm1),
  log1p: unary(Math.log1p),
  tan: unary(Math.tan),
  asin: unary(Math.asin),
  acos: unary(Math.acos),
  atan: unary(Math.atan),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfEven),
  lgamma: unary(lgamma),
  polygamma: ([x], { attributes: { order } }) => map(x!, (v) => polygamma(order, v)),
  power: (inputs, { shape }) => zip(inputs, shape, (x, y) => x ** y),
  gammaSample: ([sample], { shape }) => ({ shape, data: Float64Array.from(broadcast(sample!, shape)) }),
}
