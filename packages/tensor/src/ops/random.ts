/**
 * Random numbers by explicit keys: the same key, shape, seed and step give the same numbers, wherever they are used.
 * Use one key per purpose; scale and shift follow by arithmetic, so that gradients reach the parameters.
 */

import { type Operand, operand, randomLeaf } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import { broadcastShapes, type Shape } from '../shape.ts'
import { randomGamma } from './gamma.ts'
import { argMax, oneHot } from './indexing.ts'
import { add, div, less, log, maximum, mul, neg, softmax, stopGradient, sub, transpose } from './plain.ts'

export { randomGamma }

export interface UniformOptions {
  /** Default 0. */
  readonly low?: Operand
  /** Default 1. */
  readonly high?: Operand
}

/** Uniform in [low, high) but for rounding, in steps of 2^-24 of the range. */
export function randomUniform(key: string, shape: Shape, { low = 0, high = 1 }: UniformOptions = {}): Tensor {
  const unit = randomLeaf('uniform', key, shape)
  return low === 0 && high === 1 ? unit : add(mul(unit, sub(high, low)), low)
}

/** Standard normal. Mean m and standard deviation s: `add(mul(randomNormal(key, shape), s), m)`. */
export const randomNormal = (key: string, shape: Shape): Tensor => randomLeaf('normal', key, shape)

/** bool: true with probability p. `shape` is that of p unless given; p must broadcast to it. No gradient. */
export function randomBernoulli(key: string, p: Operand, shape?: Shape): Tensor {
  const probability = operand(p)
  const full = shape ?? probability.shape
  broadcastShapes(probability.shape, full, 'randomBernoulli')
  return less(randomLeaf('uniform', key, full), probability)
}

/** Half of the smallest step of uniform numbers, in place of 0 where a logarithm follows. */
const LEAST = 2 ** -25

/** Standard Gumbel noise. */
function gumbel(key: string, shape: Shape): Tensor {
  return neg(log(neg(log(maximum(randomLeaf('uniform', key, shape), LEAST)))))
}

/**
 * Places (int32) along an axis with probabilities softmax(logits), by the Gumbel-max method; the result lacks the axis.
 * No gradient.
 */
export function randomCategorical(key: string, logits: Tensor, axis = -1): Tensor {
  return argMax(add(logits, gumbel(key, logits.shape)), axis)
}

export interface GumbelSoftmaxOptions {
  /** Towards 0 the sample becomes one-hot. Default 1. */
  readonly temperature?: number
  /** One-hot values with the gradient of the soft ones. Default false. */
  readonly hard?: boolean
  /** Default the last. */
  readonly axis?: number
}

/** A differentiable sample from a categorical distribution (Jang et al. 2017, Maddison et al. 2017), shape of logits. */
export function gumbelSoftmax(key: string, logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor {
  const { temperature = 1, hard = false, axis = -1 } = options
  const noisy = div(add(logits, gumbel(key, logits.shape)), temperature)
  const soft = softmax(noisy, axis)
  if (!hard) return soft
  const at = axis < 0 ? axis + logits.shape.length : axis
  const last = oneHot(argMax(noisy, at), logits.shape[at]!)
  const back = logits.shape.map((_, i) => (i < at ? i : i === at ? logits.shape.length - 1 : i - 1))
  return add(stopGradient(sub(transpose(last, back), soft)), soft)
}
