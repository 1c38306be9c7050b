/** Functions that change an image's extents: interpolation, and padding with other values than one. */

import { InputError } from '@ecotope/core'
import { apply, constant } from '../apply.ts'
import type { Tensor } from '../primitive.ts'
import { range, type Shape, sizeOf } from '../shape.ts'
import { gather } from './indexing.ts'
import { add, concat, expand, matmul, mul, pad, reshape, reverse, slice, sliceAxis } from './plain.ts'

export interface ResizeOptions {
  /** `nearest` takes the element at floor(i input / output); `linear` interpolates along each axis. Default `linear`. */
  readonly mode?: 'nearest' | 'linear'
  /**
   * Linear: the centres of the first and last elements keep their places. Default false: elements are areas, and
   * output i reads at (i + 1/2) input / output - 1/2.
   */
  readonly alignCorners?: boolean
}

type Mode = NonNullable<ResizeOptions['mode']>

/** What an output reads along one axis: two neighbours, and the share of the second. */
interface Read {
  readonly first: number
  readonly second: number
  readonly share: number
}

function readsOf(input: number, output: number, mode: Mode, alignCorners: boolean): Read[] {
  return range(0, output).map((i) => {
    const scaled = alignCorners ? (i * (input - 1)) / Math.max(1, output - 1) : ((i + 0.5) * input) / output - 0.5
    const at = mode === 'nearest' ? Math.floor((i * input) / output) : Math.max(0, scaled)
    const first = Math.min(Math.floor(at), input - 1)
    return { first, second: Math.min(first + 1, input - 1), share: at - first }
  })
}

/** The weights with which outputs read inputs: `[output, input]`, row-major. */
function weightsOf(reads: readonly Read[], input: number): Float64Array {
  const weights = new Float64Array(reads.length * input)
  reads.forEach(({ first, second, share }, i) => {
    weights[i * input + first]! += 1 - share
    weights[i * input + second]! += share
  })
  return weights
}

/** What one input gives to the outputs around it when an axis becomes `factor` times as long. */
function spread(factor: number, mode: Mode): number[] {
  if (factor === 1 || mode === 'nearest') return new Array<number>(factor).fill(1)
  const taps = range(0, 2 * factor).map((k) => Math.max(0, 1 - Math.abs((k - (factor >> 1) + 0.5) / factor - 0.5)))
  return taps.filter((share) => share > 0)
}

/** Enlargement by whole factors as a transposed convolution of each channel by itself; its gradient is a convolution. */
function enlarge(x: Tensor, factors: readonly number[], mode: Mode): Tensor {
  const [n, c, ...size] = x.shape as [number, number, ...number[]]
  // Beyond the border the edge's value goes on: one more element on either side, cropped off again.
  const rim = factors.map((f) => (mode === 'linear' && f > 1 ? 1 : 0))
  const wide = padMode(reshape(x, [n * c, 1, ...size]), [0, 0, ...rim], [0, 0, ...rim], 'edge')
  const taps = factors.map((f) => spread(f, mode))
  const kernel = taps.reduce<number[]>((list, own) => list.flatMap((a) => own.map((b) => a * b)), [1])
  const weight = constant(kernel, [1, 1, ...taps.map(({ length }) => length)])
  const full = size.map((extent, i) => extent * factors[i]!)
  const before = factors.map((f, i) => (rim[i] === 0 ? 0 : (f >> 1) + f))
  const after = factors.map((f, i) => (size[i]! + 2 * rim[i]! - 1) * f + taps[i]!.length - full[i]! - before[i]!)
  const attributes = { stride: factors, dilation: factors.map(() => 1), padding: [...before, ...after], groups: 1 }
  return reshape(apply('convInputGrad', [wide, weight], { ...attributes, size: full }), [n, c, ...full])
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

/** Nearest neighbour and a mean over the elements around, which together are linear interpolation. */
function blurred(x: Tensor, factor: number): Tensor {
  const c = x.shape[1]!
  const wide = padMode(x, [0, 0, 1, 1], [0, 0, 1, 1], 'edge')
  const near = doubled(wide, factor)
  // The window is centred on an element, so that the factor + 1 elements at which it reaches count half at its ends.
  const taps = range(0, factor + 1).map((k) => (k === 0 || k === factor ? 0.5 : 1) / factor)
  const kernel = range(0, c).flatMap(() => taps.flatMap((a) => taps.map((b) => a * b)))
  const rim = factor / 2
  const inner = slice(
    near,
    [0, 0, rim, rim],
    near.shape.map((n, axis) => (axis < 2 ? n : n - rim)),
  )
  const weight = constant(kernel, [c, 1, factor + 1, factor + 1])
  const attributes = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0], groups: c }
  return apply('conv', [inner, weight], attributes)
}

