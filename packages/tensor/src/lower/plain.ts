/** Lowering of the elementary primitives: one ONNX operator or a few, the same on every target unless it says so. */

import type { PlainPrimitive } from '../attributes/plain.ts'
import { type ElementType, elementType, type Value } from '../onnx/graph.ts'
import type { Primitive } from '../primitive.ts'
import { blockedBinary, blockedConcat } from './blocked.ts'
import { byComposition } from './compose.ts'
import { layerNorm as cpuLayerNorm, layerNormInputGrad, layerNormScaleGrad } from './norm.ts'
import { sumAxes } from './reduce.ts'
import type { Lower, LoweredPrimitive, Lowering } from './target.ts'

const unary =
  (op: string): Lower<Primitive> =>
  (l, [x]) =>
    l.unary(op, x!)

const binary =
  (op: string): Lower<Primitive> =>
  (l, [a, b]) =>
    l.binary(op, a!, b!)

/** As `binary`, in the blocked layout where both operands are in it. */
const keeping =
  (op: string): Lower<Primitive> =>
  (l, [a, b]) =>
    blockedBinary(l, op, a!, b!) ?? l.binary(op, a!, b!)

const logical =
  (op: string): Lower<Primitive> =>
  (l, inputs, { shape }) =>
    l.graph.emit(op, inputs, shape, { type: 'bool' })

/** Scalar kernels of `Pow` are slow, so that common exponents have forms of their own. */
function power(l: Lowering, x: Value, exponent: number): Value {
  if (exponent === 0) return l.expand(l.graph.scalar(1), x.shape)
  if (exponent === 1) return x
  if (exponent === 2) return l.mul(x, x)
  if (exponent === 3) return l.mul(x, l.mul(x, x))
  if (exponent === 0.5) return l.unary('Sqrt', x)
  if (exponent === -0.5) return l.unary('Reciprocal', l.unary('Sqrt', x))
  if (exponent === -1) return l.unary('Reciprocal', x)
  if (exponent === -2) return l.unary('Reciprocal', l.mul(x, x))
  if (Number.isInteger(exponent)) return l.binary('Pow', x, l.graph.scalar(exponent))
  return l.unary('Exp', l.scale(l.unary('Log', x), exponent))
}

const isLast = (axis: number, x: Value): boolean => axis === x.shape.length - 1

/** x minus its maximum along an axis. */
function shifted(l: Lowering, x: Value, axis: number): Value {
  return l.sub(x, l.reduce('ReduceMax', x, [axis], true))
}

function softmax(l: Lowering, x: Value, axis: number): Value {
  // ONNX Runtime transposes for axes other than the last; channels of an image are faster by broadcasting.
  if (isLast(axis, x) || l.target.name === 'portable') return l.unary('Softmax', x, { axis })
  const e = l.unary('Exp', shifted(l, x, axis))
  return l.mul(e, l.unary('Reciprocal', l.reduce('ReduceSum', e, [axis], true)))
}

function logSoftmax(l: Lowering, x: Value, axis: number): Value {
  if (isLast(axis, x) && l.target.name === 'node-cpu') return l.unary('LogSoftmax', x, { axis })
  const z = shifted(l, x, axis)
  if (l.target.name === 'portable')
    return l.sub(z, l.unary('Log', l.reduce('ReduceSum', l.unary('Exp', z), [axis], true)))
  // `Log` rounds by where a thread's share begins; this is as fast, and the same for every number of threads.
  const shape = x.shape.with(axis, 1)
  const attributes = { keepdims: 1 }
  return l.sub(z, l.graph.emit('ReduceLogSum', [l.unary('Exp', z), l.graph.integers([axis])], shape, { attributes }))
}

function mean(l: Lowering, x: Value, axes: readonly number[], keepDims: boolean): Value {
  if (l.target.name === 'portable') return l.reduce('ReduceMean', x, axes, keepDims)
  const count = axes.reduce((n, axis) => n * x.shape[axis]!, 1)
  return l.scale(sumAxes(l, x, axes, keepDims), 1 / count)
}

