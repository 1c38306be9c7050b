/** Distributions of one real number. */

import {
  add,
  div,
  exp,
  expm1,
  greater,
  lgamma,
  log,
  log1p,
  mul,
  neg,
  type Operand,
  randomGamma,
  randomNormal,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
} from '@ecotope/tensor'
import { type Distribution, jointShape, LOG_TWO_PI, positive, spread, tensorOf } from './distribution.ts'

/** ln N(z; 0, 1). */
const logStandard = (z: Tensor): Tensor => mul(add(square(z), LOG_TWO_PI), -0.5)

/** Gaussian. */
export function normal(given: { readonly mean: Operand; readonly standardDeviation: Operand }): Distribution<'normal'> {
  const mean = tensorOf(given.mean)
  const deviation = positive('standardDeviation', given.standardDeviation)
  const batch = jointShape(mean, deviation)
  return {
    kind: 'normal',
    parameters: { mean, standardDeviation: deviation },
    logProbability: (x) => sub(logStandard(div(sub(x, mean), deviation)), log(deviation)),
    sample: (key, shape = []) => add(mul(randomNormal(key, [...shape, ...batch]), deviation), mean),
    mean: () => spread(mean, [], batch),
    variance: () => spread(square(deviation), [], batch),
  }
}

/** exp of a Gaussian with the given mean and standard deviation; x > 0. */
export function logNormal(given: { readonly location: Operand; readonly scale: Operand }): Distribution<'logNormal'> {
  const location = tensorOf(given.location)
  const scale = positive('scale', given.scale)
  const inner = normal({ mean: location, standardDeviation: scale })
  const mean = (): Tensor => exp(add(location, mul(square(scale), 0.5)))
  return {
    kind: 'logNormal',
    parameters: { location, scale },
    logProbability: (x) => {
      const logarithm = log(x)
      return sub(inner.logProbability(logarithm), logarithm)
    },
    sample: (key, shape) => exp(inner.sample(key, shape)),
    mean,
    variance: () => mul(expm1(square(scale)), square(mean())),
  }
}

/** Student's t with location and scale: a Gaussian with heavier tails. */
export function studentT(given: {
  readonly degrees: Operand
  readonly location: Operand
  readonly scale: Operand
}): Distribution<'studentT'> {
  const degrees = positive('degrees', given.degrees)
  const location = tensorOf(given.location)
  const scale = positive('scale', given.scale)
  const batch = jointShape(degrees, location, scale)
  const half = mul(degrees, 0.5)
  return {
    kind: 'studentT',
    parameters: { degrees, location, scale },
    logProbability: (x) => {
      const tail = mul(add(half, 0.5), log1p(div(square(div(sub(x, location), scale)), degrees)))
      const norm = sub(sub(lgamma(add(half, 0.5)), lgamma(half)), mul(log(mul(degrees, Math.PI)), 0.5))
      return sub(sub(norm, log(scale)), tail)
    },
    sample: (key, shape = []) => {
      const precision = div(randomGamma(`${key}/precision`, spread(half, shape, batch)), half)
      const standard = div(randomNormal(`${key}/normal`, [...shape, ...batch]), sqrt(precision))
      return add(mul(standard, scale), location)
    },
    /** Where degrees are above 1. */
    mean: () => spread(location, [], batch),
    /** Infinite up to 2 degrees. */
    variance: () => {
      const finite = greater(degrees, 2)
      const ratio = div(degrees, where(finite, sub(degrees, 2), 1))
      return where(finite, mul(square(scale), ratio), Number.POSITIVE_INFINITY)
    },
  }
}

/** Gamma with concentration (shape) and rate, mean concentration / rate; x > 0. */
export function gamma(given: { readonly concentration: Operand; readonly rate: Operand }): Distribution<'gamma'> {
  const concentration = positive('concentration', given.concentration)
  const rate = positive('rate', given.rate)
  const batch = jointShape(concentration, rate)
  return {
    kind: 'gamma',
    parameters: { concentration, rate },
    logProbability: (x) => {
      const power = add(mul(concentration, log(rate)), mul(sub(concentration, 1), log(x)))
      return sub(sub(power, mul(rate, x)), lgamma(concentration))
    },
    sample: (key, shape = []) => div(randomGamma(key, spread(concentration, shape, batch)), rate),
    mean: () => div(concentration, rate),
    variance: () => div(concentration, square(rate)),
  }
}

/** ln B(a, b). */
export const logBeta = (a: Operand, b: Operand): Tensor => sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)))

/** Beta; 0 < x < 1. */
export function beta(given: { readonly alpha: Operand; readonly beta: Operand }): Distribution<'beta'> {
  const a = positive('alpha', given.alpha)
  const b = positive('beta', given.beta)
  const batch = jointShape(a, b)
  return {
    kind: 'beta',
    parameters: { alpha: a, beta: b },
    logProbability: (x) => {
      const powers = add(mul(sub(a, 1), log(x)), mul(sub(b, 1), log1p(neg(x))))
      return sub(powers, logBeta(a, b))
    },
    sample: (key, shape = []) => {
      const first = randomGamma(`${key}/alpha`, spread(a, shape, batch))
      const second = randomGamma(`${key}/beta`, spread(b, shape, batch))
      return div(first, add(first, second))
    },
    mean: () => div(a, add(a, b)),
    variance: () => {
      const total = add(a, b)
      return div(mul(a, b), mul(square(total), add(total, 1)))
    },
  }
}
