/** Special functions in double precision: gamma family, error function, incomplete gamma and beta functions. */

const LOG_SQRT_2PI = 0.9189385332046727
const EPS = 2.220446049250313e-16
const TINY = 1e-300

/** Coefficients of the Stirling series, B(2k) / (2k (2k - 1)). */
const STIRLING = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
  43867 / 244188,
] as const

/** B(2k) / (2k), of the asymptotic series of the digamma function. */
const DIGAMMA = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12] as const

function stirlingSeries(x: number): number {
  const inverse = 1 / (x * x)
  let sum = 0
  for (let k = STIRLING.length - 1; k >= 0; k--) sum = sum * inverse + STIRLING[k]!
  return sum / x
}

/** log Gamma(x + 1) less its Stirling approximation; x > 0. */
export function stirlingError(x: number): number {
  let [at, sum] = [x, 0]
  for (; at < 15; at++) sum += (at + 0.5) * Math.log1p(1 / at) - 1
  return sum + stirlingSeries(at)
}

/** log |Gamma(x)|; x not a pole. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - logGamma(1 - x)
  if (x === 1 || x === 2) return 0
  // Near its zeros at 1 and 2 the sum below would lose digits.
  if (x < 3) return nearOne(x < 1.5 ? x - 1 : x - 2) + (x < 1.5 ? 0 : Math.log1p(x - 2))
  let [at, product] = [x, 1]
  for (; at < 15; at++) product *= at
  return (at - 0.5) * Math.log(at) - at + LOG_SQRT_2PI + stirlingSeries(at) - Math.log(product)
}

/** log Gamma(1 + z), |z| <= 1, from the Stirling error: log Gamma(1 + z) = d(z + 15) - sum of logs, written without loss. */
function nearOne(z: number): number {
  // log Gamma(1 + z) = log Gamma(N + z) - sum log(k + z); both less their values at z = 0, whose difference is zero.
  const n = 20
  let sum = 0
  for (let k = 1; k < n; k++) sum -= Math.log1p(z / k)
  const at = n + z
  return sum + (n - 0.5) * Math.log1p(z / n) + z * Math.log(at) - z + seriesDifference(n, z)
}

/** stirlingSeries(n + z) - stirlingSeries(n), term by term. */
function seriesDifference(n: number, z: number): number {
  let sum = 0
  const log = Math.log1p(z / n)
  for (const [k, coefficient] of STIRLING.entries())
    sum += coefficient * n ** -(2 * k + 1) * Math.expm1(-(2 * k + 1) * log)
  return sum
}

/** Gamma(x), for x that are not poles. */
export function gamma(x: number): number {
  if (Number.isInteger(x) && x > 0 && x < 171) {
    let product = 1
    for (let k = 2; k < x; k++) product *= k
    return product
  }
  const size = Math.exp(logGamma(x))
  return x < 0 && Math.floor(x) % 2 !== 0 ? -size : size
}

/** Derivative of log Gamma(x); x not a pole. */
export function digamma(x: number): number {
  if (x <= 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * x)
  let [at, sum] = [x, 0]
  for (; at < 15; at++) sum -= 1 / at
  const inverse = 1 / (at * at)
  let series = 0
  for (let k = DIGAMMA.length - 1; k >= 0; k--) series = (series + DIGAMMA[k]!) * inverse
  return sum + Math.log(at) - 1 / (2 * at) - series
}

/** log of the Beta function. */
export const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b)

/** x log(x / m) + m - x without loss where x and m are close (Loader 2000). */
export function deviancePart(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x
  const v = (x - m) / (x + m)
  let sum = (x - m) * v
  let term = 2 * x * v
  for (let k = 3; k < 1000; k += 2) {
    term *= v * v
    const next = sum + term / k
    if (next === sum) return next
    sum = next
  }
  return sum
}

/** x^a e^-x / Gamma(a + 1). */
function poissonPart(a: number, x: number): number {
  if (a === 0) return Math.exp(-x)
  return Math.exp(-stirlingError(a) - deviancePart(a, x)) / Math.sqrt(2 * Math.PI * a)
}

function gammaSeries(a: number, x: number): number {
  let [sum, term] = [1, 1]
  for (let n = 1; term > sum * EPS * 0.1; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum * poissonPart(a, x)
}

function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = 1 / TINY
  let d = 1 / b
  let h = d
  for (let i = 1; i < 100000; i++) {
    const an = -i * (i - a)
    b += 2
    d = an * d + b
    if (Math.abs(d) < TINY) d = TINY
    c = b + an / c
    if (Math.abs(c) < TINY) c = TINY
    d = 1 / d
    const step = d * c
    h *= step
    if (Math.abs(step - 1) < EPS) break
  }
  return h * a * poissonPart(a, x)
}

/** Regularised lower incomplete gamma function P(a, x); a > 0, x >= 0. */
export function gammaP(a: number, x: number): number {
  if (!(x > 0)) return x === 0 ? 0 : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return 1
  return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x)
}

/** Regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x), exact where it is small. */
export function gammaQ(a: number, x: number): number {
  if (!(x > 0)) return x === 0 ? 1 : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return 0
  return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
}

/** Complement of the error function. */
export function erfc(x: number): number {
  return x < 0 ? 2 - gammaQ(0.5, x * x) : gammaQ(0.5, x * x)
}

export function erf(x: number): number {
  return x < 0 ? -gammaP(0.5, x * x) : gammaP(0.5, x * x)
}

/** x^a (1 - x)^b Gamma(a + b + 1) / (Gamma(a + 1) Gamma(b + 1)); `y` is 1 - x. */
export function binomialPart(a: number, b: number, x: number, y: number): number {
  const n = a + b
  if (a === 0) return Math.exp(b * (y > 0.5 ? Math.log1p(-x) : Math.log(y)))
  if (b === 0) return Math.exp(a * (x > 0.5 ? Math.log1p(-y) : Math.log(x)))
  const exponent =
    stirlingError(n) - stirlingError(a) - stirlingError(b) - deviancePart(a, n * x) - deviancePart(b, n * y)
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * a * b))
}

/** Continued fraction of the incomplete beta function, by the modified Lentz method. */
export function betaFraction(a: number, b: number, x: number): number {
  const sum = a + b
  let c = 1
  let d = 1 - (sum * x) / (a + 1)
  if (Math.abs(d) < TINY) d = TINY
  d = 1 / d
  let h = d
  for (let m = 1; m < 100000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 + even * d
    c = 1 + even / c
    d = 1 / (Math.abs(d) < TINY ? TINY : d)
    if (Math.abs(c) < TINY) c = TINY
    h *= d * c
    const odd = (-(a + m) * (sum + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 + odd * d
    c = 1 + odd / c
    d = 1 / (Math.abs(d) < TINY ? TINY : d)
    if (Math.abs(c) < TINY) c = TINY
    const step = d * c
    h *= step
    if (Math.abs(step - 1) < EPS) break
  }
  return h
}

/**
 * Regularised incomplete beta function I_x(a, b); a, b > 0, 0 <= x <= 1. Give `y` = 1 - x where it is known better than by
 * subtraction. Relative error near 1e-14, also where the result is tiny.
 */
export function betaI(a: number, b: number, x: number, y: number = 1 - x): number {
  if (!(x > 0)) return x === 0 ? 0 : Number.NaN
  if (!(y > 0)) return y === 0 ? 1 : Number.NaN
  const front = (binomialPart(a, b, x, y) * a * b) / (a + b)
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(a, b, x)) / a : 1 - (front * betaFraction(b, a, y)) / b
}
