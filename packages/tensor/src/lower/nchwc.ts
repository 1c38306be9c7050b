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

/** An image in blocks: the same one from which a plain one came, where it did. */
export function toBlocks(l: Lowering, x: Value): Value {
  return l.blocks.get(x) ?? l.graph.emit('ReorderInput', [x], x.shape, { domain })
}

/** The plain form of an image in blocks; what nothing reads in the end is left out of the graph. */
export function fromBlocks(l: Lowering, x: Value, shape: Shape): Value {
  const plain = l.graph.emit('ReorderOutput', [x], shape, { domain, attributes: { channels: shape[1]! } })
  if (shape[1] === x.shape[1]) l.blocks.set(plain, x)
  return plain
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
  const attributes = { ...convAttributes(kernel, s), group: s.groups, auto_pad: 'NOTSET' }
  return l.graph.emit('Conv', inputs, shape, { domain, attributes })
}

/** Whether the blocked layout holds C input and O output channels. */
export function fitsBlocks(l: Lowering, c: number, o: number): boolean {
  const b = l.target.nchwcBlock
  return b > 0 && o % b === 0 && (c % b === 0 || c < b)
}

/** `conv` through the blocked layout. Output channels that do not fill a block are computed for nothing and dropped. */
export function nchwcConv(l: Lowering, inputs: readonly Value[], stencil: Stencil, shape: Shape): Value {
  const [o, c, kh, kw] = extents(inputs[1]!)
  const b = l.target.nchwcBlock
  const missing = (b - (o % b)) % b
  const x = inputs[0]!
  const [w, ...bias] = inputs.slice(1).map((v) =>
    l.pad(
      v,
      v.shape.map(() => 0),
      v.shape.map((_, i) => (i === 0 ? missing : 0)),
    ),
  ) as [Value, ...Value[]]
  const blocked = c % b === 0
  const image = blocked ? toBlocks(l, x) : x
  const weight = blocked ? blockedWeight(l, w) : outputBlockedWeight(l, w)
  const filled = [shape[0]!, o + missing, shape[2]!, shape[3]!]
  return fromBlocks(l, blockedConv(l, [image, weight, ...bias], [kh, kw], stencil, filled), shape)
}

/** The input gradient of a convolution of stride 1 whose padding keeps the extents. */
export function nchwcInputGrad(l: Lowering, g: Value, w: Value, stencil: Stencil, shape: Shape): Value {
  const [, , kh, kw] = extents(w)
  const y = blockedConv(l, [toBlocks(l, g), blockedAdjointWeight(l, w)], [kh, kw], stencil, shape)
  return fromBlocks(l, y, shape)
}
