/** ONNX's normalisations. */

import { apply } from '../../apply.ts'
import {
  abs,
  add,
  div,
  expand,
  maximum,
  mean,
  mul,
  pow,
  reshape,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
} from '../../ops/plain.ts'
import { groupNorm } from '../../ops/spatial.ts'
import type { Tensor } from '../../primitive.ts'
import { range, sizeOf } from '../../shape.ts'
import { type Call, type Item, isKnown, type Rule } from '../item.ts'

/** `[C]` beside `[N, C, ...]`. */
const perChannel = (v: Tensor, x: Tensor): Tensor => reshape(v, [-1, ...x.shape.slice(2).map(() => 1)])

/** By running statistics; while training (an option of the import) by the batch's own, and the running ones follow. */
function batchNormalization(c: Call): readonly Item[] {
  if (!c.around.training) return [affine(c, c.tensors())]
  const [x, scale, bias, runningMean, runningVariance] = c.tensors()
  const axes = range(0, x!.shape.length).filter((axis) => axis !== 1)
  const centre = mean(x!, axes)
  const variance = mean(square(sub(x!, perChannel(centre, x!))), axes)
  const momentum = c.float('momentum', 0.9)
  const follow = (i: number, running: Tensor, now: Tensor): void => {
    const leaf = c.item(i)
    if (isKnown(leaf) || leaf.op !== 'parameter') return
    c.around.update(leaf, stopGradient(add(mul(running, momentum), mul(now, 1 - momentum))))
  }
  follow(3, runningMean!, centre)
  // PyTorch's running variance is the unbiased one.
  const count = axes.reduce((n, axis) => n * x!.shape[axis]!, 1)
  follow(4, runningVariance!, mul(variance, count / Math.max(1, count - 1)))
  const y = groupNorm(flattened(x!), scale!, bias!, {
    groups: x!.shape[1]!,
    eps: c.float('epsilon', 1e-5),
    overBatch: true,
  })
  return [reshape(y, x!.shape)]
}

/**
 * One product and one sum per element; of a convolution that nothing else reads, none: its weights are scaled and its
 * bias moved, which takes the normalisation out of the passes over images, forward and backward.
 */
function affine(c: Call, [x, scale, bias, centre, variance]: readonly Tensor[]): Tensor {
  const factor = mul(scale!, pow(add(variance!, c.float('epsilon', 1e-5)), -0.5))
  const shift = sub(bias!, mul(centre!, factor))
  if (x!.op !== 'conv' || !c.around.readOnce.has(c.node.inputs[0]!)) {
    return add(mul(x!, perChannel(factor, x!)), perChannel(shift, x!))
  }
  const [image, weight, own] = x!.inputs
  const scaled = mul(weight!, reshape(factor, [-1, ...weight!.shape.slice(1).map(() => 1)]))
  const moved = own === undefined ? shift : add(mul(own, factor), shift)
  return apply('conv', [image!, scaled, moved], (x as Tensor<'conv'>).attributes)
}

/** `[N, C, ...]` as an image `[N, C, 1, M]`, which statistics over all spatial axes may look at. */
const flattened = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, x.shape[1]!, 1, sizeOf(x.shape.slice(2))])

function instanceNormalization(c: Call): Item {
  const [x, scale, bias] = c.tensors()
  const y = groupNorm(flattened(x!), scale!, bias!, { groups: x!.shape[1]!, eps: c.float('epsilon', 1e-5) })
  return reshape(y, x!.shape)
}

/** Scale and bias are per group up to opset 20, per channel since. */
function groupNormalization(c: Call): Item {
  const [x, scale, bias] = c.tensors()
  const groups = c.integer('num_groups', 1)
  const channels = x!.shape[1]!
  const spread = (v: Tensor): Tensor => {
    if (c.around.opset >= 21 || groups === channels) return v
    return reshape(expand(reshape(v, [groups, 1]), [groups, channels / groups]), [channels])
  }
  const y = groupNorm(flattened(x!), spread(scale!), spread(bias!), { groups, eps: c.float('epsilon', 1e-5) })
  return reshape(y, x!.shape)
}

/** Over the axes from `axis` on; also the mean and the inverse deviation. */
function layerNormalization(c: Call): readonly Item[] {
  const x = c.tensor(0)
  const axes = range(c.axis('axis', -1), x.shape.length)
  const centre = mean(x, axes, { keepDims: true })
  const centred = sub(x, centre)
  const inverse = inverseRoot(mean(square(centred), axes, { keepDims: true }), c)
  const y = mul(mul(centred, inverse), c.tensor(1))
  return [c.has(2) ? add(y, c.tensor(2)) : y, centre, inverse]
}

const inverseRoot = (variance: Tensor, c: Call): Tensor => pow(add(variance, c.float('epsilon', 1e-5)), -0.5)

function lpNormalization(c: Call): Item {
  const x = c.tensor(0)
  const axis = c.axis('axis', -1)
  const norm =
    c.integer('p', 2) === 1 ? sum(abs(x), axis, { keepDims: true }) : sqrt(sum(square(x), axis, { keepDims: true }))
  return div(x, maximum(norm, 1e-30))
}

export const normaliseRules = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: (c) => {
    const x = c.tensor(0)
    const axes = c.axes('axes', 1) ?? [0, 2, 3]
    const centred = sub(x, mean(x, axes, { keepDims: true }))
    return div(centred, add(sqrt(mean(square(centred), axes, { keepDims: true })), 1e-9))
  },
} as const satisfies Readonly<Record<string, Rule>>
