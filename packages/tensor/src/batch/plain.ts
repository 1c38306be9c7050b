/** Batching rules of the elementary primitives. */

import { apply } from '../apply.ts'
import type { PlainPrimitive } from '../attributes/plain.ts'
import { expand, reshape } from '../ops/plain.ts'
import { throughComposition } from './compose.ts'
import type { BatchedPrimitive } from './index.ts'
import { align, asItIs, type BatchRule, broadcasting, front, plusOne, shifted, withSize } from './rule.ts'

type Norm = 'layerNorm' | 'layerNormInputGrad' | 'layerNormScaleGrad'

/** Statistics are those of the last axis: only scale and bias must be the same for all. */
const overLast: BatchRule<Norm> = (inputs, node, batching) => {
  const samples = node.op === 'layerNorm' ? 1 : 2
  if (inputs.slice(samples).some(({ mapped }) => mapped)) return throughComposition(inputs, node, batching)
  const values = inputs.map((x, i) => (i < samples ? front(x, batching.size) : x.value))
  return apply(node.op, values, node.attributes)
}

const reduction = shifted<'sum' | 'mean' | 'max'>(({ axes, keepDims }) => ({ axes: plusOne(axes), keepDims }))
const alongAxis = shifted<'softmax' | 'logSoftmax'>(({ axis }) => ({ axis: axis + 1 }))

export const plainBatches: { readonly [P in PlainPrimitive & BatchedPrimitive]: BatchRule<P> } = {
  neg: asItIs,
  exp: asItIs,
  log: asItIs,
  sqrt: asItIs,
  abs: asItIs,
  sin: asItIs,
  cos: asItIs,
  sigmoid: asItIs,
  tanh: asItIs,
  softplus: asItIs,
  powConstant: asItIs,
  clip: asItIs,
  stopGradient: asItIs,
  cast: asItIs,
  not: asItIs,
  add: broadcasting,
  sub: broadcasting,
  mul: broadcasting,
  div: broadcasting,
  minimum: broadcasting,
  maximum: broadcasting,
  greater: broadcasting,
  greaterEqual: broadcasting,
  less: broadcasting,
  equal: broadcasting,
  and: broadcasting,
  or: broadcasting,
  where: broadcasting,
  sum: reduction,
  mean: reduction,
  max: reduction,
  softmax: alongAxis,
  logSoftmax: alongAxis,
  reshape: ([x], { shape }, { size }) => reshape(x!.value, withSize(size, shape)),
  transpose: shifted(({ permutation }) => ({ permutation: [0, ...plusOne(permutation)] })),
  slice: shifted(({ axes, starts, ends }) => ({ axes: plusOne(axes), starts, ends })),
  pad: shifted(({ before, after, value }) => ({ before: [0, ...before], after: [0, ...after], value })),
  concat: (inputs, { attributes: { axis } }, { size }) =>
    apply(
      'concat',
      inputs.map((x) => front(x, size)),
      { axis: axis + 1 },
    ),
  expand: ([x], { shape }, { size }) => expand(align(x!, shape.length), withSize(size, shape)),
  reverse: shifted(({ axes }) => ({ axes: plusOne(axes) })),
  layerNorm: overLast,
  layerNormInputGrad: overLast,
  layerNormScaleGrad: throughComposition,
  matmul: broadcasting,
}
