/** Rearrangements made of others: joins along new axes, repeats, shifts, diagonals, masks of triangles. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import { normaliseAxes, range, type Shape, showShape, sizeOf } from '../shape.ts'
import { gather } from './indexing.ts'
import { concat, expand, reshape, sliceAxis } from './plain.ts'

const within = (axis: number, rank: number, what: string): number => normaliseAxes([axis], rank, what)[0]!

/** A new axis of extent 1 before `axis`; -1 appends it. */
export function expandDims(x: Tensor, axis: number): Tensor {
  return reshape(x, x.shape.toSpliced(within(axis, x.shape.length + 1, 'expandDims'), 0, 1))
}

/** Without axes of extent 1: the given ones, or all of them. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const all = range(0, x.shape.length).filter((i) => x.shape[i] === 1)
  const list =
    axes === undefined ? all : normaliseAxes(typeof axes === 'number' ? [axes] : axes, x.shape.length, 'squeeze')
  const wide = list.find((axis) => x.shape[axis] !== 1)
  if (wide !== undefined) {
    throw new InputError('ShapeMismatch', `squeeze: axis ${wide} of ${showShape(x.shape)} is longer than 1`)
  }
  return reshape(
    x,
    x.shape.filter((_, i) => !list.includes(i)),
  )
}

/** The axes from `start` to `end` (inclusive; default all) as one. */
export function flattenAxes(x: Tensor, start = 0, end = -1): Tensor {
  if (x.shape.length === 0) return reshape(x, [1])
  const from = within(start, x.shape.length, 'flattenAxes')
  const to = within(end, x.shape.length, 'flattenAxes')
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)])
}

/** Tensors of one shape joined along a new axis. */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  const [head] = parts
  if (head === undefined) throw new InputError('ShapeMismatch', 'stack: nothing to join')
  const at = within(axis, head.shape.length + 1, 'stack')
  return concat(
    parts.map((part) => expandDims(part, at)),
    at,
  )
}

/** The whole repeated along each axis, as `numpy.tile`. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  const rank = Math.max(repeats.length, x.shape.length)
  const shape = [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape]
  const times = [...new Array<number>(rank - repeats.length).fill(1), ...repeats]
  const cells = reshape(
    x,
    shape.flatMap((extent) => [1, extent]),
  )
  const repeated = expand(
    cells,
    shape.flatMap((extent, i) => [times[i]!, extent]),
  )
  return reshape(
    repeated,
    shape.map((extent, i) => extent * times[i]!),
  )
}

/** Shifted along an axis; what leaves at one end enters at the other. A positive shift moves towards the end. */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  const at = within(axis, x.shape.length, 'roll')
  const n = x.shape[at]!
  const cut = (((-shift % n) + n) % n) | 0
  return cut === 0 ? x : concat([sliceAxis(x, at, cut, n), sliceAxis(x, at, 0, cut)], at)
}

/** The diagonal of the last two axes: `[..., n, m]` to `[..., min(n, m)]`. */
export function diagonal(x: Tensor): Tensor {
  const [n, m] = [x.shape.at(-2), x.shape.at(-1)]
  if (n === undefined || m === undefined) {
    throw new InputError('ShapeMismatch', `diagonal: needs matrices, not ${showShape(x.shape)}`)
  }
  const places = range(0, Math.min(n, m)).map((i) => i * (m + 1))
  return gather(flattenAxes(x, -2, -1), constant(places, [places.length], 'int32'), -1)
}

function triangle(shape: Shape, holds: (row: number, column: number) => boolean): Tensor {
  const [rows, columns] = shape as [number, number]
  const bits = range(0, rows * columns).map((i) => Number(holds(Math.floor(i / columns), i % columns)))
  return constant(bits, shape, 'bool')
}

/** bool `[rows, columns]`: true on and below the diagonal that starts at column `offset`. A causal mask. */
export function lowerTriangle(rows: number, columns = rows, offset = 0): Tensor {
  return triangle([rows, columns], (row, column) => column - row <= offset)
}

/** bool `[rows, columns]`: true on and above the diagonal that starts at column `offset`. */
export function upperTriangle(rows: number, columns = rows, offset = 0): Tensor {
  return triangle([rows, columns], (row, column) => column - row >= offset)
}