/** A form for the node CPU target, and one for the others. */
const onCpu =
  <P extends Primitive>(fast: Lower<P>, other: Lower<P>): Lower<P> =>
  (l, inputs, node) =>
    (l.target.name === 'node-cpu' ? fast : other)(l, inputs, node)

const portableLayerNorm: Lower<'layerNorm'> = (l, inputs, { attributes: { eps }, shape }) => {
  return l.graph.emit('LayerNormalization', inputs, shape, { attributes: { axis: -1, epsilon: { float: eps } } })
}

/** Bools have no array type here: they come from int32. */
const constant: Lower<'constant'> = (l, _, { attributes: { data }, shape, dtype }) => {
  if (dtype === 'float32') return l.graph.constant(Float32Array.from(data), shape)
  const integers = l.graph.constant(Int32Array.from(data), shape)
  if (dtype === 'int32') return integers
  return l.graph.emit('Cast', [integers], shape, { attributes: { to: elementType.bool }, type: 'bool' })
}

export const plainRules: { readonly [P in PlainPrimitive & LoweredPrimitive]: Lower<P> } = {
  constant,
  neg: unary('Neg'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  abs: unary('Abs'),
  sin: unary('Sin'),
  cos: unary('Cos'),
  sigmoid: unary('Sigmoid'),
  tanh: unary('Tanh'),
  softplus: unary('Softplus'),
  powConstant: (l, [x], { attributes: { exponent } }) => power(l, x!, exponent),
  clip: (l, [x], { attributes: { low, high } }) => {
    return l.graph.emit('Clip', [x!, l.scalar(low, x!.type), l.scalar(high, x!.type)], x!.shape, { type: x!.type })
  },
  stopGradient: (_, [x]) => x!,
  cast: (l, [x], { attributes: { dtype } }) => {
    const type: ElementType = dtype
    return l.graph.emit('Cast', [x!], x!.shape, { attributes: { to: elementType[type] }, type })
  },
  not: logical('Not'),
  add: keeping('Add'),
  sub: keeping('Sub'),
  mul: keeping('Mul'),
  div: binary('Div'),
  minimum: binary('Min'),
  maximum: binary('Max'),
  greater: logical('Greater'),
  greaterEqual: logical('GreaterOrEqual'),
  less: logical('Less'),
  equal: logical('Equal'),
  and: logical('And'),
  or: logical('Or'),
  where: (l, inputs, { shape }) => l.graph.emit('Where', inputs, shape, { type: inputs[1]!.type }),
  sum: (l, [x], { attributes: { axes, keepDims } }) => {
    const plain = l.target.name === 'portable' || x!.type !== 'float32'
    return plain ? l.reduce('ReduceSum', x!, axes, keepDims) : sumAxes(l, x!, axes, keepDims)
  },
  mean: (l, [x], { attributes: { axes, keepDims } }) => mean(l, x!, axes, keepDims),
  max: (l, [x], { attributes: { axes, keepDims } }) => l.reduce('ReduceMax', x!, axes, keepDims),
  softmax: (l, [x], { attributes: { axis } }) => softmax(l, x!, axis),
  logSoftmax: (l, [x], { attributes: { axis } }) => logSoftmax(l, x!, axis),
  reshape: (l, [x], { shape }) => l.reshape(x!, shape),
  transpose: (l, [x], { attributes: { permutation } }) => l.transpose(x!, permutation),
  slice: (l, [x], { attributes: { axes, starts, ends } }) => l.slice(x!, axes, starts, ends),
  pad: (l, [x], { attributes: { before, after, value } }) => l.pad(x!, before, after, value),
  concat: (l, inputs, { attributes: { axis } }) => blockedConcat(l, inputs, axis) ?? l.concat(inputs, axis),
  expand: (l, [x], { shape }) => l.expand(x!, shape),
  reverse: (l, [x], { attributes: { axes } }) => l.reverse(x!, axes),
  layerNorm: onCpu(cpuLayerNorm, portableLayerNorm),
  layerNormInputGrad: onCpu(layerNormInputGrad, byComposition),
  layerNormScaleGrad: onCpu(layerNormScaleGrad, byComposition),
  matmul: (l, [a, b], { attributes: { transposeA, transposeB } }) => l.matmul(a!, b!, transposeA, transposeB),
}
