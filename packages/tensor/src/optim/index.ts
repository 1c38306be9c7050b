/** Optimisers: chains of small transformations of the gradient, and schedules of their rates. */

export {
  adam,
  adamW,
  lion,
  type MomentumSgdOptions,
  momentum,
  type RateOptions,
  sgd,
} from './optimisers.ts'
export * as schedules from './schedules.ts'
export {
  chain,
  flatUpdate,
  type Optimiser,
  type OptimiserStep,
  scaled,
  single,
  stateless,
  type Term,
  type Transformed,
  type Update,
} from './transform.ts'
export {
  type AdamOptions,
  accumulate,
  addDecayedWeights,
  averageOf,
  averageWeights,
  clipByGlobalNorm,
  clipByValue,
  exponentialAverage,
  type LionOptions,
  type MomentumOptions,
  type StochasticAverageOptions,
  scale,
  scaleByAdam,
  scaleByLearningRate,
  scaleByLion,
  scaleBySchedule,
  stochasticAverage,
  trace,
} from './transformations.ts'
