/** The shape rule of every primitive: what it accepts and what it gives. Raises `InputError` that names the layer. */

import { InputError } from '@ecotope/core'
import type { Attributes, DType, Grouping, Primitive, Stencil, Tensor } from './primitive.ts'
import { broadcastShapes, reducedShape, type Shape, sameShape, showShape, sizeOf } from './shape.ts'

export interface Inferred {
  readonly shape: Shape
  readonly dtype: DType
}

type Operand = Pick<Tensor, 'shape' | 'dtype'>
type Rule<A> = (inputs: readonly Operand[], attributes: A, what: string) => Inferred

function need(condition: boolean, what: string, message: string, data: Record<string, unknown> = {}): void {
  if (!condition) throw new InputError('ShapeMismatch', `${what}: ${message}`, { data })
}

function needFloat(inputs: readonly Operand[], what: string): void {
  for (const { dtype } of inputs) {
    if (dtype !== 'float32') throw new InputError('DTypeMismatch', `${what}: needs float32, not ${dtype}`)
  }
}

function rank4(x: Operand, what: string, name = 'the input'): readonly [number, number, number, number] {
  need(x.shape.length === 4, what, `${name} must be [N, C, H, W], not ${showShape(x.shape)}`, { shape: x.shape })
  return [x.shape[0]!, x.shape[1]!, x.shape[2]!, x.shape[3]!]
}

const unary: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  return { shape: inputs[0]!.shape, dtype: 'float32' }
}

const binary: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  return { shape: broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, what), dtype: 'float32' }
}

const comparison: Rule<unknown> = (inputs, _, what) => {
  const [a, b] = inputs
  if (a!.dtype !== b!.dtype) throw new InputError('DTypeMismatch', `${what}: compares ${a!.dtype} with ${b!.dtype}`)
  return { shape: broadcastShapes(a!.shape, b!.shape, what), dtype: 'bool' }
}

const reduction: Rule<Attributes['sum']> = (inputs, { axes, keepDims }, what) => {
  needFloat(inputs, what)
  return { shape: reducedShape(inputs[0]!.shape, axes, keepDims), dtype: 'float32' }
}

const first: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  return { shape: inputs[0]!.shape, dtype: 'float32' }
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

export const shapeRules: { readonly [P in Primitive]: Rule<Attributes[P]> } = {
  input: () => ({ shape: [], dtype: 'float32' }),
  parameter: () => ({ shape: [], dtype: 'float32' }),
  constant: () => ({ shape: [], dtype: 'float32' }),
  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  abs: unary,
  sin: unary,
  cos: unary,
  sigmoid: unary,
  tanh: unary,
  relu: unary,
  softplus: unary,
  silu: unary,
  powConstant: unary,
  clip: unary,
  stopGradient: unary,
  cast: (inputs, { dtype }) => ({ shape: inputs[0]!.shape, dtype }),
  not: (inputs) => ({ shape: inputs[0]!.shape, dtype: 'bool' }),
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  minimum: binary,
  maximum: binary,
  greater: comparison,
  less: comparison,
  equal: comparison,
  and: comparison,
  where: ([c, a, b], _, what) => {
    if (c!.dtype !== 'bool') throw new InputError('DTypeMismatch', `${what}: the condition must be bool`)
    needFloat([a!, b!], what)
    return { shape: broadcastShapes(c!.shape, broadcastShapes(a!.shape, b!.shape, what), what), dtype: 'float32' }
  },
  sum: reduction,
  mean: reduction,
  max: reduction,
  softmax: first,
  logSoftmax: first,
  reshape: ([x], { shape }, what) => {
    need(sizeOf(x!.shape) === sizeOf(shape), what, `${showShape(x!.shape)} does not reshape to ${showShape(shape)}`)
    return { shape, dtype: x!.dtype }
  },
  transpose: ([x], { permutation }, what) => {
    const valid = permutation.length === x!.shape.length && new Set(permutation).size === permutation.length
    need(valid, what, `[${permutation.join(', ')}] does not permute the axes of ${showShape(x!.shape)}`)
    return { shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype }
  },
  slice: ([x], { axes, starts, ends }, what) => {
    const shape = [...x!.shape]
    axes.forEach((axis, i) => {
      const inside = 0 <= starts[i]! && starts[i]! < ends[i]! && ends[i]! <= (shape[axis] ?? 0)
      need(inside, what, `${starts[i]} to ${ends[i]} is not inside axis ${axis} of ${showShape(x!.shape)}`)
      shape[axis] = ends[i]! - starts[i]!
    })
    return { shape, dtype: x!.dtype }
  },
  pad: ([x], { before, after }, what) => {
    needFloat([x!], what)
    need(
      [...before, ...after].every((n) => n >= 0),
      what,
      'padding must not be negative',
    )
    return { shape: x!.shape.map((extent, i) => extent + before[i]! + after[i]!), dtype: x!.dtype }
  },
  concat: (inputs, { axis }, what) => {
    const [head, ...rest] = inputs
    for (const { shape, dtype } of rest) {
      const fits = shape.length === head!.shape.length && shape.every((n, i) => i === axis || n === head!.shape[i])
      need(
        fits && dtype === head!.dtype,
        what,
        `${showShape(shape)} does not join ${showShape(head!.shape)} on axis ${axis}`,
      )
    }
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0)
    return { shape: head!.shape.map((n, i) => (i === axis ? total : n)), dtype: head!.dtype }
  },
  expand: ([x], { shape }, what) => {
    const fits = sameShape(broadcastShapes(x!.shape, shape, what), shape)
    need(fits, what, `${showShape(x!.shape)} does not expand to ${showShape(shape)}`)
    return { shape, dtype: x!.dtype }
  },
  reverse: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  matmul: (inputs, { transposeA, transposeB }, what) => {
    needFloat(inputs, what)
    const [a, b] = [inputs[0]!.shape, inputs[1]!.shape]
    need(a.length >= 2 && b.length >= 2, what, `needs matrices, not ${showShape(a)} and ${showShape(b)}`)
    const [m, k] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!]
    const [k2, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!]
    need(k === k2, what, `inner extents ${k} and ${k2} of ${showShape(a)} and ${showShape(b)} differ`)
    return { shape: [...broadcastShapes(a.slice(0, -2), b.slice(0, -2), what), m, n], dtype: 'float32' }
  },
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

/** Shape and dtype of one application. Leaves have none to infer. */
export function inferShape<P extends Primitive>(
  op: P,
  inputs: readonly Operand[],
  attributes: Attributes[P],
  scope: string,
): Inferred {
  const rule = shapeRules[op] as Rule<Attributes[P]>
  return rule(inputs, attributes, scope === '' ? op : `${op} in ${scope}`)
}
