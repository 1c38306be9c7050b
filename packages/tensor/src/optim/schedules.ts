/** Schedules: pure functions from the number of updates done before (0 at the first) to a rate. */

import { InputError } from '@ecotope/core'
import { checkCount, checkPositive, checkRange } from './transform.ts'

export type Schedule = (step: number) => number

export const constant = (value: number): Schedule => {
  checkRange('value', value, 0, Number.POSITIVE_INFINITY)
  return () => value
}

export interface WarmUpOptions {
  /** The rate at the last step of the rise, and from then on. */
  readonly peak: number
  /** Steps of the rise: the first has `peak / steps`, none has 0. */
  readonly steps: number
}

/** A linear rise to the peak, then the peak. */
export function warmUp({ peak, steps }: WarmUpOptions): Schedule {
  checkPositive('peak', peak)
  checkCount('steps', steps, 1)
  return (step) => peak * Math.min(1, (step + 1) / steps)
}

export interface LinearOptions {
  readonly from: number
  readonly to: number
  /** Steps from one to the other. */
  readonly steps: number
}

/** A straight line, then its end. As `torch.optim.lr_scheduler.LinearLR`. */
export function linear({ from, to, steps }: LinearOptions): Schedule {
  checkRange('from', from, 0, Number.POSITIVE_INFINITY)
  checkRange('to', to, 0, Number.POSITIVE_INFINITY)
  checkCount('steps', steps, 1)
  return (step) => from + (to - from) * Math.min(1, step / steps)
}

export interface CosineOptions {
  readonly peak: number
  /** Steps from the peak to the end. */
  readonly steps: number
  /** The last rate as a share of the peak, in [0, 1]. Default 0. */
  readonly floor?: number
}

/** Half a cosine from the peak to its end (Loshchilov and Hutter 2017, equation 5, one cycle), then its end. */
export function cosine({ peak, steps, floor = 0 }: CosineOptions): Schedule {
  checkPositive('peak', peak)
  checkCount('steps', steps, 1)
  checkRange('floor', floor, 0, 1, true)
  return (step) => peak * (floor + (1 - floor) * halfCosine(step / steps))
}

/** From 1 at 0 to 0 at 1, and 0 beyond. */
const halfCosine = (done: number): number => (1 + Math.cos(Math.PI * Math.min(1, done))) / 2

export interface WarmUpCosineOptions extends CosineOptions {
  /** Steps of linear rise, among `steps`; 0 for none. */
  readonly warmUpSteps: number
}

/** A linear rise to the peak, then half a cosine over the rest of `steps`. */
export function warmUpCosine({ peak, steps, warmUpSteps, floor = 0 }: WarmUpCosineOptions): Schedule {
  checkCount('warmUpSteps', warmUpSteps, 0)
  const fall = cosine({ peak, steps: Math.max(1, steps - warmUpSteps), floor })
  if (warmUpSteps === 0) return fall
  const rise = warmUp({ peak, steps: warmUpSteps })
  return (step) => (step < warmUpSteps ? rise(step) : fall(step - warmUpSteps))
}

export interface ExponentialOptions {
  readonly start: number
  /** Factor over `every` steps, positive. */
  readonly factor: number
  /** Default 1. */
  readonly every?: number
  /** Fall in steps of `every` updates rather than smoothly. Default false. */
  readonly staircase?: boolean
}

/** start · factor^(step / every). As `torch.optim.lr_scheduler.ExponentialLR`, and `StepLR` where it is a staircase. */
export function exponential({ start, factor, every = 1, staircase = false }: ExponentialOptions): Schedule {
  checkPositive('start', start)
  checkPositive('factor', factor)
  checkCount('every', every, 1)
  return (step) => start * factor ** (staircase ? Math.floor(step / every) : step / every)
}

/** `start` until the first boundary; from each boundary (a step) on, its value. Boundaries rise. */
export function piecewise(start: number, boundaries: readonly (readonly [step: number, value: number])[]): Schedule {
  boundaries.forEach(([step], i) => {
    checkCount('boundary', step, 0)
    if (i > 0 && step <= boundaries[i - 1]![0]) {
      throw new InputError(
        'ParameterOutOfRange',
        `piecewise: boundary ${step} does not follow ${boundaries[i - 1]![0]}`,
      )
    }
  })
  return (step) => boundaries.findLast(([from]) => step >= from)?.[1] ?? start
}

export interface OneCycleOptions {
  readonly peak: number
  /** Steps of the whole cycle, at least 2. */
  readonly steps: number
  /** Share of the steps with a rising rate, in (0, 1). Default 0.3. */
  readonly rise?: number
  /** The first rate is peak / startDivisor. Default 25. */
  readonly startDivisor?: number
  /** The last rate is the first / endDivisor. Default 1e4. */
  readonly endDivisor?: number
}

/** Up to the peak and down below the start, both along half a cosine (Smith and Topin 2018), as torch's OneCycleLR. */
export function oneCycle({ peak, steps, rise = 0.3, startDivisor = 25, endDivisor = 1e4 }: OneCycleOptions): Schedule {
  checkPositive('peak', peak)
  checkCount('steps', steps, 2)
  checkRange('rise', rise, Number.MIN_VALUE, 1)
  checkPositive('startDivisor', startDivisor)
  checkPositive('endDivisor', endDivisor)
  const start = peak / startDivisor
  const end = start / endDivisor
  const top = rise * steps - 1
  checkPositive('rise * steps - 1', top)
  return (step) => {
    const [from, to, done] = step <= top ? [start, peak, step / top] : [peak, end, (step - top) / (steps - 1 - top)]
    return to + (from - to) * halfCosine(done)
  }
}
