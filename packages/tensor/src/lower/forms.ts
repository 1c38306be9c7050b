/**
 * Float32 forms of functions that ONNX lacks, written in elementary primitives; each is good to a few roundings. The
 * rational approximations were fitted for this file (iteratively reweighted least squares towards equal ripples); the
 * number beside each is the largest error of its fit.
 */

import { abs, add, div, exp, greater, less, log, minimum, mul, neg, pow, sin, sub, where } from '../ops/plain.ts'
import { floor } from '../ops/special.ts'
import type { Tensor } from '../primitive.ts'
import { cotangentDerivative, factorial } from '../reference/gamma.ts'

/** A polynomial by Horner's rule, lowest coefficient first. */
function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  const [last, ...rest] = coefficients.toReversed()
  if (rest.length === 0) return add(mul(x, 0), last!)
  return rest.slice(1).reduce<Tensor>((sum, c) => add(mul(sum, x), c), add(mul(x, last!), rest[0]!))
}

/** x coth(x / 2) is even and smooth, and exp(x) - 1 = 2 x / (x coth(x / 2) - x). 6e-9 for |x| < 0.35. */
export function expm1(x: Tensor): Tensor {
  const z = mul(x, x)
  const even = add(mul(z, polynomial(z, [0.1666661906, -0.002765888315])), 2)
  const near = div(mul(x, 2), sub(even, x))
  return where(less(abs(x), 0.35), near, sub(exp(x), 1))
}

/** log(1 + x) = 2 artanh(s) with s = x / (2 + x). 1e-9 for -0.29 < x < 0.41. */
export function log1p(x: Tensor): Tensor {
  const s = div(x, add(x, 2))
  const z = mul(s, s)
  const tail = mul(z, polynomial(z, [0.3333338844, 0.199887366, 0.1493686309]))
  const near = mul(s, add(mul(tail, 2), 2))
  return where(less(abs(add(x, -0.06)), 0.35), near, log(add(x, 1)))
}

/** exp(x^2) erfc(x) / t as a polynomial in t = 1 / (1 + 0.4 x), x >= 0. 8e-9. */
const ERFC = [
  0.22570690924589665, 0.2249520217604554, 0.21491910049063556, 0.12967960255679425, 0.2720662359173643,
  -0.2843666922197024, 0.5474354511442132, -0.49881150213250164, 0.19801321917509018, -0.02959433810933729,
] as const

/** From here on erfc is 0 in float32. */
const ERFC_ZERO = 10.5

export function erfc(x: Tensor): Tensor {
  const size = minimum(abs(x), ERFC_ZERO)
  const t = pow(add(mul(size, 0.4), 1), -1)
  // The square of a number with few bits is exact, so that exp(-x^2) keeps its relative accuracy.
  const high = mul(floor(mul(size, 16)), 1 / 16)
  const rest = mul(sub(size, high), add(size, high))
  const tail = mul(mul(exp(neg(mul(high, high))), exp(neg(rest))), mul(t, polynomial(t, ERFC)))
  return where(less(x, 0), sub(2, tail), tail)
}

/** Halves to the even neighbour. */
export function round(x: Tensor): Tensor {
  const down = floor(x)
  const part = sub(x, down)
  const up = add(down, 1)
  const even = mul(floor(mul(up, 0.5)), 2)
  return where(less(part, 0.5), down, where(greater(part, 0.5), up, even))
}

/** Below this the gamma family uses rational approximations, from it on asymptotic series with fitted tails. */
const LARGE = 3

/** lgamma(1 + x) / (x (x - 1)) on [0, 3]. 9e-10 relative. */
const LGAMMA = {
  above: [0.5772156644, 0.7906429992, 0.2968753786, 0.02806936927, 0.0001699217112],
  below: [1, 1.794639984, 1.00756107, 0.1929364585, 0.009205109537],
} as const

/** digamma(1 + x) on [0, 3]. 2e-9. */
const DIGAMMA = {
  above: [-0.5772156632, 0.6856958, 1.091293939, 0.2799438893, 0.01271386303],
  below: [1, 1.661836533, 0.76273734, 0.1028869633, 0.002546554648],
} as const

