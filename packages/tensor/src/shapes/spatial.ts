/** Shape rules of the primitives on images. */

import type { Grouping, Pooling, SpatialPrimitive, Stencil, Window } from '../attributes/spatial.ts'
import type { Attributes } from '../primitive.ts'
import { range, type Shape, sameShape, showShape } from '../shape.ts'
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

/** How an image with so many spatial axes is laid out, for messages. */
const layouts = ['[N, C, L]', '[N, C, H, W]', '[N, C, D, H, W]'] as const

interface Split {
  readonly n: number
  readonly c: number
  readonly size: readonly number[]
}

/** Checks the rank against the stencil's and takes the shape apart. */
function image(x: Operand, { stride }: Window, what: string, name = 'the input'): Split {
  const layout = layouts[stride.length - 1]
  need(layout !== undefined, what, `has 1 to 3 spatial axes, not ${stride.length}`)
  const fits = x.shape.length === stride.length + 2
  need(fits, what, `${name} must be ${layout}, not ${showShape(x.shape)}`, { shape: x.shape })
  return { n: x.shape[0]!, c: x.shape[1]!, size: x.shape.slice(2) }
}

/** As `image`, for a weight `[O, C/groups, ...kernel]`. */
function kernelOf(w: Operand, { stride }: Window, what: string): { o: number; c: number; kernel: readonly number[] } {
  const axes = ['k', 'kh, kw', 'kd, kh, kw'][stride.length - 1]
  const fits = w.shape.length === stride.length + 2
  need(fits, what, `the weight must be [O, C/groups, ${axes}], not ${showShape(w.shape)}`, { shape: w.shape })
  return { o: w.shape[0]!, c: w.shape[1]!, kernel: w.shape.slice(2) }
}

/** Extents of what a window of extent `kernel` gives on an image of extent `size`. */
export function windowExtents(size: readonly number[], kernel: readonly number[], s: Window): number[] {
  return size.map((extent, axis) => {
    const reach = s.dilation[axis]! * (kernel[axis]! - 1) + 1
    const room = extent + s.padding[axis]! + s.padding[axis + size.length]! - reach
    return Math.floor(room / s.stride[axis]!) + 1
  })
}

const by = (extents: readonly number[]): string => extents.join(' x ')

/** Checks the numbers of a window; the ranks have been checked. Gives the extents of the result. */
function windowed(size: readonly number[], kernel: readonly number[], s: Window, what: string): number[] {
  const positive = (list: readonly number[], name: string): void => {
    const valid = list.length === size.length && list.every((v) => Number.isInteger(v) && v >= 1)
    need(valid, what, `${name} must be ${size.length} positive integers, not [${list.join(', ')}]`)
  }
  positive(s.stride, 'the stride')
  positive(s.dilation, 'the dilation')
  const pads = s.padding.length === 2 * size.length && s.padding.every((v) => Number.isInteger(v) && v >= 0)
  need(pads, what, `the padding must be ${2 * size.length} integers from 0 on, not [${s.padding.join(', ')}]`)
  const out = windowExtents(size, kernel, s)
  need(
    out.every((extent) => extent > 0),
    what,
    `the kernel ${by(kernel)} does not fit into ${by(size)}`,
    { kernel, size, padding: s.padding, dilation: s.dilation },
  )
  return out
}

function checkGroups(groups: number, c: number, o: number, what: string): void {
  need(Number.isInteger(groups) && groups >= 1, what, `groups must be a positive integer, not ${groups}`)
  for (const [count, name] of [
    [c, 'input'],
    [o, 'output'],
  ] as const) {
    need(count % groups === 0, what, `${count} ${name} channels do not divide into ${groups} groups`, { groups })
  }
}

function checkChannels(c: number, weight: number, groups: number, what: string): void {
  const expected = weight * groups
  const split = groups === 1 ? '' : ` (${groups} groups of ${weight})`
  need(c === expected, what, `the input has ${c} channels, the weight expects ${expected}${split}`, {
    actual: c,
    expected,
  })
}

