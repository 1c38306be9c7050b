/** The functions that programs are written in: elementwise, comparisons, reductions, shapes, products. Spatial ones: `spatial.ts`. */

import { InputError } from '@ecotope/core'
import { apply, type Operand, operand, operands } from '../apply.ts'
import type { DType, Tensor } from '../primitive.ts'
import { normaliseAxes, range, type Shape, sameShape, showShape, sizeOf } from '../shape.ts'

const none = {} as const

// Elementwise, one operand.
export const neg = (x: Operand): Tensor => apply('neg', [operand(x)], none)
export const exp = (x: Operand): Tensor => apply('exp', [operand(x)], none)
export const log = (x: Operand): Tensor => apply('log', [operand(x)], none)
export const sqrt = (x: Operand): Tensor => apply('sqrt', [operand(x)], none)
export const abs = (x: Operand): Tensor => apply('abs', [operand(x)], none)
export const sin = (x: Operand): Tensor => apply('sin', [operand(x)], none)
export const cos = (x: Operand): Tensor => apply('cos', [operand(x)], none)
export const sigmoid = (x: Operand): Tensor => apply('sigmoid', [operand(x)], none)
export const tanh = (x: Operand): Tensor => apply('tanh', [operand(x)], none)
export const relu = (x: Operand): Tensor => apply('relu', [operand(x)], none)
/** log(1 + exp(x)), without overflow. */
export const softplus = (x: Operand): Tensor => apply('softplus', [operand(x)], none)
/** x sigmoid(x) (Elfwing et al. 2018), also known as swish. */
export const silu = (x: Operand): Tensor => apply('silu', [operand(x)], none)
/**
 * x to a power; shapes broadcast, and 0 to the power 0 is 1. For an exponent that is not an integer x must not be
 * negative. As in JAX, the gradient is 0 for the base where the exponent is 0, and 0 for the exponent where x is 0; for
 * an exponent that is a tensor its gradient is NaN where x is negative.
 */
export function pow(x: Operand, exponent: Operand): Tensor {
  if (typeof exponent === 'number') return apply('powConstant', [operand(x)], { exponent })
  return apply('power', [operand(x), exponent], none)
}
export const square = (x: Operand): Tensor => pow(x, 2)
/** Limits x to [low, high]; the gradient passes where low <= x <= high. */
export function clip(x: Operand, low: number, high: number): Tensor {
  return apply('clip', [operand(x)], { low, high })
}
/** The same values; no gradient passes. */
export const stopGradient = (x: Tensor): Tensor => apply('stopGradient', [x], none)
export const cast = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : apply('cast', [x], { dtype }))
export const not = (x: Tensor): Tensor => apply('not', [x], none)

// Elementwise, two or three operands; shapes broadcast.
export const add = (a: Operand, b: Operand): Tensor => apply('add', operands(a, b), none)
export const sub = (a: Operand, b: Operand): Tensor => apply('sub', operands(a, b), none)
export const mul = (a: Operand, b: Operand): Tensor => apply('mul', operands(a, b), none)
export const div = (a: Operand, b: Operand): Tensor => apply('div', [operand(a), operand(b)], none)
export const minimum = (a: Operand, b: Operand): Tensor => apply('minimum', operands(a, b), none)
export const maximum = (a: Operand, b: Operand): Tensor => apply('maximum', operands(a, b), none)
export const greater = (a: Operand, b: Operand): Tensor => apply('greater', operands(a, b), none)
export const less = (a: Operand, b: Operand): Tensor => apply('less', operands(a, b), none)
export const equal = (a: Operand, b: Operand): Tensor => apply('equal', operands(a, b), none)
export const greaterEqual = (a: Operand, b: Operand): Tensor => apply('greaterEqual', operands(a, b), none)
export const lessEqual = (a: Operand, b: Operand): Tensor => greaterEqual(b, a)
export const notEqual = (a: Operand, b: Operand): Tensor => not(equal(a, b))
export const and = (a: Tensor, b: Tensor): Tensor => apply('and', [a, b], none)
export const or = (a: Tensor, b: Tensor): Tensor => apply('or', [a, b], none)
/** a where the condition holds, else b. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return apply('where', [condition, ...operands(a, b)], none)
}

/** The sum of several tensors of one shape. */
export function addAll(terms: readonly Tensor[]): Tensor {
  const [head, ...rest] = terms
  if (head === undefined) throw new InputError('ShapeMismatch', 'addAll: nothing to add')
  return rest.reduce<Tensor>((sum, term) => add(sum, term), head)
}

// Reductions.
export interface ReduceOptions {
  /** Keep reduced axes with extent 1. Default false. */
  readonly keepDims?: boolean
}

type Axes = number | readonly number[]

