/** Attributes of the leaves and of the elementary primitives: everything static that a rule needs besides the inputs. */

import type { DType, None } from '../primitive.ts'
import type { Shape } from '../shape.ts'

interface Reduction {
  /** Normalised: ascending, non-negative. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

export interface PlainAttributes {
  // leaves
  readonly input: { readonly name: string }
  readonly parameter: { readonly path: string; readonly offset: number }
  readonly constant: { readonly data: Float64Array }
  /** Numbers in [0, 1), or standard normal ones, that depend only on seed, step, key, distribution and shape. */
  readonly random: { readonly distribution: 'uniform' | 'normal'; readonly key: string }
  // elementwise, one operand
  readonly neg: None
  readonly exp: None
  readonly log: None
  readonly sqrt: None
  readonly abs: None
  readonly sin: None
  readonly cos: None
  readonly sigmoid: None
  readonly tanh: None
  readonly softplus: None
  readonly powConstant: { readonly exponent: number }
  readonly clip: { readonly low: number; readonly high: number }
  readonly stopGradient: None
  readonly cast: { readonly dtype: DType }
  readonly not: None
  // elementwise, two or three operands, broadcasting
  readonly add: None
  readonly sub: None
  readonly mul: None
  readonly div: None
  readonly minimum: None
  readonly maximum: None
  readonly greater: None
  readonly greaterEqual: None
  readonly less: None
  readonly equal: None
  readonly and: None
  readonly or: None
  readonly where: None
  // reductions
  readonly sum: Reduction
  readonly mean: Reduction
  readonly max: Reduction
  readonly softmax: { readonly axis: number }
  readonly logSoftmax: { readonly axis: number }
  // shape
  readonly reshape: { readonly shape: Shape }
  readonly transpose: { readonly permutation: readonly number[] }
  /** Only the axes that are cut, so that the others may vary. */
  readonly slice: {
    readonly axes: readonly number[]
    readonly starts: readonly number[]
    readonly ends: readonly number[]
  }
  readonly pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }
  readonly concat: { readonly axis: number }
  readonly expand: { readonly shape: Shape }
  readonly reverse: { readonly axes: readonly number[] }
  // normalisation of the last axis
  /** x `[..., C]`, scale `[C]`, bias `[C]` (Ba et al. 2016). */
  readonly layerNorm: { readonly eps: number }
  /** g, x, scale. */
  readonly layerNormInputGrad: { readonly eps: number }
  /** g, x. */
  readonly layerNormScaleGrad: { readonly eps: number }
  // products
  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
}

export type PlainPrimitive = keyof PlainAttributes
