/** Segmentation networks as Programs: parameters in a tree, logits `[N, classes, H, W]` from x `[N, bands, H, W]`. */
import { InputError } from '@ecotope/core'
import {
  add,
  concat,
  maxPool2,
  mul,
  type ParameterTree,
  relu,
  sigmoid,
  type Tensor,
  type Traced,
} from '@ecotope/tensor'
import {
  type Activation,
  activations,
  type ConvNorm,
  convNormParameters,
  convNorms,
  convolve,
  convParameters,
  enlarge,
  type Norm,
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
  /** Logits as predicted. With norm `batch` the parameters are those with the statistics folded in. */
  apply(parameters: never, x: Tensor): Tensor
  /** As `apply`, with another form of convolution and norm: what training with batch statistics needs. */
  applyWith(convNorm: ConvNorm, parameters: never, x: Tensor): Tensor
  /** Extents must be multiples of this. */
  readonly multiple: number
  /** Largest distance in pixels at which an input can still change an output (norms apart): what a tile needs around it. */
  readonly reach: number
}

type Builder = (spec: NetworkSpec) => Pick<Network, 'parameters' | 'applyWith'>

const channels = (spec: NetworkSpec, level: number): number => spec.width * 2 ** level
const levels = (spec: NetworkSpec): number[] => Array.from({ length: spec.depth }, (_, level) => level)

/** The way that every U-Net goes: `coarser` at each level down, then `finer` with that level's skip on the way up. */
function downAndUp(
  depth: number,
  x: Tensor,
  coarser: (h: Tensor, level: number) => Tensor,
  finer: (h: Tensor, skip: Tensor, level: number) => Tensor,
): Tensor {
  const skips: Tensor[] = [coarser(x, 0)]
  for (let level = 1; level < depth; level++) skips.push(coarser(maxPool2(skips[level - 1]!), level))
  return skips.slice(0, -1).reduceRight((h, skip, level) => finer(h, skip, level), skips[depth - 1]!)
}

/** Ronneberger et al. 2015 with zero padding, norms, and a transposed convolution on the way up. */
const unet: Builder = (spec) => {
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
  const applyWith = (convNorm: ConvNorm, p: Traced<typeof parameters>, x: Tensor): Tensor => {
    const block = (h: Tensor, b: Traced<ReturnType<typeof double>>): Tensor =>
      convNorm(convNorm(h, b.first, spec.activation), b.second, spec.activation)
    const coarser = (h: Tensor, level: number): Tensor => block(h, p.encoder[level]!)
    const finer = (h: Tensor, skip: Tensor, level: number): Tensor => {
      const { up, block: mix } = p.decoder[level]!
      return block(concat([skip, enlarge(h, up)], 1), mix)
    }
    return convolve(downAndUp(spec.depth, x, coarser, finer), p.head)
  }
  return { parameters, applyWith }
}

/** An attention gate on a skip of `width` channels, with half as many inside. */
function gateParameters(width: number) {
  const inner = Math.max(1, Math.floor(width / 2))
  return {
    skip: convParameters(width, inner, 1),
    signal: convParameters(width, inner, 1),
    attention: convParameters(inner, 1, 1),
  }
}

/** The skip, dimmed where the coarser level sees nothing of interest (Oktay et al. 2018, eqs. 1-2). */
function attend(skip: Tensor, signal: Tensor, p: Traced<ReturnType<typeof gateParameters>>): Tensor {
  const joint = relu(add(convolve(skip, p.skip), convolve(signal, p.signal)))
  return mul(skip, sigmoid(convolve(joint, p.attention)))
}

