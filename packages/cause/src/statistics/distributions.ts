/** Probability distributions that tests need: density, both tails (exact where they are tiny) and quantiles. */
import { normalQuantile, upperNormalQuantile } from './normal-quantile.ts'
import { betaI, binomialPart, deviancePart, gammaP, gammaQ, logBeta, logGamma, stirlingError } from './special.ts'

export interface Distribution {
  density(x: number): number
  /** Probability of at most x. */
  cdf(x: number): number
  /** Probability of more than x. */
  sf(x: number): number
  /** The x with cdf(x) = p, p in [0, 1]. */
  quantile(p: number): number
  /** The x with sf(x) = q, q in [0, 1]; exact for tiny q. */
  upperQuantile(q: number): number
}

const SQRT_2PI = Math.sqrt(2 * Math.PI)

/** The parts that a distribution gives; quantiles follow from them. */
interface Parts {
  readonly support: readonly [lower: number, upper: number]
  /** A point and a length from which the search for a quantile starts. */
  readonly start: readonly [centre: number, scale: number]
  density(x: number): number
  cdf(x: number): number
  sf(x: number): number
}

/** Root of a falling (`upper`) or rising tail, on the log of it, by Newton steps kept inside a bracket. */
function invert(parts: Parts, target: number, upper: boolean): number {
  const [low, high] = parts.support
  if (target === 0) return upper ? high : low
  if (target === 1) return upper ? low : high
  if (!(target > 0 && target < 1)) return Number.NaN
  const tail = (x: number): number => (upper ? parts.sf(x) : parts.cdf(x))
  const below = (x: number): boolean => tail(x) > target === upper
  const bracket = bracketOf(parts, below)
  let x = parts.start[0] > bracket[0] && parts.start[0] < bracket[1] ? parts.start[0] : (bracket[0] + bracket[1]) / 2
  for (let i = 0; i < 300; i++) {
    const value = tail(x)
    if (value > target === upper) bracket[0] = x
    else bracket[1] = x
    const slope = (upper ? -1 : 1) * parts.density(x)
    // In the tail itself the log of the probability is nearly a parabola, the probability is not.
    const step = value > 0 && value < 0.5 ? (Math.log(value / target) * value) / slope : (value - target) / slope
    let next = x - step
    if (!(next > bracket[0] && next < bracket[1])) next = (bracket[0] + bracket[1]) / 2
    const moved = Math.abs(next - x)
    x = next
    if (moved <= 2e-16 * Math.abs(x) || bracket[1] - bracket[0] <= 2e-16 * Math.abs(x)) break
  }
  return x
}

function bracketOf({ support, start }: Parts, below: (x: number) => boolean): [number, number] {
  const [centre, scale] = start
  let [low, high] = [centre, centre]
  for (let step = scale; !below(low) && low > support[0]; step *= 2) low = Math.max(support[0], low - step)
  for (let step = scale; below(high) && high < support[1]; step *= 2) high = Math.min(support[1], high + step)
  return [low, high]
}

const distribution = (parts: Parts): Distribution => ({
  density: parts.density,
  cdf: parts.cdf,
  sf: parts.sf,
  quantile: (p) => (p > 0.5 ? invert(parts, 1 - p, true) : invert(parts, p, false)),
  upperQuantile: (q) => (q > 0.5 ? invert(parts, 1 - q, false) : invert(parts, q, true)),
})

const normalTail = (x: number): number => (x < 0 ? 1 - gammaQ(0.5, (x * x) / 2) / 2 : gammaQ(0.5, (x * x) / 2) / 2)

/** The standard normal distribution. */
export const normal: Distribution = {
  density: (x) => Math.exp((-x * x) / 2) / SQRT_2PI,
  cdf: (x) => normalTail(-x),
  sf: normalTail,
  quantile: normalQuantile,
  upperQuantile: (q) => (q < 0.05 ? upperNormalQuantile(q) : -normalQuantile(q)),
}

