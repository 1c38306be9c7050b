/**
 * Batch normalisation in its three forms: statistics of the batch while training, given statistics for validation, and
 * folded into the weights for prediction. Population statistics are averages over training batches at fixed weights
 * ("precise", Wu and Johnson 2021, arXiv:2105.07576, section 3), not moving averages of past weights.
 */
import {
  add,
  concat,
  conv2d,
  groupNorm,
  layoutOf,
  mean,
  mul,
  type ParameterLeaf,
  type ParameterTree,
  pow,
  reshape,
  sliceAxis,
  square,
  sub,
  type Tensor,
  transpose,
} from '@ecotope/tensor'
import { type Activation, activations, type ConvNorm, EPS, type Leaves, type NormParameters } from './layers.ts'

/** One convolution with norm in the flat vectors. */
interface NormLayer {
  readonly weight: ParameterLeaf
  readonly scale: ParameterLeaf
  readonly bias: ParameterLeaf
  /** First of its channels among all channels that have statistics. */
  readonly first: number
  readonly channels: number
}

const SCALE = '.norm.scale'

function normLayers(tree: ParameterTree): { layers: NormLayer[]; channels: number } {
  const { leaves } = layoutOf(tree)
  const byPath = new Map(leaves.map((leaf) => [leaf.path, leaf]))
  const layers: NormLayer[] = []
  let first = 0
  for (const scale of leaves.filter(({ path }) => path.endsWith(SCALE))) {
    const prefix = scale.path.slice(0, -SCALE.length)
    const [weight, bias] = [byPath.get(`${prefix}.weight`)!, byPath.get(`${prefix}.norm.bias`)!]
    layers.push({ weight, scale, bias, first, channels: scale.size })
    first += scale.size
  }
  return { layers, channels: first }
}

/** A layer is known by where its scale lies in the flat vector. */
const offsetOf = (leaf: Tensor): number => (leaf as Tensor<'parameter'>).attributes.offset

const PIXELS = [0, 2, 3]

/** y `[N, C, H, W]` normalised by its own statistics over N, H and W: an instance norm of one sample of N H rows. */
function normaliseBatch(y: Tensor, p: Leaves<NormParameters>, activation: Activation | 'none'): Tensor {
  const [n, c, h, w] = y.shape as readonly [number, number, number, number]
  const joined = reshape(transpose(y, [1, 0, 2, 3]), [1, c, n * h, w])
  const z = groupNorm(joined, p.scale, p.bias, { groups: c, eps: EPS, activation })
  return transpose(reshape(z, [c, n, h, w]), [1, 0, 2, 3])
}

/** What training differentiates. */
export const batchNormInTraining: ConvNorm = (x, p, activation) =>
  normaliseBatch(conv2d(x, p.weight), p.norm, activation)

export interface MomentRecorder {
  readonly convNorm: ConvNorm
  /** Means of all layers, then their variances, `[2 channels]`; after the network has been traced. */
  moments(): Tensor
}

/** As in training, and reports the statistics that were used. */
export function momentRecorder(): MomentRecorder {
  const seen = new Map<number, { mean: Tensor; variance: Tensor }>()
  return {
    convNorm: (x, p, activation) => {
      const y = conv2d(x, p.weight)
      const centre = mean(y, PIXELS, { keepDims: true })
      const variance = mean(square(sub(y, centre)), PIXELS)
      seen.set(offsetOf(p.norm.scale), { mean: reshape(centre, [-1]), variance })
      return normaliseBatch(y, p.norm, activation)
    },
    moments: () => {
      const ordered = [...seen.entries()].sort(([a], [b]) => a - b).map(([, moments]) => moments)
      return concat([...ordered.map((m) => m.mean), ...ordered.map((m) => m.variance)], 0)
    },
  }
}

/** Numbers in the vector of moments of a network: a mean and a variance for each normalised channel. */
export const momentCount = (tree: ParameterTree): number => 2 * normLayers(tree).channels

/** Normalises by moments that are given, `[2 channels]`, with the scale and bias that are being trained. */
export function withMoments(tree: ParameterTree, moments: Tensor): ConvNorm {
  const { layers, channels } = normLayers(tree)
  const byOffset = new Map(layers.map((layer) => [layer.scale.offset, layer]))
  return (x, p, activation) => {
    const { first, channels: own } = byOffset.get(offsetOf(p.norm.scale))!
    const centre = sliceAxis(moments, 0, first, first + own)
    const variance = sliceAxis(moments, 0, channels + first, channels + first + own)
    const factor = mul(p.norm.scale, pow(add(variance, EPS), -0.5))
    const weight = mul(p.weight, reshape(factor, [own, 1, 1, 1]))
    const bias = sub(p.norm.bias, mul(centre, factor))
    return activations[activation](conv2d(x, weight, { bias }))
  }
}

/** Moments of the population from those of batches of one size: the variance between batches counts too. */
export function populationMoments(batches: readonly ArrayLike<number>[]): Float32Array<ArrayBuffer> {
  const size = batches[0]!.length
  const channels = size / 2
  const out = new Float64Array(size)
  for (const moments of batches) {
    for (let c = 0; c < channels; c++) {
      const centre = moments[c]!
      out[c] = out[c]! + centre / batches.length
      out[channels + c] = out[channels + c]! + (moments[channels + c]! + centre * centre) / batches.length
    }
  }
  for (let c = 0; c < channels; c++) out[channels + c] = Math.max(0, out[channels + c]! - out[c]! ** 2)
  return Float32Array.from(out)
}

/**
 * The flat parameters with moments folded in: weight · s / √(v + ε), bias − m · s / √(v + ε), scale 1. They are what
 * a network with norm `batch` predicts with.
 */
export function foldMoments(
  tree: ParameterTree,
  parameters: Float32Array,
  moments: ArrayLike<number>,
): Float32Array<ArrayBuffer> {
  const out = parameters.slice()
  const { layers, channels } = normLayers(tree)
  for (const { weight, scale, bias, first, channels: own } of layers) {
    const perChannel = weight.size / own
    for (let c = 0; c < own; c++) {
      const factor = parameters[scale.offset + c]! / Math.sqrt(moments[channels + first + c]! + EPS)
      const start = weight.offset + c * perChannel
      for (let i = start; i < start + perChannel; i++) out[i] = parameters[i]! * factor
      out[bias.offset + c] = parameters[bias.offset + c]! - moments[first + c]! * factor
      out[scale.offset + c] = 1
    }
  }
  return out
}
