/** Vector-Jacobian products of the elementary primitives, written in primitives. Spatial ones: `vjp-spatial.ts`. */

import { apply } from '../apply.ts'
import type { PlainPrimitive } from '../attributes/plain.ts'
import {
  add,
  and,
  cast,
  cos,
  div,
  equal,
  exp,
  expand,
  greater,
  less,
  matmul,
  mul,
  neg,
  not,
  pad,
  pow,
  reshape,
  reverse,
  sigmoid,
  sin,
  slice,
  split,
  sub,
  sum,
  transpose,
  where,
} from '../ops/plain.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import { range, type Shape, sameShape } from '../shape.ts'
import { throughComposition } from './compose.ts'
import type { Vjp } from './index.ts'

/** Sums a gradient over the axes along which its tensor was broadcast. */
export function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g
  const lead = g.shape.length - shape.length
  const axes = range(0, g.shape.length).filter((i) => i < lead || (shape[i - lead] === 1 && g.shape[i] !== 1))
  return reshape(sum(g, axes, { keepDims: true }), shape)
}

/** No gradient flows. */
export const blocked: Vjp<Primitive> = (node) => node.inputs.map(() => null)

/** A rule of one operand from its derivative: the derivative may use the operand x and the value y. */
const unary =
  (derivative: (x: Tensor, y: Tensor, g: Tensor) => Tensor): Vjp<Primitive> =>
  (node, g) => [derivative(node.inputs[0]!, node, g)]

/** A rule of two operands, each with its own product, summed back over broadcast axes. */
const binary =
  (
    left: (g: Tensor, a: Tensor, b: Tensor) => Tensor,
    right: (g: Tensor, a: Tensor, b: Tensor) => Tensor,
  ): Vjp<Primitive> =>
  ({ inputs: [a, b] }, g) => [unbroadcast(left(g, a!, b!), a!.shape), unbroadcast(right(g, a!, b!), b!.shape)]

/** 1 where a wins, 1/2 where both are equal. */
function winner(a: Tensor, b: Tensor): Tensor {
  return add(cast(greater(a, b), 'float32'), mul(cast(equal(a, b), 'float32'), 0.5))
}

const keptShape = (x: Tensor, axes: readonly number[]): Shape => x.shape.map((n, i) => (axes.includes(i) ? 1 : n))

const matmulVjp: Vjp<'matmul'> = ({ inputs: [a, b], attributes: { transposeA: tA, transposeB: tB } }, g) => {
  if (!tA && !tB && b!.shape.length === 2) {
    // A shared right operand: one product over all rows, not a batch of products and a sum.
    const rows = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-1)!])
    return [matmul(g, b!, { transposeB: true }), matmul(rows(a!), rows(g), { transposeA: true })]
  }
  const left = tA ? matmul(b!, g, { transposeA: tB, transposeB: true }) : matmul(g, b!, { transposeB: !tB })
  const right = tB ? matmul(g, a!, { transposeA: true, transposeB: tA }) : matmul(a!, g, { transposeA: !tA })
  return [unbroadcast(left, a!.shape), unbroadcast(right, b!.shape)]
}