/** x times Stirling's correction, and x^2 times that of digamma, in 1 / x^2 for x >= 3. 3e-9, 4e-9. */
const STIRLING = [0.08333326588, -0.002772726908, 0.000696713827] as const
const DIGAMMA_TAIL = [0.0833326055, -0.008291663935, 0.00326489885] as const

const HALF_LOG_TWO_PI = 0.9189385332046728

/** x minus the nearest integer. */
const offCentre = (x: Tensor): Tensor => sub(x, floor(add(x, 0.5)))

export function lgamma(x: Tensor): Tensor {
  const size = abs(x)
  const inverse = pow(size, -1)
  const logarithm = log(size)
  const rational = div(polynomial(size, LGAMMA.above), polynomial(size, LGAMMA.below))
  const small = sub(mul(mul(size, sub(size, 1)), rational), logarithm)
  const correction = mul(inverse, polynomial(mul(inverse, inverse), STIRLING))
  const large = add(mul(sub(size, 0.5), sub(logarithm, 1)), add(correction, HALF_LOG_TWO_PI - 0.5))
  const positive = where(less(size, LARGE), small, large)
  const sine = mul(abs(sin(mul(offCentre(size), Math.PI))), size)
  return where(less(x, 0), sub(neg(log(mul(sine, 1 / Math.PI))), positive), positive)
}

/** cot(pi x), with the cosine as a sine of the complement, which is 0 where it should be. */
function cotangent(x: Tensor): Tensor {
  const part = offCentre(x)
  const cosine = sin(mul(sub(0.5, abs(part)), Math.PI))
  return div(cosine, sin(mul(part, Math.PI)))
}

export function digamma(x: Tensor): Tensor {
  const size = where(less(x, 0), sub(1, x), x)
  const inverse = pow(size, -1)
  const rational = div(polynomial(size, DIGAMMA.above), polynomial(size, DIGAMMA.below))
  const z = mul(inverse, inverse)
  const large = sub(sub(log(size), mul(inverse, 0.5)), mul(z, polynomial(z, DIGAMMA_TAIL)))
  const positive = where(less(size, LARGE), sub(rational, inverse), large)
  return where(less(x, 0), sub(positive, mul(cotangent(x), Math.PI)), positive)
}

function power(x: Tensor, n: number): Tensor {
  if (n === 1) return x
  const half = power(x, n >> 1)
  const even = mul(half, half)
  return n % 2 === 0 ? even : mul(even, x)
}

/** B(2 j) / (2 j)! for j = 1 to 4. */
const EULER_MACLAURIN = [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600] as const

/** Hurwitz's zeta as in the reference, with as many terms as float32 can tell. All terms are positive but the last. */
function hurwitzZeta(s: number, x: Tensor): Tensor {
  const steps = s + 4
  let sum: Tensor | undefined
  for (let k = 0; k < steps; k++) {
    const term = power(pow(add(x, k), -1), s)
    sum = sum === undefined ? term : add(sum, term)
  }
  const inverse = pow(add(x, steps), -1)
  const z = mul(inverse, inverse)
  let rising = s
  const tail = EULER_MACLAURIN.map((b, i) => {
    const coefficient = b * rising
    rising *= (s + 2 * i + 1) * (s + 2 * i + 2)
    return coefficient
  })
  const bracket = add(mul(inverse, add(mul(inverse, polynomial(z, tail)), 0.5)), 1 / (s - 1))
  return add(sum!, mul(power(inverse, s - 1), bracket))
}

export function polygamma(order: number, x: Tensor): Tensor {
  if (order === 0) return digamma(x)
  const scale = (order % 2 === 0 ? -1 : 1) * factorial(order)
  const zeta = mul(hurwitzZeta(order + 1, where(less(x, 0), sub(1, x), x)), scale)
  const reflected = mul(polynomial(cotangent(x), cotangentDerivative(order)), -(Math.PI ** (order + 1)))
  const folded = order % 2 === 0 ? add(zeta, reflected) : sub(reflected, zeta)
  return where(less(x, 0), folded, zeta)
}
