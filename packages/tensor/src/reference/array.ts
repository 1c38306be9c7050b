/** Dense float64 arrays of the reference interpreter, and the walks over them. Clear rather than fast. */

import { type Shape, sizeOf, stridesOf } from '../shape.ts'

/** Row-major. Booleans are 0 and 1. */
export interface Float64Dense {
  readonly shape: Shape
  readonly data: Float64Array<ArrayBuffer>
}

export function zeros(shape: Shape): Float64Dense {
  return { shape, data: new Float64Array(sizeOf(shape)) }
}

/** Element offsets of an array of `shape` with `strides`, in row-major order, starting at `start`. */
export function offsets(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const out = new Int32Array(sizeOf(shape))
  const index = new Int32Array(shape.length)
  let at = start
  for (let i = 0; i < out.length; i++) {
    out[i] = at
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return out
}

/** Strides that read `shape` as if it had been repeated to `target`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape)
  const lead = target.length - shape.length
  return target.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : own[i - lead]!))
}

/** The elements that `target` reads from a broadcast array. */
export function broadcast(x: Float64Dense, target: Shape): Float64Array {
  const size = sizeOf(target)
  if (x.data.length === size) return x.data
  if (x.data.length === 1) return new Float64Array(size).fill(x.data[0]!)
  return read(x.data, offsets(target, broadcastStrides(x.shape, target)))
}

// `from` with a function takes ten times as long.
function read(data: Float64Array, at: Int32Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(at.length)
  for (let i = 0; i < at.length; i++) out[i] = data[at[i]!]!
  return out
}

/** A new array that reads x at the given offsets. */
export function gather(x: Float64Dense, shape: Shape, at: Int32Array): Float64Dense {
  return { shape, data: read(x.data, at) }
}

export function map(x: Float64Dense, fn: (value: number) => number): Float64Dense {
  return { shape: x.shape, data: x.data.map(fn) }
}

export function zip(
  inputs: readonly Float64Dense[],
  shape: Shape,
  fn: (a: number, b: number, c: number) => number,
): Float64Dense {
  const [a, b, c] = inputs.map((input) => broadcast(input, shape))
  const out = zeros(shape)
  for (let i = 0; i < out.data.length; i++) out.data[i] = fn(a![i]!, b?.[i] ?? 0, c?.[i] ?? 0)
  return out
}

/** Folds x over `axes` into an array of the reduced shape. */
export function fold(
  x: Float64Dense,
  axes: readonly number[],
  shape: Shape,
  start: number,
  fn: (sum: number, value: number) => number,
): Float64Dense {
  const kept = x.shape.map((extent, i) => (axes.includes(i) ? 1 : extent))
  const to = offsets(x.shape, broadcastStrides(kept, x.shape))
  const out = zeros(shape)
  out.data.fill(start)
  for (let i = 0; i < to.length; i++) out.data[to[i]!] = fn(out.data[to[i]!]!, x.data[i]!)
  return out
}
