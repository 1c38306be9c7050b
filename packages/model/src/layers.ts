/** Building blocks of segmentation networks: each is a pair of its parameters and the function that applies them. */
import {
  add,
  constantInit,
  conv2d,
  div,
  groupNorm,
  heNormal,
  mean,
  mul,
  normalInit,
  type ParameterSpec,
  parameter,
  relu,
  reshape,
  silu,
  sqrt,
  square,
  sub,
  type Tensor,
  up2,
} from '@ecotope/tensor'

export type Activation = 'relu' | 'silu'

/**
 * `group`: statistics over a tile's group of channels (Wu and He 2018); robust and quick, but a value depends a little
 * on the rest of its tile. `channel`: statistics over the channels of each pixel alone (Ba et al. 2016), so that tiles
 * and whole images give the same values. `batch`: statistics over a training batch (Ioffe and Szegedy 2015), fixed
 * numbers in prediction, so that tiles and whole images agree too; see `batch-norm.ts`.
 */
export type Norm = 'group' | 'channel' | 'batch'

const GROUPS = 8
/** Added to variances before the root. */
export const EPS = 1e-5

/** As many groups as divide the channels, at most 8. */
function groupsOf(channels: number): number {
  let groups = Math.min(GROUPS, channels)
  while (channels % groups !== 0) groups--
  return groups
}

export type NormParameters = {
  readonly scale: ParameterSpec
  readonly bias: ParameterSpec
}

export type Leaves<T> = { readonly [K in keyof T]: T[K] extends ParameterSpec ? Tensor : Leaves<T[K]> }

export type ConvParameters = {
  readonly weight: ParameterSpec
  readonly bias: ParameterSpec
}

/** A k x k convolution `[out, in, k, k]` with bias. */
export function convParameters(inputs: number, outputs: number, kernel: number): ConvParameters {
  return {
    weight: parameter([outputs, inputs, kernel, kernel], heNormal()),
    bias: parameter([outputs], constantInit(0)),
  }
}

export const convolve = (x: Tensor, p: Leaves<ConvParameters>): Tensor => conv2d(x, p.weight, { bias: p.bias })

export type ConvNormParameters = {
  readonly weight: ParameterSpec
  readonly norm: NormParameters
}

export function convNormParameters(inputs: number, outputs: number, kernel = 3): ConvNormParameters {
  return {
    weight: parameter([outputs, inputs, kernel, kernel], heNormal()),
    norm: { scale: parameter([outputs], constantInit(1)), bias: parameter([outputs], constantInit(0)) },
  }
}

/** Convolution, norm and activation of x `[N, C, H, W]`: what the networks are mostly made of. */
export type ConvNorm = (x: Tensor, p: Leaves<ConvNormParameters>, activation: Activation | 'none') => Tensor

export const activations: Record<Activation | 'none', (x: Tensor) => Tensor> = { relu, silu, none: (x) => x }

/** How each norm predicts. For `batch` the parameters are those with the statistics folded in. */
export const convNorms: Record<Norm, ConvNorm> = {
  group: (x, p, activation) => {
    const y = conv2d(x, p.weight)
    return groupNorm(y, p.norm.scale, p.norm.bias, { groups: groupsOf(y.shape[1]!), eps: EPS, activation })
  },
  channel: (x, p, activation) => activations[activation](channelNorm(conv2d(x, p.weight), p.norm)),
  batch: (x, p, activation) => activations[activation](conv2d(x, p.weight, { bias: p.norm.bias })),
}

/** Layer normalisation over the channels of each pixel, x `[N, C, H, W]`. */
function channelNorm(x: Tensor, p: Leaves<NormParameters>): Tensor {
  const centred = sub(x, mean(x, [1], { keepDims: true }))
  const deviation = sqrt(add(mean(square(centred), [1], { keepDims: true }), EPS))
  const along = (v: Tensor): Tensor => reshape(v, [1, v.shape[0]!, 1, 1])
  return add(mul(div(centred, deviation), along(p.scale)), along(p.bias))
}

export type UpParameters = {
  readonly weight: ParameterSpec
  readonly bias: ParameterSpec
}

/** Transposed convolution that doubles the extents, `[in, out, 2, 2]`. */
export function upParameters(inputs: number, outputs: number): UpParameters {
  return {
    weight: parameter([inputs, outputs, 2, 2], normalInit(Math.sqrt(1 / inputs))),
    bias: parameter([outputs], constantInit(0)),
  }
}

export const enlarge = (x: Tensor, p: Leaves<UpParameters>): Tensor => up2(x, p.weight, { bias: p.bias })
