/** Layers: trees of parameters beside the functions that apply them. */

export {
  type AttentionInputs,
  type AttentionOptions,
  type AttentionParameters,
  causalMask,
  multiHeadAttention,
} from './attention.ts'
export {
  type ConvLayerOptions,
  type ConvTransposeLayerOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type DepthwiseOptions,
  depthwiseConv2d,
  separableConv2d,
} from './conv.ts'
export { type DenseOptions, dense, embedding, mlp, type WeightAndBias } from './dense.ts'
export { drop, dropout } from './dropout.ts'
export {
  type AnyLayer,
  type BufferUpdate,
  type Context,
  type Layer,
  layer,
  type Part,
  type Parts,
  residual,
  sequential,
} from './layer.ts'
export {
  type BatchNormOptions,
  type BatchNormParameters,
  batchNorm,
  type GroupNormLayerOptions,
  groupNorm,
  instanceNorm,
  layerNorm,
  type NormOptions,
  rmsNorm,
  type ScaleAndBias,
} from './norm.ts'
export { attentionPool, globalMax, globalMean, maskedMean, type PoolInputs, squeezeExcite } from './pooling.ts'
export {
  type HarmonicOptions,
  harmonics,
  learntPositions,
  type SinusoidOptions,
  sinusoidal,
  sinusoidalTable,
} from './positions.ts'
export {
  bidirectional,
  type Cell,
  type CellInputs,
  type CellState,
  type ConvLstmOptions,
  convLstmCell,
  gruCell,
  type LongState,
  lstmCell,
  recurrent,
  recurrentLast,
  type Unrolled,
  type UnrollOptions,
  unroll,
} from './recurrent.ts'
export {
  type DecoderInputs,
  decoderBlock,
  type EncoderInputs,
  encoderBlock,
  feedForward,
  stack,
  type TransformerOptions,
} from './transformer.ts'
