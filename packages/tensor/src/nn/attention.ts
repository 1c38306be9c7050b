/** Multi-head attention with masks, of a sequence to itself or to another. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import { glorotUniform } from '../initialisers.ts'
import { add, and, cast, less, matmul, max, mul, not, reshape, softmax, sub, transpose } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import { range } from '../shape.ts'
import { affine, denseParameters, type WeightAndBias } from './dense.ts'
import { drop } from './dropout.ts'
import { checkAxes, checkMask, type Layer, layer } from './layer.ts'

export interface AttentionInputs {
  /** `[N, L, width]`. */
  readonly query: Tensor
  /** `[N, S, keyWidth]`. Default: the query. */
  readonly key?: Tensor
  /** `[N, S, valueWidth]`. Default: the key. */
  readonly value?: Tensor
  /** bool `[N, S]`: which keys there are. Default all. */
  readonly keyMask?: Tensor
  /** bool, broadcast to `[N, heads, L, S]`: which query may attend to which key. Default all. */
  readonly mask?: Tensor
  /** Whether a query attends to keys up to its own position only. Default false. */
  readonly causal?: boolean
}

export type AttentionParameters = {
  readonly query: WeightAndBias
  readonly key: WeightAndBias
  readonly value: WeightAndBias
  readonly output: WeightAndBias
}

export interface AttentionOptions {
  /** Default: width. */
  readonly keyWidth?: number
  /** Default: width. */
  readonly valueWidth?: number
  /** Default true. */
  readonly bias?: boolean
  /** Share of the attention weights that is dropped in training, in [0, 1). Default 0. */
  readonly dropout?: number
}

/**
 * Attention of x `[N, L, width]` to itself, or of a query to keys and values (Vaswani et al. 2017, section 3.2.2). As
 * `torch.nn.MultiheadAttention`, except that masks say what may be seen; a query that may see nothing gets zeros
 * before the output projection.
 */
export function multiHeadAttention(
  width: number,
  heads: number,
  options: AttentionOptions = {},
): Layer<AttentionParameters, Tensor | AttentionInputs> {
  const { keyWidth = width, valueWidth = width, bias = true, dropout = 0 } = options
  if (!Number.isInteger(width / heads)) {
    throw new InputError('ParameterOutOfRange', `multiHeadAttention: ${heads} heads do not divide a width of ${width}`)
  }
  const projection = (inputs: number): WeightAndBias => denseParameters(inputs, width, { bias, init: glorotUniform() })
  const parameters = {
    query: projection(width),
    key: projection(keyWidth),
    value: projection(valueWidth),
    output: projection(width),
  }
  return layer('attention', parameters, (p, x, context) => {
    const inputs: AttentionInputs = 'query' in x ? x : { query: x }
    const { query, key = query, value = key } = inputs
    checkAxes(query, 'multiHeadAttention: query', [3], 2, width)
    checkAxes(key, 'multiHeadAttention: key', [3], 2, keyWidth)
    checkAxes(value, 'multiHeadAttention: value', [3], 2, valueWidth)
    const [n = 1, length = 1] = query.shape
    const apart = (h: Tensor): Tensor => transpose(reshape(h, [n, h.shape[1]!, heads, width / heads]), [0, 2, 1, 3])
    const mixed = attend(apart(affine(query, p.query)), apart(affine(key, p.key)), apart(affine(value, p.value)), {
      mask: joinedMask(inputs, length, key.shape[1]!),
      drop: (weights) => drop(weights, dropout, 'weights', context),
    })
    return affine(reshape(transpose(mixed, [0, 2, 1, 3]), [n, length, width]), p.output)
  })
}

/** Far below any score, and exactly itself after a score has been added, so that masked weights are 0. */
const NEVER = -1e30

interface AttendOptions {
  readonly mask: Tensor | undefined
  readonly drop: (weights: Tensor) => Tensor
}

/** softmax(q kᵀ / √d) v over `[N, heads, L or S, d]` (Vaswani et al. 2017, equation 1). */
function attend(q: Tensor, k: Tensor, v: Tensor, { mask, drop }: AttendOptions): Tensor {
  const scores = matmul(mul(q, 1 / Math.sqrt(q.shape[3]!)), k, { transposeB: true })
  if (mask === undefined) return matmul(drop(softmax(scores)), v)
  const allowed = cast(mask, 'float32')
  const weights = softmax(add(scores, mul(sub(1, allowed), NEVER)))
  return mul(matmul(drop(weights), v), max(allowed, -1, { keepDims: true }))
}

/** All masks as one, `[N or 1, heads or 1, L or 1, S]`. */
function joinedMask({ keyMask, mask, causal }: AttentionInputs, length: number, keys: number): Tensor | undefined {
  const parts: Tensor[] = []
  if (keyMask !== undefined) {
    checkMask(keyMask, 'multiHeadAttention: keyMask')
    checkAxes(keyMask, 'multiHeadAttention: keyMask', [2], 1, keys)
    parts.push(reshape(keyMask, [keyMask.shape[0]!, 1, 1, keys]))
  }
  if (mask !== undefined) {
    checkMask(mask, 'multiHeadAttention: mask')
    parts.push(reshape(mask, [...range(mask.shape.length, 4).map(() => 1), ...mask.shape]))
  }
  if (causal === true) parts.push(reshape(causalMask(length, keys), [1, 1, length, keys]))
  const [head, ...rest] = parts
  return head === undefined ? undefined : rest.reduce<Tensor>((joint, part) => and(joint, part), head)
}

/** bool `[L, S]`: true where the key's position is not after the query's. */
export function causalMask(length: number, keys = length): Tensor {
  return not(less(constant(range(0, length), [length, 1]), constant(range(0, keys), [1, keys])))
}
