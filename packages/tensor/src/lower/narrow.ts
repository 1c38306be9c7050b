/**
 * Where only some channels of an image's gradient are read, only those are computed: a convolution of a concatenation
 * whose other parts need no gradient (the frame beside the state of a ConvLSTM) gives such slices.
 */

import type { Tensor } from '../primitive.ts'

/** A slice along the channels, and the gradient that nothing else reads. */
export interface Narrowing {
  readonly slice: Tensor<'slice'>
  readonly gradient: Tensor<'convInputGrad'>
}

/** Slices that can be computed alone, by the slice and by the gradient that is then not needed as a whole. */
export function narrowings(order: readonly Tensor[], outputs: readonly Tensor[]): ReadonlyMap<Tensor, Narrowing> {
  const readers = new Map<Tensor, number>()
  for (const node of [...order.flatMap(({ inputs }) => inputs), ...outputs]) {
    readers.set(node, (readers.get(node) ?? 0) + 1)
  }
  const found = new Map<Tensor, Narrowing>()
  for (const node of order) {
    if (!isChannelSlice(node)) continue
    const gradient = node.inputs[0]!
    if (!isUngroupedGradient(gradient) || readers.get(gradient) !== 1) continue
    const narrowing = { slice: node, gradient }
    found.set(node, narrowing).set(gradient, narrowing)
  }
  return found
}

const isChannelSlice = (node: Tensor): node is Tensor<'slice'> =>
  node.op === 'slice' && (node as Tensor<'slice'>).attributes.axes.join() === '1'

const isUngroupedGradient = (node: Tensor): node is Tensor<'convInputGrad'> =>
  node.op === 'convInputGrad' && (node as Tensor<'convInputGrad'>).attributes.groups === 1
