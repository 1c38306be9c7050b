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

/**
 * Root j (between poles j and j + 1; the last one between the last pole and that pole + rho). Writes all d_i - root to
 * `delta`, each with a small relative error, and returns the root.
 */
export function secularRoot({ d, z2, rho }: Secular, j: number, delta: Float64Array): number {
  const k = d.length
  const last = j === k - 1
  // The two poles that the interpolation keeps: those around the root, or the last two.
  const [low, high] = last ? [k - 2, k - 1] : [j, j + 1]
  const inverse = 1 / rho
  const gap = d[high]! - d[low]!
  const middle = (last ? rho : gap) / 2
  const base = d[last ? high : low]!
  let rest = inverse
  for (let i = 0; i < k; i++) if (i !== low && i !== high) rest += z2[i]! / (d[i]! - base - middle)
  const atMiddle = rest + z2[low]! / (d[low]! - base - middle) + z2[high]! / (d[high]! - base - middle)
  const nearLow = !last && atMiddle > 0
  const origin = d[nearLow ? low : high]!
  let [lower, upper] = last ? [0, rho] : nearLow ? [0, middle] : [-middle, 0]
  if (last && atMiddle <= 0) lower = middle
  if (last && atMiddle > 0) upper = middle
  let tau = firstGuess(rest, gap, z2[low]!, z2[high]!, last, nearLow)
  if (!(tau > lower && tau < upper)) tau = (lower + upper) / 2
  const weight = z2[nearLow ? low : high]!
  for (let iteration = 0; iteration < most; iteration++) {
    let [psi, dPsi, phi, dPhi, error] = [0, 0, 0, 0, 0]
    // Poles up to `split` have negative terms, the others positive ones; each sum grows towards the root.
    const split = last ? k - 2 : j
    for (let i = 0; i <= split; i++) {
      const difference = d[i]! - origin - tau
      const term = z2[i]! / difference
      psi += term
      dPsi += term / difference
      error -= psi
    }
    for (let i = k - 1; i > split; i--) {
      const difference = d[i]! - origin - tau
      const term = z2[i]! / difference
      phi += term
      dPhi += term / difference
      error += Math.abs(phi)
    }
    const value = inverse + psi + phi
    const slope = dPsi + dPhi
    const noise = eps * (8 * (Math.abs(phi) - psi) + error + 2 * inverse + Math.abs(tau) * slope)
    if (Math.abs(value) <= noise) break
    if (value < 0) lower = Math.max(lower, tau)
    else upper = Math.min(upper, tau)
    const [toLow, toHigh] = [d[low]! - origin - tau, d[high]! - origin - tau]
    let c: number
    if (last) c = Math.abs(value - toLow * dPsi - toHigh * dPhi)
    else if (nearLow) c = value - toHigh * slope + gap * (weight / (toLow * toLow))
    else c = value - toLow * slope - gap * (weight / (toHigh * toHigh))
    let step = interpolated(c, (toLow + toHigh) * value - toLow * toHigh * slope, toLow * toHigh * value, last)
    if (!(value * step < 0)) step = -value / slope
    let next = tau + step
    if (!(next > lower && next < upper)) next = (lower + upper) / 2
    if (next === tau || next === lower || next === upper) break
    tau = next
  }
  for (let i = 0; i < k; i++) delta[i] = d[i]! - origin - tau
  return origin + tau
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
