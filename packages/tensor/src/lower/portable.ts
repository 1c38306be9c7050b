/**
 * Lowering of the spatial primitives in standard operators, correct for every extent, kernel, stride and dilation.
 * The node CPU target falls back to these rules where its fast forms do not apply.
 */

import { input } from '../apply.ts'
import type { SpatialPrimitive } from '../attributes/spatial.ts'
import { type CompositePrimitive, compose } from '../compositions.ts'
import type { Value } from '../onnx/graph.ts'
import type { Attributes, Stencil, Tensor } from '../primitive.ts'
import type { Lower, Lowering } from './target.ts'
import { lowerNodes } from './walk.ts'

type Extents = readonly [number, number, number, number]

export const extents = (x: { readonly shape: readonly number[] }): Extents => [
  x.shape[0]!,
  x.shape[1]!,
  x.shape[2]!,
  x.shape[3]!,
]

/** Attributes of `Conv` and its kin. */
export function convAttributes(kernel: readonly number[], s: Stencil): Record<string, readonly number[]> {
  return { kernel_shape: kernel, pads: s.padding, strides: s.stride, dilations: s.dilation }
}

export function plainConv(l: Lowering, inputs: readonly Value[], stencil: Stencil, shape: readonly number[]): Value {
  const [, , kh, kw] = extents(inputs[1]!)
  return l.graph.emit('Conv', inputs, shape, { attributes: convAttributes([kh, kw], stencil) })
}

/** `[O, C, kh, kw]` to `[C, O, kh, kw]` with both kernel axes reversed: the weight of the adjoint. */
export function adjointWeight(l: Lowering, w: Value): Value {
  const [, , kh, kw] = extents(w)
  return l.transpose(kh * kw === 1 ? w : l.reverse(w, [2, 3]), [1, 0, 2, 3])
}

/** Puts stride - 1 zeros after every element but the last. */
function dilate(l: Lowering, g: Value, [sv, sh]: readonly [number, number]): Value {
  if (sv === 1 && sh === 1) return g
  const [n, c, h, w] = extents(g)
  const cells = l.pad(l.reshape(g, [n, c, h, 1, w, 1]), [0, 0, 0, 0, 0, 0], [0, 0, 0, sv - 1, 0, sh - 1])
  return l.pad(l.reshape(cells, [n, c, h * sv, w * sh]), [0, 0, 0, 0], [0, 0, 1 - sv, 1 - sh])
}

/** The adjoint of a convolution: a convolution of the dilated gradient with the reversed weight. */
export const convInputGrad: Lower<'convInputGrad'> = (l, [g, w], { attributes, shape }) => {
  const { dilation, padding, stride } = attributes
  const [, , kh, kw] = extents(w!)
  const reach = [dilation[0] * (kh - 1), dilation[1] * (kw - 1)] as const
  const spread = dilate(l, g!, stride)
  const [, , h, width] = extents(spread)
  const top = reach[0] - padding[0]
  const left = reach[1] - padding[1]
  // What the forward pass read beyond its last window has no gradient: the far side fills up to the input's extent.
  const bottom = shape[2]! - (h + top - reach[0])
  const right = shape[3]! - (width + left - reach[1])
  const cropped = l.pad(
    spread,
    [0, 0, Math.min(0, top), Math.min(0, left)],
    [0, 0, Math.min(0, bottom), Math.min(0, right)],
  )
  const outer: Stencil['padding'] = [Math.max(0, top), Math.max(0, left), Math.max(0, bottom), Math.max(0, right)]
  return plainConv(l, [cropped, adjointWeight(l, w!)], { stride: [1, 1], dilation, padding: outer }, shape)
}

/** One product of the gradient with the shifted input per tap of the kernel. */
export const convWeightGrad: Lower<'convWeightGrad'> = (l, [g, x], { attributes, shape }) => {
  const { stride, dilation, padding, kernel } = attributes
  const [o, c] = [shape[0]!, shape[1]!]
  const [n, , h, w] = extents(g!)
  const padded = l.pad(x!, [0, 0, padding[0], padding[1]], [0, 0, padding[2], padding[3]])
  const rows = l.reshape(g!, [n, o, h * w])
  const taps: Value[] = []
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const start = [i * dilation[0], j * dilation[1]]
      const end = [start[0]! + (h - 1) * stride[0] + 1, start[1]! + (w - 1) * stride[1] + 1]
      const steps = stride[0] === 1 && stride[1] === 1 ? undefined : stride
      const shifted = l.reshape(l.slice(padded, [2, 3], start, end, steps), [n, c, h * w])
      taps.push(l.reshape(l.matmul(rows, shifted, false, true), [n, 1, o, c]))
    }
  }
  const total = l.reduce('ReduceSum', l.concat(taps, 1), [0], false)
  return l.reshape(l.transpose(total, [1, 2, 0]), shape)
}

