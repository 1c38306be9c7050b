/**
 * The closed set of primitives, their attributes, and the node of the graph that tracing builds.
 * Rules live in tables keyed by `Primitive`; this file holds none.
 */

import type { Shape } from './shape.ts'

/** Element types. Arithmetic is on `float32` (`float64` in the reference interpreter); `bool` comes from comparisons. */
export type DType = 'float32' | 'int32' | 'bool'

export interface TensorSpec {
  readonly shape: Shape
  /** Default `float32`. */
  readonly dtype?: DType
}

export type Pair = readonly [number, number]

/** How a kernel moves over an image: `[vertical, horizontal]`; padding is `[top, left, bottom, right]` zeros. */
export interface Stencil {
  readonly stride: Pair
  readonly dilation: Pair
  readonly padding: readonly [number, number, number, number]
}

export interface Grouping {
  readonly groups: number
  readonly eps: number
  /** Statistics over all samples together. With as many groups as channels this is batch normalisation. */
  readonly overBatch: boolean
}

export type None = Readonly<Record<never, never>>

interface Reduction {
  /** Normalised: ascending, non-negative. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** Attributes per primitive: everything static that a rule needs besides the inputs. */
export interface Attributes {
  // leaves
  readonly input: { readonly name: string }
  readonly parameter: { readonly path: string; readonly offset: number }
  readonly constant: { readonly data: Float64Array }
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
  readonly relu: None
  readonly softplus: None
  readonly silu: None
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
  readonly less: None
  readonly equal: None
  readonly and: None
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
  // products
  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  /** x `[N, C, H, W]`, w `[O, C, kh, kw]`, optional bias `[O]`. */
  readonly conv: Stencil
  /** g `[N, O, h, w]`, w `[O, C, kh, kw]` to the gradient of x, whose extents are `size`. */
  readonly convInputGrad: Stencil & { readonly size: Pair }
  /** g `[N, O, h, w]`, x `[N, C, H, W]` to the gradient of w, whose kernel is `kernel`. */
  readonly convWeightGrad: Stencil & { readonly kernel: Pair }
  /** Transposed convolution, kernel 2, stride 2: x `[N, C, H, W]`, w `[C, O, 2, 2]`, optional bias `[O]`. */
  readonly up2: None
  readonly up2InputGrad: None
  readonly up2WeightGrad: None
  // pooling, 2 x 2 windows on even extents
  readonly maxPool2: None
  /** g, x, y = maxPool2(x). Where a window's maximum is tied, each of the tied elements receives g. */
  readonly maxPool2Grad: None
  readonly sumPool2: None
  /** Nearest neighbour, factor 2. The adjoint of `sumPool2`. */
  readonly upsample2: None
  // activations' gradients
  /** g where y > 0, else 0. */
  readonly reluMask: None
  /** g times the derivative of SiLU at x. */
  readonly siluGrad: None
  /** x `[N, C, H, W]`, scale `[C]`, bias `[C]`; statistics over groups of channels (Wu and He 2018). */
  readonly groupNorm: Grouping & { readonly activation: 'none' | 'relu' }
  /** g, x, scale. */
  readonly groupNormInputGrad: Grouping
  /** g, x. */
  readonly groupNormScaleGrad: Grouping
}

export type Primitive = keyof Attributes

/** A symbolic array: one application of a primitive. Immutable; made by the functions of `ops.ts` only. */
export interface Tensor<P extends Primitive = Primitive> {
  readonly op: P
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes[P]
  readonly shape: Shape
  readonly dtype: DType
  /** The layer in which it was traced, such as `encoder.0`; empty outside any. */
  readonly scope: string
}

/** The nodes that the outputs need, every node after its inputs. */
export function topological(outputs: Iterable<Tensor>): Tensor[] {
  const order: Tensor[] = []
  const seen = new Set<Tensor>()
  for (const output of outputs) {
    const stack: { node: Tensor; next: number }[] = [{ node: output, next: 0 }]
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      if (top.next === 0 && seen.has(top.node)) {
        stack.pop()
        continue
      }
      seen.add(top.node)
      const input = top.node.inputs[top.next++]
      if (input === undefined) {
        order.push(top.node)
        stack.pop()
      } else if (!seen.has(input)) stack.push({ node: input, next: 0 })
    }
  }
  return order
}
