/**
 * Elementwise work, normalisation, pooling and joins in the blocked layout of the convolutions around them, so that
 * whole-image inference reorders nothing between its first and its last convolution. Each form gives null where its
 * operands are not in blocks; the caller then takes the plain one.
 */

import type { OnnxNode, Value } from '../onnx/graph.ts'
import type { Attributes } from '../primitive.ts'
import { type Shape, sameShape } from '../shape.ts'
import { fromBlocks } from './nchwc.ts'
import { forEach, groupMean, layoutOf, momentKey } from './norm.ts'
import { extents } from './portable.ts'
import type { Lowering } from './target.ts'

const domain = 'com.microsoft.nchwc'

/** An operator of one operand that works on single elements, or null. */
export function blockedUnary(l: Lowering, x: Value, emit: (x: Value) => Value): Value | null {
  const inside = l.blocks.get(x)
  return inside === undefined ? null : fromBlocks(l, emit(inside), x.shape)
}

/** Activations that a blocked convolution applies to its result in the same pass. */
const FUSED = { Relu: 'Relu' } as const

/** ReLU, as part of the convolution that made x where there is one. */
export function blockedRelu(l: Lowering, x: Value): Value | null {
  return blockedUnary(l, x, (inside) => {
    const node = l.graph.producer(inside)
    return node?.op === 'Conv' && node.attributes.activation === undefined
      ? again(l, node, inside.shape, { activation: FUSED.Relu })
      : l.unary('Relu', inside)
  })
}

/** The same node with further attributes; the former is left out of the graph when nothing else reads it. */
function again(l: Lowering, node: OnnxNode, shape: Shape, more: Readonly<Record<string, string>>): Value {
  const inputs = node.inputs.map((name) => (name === '' ? null : l.graph.named(name)))
  return l.graph.emit(node.op, inputs, shape, { domain: node.domain, attributes: { ...node.attributes, ...more } })
}

/** An operator of two operands of one shape, both in blocks. */
export function blockedBinary(l: Lowering, op: string, a: Value, b: Value): Value | null {
  const [x, y] = [l.blocks.get(a), l.blocks.get(b)]
  if (x === undefined || y === undefined || !sameShape(a.shape, b.shape)) return null
  return fromBlocks(l, l.binary(op, x, y), a.shape)
}

/** Channels one after the other: whole blocks, which lie one after the other too. */
export function blockedConcat(l: Lowering, parts: readonly Value[], axis: number): Value | null {
  if (axis !== 1) return null
  const inside = parts.map((part) => l.blocks.get(part))
  if (inside.some((part) => part === undefined)) return null
  const joined = l.concat(inside as Value[], 1)
  return fromBlocks(l, joined, joined.shape)
}

export function blockedPool(l: Lowering, op: 'MaxPool' | 'AveragePool', x: Value, shape: Shape): Value | null {
  const inside = l.blocks.get(x)
  if (inside === undefined) return null
  const attributes = {
    kernel_shape: [2, 2],
    strides: [2, 2],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    auto_pad: 'NOTSET',
    ceil_mode: 0,
    ...(op === 'AveragePool' ? { count_include_pad: 0 } : { storage_order: 0 }),
  }
  return fromBlocks(l, l.graph.emit(op, [inside], shape, { domain, attributes }), shape)
}

const point = {
  kernel_shape: [1, 1],
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  auto_pad: 'NOTSET',
} as const

/** factor x + offset, one of each per sample and channel, then ReLU if wanted: a 1 x 1 kernel for each of them. */
function affine(l: Lowering, x: Value, factor: Value, offset: Value, relu: boolean): Value {
  const [n, c, h, w] = extents(x)
  const each = n * c
  const inputs = [l.reshape(x, [1, each, h, w]), l.reshape(factor, [each, 1, 1, 1]), l.reshape(offset, [each])]
  const attributes = { ...point, group: each, ...(relu ? { activation: FUSED.Relu } : {}) }
  return l.reshape(l.graph.emit('Conv', inputs, [1, each, h, w], { domain, attributes }), x.shape)
}

/** Sums over each channel's pixels, `[N, C]`, in two stages: rows, then their sums. */
function channelSums(l: Lowering, x: Value): Value {
  const b = l.target.nchwcBlock
  const [n, c, h, w] = extents(x)
  const rows = l.reduce('ReduceSum', l.reshape(x, [(n * c) / b, h, w, b]), [2], false)
  return l.reshape(l.reduce('ReduceSum', rows, [1], false), [n, c])
}

/**
 * Group normalisation of an image in blocks: the mean, the variance of centred values, then one affine pass. Its
 * statistics serve the gradient, which works on plain images.
 */
export function blockedGroupNorm(
  l: Lowering,
  [plain, scale, bias]: readonly [Value, Value, Value],
  { activation, ...grouping }: Attributes['groupNorm'],
): Value | null {
  const x = l.blocks.get(plain)
  if (x === undefined) return null
  const { groups, eps } = grouping
  const layout = layoutOf(x, grouping)
  const { n, c, perGroup } = layout
  const level = (sums: Value): Value => groupMean(l, l.reshape(sums, [n, groups, perGroup]), layout)
  const each = (v: Value): Value => l.reshape(forEach(l, v, layout), [n, c])
  const mean = level(channelSums(l, x))
  const centred = affine(l, x, l.graph.filled(1, [n * c]), each(l.unary('Neg', mean)), false)
  const variance = level(channelSums(l, l.mul(centred, centred)))
  const inverse = l.unary('Reciprocal', l.unary('Sqrt', l.add(variance, l.graph.scalar(eps))))
  l.moments.set(momentKey(plain, grouping), [mean, inverse])
  const factor = l.mul(each(inverse), l.reshape(scale, [1, c]))
  const y = affine(l, centred, factor, l.expand(l.reshape(bias, [1, c]), [n, c]), activation === 'relu')
  return fromBlocks(l, y, plain.shape)
}
