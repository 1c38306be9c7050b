/** Vector-Jacobian products of special functions. */

import { apply } from '../apply.ts'
import type { SpecialPrimitive } from '../attributes/special.ts'
import { gammaDerivative } from '../ops/gamma.ts'
import { add, cast, div, equal, exp, log, mul, neg, pow, square, sub, where } from '../ops/plain.ts'
import { polygamma } from '../ops/special.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import type { Vjp } from './index.ts'
import { unbroadcast } from './plain.ts'

const unary =
  (rule: (g: Tensor, x: Tensor, y: Tensor) => Tensor): Vjp<Primitive> =>
  (node, g) => [rule(g, node.inputs[0]!, node)]

/** Steps: the gradient is 0 wherever it exists. */
const flat: Vjp<Primitive> = () => [null]

const gauss = (g: Tensor, x: Tensor, factor: number): Tensor => mul(g, mul(exp(neg(square(x))), factor))

/** sqrt(1 - x^2), without cancellation near 1. */
const cathetus = (x: Tensor): Tensor => pow(mul(sub(1, x), add(1, x)), 0.5)

export const specialVjps: { readonly [P in SpecialPrimitive]: Vjp<P> } = {
  erf: unary((g, x) => gauss(g, x, 2 / Math.sqrt(Math.PI))),
  erfc: unary((g, x) => gauss(g, x, -2 / Math.sqrt(Math.PI))),
  expm1: unary((g, x) => mul(g, exp(x))),
  log1p: unary((g, x) => div(g, add(1, x))),
  tan: unary((g, _x, y) => mul(g, add(1, square(y)))),
  asin: unary((g, x) => div(g, cathetus(x))),
  acos: unary((g, x) => neg(div(g, cathetus(x)))),
  atan: unary((g, x) => div(g, add(1, square(x)))),
  floor: flat,
  ceil: flat,
  round: flat,
  lgamma: unary((g, x) => mul(g, polygamma(0, x))),
  polygamma: ({ inputs: [x], attributes: { order } }, g) => [mul(g, polygamma(order + 1, x!))],
  power: (node, g) => {
    const [x, y] = [node.inputs[0]!, node.inputs[1]!]
    // As in JAX: y x^(y - 1) is 0 where y is 0, and log x is taken as 0 where x is 0.
    const less = where(equal(y, 0), 1, sub(y, 1))
    const byBase = mul(g, mul(y, apply('power', [x, less], {})))
    const byExponent = mul(mul(g, node), log(add(x, cast(equal(x, 0), 'float32'))))
    return [unbroadcast(byBase, x.shape), unbroadcast(byExponent, y.shape)]
  },
  // The sample's own derivative by the concentration at a fixed quantile, as a function of both, so that second
  // derivatives follow; the way in which the sample was found does not count.
  gammaSample: (node, g) => {
    const concentration = node.inputs[1]!
    return [null, unbroadcast(mul(g, gammaDerivative(concentration, node)), concentration.shape)]
  },
}
