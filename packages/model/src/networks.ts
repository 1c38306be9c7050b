/** Segmentation networks as Programs: parameters in a tree, logits `[N, classes, H, W]` from x `[N, bands, H, W]`. */
import { InputError } from '@ecotope/core'
import {
  add,
  concat,
  conv2d,
  maxPool2,
  mul,
  type ParameterTree,
  relu,
  sigmoid,
  silu,
  type Tensor,
  type Traced,
} from '@ecotope/tensor'
import {
  type Activation,
  convNorm,
  convNormParameters,
  convolve,
  convParameters,
  enlarge,
  type Norm,
  type Style,
  upParameters,
} from './layers.ts'

export interface NetworkSpec {
  readonly architecture: 'unet' | 'attention-res-unet'
  readonly bands: number
  readonly classes: number
  /** Channels of the first level; each level below doubles them. */
  readonly width: number
  /** Levels; the coarsest sees 2^(depth − 1) pixels as one. */
  readonly depth: number
  readonly norm: Norm
  readonly activation: Activation
}

export interface Network {
  readonly spec: NetworkSpec
  readonly parameters: ParameterTree
  apply(parameters: never, x: Tensor): Tensor
  /** Extents must be multiples of this. */
  readonly multiple: number
  /** Pixels at which an input can still change an output: what a tile needs around it. */
  readonly reach: number
}

type Builder = (spec: NetworkSpec) => { parameters: ParameterTree; apply: (parameters: never, x: Tensor) => Tensor }

const channels = (spec: NetworkSpec, level: number): number => spec.width * 2 ** level
const levels = (spec: NetworkSpec): number[] => Array.from({ length: spec.depth }, (_, level) => level)

/** Ronneberger et al. 2015 with zero padding, norms, and a transposed convolution on the way up. */
const unet: Builder = (spec) => {
  const style: Style = spec
  const double = (inputs: number, outputs: number) => ({
    first: convNormParameters(inputs, outputs),
    second: convNormParameters(outputs, outputs),
  })
  const inputsAt = (level: number): number => (level === 0 ? spec.bands : channels(spec, level - 1))
  const parameters = {
    encoder: levels(spec).map((level) => double(inputsAt(level), channels(spec, level))),
    decoder: levels(spec)
      .slice(0, -1)
      .map((level) => ({
        up: upParameters(channels(spec, level + 1), channels(spec, level)),
        block: double(2 * channels(spec, level), channels(spec, level)),
      })),
    head: convParameters(spec.width, spec.classes, 1),
  }
  const block = (x: Tensor, p: Traced<ReturnType<typeof double>>): Tensor =>
    convNorm(convNorm(x, p.first, style), p.second, style)
  const apply = (p: Traced<typeof parameters>, x: Tensor): Tensor => {
    const skips: Tensor[] = []
    let h = x
    for (const level of levels(spec)) {
      if (level > 0) h = maxPool2(h)
      h = block(h, p.encoder[level]!)
      skips.push(h)
    }
    for (let level = spec.depth - 2; level >= 0; level--) {
      const { up, block: mix } = p.decoder[level]!
      h = block(concat([skips[level]!, enlarge(h, up)], 1), mix)
    }
    return convolve(h, p.head)
  }
  return { parameters, apply }
}

/** U-Net of residual blocks (He et al. 2016; Zhang et al. 2018) whose skips pass attention gates (Oktay et al. 2018, eqs. 1-2). */
const attentionResUNet: Builder = (spec) => {
  const style: Style = spec
  const activation = spec.activation === 'relu' ? relu : silu
  const residual = (inputs: number, outputs: number) => ({
    first: convNormParameters(inputs, outputs),
    second: convNormParameters(outputs, outputs),
    shortcut: convNormParameters(inputs, outputs, 1),
  })
  const gate = (width: number) => {
    const inner = Math.max(1, width / 2)
    return {
      skip: convParameters(width, inner, 1),
      signal: convParameters(width, inner, 1),
      attention: convParameters(inner, 1, 1),
    }
  }
  const inputsAt = (level: number): number => (level === 0 ? spec.bands : channels(spec, level - 1))
  const parameters = {
    encoder: levels(spec).map((level) => residual(inputsAt(level), channels(spec, level))),
    decoder: levels(spec)
      .slice(0, -1)
      .map((level) => ({
        up: upParameters(channels(spec, level + 1), channels(spec, level)),
        gate: gate(channels(spec, level)),
        block: residual(2 * channels(spec, level), channels(spec, level)),
      })),
    head: convParameters(spec.width, spec.classes, 1),
  }
  const block = (x: Tensor, p: Traced<ReturnType<typeof residual>>): Tensor => {
    const deep = convNorm(convNorm(x, p.first, style), p.second, style, false)
    return activation(add(deep, convNorm(x, p.shortcut, style, false)))
  }
  const attend = (skip: Tensor, signal: Tensor, p: Traced<ReturnType<typeof gate>>): Tensor => {
    const joint = relu(add(convolve(skip, p.skip), conv2d(signal, p.signal.weight, { bias: p.signal.bias })))
    return mul(skip, sigmoid(convolve(joint, p.attention)))
  }
  const apply = (p: Traced<typeof parameters>, x: Tensor): Tensor => {
    const skips: Tensor[] = []
    let h = x
    for (const level of levels(spec)) {
      if (level > 0) h = maxPool2(h)
      h = block(h, p.encoder[level]!)
      skips.push(h)
    }
    for (let level = spec.depth - 2; level >= 0; level--) {
      const { up, gate: gating, block: mix } = p.decoder[level]!
      const signal = enlarge(h, up)
      h = block(concat([attend(skips[level]!, signal, gating), signal], 1), mix)
    }
    return convolve(h, p.head)
  }
  return { parameters, apply }
}

const builders: Record<NetworkSpec['architecture'], Builder> = { unet, 'attention-res-unet': attentionResUNet }

/** @throws InputError `NetworkInvalid` for a width or depth out of range. */
export function network(spec: NetworkSpec): Network {
  if (!(spec.depth >= 2 && spec.depth <= 7 && spec.width >= 4 && spec.width <= 256)) {
    throw new InputError('NetworkInvalid', `no ${spec.architecture} of width ${spec.width} and depth ${spec.depth}`, {
      hint: 'choose a width from 4 to 256 and a depth from 2 to 7',
      data: { ...spec },
    })
  }
  // Two 3 x 3 convolutions reach 2 pixels of their level, on the way down and up; pooling and enlarging reach one more.
  const reach = levels(spec).reduce(
    (sum, level) => sum + (level === spec.depth - 1 ? 2 : 4) * 2 ** level + 2 ** level,
    0,
  )
  return { spec, ...builders[spec.architecture](spec), multiple: 2 ** (spec.depth - 1), reach }
}
