/** The usual optimisers, as chains. Their learning rate may also be given step by step. */

import type { Schedule } from './schedules.ts'
import { chain, type Optimiser } from './transform.ts'
import {
  type AdamOptions,
  addDecayedWeights,
  type LionOptions,
  scaleByAdam,
  scaleByLearningRate,
  scaleByLion,
  trace,
} from './transformations.ts'

export interface RateOptions {
  /** A number or a schedule. Default: each step brings its own. */
  readonly learningRate?: number | Schedule
  /** For the leaves whose `decay` is set. */
  readonly weightDecay?: number
}

/** Gradient descent; `weightDecay` (default 0) is added to the gradient. As `torch.optim.SGD`. */
export function sgd({ learningRate, weightDecay = 0 }: RateOptions = {}): Optimiser {
  return chain(addDecayedWeights(weightDecay), scaleByLearningRate(learningRate))
}

export interface MomentumSgdOptions extends RateOptions {
  /** Decay of the running sum of gradients, in [0, 1). Default 0.9. */
  readonly decay?: number
  /** Default false. */
  readonly nesterov?: boolean
}

/** Gradient descent with momentum; `weightDecay` (default 0) is added to the gradient. As `torch.optim.SGD`. */
export function momentum(options: MomentumSgdOptions = {}): Optimiser {
  const { learningRate, weightDecay = 0, ...rest } = options
  return chain(addDecayedWeights(weightDecay), trace(rest), scaleByLearningRate(learningRate))
}

/** Adam (Kingma and Ba 2015); `weightDecay` (default 0) is added to the gradient. As `torch.optim.Adam`. */
export function adam({ learningRate, weightDecay = 0, ...rest }: RateOptions & AdamOptions = {}): Optimiser {
  return chain(addDecayedWeights(weightDecay), scaleByAdam(rest), scaleByLearningRate(learningRate))
}

/** Adam with decoupled `weightDecay` (default 0.01; Loshchilov and Hutter 2019, algorithm 2), as `torch.optim.AdamW`. */
export function adamW({ learningRate, weightDecay = 0.01, ...rest }: RateOptions & AdamOptions = {}): Optimiser {
  return chain(scaleByAdam(rest), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate))
}

/** Lion (Chen et al. 2023, algorithm 2) with decoupled `weightDecay` (default 0). Rates a third to a tenth of Adam's. */
export function lion({ learningRate, weightDecay = 0, ...rest }: RateOptions & LionOptions = {}): Optimiser {
  return chain(scaleByLion(rest), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate))
}
