/** The transformations that optimisers are chained from: clipping, moments, decay, rates, averages, accumulation. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import { add, clip, div, greater, minimum, mul, sqrt, square, sub, sum, where } from '../ops/plain.ts'
import { sign } from '../ops/special.ts'
import type { ParameterLayout, ParameterLeaf } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import type { Schedule } from './schedules.ts'
import {
  checkCount,
  checkPositive,
  checkRange,
  flatUpdate,
  type Optimiser,
  type OptimiserStep,
  scaled,
  single,
  stateless,
  times,
} from './transform.ts'

/** Against a division by zero, as in `torch.nn.utils.clip_grad_norm_`. */
const NORM_EPS = 1e-6

/** Scales the update down where its Euclidean norm exceeds `maxNorm`, as `torch.nn.utils.clip_grad_norm_`. */
export function clipByGlobalNorm(maxNorm: number): Optimiser {
  checkPositive('maxNorm', maxNorm)
  return stateless((step) => scaled(step.update, minimum(1, div(maxNorm, add(normOf(step), NORM_EPS)))))
}

/** The norm of an update; that of the untouched gradient is known already. */
function normOf({ update, gradient, gradientNorm }: OptimiserStep): Tensor {
  const { factor, direction } = single(update)
  if (factor === 1 && direction === gradient) return gradientNorm
  const norm = sqrt(sum(square(direction)))
  return factor === 1 ? norm : mul(norm, sqrt(square(factor)))
}

/** Limits each number of the update to [-limit, limit]. */
export function clipByValue(limit: number): Optimiser {
  checkPositive('limit', limit)
  return stateless(({ update }) => [{ factor: 1, direction: clip(flatUpdate(update), -limit, limit) }])
}

/** Multiplies the update by a constant. */
export const scale = (factor: number): Optimiser => stateless(({ update }) => scaled(update, factor))

/** Multiplies the update by what the schedule gives for the step. */
export function scaleBySchedule(schedule: Schedule): Optimiser {
  return {
    moments: [],
    numbers: (step) => [schedule(step - 1)],
    transform: ({ update, numbers: [factor] }) => ({ update: scaled(update, factor!), moments: [] }),
  }
}

/**
 * Multiplies the update by minus the learning rate: that of the very step where it has one, else `rate`.
 * Raises `InputError` in a step when there is neither (`MissingLearningRate`), and where it is negative or no number.
 */
export function scaleByLearningRate(rate?: number | Schedule): Optimiser {
  if (typeof rate === 'number') checkRange('learningRate', rate, 0, Number.POSITIVE_INFINITY)
  const rateAt = (step: number): number | undefined => (typeof rate === 'function' ? rate(step - 1) : rate)
  return {
    moments: [],
    numbers: (step, learningRate) => {
      const found = learningRate ?? rateAt(step)
      if (found === undefined) {
        throw new InputError('MissingLearningRate', 'neither the optimiser nor the step has a learning rate', {
          hint: 'Give the optimiser one, { learningRate: 1e-3 }, or each step.',
        })
      }
      checkRange('learningRate', found, 0, Number.POSITIVE_INFINITY)
      return [-found]
    },
    transform: ({ update, numbers: [factor] }) => ({ update: scaled(update, factor!), moments: [] }),
  }
}

export interface MomentumOptions {
  /** Decay of the running sum, in [0, 1). Default 0.9. */
  readonly decay?: number
  /** Look ahead along the sum (Nesterov 1983, as Sutskever et al. 2013). Default false. */
  readonly nesterov?: boolean
}

/** Heavy-ball momentum (Polyak 1964): the running sum m = decay · m + update, as `torch.optim.SGD` has it. */
export function trace({ decay = 0.9, nesterov = false }: MomentumOptions = {}): Optimiser {
  checkRange('decay', decay, 0, 1)
  return {
    moments: ['zeros'],
    numbers: () => [],
    transform: ({ update, moments: [m] }) => {
      const value = flatUpdate(update)
      const next = add(mul(m!, decay), value)
      const ahead = nesterov ? [{ factor: 1, direction: value }] : []
      return { update: [...ahead, { factor: nesterov ? decay : 1, direction: next }], moments: [next] }
    },
  }
}

export interface AdamOptions {
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number
  /** Positive. Default 1e-8. */
  readonly eps?: number
}

/**
 * First moment over the root of the second, both corrected for their start at zero (Kingma and Ba 2015, algorithm 1).
 * The corrections are numbers of the step: m / (√v + ε√(1 − β₂ᵗ)) times √(1 − β₂ᵗ) / (1 − β₁ᵗ).
 */
