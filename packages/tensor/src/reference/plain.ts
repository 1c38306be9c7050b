/** The float64 meaning of the elementary primitives. */

import type { PlainPrimitive } from '../attributes/plain.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import { stridesOf } from '../shape.ts'
import { broadcastStrides, type Float64Dense, fold, gather, map, offsets, zeros, zip } from './array.ts'
import type { Evaluate, EvaluatedPrimitive } from './index.ts'

const unary =
  (fn: (x: number) => number): Evaluate<Primitive> =>
  ([x]) =>
    map(x!, fn)

const pointwise =
  (fn: (a: number, b: number, c: number) => number): Evaluate<Primitive> =>
  (inputs, { shape }) =>
    zip(inputs, shape, fn)

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** exp(x - max) and its sum along an axis. */
function exponentials(x: Float64Dense, axis: number): { shifted: Float64Dense; sums: Float64Dense } {
  const kept = x.shape.map((extent, i) => (i === axis ? 1 : extent))
  const peak = fold(x, [axis], kept, Number.NEGATIVE_INFINITY, Math.max)
  const shifted = zip([x, peak], x.shape, (a, b) => a - b)
  return { shifted, sums: fold(map(shifted, Math.exp), [axis], kept, 0, (a, b) => a + b) }
}

/** Copies x into a larger array of one value, at an offset along each axis. */
function place(x: Float64Dense, into: Float64Dense, before: readonly number[]): Float64Dense {
  const strides = stridesOf(into.shape)
  const start = before.reduce((sum, n, i) => sum + n * strides[i]!, 0)
  const at = offsets(x.shape, strides, start)
  for (let i = 0; i < at.length; i++) into.data[at[i]!] = x.data[i]!
  return into
}

function concat(inputs: readonly Float64Dense[], axis: number, shape: readonly number[]): Float64Dense {
  const out = zeros(shape)
  let start = 0
  for (const x of inputs) {
    place(
      x,
      out,
      shape.map((_, i) => (i === axis ? start : 0)),
    )
    start += x.shape[axis]!
  }
  return out
}

function matmul([a, b]: readonly Float64Dense[], { attributes, shape }: Tensor<'matmul'>): Float64Dense {
  const out = zeros(shape)
  const [m, n] = [shape.at(-2)!, shape.at(-1)!]
  const k = a!.shape.at(attributes.transposeA ? -2 : -1)!
  const matrix = (x: Float64Dense, transposed: boolean) => {
    const batch = broadcastStrides(x.shape.slice(0, -2), shape.slice(0, -2))
    const size = x.shape.at(-1)! * x.shape.at(-2)!
    const [row, column] = transposed ? [1, x.shape.at(-1)!] : [x.shape.at(-1)!, 1]
    return { starts: offsets(shape.slice(0, -2), batch).map((at) => at * size), row, column }
  }
  const [left, right] = [matrix(a!, attributes.transposeA), matrix(b!, attributes.transposeB)]
  left.starts.forEach((from, batch) => {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let q = 0; q < k; q++) {
          const x = a!.data[from + i * left.row + q * left.column]!
          sum += x * b!.data[right.starts[batch]! + q * right.row + j * right.column]!
        }
        out.data[(batch * m + i) * n + j] = sum
      }
    }
  })
  return out
}

function reverse(x: Float64Dense, axes: readonly number[]): Float64Dense {
  const strides = stridesOf(x.shape)
  const start = axes.reduce((sum, axis) => sum + (x.shape[axis]! - 1) * strides[axis]!, 0)
  return gather(
    x,
    x.shape,
    offsets(
      x.shape,
      strides.map((s, i) => (axes.includes(i) ? -s : s)),
      start,
    ),
  )
}

export const plainReferences: { readonly [P in PlainPrimitive & EvaluatedPrimitive]: Evaluate<P> } = {
  constant: (_, { attributes: { data }, shape }) => ({ shape, data: Float64Array.from(data) }),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  abs: unary(Math.abs),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  sigmoid: unary(sigmoid),
  tanh: unary(Math.tanh),
  softplus: unary(softplus),
  powConstant: ([x], { attributes: { exponent } }) => map(x!, (v) => v ** exponent),
  clip: ([x], { attributes: { low, high } }) => map(x!, (v) => Math.min(high, Math.max(low, v))),
  stopGradient: ([x]) => x!,
  cast: ([x], { attributes: { dtype } }) => {
    if (dtype === 'float32') return x!
    return map(x!, dtype === 'bool' ? (v) => (v === 0 ? 0 : 1) : Math.trunc)
  },
  not: unary((x) => 1 - x),
  add: pointwise((a, b) => a + b),
  sub: pointwise((a, b) => a - b),
  mul: pointwise((a, b) => a * b),
  div: pointwise((a, b) => a / b),
  minimum: pointwise((a, b) => Math.min(a, b)),
  maximum: pointwise((a, b) => Math.max(a, b)),
  greater: pointwise((a, b) => Number(a > b)),
  greaterEqual: pointwise((a, b) => Number(a >= b)),
  less: pointwise((a, b) => Number(a < b)),
  equal: pointwise((a, b) => Number(a === b)),
  and: pointwise((a, b) => a * b),
  or: pointwise((a, b) => Math.max(a, b)),
  where: pointwise((condition, a, b) => (condition === 0 ? b : a)),
  sum: ([x], { attributes: { axes }, shape }) => fold(x!, axes, shape, 0, (a, b) => a + b),
  mean: ([x], { attributes: { axes }, shape }) => {
    const count = axes.reduce((n, axis) => n * x!.shape[axis]!, 1)
    return map(
      fold(x!, axes, shape, 0, (a, b) => a + b),
      (v) => v / count,
    )
  },
  max: ([x], { attributes: { axes }, shape }) => fold(x!, axes, shape, Number.NEGATIVE_INFINITY, Math.max),
  softmax: ([x], { attributes: { axis }, shape }) => {
    const { shifted, sums } = exponentials(x!, axis)
    return zip([shifted, sums], shape, (a, b) => Math.exp(a) / b)
  },
  logSoftmax: ([x], { attributes: { axis }, shape }) => {
    const { shifted, sums } = exponentials(x!, axis)
    return zip([shifted, sums], shape, (a, b) => a - Math.log(b))
  },
  reshape: ([x], { shape }) => ({ shape, data: x!.data }),
  transpose: ([x], { attributes: { permutation }, shape }) => {
    const strides = stridesOf(x!.shape)
    return gather(
      x!,
      shape,
      offsets(
        shape,
        permutation.map((axis) => strides[axis]!),
      ),
    )
  },
  slice: ([x], { attributes: { axes, starts }, shape }) => {
    const strides = stridesOf(x!.shape)
    const start = axes.reduce((sum, axis, i) => sum + starts[i]! * strides[axis]!, 0)
    return gather(x!, shape, offsets(shape, strides, start))
  },
  pad: ([x], { attributes: { before, value }, shape }) => {
    const out = zeros(shape)
    out.data.fill(value)
    return place(x!, out, before)
  },
  concat: (inputs, { attributes: { axis }, shape }) => concat(inputs, axis, shape),
  expand: ([x], { shape }) => gather(x!, shape, offsets(shape, broadcastStrides(x!.shape, shape))),
  reverse: ([x], { attributes: { axes } }) => reverse(x!, axes),
  matmul,
}
