/**
 * The gamma function's relatives in float64, to some 1e-14 relative (absolute near zeros). Formula numbers are those
 * of the NIST Digital Library of Mathematical Functions (DLMF).
 */

/** Bernoulli numbers B(2), B(4), ... B(20). */
const BERNOULLI = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
] as const

const EULER = 0.5772156649015329
const HALF_LOG_TWO_PI = 0.9189385332046728
/** From here on the asymptotic series reach float64 with the terms above. */
const LARGE = 12

/** Hurwitz's zeta, sum of (a + k)^-s over k >= 0, for s > 1 and a > 0, by Euler and Maclaurin (DLMF 25.11.5). */
export function hurwitzZeta(s: number, a: number): number {
  let sum = 0
  let x = a
  // The expansion needs a point beyond the order.
  for (; x < LARGE + s; x++) sum += x ** -s
  sum += x ** (1 - s) / (s - 1) + x ** -s / 2
  let rising = s
  let power = x ** (-s - 1)
  let factorial = 2
  BERNOULLI.forEach((b, i) => {
    const j = 2 * i + 2
    sum += (b / factorial) * rising * power
    rising *= (s + j - 1) * (s + j)
    factorial *= (j + 1) * (j + 2)
    power /= x * x
  })
  return sum
}

/** zeta(k) - 1 for k = 2, 3, ... */
const ZETA_TAIL = Array.from({ length: 30 }, (_, i) => hurwitzZeta(i + 2, 2))

/** lgamma(2 + e) for |e| <= 1/2 (DLMF 5.7.3 after one recurrence). */
function nearTwo(e: number): number {
  let sum = e * (1 - EULER)
  let power = e
  ZETA_TAIL.forEach((tail, i) => {
    power *= -e
    sum -= (tail * power) / (i + 2)
  })
  return sum
}

/** Stirling's series (DLMF 5.11.1). */
function stirling(x: number): number {
  let correction = 0
  let power = 1 / x
  BERNOULLI.forEach((b, i) => {
    const j = 2 * i + 2
    correction += (b / (j * (j - 1))) * power
    power /= x * x
  })
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + correction
}

/** sin(pi x) and cos(pi x), exact in the reduction. */
function ofPi(x: number): { sin: number; cos: number } {
  const nearest = Math.round(x)
  const r = Math.PI * (x - nearest)
  const sign = nearest % 2 === 0 ? 1 : -1
  return { sin: sign * Math.sin(r), cos: sign * Math.cos(r) }
}

const isPole = (x: number): boolean => x <= 0 && Number.isInteger(x)

/** log |Gamma(x)|; infinite at 0, -1, -2, ... */
export function lgamma(x: number): number {
  if (isPole(x) || Math.abs(x) === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  // Reflection, DLMF 5.5.3.
  if (x < 0) return Math.log(Math.PI / Math.abs(x * ofPi(x).sin)) - lgamma(-x)
  if (x < 0.5) return lgamma(x + 1) - Math.log(x)
  if (x <= 1.5) return nearTwo(x - 1) - Math.log1p(x - 1)
  if (x <= 2.5) return nearTwo(x - 2)
  let product = 1
  let shifted = x
  for (; shifted < LARGE; shifted++) product *= shifted
  return stirling(shifted) - Math.log(product)
}

function digamma(x: number): number {
  // Reflection, DLMF 5.5.4.
  if (x < 0) {
    const { sin, cos } = ofPi(x)
    return digamma(1 - x) - (Math.PI * cos) / sin
  }
  let sum = 0
  let shifted = x
  for (; shifted < LARGE; shifted++) sum -= 1 / shifted
  let power = 1 / (shifted * shifted)
  // DLMF 5.11.2.
  sum += Math.log(shifted) - 0.5 / shifted
  BERNOULLI.forEach((b, i) => {
    sum -= (b / (2 * i + 2)) * power
    power /= shifted * shifted
  })
  return sum
}

/**
 * The derivative of this order of pi cot(pi x), as coefficients of a polynomial in c = cot(pi x) without the power of
 * pi: from p(c) follows -p'(c) (1 + c^2).
 */
export function cotangentDerivative(order: number): number[] {
  let p = [0, 1]
  for (let n = 0; n < order; n++) {
    const next = new Array<number>(p.length + 1).fill(0)
    for (let i = 1; i < p.length; i++) {
      next[i - 1]! -= i * p[i]!
      next[i + 1]! -= i * p[i]!
    }
    p = next
  }
  return p
}

export function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1)
}

/** The derivative of an order from 0 on of digamma (DLMF 5.15); NaN at the poles 0, -1, -2, ... */
export function polygamma(order: number, x: number): number {
  if (isPole(x) || !(x > Number.NEGATIVE_INFINITY)) return Number.NaN
  if (order === 0) return digamma(x)
  const sign = order % 2 === 0 ? -1 : 1
  if (x > 0) return sign * factorial(order) * hurwitzZeta(order + 1, x)
  // DLMF 5.15.6.
  const { sin, cos } = ofPi(x)
  const p = cotangentDerivative(order).reduceRight((sum, coefficient) => sum * (cos / sin) + coefficient, 0)
  return -sign * polygamma(order, 1 - x) - Math.PI ** (order + 1) * p
}
