/** Functions of tensors evaluated in float64, and their finite differences: what the tests of transforms share. */

import { constant, evaluate, mul, type Shape, sum, type Tensor, trace } from '../src/index.ts'
import { sizeOf } from '../src/shape.ts'
import { apart } from './support.ts'

export type Fn = (...inputs: Tensor[]) => Tensor
export type Numbers = readonly Float64Array[]

/** The numbers of each output of `fn`, in float64. */
export function numbersOf(
  fn: (...inputs: Tensor[]) => readonly Tensor[],
  shapes: readonly Shape[],
  values: Numbers,
): Float64Array[] {
  const specs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }]))
  const program = trace((_, named) => Object.fromEntries(fn(...Object.values(named)).map((y, i) => [`y${i}`, y])), {
    parameters: {},
    inputs: specs,
  })
  const inputs = Object.fromEntries(shapes.map((_, i) => [`x${i}`, values[i]!]))
  return Object.values(evaluate(program, inputs)).map(({ data }) => data)
}

/** Numbers without ties for each shape. */
export const numbersFor = (shapes: readonly Shape[], seed = 1): Float64Array[] =>
  shapes.map((shape, i) => Float64Array.from(apart(sizeOf(shape), seed + i)))

/** A fixed weighted sum: a scalar that every element of y matters to. */
export const weighted = (y: Tensor): Tensor => sum(mul(y, constant(apart(sizeOf(y.shape), 77), y.shape)))

/** Central differences of a scalar `fn` along a direction. */
export function slopeAlong(fn: Fn, shapes: readonly Shape[], at: Numbers, along: Numbers, step = 1e-5): number {
  const moved = (factor: number): number =>
    numbersOf(
      (...xs) => [fn(...xs)],
      shapes,
      at.map((x, i) => x.map((v, j) => v + factor * along[i]![j]!)),
    )[0]![0]!
  return (moved(step) - moved(-step)) / (2 * step)
}
