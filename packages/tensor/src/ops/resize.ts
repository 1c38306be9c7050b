/** Functions that change an image's extents: interpolation, and padding with other values than one. */

import { InputError } from '@ecotope/core'
import { apply, constant } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import { range, type Shape, sizeOf } from '../shape.ts'
import { concat, expand, matmul, pad, reshape, reverse, sliceAxis } from './plain.ts'

export interface ResizeOptions {
  /** `nearest` takes the element at floor(i input / output); `linear` interpolates along each axis. Default `linear`. */
  readonly mode?: 'nearest' | 'linear'
  /**
   * Linear: the centres of the first and last elements keep their places. Default false: elements are areas, and
   * output i reads at (i + 1/2) input / output - 1/2.
   */
  readonly alignCorners?: boolean
}

/** The weights with which outputs read inputs along one axis: `[output, input]`, row-major. */
function weightsOf(input: number, output: number, mode: 'nearest' | 'linear', alignCorners: boolean): Float64Array {
  const weights = new Float64Array(output * input)
  for (let i = 0; i < output; i++) {
    const scaled = alignCorners ? (i * (input - 1)) / Math.max(1, output - 1) : ((i + 0.5) * input) / output - 0.5
    const at = mode === 'nearest' ? Math.floor((i * input) / output) : Math.max(0, scaled)
    const first = Math.min(Math.floor(at), input - 1)
    const share = at - first
    weights[i * input + first]! += 1 - share
    weights[i * input + Math.min(first + 1, input - 1)]! += share
  }
  return weights
}

/** Repeats every element of an axis `factor` times. */
function repeat(x: Tensor, axis: number, factor: number): Tensor {
  const [lead, tail] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)]
  const extent = x.shape[axis]!
  const cells = expand(reshape(x, [...lead, extent, 1, ...tail]), [...lead, extent, factor, ...tail])
  return reshape(cells, [...lead, extent * factor, ...tail])
}

/** Every `factor`-th element of an axis, from the first on. */
function skip(x: Tensor, axis: number, factor: number): Tensor {
  const [lead, tail] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)]
  const cells = reshape(x, [...lead, x.shape[axis]! / factor, factor, ...tail])
  return reshape(sliceAxis(cells, axis + 1, 0, 1), [...lead, x.shape[axis]! / factor, ...tail])
}

/** y[.., i, ..] = sum over j of weights[i, j] x[.., j, ..]. */
export function mixAxis(x: Tensor, axis: number, weights: Float64Array, output: number): Tensor {
  const input = x.shape[axis]!
  const [lead, tail] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)]
  const shape: Shape = [...lead, output, ...tail]
  const matrix = constant(weights, [output, input])
  if (tail.length === 0) return reshape(matmul(reshape(x, [-1, input]), matrix, { transposeB: true }), shape)
  return reshape(matmul(matrix, reshape(x, [sizeOf(lead), input, sizeOf(tail)])), shape)
}

/**
 * x `[N, C, ...]` interpolated to other extents of its 1 to 3 spatial axes, as `torch.nn.functional.interpolate` does:
 * nearest neighbour, or linear (bilinear, trilinear). Nothing is smoothed before a reduction. Where the factor is not
 * a whole number, or linear, each axis is a product with a matrix: a number that is not finite then spreads along it.
 */
export function resize(x: Tensor, size: readonly number[], options: ResizeOptions = {}): Tensor {
  const { mode = 'linear', alignCorners = false } = options
  const d = x.shape.length - 2
  if (size.length !== d || d < 1 || d > 3 || !size.every((n) => Number.isInteger(n) && n >= 1)) {
    const message = `resize: [${x.shape.join(', ')}] does not go with extents [${size.join(', ')}]`
    throw new InputError('ShapeMismatch', message, {
      hint: 'Give one positive extent for each of the 1 to 3 axes after [N, C].',
      data: { shape: x.shape, size },
    })
  }
  if (mode === 'nearest' && alignCorners) {
    throw new InputError('ParameterOutOfRange', 'resize: alignCorners is for linear interpolation')
  }
  const doubles = d === 2 && size.every((n, i) => n === 2 * x.shape[i + 2]!)
  if (mode === 'nearest' && doubles) return apply('upsample2', [x], {})
  return size.reduce((y, output, i) => {
    const input = y.shape[i + 2]!
    if (input === output) return y
    if (mode === 'nearest' && output % input === 0) return repeat(y, i + 2, output / input)
    if (mode === 'nearest' && input % output === 0) return skip(y, i + 2, input / output)
    return mixAxis(y, i + 2, weightsOf(input, output, mode, alignCorners), output)
  }, x)
}

/** What a border is filled with: zeros, the edge's value, the mirror image without the edge, or the other side. */
export type PadMode = 'constant' | 'edge' | 'reflect' | 'wrap'

/** `count` elements that come before (-1) or after (1) an axis. */
function border(x: Tensor, axis: number, side: -1 | 1, count: number, mode: Exclude<PadMode, 'constant'>): Tensor {
  const extent = x.shape[axis]!
  const part = (start: number, length: number): Tensor => {
    const first = side < 0 ? start : extent - start - length
    return sliceAxis(x, axis, first, first + length)
  }
  if (mode === 'reflect') return reverse(part(1, count), [axis])
  if (mode === 'wrap') return part(extent - count, count)
  return expand(
    part(0, 1),
    x.shape.map((n, i) => (i === axis ? count : n)),
  )
}

/**
 * x with `before` and `after` elements added to each of its axes, as `numpy.pad` does. On either side, `reflect` gives
 * less than the extent and `wrap` at most the extent.
 */
export function padMode(x: Tensor, before: readonly number[], after: readonly number[], mode: PadMode): Tensor {
  const rank = x.shape.length
  const valid = [...before, ...after].every((n) => Number.isInteger(n) && n >= 0)
  if (before.length !== rank || after.length !== rank || !valid) {
    const given = `[${before.join(', ')}] and [${after.join(', ')}]`
    throw new InputError('ShapeMismatch', `padMode: needs ${rank} counts from 0 on before and after, not ${given}`, {
      data: { before, after },
    })
  }
  if (mode === 'constant') return pad(x, before, after)
  return range(0, rank).reduce((y, axis) => {
    const most = mode === 'edge' ? Number.POSITIVE_INFINITY : y.shape[axis]! - (mode === 'reflect' ? 1 : 0)
    const [front, back] = [before[axis]!, after[axis]!]
    if (Math.max(front, back) > most) {
      const message = `padMode: ${mode} gives at most ${most} elements beside axis ${axis} of [${x.shape.join(', ')}]`
      throw new InputError('ShapeMismatch', message, { data: { before, after } })
    }
    const head = front > 0 ? [border(y, axis, -1, front, mode)] : []
    const tail = back > 0 ? [border(y, axis, 1, back, mode)] : []
    return concat([...head, y, ...tail], axis)
  }, x)
}
