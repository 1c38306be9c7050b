/** Reductions made of others. All take `axes` (default all) and `keepDims`. */

import { constant } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import { normaliseAxes, range, reducedShape } from '../shape.ts'
import {
  add,
  cast,
  clip,
  concat,
  exp,
  greater,
  log,
  max,
  mean,
  mul,
  neg,
  not,
  type ReduceOptions,
  reshape,
  sliceAxis,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  where,
} from './plain.ts'

type Axes = number | readonly number[]

function listed(x: Tensor, axes: Axes | undefined, what: string): readonly number[] {
  const list = axes === undefined ? range(0, x.shape.length) : typeof axes === 'number' ? [axes] : axes
  return normaliseAxes(list, x.shape.length, what)
}

/** Minimum; tied elements share the gradient equally. */
export const min = (x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor => neg(max(neg(x), axes, options))

/** Products of pairs until one is left: the gradient is right where elements are zero. */
function prodAxis(x: Tensor, axis: number): Tensor {
  let y = x
  for (let n = y.shape[axis]!; n > 1; n = y.shape[axis]!) {
    const half = Math.floor(n / 2)
    const pairs = mul(sliceAxis(y, axis, 0, half), sliceAxis(y, axis, half, 2 * half))
    y = n % 2 === 0 ? pairs : concat([pairs, sliceAxis(y, axis, n - 1, n)], axis)
  }
  return y
}

/** Product. */
export function prod(x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const list = listed(x, axes, 'prod')
  return reshape(list.reduce(prodAxis, x), reducedShape(x.shape, list, keepDims))
}

export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of elements in the divisor; 1 gives the unbiased estimate. Default 0. */
  readonly correction?: number
}

/** Mean squared deviation from the mean, in two passes. */
export function variance(x: Tensor, axes?: Axes, { keepDims = false, correction = 0 }: VarianceOptions = {}): Tensor {
  const list = listed(x, axes, 'variance')
  const count = list.reduce((n, axis) => n * x.shape[axis]!, 1)
  const squares = square(sub(x, mean(x, list, { keepDims: true })))
  const biased = mean(squares, list, { keepDims })
  return correction === 0 ? biased : mul(biased, count / (count - correction))
}

/** Square root of the variance; its gradient is not finite where the variance is 0. */
export function standardDeviation(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  return sqrt(variance(x, axes, options))
}

const LARGEST = 3.4028234663852886e38

/** log(sum(exp(x))), without overflow. Where all elements are minus infinity so is the result, with gradient 0. */
export function logSumExp(x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const list = listed(x, axes, 'logSumExp')
  // Limited, so that the difference of two infinities is none.
  const peak = clip(stopGradient(max(x, list, { keepDims: true })), -LARGEST, LARGEST)
  const total = sum(exp(sub(x, peak)), list, { keepDims })
  const some = greater(total, 0)
  const value = add(log(where(some, total, 1)), reshape(peak, total.shape))
  return where(some, value, constant(Number.NEGATIVE_INFINITY))
}

/** bool: whether any element of a bool tensor holds. */
export function any(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  return greater(max(cast(x, 'float32'), axes, options), 0)
}

/** bool: whether all elements of a bool tensor hold. */
export const all = (x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor => not(any(not(x), axes, options))
