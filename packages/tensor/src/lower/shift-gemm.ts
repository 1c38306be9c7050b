/**
 * The weight gradient of a 3 x 3 convolution (stride 1, padding 1) as three matrix products over all pixels: the
 * operand of fewer channels is stacked in three row shifts, the other is shifted by columns.
 */

import type { Value } from '../onnx/graph.ts'
import type { Shape } from '../shape.ts'
import { extents } from './portable.ts'
import type { Lowering } from './target.ts'

/** `[N, R, H W]` moved by one row up, none, and one row down, beside each other: `[N, 3 R, H W]`. */
function rowShifts(l: Lowering, x: Value): Value {
  const [n, r, h, w] = extents(x)
  const size = h * w
  const flat = l.reshape(x, [n, r, size])
  const zeros = l.expand(l.graph.scalar(0), [n, r, w])
  const up = l.slice(flat, [2], [w], [size])
  const down = l.slice(flat, [2], [0], [size - w])
  return l.reshape(l.concat([up, zeros, flat, zeros, down], 2), [n, 3 * r, size])
}

/** `[N, C, H, W]` moved right by `by` columns (left where negative), zeros coming in, as `[N, C, H W]`. */
function columnShift(l: Lowering, x: Value, by: number): Value {
  const [n, c, h, w] = extents(x)
  return l.reshape(l.pad(x, [0, 0, 0, by], [0, 0, 0, -by]), [n, c, h * w])
}

export function shiftWeightGrad(l: Lowering, g: Value, x: Value, shape: Shape): Value {
  const [n, c] = extents(x)
  const o = shape[0]!
  const stackInput = c < o
  const [stacked, shifted] = stackInput ? [x, g] : [g, x]
  const [r, k] = stackInput ? [c, o] : [o, c]
  const rows = rowShifts(l, stacked)
  const products = [-1, 0, 1].map((by) => {
    return l.reshape(l.matmul(rows, columnShift(l, shifted, by), false, true), [n, 1, 3 * r, k])
  })
  // Shifting the gradient right by d meets tap 1 + d of the kernel; shifting the input does so from the other side.
  const ordered = stackInput ? products : products.toReversed()
  const total = l.reduce('ReduceSum', l.concat(ordered, 1), [0], false)
  const taps = l.reshape(total, [3, r, 3, k])
  if (!stackInput) return l.transpose(taps, [1, 3, 2, 0])
  return l.reverse(l.transpose(taps, [3, 1, 2, 0]), [2])
}