export const plainVjps: { readonly [P in PlainPrimitive]: Vjp<P> } = {
  input: blocked,
  parameter: blocked,
  constant: blocked,
  random: blocked,
  neg: unary((_x, _y, g) => neg(g)),
  exp: unary((_x, y, g) => mul(g, y)),
  log: unary((x, _y, g) => div(g, x)),
  sqrt: unary((_x, y, g) => div(mul(g, 0.5), y)),
  abs: unary((x, _y, g) => mul(g, sub(cast(greater(x, 0), 'float32'), cast(less(x, 0), 'float32')))),
  sin: unary((x, _y, g) => mul(g, cos(x))),
  cos: unary((x, _y, g) => neg(mul(g, sin(x)))),
  sigmoid: unary((_x, y, g) => mul(g, mul(y, sub(1, y)))),
  tanh: unary((_x, y, g) => mul(g, sub(1, mul(y, y)))),
  softplus: unary((x, _y, g) => mul(g, sigmoid(x))),
  powConstant: ({ inputs: [x], attributes: { exponent } }, g) => {
    return [exponent === 0 ? null : mul(g, mul(pow(x!, exponent - 1), exponent))]
  },
  clip: ({ inputs: [x], attributes: { low, high } }, g) => [
    where(and(not(less(x!, low)), not(greater(x!, high))), g, 0),
  ],
  stopGradient: blocked,
  cast: blocked,
  not: blocked,
  add: binary(
    (g) => g,
    (g) => g,
  ),
  sub: binary(
    (g) => g,
    (g) => neg(g),
  ),
  mul: binary(
    (g, _a, b) => mul(g, b),
    (g, a) => mul(g, a),
  ),
  div: (y, g) => {
    const [a, b] = y.inputs as [Tensor, Tensor]
    const share = div(g, b)
    return [unbroadcast(share, a.shape), unbroadcast(neg(mul(share, y)), b.shape)]
  },
  minimum: binary(
    (g, a, b) => mul(g, winner(b, a)),
    (g, a, b) => mul(g, winner(a, b)),
  ),
  maximum: binary(
    (g, a, b) => mul(g, winner(a, b)),
    (g, a, b) => mul(g, winner(b, a)),
  ),
  greater: blocked,
  greaterEqual: blocked,
  less: blocked,
  equal: blocked,
  and: blocked,
  or: blocked,
  where: ({ inputs: [condition, a, b] }, g) => [
    null,
    unbroadcast(where(condition!, g, 0), a!.shape),
    unbroadcast(where(condition!, 0, g), b!.shape),
  ],
  sum: ({ inputs: [x], attributes: { axes } }, g) => [expand(reshape(g, keptShape(x!, axes)), x!.shape)],
  mean: ({ inputs: [x], attributes: { axes } }, g) => {
    const count = axes.reduce((n, axis) => n * x!.shape[axis]!, 1)
    return [expand(mul(reshape(g, keptShape(x!, axes)), 1 / count), x!.shape)]
  },
  max: (y, g) => {
    const x = y.inputs[0]!
    const { axes } = y.attributes
    const kept = keptShape(x, axes)
    const mask = cast(equal(x, reshape(y, kept)), 'float32')
    return [mul(mask, div(reshape(g, kept), sum(mask, axes, { keepDims: true })))]
  },
  softmax: (y, g) => {
    const gy = mul(g, y)
    return [sub(gy, mul(y, sum(gy, y.attributes.axis, { keepDims: true })))]
  },
  logSoftmax: (y, g) => [sub(g, mul(exp(y), sum(g, y.attributes.axis, { keepDims: true })))],
  reshape: ({ inputs: [x] }, g) => [reshape(g, x!.shape)],
  transpose: ({ attributes: { permutation } }, g) => {
    const inverse = new Array<number>(permutation.length)
    permutation.forEach((axis, i) => {
      inverse[axis] = i
    })
    return [transpose(g, inverse)]
  },
  slice: ({ inputs: [x], attributes: { axes, starts, ends } }, g) => {
    const before = x!.shape.map(() => 0)
    const after = x!.shape.map(() => 0)
    axes.forEach((axis, i) => {
      before[axis] = starts[i]!
      after[axis] = x!.shape[axis]! - ends[i]!
    })
    return [pad(g, before, after)]
  },
  pad: ({ inputs: [x], attributes: { before } }, g) => {
    return [
      slice(
        g,
        before,
        before.map((n, i) => n + x!.shape[i]!),
      ),
    ]
  },
  concat: ({ inputs, attributes: { axis } }, g) =>
    split(
      g,
      axis,
      inputs.map(({ shape }) => shape[axis]!),
    ),
  expand: ({ inputs: [x] }, g) => [unbroadcast(g, x!.shape)],
  reverse: ({ attributes: { axes } }, g) => [reverse(g, axes)],
  layerNorm: ({ inputs: [x, scale], attributes }, g) => [
    apply('layerNormInputGrad', [g, x!, scale!], attributes),
    apply('layerNormScaleGrad', [g, x!], attributes),
    sum(g, range(0, x!.shape.length - 1)),
  ],
  layerNormInputGrad: throughComposition,
  layerNormScaleGrad: throughComposition,
  matmul: matmulVjp,
}
