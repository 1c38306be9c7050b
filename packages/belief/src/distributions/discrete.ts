/** Distributions of classes and counts. */

import {
  add,
  cast,
  div,
  expand,
  expandDims,
  gatherElements,
  less,
  lgamma,
  log,
  log1p,
  logSoftmax,
  mul,
  neg,
  type Operand,
  randomCategorical,
  randomGamma,
  randomUniform,
  sigmoid,
  softmax,
  softplus,
  square,
  squeeze,
  sub,
  type Tensor,
} from '@ecotope/tensor'
import { type Distribution, jointShape, positive, spread, tensorOf } from './distribution.ts'
import { samplePoisson } from './sample-poisson.ts'

/** True or false, as 1 or 0, with probability sigmoid(logits) of 1. */
export function bernoulli(given: { readonly logits: Operand }): Distribution<'bernoulli'> {
  const logits = tensorOf(given.logits)
  const mean = (): Tensor => sigmoid(logits)
  return {
    kind: 'bernoulli',
    parameters: { logits },
    logProbability: (x) => sub(mul(x, logits), softplus(logits)),
    sample: (key, shape = []) =>
      cast(less(randomUniform(key, [...shape, ...logits.shape]), sigmoid(logits)), 'float32'),
    mean,
    variance: () => mul(mean(), sigmoid(neg(logits))),
  }
}

/** One of the classes along the last axis of the logits; x and samples are int32 without that axis. */
export function categorical(given: { readonly logits: Tensor }): Distribution<'categorical'> {
  const { logits } = given
  const classes = logits.shape.at(-1)!
  return {
    kind: 'categorical',
    parameters: { logits },
    logProbability: (x) => {
      const chosen = expandDims(tensorOf(x), -1)
      const all = expand(logSoftmax(logits), [...chosen.shape.slice(0, -1), classes])
      return squeeze(gatherElements(all, chosen, -1), -1)
    },
    sample: (key, shape = []) => randomCategorical(key, expand(logits, [...shape, ...logits.shape])),
    /** Probabilities, `[..., classes]`: the mean of one-hot vectors. */
    mean: () => softmax(logits),
    variance: () => {
      const p = softmax(logits)
      return mul(p, sub(1, p))
    },
  }
}

/** Counts of independent events; x = 0, 1, 2, ... Samples are float32. */
export function poisson(given: { readonly rate: Operand }): Distribution<'poisson'> {
  const rate = positive('rate', given.rate)
  return {
    kind: 'poisson',
    parameters: { rate },
    logProbability: (x) => sub(sub(mul(x, log(rate)), rate), lgamma(add(x, 1))),
    sample: (key, shape = []) => samplePoisson(key, spread(rate, shape, rate.shape)),
    mean: () => rate,
    variance: () => rate,
  }
}

/** Counts with a rate that varies as a gamma variable: variance is mean + mean² / dispersion. Samples are float32. */
export function negativeBinomial(given: {
  readonly mean: Operand
  readonly dispersion: Operand
}): Distribution<'negativeBinomial'> {
  const mean = positive('mean', given.mean)
  const dispersion = positive('dispersion', given.dispersion)
  const batch = jointShape(mean, dispersion)
  return {
    kind: 'negativeBinomial',
    parameters: { mean, dispersion },
    logProbability: (x) => {
      const ways = sub(sub(lgamma(add(x, dispersion)), lgamma(dispersion)), lgamma(add(x, 1)))
      const misses = mul(dispersion, log1p(div(mean, dispersion)))
      return add(sub(ways, misses), mul(x, sub(log(mean), log(add(mean, dispersion)))))
    },
    sample: (key, shape = []) => {
      const gamma = randomGamma(`${key}/rate`, spread(dispersion, shape, batch))
      return samplePoisson(`${key}/count`, mul(gamma, div(mean, dispersion)))
    },
    mean: () => spread(mean, [], batch),
    variance: () => add(mean, div(square(mean), dispersion)),
  }
}
