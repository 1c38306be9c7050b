export type { Augmentation } from './augment.ts'
export {
  type Ensemble,
  type EnsembleOptions,
  ensembleProgram,
  joined,
  openEnsemble,
  parameterCount,
  type Views,
  viewLogits,
} from './ensemble.ts'
export {
  type Checkpoint,
  type CheckpointStore,
  type EpochRecord,
  type FitData,
  type FitOptions,
  type FittedMember,
  fitNetwork,
} from './fit.ts'
export type { Activation, Norm } from './layers.ts'
export { classWeights, type LossName, type LossOptions, losses } from './losses.ts'
export {
  edgeWeights,
  type PredictTile,
  predictMosaic,
  type TakeRows,
  type Tiling,
  type TilingOptions,
  tiling,
} from './mosaic.ts'
export { type Network, type NetworkSpec, network } from './networks.ts'
export { type BandMoments, bandMoments, type Normalisation, normalisationOf, normaliseInPlace } from './normalise.ts'
export type { PixelIndex } from './sampler.ts'
export {
  forEachLabel,
  indexRoles,
  type LabelledCube,
  type RoleIndex,
  strips,
  type TileReader,
  tileReader,
  trainingMoments,
  trainingSubBlocks,
  UNLABELLED,
} from './samples.ts'
export {
  chooseValidation,
  isTestBlock,
  parseSplit,
  type Role,
  type SplitPlan,
  type SplitSpec,
  type SubBlock,
  splitPlan,
} from './split.ts'
