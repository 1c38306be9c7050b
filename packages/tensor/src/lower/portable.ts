/**
 * Lowering of the spatial primitives in standard operators, correct for 1 to 3 spatial axes and every extent, kernel,
 * stride, dilation and number of groups.
 * The node CPU target falls back to these rules where its fast forms do not apply.
 */

import type { SpatialPrimitive } from '../attributes/spatial.ts'
import type { Value } from '../onnx/graph.ts'
import type { Stencil } from '../primitive.ts'
import { range, type Shape, sizeOf } from '../shape.ts'
import { byComposition } from './compose.ts'
import { maxPool, maxPoolGrad, maxPoolTake } from './pooling.ts'
import { tapViews } from './taps.ts'
import type { Lower, Lowering } from './target.ts'
import { convByGroup } from './web-gpu.ts'

type Extents = readonly [number, number, number, number]

export const extents = (x: { readonly shape: readonly number[] }): Extents => [
  x.shape[0]!,
  x.shape[1]!,
  x.shape[2]!,
  x.shape[3]!,
]

/** Attributes of `Conv`. */
export function convAttributes(kernel: readonly number[], s: Stencil): Record<string, number | readonly number[]> {
  const attributes = { kernel_shape: kernel, pads: s.padding, strides: s.stride, dilations: s.dilation }
  return s.groups === 1 ? attributes : { ...attributes, group: s.groups }
}

export function plainConv(l: Lowering, inputs: readonly Value[], stencil: Stencil, shape: readonly number[]): Value {
  if (l.target.webgpu === true && stencil.groups > 1 && stencil.stride.length === 3) {
    const each = [shape[0]!, shape[1]! / stencil.groups, ...shape.slice(2)]
    return convByGroup(l, inputs, stencil, (parts, one) => plainConv(l, parts, one, each))
  }
  return l.graph.emit('Conv', inputs, shape, { attributes: convAttributes(inputs[1]!.shape.slice(2), stencil) })
}

/** `[O, C/groups, ...k]` to `[C, O/groups, ...k]` with the kernel reversed: the weight of the adjoint. */
export function adjointWeight(l: Lowering, w: Value, groups: number): Value {
  const [o, c, ...kernel] = w.shape as [number, number, ...number[]]
  const axes = range(2, w.shape.length)
  const turned = sizeOf(kernel) === 1 ? w : l.reverse(w, axes)
  if (groups === 1) return l.transpose(turned, [1, 0, ...axes])
  if (o === groups && c === 1) return turned
  const grouped = l.transpose(l.reshape(turned, [groups, o / groups, c, sizeOf(kernel)]), [0, 2, 1, 3])
  return l.reshape(grouped, [groups * c, o / groups, ...kernel])
}

/** Puts stride - 1 zeros after every element but the last of each axis. */
export function dilate(l: Lowering, g: Value, stride: readonly number[]): Value {
  const strided = stride.flatMap((s, i) => (s > 1 ? [i + 2] : []))
  if (strided.length === 0) return g
  const step = (axis: number): number => (axis < 2 ? 1 : stride[axis - 2]!)
  const cells = g.shape.flatMap((extent, axis) => (step(axis) > 1 ? [extent, 1] : [extent]))
  const after = g.shape.flatMap((_, axis) => (step(axis) > 1 ? [0, step(axis) - 1] : [0]))
  const spread = l.pad(
    l.reshape(g, cells),
    cells.map(() => 0),
    after,
  )
  const full = l.reshape(
    spread,
    g.shape.map((extent, axis) => extent * step(axis)),
  )
  return l.slice(
    full,
    strided,
    strided.map(() => 0),
    strided.map((axis) => full.shape[axis]! - step(axis) + 1),
  )
}

/** What a convolution of stride 1 with the adjoint weight must read to give the gradient of an input of `shape`. */
export function adjointImage(
  l: Lowering,
  g: Value,
  w: Value,
  s: Stencil,
  shape: Shape,
): { image: Value; stencil: Stencil } {
  const { dilation, padding, stride, groups } = s
  const d = stride.length
  const reach = dilation.map((step, axis) => step * (w.shape[axis + 2]! - 1))
  const spread = dilate(l, g, stride)
  const before = reach.map((r, axis) => r - padding[axis]!)
  // What the forward pass read beyond its last window has no gradient: the far side fills up to the input's extent.
  const after = reach.map((r, axis) => shape[axis + 2]! - (spread.shape[axis + 2]! + before[axis]! - r))
  const outer = [...before, ...after]
  const around = (list: readonly number[], keep: (n: number) => number): number[] => [0, 0, ...list.map(keep)]
  const crops = outer.some((n) => n < 0)
  // Enlarged before it is cropped: otherwise nothing may be left in between.
  const enlarged = (n: number): number => Math.max(0, n)
  const cropped = (n: number): number => Math.min(0, n)
  const wide = crops ? l.pad(spread, around(before, enlarged), around(after, enlarged)) : spread
  const image = crops ? l.pad(wide, around(before, cropped), around(after, cropped)) : spread
  const stencil = {
    stride: new Array<number>(d).fill(1),
    dilation,
    padding: crops ? outer.map(() => 0) : outer,
    groups,
  }
  return { image, stencil }
}

