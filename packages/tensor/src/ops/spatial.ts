/** Functions on signals `[N, C, L]`, images `[N, C, H, W]` and volumes `[N, C, D, H, W]`: convolution, pooling, normalisation. */

import { InputError } from '@ecotope/core'
import { apply, constant } from '../apply.ts'
import type { Pooling, Tensor, Window } from '../primitive.ts'
import { range, sameShape, showShape, sizeOf } from '../shape.ts'
import { add, mean, mul, reshape, silu, slice } from './plain.ts'

/** Zeros beside the image: `same` and `valid` as they say, one number for every side, or `[...before, ...after]`. */
export type Padding = 'same' | 'valid' | number | readonly number[]

export interface ConvOptions {
  /** `[O]`. */
  readonly bias?: Tensor
  /**
   * `same`: output extents are ceil(input / stride), as in ONNX's SAME_UPPER; `valid`: none; one number for every side;
   * or zeros before each axis, then after each: `[top, left, bottom, right]` for images. Default `same`.
   */
  readonly padding?: Padding
  /** One number, or one per spatial axis. Default 1. */
  readonly stride?: number | readonly number[]
  /** One number, or one per spatial axis. Default 1. */
  readonly dilation?: number | readonly number[]
  /**
   * Channels in so many groups, each convolved by itself; with as many groups as input channels, a depthwise
   * convolution. Default 1.
   */
  readonly groups?: number
}

export interface ConvTransposeOptions extends ConvOptions {
  /**
   * `same`: output extents are input x stride; otherwise what the convolution that this is the adjoint of is padded
   * by, so that the output is smaller. Default `same`.
   */
  readonly padding?: Padding
  /** Added to the output's extents after each axis, less than the stride; not with `same`. Default 0. */
  readonly outputPadding?: number | readonly number[]
}

/** One number for all of `count` places, or a list of as many. */
function each(value: number | readonly number[] | undefined, count: number, name: string, fill = 1): readonly number[] {
  if (typeof value !== 'object') return new Array<number>(count).fill(value ?? fill)
  if (value.length === count) return value
  throw new InputError('ShapeMismatch', `${name} must be one number or ${count}, not [${value.join(', ')}]`, {
    data: { [name]: value },
  })
}

/** Half of what a window of stride s must read beyond `size` to give ceil(size / s) values; the odd cell goes last. */
function samePadding(size: readonly number[], kernel: readonly number[], { stride, dilation }: Moves): number[] {
  const totals = stride.map((step, axis) => {
    const extent = size[axis] ?? 1
    const reach = dilation[axis]! * ((kernel[axis] ?? 1) - 1) + 1
    return Math.max(0, (Math.ceil(extent / step) - 1) * step + reach - extent)
  })
  return [...totals.map((n) => Math.floor(n / 2)), ...totals.map((n) => Math.ceil(n / 2))]
}

type Moves = Pick<Window, 'stride' | 'dilation'>

function paddingOf(
  padding: Padding,
  size: readonly number[],
  kernel: readonly number[],
  moves: Moves,
): readonly number[] {
  if (padding === 'same') return samePadding(size, kernel, moves)
  return each(padding === 'valid' ? 0 : padding, 2 * moves.stride.length, 'padding')
}

function conv(d: number, x: Tensor, w: Tensor, options: ConvOptions): Tensor {
  const { bias, padding = 'same', groups = 1 } = options
  const moves = { stride: each(options.stride, d, 'stride'), dilation: each(options.dilation, d, 'dilation') }
  const attributes = { ...moves, groups, padding: paddingOf(padding, x.shape.slice(2), w.shape.slice(2), moves) }
  return apply('conv', bias === undefined ? [x, w] : [x, w, bias], attributes)
}

