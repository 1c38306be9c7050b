/** The public API of `@ecotope/tensor`. */

export { constant, type Operand, scope } from './apply.ts'
export { type Draw, draw, drawsOf } from './draw.ts'
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
export * as linalg from './linalg/index.ts'
export * as nn from './nn/index.ts'
export type { ExternalData } from './onnx/data.ts'
export type { DynamicAxes } from './onnx/dynamic.ts'
export { type ExportOptions, toOnnx } from './onnx/export.ts'
export {
  type ImportedModel,
  type ImportedNode,
  type ImportOptions,
  importOnnx,
} from './onnx/import.ts'
export type { ImportedTree } from './onnx/weights.ts'
export {
  diagonal,
  expandDims,
  flattenAxes,
  lowerTriangle,
  roll,
  squeeze,
  stack,
  tile,
  upperTriangle,
} from './ops/arrange.ts'
export { einsum } from './ops/einsum.ts'
export { gammaDerivative } from './ops/gamma.ts'
export {
  argMax,
  argMin,
  argSort,
  type CumsumOptions,
  cumsum,
  gather,
  gatherElements,
  oneHot,
  type SortOptions,
  scatterAdd,
  scatterAddElements,
  sort,
  type TopKOptions,
  topK,
} from './ops/indexing.ts'
export {
  type CholeskyOptions,
  cholesky,
  logDeterminant,
  solve,
  type TriangularSolveOptions,
  triangularSolve,
} from './ops/matrix.ts'
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
  greaterEqual,
  layerNorm,
  less,
  lessEqual,
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
  notEqual,
  or,
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
  gumbelSoftmax,
  randomBernoulli,
  randomCategorical,
  randomGamma,
  randomNormal,
  randomUniform,
} from './ops/random.ts'
export {
  all,
  any,
  logSumExp,
  min,
  prod,
  standardDeviation,
  type VarianceOptions,
  variance,
} from './ops/reductions.ts'
export { type PadMode, padMode, type ResizeOptions, resize } from './ops/resize.ts'
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
  globalMeanPool,
  groupNorm,
  type MeanPoolOptions,
  maxPool,
  maxPool2,
  meanPool,
  meanPool2,
  type Padding,
  type PoolOptions,
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
export * as optim from './optim/index.ts'
export {
  flatten,
  freeze,
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
export { type EvaluateOptions, evaluate } from './reference/evaluate.ts'
export type { Dense, Feed, Feeds } from './run/arrays.ts'
export { type NonFinite, showNonFinite } from './run/diagnose.ts'
export { devices, type EngineOptions } from './run/engine.ts'
export type { Device } from './run/protocol.ts'
export {
  createRunner,
  type ProgramByShape,
  type Runner,
  type RunnerOptions,
  type RunOptions,
} from './run/runner.ts'
export type { LossContext, LossFunction, LossOutput } from './run/step.ts'
export {
  createTrainer,
  type StepOptions,
  type StepResult,
  type Trainer,
  type TrainerMemory,
  type TrainerOptions,
  type TrainerState,
} from './run/trainer.ts'
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
export {
  type RelevanceLayer,
  type RelevanceOptions,
  type RelevanceRuleOption,
  relevance,
} from './transform/relevance.ts'
export { type ScanOptions, scan } from './transform/scan.ts'
export type { Tree } from './transform/tree.ts'
export { type MappedAxes, type VmapOptions, vmap } from './transform/vmap.ts'
export { gradients } from './vjp/index.ts'
