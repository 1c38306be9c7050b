/** The few special functions that intervals and tests need, to double precision; not a statistics library. */
import { InputError } from '@ecotope/core'

const SQRT_PI = Math.sqrt(Math.PI)

/** Complementary error function; relative error below 1e-13 (Abramowitz & Stegun 7.1.6 below 2, 7.1.14 above). */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x)
  if (x < 2) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return 1 - (2 / SQRT_PI) * Math.exp(-x * x) * sum
  }
  let fraction = x
  for (let n = 120; n > 0; n--) fraction = x + n / 2 / fraction
  return Math.exp(-x * x) / (SQRT_PI * fraction)
}

/** Standard normal distribution function. */
export const normalCdf = (x: number): number => erfc(-x / Math.SQRT2) / 2

/** Standard normal quantile by bisection on the distribution function, polished by Newton; p in (0, 1). */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new InputError('BadLevel', `a probability must lie between 0 and 1, not ${p}`)
  if (p > 0.5) return -normalQuantile(1 - p)
  let low = -40
  let high = 0
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Half width of a two-sided normal interval in standard errors; 1.96 for 0.95. */
export const criticalValue = (level: number): number => {
  if (!(level > 0 && level < 1)) throw new InputError('BadLevel', `a confidence level must lie between 0 and 1`)
  return normalQuantile((1 + level) / 2)
}

/** Upper tail of chi-squared with one degree of freedom. */
export const chiSquaredTail1 = (x: number): number => erfc(Math.sqrt(x / 2))

/** P(X <= k) of a fair binomial of n trials, summed from the smallest term so that nothing underflows for n < 1000. */
export function fairBinomialCdf(k: number, n: number): number {
  if (k < 0) return 0
  let term = 2 ** -n
  let sum = term
  for (let i = 0; i < Math.min(k, n); i++) {
    term *= (n - i) / (i + 1)
    sum += term
  }
  return Math.min(1, sum)
}