/** Cross-correlation of a signal x `[N, C, L]` with w `[O, C/groups, k]`. */
export const conv1d = (x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor => conv(1, x, w, options)
/** Cross-correlation of an image x `[N, C, H, W]` with w `[O, C/groups, kh, kw]`. */
export const conv2d = (x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor => conv(2, x, w, options)
/** Cross-correlation of a volume x `[N, C, D, H, W]` with w `[O, C/groups, kd, kh, kw]`. */
export const conv3d = (x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor => conv(3, x, w, options)

/** The output's extents of a transposed convolution, and the padding of the convolution whose adjoint it is. */
function transposedExtents(
  x: Tensor,
  kernel: readonly number[],
  moves: Moves,
  { padding = 'same', outputPadding }: ConvTransposeOptions,
): { size: readonly number[]; padding: readonly number[] } {
  const { stride, dilation } = moves
  const d = stride.length
  const extent = (axis: number): number => x.shape[axis + 2] ?? 1
  if (padding === 'same') {
    if (outputPadding !== undefined) {
      throw new InputError('ParameterOutOfRange', "convTranspose: outputPadding does not go with padding 'same'")
    }
    const size = stride.map((step, axis) => step * extent(axis))
    return { size, padding: samePadding(size, kernel, moves) }
  }
  const around = paddingOf(padding, [], kernel, moves)
  const extra = each(outputPadding, d, 'outputPadding', 0)
  const size = stride.map((step, axis) => {
    const more = extra[axis] ?? 0
    if (!Number.isInteger(more) || more < 0 || more >= step) {
      throw new InputError('ParameterOutOfRange', `convTranspose: outputPadding ${more} is not in 0 to ${step - 1}`)
    }
    const reach = dilation[axis]! * ((kernel[axis] ?? 1) - 1) + 1
    return (extent(axis) - 1) * step + reach + more - (around[axis] ?? 0) - (around[axis + d] ?? 0)
  })
  if (size.some((n) => n < 1)) {
    throw new InputError('ShapeMismatch', `convTranspose: the padding leaves nothing of [${x.shape.join(', ')}]`)
  }
  return { size, padding: around }
}

/** What the adjoint's own rule would tell in other words: channels of input, weight and bias. */
function checkTransposed(d: number, x: Tensor, w: Tensor, { bias, groups = 1 }: ConvTransposeOptions): void {
  const [input, weight] = [showShape(x.shape), showShape(w.shape)]
  const fail = (message: string): never => {
    throw new InputError('ShapeMismatch', `convTranspose: ${message}`, { data: { input: x.shape, weight: w.shape } })
  }
  if (x.shape.length !== d + 2 || w.shape.length !== d + 2) {
    fail(`the input ${input} and the weight ${weight} must have ${d + 2} axes, for ${d} spatial ones`)
  }
  if (x.shape[1] !== w.shape[0]) {
    fail(`the input ${input} has ${x.shape[1]} channels, the weight ${weight} expects ${w.shape[0]}`)
  }
  const outputs = w.shape[1]! * groups
  if (bias !== undefined && !sameShape(bias.shape, [outputs])) {
    fail(`the bias must be [${outputs}], not ${showShape(bias.shape)}`)
  }
}

function convTranspose(d: number, x: Tensor, w: Tensor, options: ConvTransposeOptions): Tensor {
  const { bias, groups = 1 } = options
  checkTransposed(d, x, w, options)
  const kernel = w.shape.slice(2)
  const moves = { stride: each(options.stride, d, 'stride'), dilation: each(options.dilation, d, 'dilation') }
  const { size, padding } = transposedExtents(x, kernel, moves, options)
  const doubles = [...kernel, ...moves.stride].every((n) => n === 2) && padding.every((n) => n === 0)
  const exact = size.every((n, axis) => n === 2 * x.shape[axis + 2]!)
  if (d === 2 && kernel.length === 2 && groups === 1 && doubles && exact && moves.dilation.every((n) => n === 1)) {
    return up2(x, w, bias === undefined ? {} : { bias })
  }
  const y = apply('convInputGrad', [x, w], { ...moves, padding, groups, size })
  return bias === undefined ? y : add(y, reshape(bias, [-1, ...kernel.map(() => 1)]))
}

/** Transposed convolution, the adjoint of `conv1d`: x `[N, C, L]`, w `[C, O/groups, k]` to `[N, O, L']`. */
export function convTranspose1d(x: Tensor, w: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose(1, x, w, options)
}

/** Transposed convolution, the adjoint of `conv2d`: x `[N, C, H, W]`, w `[C, O/groups, kh, kw]` to `[N, O, H', W']`. */
export function convTranspose2d(x: Tensor, w: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose(2, x, w, options)
}

/** Transposed convolution, the adjoint of `conv3d`: x `[N, C, D, H, W]`, w `[C, O/groups, kd, kh, kw]`. */
export function convTranspose3d(x: Tensor, w: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose(3, x, w, options)
}

/** Transposed convolution with kernel 2 and stride 2: x `[N, C, H, W]`, w `[C, O, 2, 2]` to `[N, O, 2H, 2W]`. */
export function up2(x: Tensor, w: Tensor, options: { readonly bias?: Tensor } = {}): Tensor {
  return apply('up2', options.bias === undefined ? [x, w] : [x, w, options.bias], {})
}

function evenPart(x: Tensor, what: string): Tensor {
  const [n = 1, c = 1, h = 1, w = 1] = x.shape
  if (x.shape.length !== 4 || h < 2 || w < 2) {
    const message = `${what}: needs images [N, C, H, W] of 2 x 2 or more, not ${showShape(x.shape)}`
    throw new InputError('ShapeMismatch', message, { data: { shape: x.shape } })
  }
  return slice(x, [0, 0, 0, 0], [n, c, h - (h % 2), w - (w % 2)])
}

export interface PoolOptions {
  /** One number, or one per spatial axis. */
  readonly kernel: number | readonly number[]
  /** Default: the kernel. */
  readonly stride?: number | readonly number[]
  /** As of convolutions, but the default is `valid`. Every window must read something of the image. */
  readonly padding?: Padding
  /** Default 1. */
  readonly dilation?: number | readonly number[]
}

export interface MeanPoolOptions extends PoolOptions {
  /** Whether zeros of the padding count. Otherwise a window's mean is over what lies inside. Default true, as in PyTorch. */
  readonly countIncludePad?: boolean
}

function poolingOf(x: Tensor, options: PoolOptions, what: string): Pooling {
  const d = x.shape.length - 2
  if (d < 1 || d > 3) {
    throw new InputError('ShapeMismatch', `${what}: the input must be [N, C, ...] with 1 to 3 spatial axes`, {
      data: { shape: x.shape },
    })
  }
  const kernel = each(options.kernel, d, 'kernel')
  const stride = options.stride === undefined ? kernel : each(options.stride, d, 'stride')
  const moves = { stride, dilation: each(options.dilation, d, 'dilation') }
  return { kernel, ...moves, padding: paddingOf(options.padding ?? 'valid', x.shape.slice(2), kernel, moves) }
}

/** Whether a window is 2 x 2 with stride 2 and nothing else. */
function isHalving({ kernel, stride, dilation, padding }: Pooling): boolean {
  const twos = kernel.length === 2 && [...kernel, ...stride].every((n) => n === 2)
  return twos && dilation.every((n) => n === 1) && padding.every((n) => n === 0)
}

/**
 * Maximum over windows of x `[N, C, ...]` with 1 to 3 spatial axes; what lies beyond the last whole window is left out.
 * The gradient goes to the first maximum of a window, the last axis varying fastest; with 2 x 2 windows of stride 2,
 * which have a faster form, tied maxima share it equally, as in `max`.
 */
export function maxPool(x: Tensor, options: PoolOptions): Tensor {
  const pooling = poolingOf(x, options, 'maxPool')
  return isHalving(pooling) ? maxPool2(x) : apply('maxPool', [x], pooling)
}

/** How many elements inside the image the windows read along an axis. */
function counts(extent: number, out: number, axis: number, { kernel, stride, dilation, padding }: Pooling): number[] {
  return range(0, out).map((i) => {
    const read = range(0, kernel[axis]!).map((k) => i * stride[axis]! + k * dilation[axis]! - padding[axis]!)
    return read.filter((at) => at >= 0 && at < extent).length
  })
}

/** Mean over windows of x `[N, C, ...]` with 1 to 3 spatial axes; what lies beyond the last whole window is left out. */
export function meanPool(x: Tensor, options: MeanPoolOptions): Tensor {
  const pooling = poolingOf(x, options, 'meanPool')
  if (isHalving(pooling)) return meanPool2(x)
  const { kernel, ...window } = pooling
  const c = x.shape[1]!
  const inside = options.countIncludePad === false && window.padding.some((n) => n > 0)
  const weight = constant(inside ? 1 : 1 / sizeOf(kernel), [c, 1, ...kernel])
  const y = apply('conv', [x, weight], { ...window, groups: c })
  if (!inside) return y
  const out = y.shape.slice(2)
  const perAxis = out.map((n, axis) => counts(x.shape[axis + 2]!, n, axis, pooling))
  const total = perAxis.reduce<number[]>((list, own) => list.flatMap((a) => own.map((b) => a * b)), [1])
  if (total.includes(0)) {
    const message = `meanPool: with padding [${window.padding.join(', ')}] a window lies beside the image`
    throw new InputError('ShapeMismatch', message, { data: { padding: window.padding } })
  }
  const shares = total.map((n) => 1 / n)
  return mul(y, constant(shares, [1, 1, ...out]))
}

/** Mean over all spatial axes: `[N, C, ...]` to `[N, C]`. */
export const globalMeanPool = (x: Tensor): Tensor => mean(x, range(2, x.shape.length))

/** Maximum over 2 x 2 windows; a last odd row or column is left out. Tied maxima share the gradient equally. */
export const maxPool2 = (x: Tensor): Tensor => apply('maxPool2', [evenPart(x, 'maxPool2')], {})
/** Mean over 2 x 2 windows; a last odd row or column is left out. */
export const meanPool2 = (x: Tensor): Tensor => mul(apply('sumPool2', [evenPart(x, 'meanPool2')], {}), 0.25)
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
