/** Gathering, scattering, sorting and running sums. Indices are int32 tensors with values in [0, extent). */

import { InputError } from '@ecotope/core'
import { apply, constant } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import { normaliseAxes, range, showShape } from '../shape.ts'
import { add, cast, equal, reshape } from './plain.ts'

function oneAxis(axis: number, x: Tensor, what: string): number {
  return normaliseAxes([axis], x.shape.length, what)[0]!
}

/**
 * Takes whole slices along an axis, as `numpy.take`: `x[:axis] + indices.shape + x[axis + 1:]`. x of any dtype. An index
 * outside [0, extent) is an error on a processor and undefined on a GPU.
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return apply('gather', [x, indices], { axis: oneAxis(axis, x, 'gather') })
}

/** Takes one element per index, as `numpy.take_along_axis`: shapes agree but for `axis`, the result has the indices'. */
export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  return apply('gatherElements', [x, indices], { axis: oneAxis(axis, x, 'gatherElements') })
}

function fit(x: Tensor, spread: Tensor, what: string): Tensor {
  if (spread.shape.join() === x.shape.join()) return add(x, spread)
  throw new InputError(
    'ShapeMismatch',
    `${what}: the updates reach ${showShape(spread.shape)}, not ${showShape(x.shape)}`,
  )
}

/** x with updates of shape `x[:axis] + indices.shape + x[axis + 1:]` added to slices; repeated indices accumulate. */
export function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis = 0): Tensor {
  const at = oneAxis(axis, x, 'scatterAdd')
  return fit(x, apply('scatterSum', [updates, indices], { axis: at, extent: x.shape[at]! }), 'scatterAdd')
}

/** x with one update added per index along an axis; repeated indices accumulate. */
export function scatterAddElements(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  const at = oneAxis(axis, x, 'scatterAddElements')
  const spread = apply('scatterSumElements', [updates, indices], { axis: at, extent: x.shape[at]! })
  return fit(x, spread, 'scatterAddElements')
}

export interface TopKOptions {
  /** Default the last. */
  readonly axis?: number
  /** The largest (default) or the smallest. */
  readonly largest?: boolean
}

/**
 * The k largest (or smallest) along an axis, best first, and their places (int32). Ties go by place. The gradient
 * reaches the chosen elements.
 */
export function topK(x: Tensor, k: number, options: TopKOptions = {}): { values: Tensor; indices: Tensor } {
  const { axis = -1, largest = true } = options
  const at = oneAxis(axis, x, 'topK')
  const indices = apply('argTopK', [x], { axis: at, k, largest })
  return { values: gatherElements(x, indices, at), indices }
}

export interface SortOptions {
  /** Default false. */
  readonly descending?: boolean
}

/** Sorted along an axis, ascending unless told otherwise. Stable: ties keep their order. */
export function sort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  return topK(x, x.shape.at(axis) ?? 1, { axis, largest: descending }).values
}

/** The places (int32) that would sort x along an axis. Stable. */
export function argSort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  return topK(x, x.shape.at(axis) ?? 1, { axis, largest: descending }).indices
}

function best(x: Tensor, axis: number, largest: boolean, keepDims: boolean): Tensor {
  const at = oneAxis(axis, x, largest ? 'argMax' : 'argMin')
  const places = topK(x, 1, { axis: at, largest }).indices
  return keepDims ? places : reshape(places, x.shape.toSpliced(at, 1))
}

/** The place (int32) of the first maximum along an axis. */
export function argMax(x: Tensor, axis = -1, { keepDims = false } = {}): Tensor {
  return best(x, axis, true, keepDims)
}

/** The place (int32) of the first minimum along an axis. */
export function argMin(x: Tensor, axis = -1, { keepDims = false } = {}): Tensor {
  return best(x, axis, false, keepDims)
}

/** float32 of shape `indices.shape + [depth]`: 1 at the index, else 0; all 0 where the index is outside. */
export function oneHot(indices: Tensor, depth: number): Tensor {
  const places = constant(range(0, depth), [depth], 'int32')
  return cast(equal(reshape(indices, [...indices.shape, 1]), places), 'float32')
}

export interface CumsumOptions {
  /** Leave out the element itself. Default false. */
  readonly exclusive?: boolean
  /** From the end. Default false. */
  readonly reverse?: boolean
}

/** Running sum along an axis. */
export function cumsum(x: Tensor, axis: number, { exclusive = false, reverse = false }: CumsumOptions = {}): Tensor {
  return apply('cumsum', [x], { axis: oneAxis(axis, x, 'cumsum'), exclusive, reverse })
}
