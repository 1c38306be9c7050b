export {
  type AreaEstimate,
  type AreaInput,
  areaEstimate,
  type ClassArea,
  type SamplingDesign,
} from './area.ts'
export {
  type BootstrapInterval,
  type BootstrapOptions,
  blockBootstrap,
  type Interval,
  isRefusal,
  type Refusal,
} from './bootstrap.ts'
export {
  type Calibration,
  type CalibrationKind,
  type CategoricalBelief,
  type EnsembleBelief,
  ensembleCategorical,
  mostProbable,
  normalisedEntropy,
  temperatureCalibration,
} from './categorical.ts'
export { type ConformalFit, type ConformalKind, conformalSets, fitConformal } from './conformal.ts'
export {
  addConfusions,
  type ClassScore,
  type ConfusionMatrix,
  confusion,
  type McNemar,
  mcnemar,
  type Scores,
  scores,
  transposed,
} from './confusion.ts'
export * as distributions from './distributions/index.ts'
export {
  type PrecisionRecallCurve,
  type PrecisionRecallOptions,
  precisionRecallCurve,
} from './precision-recall.ts'
export { type BrierScore, type Reliability, type ReliabilityBin, reliability } from './reliability.ts'
export { type AllocationInput, allocate, type SampleSizeInput, sampleSize, stratifiedSample } from './sampling.ts'
export { type CalibrationFit, type CalibrationOptions, fitTemperature } from './temperature.ts'
