/** Sums in float32 without naive accumulation over long runs: in two stages of about the square root each. */

import type { Value } from '../onnx/graph.ts'
import { reducedShape, sizeOf } from '../shape.ts'
import type { Lowering } from './target.ts'

/** Runs up to here are summed in one go: ONNX Runtime adds some 8 to 32 lanes, so each lane stays short. */
const SHORT = 1024

/** The divisor of n that is nearest below its square root (1 for a prime). */
export function rootDivisor(n: number): number {
  for (let d = Math.floor(Math.sqrt(n)); d > 1; d--) if (n % d === 0) return d
  return 1
}

/** A length without a divisor of at least this many (a prime, say) is filled up with zeros first. */
const FEW = 8
const FILL = 512

/** Sums the last axis of `[rows, n]`, giving `[rows]`. */
export function sumRows(l: Lowering, x: Value): Value {
  const [rows, n] = [x.shape[0]!, x.shape[1]!]
  if (n <= SHORT) return l.reduce('ReduceSum', x, [1], false)
  const parts = rootDivisor(n)
  if (parts < FEW) return sumRows(l, l.pad(x, [0, 0], [0, FILL - (n % FILL)]))
  const partial = l.reduce('ReduceSum', l.reshape(x, [rows, parts, n / parts]), [2], false)
  return l.reduce('ReduceSum', partial, [1], false)
}

/** Sum over any axes: the trailing ones as rows first, then the rest. */
export function sumAxes(l: Lowering, x: Value, axes: readonly number[], keepDims: boolean): Value {
  const rank = x.shape.length
  const shape = reducedShape(x.shape, axes, keepDims)
  let first = rank
  while (first > 0 && axes.includes(first - 1)) first--
  if (first === rank) return l.reshape(sumLeading(l, x, axes), shape)
  if (first === 0) return l.reshape(sumAll(l, x), shape)
  const lead = x.shape.slice(0, first)
  const sums = sumRows(l, l.reshape(x, [sizeOf(lead), sizeOf(x.shape) / sizeOf(lead)]))
  const rest = axes.filter((axis) => axis < first)
  return l.reshape(rest.length === 0 ? sums : sumLeading(l, l.reshape(sums, lead), rest), shape)
}

function sumAll(l: Lowering, x: Value): Value {
  const total = sizeOf(x.shape)
  // One row per part, so that the first stage runs in parallel.
  const rows = total > SHORT ? rootDivisor(total) : 1
  const sums = sumRows(l, l.reshape(x, [rows, total / rows]))
  return rows === 1 ? sums : sumRows(l, l.reshape(sums, [1, rows]))
}

/** Sum over axes that are not the last: rows are added one by one, so that long axes are split. */
function sumLeading(l: Lowering, x: Value, axes: readonly number[]): Value {
  const long = axes.find((axis) => x.shape[axis]! > SHORT)
  const parts = long === undefined ? 1 : rootDivisor(x.shape[long]!)
  if (long === undefined || parts === 1) return l.reduce('ReduceSum', x, axes, false)
  const split = [...x.shape.slice(0, long), parts, x.shape[long]! / parts, ...x.shape.slice(long + 1)]
  const partial = l.reduce('ReduceSum', l.reshape(x, split), [long + 1], false)
  return l.reduce('ReduceSum', partial, axes, false)
}