/** Nearest neighbour by 2 or 4. */
function doubled(x: Tensor, factor: number): Tensor {
  const y = apply('upsample2', [x], {})
  return factor === 2 ? y : doubled(y, factor / 2)
}

/** Up to this many weights an axis is mixed by a product with a matrix, which is faster and has a faster gradient. */
const MOST_WEIGHTS = 2 ** 18

function resizeAxis(x: Tensor, axis: number, output: number, mode: Mode, alignCorners: boolean): Tensor {
  const input = x.shape[axis]!
  if (input === output) return x
  if (mode === 'nearest' && input % output === 0) return skip(x, axis, input / output)
  const reads = readsOf(input, output, mode, alignCorners)
  const take = (list: readonly number[]): Tensor => gather(x, constant(list, [output], 'int32'), axis)
  const firsts = take(reads.map(({ first }) => first))
  if (mode === 'nearest') return firsts
  if (input * output <= MOST_WEIGHTS) return mixAxis(x, axis, weightsOf(reads, input), output)
  const shares = reads.map(({ share }) => share)
  const along = x.shape.slice(axis).map((_, i) => (i === 0 ? output : 1))
  const near = mul(
    firsts,
    constant(
      shares.map((share) => 1 - share),
      along,
    ),
  )
  return add(near, mul(take(reads.map(({ second }) => second)), constant(shares, along)))
}

function resizeImage(x: Tensor, size: readonly number[], mode: Mode, alignCorners: boolean): Tensor {
  const factors = size.map((n, i) => n / x.shape[i + 2]!)
  if (alignCorners || !factors.every(Number.isInteger)) {
    return size.reduce((y, output, i) => resizeAxis(y, i + 2, output, mode, alignCorners), x)
  }
  const [v, h] = factors as [number, number]
  if (v === 1 && h === 1) return x
  if (v !== h || (v !== 2 && v !== 4)) return enlarge(x, factors, mode)
  return mode === 'nearest' ? doubled(x, v) : blurred(x, v)
}

/**
 * x `[N, C, ...]` interpolated to other extents of its 1 to 3 spatial axes, as `torch.nn.functional.interpolate` does:
 * nearest neighbour, or linear (bilinear, trilinear). Nothing is smoothed before a reduction. Where a linear factor is
 * not a whole number, an axis is a product with a matrix: a number that is not finite then spreads along it.
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
  const [n, c, ...from] = x.shape as [number, number, ...number[]]
  if (d === 2) return resizeImage(x, size, mode, alignCorners)
  if (d === 1) {
    return reshape(resizeImage(reshape(x, [n, c, 1, from[0]!]), [1, size[0]!], mode, alignCorners), [n, c, ...size])
  }
  // A volume's slices are images; then whole slices are mixed.
  const [depth, ...plane] = from as [number, ...number[]]
  const images = resizeImage(reshape(x, [n, c * depth, ...plane]), size.slice(1), mode, alignCorners)
  const slices = reshape(images, [n, c, depth, size[1]! * size[2]!])
  return reshape(resizeAxis(slices, 2, size[0]!, mode, alignCorners), [n, c, ...size])
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
