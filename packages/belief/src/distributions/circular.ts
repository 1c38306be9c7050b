/** Distributions of directions, such as the day in a year, in radians. */

import {
  acos,
  add,
  clip,
  constant,
  cos,
  div,
  exp,
  greater,
  log,
  maximum,
  minimum,
  mul,
  type Operand,
  or,
  randomUniform,
  reshape,
  round,
  sign,
  sliceAxis,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  where,
} from '@ecotope/tensor'
import { type Distribution, jointShape, LOG_TWO_PI, positive, spread, tensorOf } from './distribution.ts'

/** Up to here integrals over the circle, beyond series in 1 / κ. */
const LARGE = 100
/** On half the circle; the trapezoidal rule's error at κ = 100 is below 1e-30. */
const NODES = 65

const angles = Array.from({ length: NODES }, (_, i) => (Math.PI * i) / (NODES - 1))
const weights = angles.map((_, i) => (i === 0 || i === NODES - 1 ? 0.5 : 1) / (NODES - 1))

/** Σ coefficient κ^-i. */
const series = (k: Tensor, coefficients: readonly number[]): Tensor =>
  coefficients.reduceRight<Tensor>((total, c) => add(div(total, k), c), constant(0))

/** Means over the circle of e^(κ(cos θ − 1)) and of cos θ times it: I₀ and I₁ of κ, both times e^-κ. */
function bessel(k: Tensor): { readonly zero: Tensor; readonly one: Tensor } {
  const along = (values: readonly number[]): Tensor => constant(values, [NODES, ...k.shape.map(() => 1)])
  const cosines = angles.map(Math.cos)
  const heights = exp(mul(k, along(cosines.map((c) => c - 1))))
  return {
    zero: sum(mul(heights, along(weights)), 0),
    one: sum(mul(heights, along(weights.map((w, i) => w * cosines[i]!))), 0),
  }
}

/** ln I₀(κ) − κ. Abramowitz and Stegun 9.6.16 and 9.7.1. */
export function logBesselZero(k: Tensor): Tensor {
  const large = maximum(k, LARGE)
  const tail = log(series(large, [1, 1 / 8, 9 / 128, 225 / 3072, 11025 / 98304, 893025 / 3932160]))
  const far = sub(tail, mul(add(log(large), LOG_TWO_PI), 0.5))
  return where(greater(k, LARGE), far, log(bessel(minimum(k, LARGE)).zero))
}

/** I₁(κ) / I₀(κ): the mean resultant length. */
export function resultant(k: Tensor): Tensor {
  const { zero, one } = bessel(minimum(k, LARGE))
  const far = series(maximum(k, LARGE), [1, -1 / 2, -1 / 8, -1 / 8, -25 / 128, -13 / 32])
  return where(greater(k, LARGE), far, div(one, zero))
}

/** Each is accepted with probability 0.65 or more, so that all fail with less than 1e-13. */
const ATTEMPTS = 30
/** In place of a uniform number of 0, where a logarithm follows. */
const LEAST = 2 ** -25

/** Deviations from the mean direction, from a wrapped Cauchy envelope (Best and Fisher 1979). No gradient. */
function sampleDeviation(key: string, k: Tensor): Tensor {
  const shape = [ATTEMPTS, ...k.shape]
  const known = maximum(stopGradient(k), 1e-2)
  const tau = add(sqrt(add(mul(square(known), 4), 1)), 1)
  const rho = div(sub(tau, sqrt(mul(tau, 2))), mul(known, 2))
  const s = div(add(square(rho), 1), mul(rho, 2))
  const z = cos(mul(randomUniform(`${key}/angle`, shape), Math.PI))
  const cosine = div(add(mul(s, z), 1), add(s, z))
  const y = maximum(mul(known, sub(s, cosine)), LEAST)
  const u = maximum(randomUniform(`${key}/accept`, shape), LEAST)
  const accepted = or(greater(sub(mul(y, sub(2, y)), u), 0), greater(add(sub(log(div(y, u)), y), 1), 0))
  let chosen: Tensor = constant(1, k.shape)
  for (let i = ATTEMPTS - 1; i >= 0; i--) {
    const at = (x: Tensor): Tensor => reshape(sliceAxis(x, 0, i, i + 1), k.shape)
    chosen = where(at(accepted), at(cosine), chosen)
  }
  const side = sign(sub(randomUniform(`${key}/side`, k.shape), 0.5))
  return stopGradient(mul(acos(clip(chosen, -1, 1)), side))
}

/**
 * Von Mises: the Gaussian of the circle, with variance near 1 / concentration where that is large. Its mean is a
 * direction in [-π, π], its variance 1 − the mean resultant length; samples in [-π, π] carry gradients to the
 * location only.
 */
export function vonMises(given: {
  readonly location: Operand
  readonly concentration: Operand
}): Distribution<'vonMises'> {
  const location = tensorOf(given.location)
  const concentration = positive('concentration', given.concentration)
  const batch = jointShape(location, concentration)
  return {
    kind: 'vonMises',
    parameters: { location, concentration },
    logProbability: (x) => {
      const aligned = mul(concentration, sub(cos(sub(x, location)), 1))
      return sub(sub(aligned, logBesselZero(concentration)), LOG_TWO_PI)
    },
    sample: (key, shape = []) => wrapped(add(sampleDeviation(key, spread(concentration, shape, batch)), location)),
    mean: () => wrapped(spread(location, [], batch)),
    variance: () => spread(sub(1, resultant(concentration)), [], batch),
  }
}

/** The same direction in [-π, π]. */
const wrapped = (angle: Tensor): Tensor => sub(angle, mul(round(div(angle, 2 * Math.PI)), 2 * Math.PI))
