/** Attributes of the primitives on images: convolutions, pooling, normalisation and activations with fast forms. */

import type { None } from '../primitive.ts'

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

export interface SpatialAttributes {
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
