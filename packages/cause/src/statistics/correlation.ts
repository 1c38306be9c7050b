/** P-values and intervals of (partial) correlations by Student's t distribution. */
import { studentT } from './distributions.ts'
import { betaFraction, binomialPart } from './special.ts'

interface Constants {
  readonly df: number
  /** -log B(df / 2, 1 / 2). */
  readonly logScale: number
}

const known = new Map<number, Constants>()
let last: Constants = { df: -1, logScale: 0 }

function constants(df: number): Constants {
  if (last.df === df) return last
  let found = known.get(df)
  if (found === undefined) {
    const a = df / 2
    const n = a + 0.5
    // At the mode the density is known without loss.
    const density = (binomialPart(a, 0.5, a / n, 0.5 / n) * a * 0.5) / n
    found = { df, logScale: Math.log(density) - a * Math.log1p(-0.5 / n) - 0.5 * Math.log(0.5 / n) }
    known.set(df, found)
  }
  last = found
  return found
}

/**
 * Probability of a correlation at least as far from zero as `r` where there is none, at `df` >= 1 degrees of freedom: the
 * regularised incomplete beta function of 1 - r^2 at (df / 2, 1 / 2). Relative error near 1e-13, also where it is tiny.
 */
export function correlationPValue(r: number, df: number): number {
  const square = r * r
  if (square === 0) return 1
  const rest = (1 - Math.abs(r)) * (1 + Math.abs(r))
  if (!(rest > 0)) return 0
  const a = df / 2
  const logRest = square < 0.5 ? Math.log1p(-square) : Math.log(rest)
  const front = Math.exp(a * logRest + constants(df).logScale) * Math.abs(r)
  if (rest < (a + 1) / (a + 2.5)) return (front * betaFraction(a, 0.5, rest)) / a
  return Math.max(0, 1 - front * betaFraction(0.5, a, square) * 2)
}

/** Bounds of a correlation by the shifted t distribution; `level` in (0, 1), `df` >= 1. */
export function correlationInterval(r: number, df: number, level: number): [number, number] {
  const centre = (r * Math.sqrt(df)) / Math.sqrt((1 - r) * (1 + r))
  if (!Number.isFinite(centre)) return [r, r]
  const reach = studentT(df).upperQuantile((1 - level) / 2)
  const back = (t: number): number => t / Math.sqrt(df + t * t)
  return [back(centre - reach), back(centre + reach)]
}