const up2: Lower<'up2'> = (l, inputs, { shape }) => {
  return l.graph.emit('ConvTranspose', inputs, shape, { attributes: { kernel_shape: [2, 2], strides: [2, 2] } })
}

const unitStride2: Stencil = { stride: [2, 2], dilation: [1, 1], padding: [0, 0, 0, 0] }

/** w `[C, O, 2, 2]` of the transposed convolution is the weight of a plain one from O to C channels. */
const up2InputGrad: Lower<'up2InputGrad'> = (l, [g, w], { shape }) => plainConv(l, [g!, w!], unitStride2, shape)

const up2WeightGrad: Lower<'up2WeightGrad'> = (l, [g, x], { shape }) => {
  const [n, c, h, w] = extents(x!)
  const o = shape[1]!
  const cells = l.transpose(l.reshape(g!, [n, o, h, 2, w, 2]), [0, 1, 3, 5, 2, 4])
  const product = l.matmul(l.reshape(x!, [n, c, h * w]), l.reshape(cells, [n, 4 * o, h * w]), false, true)
  return l.reshape(l.reduce('ReduceSum', product, [0], false), shape)
}

const pool = { kernel_shape: [2, 2], strides: [2, 2] } as const

export function resize2(l: Lowering, x: Value, shape: readonly number[]): Value {
  const scales = l.graph.constant(Float32Array.of(1, 1, 2, 2), [4])
  const attributes = { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' }
  return l.graph.emit('Resize', [x, null, scales], shape, { attributes })
}

/** By `InstanceNormalization` over `[N, G, -1]`: no extent is written down, so that H and W may vary. */
const groupNorm: Lower<'groupNorm'> = (l, inputs, node) => {
  const { groups, eps, activation, overBatch } = node.attributes
  if (overBatch) return byComposition(l, inputs, node)
  const [x, scale, bias] = inputs
  const { graph } = l
  const [n, c, h, w] = extents(x!)
  const grouped = graph.emit('Reshape', [x!, graph.integers([0, groups, -1])], [n, groups, (c / groups) * h * w])
  const ones = [graph.filled(1, [groups]), graph.filled(0, [groups])]
  const normal = graph.emit('InstanceNormalization', [grouped, ...ones], grouped.shape, {
    attributes: { epsilon: { float: eps } },
  })
  const shape = graph.emit('Shape', [x!], [4], { type: 'int64' })
  const restored = graph.emit('Reshape', [normal, shape], x!.shape)
  const channel = (v: Value): Value => l.reshape(v, [c, 1, 1])
  const y = l.add(l.mul(restored, channel(scale!)), channel(bias!))
  return activation === 'relu' ? l.unary('Relu', y) : y
}

/** Lowers the elementary form of a composite primitive. */
function byComposition<P extends CompositePrimitive>(l: Lowering, inputs: readonly Value[], node: Tensor<P>): Value {
  const stand = node.inputs.map(({ shape, dtype }, i) => input(`operand ${i}`, { shape, dtype }))
  const bound = new Map<Tensor, Value>(stand.map((s, i) => [s, inputs[i]!]))
  const output = compose(node.op, stand, node.attributes as Attributes[P])
  return lowerNodes(l, [output], bound).get(output)!
}

export const portableSpatial: { readonly [P in SpatialPrimitive]: Lower<P> } = {
  conv: (l, inputs, { attributes, shape }) => plainConv(l, inputs, attributes, shape),
  convInputGrad,
  convWeightGrad,
  up2,
  up2InputGrad,
  up2WeightGrad,
  maxPool2: (l, [x], { shape }) => l.graph.emit('MaxPool', [x!], shape, { attributes: pool }),
  maxPool2Grad: byComposition,
  sumPool2: (l, [x], { shape }) => l.scale(l.graph.emit('AveragePool', [x!], shape, { attributes: pool }), 4),
  upsample2: (l, [x], { shape }) => resize2(l, x!, shape),
  relu: (l, [x]) => l.unary('Relu', x!),
  reluMask: byComposition,
  silu: (l, [x]) => l.mul(x!, l.unary('Sigmoid', x!)),
  siluGrad: byComposition,
  groupNorm,
  groupNormInputGrad: byComposition,
  groupNormScaleGrad: byComposition,
}
