/** Relevance rules of the elementary primitives. */

import { apply } from '../apply.ts'
import type { PlainPrimitive } from '../attributes/plain.ts'
import { mul, sub, sum } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import { unbroadcast } from '../vjp/plain.ts'
import type { RelevantPrimitive } from './index.ts'
import {
  deciding,
  isGate,
  type Linear,
  linear,
  moving,
  passing,
  product,
  proportional,
  type RelevanceRule,
  refusing,
} from './rule.ts'

const mulRule: RelevanceRule<'mul'> = (node, r, context) => {
  const both = node.inputs.every(context.depends)
  return both ? product(node, r, context.depends) : passing(node, r, context)
}

/** The divisor only scales. */
const divRule: RelevanceRule<'div'> = (node, r, context) => {
  const [a, b] = node.inputs as [Tensor, Tensor]
  return context.depends(a) ? [unbroadcast(r, a.shape), null] : [null, unbroadcast(r, b.shape)]
}

/** Weights on either side; attention where both sides depend on the data. */
const matmulRule: RelevanceRule<'matmul'> = (node, r, context) => {
  const [a, b] = node.inputs as [Tensor, Tensor]
  const make = (left: Tensor, right: Tensor): Tensor => apply('matmul', [left, right], node.attributes)
  const left: Linear = { x: a, w: b, bias: null, make }
  const right: Linear = { x: b, w: a, bias: null, make: (x, w) => make(w, x) }
  const { depends } = context
  if (!depends(b)) return [linear(left, node, r, context.ruleOf(node), context), null]
  if (!depends(a)) return [null, linear(right, node, r, context.ruleOf(node), context)]
  const plain = { kind: 'epsilon', epsilon: context.epsilon } as const
  if (context.attention === 'detached') {
    if (isGate(a, depends)) return [null, linear(right, node, r, plain, context)]
    if (isGate(b, depends)) return [linear(left, node, r, plain, context), null]
  }
  const half = mul(r, 0.5)
  return [linear(left, node, half, plain, context), linear(right, node, half, plain, context)]
}

/** Achtibat et al. 2024, equation 13; the identity where attention is detached. */
const softmaxRule: RelevanceRule<'softmax'> = (node, r, { attention }) => {
  const x = node.inputs[0]!
  if (attention === 'detached') return [r]
  return [mul(x, sub(r, mul(node, sum(r, node.attributes.axis, { keepDims: true }))))]
}

/** The identity, or centring with the deviation taken as constant (Ali et al. 2022). */
const layerNormRule: RelevanceRule<'layerNorm'> = (node, r, context) => {
  if (context.normalisation === 'identity') return [r, null, null]
  const x = apply('identity', [node.inputs[0]!], {})
  const axis = x.shape.length - 1
  const mean = apply('mean', [x], { axes: [axis], keepDims: true })
  const centred = sub(x, mean)
  return [context.within([centred], [r], [x])[0]!, null, null]
}

export const plainRelevances: { readonly [P in PlainPrimitive & RelevantPrimitive]: RelevanceRule<P> } = {
  neg: passing,
  exp: passing,
  log: passing,
  sqrt: passing,
  abs: passing,
  sin: passing,
  cos: passing,
  sigmoid: passing,
  tanh: passing,
  softplus: passing,
  powConstant: passing,
  clip: passing,
  stopGradient: deciding,
  cast: deciding,
  not: deciding,
  add: proportional,
  sub: proportional,
  mul: mulRule,
  div: divRule,
  minimum: moving,
  maximum: moving,
  greater: deciding,
  greaterEqual: deciding,
  less: deciding,
  equal: deciding,
  and: deciding,
  or: deciding,
  where: moving,
  sum: proportional,
  mean: proportional,
  max: moving,
  softmax: softmaxRule,
  logSoftmax: passing,
  reshape: moving,
  transpose: moving,
  slice: moving,
  pad: moving,
  concat: moving,
  expand: moving,
  reverse: moving,
  layerNorm: layerNormRule,
  layerNormInputGrad: refusing,
  layerNormScaleGrad: refusing,
  matmul: matmulRule,
}
