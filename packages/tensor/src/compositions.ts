/**
 * Composite primitives written in elementary ones: what they mean, what portable targets run, and what second
 * derivatives are taken through. Not the fast form: that is the lowering's.
 */

import { apply } from './apply.ts'
import { add, cast, div, equal, expand, greater, mean, mul, pow, reshape, sigmoid, sub, sum } from './ops/plain.ts'
import type { Attributes, Grouping, Tensor } from './primitive.ts'
import { range } from './shape.ts'

interface Statistics {
  /** (x - mean) / standard deviation, `[N, G, M]`. */
  readonly normal: Tensor
  /** 1 / standard deviation, `[N, G, 1]` (or `[1, G, 1]` over the batch). */
  readonly inverse: Tensor
}

/** Means of `[N, G, M]` over what shares statistics. */
const level = (x: Tensor, { overBatch }: Grouping): Tensor => mean(x, overBatch ? [0, 2] : 2, { keepDims: true })

function statistics(x: Tensor, grouping: Grouping): Statistics {
  const n = x.shape[0]!
  const grouped = reshape(x, [n, grouping.groups, -1])
  const centred = sub(grouped, level(grouped, grouping))
  const inverse = pow(add(level(mul(centred, centred), grouping), grouping.eps), -0.5)
  return { normal: mul(centred, inverse), inverse }
}

const perChannel = (v: Tensor): Tensor => reshape(v, [1, v.shape[0]!, 1, 1])

function groupNorm([x, scale, bias]: readonly Tensor[], attributes: Attributes['groupNorm']): Tensor {
  const normal = reshape(statistics(x!, attributes).normal, x!.shape)
  const y = add(mul(normal, perChannel(scale!)), perChannel(bias!))
  return attributes.activation === 'relu' ? apply('relu', [y], {}) : y
}

/** inverse (g' - mean(g') - normal mean(g' normal)), where g' = g scale. */
function groupNormInputGrad([g, x, scale]: readonly Tensor[], attributes: Grouping): Tensor {
  const { normal, inverse } = statistics(x!, attributes)
  const scaled = reshape(mul(g!, perChannel(scale!)), normal.shape)
  const along = mul(normal, level(mul(scaled, normal), attributes))
  const across = sub(scaled, level(scaled, attributes))
  return reshape(mul(sub(across, along), inverse), x!.shape)
}

function groupNormScaleGrad([g, x]: readonly Tensor[], attributes: Grouping): Tensor {
  return sum(mul(g!, reshape(statistics(x!, attributes).normal, x!.shape)), [0, 2, 3])
}

/** As `statistics`, over the last axis. */
function lastStatistics(x: Tensor, eps: number): Statistics {
  const centred = sub(x, mean(x, -1, { keepDims: true }))
  const inverse = pow(add(mean(mul(centred, centred), -1, { keepDims: true }), eps), -0.5)
  return { normal: mul(centred, inverse), inverse }
}

function layerNorm([x, scale, bias]: readonly Tensor[], { eps }: Attributes['layerNorm']): Tensor {
  return add(mul(lastStatistics(x!, eps).normal, scale!), bias!)
}

/** inverse (g' - mean(g') - normal mean(g' normal)), where g' = g scale. */
function layerNormInputGrad([g, x, scale]: readonly Tensor[], { eps }: Attributes['layerNormInputGrad']): Tensor {
  const { normal, inverse } = lastStatistics(x!, eps)
  const level = (v: Tensor): Tensor => mean(v, -1, { keepDims: true })
  const scaled = mul(g!, scale!)
  return mul(sub(sub(scaled, level(scaled)), mul(normal, level(mul(scaled, normal)))), inverse)
}

function layerNormScaleGrad([g, x]: readonly Tensor[], { eps }: Attributes['layerNormScaleGrad']): Tensor {
  return sum(mul(g!, lastStatistics(x!, eps).normal), range(0, x!.shape.length - 1))
}

function siluGrad([g, x]: readonly Tensor[]): Tensor {
  const s = sigmoid(x!)
  return mul(g!, mul(s, add(1, mul(x!, sub(1, s)))))
}

const reluMask = ([g, y]: readonly Tensor[]): Tensor => mul(g!, cast(greater(y!, 0), 'float32'))

/** 1 where x is its window's maximum y. */
function peakMask(x: Tensor, y: Tensor): Tensor {
  return cast(equal(x, apply('upsample2', [y], {})), 'float32')
}

function maxPool2Grad([g, x, y]: readonly Tensor[]): Tensor {
  const mask = peakMask(x!, y!)
  return mul(mask, apply('upsample2', [div(g!, apply('sumPool2', [mask], {}))], {}))
}

function sumPool2([x]: readonly Tensor[]): Tensor {
  const [n = 1, c = 1, h = 1, w = 1] = x!.shape
  return sum(reshape(x!, [n, c, h / 2, 2, w / 2, 2]), [3, 5])
}

function upsample2([x]: readonly Tensor[]): Tensor {
  const [n = 1, c = 1, h = 1, w = 1] = x!.shape
  return reshape(expand(reshape(x!, [n, c, h, 1, w, 1]), [n, c, h, 2, w, 2]), [n, c, 2 * h, 2 * w])
}

export const compositions = {
  groupNorm,
  groupNormInputGrad,
  groupNormScaleGrad,
  layerNorm,
  layerNormInputGrad,
  layerNormScaleGrad,
  siluGrad,
  reluMask,
  maxPool2Grad,
  sumPool2,
  upsample2,
} as const

export type CompositePrimitive = keyof typeof compositions

/** One composite application in elementary primitives. */
export function compose<P extends CompositePrimitive>(
  op: P,
  inputs: readonly Tensor[],
  attributes: Attributes[P],
): Tensor {
  const rule = compositions[op] as (inputs: readonly Tensor[], attributes: Attributes[P]) => Tensor
  return rule(inputs, attributes)
}

export { peakMask }
