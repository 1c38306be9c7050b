/** Special functions and the rarer elementary ones, all elementwise. */

import { apply, type Operand, operand } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import {
  abs,
  add,
  cast,
  clip,
  div,
  equal,
  exp,
  greater,
  less,
  maximum,
  mul,
  neg,
  pow,
  softplus,
  sub,
  tanh,
  where,
} from './plain.ts'

const none = {} as const

/** Gauss's error function. */
export const erf = (x: Operand): Tensor => apply('erf', [operand(x)], none)
/** 1 - erf(x), to full relative accuracy for large x too. */
export const erfc = (x: Operand): Tensor => apply('erfc', [operand(x)], none)
/** exp(x) - 1, to full relative accuracy near 0. */
export const expm1 = (x: Operand): Tensor => apply('expm1', [operand(x)], none)
/** log(1 + x) for x > -1, to full relative accuracy near 0. */
export const log1p = (x: Operand): Tensor => apply('log1p', [operand(x)], none)

/** Of an angle in radians. */
export const tan = (x: Operand): Tensor => apply('tan', [operand(x)], none)
/** Of -1 to 1, in radians from -pi/2 to pi/2. The gradient is infinite at both ends. */
export const asin = (x: Operand): Tensor => apply('asin', [operand(x)], none)
/** Of -1 to 1, in radians from 0 to pi. The gradient is infinite at both ends. */
export const acos = (x: Operand): Tensor => apply('acos', [operand(x)], none)
/** In radians from -pi/2 to pi/2. */
export const atan = (x: Operand): Tensor => apply('atan', [operand(x)], none)
/** (exp(x) - exp(-x)) / 2, exact for tiny x. */
export const sinh = (x: Operand): Tensor => mul(sub(expm1(x), expm1(neg(x))), 0.5)
export const cosh = (x: Operand): Tensor => mul(add(exp(x), exp(neg(x))), 0.5)

/**
 * The angle of the point (x, y) in radians, in (-pi, pi]; shapes broadcast. The sign of a zero does not count; at the
 * origin the value is 0 and the gradient has no meaning.
 */
export function atan2(y: Operand, x: Operand): Tensor {
  const [b, a] = [operand(y), operand(x)]
  const steep = greater(abs(b), abs(a))
  const over = where(steep, b, a)
  const slope = atan(div(where(steep, a, b), where(equal(over, 0), 1, over)))
  const below = less(b, 0)
  const right = where(less(a, 0), where(below, -Math.PI, Math.PI), 0)
  return where(steep, sub(where(below, -Math.PI / 2, Math.PI / 2), slope), add(slope, right))
}

/** Largest integer not above x. The gradient is 0. */
export const floor = (x: Operand): Tensor => apply('floor', [operand(x)], none)
/** Smallest integer not below x. The gradient is 0. */
export const ceil = (x: Operand): Tensor => apply('ceil', [operand(x)], none)
/** Nearest integer, halves to the even one (as NumPy). The gradient is 0. */
export const round = (x: Operand): Tensor => apply('round', [operand(x)], none)
/** -1, 0 or 1. The gradient is 0. */
export function sign(x: Operand): Tensor {
  const value = operand(x)
  return sub(cast(greater(value, 0), 'float32'), cast(less(value, 0), 'float32'))
}

/** 1 / x. */
export const reciprocal = (x: Operand): Tensor => pow(x, -1)
/** 1 / sqrt(x). */
export const rsqrt = (x: Operand): Tensor => pow(x, -0.5)

/** log |Gamma(x)|; infinite at 0, -1, -2, ... */
export const lgamma = (x: Operand): Tensor => apply('lgamma', [operand(x)], none)
/** The derivative of `lgamma`. Undefined at 0, -1, -2, ... */
export const digamma = (x: Operand): Tensor => polygamma(0, x)
/** The derivative of an order (an integer from 0 on) of `digamma`. Undefined at 0, -1, -2, ... */
export const polygamma = (order: number, x: Operand): Tensor => apply('polygamma', [operand(x)], { order })

/** Activations. */
export interface GeluOptions {
  /** `none`: x times the normal distribution function; `tanh`: its approximation. Default `none`. */
  readonly approximate?: 'none' | 'tanh'
}

/** Gaussian error linear unit (Hendrycks and Gimpel 2016). */
export function gelu(x: Operand, { approximate = 'none' }: GeluOptions = {}): Tensor {
  const value = operand(x)
  if (approximate === 'none') return mul(mul(value, 0.5), add(erf(mul(value, Math.SQRT1_2)), 1))
  const inner = mul(mul(value, add(mul(mul(value, value), 0.044715), 1)), Math.sqrt(2 / Math.PI))
  return mul(mul(value, 0.5), add(tanh(inner), 1))
}

/** x where it is positive, else `slope` x (Maas et al. 2013). */
export function leakyRelu(x: Operand, slope = 0.01): Tensor {
  const value = operand(x)
  return where(greater(value, 0), value, mul(value, slope))
}

/** x where it is positive, else alpha (exp(x) - 1) (Clevert et al. 2016). */
export function elu(x: Operand, alpha = 1): Tensor {
  const value = operand(x)
  return where(greater(value, 0), value, mul(expm1(where(greater(value, 0), 0, value)), alpha))
}

/** x / 6 + 1 / 2, limited to [0, 1] (as PyTorch). */
export const hardSigmoid = (x: Operand): Tensor => clip(add(div(x, 6), 0.5), 0, 1)
/** x hardSigmoid(x) (Howard et al. 2019). */
export const hardSwish = (x: Operand): Tensor => mul(x, hardSigmoid(x))
/** log(sigmoid(x)), without overflow. */
export const logSigmoid = (x: Operand): Tensor => neg(softplus(neg(x)))

/** Beyond the largest float32 everything is infinite; limited so, differences of infinities stay numbers. */
const LARGEST = 3.4028234663852886e38

/** log(exp(a) + exp(b)), without overflow; minus infinity is log 0. */
export function logAddExp(a: Operand, b: Operand): Tensor {
  const gap = abs(sub(clip(a, -LARGEST, LARGEST), clip(b, -LARGEST, LARGEST)))
  return add(maximum(a, b), softplus(neg(gap)))
}