function reduce(op: 'sum' | 'mean' | 'max', x: Tensor, axes: Axes | undefined, options: ReduceOptions): Tensor {
  const list = axes === undefined ? range(0, x.shape.length) : typeof axes === 'number' ? [axes] : axes
  const normal = normaliseAxes(list, x.shape.length, op)
  const keepDims = options.keepDims ?? false
  if (normal.length === 0) return x
  return apply(op, [x], { axes: normal, keepDims })
}

/** Sum over `axes` (default all). */
export const sum = (x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor => reduce('sum', x, axes, options)
/** Mean over `axes` (default all). */
export const mean = (x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor => reduce('mean', x, axes, options)
/** Maximum over `axes` (default all); tied elements share the gradient equally. */
export const max = (x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor => reduce('max', x, axes, options)
export const softmax = (x: Tensor, axis = -1): Tensor => apply('softmax', [x], { axis: oneAxis(axis, x, 'softmax') })
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return apply('logSoftmax', [x], { axis: oneAxis(axis, x, 'logSoftmax') })
}

function oneAxis(axis: number, x: Tensor, what: string): number {
  return normaliseAxes([axis], x.shape.length, what)[0]!
}

// Shapes.
/** Same elements in another shape; one extent may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1)
  const rest = sizeOf(x.shape) / known
  const fits = Number.isInteger(rest) && shape.indexOf(-1) === shape.lastIndexOf(-1)
  const full = shape.map((extent) => (extent === -1 && fits ? rest : extent))
  return sameShape(full, x.shape) ? x : apply('reshape', [x], { shape: full })
}

/** Axis i of the result is axis `permutation[i]` of x; negative ones count from the end. */
export const transpose = (x: Tensor, permutation: readonly number[]): Tensor => {
  const rank = x.shape.length
  const axes = permutation.map((axis) => (axis < 0 ? axis + rank : axis))
  return sameShape(axes, range(0, rank)) ? x : apply('transpose', [x], { permutation: axes })
}

/** Elements from `starts` up to but without `ends`, one of each per axis. */
export function slice(x: Tensor, starts: readonly number[], ends: readonly number[]): Tensor {
  const rank = x.shape.length
  if (starts.length !== rank || ends.length !== rank) {
    const given = `${showShape(starts)} to ${showShape(ends)}`
    throw new InputError('ShapeMismatch', `slice: ${given} is not one place for each axis of ${showShape(x.shape)}`)
  }
  const axes = range(0, rank).filter((i) => starts[i] !== 0 || ends[i] !== x.shape[i])
  if (axes.length === 0) return x
  return apply('slice', [x], { axes, starts: axes.map((i) => starts[i]!), ends: axes.map((i) => ends[i]!) })
}

/** Elements `start <= i < end` of one axis. */
export function sliceAxis(x: Tensor, axis: number, start: number, end: number): Tensor {
  const at = oneAxis(axis, x, 'sliceAxis')
  return slice(
    x,
    x.shape.map((_, i) => (i === at ? start : 0)),
    x.shape.map((extent, i) => (i === at ? end : extent)),
  )
}

/** Parts of the given sizes along an axis, which they must fill. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  const extent = x.shape[oneAxis(axis, x, 'split')]!
  if (sizes.reduce((sum, size) => sum + size, 0) !== extent) {
    throw new InputError(
      'ShapeMismatch',
      `split: sizes ${showShape(sizes)} do not add up to axis ${axis} of ${showShape(x.shape)}`,
    )
  }
  let start = 0
  return sizes.map((size) => {
    const part = sliceAxis(x, axis, start, start + size)
    start += size
    return part
  })
}

/** Adds `before` and `after` elements of `value` to each axis. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[], value = 0): Tensor {
  const rank = x.shape.length
  if (before.length === rank && after.length === rank && [...before, ...after].every((n) => n === 0)) return x
  return apply('pad', [x], { before, after, value })
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [head] = parts
  if (head === undefined) throw new InputError('ShapeMismatch', 'concat: nothing to join')
  const at = oneAxis(axis, head, 'concat')
  return parts.length === 1 ? head : apply('concat', parts, { axis: at })
}

/** Repeats extents of 1 (and adds leading axes) to reach `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply('expand', [x], { shape })
}

/** The elements of the axes in opposite order. */
export function reverse(x: Tensor, axes: readonly number[]): Tensor {
  const list = normaliseAxes(axes, x.shape.length, 'reverse')
  return list.length === 0 ? x : apply('reverse', [x], { axes: list })
}

/** Layer normalisation (Ba et al. 2016) of the last axis: x `[..., C]`, scale and bias `[C]`; eps defaults to 1e-5. */
export function layerNorm(x: Tensor, scale: Tensor, bias: Tensor, options: { readonly eps?: number } = {}): Tensor {
  return apply('layerNorm', [x, scale, bias], { eps: options.eps ?? 1e-5 })
}

// Products.
export interface MatmulOptions {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

/** Matrix product over the last two axes; leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false } = options
  return apply('matmul', [a, b], { transposeA, transposeB })
}
