/** Transformer blocks: attention and a feed-forward part, each with its norm and a way around it. */

import { scope } from '../apply.ts'
import { add } from '../ops/plain.ts'
import { gelu } from '../ops/special.ts'
import type { ParameterTree, Traced } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { type AttentionInputs, type AttentionParameters, multiHeadAttention } from './attention.ts'
import { affine, denseParameters, type WeightAndBias } from './dense.ts'
import { drop } from './dropout.ts'
import { type Context, type Layer, layer } from './layer.ts'
import { layerNorm, type ScaleAndBias } from './norm.ts'

export interface TransformerOptions {
  /** Width of the feed-forward part. Default 4 · width. */
  readonly hidden?: number
  /** Norm before each part (Xiong et al. 2020) or after its sum (Vaswani et al. 2017). Default `pre`. */
  readonly norm?: 'pre' | 'post'
  /** Of the feed-forward part. Default `gelu`. */
  readonly activation?: (x: Tensor) => Tensor
  /** Share of values dropped in training: of attention weights, of hidden values and of each part's result. Default 0. */
  readonly dropout?: number
  /** Default 1e-5. */
  readonly eps?: number
}

type FeedForwardParameters = { readonly expand: WeightAndBias; readonly contract: WeightAndBias }

/** activation(x W₁ + b₁) W₂ + b₂ on each position (Vaswani et al. 2017, equation 2). */
export function feedForward(width: number, options: TransformerOptions = {}): Layer<FeedForwardParameters> {
  const { hidden = 4 * width, activation = (x: Tensor) => gelu(x), dropout = 0 } = options
  const parameters = { expand: denseParameters(width, hidden), contract: denseParameters(hidden, width) }
  return layer('feedForward', parameters, (p, x, context) =>
    affine(drop(activation(affine(x, p.expand)), dropout, 'hidden', context), p.contract),
  )
}

/** One part of a block: with pre-norm x + f(norm(x)), with post-norm norm(x + f(x)). */
type Around = (
  name: string,
  x: Tensor,
  norm: readonly [layer: Layer<ScaleAndBias>, leaves: Traced<ScaleAndBias>],
  part: (h: Tensor) => Tensor,
) => Tensor

function around({ norm: order = 'pre', dropout = 0 }: TransformerOptions, context: Context): Around {
  return (name, x, [norm, leaves], part) => {
    if (order === 'pre') return add(x, drop(part(norm.apply(leaves, x)), dropout, name, context))
    return norm.apply(leaves, add(x, drop(part(x), dropout, name, context)))
  }
}

export interface EncoderInputs extends Pick<AttentionInputs, 'keyMask' | 'mask' | 'causal'> {
  /** `[N, L, width]`. */
  readonly x: Tensor
}

export type EncoderBlockParameters = {
  readonly attention: AttentionParameters
  readonly attentionNorm: ScaleAndBias
  readonly feedForward: FeedForwardParameters
  readonly feedForwardNorm: ScaleAndBias
}

/** Self-attention, then the feed-forward part: `[N, L, width]` to the same. As `torch.nn.TransformerEncoderLayer`. */
export function encoderBlock(
  width: number,
  heads: number,
  options: TransformerOptions = {},
): Layer<EncoderBlockParameters, Tensor | EncoderInputs> {
  const attention = multiHeadAttention(width, heads, { dropout: options.dropout ?? 0 })
  const forward = feedForward(width, options)
  const norm = layerNorm(width, { eps: options.eps ?? 1e-5 })
  const parameters = {
    attention: attention.parameters,
    attentionNorm: norm.parameters,
    feedForward: forward.parameters,
    feedForwardNorm: norm.parameters,
  }
  return layer('encoderBlock', parameters, (p, inputs, context) => {
    const { x, ...masks } = 'x' in inputs ? inputs : { x: inputs }
    const part = around(options, context)
    const attended = part('attention', x, [norm, p.attentionNorm], (query) =>
      attention.apply(p.attention, { query, ...masks }, context),
    )
    return part('feedForward', attended, [norm, p.feedForwardNorm], (h) => forward.apply(p.feedForward, h, context))
  })
}

export interface DecoderInputs extends EncoderInputs {
  /** What the encoder gave, `[N, S, width]`. */
  readonly memory: Tensor
  /** bool `[N, S]`: which places of the memory there are. Default all. */
  readonly memoryMask?: Tensor
}

export type DecoderBlockParameters = EncoderBlockParameters & {
  readonly crossAttention: AttentionParameters
  readonly crossAttentionNorm: ScaleAndBias
}

/**
 * Self-attention (causal unless told otherwise), attention to a memory, then the feed-forward part. As
 * `torch.nn.TransformerDecoderLayer`.
 */
export function decoderBlock(
  width: number,
  heads: number,
  options: TransformerOptions = {},
): Layer<DecoderBlockParameters, DecoderInputs> {
  const attention = multiHeadAttention(width, heads, { dropout: options.dropout ?? 0 })
  const forward = feedForward(width, options)
  const norm = layerNorm(width, { eps: options.eps ?? 1e-5 })
  const parameters = {
    attention: attention.parameters,
    attentionNorm: norm.parameters,
    crossAttention: attention.parameters,
    crossAttentionNorm: norm.parameters,
    feedForward: forward.parameters,
    feedForwardNorm: norm.parameters,
  }
  return layer('decoderBlock', parameters, (p, { x, memory, memoryMask, causal = true, ...masks }, context) => {
    const part = around(options, context)
    const own = part('attention', x, [norm, p.attentionNorm], (query) =>
      attention.apply(p.attention, { query, causal, ...masks }, context),
    )
    const keys = memoryMask === undefined ? {} : { keyMask: memoryMask }
    const crossed = part('crossAttention', own, [norm, p.crossAttentionNorm], (query) =>
      attention.apply(p.crossAttention, { query, key: memory, ...keys }, { ...context, key: keyed(context, 'cross') }),
    )
    return part('feedForward', crossed, [norm, p.feedForwardNorm], (h) => forward.apply(p.feedForward, h, context))
  })
}

const keyed = ({ key }: Context, name: string): string => (key === undefined ? name : `${key}.${name}`)

/** Blocks one after the other, all with the other inputs of the first, such as masks; x goes from one to the next. */
export function stack<T extends ParameterTree, X extends { readonly x: Tensor }>(
  blocks: readonly Layer<T, X | (X & Tensor), Tensor>[],
): Layer<readonly T[], X> {
  return {
    parameters: blocks.map((block) => block.parameters),
    apply: (p, inputs, context) => {
      const leaves = p as unknown as readonly Traced<T>[]
      return blocks.reduce(
        (x, block, i) => scope(String(i), () => block.apply(leaves[i]!, { ...inputs, x }, context)),
        inputs.x,
      )
    },
  }
}
