/** Vector-Jacobian products of the spatial primitives. Most are closed among themselves: each is linear in an operand. */

import { apply } from '../apply.ts'
import type { SpatialPrimitive } from '../attributes/spatial.ts'
import { peakMask } from '../compositions.ts'
import { div, mul, sum } from '../ops/plain.ts'
import type { Pooling, Stencil, Tensor } from '../primitive.ts'
import { range } from '../shape.ts'
import { throughComposition } from './compose.ts'
import type { Vjp } from './index.ts'

const none = {} as const

function stencilOf({ stride, dilation, padding, groups }: Stencil): Stencil {
  return { stride, dilation, padding, groups }
}

function poolingOf({ kernel, stride, dilation, padding }: Pooling): Pooling {
  return { kernel, stride, dilation, padding }
}

/** The extents of the spatial axes of an image, or of a weight's kernel. */
const spatial = (x: Tensor): readonly number[] => x.shape.slice(2)

const channelSums = (g: Tensor): Tensor => sum(g, [0, ...range(2, g.shape.length)])

export const spatialVjps: { readonly [P in SpatialPrimitive]: Vjp<P> } = {
  conv: ({ inputs: [x, w, bias], attributes }, g) => {
    const stencil = stencilOf(attributes)
    const dx = apply('convInputGrad', [g, w!], { ...stencil, size: spatial(x!) })
    const dw = apply('convWeightGrad', [g, x!], { ...stencil, kernel: spatial(w!) })
    return bias === undefined ? [dx, dw] : [dx, dw, channelSums(g)]
  },
  convInputGrad: ({ inputs: [g, w], attributes }, u) => {
    const stencil = stencilOf(attributes)
    return [apply('conv', [u, w!], stencil), apply('convWeightGrad', [g!, u], { ...stencil, kernel: spatial(w!) })]
  },
  convWeightGrad: ({ inputs: [g, x], attributes }, u) => {
    const stencil = stencilOf(attributes)
    return [apply('conv', [x!, u], stencil), apply('convInputGrad', [g!, u], { ...stencil, size: spatial(x!) })]
  },
  up2: ({ inputs: [x, w, bias] }, g) => {
    const dx = apply('up2InputGrad', [g, w!], none)
    const dw = apply('up2WeightGrad', [g, x!], none)
    return bias === undefined ? [dx, dw] : [dx, dw, channelSums(g)]
  },
  up2InputGrad: ({ inputs: [g, w] }, u) => [apply('up2', [u, w!], none), apply('up2WeightGrad', [g!, u], none)],
  up2WeightGrad: ({ inputs: [g, x] }, u) => [apply('up2', [x!, u], none), apply('up2InputGrad', [g!, u], none)],
  maxPool: (y, g) => [apply('maxPoolGrad', [g, y.inputs[0]!, y], poolingOf(y.attributes))],
  maxPoolGrad: ({ inputs: [, x, y], attributes }, u) => {
    return [apply('maxPoolTake', [u, x!, y!], poolingOf(attributes)), null, null]
  },
  maxPoolTake: ({ inputs: [, x, y], attributes }, g) => {
    return [apply('maxPoolGrad', [g, x!, y!], poolingOf(attributes)), null, null]
  },
  maxPool2: (y, g) => [apply('maxPool2Grad', [g, y.inputs[0]!, y], none)],
  maxPool2Grad: ({ inputs: [, x, y] }, u) => {
    const mask = peakMask(x!, y!)
    const [sums, ties] = [mul(u, mask), mask].map((v) => apply('sumPool2', [v], none)) as [Tensor, Tensor]
    return [div(sums, ties), null, null]
  },
  sumPool2: (_, g) => [apply('upsample2', [g], none)],
  upsample2: (_, g) => [apply('sumPool2', [g], none)],
  relu: (y, g) => [apply('reluMask', [g, y], none)],
  reluMask: ({ inputs: [, y] }, u) => [apply('reluMask', [u, y!], none), null],
  silu: ({ inputs: [x] }, g) => [apply('siluGrad', [g, x!], none)],
  siluGrad: throughComposition,
  groupNorm: (y, g) => {
    const {
      inputs: [x, scale],
      attributes: { activation, ...grouping },
    } = y
    const masked = activation === 'relu' ? apply('reluMask', [g, y], none) : g
    const dx = apply('groupNormInputGrad', [masked, x!, scale!], grouping)
    return [dx, apply('groupNormScaleGrad', [masked, x!], grouping), channelSums(masked)]
  },
  groupNormInputGrad: throughComposition,
  groupNormScaleGrad: throughComposition,
}
