/** Convolutional layers over one to three spatial axes. */

import { constantInit, heNormal, type Initialiser } from '../initialisers.ts'
import {
  type ConvTransposeOptions,
  conv1d as convolve1d,
  conv2d as convolve2d,
  conv3d as convolve3d,
  convTranspose1d as convolveTransposed1d,
  convTranspose2d as convolveTransposed2d,
  convTranspose3d as convolveTransposed3d,
  type Padding,
} from '../ops/spatial.ts'
import { parameter } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { sizeOf } from '../shape.ts'
import type { WeightAndBias } from './dense.ts'
import { type Layer, layer, sequential } from './layer.ts'

export interface ConvLayerOptions {
  /** One extent, or one per spatial axis. Default 3. */
  readonly kernel?: number | readonly number[]
  /** Default 1. */
  readonly stride?: number | readonly number[]
  /** Default 1. */
  readonly dilation?: number | readonly number[]
  /** Default `same`. */
  readonly padding?: Padding
  /** Default 1. */
  readonly groups?: number
  /** Default true; begins at 0. */
  readonly bias?: boolean
  /** Of the weight. Default `heNormal()`. */
  readonly init?: Initialiser
}

type Axes = 1 | 2 | 3

const extents = (value: number | readonly number[], d: Axes): readonly number[] =>
  typeof value === 'number' ? new Array<number>(d).fill(value) : value

const convolutions = { 1: convolve1d, 2: convolve2d, 3: convolve3d } as const
const transposedConvolutions = { 1: convolveTransposed1d, 2: convolveTransposed2d, 3: convolveTransposed3d } as const

function parametersOf(weight: readonly number[], outputs: number, bias: boolean, init: Initialiser): WeightAndBias {
  const specs = { weight: parameter(weight, init) }
  return bias ? { ...specs, bias: parameter([outputs], constantInit(0)) } : specs
}

const withBias = (bias: Tensor | undefined): { bias?: Tensor } => (bias === undefined ? {} : { bias })

function conv(d: Axes, inputs: number, outputs: number, options: ConvLayerOptions): Layer<WeightAndBias> {
  const { kernel = 3, bias = true, init = heNormal(), groups = 1, ...moves } = options
  const parameters = parametersOf([outputs, inputs / groups, ...extents(kernel, d)], outputs, bias, init)
  return layer(`conv${d}d`, parameters, (p, x) =>
    convolutions[d](x, p.weight, { ...moves, groups, ...withBias(p.bias) }),
  )
}

/** x `[N, inputs, L]` to `[N, outputs, L']`. As `torch.nn.Conv1d`. */
export const conv1d = (inputs: number, outputs: number, options: ConvLayerOptions = {}): Layer<WeightAndBias> =>
  conv(1, inputs, outputs, options)
/** x `[N, inputs, H, W]` to `[N, outputs, H', W']`. As `torch.nn.Conv2d`. */
export const conv2d = (inputs: number, outputs: number, options: ConvLayerOptions = {}): Layer<WeightAndBias> =>
  conv(2, inputs, outputs, options)
/** x `[N, inputs, D, H, W]` to `[N, outputs, D', H', W']`. As `torch.nn.Conv3d`. */
export const conv3d = (inputs: number, outputs: number, options: ConvLayerOptions = {}): Layer<WeightAndBias> =>
  conv(3, inputs, outputs, options)

export interface DepthwiseOptions extends Omit<ConvLayerOptions, 'groups'> {
  /** Output channels per input channel. Default 1. */
  readonly multiplier?: number
}

/** Each channel of x `[N, channels, H, W]` convolved by itself: `[N, multiplier · channels, H', W']`. */
export function depthwiseConv2d(channels: number, options: DepthwiseOptions = {}): Layer<WeightAndBias> {
  const { multiplier = 1, ...rest } = options
  return conv(2, channels, multiplier * channels, { ...rest, groups: channels })
}

/** A depthwise convolution without bias, then one of single pixels (Chollet 2017). */
export function separableConv2d(inputs: number, outputs: number, options: DepthwiseOptions = {}) {
  const { multiplier = 1, bias = true, ...rest } = options
  return sequential({
    depthwise: depthwiseConv2d(inputs, { ...rest, multiplier, bias: false }),
    pointwise: conv2d(multiplier * inputs, outputs, { kernel: 1, bias }),
  })
}

export interface ConvTransposeLayerOptions extends Omit<ConvLayerOptions, 'kernel' | 'stride'> {
  /** Default 2. */
  readonly kernel?: number | readonly number[]
  /** Default 2. */
  readonly stride?: number | readonly number[]
  /** Default 0. Not with padding `same`. */
  readonly outputPadding?: ConvTransposeOptions['outputPadding'] & {}
}

function convTranspose(
  d: Axes,
  inputs: number,
  outputs: number,
  options: ConvTransposeLayerOptions,
): Layer<WeightAndBias> {
  const { kernel = 2, stride = 2, bias = true, groups = 1, init, ...moves } = options
  const taps = extents(kernel, d)
  // As many taps meet in one output as fit between two of its strides.
  const fan = ((inputs / groups) * sizeOf(taps)) / sizeOf(extents(stride, d))
  const weight = [inputs, outputs / groups, ...taps]
  const parameters = parametersOf(weight, outputs, bias, init ?? heNormal({ fan }))
  return layer(`convTranspose${d}d`, parameters, (p, x) =>
    transposedConvolutions[d](x, p.weight, { ...moves, stride, groups, ...withBias(p.bias) }),
  )
}

/** x `[N, inputs, L]` to `[N, outputs, stride · L]`, weight `[inputs, outputs / groups, k]`. */
export function convTranspose1d(inputs: number, outputs: number, options: ConvTransposeLayerOptions = {}) {
  return convTranspose(1, inputs, outputs, options)
}
/** x `[N, inputs, H, W]` to `[N, outputs, stride · H, stride · W]`. As `torch.nn.ConvTranspose2d`, but padded `same`. */
export function convTranspose2d(inputs: number, outputs: number, options: ConvTransposeLayerOptions = {}) {
  return convTranspose(2, inputs, outputs, options)
}
/** x `[N, inputs, D, H, W]` to `[N, outputs, stride · D, stride · H, stride · W]`. */
export function convTranspose3d(inputs: number, outputs: number, options: ConvTransposeLayerOptions = {}) {
  return convTranspose(3, inputs, outputs, options)
}