export function scaleByAdam({ beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: AdamOptions = {}): Optimiser {
  checkRange('beta1', beta1, 0, 1)
  checkRange('beta2', beta2, 0, 1)
  checkPositive('eps', eps)
  return {
    moments: ['zeros', 'zeros'],
    numbers: (step) => {
      const root = Math.sqrt(1 - beta2 ** step)
      return [root / (1 - beta1 ** step), eps * root]
    },
    transform: ({ update, moments: [m, v], numbers: [correction, floor] }) => {
      const { factor, direction } = single(update)
      const first = add(mul(m!, beta1), mul(direction, times(1 - beta1, factor)))
      const second = add(mul(v!, beta2), mul(square(direction), times(1 - beta2, times(factor, factor))))
      return {
        update: [{ factor: correction!, direction: div(first, add(sqrt(second), floor!)) }],
        moments: [first, second],
      }
    },
  }
}

export interface LionOptions {
  /** Weight of the moment in the direction, in [0, 1). Default 0.9. */
  readonly beta1?: number
  /** Decay of the moment, in [0, 1). Default 0.99. */
  readonly beta2?: number
}

/** The sign of an interpolation between moment and gradient (Chen et al. 2023, algorithm 2). */
export function scaleByLion({ beta1 = 0.9, beta2 = 0.99 }: LionOptions = {}): Optimiser {
  checkRange('beta1', beta1, 0, 1)
  checkRange('beta2', beta2, 0, 1)
  return {
    moments: ['zeros'],
    numbers: () => [],
    transform: ({ update, moments: [m] }) => {
      const { factor, direction } = single(update)
      const towards = (beta: number): Tensor => add(mul(m!, beta), mul(direction, times(1 - beta, factor)))
      return { update: [{ factor: 1, direction: sign(towards(beta1)) }], moments: [towards(beta2)] }
    },
  }
}

/**
 * Adds `decay` times the parameters: of the leaves whose `decay` is set, or for which `only` says so. Before Adam this
 * is a quadratic penalty, after it decoupled weight decay (Loshchilov and Hutter 2019).
 */
export function addDecayedWeights(
  decay: number,
  only: (leaf: ParameterLeaf) => boolean = (leaf) => leaf.decay,
): Optimiser {
  checkRange('weightDecay', decay, 0, Number.POSITIVE_INFINITY)
  return stateless(({ update, parameters, layout }) => {
    const chosen = layout.leaves.filter((leaf) => leaf.trainable && only(leaf))
    if (decay === 0 || chosen.length === 0) return update
    const all = chosen.length === layout.leaves.length
    return [...update, { factor: decay, direction: all ? parameters : mul(parameters, maskOf(layout, chosen)) }]
  })
}

/** 1 at the numbers of the leaves, else 0. */
function maskOf(layout: ParameterLayout, leaves: readonly ParameterLeaf[]): Tensor {
  const mask = new Float32Array(layout.size)
  for (const { offset, size } of leaves) mask.fill(1, offset, offset + size)
  return constant(mask)
}

/**
 * Keeps an average of the parameters beside them, last in a chain: average + weight · (next parameters − average),
 * where `weight` is a function of the step (from 1) to [0, 1]. The update passes unchanged.
 */
export function averageWeights(weight: (step: number) => number): Optimiser {
  return {
    moments: ['parameters'],
    average: 0,
    numbers: (step) => [weight(step)],
    transform: ({ update, parameters, moments: [average], numbers: [share] }) => {
      const next = flatUpdate([{ factor: 1, direction: parameters }, ...update])
      return { update, moments: [add(average!, mul(sub(next, average!), share!))] }
    },
  }
}

/** Exponential moving average of the parameters: average = decay · average + (1 − decay) · parameters. */
export function exponentialAverage(decay: number): Optimiser {
  checkRange('decay', decay, 0, 1)
  return averageWeights(() => 1 - decay)
}

export interface StochasticAverageOptions {
  /** Step (from 1) whose parameters are the first to count. Default 1. */
  readonly start?: number
  /** Steps from one that counts to the next. Default 1. */
  readonly every?: number
}

/** The plain mean of the parameters after every so many steps (Izmailov et al. 2018, algorithm 1). */
export function stochasticAverage({ start = 1, every = 1 }: StochasticAverageOptions = {}): Optimiser {
  checkCount('start', start, 1)
  checkCount('every', every, 1)
  return averageWeights((step) => (step < start || (step - start) % every !== 0 ? 0 : 1 / ((step - start) / every + 1)))
}

/** The average that `optimiser` keeps, out of the moments of a trainer's state; undefined where it keeps none. */
export function averageOf<V>(optimiser: Optimiser, moments: readonly V[]): V | undefined {
  return optimiser.average === undefined ? undefined : moments[optimiser.average]
}

/** The mean of the gradients of `every` steps goes through `inner` at the last of them; the others change nothing. */
export function accumulate(every: number, inner: Optimiser): Optimiser {
  checkCount('every', every, 1)
  return {
    moments: ['zeros', ...inner.moments],
    ...(inner.average === undefined ? {} : { average: inner.average + 1 }),
    numbers: (step, rate) => [step % every === 0 ? 1 : 0, ...inner.numbers(Math.ceil(step / every), rate)],
    transform: (step) => {
      const [sumBefore, ...moments] = step.moments
      const [due, ...numbers] = step.numbers
      const total = add(sumBefore!, flatUpdate(scaled(step.update, 1 / every)))
      const next = inner.transform({ ...step, update: [{ factor: 1, direction: total }], moments, numbers })
      const now = greater(due!, 0.5)
      const held = next.moments.map((moment, i) => where(now, moment, moments[i]!))
      return { update: scaled(next.update, due!), moments: [where(now, mul(total, 0), total), ...held] }
    },
  }
}
