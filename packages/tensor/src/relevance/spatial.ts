/** Relevance rules of the primitives on images. */

import { apply } from '../apply.ts'
import type { SpatialPrimitive } from '../attributes/spatial.ts'
import { mean, reshape, sub } from '../ops/plain.ts'
import type { Attributes, Tensor } from '../primitive.ts'
import { type Linear, linear, moving, passing, proportional, type RelevanceRule, refusing } from './rule.ts'

type Weighted = 'conv' | 'convInputGrad' | 'up2'

/** A layer whose weights do not depend on the data; x may come first (conv) only. */
const weighted: RelevanceRule<Weighted> = (node, r, context) => {
  const [x, w, bias] = node.inputs as [Tensor, Tensor, Tensor | undefined]
  if (context.depends(w)) return refusing(node, r, context)
  const channels = [1, node.shape[1]!, ...node.shape.slice(2).map(() => 1)]
  const layer: Linear = {
    x,
    w,
    bias: bias === undefined ? null : reshape(bias, channels),
    make: (data, weight) => apply(node.op, [data, weight], node.attributes as Attributes[Weighted]),
  }
  const share = linear(layer, node, r, context.ruleOf(node), context)
  return bias === undefined ? [share, null] : [share, null, null]
}

/** The identity, or centring with the deviation taken as constant (Ali et al. 2022). */
const groupNorm: RelevanceRule<'groupNorm'> = (node, r, context) => {
  if (context.normalisation === 'identity') return [r, null, null]
  const x = apply('identity', [node.inputs[0]!], {})
  const { groups, overBatch } = node.attributes
  const grouped = reshape(x, [x.shape[0]!, groups, -1])
  const centred = reshape(sub(grouped, mean(grouped, overBatch ? [0, 2] : 2, { keepDims: true })), x.shape)
  return [context.within([centred], [r], [x])[0]!, null, null]
}

export const spatialRelevances: { readonly [P in SpatialPrimitive]: RelevanceRule<P> } = {
  conv: weighted,
  convInputGrad: weighted,
  convWeightGrad: refusing,
  up2: weighted,
  up2InputGrad: refusing,
  up2WeightGrad: refusing,
  maxPool: moving,
  maxPoolGrad: refusing,
  maxPoolTake: refusing,
  maxPool2: moving,
  maxPool2Grad: refusing,
  sumPool2: proportional,
  upsample2: moving,
  relu: passing,
  silu: passing,
  reluMask: refusing,
  siluGrad: refusing,
  groupNorm,
  groupNormInputGrad: refusing,
  groupNormScaleGrad: refusing,
}
