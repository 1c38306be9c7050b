/**
 * Roots of the secular equation 1 + rho sum z_i^2 / (d_i - x) = 0, which are the eigenvalues of diag(d) + rho z z^T.
 * Rational interpolation with fixed weights as in Li (1993), LAPACK Working Note 89, inside a bracket.
 */

export interface Secular {
  /** Poles, strictly ascending, at least two. */
  readonly d: Float64Array
  /** Squares of the weights, all positive, of sum 1. */
  readonly z2: Float64Array
  /** Positive. */
  readonly rho: number
}

const most = 120
const eps = 2 ** -53

/** Where a root is looked for: at `origin + tau`, `lower < tau < upper`. */
interface Search {
  /** The two poles that the interpolation keeps: those around the root, or the last two. */
  readonly low: number
  readonly high: number
  readonly gap: number
  /** The root lies beyond the last pole. */
  readonly last: boolean
  /** The root is nearer to the lower pole, which is the origin then; otherwise the higher one is. */
  readonly nearLow: boolean
  readonly origin: number
  lower: number
  upper: number
  tau: number
}

interface Value {
  readonly value: number
  /** Derivatives of the terms of the poles below and above the root. */
  readonly dPsi: number
  readonly dPhi: number
  /** What rounding may have done to the value. */
  readonly noise: number
}

/**
 * Root j (between poles j and j + 1; the last one between the last pole and that pole + rho). Writes all d_i - root to
 * `delta`, each with a small relative error, and returns the root.
 */
export function secularRoot(equation: Secular, j: number, delta: Float64Array): number {
  const { d } = equation
  const search = begin(equation, j)
  for (let iteration = 0; iteration < most; iteration++) {
    const at = evaluate(equation, search)
    if (Math.abs(at.value) <= at.noise) break
    if (at.value < 0) search.lower = Math.max(search.lower, search.tau)
    else search.upper = Math.min(search.upper, search.tau)
    let next = search.tau + stepFrom(equation, search, at)
    if (!(next > search.lower && next < search.upper)) next = (search.lower + search.upper) / 2
    if (next === search.tau || next === search.lower || next === search.upper) break
    search.tau = next
  }
  for (let i = 0; i < d.length; i++) delta[i] = d[i]! - search.origin - search.tau
  return search.origin + search.tau
}

/** Finds the nearer pole by the sign in the middle of the interval, and a first guess. */
function begin({ d, z2, rho }: Secular, j: number): Search {
  const k = d.length
  const last = j === k - 1
  const [low, high] = last ? [k - 2, k - 1] : [j, j + 1]
  const gap = d[high]! - d[low]!
  const middle = (last ? rho : gap) / 2
  const base = d[last ? high : low]!
  let rest = 1 / rho
  for (let i = 0; i < k; i++) if (i !== low && i !== high) rest += z2[i]! / (d[i]! - base - middle)
  const atMiddle = rest + z2[low]! / (d[low]! - base - middle) + z2[high]! / (d[high]! - base - middle)
  const nearLow = !last && atMiddle > 0
  const lower = last ? (atMiddle <= 0 ? middle : 0) : nearLow ? 0 : -middle
  const upper = last ? (atMiddle <= 0 ? rho : middle) : nearLow ? middle : 0
  const guess = firstGuess(rest, gap, z2[low]!, z2[high]!, last, nearLow)
  const tau = guess > lower && guess < upper ? guess : (lower + upper) / 2
  return { low, high, gap, last, nearLow, origin: d[nearLow ? low : high]!, lower, upper, tau }
}

function evaluate({ d, z2, rho }: Secular, { low, origin, tau }: Search): Value {
  let [psi, dPsi, phi, dPhi, error] = [0, 0, 0, 0, 0]
  // Poles up to `low` have negative terms, the others positive ones but the last; each sum grows towards the root.
  for (let i = 0; i <= low; i++) {
    const difference = d[i]! - origin - tau
    const term = z2[i]! / difference
    psi += term
    dPsi += term / difference
    error -= psi
  }
  for (let i = d.length - 1; i > low; i--) {
    const difference = d[i]! - origin - tau
    const term = z2[i]! / difference
    phi += term
    dPhi += term / difference
    error += Math.abs(phi)
  }
  const noise = eps * (8 * (Math.abs(phi) - psi) + error + 2 / rho + Math.abs(tau) * (dPsi + dPhi))
  return { value: 1 / rho + psi + phi, dPsi, dPhi, noise }
}

/** To the root of the interpolating function, or Newton's step where that one leads the wrong way. */
function stepFrom({ d, z2 }: Secular, search: Search, { value, dPsi, dPhi }: Value): number {
  const { low, high, gap, last, nearLow, origin, tau } = search
  const slope = dPsi + dPhi
  const [toLow, toHigh] = [d[low]! - origin - tau, d[high]! - origin - tau]
  const weight = z2[nearLow ? low : high]!
  let c: number
  if (last) c = Math.abs(value - toLow * dPsi - toHigh * dPhi)
  else if (nearLow) c = value - toHigh * slope + gap * (weight / (toLow * toLow))
  else c = value - toLow * slope - gap * (weight / (toHigh * toHigh))
  const step = interpolated(c, (toLow + toHigh) * value - toLow * toHigh * slope, toLow * toHigh * value, last)
  return value * step < 0 ? step : -value / slope
}

/** The root of the function with the other poles frozen at the middle. */
function firstGuess(rest: number, gap: number, low: number, high: number, last: boolean, nearLow: boolean): number {
  if (last) {
    const [a, b] = [low + high - rest * gap, high * gap]
    const root = Math.sqrt(Math.abs(a * a + 4 * b * rest))
    return a < 0 ? (2 * b) / (root - a) : (a + root) / (2 * rest)
  }
  if (nearLow) {
    const [a, b] = [rest * gap + low + high, low * gap]
    const root = Math.sqrt(Math.abs(a * a - 4 * b * rest))
    return a > 0 ? (2 * b) / (a + root) : (a - root) / (2 * rest)
  }
  const [a, b] = [rest * gap - low - high, high * gap]
  const root = Math.sqrt(Math.abs(a * a + 4 * b * rest))
  return a < 0 ? (2 * b) / (a - root) : -(a + root) / (2 * rest)
}

/** The step x with c x^2 - a x + b = 0 that stays between the poles. */
function interpolated(c: number, a: number, b: number, last: boolean): number {
  const root = Math.sqrt(Math.abs(a * a - 4 * b * c))
  if (last) return a >= 0 ? (a + root) / (2 * c) : (2 * b) / (a - root)
  return a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root)
}
