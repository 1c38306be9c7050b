/** Normalising layers: over groups of channels, over a batch, over features. */

import { InputError } from '@ecotope/core'
import { constantInit } from '../initialisers.ts'
import {
  add,
  mean,
  mul,
  layerNorm as normaliseFeatures,
  pow,
  reshape,
  square,
  stopGradient,
  sub,
} from '../ops/plain.ts'
import { groupNorm as normaliseGroups } from '../ops/spatial.ts'
import { type ParameterSpec, parameter } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { range, type Shape, showShape, sizeOf } from '../shape.ts'
import { type Context, checkAxes, type Layer, layer } from './layer.ts'

export type ScaleAndBias = { readonly scale: ParameterSpec; readonly bias: ParameterSpec }

export interface NormOptions {
  /** Added to variances. Default 1e-5. */
  readonly eps?: number
}

const scaleAndBias = (shape: Shape): ScaleAndBias => ({
  scale: parameter(shape, constantInit(1), { decay: false }),
  bias: parameter(shape, constantInit(0), { decay: false }),
})

/** `[N, C, ...]` of any number of spatial axes as an image, which the fast form wants, and back. */
function asImage(x: Tensor, normalise: (image: Tensor) => Tensor): Tensor {
  if (x.shape.length === 4) return normalise(x)
  const [n = 1, c = 1] = x.shape
  return reshape(normalise(reshape(x, [n, c, -1, 1])), x.shape)
}

const SPATIAL = [3, 4, 5]

export interface GroupNormLayerOptions extends NormOptions {
  /** A divisor of the channels. Default: the largest up to 8. */
  readonly groups?: number
}

/** Statistics over a sample's group of channels and all its positions (Wu and He 2018). As `torch.nn.GroupNorm`. */
export function groupNorm(channels: number, options: GroupNormLayerOptions = {}): Layer<ScaleAndBias> {
  const { eps = 1e-5, groups = range(1, 9).findLast((n) => channels % n === 0)! } = options
  return layer('groupNorm', scaleAndBias([channels]), (p, x) => {
    checkAxes(x, 'groupNorm', SPATIAL, 1, channels)
    return asImage(x, (image) => normaliseGroups(image, p.scale, p.bias, { groups, eps }))
  })
}

/** Statistics over each channel of each sample (Ulyanov et al. 2016). As `torch.nn.InstanceNorm2d(affine=True)`. */
export function instanceNorm(channels: number, options: NormOptions = {}): Layer<ScaleAndBias> {
  const { parameters, apply } = groupNorm(channels, { ...options, groups: channels })
  return layer('instanceNorm', parameters, apply)
}

export type BatchNormParameters = ScaleAndBias & {
  readonly runningMean: ParameterSpec
  readonly runningVariance: ParameterSpec
}

export interface BatchNormOptions extends NormOptions {
  /** Weight of a batch's statistics in the running ones, in (0, 1]. Default 0.1. */
  readonly momentum?: number
}

/**
 * Statistics over a batch while training, running ones otherwise (Ioffe and Szegedy 2015); x `[N, C, ...]`. As
 * `torch.nn.BatchNorm2d`: the running variance is that of the population. Training adds to `context.updates`.
 */
export function batchNorm(channels: number, options: BatchNormOptions = {}): Layer<BatchNormParameters> {
  const { eps = 1e-5, momentum = 0.1 } = options
  const buffer = (value: number): ParameterSpec => parameter([channels], constantInit(value), { trainable: false })
  const parameters = { ...scaleAndBias([channels]), runningMean: buffer(0), runningVariance: buffer(1) }
  return layer('batchNorm', parameters, (p, x, context) => {
    checkAxes(x, 'batchNorm', [2, ...SPATIAL], 1, channels)
    if (context.training) return asImage(x, (image) => inTraining(image, p, { eps, momentum }, context))
    const factor = mul(p.scale, pow(add(p.runningVariance, eps), -0.5))
    const along = (v: Tensor): Tensor => reshape(v, [channels, ...x.shape.slice(2).map(() => 1)])
    return add(mul(x, along(factor)), along(sub(p.bias, mul(p.runningMean, factor))))
  })
}

interface BatchNormLeaves {
  readonly scale: Tensor
  readonly bias: Tensor
  readonly runningMean: Tensor
  readonly runningVariance: Tensor
}

function inTraining(
  x: Tensor,
  p: BatchNormLeaves,
  { eps, momentum }: Required<BatchNormOptions>,
  { updates }: Context,
): Tensor {
  const [n = 1, channels = 1, ...positions] = x.shape
  const count = n * sizeOf(positions)
  if (count === 1) {
    throw new InputError('ShapeMismatch', `batchNorm: one value per channel has no variance, in ${showShape(x.shape)}`)
  }
  if (updates !== undefined) {
    const values = stopGradient(x)
    const centre = mean(values, [0, 2, 3], { keepDims: true })
    const spread = mul(mean(square(sub(values, centre)), [0, 2, 3]), count / (count - 1))
    const towards = (old: Tensor, now: Tensor): Tensor => add(mul(old, 1 - momentum), mul(now, momentum))
    updates.push([p.runningMean, towards(p.runningMean, reshape(centre, [-1]))])
    updates.push([p.runningVariance, towards(p.runningVariance, spread)])
  }
  return normaliseGroups(x, p.scale, p.bias, { groups: channels, eps, overBatch: true })
}

function lastAxes(x: Tensor, shape: Shape, what: string): number[] {
  const first = x.shape.length - shape.length
  if (first < 0 || shape.some((extent, i) => x.shape[first + i] !== extent)) {
    const path = x.scope === '' ? '' : ` (from ${x.scope})`
    throw new InputError('ShapeMismatch', `${what}: ${showShape(x.shape)} does not end in ${showShape(shape)}${path}`, {
      data: { expected: shape, actual: x.shape },
    })
  }
  return range(first, x.shape.length)
}

/** Statistics over the last axes, of the given shape (Ba et al. 2016). As `torch.nn.LayerNorm`. */
export function layerNorm(features: number | Shape, { eps = 1e-5 }: NormOptions = {}): Layer<ScaleAndBias> {
  const shape = typeof features === 'number' ? [features] : features
  return layer('layerNorm', scaleAndBias(shape), (p, x) => {
    lastAxes(x, shape, 'layerNorm')
    const leading = x.shape.slice(0, x.shape.length - shape.length)
    const flat = (v: Tensor): Tensor => reshape(v, [-1])
    return reshape(
      normaliseFeatures(reshape(x, [...leading, sizeOf(shape)]), flat(p.scale), flat(p.bias), { eps }),
      x.shape,
    )
  })
}

/** x over the root mean square of its last axis, times a scale (Zhang and Sennrich 2019, equation 4). */
export function rmsNorm(features: number, { eps = 1e-6 }: NormOptions = {}) {
  return layer('rmsNorm', { scale: parameter([features], constantInit(1), { decay: false }) }, (p, x) => {
    const axes = lastAxes(x, [features], 'rmsNorm')
    return mul(mul(x, pow(add(mean(square(x), axes, { keepDims: true }), eps), -0.5)), p.scale)
  })
}
