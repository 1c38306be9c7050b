/** The 2 x 2 transposed convolution and its gradients as 1 x 1 blocked convolutions and a shuffle of whole blocks. */

import type { Value } from '../onnx/graph.ts'
import type { Stencil } from '../primitive.ts'
import type { Shape } from '../shape.ts'
import { blockedConv, blockedWeight, fromBlocks, toBlocks } from './nchwc.ts'
import { extents } from './portable.ts'
import type { Lowering } from './target.ts'

const POINT: Stencil = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0], groups: 1 }

/** w `[C, O, 2, 2]` as the weight of a 1 x 1 convolution to 2 x 2 x O channels, `[4 O, C, 1, 1]`. */
function pointWeight(l: Lowering, w: Value): Value {
  const [c, o] = extents(w)
  return l.reshape(l.transpose(w, [2, 3, 1, 0]), [4 * o, c, 1, 1])
}

export function blockedUp2(l: Lowering, [x, w, bias]: readonly Value[], shape: Shape): Value {
  const b = l.target.nchwcBlock
  const [n, , h, width] = extents(x!)
  const o = shape[1]!
  const inputs = [toBlocks(l, x!), blockedWeight(l, pointWeight(l, w!))]
  if (bias !== undefined) inputs.push(l.reshape(l.expand(l.reshape(bias, [1, o]), [4, o]), [4 * o]))
  const y = blockedConv(l, inputs, [1, 1], POINT, [n, 4 * o, h, width])
  const cells = l.reshape(y, [n, 2, 2, o / b, h, width, b])
  return fromBlocks(l, l.reshape(l.transpose(cells, [0, 3, 4, 1, 5, 2, 6]), shape), shape)
}

/** The gradient's 2 x 2 cells as channels, in blocks: `[N, 4 O, H, W]`. */
function cellsAsChannels(l: Lowering, g: Value): Value {
  const b = l.target.nchwcBlock
  const [n, o, h, w] = extents(g)
  const blocks = l.reshape(toBlocks(l, g), [n, o / b, h / 2, 2, w / 2, 2, b])
  return l.reshape(l.transpose(blocks, [0, 3, 5, 1, 2, 4, 6]), [n, 4 * o, h / 2, w / 2])
}

export function blockedUp2InputGrad(l: Lowering, g: Value, w: Value, shape: Shape): Value {
  const weight = blockedWeight(l, l.transpose(pointWeight(l, w), [1, 0, 2, 3]))
  return fromBlocks(l, blockedConv(l, [cellsAsChannels(l, g), weight], [1, 1], POINT, shape), shape)
}

export function blockedUp2WeightGrad(l: Lowering, g: Value, x: Value, shape: Shape): Value {
  const [n, c, h, w] = extents(x)
  const o = shape[1]!
  const cells = fromBlocks(l, cellsAsChannels(l, g), [n, 4 * o, h, w])
  const product = l.matmul(l.reshape(x, [n, c, h * w]), l.reshape(cells, [n, 4 * o, h * w]), false, true)
  const total = l.reduce('ReduceSum', product, [0], false)
  return l.transpose(l.reshape(total, [c, 2, 2, o]), [0, 3, 1, 2])
}
