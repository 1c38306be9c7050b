/** Batching rules of the primitives on images: samples join the batch, mapped weights become groups of channels. */

import { apply } from '../apply.ts'
import type { SpatialPrimitive, Stencil } from '../attributes/spatial.ts'
import { add, reshape } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import { throughComposition } from './compose.ts'
import {
  asItIs,
  type Batched,
  type Batching,
  type BatchRule,
  front,
  merge,
  merging,
  moveAxis,
  sameShapes,
  unmerge,
} from './rule.ts'

/** `[B, N, C, ...]` to `[N, B C, ...]`. */
function channels(x: Tensor): Tensor {
  const moved = moveAxis(x, 0, 1)
  return reshape(moved, [moved.shape[0]!, moved.shape[1]! * moved.shape[2]!, ...moved.shape.slice(3)])
}

/** `[N, B C, ...]` to `[B, N, C, ...]`. */
function fromChannels(x: Tensor, size: number): Tensor {
  const [n, c, ...rest] = x.shape
  return moveAxis(reshape(x, [n!, size, c! / size, ...rest]), 1, 0)
}

/** y plus a bias per channel, either of which may be mapped; y is `[B, N, O, ...]`. */
function withBias(y: Tensor, bias: Batched | undefined): Tensor {
  if (bias === undefined) return y
  const rest = y.shape.slice(3).map(() => 1)
  const lead = bias.mapped ? [y.shape[0]!, 1] : [1, 1]
  return add(y, reshape(bias.value, [...lead, y.shape[2]!, ...rest]))
}

const conv: BatchRule<'conv'> = ([x, w, bias], { attributes }, { size }) => {
  if (!w!.mapped) {
    const samples = merge(front(x!, size))
    const direct = bias === undefined || bias.mapped ? [samples, w!.value] : [samples, w!.value, bias.value]
    const y = unmerge(apply('conv', direct, attributes), size)
    return direct.length === 3 ? y : withBias(y, bias)
  }
  if (!x!.mapped && attributes.groups === 1) {
    return withBias(fromChannels(apply('conv', [x!.value, merge(w!.value)], attributes), size), bias)
  }
  const grouped = { ...attributes, groups: size * attributes.groups }
  return withBias(fromChannels(apply('conv', [channels(front(x!, size)), merge(w!.value)], grouped), size), bias)
}

const convInputGrad: BatchRule<'convInputGrad'> = ([g, w], { attributes }, { size }) => {
  if (!w!.mapped) return unmerge(apply('convInputGrad', [merge(g!.value), w!.value], attributes), size)
  const grouped = { ...attributes, groups: size * attributes.groups }
  return fromChannels(apply('convInputGrad', [channels(front(g!, size)), merge(w!.value)], grouped), size)
}

const convWeightGrad: BatchRule<'convWeightGrad'> = ([g, x], { attributes }, { size }) => {
  if (!x!.mapped && attributes.groups === 1) {
    return unmerge(apply('convWeightGrad', [channels(g!.value), x!.value], attributes), size)
  }
  const grouped = { ...attributes, groups: size * attributes.groups }
  const inputs = [channels(front(g!, size)), channels(front(x!, size))]
  return unmerge(apply('convWeightGrad', inputs, grouped), size)
}

const halves: Stencil = { stride: [2, 2], dilation: [1, 1], padding: [0, 0, 0, 0], groups: 1 }

/** Up2 and its gradients are a convolution of stride 2 seen from its other end, which has groups. */
const up2: BatchRule<'up2'> = ([x, w, bias], node, batching) => {
  if (!w!.mapped && bias?.mapped !== true) return mergeFirst([x, w, bias], node, batching)
  const { shape } = node
  const back = apply('convInputGrad', [node.inputs[0]!, node.inputs[1]!], { ...halves, size: shape.slice(2) })
  return withBias(convInputGrad([front1(x!, batching), w!], back, batching), bias)
}

const front1 = (x: Batched, { size }: Batching): Batched => ({ value: front(x, size), mapped: true })

/** The first operand joins the samples, the others stay. */
function mergeFirst(
  [x, ...rest]: readonly (Batched | undefined)[],
  node: Tensor<'up2' | 'up2InputGrad' | 'groupNorm'>,
  { size }: Batching,
): Tensor {
  const others = rest.flatMap((other) => (other === undefined ? [] : [other.value]))
  return unmerge(apply(node.op, [merge(front(x!, size)), ...others], node.attributes), size)
}

const up2InputGrad: BatchRule<'up2InputGrad'> = ([g, w], node, batching) => {
  if (!w!.mapped) return mergeFirst([g, w], node, batching)
  return conv([g!, w!], apply('conv', [node.inputs[0]!, node.inputs[1]!], halves), batching)
}

const up2WeightGrad: BatchRule<'up2WeightGrad'> = ([g, x], node, batching) => {
  const [given, image] = [node.inputs[1]!, node.inputs[0]!]
  const back = apply('convWeightGrad', [given, image], { ...halves, kernel: [2, 2] })
  return convWeightGrad([front1(x!, batching), g!], back, batching)
}

/** Samples are independent and the scale is the same for all: they join the batch. Else in elementary form. */
const groupNorm: BatchRule<'groupNorm'> = (inputs, node, batching) => {
  const same = !node.attributes.overBatch && !inputs[1]!.mapped && !inputs[2]!.mapped
  return same ? mergeFirst(inputs, node, batching) : throughComposition(inputs, node, batching)
}

const groupNormInputGrad: BatchRule<'groupNormInputGrad'> = (inputs, node, batching) => {
  const [g, x, scale] = inputs
  if (node.attributes.overBatch || scale!.mapped) return throughComposition(inputs, node, batching)
  const { size } = batching
  const merged = [merge(front(g!, size)), merge(front(x!, size)), scale!.value]
  return unmerge(apply('groupNormInputGrad', merged, node.attributes), size)
}

export const spatialBatches: { readonly [P in SpatialPrimitive]: BatchRule<P> } = {
  conv,
  convInputGrad,
  convWeightGrad,
  up2,
  up2InputGrad,
  up2WeightGrad,
  maxPool: merging,
  maxPoolGrad: merging,
  maxPoolTake: merging,
  maxPool2: merging,
  maxPool2Grad: merging,
  sumPool2: merging,
  upsample2: merging,
  relu: asItIs,
  silu: asItIs,
  reluMask: sameShapes,
  siluGrad: sameShapes,
  groupNorm,
  groupNormInputGrad,
  groupNormScaleGrad: throughComposition,
}
