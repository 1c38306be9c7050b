/** The public API of `@ecotope/tensor`. */

export { constant, type Operand, scope } from './apply.ts'
export {
  constantInit,
  type Fan,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initialiser,
  identityInit,
  lecunNormal,
  lecunUniform,
  normalInit,
  orthogonalInit,
  truncatedNormalInit,
  uniformInit,
} from './initialisers.ts'
export {
  createTrainer,
  type LossOutput,
  type StepResult,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from './node/trainer.ts'
export { type DynamicAxes, type ExportOptions, toOnnx } from './onnx/export.ts'
export {
  abs,
  add,
  addAll,
  and,
  cast,
  clip,
  concat,
  cos,
  div,
  equal,
  exp,
  expand,
  greater,
  layerNorm,
  less,
  log,
  logSoftmax,
  type MatmulOptions,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  not,
  pad,
  pow,
  type ReduceOptions,
  relu,
  reshape,
  reverse,
  sigmoid,
  silu,
  sin,
  slice,
  sliceAxis,
  softmax,
  softplus,
  split,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  transpose,
  where,
} from './ops/plain.ts'
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type GroupNormOptions,
  groupNorm,
  maxPool2,
  meanPool2,
  type Padding,
  up2,
  upsample2,
} from './ops/spatial.ts'
export {
  acos,
  asin,
  atan,
  atan2,
  ceil,
  cosh,
  digamma,
  elu,
  erf,
  erfc,
  expm1,
  floor,
  type GeluOptions,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  lgamma,
  log1p,
  logAddExp,
  logSigmoid,
  polygamma,
  reciprocal,
  round,
  rsqrt,
  sign,
  sinh,
  tan,
} from './ops/special.ts'
export * as linalg from './linalg/index.ts'
export * as optim from './optim/index.ts'
export {
  flatten,
  initialise,
  layoutOf,
  type ParameterLayout,
  type ParameterLeaf,
  type ParameterOptions,
  type ParameterSpec,
  type ParameterTree,
  parameter,
  type Traced,
  unflatten,
} from './parameters.ts'
export type { DType, Primitive, Tensor, TensorSpec } from './primitive.ts'
export type { Float64Dense } from './reference/array.ts'
export { evaluate } from './reference/evaluate.ts'
export type { Dense, Feed, Feeds } from './run/arrays.ts'
export {
  createRunner,
  type ProgramByShape,
  type Runner,
  type RunnerOptions,
} from './run/runner.ts'
export type { Shape } from './shape.ts'
export { type InputSpecs, type InputTensors, type Program, type ProgramFunction, trace } from './trace.ts'
export { checkpoint } from './transform/checkpoint.ts'
export {
  grad,
  hessianVectorProduct,
  jvp,
  valueAndGrad,
  vjp,
} from './transform/differentiate.ts'
export { type ScanOptions, scan } from './transform/scan.ts'
export type { Tree } from './transform/tree.ts'
export { gradients } from './vjp/index.ts'
