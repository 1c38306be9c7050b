/** Attributes of the primitives on images: convolutions, pooling, normalisation and activations with fast forms. */

import type { None } from '../primitive.ts'

/**
 * How a kernel moves over a signal, an image or a volume: one stride and one dilation per spatial axis (1 to 3 of
 * them, the last varies fastest); padding is zeros, first before each axis, then after each: `[top, left, bottom, right]`.
 */
export interface Window {
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: readonly number[]
}

/** A window with weights. Channels form `groups` that do not see each other; with one channel in each it is depthwise. */
export interface Stencil extends Window {
  readonly groups: number
}

/** A window that takes one number of what it covers. */
export interface Pooling extends Window {
  readonly kernel: readonly number[]
}

export interface Grouping {
  readonly groups: number
  readonly eps: number
  /** Statistics over all samples together. With as many groups as channels this is batch normalisation. */
  readonly overBatch: boolean
}

export interface SpatialAttributes {
  /** x `[N, C, ...size]`, w `[O, C/groups, ...kernel]`, optional bias `[O]`. */
  readonly conv: Stencil
  /** g `[N, O, ...]`, w `[O, C/groups, ...kernel]` to the gradient of x, whose extents are `size`. */
  readonly convInputGrad: Stencil & { readonly size: readonly number[] }
  /** g `[N, O, ...]`, x `[N, C, ...size]` to the gradient of w, whose kernel is `kernel`. */
  readonly convWeightGrad: Stencil & { readonly kernel: readonly number[] }
  /** Transposed convolution, kernel 2, stride 2: x `[N, C, H, W]`, w `[C, O, 2, 2]`, optional bias `[O]`. */
  readonly up2: None
  readonly up2InputGrad: None
  readonly up2WeightGrad: None
  /** x `[N, C, ...]`. The maximum of each window, over what lies inside the image. */
  readonly maxPool: Pooling
  /** g, x, y = maxPool(x). The first maximum of a window (its last axis varies fastest) receives g. */
  readonly maxPoolGrad: Pooling
  /** u (of x's shape), x, y = maxPool(x). What u has at the first maximum of each window: the adjoint of `maxPoolGrad`. */
  readonly maxPoolTake: Pooling
  // pooling, 2 x 2 windows on even extents
  readonly maxPool2: None
  /** g, x, y = maxPool2(x). Where a window's maximum is tied, the tied elements share g equally. */
  readonly maxPool2Grad: None
  readonly sumPool2: None
  /** Nearest neighbour, factor 2. The adjoint of `sumPool2`. */
  readonly upsample2: None
  // activations and their gradients
  readonly relu: None
  readonly silu: None
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

export type SpatialPrimitive = keyof SpatialAttributes
