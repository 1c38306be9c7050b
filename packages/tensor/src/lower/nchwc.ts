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

/** How much of the work on filled-up blocks may be for nothing before ONNX Runtime's own convolution is faster. */
const WASTE = 1.4

const missing = (l: Lowering, n: number): number => -n & (l.target.nchwcBlock - 1)

/** Whether the blocked layout pays for counts of channels that it does not hold, filled up with zeros. */
export function fillsBlocks(l: Lowering, c: number, o: number): boolean {
  const b = l.target.nchwcBlock
  if (b === 0 || Math.min(c, o) < b) return false
  return (1 + missing(l, c) / c) * (1 + missing(l, o) / o) <= WASTE
}

/** Zeros after the last element of an axis. */
function fill(l: Lowering, x: Value, axis: number, count: number): Value {
  const none = x.shape.map(() => 0)
  return l.pad(
    x,
    none,
    none.map((_, i) => (i === axis ? count : 0)),
  )
}

/** `conv` through the blocked layout. Channels that do not fill a block are filled up with zeros. */
export function nchwcConv(l: Lowering, inputs: readonly Value[], stencil: Stencil, shape: Shape): Value {
  const [o, c, kh, kw] = extents(inputs[1]!)
  const [x, w, bias] = inputs as [Value, Value, Value | undefined]
  const few = c < l.target.nchwcBlock
  const [moreIn, moreOut] = [few ? 0 : missing(l, c), missing(l, o)]
  const filled = fill(l, fill(l, w, 0, moreOut), 1, moreIn)
  const operands = [
    few ? x : toBlocks(l, fill(l, x, 1, moreIn)),
    few ? outputBlockedWeight(l, filled) : blockedWeight(l, filled),
    ...(bias === undefined ? [] : [fill(l, bias, 0, moreOut)]),
  ]
  const inside = [shape[0]!, o + moreOut, shape[2]!, shape[3]!]
  return fromBlocks(l, blockedConv(l, operands, [kh, kw], stencil, inside), shape)
}

/** The input gradient of a convolution of stride 1 whose padding keeps the extents; channels are filled up as above. */
export function nchwcInputGrad(l: Lowering, g: Value, w: Value, stencil: Stencil, shape: Shape): Value {
  const [o, c, kh, kw] = extents(w)
  const [moreIn, moreOut] = [missing(l, c), missing(l, o)]
  const weight = blockedAdjointWeight(l, fill(l, fill(l, w, 0, moreOut), 1, moreIn))
  const inside = [shape[0]!, c + moreIn, shape[2]!, shape[3]!]
  const y = blockedConv(l, [toBlocks(l, fill(l, g, 1, moreOut)), weight], [kh, kw], stencil, inside)
  return fromBlocks(l, y, shape)
}