function bias(inputs: readonly Operand[], channels: number, what: string): void {
  const b = inputs[2]
  if (b !== undefined) {
    need(sameShape(b.shape, [channels]), what, `the bias must be [${channels}], not ${showShape(b.shape)}`)
  }
}

const conv: Rule<Stencil> = (inputs, stencil, what) => {
  needFloat(inputs, what)
  const { n, c, size } = image(inputs[0]!, stencil, what)
  const { o, c: perGroup, kernel } = kernelOf(inputs[1]!, stencil, what)
  checkGroups(stencil.groups, c, o, what)
  checkChannels(c, perGroup, stencil.groups, what)
  bias(inputs, o, what)
  return { shape: [n, o, ...windowed(size, kernel, stencil, what)], dtype: 'float32' }
}

const convInputGrad: Rule<Attributes['convInputGrad']> = (inputs, { size, ...stencil }, what) => {
  needFloat(inputs, what)
  const g = image(inputs[0]!, stencil, what, 'the gradient')
  const { o, c, kernel } = kernelOf(inputs[1]!, stencil, what)
  checkGroups(stencil.groups, c * stencil.groups, o, what)
  const fits = g.c === o && sameShape(g.size, windowed(size, kernel, stencil, what))
  need(fits, what, 'gradient, weight and size do not belong together', {
    gradient: inputs[0]!.shape,
    weight: inputs[1]!.shape,
    size,
  })
  return { shape: [g.n, c * stencil.groups, ...size], dtype: 'float32' }
}

const convWeightGrad: Rule<Attributes['convWeightGrad']> = (inputs, { kernel, ...stencil }, what) => {
  needFloat(inputs, what)
  const g = image(inputs[0]!, stencil, what, 'the gradient')
  const x = image(inputs[1]!, stencil, what)
  checkGroups(stencil.groups, x.c, g.c, what)
  const fits = g.n === x.n && sameShape(g.size, windowed(x.size, kernel, stencil, what))
  need(fits, what, 'gradient, input and kernel do not belong together', {
    gradient: inputs[0]!.shape,
    input: inputs[1]!.shape,
    kernel,
  })
  return { shape: [g.c, x.c / stencil.groups, ...kernel], dtype: 'float32' }
}

/** The window's extents, and that none of them lies beside the image with all that it reads. */
function pooled(x: Operand, pooling: Pooling, what: string): number[] {
  const { n, c, size } = image(x, pooling, what)
  const { kernel, stride, dilation, padding } = pooling
  const valid = kernel.length === size.length && kernel.every((k) => Number.isInteger(k) && k >= 1)
  need(valid, what, `the kernel must be ${size.length} positive integers, not [${kernel.join(', ')}]`)
  const out = windowed(size, kernel, pooling, what)
  out.forEach((count, axis) => {
    for (let i = 0; i < count; i++) {
      const first = i * stride[axis]! - padding[axis]!
      const reads = range(0, kernel[axis]!).some((k) => {
        const at = first + k * dilation[axis]!
        return at >= 0 && at < size[axis]!
      })
      need(reads, what, `with padding [${padding.join(', ')}] a window lies beside the ${by(size)} image`, { padding })
    }
  })
  return [n, c, ...out]
}

const maxPool: Rule<Pooling> = (inputs, pooling, what) => {
  needFloat(inputs, what)
  return { shape: pooled(inputs[0]!, pooling, what), dtype: 'float32' }
}

/** `first` is g or u; the others are x and y = maxPool(x). */
const ofMaxPool =
  (first: 'g' | 'u'): Rule<Pooling> =>
  (inputs, pooling, what) => {
    needFloat(inputs, what)
    const [given, x, y] = inputs.map(({ shape }) => shape) as [Shape, Shape, Shape]
    const fits = sameShape(y, pooled(inputs[1]!, pooling, what)) && sameShape(given, first === 'g' ? y : x)
    need(fits, what, `${showShape(given)}, ${showShape(x)} and ${showShape(y)} do not belong together`)
    return { shape: first === 'g' ? x : y, dtype: 'float32' }
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
  convInputGrad,
  convWeightGrad,
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
  maxPool,
  maxPoolGrad: ofMaxPool('g'),
  maxPoolTake: ofMaxPool('u'),
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
