/** Functions on images `[N, C, H, W]`: convolution, pooling, normalisation. */

import { InputError } from '@ecotope/core'
import { apply } from '../apply.ts'
import type { Pair, Tensor } from '../primitive.ts'
import { mul, silu, slice } from './plain.ts'

export interface ConvOptions {
  /** `[O]`. */
  readonly bias?: Tensor
  /** `same`: output extents are ceil(input / stride), as in ONNX's SAME_UPPER; or zeros `[top, left, bottom, right]`. Default `same`. */
  readonly padding?: 'same' | 'valid' | readonly [number, number, number, number]
  /** Default 1. */
  readonly stride?: number | Pair
  /** Default 1. */
  readonly dilation?: number | Pair
}

const pair = (value: number | Pair | undefined): Pair =>
  value === undefined ? [1, 1] : typeof value === 'number' ? [value, value] : value

/** Cross-correlation of x `[N, C, H, W]` with w `[O, C, kh, kw]`. */
export function conv2d(x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor {
  const stride = pair(options.stride)
  const dilation = pair(options.dilation)
  const attributes = { stride, dilation, padding: paddingOf(x, w, stride, dilation, options.padding ?? 'same') }
  return apply('conv', options.bias === undefined ? [x, w] : [x, w, options.bias], attributes)
}

function paddingOf(
  x: Tensor,
  w: Tensor,
  stride: Pair,
  dilation: Pair,
  padding: NonNullable<ConvOptions['padding']>,
): readonly [number, number, number, number] {
  if (padding === 'valid') return [0, 0, 0, 0]
  if (padding !== 'same') return padding
  // With stride s on an extent divisible by s this is symmetric for odd kernels only where s = 1; the odd cell goes last.
  const total = (axis: 0 | 1): number => {
    const extent = x.shape[axis + 2] ?? 1
    const reach = dilation[axis] * ((w.shape[axis + 2] ?? 1) - 1) + 1
    return Math.max(0, (Math.ceil(extent / stride[axis]) - 1) * stride[axis] + reach - extent)
  }
  const [v, h] = [total(0), total(1)]
  return [Math.floor(v / 2), Math.floor(h / 2), Math.ceil(v / 2), Math.ceil(h / 2)]
}

/** Transposed convolution with kernel 2 and stride 2: x `[N, C, H, W]`, w `[C, O, 2, 2]` to `[N, O, 2H, 2W]`. */
export function up2(x: Tensor, w: Tensor, options: { readonly bias?: Tensor } = {}): Tensor {
  return apply('up2', options.bias === undefined ? [x, w] : [x, w, options.bias], {})
}

function evenPart(x: Tensor): Tensor {
  const [n = 1, c = 1, h = 1, w = 1] = x.shape
  return slice(x, [0, 0, 0, 0], [n, c, h - (h % 2), w - (w % 2)])
}

/** Maximum over 2 x 2 windows; a last odd row or column is left out. */
export const maxPool2 = (x: Tensor): Tensor => apply('maxPool2', [evenPart(x)], {})
/** Mean over 2 x 2 windows; a last odd row or column is left out. */
export const meanPool2 = (x: Tensor): Tensor => mul(apply('sumPool2', [evenPart(x)], {}), 0.25)
/** Nearest-neighbour enlargement by 2. */
export const upsample2 = (x: Tensor): Tensor => apply('upsample2', [x], {})

export interface GroupNormOptions {
  readonly groups: number
  /** Default 1e-5. */
  readonly eps?: number
  /**
   * Statistics over all samples of the batch together, not of each: with as many groups as channels, batch
   * normalisation (Ioffe and Szegedy 2015) by the batch's own statistics. Default false.
   */
  readonly overBatch?: boolean
  /** Applied after the normalisation. Default `none`. */
  readonly activation?: 'none' | 'relu' | 'silu'
}

/** Group normalisation (Wu and He 2018) of x `[N, C, H, W]` with `scale` and `bias` `[C]`, then the activation. */
export function groupNorm(x: Tensor, scale: Tensor, bias: Tensor, options: GroupNormOptions): Tensor {
  const { groups, eps = 1e-5, activation = 'none', overBatch = false } = options
  if (!Number.isInteger(groups) || groups < 1) {
    throw new InputError('ParameterOutOfRange', `groupNorm: groups must be a positive integer, not ${groups}`)
  }
  const y = apply('groupNorm', [x, scale, bias], {
    groups,
    eps,
    overBatch,
    activation: activation === 'relu' ? 'relu' : 'none',
  })
  return activation === 'silu' ? silu(y) : y
}
