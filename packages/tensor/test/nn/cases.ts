/** The layers of oracles/tensor/nn.py, in its order of parameters and inputs. */

import {
  add,
  cast,
  constant,
  floor,
  greater,
  maximum,
  mul,
  nn,
  type ParameterTree,
  parameter,
  relu,
  type Shape,
  type Tensor,
  uniformInit,
} from '../../src/index.ts'

export interface LayerCase {
  readonly parameters: ParameterTree
  readonly inputs: readonly Shape[]
  /** How many inputs are real numbers, those first. Default 1. */
  readonly real?: number
  readonly apply: (p: never, inputs: readonly Tensor[], context: nn.Context) => Tensor
  readonly training?: boolean
}

function simple<T extends ParameterTree>(layer: nn.Layer<T>, shape: Shape): LayerCase {
  return { parameters: layer.parameters, inputs: [shape], apply: (p, [x], context) => layer.apply(p, x!, context) }
}

/** Inputs are hashed numbers; of those that are not real the oracle makes masks, days and classes in the same way. */
const mask = (x: Tensor): Tensor => greater(x, -0.3)
const days = (x: Tensor): Tensor => floor(mul(add(x, 1), 183))
const classes = (x: Tensor, count: number): Tensor => cast(floor(mul(add(x, 1), count / 2)), 'int32')
/** As `mask`, and true where `also` is. */
const maskOr = (
  x: Tensor,
  also: (i: number, j: number) => boolean,
  [rows, columns]: readonly [number, number],
): Tensor => {
  const ones = Array.from({ length: rows * columns }, (_, i) => (also(Math.floor(i / columns), i % columns) ? 1 : -1))
  return mask(maximum(x, constant(ones, [rows, columns])))
}

const factorOf = (p: { readonly factor: Tensor }): Tensor => p.factor
const factor = { factor: parameter([1], uniformInit(0, 1)) }
const cross = nn.multiHeadAttention(6, 3, { keyWidth: 4, valueWidth: 5 })
const attention = nn.multiHeadAttention(6, 2)
const both = nn.bidirectional(nn.lstmCell(3, 2), nn.lstmCell(3, 2), { loop: true })
const embedding = nn.embedding(7, 3)
const pool = nn.attentionPool(4)

function encoder(norm: 'pre' | 'post'): LayerCase {
  const block = nn.encoderBlock(6, 2, { hidden: 8, norm, ...(norm === 'post' ? { activation: relu } : {}) })
  const keys = (m: Tensor): Tensor => maskOr(m, (_, j) => j < 2, [2, 5])
  return {
    parameters: block.parameters,
    inputs: [
      [2, 5, 6],
      [2, 5],
    ],
    apply: (p, [x, m], context) => block.apply(p, { x: x!, keyMask: keys(m!) }, context),
  }
}

function decoder(norm: 'pre' | 'post'): LayerCase {
  const block = nn.decoderBlock(6, 2, { hidden: 8, norm, ...(norm === 'post' ? { activation: relu } : {}) })
  return {
    parameters: block.parameters,
    inputs: [
      [2, 5, 6],
      [2, 4, 6],
    ],
    real: 2,
    apply: (p, [x, memory], context) => block.apply(p, { x: x!, memory: memory! }, context),
  }
}

const batchNorms = [[6, 3] as const, [2, 3, 4, 3] as const, [2, 3, 2, 2, 3] as const].flatMap((shape, i) => {
  const row = simple(nn.batchNorm(3), shape)
  const name = `batchNorm${i + 1}d`
  return [
    [name, row],
    [`${name}Training`, { ...row, training: true }],
  ] as const
})

