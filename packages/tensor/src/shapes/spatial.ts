/** Shape rules of the primitives on images. */

import type { Grouping, SpatialPrimitive, Stencil } from '../attributes/spatial.ts'
import type { Attributes } from '../primitive.ts'
import { sameShape, showShape } from '../shape.ts'
import { need, needFloat, type Operand, type Rule, unary } from './rule.ts'

function rank4(x: Operand, what: string, name = 'the input'): readonly [number, number, number, number] {
  need(x.shape.length === 4, what, `${name} must be [N, C, H, W], not ${showShape(x.shape)}`, { shape: x.shape })
  return [x.shape[0]!, x.shape[1]!, x.shape[2]!, x.shape[3]!]
}

const likeSecond: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  const [g, x] = inputs
  need(sameShape(g!.shape, x!.shape), what, `${showShape(g!.shape)} is not ${showShape(x!.shape)}`)
  return { shape: x!.shape, dtype: 'float32' }
}

/** Extents of a convolution's output. */
export function convExtents(
  size: readonly [number, number],
  kernel: readonly [number, number],
  s: Stencil,
): [number, number] {
  const extent = (axis: 0 | 1): number => {
    const reach = s.dilation[axis] * (kernel[axis] - 1) + 1
    return Math.floor((size[axis] + s.padding[axis] + s.padding[axis + 2]! - reach) / s.stride[axis]) + 1
  }
  return [extent(0), extent(1)]
}

function bias(inputs: readonly Operand[], channels: number, what: string): void {
  const b = inputs[2]
  if (b !== undefined) {
    need(sameShape(b.shape, [channels]), what, `the bias must be [${channels}], not ${showShape(b.shape)}`)
  }
}

const conv: Rule<Stencil> = (inputs, stencil, what) => {
  needFloat(inputs, what)
  const [n, c, h, w] = rank4(inputs[0]!, what)
  const [o, wc, kh, kw] = rank4(inputs[1]!, what, 'the weight')
  need(c === wc, what, `the input has ${c} channels, the weight expects ${wc}`, { actual: c, expected: wc })
  bias(inputs, o, what)
  const [oh, ow] = convExtents([h, w], [kh, kw], stencil)
  need(oh > 0 && ow > 0, what, `the kernel ${kh} x ${kw} does not fit into ${h} x ${w}`)
  return { shape: [n, o, oh, ow], dtype: 'float32' }
}

const up2: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  const [n, c, h, w] = rank4(inputs[0]!, what)
  const weight = inputs[1]!.shape
  need(weight.length === 4 && weight[2] === 2 && weight[3] === 2, what, 'the weight must be [C, O, 2, 2]')
  need(c === weight[0], what, `the input has ${c} channels, the weight expects ${weight[0]}`)
  bias(inputs, weight[1]!, what)
  return { shape: [n, weight[1]!, 2 * h, 2 * w], dtype: 'float32' }
}

const halved: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  const [n, c, h, w] = rank4(inputs[0]!, what)
  need(h % 2 === 0 && w % 2 === 0, what, `needs even extents, not ${h} x ${w}`)
  return { shape: [n, c, h / 2, w / 2], dtype: 'float32' }
}

const groupNorm: Rule<Grouping> = (inputs, { groups }, what) => {
  needFloat(inputs, what)
  const [, c] = rank4(inputs[0]!, what)
  need(groups > 0 && c % groups === 0, what, `${c} channels do not divide into ${groups} groups`, {
    channels: c,
    groups,
  })
  return { shape: inputs[0]!.shape, dtype: 'float32' }
}

export const spatialShapes: { readonly [P in SpatialPrimitive]: Rule<Attributes[P]> } = {
  relu: unary,
  silu: unary,
  conv,
  convInputGrad: (inputs, { size, ...stencil }, what) => {
    needFloat(inputs, what)
    const [n, o, h, w] = rank4(inputs[0]!, what, 'the gradient')
    const [wo, c, kh, kw] = rank4(inputs[1]!, what, 'the weight')
    const [oh, ow] = convExtents(size, [kh, kw], stencil)
    need(o === wo && h === oh && w === ow, what, 'gradient, weight and size do not belong together')
    return { shape: [n, c, ...size], dtype: 'float32' }
  },
  convWeightGrad: (inputs, { kernel, ...stencil }, what) => {
    needFloat(inputs, what)
    const [n, o, h, w] = rank4(inputs[0]!, what, 'the gradient')
    const [xn, c, xh, xw] = rank4(inputs[1]!, what)
    const [oh, ow] = convExtents([xh, xw], kernel, stencil)
    need(n === xn && h === oh && w === ow, what, 'gradient, input and kernel do not belong together')
    return { shape: [o, c, ...kernel], dtype: 'float32' }
  },
  up2,
  up2InputGrad: (inputs, _, what) => {
    needFloat(inputs, what)
    const [n, o, h, w] = rank4(inputs[0]!, what, 'the gradient')
    const [c, wo] = rank4(inputs[1]!, what, 'the weight')
    need(o === wo && h % 2 === 0 && w % 2 === 0, what, 'gradient and weight do not belong together')
    return { shape: [n, c, h / 2, w / 2], dtype: 'float32' }
  },
  up2WeightGrad: (inputs, _, what) => {
    needFloat(inputs, what)
    const [n, o, h, w] = rank4(inputs[0]!, what, 'the gradient')
    const [xn, c, xh, xw] = rank4(inputs[1]!, what)
    need(n === xn && h === 2 * xh && w === 2 * xw, what, 'gradient and input do not belong together')
    return { shape: [c, o, 2, 2], dtype: 'float32' }
  },
  maxPool2: halved,
  maxPool2Grad: ([g, x, y], _, what) => {
    need(sameShape(g!.shape, y!.shape), what, `${showShape(g!.shape)} is not ${showShape(y!.shape)}`)
    return { shape: x!.shape, dtype: 'float32' }
  },
  sumPool2: halved,
  upsample2: (inputs, _, what) => {
    needFloat(inputs, what)
    const [n, c, h, w] = rank4(inputs[0]!, what)
    return { shape: [n, c, 2 * h, 2 * w], dtype: 'float32' }
  },
  reluMask: likeSecond,
  siluGrad: likeSecond,
  groupNorm: (inputs, attributes, what) => {
    const c = inputs[0]!.shape[1]!
    for (const [name, i] of [
      ['scale', 1],
      ['bias', 2],
    ] as const) {
      need(sameShape(inputs[i]!.shape, [c]), what, `the ${name} must be [${c}], not ${showShape(inputs[i]!.shape)}`)
    }
    return groupNorm(inputs, attributes, what)
  },
  groupNormInputGrad: groupNorm,
  groupNormScaleGrad: (inputs, attributes, what) => ({
    shape: [groupNorm(inputs, attributes, what).shape[1]!],
    dtype: 'float32',
  }),
}
