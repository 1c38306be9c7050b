/**
 * The weight gradient of a 3 x 3 convolution (stride 1, padding 1) as matrix products over all pixels: three, of
 * the operand of fewer channels stacked in three row shifts and the other shifted by columns; or one, of nine shifts.
 */

import type { Value } from '../onnx/graph.ts'
import { extents } from './portable.ts'
import type { Lowering } from './target.ts'

/** `[N, R, H W]` moved by one row up, none, and one row down: parts that lie beside each other in a concatenation. */
function rowParts(l: Lowering, flat: Value, width: number): Value[] {
  const [n, r, size] = [flat.shape[0]!, flat.shape[1]!, flat.shape[2]!]
  const zeros = l.expand(l.graph.scalar(0), [n, r, width])
  return [l.slice(flat, [2], [width], [size]), zeros, flat, zeros, l.slice(flat, [2], [0], [size - width])]
}

/** Three row shifts of each channel: `[N, 3 R, H W]`. */
function rowShifts(l: Lowering, x: Value): Value {
  const [n, r, h, w] = extents(x)
  const flat = l.reshape(x, [n, r, h * w])
  return l.reshape(l.concat(rowParts(l, flat, w), 2), [n, 3 * r, h * w])
}

/** `[N, C, H, W]` moved right by `by` columns (left where negative), zeros coming in, as `[N, C, H W]`. */
function columnShift(l: Lowering, x: Value, by: number): Value {
  const [n, c, h, w] = extents(x)
  return l.reshape(l.pad(x, [0, 0, 0, by], [0, 0, 0, -by]), [n, c, h * w])
}

/** All nine shifts of each channel, by columns as given and then by rows: `[N, 9 R, H W]`. */
function allShifts(l: Lowering, x: Value, columns: readonly number[]): Value {
  const [n, r, h, w] = extents(x)
  const parts = columns.flatMap((by) => rowParts(l, columnShift(l, x, by), w))
  return l.reshape(l.concat(parts, 2), [n, 9 * r, h * w])
}

/** One product, of all shifts of the side with fewer channels. */
export function oneProduct(l: Lowering, g: Value, x: Value): Value {
  const [[n, o, h, w], c] = [extents(g), x.shape[1]!]
  const flat = (v: Value): Value => l.reshape(v, [n, v.shape[1]!, h * w])
  const totalOf = (a: Value, b: Value): Value => l.reduce('ReduceSum', l.matmul(a, b, false, true), [0], false)
  if (o < c) {
    const taps = totalOf(allShifts(l, g, [-1, 0, 1]), flat(x))
    return l.transpose(l.reshape(taps, [o, 3, 3, c]), [0, 3, 2, 1])
  }
  // The input moved to the right, and up, meets the first tap of a row, and the last one of a column.
  const taps = totalOf(allShifts(l, x, [1, 0, -1]), flat(g))
  return l.transpose(l.reverse(l.reshape(taps, [c, 3, 3, o]), [2]), [3, 0, 2, 1])
}

/** Three products: the side with fewer channels stacked in row shifts, the other shifted by columns. */
export function threeProducts(l: Lowering, g: Value, x: Value): Value {
  const [[n, c], o] = [extents(x), g.shape[1]!]
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

/** The weight gradient `[O, C, 3, 3]` from that of the result and the input. */
export function shiftWeightGrad(l: Lowering, g: Value, x: Value): Value {
  const [few, many] = [g.shape[1]!, x.shape[1]!].sort((a, b) => a - b) as [number, number]
  // Then nine copies of the one side are less than three of it and two of the other.
  return 3 * few <= many ? oneProduct(l, g, x) : threeProducts(l, g, x)
}
