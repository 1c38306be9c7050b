/**
 * Convolutions in ONNX Runtime's blocked layout: channels in blocks of 8 or 16 beside each pixel, as the processor's
 * vectors want them. Weights are arranged here; images by `ReorderInput` and `ReorderOutput`.
 */

import type { Value } from '../onnx/graph.ts'
import type { Stencil } from '../primitive.ts'
import type { Shape } from '../shape.ts'
import { convAttributes, extents } from './portable.ts'
import type { Lowering } from './target.ts'

const domain = 'com.microsoft.nchwc'

export const toBlocks = (l: Lowering, x: Value): Value => l.graph.emit('ReorderInput', [x], x.shape, { domain })

export function fromBlocks(l: Lowering, x: Value, shape: Shape): Value {
  return l.graph.emit('ReorderOutput', [x], shape, { domain, attributes: { channels: shape[1]! } })
}

/** `[O, C, kh, kw]` as O/B, C/B, kh, kw, B of C, B of O. */
export function blockedWeight(l: Lowering, w: Value): Value {
  const b = l.target.nchwcBlock
  const [o, c, kh, kw] = extents(w)
  return l.reshape(l.transpose(l.reshape(w, [o / b, b, c / b, b, kh, kw]), [0, 2, 4, 5, 3, 1]), w.shape)
}

/** `[O, C, kh, kw]` as O/B, C, kh, kw, B of O: for inputs of few channels, which stay as they are. */
function outputBlockedWeight(l: Lowering, w: Value): Value {
  const b = l.target.nchwcBlock
  const [o, c, kh, kw] = extents(w)
  return l.reshape(l.transpose(l.reshape(w, [o / b, b, c, kh, kw]), [0, 2, 3, 4, 1]), w.shape)
}

/** The adjoint's weight in blocks: `[C, O, kh, kw]` with the kernel reversed, in one transposition of whole blocks. */
export function blockedAdjointWeight(l: Lowering, w: Value): Value {
  const b = l.target.nchwcBlock
  const [o, c, kh, kw] = extents(w)
  const blocks = l.transpose(l.reshape(w, [o / b, b, c / b, b, kh * kw]), [2, 0, 4, 1, 3])
  return l.reshape(kh * kw === 1 ? blocks : l.reverse(blocks, [2]), [c, o, kh, kw])
}

/** A convolution whose image and weight are in blocks already; so is its result. */
export function blockedConv(
  l: Lowering,
  inputs: readonly Value[],
  kernel: readonly number[],
  s: Stencil,
  shape: Shape,
): Value {
  const attributes = { ...convAttributes(kernel, s), group: 1, auto_pad: 'NOTSET' }
  return l.graph.emit('Conv', inputs, shape, { domain, attributes })
}

/** Whether the blocked layout holds C input and O output channels. */
export function fitsBlocks(l: Lowering, c: number, o: number): boolean {
  const b = l.target.nchwcBlock
  return b > 0 && o % b === 0 && (c % b === 0 || c < b)
}

/** `conv` of plain images through the blocked layout. */
export function nchwcConv(l: Lowering, inputs: readonly Value[], stencil: Stencil, shape: Shape): Value {
  const [x, w, ...bias] = inputs as [Value, Value, ...Value[]]
  const [, c, kh, kw] = extents(w)
  const blocked = c % l.target.nchwcBlock === 0
  const image = blocked ? toBlocks(l, x) : x
  const weight = blocked ? blockedWeight(l, w) : outputBlockedWeight(l, w)
  return fromBlocks(l, blockedConv(l, [image, weight, ...bias], [kh, kw], stencil, shape), shape)
}

/** The input gradient of a convolution of stride 1 whose padding keeps the extents. */
export function nchwcInputGrad(l: Lowering, g: Value, w: Value, stencil: Stencil, shape: Shape): Value {
  const [, , kh, kw] = extents(w)
  const y = blockedConv(l, [toBlocks(l, g), blockedAdjointWeight(l, w)], [kh, kw], stencil, shape)
  return fromBlocks(l, y, shape)
}
