/** What the shape rules are made of: checks that name the operation and the layer. */

import { InputError } from '@ecotope/core'
import type { DType, Tensor } from '../primitive.ts'
import type { Shape } from '../shape.ts'

export interface Inferred {
  readonly shape: Shape
  readonly dtype: DType
}

export type Operand = Pick<Tensor, 'shape' | 'dtype'>
export type Rule<A> = (inputs: readonly Operand[], attributes: A, what: string) => Inferred

export function need(condition: boolean, what: string, message: string, data: Record<string, unknown> = {}): void {
  if (!condition) throw new InputError('ShapeMismatch', `${what}: ${message}`, { data })
}

export function needFloat(inputs: readonly Operand[], what: string): void {
  for (const { dtype } of inputs) {
    if (dtype !== 'float32') throw new InputError('DTypeMismatch', `${what}: needs float32, not ${dtype}`)
  }
}

/** Numbers of one dtype, which is then the result's. */
export function needNumbers(inputs: readonly Operand[], what: string): DType {
  const dtype = inputs[0]!.dtype
  for (const other of inputs) {
    if (other.dtype === 'bool') throw new InputError('DTypeMismatch', `${what}: needs numbers, not bool`)
    if (other.dtype !== dtype) throw new InputError('DTypeMismatch', `${what}: takes ${dtype} with ${other.dtype}`)
  }
  return dtype
}

/** As `unary`, for float32 and int32. */
export const unaryNumber: Rule<unknown> = (inputs, _, what) => {
  return { shape: inputs[0]!.shape, dtype: needNumbers(inputs, what) }
}

/** One operand and a result of its shape. */
export const unary: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  return { shape: inputs[0]!.shape, dtype: 'float32' }
}