/** The adjoint of a convolution: a convolution of the dilated gradient with the reversed weight. */
export const convInputGrad: Lower<'convInputGrad'> = (l, [g, w], { attributes, shape }) => {
  const weight = adjointWeight(l, w!, attributes.groups)
  if (sizeOf(w!.shape.slice(2)) === 1) {
    // The zeros between go in after the channels have been mixed.
    const mixed = plainConv(l, [g!, weight], pointStencil(attributes), [g!.shape[0]!, shape[1]!, ...g!.shape.slice(2)])
    const { image, stencil } = adjointImage(l, mixed, w!, attributes, shape)
    const d = attributes.stride.length
    return l.pad(image, [0, 0, ...stencil.padding.slice(0, d)], [0, 0, ...stencil.padding.slice(d)])
  }
  const { image, stencil } = adjointImage(l, g!, w!, attributes, shape)
  return plainConv(l, [image, weight], stencil, shape)
}

function pointStencil({ stride, padding, groups }: Stencil): Stencil {
  const ones = stride.map(() => 1)
  return { stride: ones, dilation: ones, padding: padding.map(() => 0), groups }
}

/** With fewer channels than `FEW`, taps are stacked to about `STACKED` for one product: narrow ones are slow. */
const FEW = 8
const STACKED = 48

/** Products of the gradient with what the kernel's taps read. */
export function tapProducts(l: Lowering, g: Value, x: Value, s: Stencil, shape: Shape): Value {
  const [o, c, ...kernel] = shape as [number, number, ...number[]]
  const [n, , ...out] = g.shape as [number, number, ...number[]]
  const split = s.groups === 1 ? [] : [s.groups]
  const rows = l.reshape(g, [n, ...split, o / s.groups, sizeOf(out)])
  const views = tapViews(l, x, kernel, out, s).map((view) => l.reshape(view, [n, ...split, c, sizeOf(out)]))
  const each = s.groups === 1 && c < FEW ? Math.floor(STACKED / c) : 1
  const products = range(0, Math.ceil(views.length / each)).map((k) => {
    const some = views.slice(k * each, (k + 1) * each)
    const product = l.matmul(rows, l.concat(some, split.length + 1), false, true)
    return l.reshape(product, [n, o, some.length, c])
  })
  const total = l.reduce('ReduceSum', l.concat(products, 2), [0], false)
  return l.reshape(l.transpose(total, [0, 2, 1]), shape)
}

const up2: Lower<'up2'> = (l, inputs, { shape }) => {
  return l.graph.emit('ConvTranspose', inputs, shape, { attributes: { kernel_shape: [2, 2], strides: [2, 2] } })
}

const unitStride2: Stencil = { stride: [2, 2], dilation: [1, 1], padding: [0, 0, 0, 0], groups: 1 }

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

const sumPool2: Lower<'sumPool2'> = (l, [x], { shape }) => {
  const mean = (v: Value): Value => l.graph.emit('AveragePool', [v], shape, { attributes: pool })
  // ONNX Runtime would join padding to the pooling, and then refuse 2 and more of it.
  return l.graph.producer(x!)?.op === 'Pad' ? mean(l.scale(x!, 4)) : l.scale(mean(x!), 4)
}

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

export const portableSpatial: { readonly [P in SpatialPrimitive]: Lower<P> } = {
  conv: (l, inputs, { attributes, shape }) => plainConv(l, inputs, attributes, shape),
  convInputGrad,
  convWeightGrad: (l, [g, x], { attributes, shape }) => tapProducts(l, g!, x!, attributes, shape),
  up2,
  up2InputGrad,
  up2WeightGrad,
  maxPool,
  maxPoolGrad,
  maxPoolTake,
  maxPool2: (l, [x], { shape }) => l.graph.emit('MaxPool', [x!], shape, { attributes: pool }),
  maxPool2Grad: byComposition,
  sumPool2,
  upsample2: (l, [x], { shape }) => resize2(l, x!, shape),
  relu: (l, [x]) => l.unary('Relu', x!),
  reluMask: byComposition,
  silu: (l, [x]) => l.mul(x!, l.unary('Sigmoid', x!)),
  siluGrad: byComposition,
  groupNorm,
  groupNormInputGrad: byComposition,
  groupNormScaleGrad: byComposition,
}