/** Student's t with `df` > 0 degrees of freedom. */
export function studentT(df: number): Distribution {
  const front = Math.exp(-logBeta(df / 2, 0.5)) / Math.sqrt(df)
  const tail = (t: number): number => {
    const square = t * t
    const half = betaI(df / 2, 0.5, df / (df + square), square / (df + square)) / 2
    return t < 0 ? 1 - half : half
  }
  const upper = (t: number): number =>
    t === Number.POSITIVE_INFINITY ? 0 : t === Number.NEGATIVE_INFINITY ? 1 : tail(t)
  return distribution({
    support: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    start: [0, 1],
    density: (t) => front * Math.exp(-((df + 1) / 2) * Math.log1p((t * t) / df)),
    cdf: (t) => upper(-t),
    sf: upper,
  })
}

/** Gamma distribution of `shape` > 0 and `scale` > 0. */
export function gammaDistribution(shape: number, scale: number): Distribution {
  return distribution({
    support: [0, Number.POSITIVE_INFINITY],
    start: [shape * scale, Math.sqrt(shape) * scale],
    density: (x) =>
      x > 0
        ? (Math.exp(-stirlingError(shape) - deviancePart(shape, x / scale)) / Math.sqrt(2 * Math.PI * shape)) *
          (shape / x)
        : 0,
    cdf: (x) => (x > 0 ? gammaP(shape, x / scale) : 0),
    sf: (x) => (x > 0 ? gammaQ(shape, x / scale) : 1),
  })
}

/** Chi-squared with `df` > 0 degrees of freedom. */
export const chiSquared = (df: number): Distribution => gammaDistribution(df / 2, 2)

/** Fisher's F with `df1` and `df2` > 0 degrees of freedom. */
export function fisherF(df1: number, df2: number): Distribution {
  const parts = (x: number): [number, number] => {
    const scaled = df1 * x
    return [scaled / (scaled + df2), df2 / (scaled + df2)]
  }
  const end = (x: number): boolean => x === Number.POSITIVE_INFINITY
  return distribution({
    support: [0, Number.POSITIVE_INFINITY],
    start: [1, 1],
    density: (x) => {
      if (!(x > 0)) return 0
      const [u, v] = parts(x)
      const log = (df1 / 2) * Math.log(u) + (df2 / 2) * Math.log(v) - logBeta(df1 / 2, df2 / 2)
      return Math.exp(log) / x
    },
    cdf: (x) => (x > 0 ? (end(x) ? 1 : betaI(df1 / 2, df2 / 2, ...parts(x))) : 0),
    sf: (x) => (x > 0 ? (end(x) ? 0 : betaI(df2 / 2, df1 / 2, ...swapped(parts(x)))) : 1),
  })
}

const swapped = ([a, b]: [number, number]): [number, number] => [b, a]

export interface DiscreteDistribution {
  mass(k: number): number
  cdf(k: number): number
  sf(k: number): number
  /** The least k with cdf(k) >= p. */
  quantile(p: number): number
}

/** Successes in `n` trials of probability `p`. */
export function binomial(n: number, p: number): DiscreteDistribution {
  const cdf = (k: number): number => {
    const whole = Math.floor(k)
    return whole < 0 ? 0 : whole >= n ? 1 : betaI(n - whole, whole + 1, 1 - p, p)
  }
  return {
    mass: (k) => {
      if (!Number.isInteger(k) || k < 0 || k > n) return 0
      if (p === 0 || p === 1) return k === (p === 0 ? 0 : n) ? 1 : 0
      return binomialPart(k, n - k, p, 1 - p)
    },
    cdf,
    sf: (k) => {
      const whole = Math.floor(k)
      return whole < 0 ? 1 : whole >= n ? 0 : betaI(whole + 1, n - whole, p, 1 - p)
    },
    quantile: (target) => {
      let [low, high] = [-1, n]
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        // The tolerance is for rounding in cdf where it hits the target exactly.
        if (cdf(middle) >= target * (1 - 1e-14)) high = middle
        else low = middle
      }
      return high
    },
  }
}

/** log of the binomial coefficient. */
export const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
