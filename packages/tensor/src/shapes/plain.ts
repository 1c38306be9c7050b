/** Shape rules of the leaves and of the elementary primitives. */

import { InputError } from '@ecotope/core'
import type { PlainPrimitive } from '../attributes/plain.ts'
import type { Attributes } from '../primitive.ts'
import { broadcastShapes, reducedShape, sameShape, showShape, sizeOf } from '../shape.ts'
import { need, needFloat, needNumbers, type Operand, type Rule, unary, unaryNumber } from './rule.ts'

const binary: Rule<unknown> = (inputs, _, what) => {
  needFloat(inputs, what)
  return { shape: broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, what), dtype: 'float32' }
}

/** As `binary`, for float32 and int32. */
const binaryNumber: Rule<unknown> = (inputs, _, what) => {
  const dtype = needNumbers(inputs, what)
  return { shape: broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, what), dtype }
}

const logical: Rule<unknown> = (inputs, _, what) => {
  for (const { dtype } of inputs) {
    if (dtype !== 'bool') throw new InputError('DTypeMismatch', `${what}: needs bool, not ${dtype}`)
  }
  const shape = inputs.reduce<readonly number[]>((sum, x) => broadcastShapes(sum, x.shape, what), [])
  return { shape, dtype: 'bool' }
}

const comparison: Rule<unknown> = (inputs, _, what) => {
  const [a, b] = inputs
  if (a!.dtype !== b!.dtype) throw new InputError('DTypeMismatch', `${what}: compares ${a!.dtype} with ${b!.dtype}`)
  return { shape: broadcastShapes(a!.shape, b!.shape, what), dtype: 'bool' }
}

const reduction: Rule<Attributes['sum']> = (inputs, { axes, keepDims }, what) => {
  return { shape: reducedShape(inputs[0]!.shape, axes, keepDims), dtype: needNumbers(inputs, what) }
}

/** The extent that a layer normalisation of the first operand takes together. */
function lastExtent(inputs: readonly Operand[], what: string): number {
  needFloat(inputs, what)
  const { shape } = inputs[0]!
  need(shape.length >= 1, what, 'needs at least one axis')
  return shape.at(-1)!
}

export const plainShapes: { readonly [P in PlainPrimitive]: Rule<Attributes[P]> } = {
  input: () => ({ shape: [], dtype: 'float32' }),
  parameter: () => ({ shape: [], dtype: 'float32' }),
  constant: () => ({ shape: [], dtype: 'float32' }),
  random: () => ({ shape: [], dtype: 'float32' }),
  neg: unaryNumber,
  exp: unary,
  log: unary,
  sqrt: unary,
  abs: unaryNumber,
  sin: unary,
  cos: unary,
  sigmoid: unary,
  tanh: unary,
  softplus: unary,
  powConstant: unary,
  clip: unaryNumber,
  stopGradient: unary,
  cast: (inputs, { dtype }) => ({ shape: inputs[0]!.shape, dtype }),
  not: logical,
  add: binaryNumber,
  sub: binaryNumber,
  mul: binaryNumber,
  div: binary,
  minimum: binaryNumber,
  maximum: binaryNumber,
  greater: comparison,
  greaterEqual: comparison,
  less: comparison,
  equal: comparison,
  and: logical,
  or: logical,
  where: ([c, a, b], _, what) => {
    if (c!.dtype !== 'bool') throw new InputError('DTypeMismatch', `${what}: the condition must be bool`)
    if (a!.dtype !== b!.dtype) throw new InputError('DTypeMismatch', `${what}: chooses ${a!.dtype} or ${b!.dtype}`)
    return { shape: broadcastShapes(c!.shape, broadcastShapes(a!.shape, b!.shape, what), what), dtype: a!.dtype }
  },
  sum: reduction,
  mean: (inputs, attributes, what) => {
    needFloat(inputs, what)
    return reduction(inputs, attributes, what)
  },
  max: reduction,
  softmax: unary,
  logSoftmax: unary,
  reshape: ([x], { shape }, what) => {
    need(sizeOf(x!.shape) === sizeOf(shape), what, `${showShape(x!.shape)} does not reshape to ${showShape(shape)}`)
    return { shape, dtype: x!.dtype }
  },
  transpose: ([x], { permutation }, what) => {
    const valid = permutation.length === x!.shape.length && x!.shape.every((_, axis) => permutation.includes(axis))
    need(valid, what, `[${permutation.join(', ')}] does not permute the axes of ${showShape(x!.shape)}`)
    return { shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype }
  },
  slice: ([x], { axes, starts, ends }, what) => {
    const shape = [...x!.shape]
    axes.forEach((axis, i) => {
      const whole = Number.isInteger(starts[i]) && Number.isInteger(ends[i])
      const inside = whole && 0 <= starts[i]! && starts[i]! < ends[i]! && ends[i]! <= (shape[axis] ?? 0)
      need(inside, what, `${starts[i]} to ${ends[i]} is not inside axis ${axis} of ${showShape(x!.shape)}`)
      shape[axis] = ends[i]! - starts[i]!
    })
    return { shape, dtype: x!.dtype }
  },
  pad: ([x], { before, after }, what) => {
    needNumbers([x!], what)
    const rank = x!.shape.length
    const fits = before.length === rank && after.length === rank
    need(
      fits,
      what,
      `${showShape(before)} and ${showShape(after)} are not one count for each axis of ${showShape(x!.shape)}`,
    )
    need(
      [...before, ...after].every((n) => Number.isInteger(n) && n >= 0),
      what,
      `padding must not be negative, and whole: ${showShape(before)} and ${showShape(after)}`,
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
  layerNorm: (inputs, _, what) => {
    const c = lastExtent(inputs, what)
    for (const [name, i] of [
      ['scale', 1],
      ['bias', 2],
    ] as const) {
      need(sameShape(inputs[i]!.shape, [c]), what, `the ${name} must be [${c}], not ${showShape(inputs[i]!.shape)}`)
    }
    return { shape: inputs[0]!.shape, dtype: 'float32' }
  },
  layerNormInputGrad: ([g, x, scale], _, what) => {
    lastExtent([x!, scale!], what)
    need(sameShape(g!.shape, x!.shape), what, `${showShape(g!.shape)} is not ${showShape(x!.shape)}`)
    return { shape: x!.shape, dtype: 'float32' }
  },
  layerNormScaleGrad: ([g, x], _, what) => {
    need(sameShape(g!.shape, x!.shape), what, `${showShape(g!.shape)} is not ${showShape(x!.shape)}`)
    return { shape: [lastExtent([x!], what)], dtype: 'float32' }
  },
  matmul: (inputs, { transposeA, transposeB }, what) => {
    needFloat(inputs, what)
    const [a, b] = [inputs[0]!.shape, inputs[1]!.shape]
    need(a.length >= 2 && b.length >= 2, what, `needs matrices, not ${showShape(a)} and ${showShape(b)}`)
    const [m, k] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!]
    const [k2, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!]
    need(k === k2, what, `inner extents ${k} and ${k2} of ${showShape(a)} and ${showShape(b)} differ`)
    return { shape: [...broadcastShapes(a.slice(0, -2), b.slice(0, -2), what), m, n], dtype: 'float32' }
  },
}