export const cases: Readonly<Record<string, LayerCase>> = {
  dense: simple(nn.dense(4, 3), [2, 5, 4]),
  denseWithoutBias: simple(nn.dense(4, 3, { bias: false }), [4]),
  conv1d: simple(nn.conv1d(4, 6, { stride: 2, padding: 1, groups: 2 }), [2, 4, 7]),
  conv2d: simple(nn.conv2d(3, 4, { dilation: 2 }), [2, 3, 6, 5]),
  conv2dGrouped: simple(nn.conv2d(4, 4, { kernel: [3, 1], groups: 2, bias: false }), [1, 4, 5, 4]),
  conv3d: simple(nn.conv3d(2, 3), [1, 2, 4, 3, 4]),
  depthwise: simple(nn.depthwiseConv2d(3, { multiplier: 2 }), [2, 3, 5, 4]),
  separable: simple(nn.separableConv2d(3, 5), [2, 3, 4, 5]),
  convTranspose1d: simple(nn.convTranspose1d(3, 4, { kernel: 4, padding: 1 }), [2, 3, 5]),
  convTranspose2d: simple(nn.convTranspose2d(4, 3), [2, 4, 3, 4]),
  convTranspose2dGrouped: simple(
    nn.convTranspose2d(4, 4, { kernel: 3, padding: 1, outputPadding: 1, groups: 2, bias: false }),
    [1, 4, 3, 4],
  ),
  convTranspose3d: simple(nn.convTranspose3d(2, 3), [1, 2, 2, 3, 2]),
  groupNorm: simple(nn.groupNorm(6, { groups: 3 }), [2, 6, 4, 3]),
  groupNormOfSignal: simple(nn.groupNorm(4, { groups: 2 }), [2, 4, 5]),
  groupNormOfVolume: simple(nn.groupNorm(4, { groups: 2, eps: 1e-3 }), [2, 4, 2, 3, 2]),
  instanceNorm: simple(nn.instanceNorm(3), [2, 3, 4, 5]),
  layerNorm: simple(nn.layerNorm(6), [2, 5, 6]),
  layerNormOfTwo: simple(nn.layerNorm([3, 4]), [2, 2, 3, 4]),
  rmsNorm: simple(nn.rmsNorm(6), [2, 5, 6]),
  ...Object.fromEntries(batchNorms),
  attention: {
    parameters: attention.parameters,
    inputs: [[2, 5, 6]],
    apply: (p, [x], context) => attention.apply(p, x!, context),
  },
  attentionCausal: {
    parameters: attention.parameters,
    inputs: [[2, 5, 6]],
    apply: (p, [x], context) => attention.apply(p, { query: x!, causal: true }, context),
  },
  attentionCross: {
    parameters: cross.parameters,
    inputs: [
      [2, 4, 6],
      [2, 6, 4],
      [2, 6, 5],
      [2, 6],
      [4, 6],
    ],
    real: 3,
    apply: (p, [query, key, value, keys, pairs], context) => {
      const keyMask = maskOr(keys!, (_, j) => j < 4, [2, 6])
      const seen = maskOr(pairs!, (i, j) => i === j, [4, 6])
      return cross.apply(p, { query: query!, key: key!, value: value!, keyMask, mask: seen }, context)
    },
  },
  'encoder-pre': encoder('pre'),
  'encoder-post': encoder('post'),
  'decoder-pre': decoder('pre'),
  'decoder-post': decoder('post'),
  gru: simple(nn.recurrent(nn.gruCell(3, 4)), [2, 5, 3]),
  gruReverse: simple(nn.recurrent(nn.gruCell(3, 4), { reverse: true, loop: true }), [2, 5, 3]),
  lstm: simple(nn.recurrent(nn.lstmCell(3, 4)), [2, 5, 3]),
  lstmBidirectional: {
    parameters: both.parameters,
    inputs: [[1, 20, 3]],
    apply: (p, [x], context) => both.apply(p, x!, context),
  },
  convLstm: simple(nn.recurrent(nn.convLstmCell(3, 2)), [2, 3, 3, 4, 3]),
  convLstmPeephole: simple(nn.recurrent(nn.convLstmCell(3, 2, { peephole: [4, 3] })), [2, 3, 3, 4, 3]),
  embedding: {
    parameters: embedding.parameters,
    inputs: [[2, 4]],
    real: 0,
    apply: (p, [indices]) => embedding.apply(p, classes(indices!, 7)),
  },
  squeezeExcite: simple(nn.squeezeExcite(6, { reduction: 2 }), [2, 6, 3, 4]),
  attentionPool: {
    parameters: pool.parameters,
    inputs: [
      [2, 6, 4],
      [2, 6],
    ],
    apply: (p, [x, m]) => pool.apply(p, { x: x!, mask: mask(m!) }),
  },
  maskedMean: {
    parameters: factor,
    inputs: [
      [2, 6, 4],
      [2, 6],
    ],
    apply: (_, [x, m]) => nn.maskedMean(x!, mask(m!)),
  },
  sinusoidal: {
    parameters: factor,
    inputs: [[2, 5]],
    real: 0,
    apply: (p, [x]) => mul(nn.sinusoidal(days(x!), 6, { base: 1000 }), factorOf(p)),
  },
  harmonics: {
    parameters: factor,
    inputs: [[2, 5]],
    real: 0,
    apply: (p, [x]) => mul(nn.harmonics(days(x!), 3), factorOf(p)),
  },
  learntPositions: simple(nn.learntPositions(7, 4), [2, 5, 4]),
}
