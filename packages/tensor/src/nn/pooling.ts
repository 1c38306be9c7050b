/** From many positions to one vector: pooling heads, and gates made of them. */

import { glorotUniform } from '../initialisers.ts'
import {
  add,
  cast,
  div,
  matmul,
  max,
  maximum,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  softmax,
  sub,
  sum,
} from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import { range } from '../shape.ts'
import { affine, denseParameters, type WeightAndBias } from './dense.ts'
import { checkAxes, checkMask, type Layer, layer } from './layer.ts'

const positionsOf = (x: Tensor): number[] => range(2, x.shape.length)

/** Mean over all positions: `[N, C, ...]` to `[N, C]`. */
export const globalMean = (x: Tensor): Tensor => mean(x, positionsOf(x))
/** Maximum over all positions: `[N, C, ...]` to `[N, C]`. */
export const globalMax = (x: Tensor): Tensor => max(x, positionsOf(x))

/** Mean of x `[N, L, width]` over the places where mask `[N, L]` (bool) is true; zeros where it never is. */
export function maskedMean(x: Tensor, mask: Tensor): Tensor {
  checkMask(mask, 'maskedMean: mask')
  checkAxes(mask, 'maskedMean: mask', [2], 1, x.shape[1]!)
  const weights = reshape(cast(mask, 'float32'), [...mask.shape, 1])
  return div(sum(mul(x, weights), 1), maximum(sum(weights, 1), 1))
}

export interface PoolInputs {
  /** `[N, L, width]`. */
  readonly x: Tensor
  /** bool `[N, L]`: which places there are; at least one per sample. Default all. */
  readonly mask?: Tensor
}

/** Mean of x `[N, L, width]` with weights softmax(x w) that are learnt: `[N, width]`. */
export function attentionPool(width: number): Layer<{ readonly score: WeightAndBias }, Tensor | PoolInputs> {
  const parameters = { score: denseParameters(width, 1, { init: glorotUniform(), bias: false }) }
  return layer('attentionPool', parameters, (p, inputs) => {
    const { x, mask }: PoolInputs = 'x' in inputs ? inputs : { x: inputs }
    if (mask !== undefined) checkMask(mask, 'attentionPool: mask')
    checkAxes(x, 'attentionPool', [3], 2, width)
    const scores = affine(x, p.score)
    const away = mask === undefined ? undefined : mul(sub(1, cast(reshape(mask, scores.shape), 'float32')), -1e30)
    const weights = softmax(away === undefined ? scores : add(scores, away), 1)
    return reshape(matmul(weights, x, { transposeA: true }), [x.shape[0]!, width])
  })
}

export type SqueezeExciteParameters = { readonly squeeze: WeightAndBias; readonly excite: WeightAndBias }

/** x `[N, C, ...]` times a gate for each channel, made of all channels' means (Hu et al. 2018, equations 2-4). */
export function squeezeExcite(
  channels: number,
  { reduction = 16 }: { readonly reduction?: number } = {},
): Layer<SqueezeExciteParameters> {
  const inner = Math.max(1, Math.floor(channels / reduction))
  const parameters = { squeeze: denseParameters(channels, inner), excite: denseParameters(inner, channels) }
  return layer('squeezeExcite', parameters, (p, x) => {
    checkAxes(x, 'squeezeExcite', [3, 4, 5], 1, channels)
    const gate = sigmoid(affine(relu(affine(globalMean(x), p.squeeze)), p.excite))
    return mul(x, reshape(gate, [x.shape[0]!, channels, ...positionsOf(x).map(() => 1)]))
  })
}