/** U-Net of residual blocks (He et al. 2016; Zhang et al. 2018) whose skips pass attention gates. */
const attentionResUNet: Builder = (spec) => {
  const activation = activations[spec.activation]
  const residual = (inputs: number, outputs: number) => ({
    first: convNormParameters(inputs, outputs),
    second: convNormParameters(outputs, outputs),
    shortcut: convNormParameters(inputs, outputs, 1),
  })
  const inputsAt = (level: number): number => (level === 0 ? spec.bands : channels(spec, level - 1))
  const parameters = {
    encoder: levels(spec).map((level) => residual(inputsAt(level), channels(spec, level))),
    decoder: levels(spec)
      .slice(0, -1)
      .map((level) => ({
        up: upParameters(channels(spec, level + 1), channels(spec, level)),
        gate: gateParameters(channels(spec, level)),
        block: residual(2 * channels(spec, level), channels(spec, level)),
      })),
    head: convParameters(spec.width, spec.classes, 1),
  }
  const applyWith = (convNorm: ConvNorm, p: Traced<typeof parameters>, x: Tensor): Tensor => {
    const block = (h: Tensor, b: Traced<ReturnType<typeof residual>>): Tensor => {
      const deep = convNorm(convNorm(h, b.first, spec.activation), b.second, 'none')
      return activation(add(deep, convNorm(h, b.shortcut, 'none')))
    }
    const coarser = (h: Tensor, level: number): Tensor => block(h, p.encoder[level]!)
    const finer = (h: Tensor, skip: Tensor, level: number): Tensor => {
      const { up, gate: gating, block: mix } = p.decoder[level]!
      const signal = enlarge(h, up)
      return block(concat([attend(skip, signal, gating), signal], 1), mix)
    }
    return convolve(downAndUp(spec.depth, x, coarser, finer), p.head)
  }
  return { parameters, applyWith }
}

const builders: Record<NetworkSpec['architecture'], Builder> = { unet, 'attention-res-unet': attentionResUNet }

/**
 * @throws InputError `NetworkInvalid` for a width or depth out of range; applying it, `ExtentInvalid` for an image whose
 *   extents are no multiples of `multiple`.
 */
export function network(spec: NetworkSpec): Network {
  const { width, depth, bands, classes } = spec
  const whole = [width, depth, bands, classes].every(Number.isInteger)
  if (!(whole && depth >= 2 && depth <= 7 && width >= 4 && width <= 256 && bands >= 1 && classes >= 1)) {
    throw new InputError('NetworkInvalid', `no ${spec.architecture} of width ${width} and depth ${depth}`, {
      hint: 'choose a width from 4 to 256 and a depth from 2 to 7',
      data: { ...spec },
    })
  }
  const { parameters, applyWith: build } = builders[spec.architecture](spec)
  const multiple = 2 ** (depth - 1)
  const applyWith: Network['applyWith'] = (convNorm, p, x) => {
    checkImage(spec, multiple, x)
    return build(convNorm, p, x)
  }
  const apply: Network['apply'] = (p, x) => applyWith(convNorms[spec.norm], p, x)
  return { spec, parameters, apply, applyWith, multiple, reach: reachOf(depth) }
}

/**
 * Two 3 x 3 convolutions reach 2 pixels of their level, on the way down and on the way up, 2^level pixels each; the
 * pixel itself lies anywhere in a window of 2^(depth − 1), which pooling takes as one.
 */
function reachOf(depth: number): number {
  const bottom = 2 ** (depth - 1)
  return 4 * (bottom - 1) + 2 * bottom + (bottom - 1)
}

function checkImage(spec: NetworkSpec, multiple: number, x: Tensor): void {
  const [, bands, height = 0, width = 0] = x.shape
  if (bands !== spec.bands) {
    throw new InputError('BandsDiffer', `the network takes ${spec.bands} bands, not ${bands}`, {
      data: { expected: spec.bands, actual: bands },
    })
  }
  if (height % multiple === 0 && width % multiple === 0) return
  throw new InputError(
    'ExtentInvalid',
    `a network of depth ${spec.depth} takes images whose sides are multiples of ${multiple}, not ${width} x ${height}`,
    { hint: `pad to multiples of ${multiple}, or lower the depth`, data: { multiple, width, height } },
  )
}
