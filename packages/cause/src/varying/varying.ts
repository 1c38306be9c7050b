/**
 * Varying-coefficient models (Hastie & Tibshirani 1993, JRSS B 55): effects of lagged causes that change with time or with
 * another variable, as curves with bands and tests of whether they change.
 */
import { InputError, throwIfAborted, type Warning, type WorkOptions } from '@ecotope/core'
import { checkCount, checkLevel } from '../discovery/options.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { correlation } from '../statistics/moments.ts'
import { paced } from '../work/pace.ts'
import type { Band } from './bands.ts'
import type { TermTest } from './constancy.ts'
import { checkSamples, totalSquares, type VaryingDesign, type VaryingDesignOptions, varyingDesign } from './design.ts'
import { kernelCurves } from './kernel-curves.ts'
import type { Smoothness } from './penalised.ts'
import { splineCurves } from './spline-curves.ts'

export interface VaryingOptions extends VaryingDesignOptions, WorkOptions {
  /** Penalised B-splines (default), or local linear fits. */
  readonly method?: 'splines' | 'kernel'
  /** Segments of the splines; default 10. */
  readonly segments?: number
  /** Splines: how smoothness is chosen (default `reml`), or a penalty for the intercept and each cause. */
  readonly smoothness?: Smoothness | readonly number[]
  /** Kernel: half width of the window in units of what effects vary with; default: by cross-validation. */
  readonly bandwidth?: number
  /** Whether the intercept varies too; default true. Splines only. */
  readonly varyingIntercept?: boolean
  /** Places at which curves are given; default: 101 from the least to the largest. */
  readonly grid?: ArrayLike<number>
  /** Of bands; default 0.95. */
  readonly level?: number
  /** Simulated curves for simultaneous bands; default 2000. */
  readonly draws?: number
  /** Redrawn series for tests. Splines: default 0, the F distribution; kernel: default 499. */
  readonly bootstraps?: number
  /** Default 42. */
  readonly seed?: number
}

/** The effect of one cause (or the intercept) along the grid, in units of the target per unit of the cause. */
export interface CoefficientCurve {
  /** `rain@-2`, or `intercept`. */
  readonly name: string
  /** Undefined for the intercept. */
  readonly cause?: Node
  readonly values: Float64Array
  readonly errors: Float64Array
  /** Each point in it with the probability of the level. */
  readonly pointwise: Band
  /** The whole curve in it with the probability of the level. */
  readonly simultaneous: Band
  /** Degrees of freedom; 2 for a straight line. */
  readonly freedom?: number
  readonly penalty?: number
  /** That the curve is constant. */
  readonly constancy?: TermTest
  /** That there is no effect at all; splines only. */
  readonly absence?: TermTest
}

export interface VaryingModel {
  readonly target: number
  readonly over: 'time' | Node
  readonly grid: Float64Array
  /** The intercept first, then causes as given. */
  readonly curves: readonly CoefficientCurve[]
  /** Of the noise. */
  readonly variance: number
  /** Of all curves together. */
  readonly freedom: number
  /** Share of the target's variance that is explained. */
  readonly explained: number
  /** Of the kernel method. */
  readonly bandwidth?: number
  /** Criterion at its minimum: twice the negative restricted log-likelihood, n log GCV, or the left-out mean square. */
  readonly score: number
  readonly residuals: Float64Array
  readonly samples: number
  readonly seconds: number
  readonly warnings: readonly Warning[]
}

/** What a method makes of a design. */
export type Curves = Pick<VaryingModel, 'curves' | 'variance' | 'freedom' | 'bandwidth' | 'score' | 'residuals'>

export interface CurveSettings {
  readonly grid: Float64Array
  readonly level: number
  readonly draws: number
  readonly bootstraps: number
  readonly seed: number
  readonly at: (fraction: number) => void | Promise<void>
}

/**
 * Throws `InputError`: BadNode, NoCauses, NoSamples, VectorVariable, ConstantVariable, TooFewSamples, CollinearVariables, BadCount,
 * BadLevel, BadSmoothness, BadBandwidth; `CancelledError`.
 */
export async function varyingCoefficients(series: TimeSeries, options: VaryingOptions): Promise<VaryingModel> {
  const started = performance.now()
  throwIfAborted(options.signal)
  const { method = 'splines' } = options
  const settings = {
    level: checkLevel('level', options.level ?? 0.95),
    draws: checkCount('draws', options.draws, 100, 2000),
    bootstraps: checkCount('bootstraps', options.bootstraps, 0, method === 'kernel' ? 499 : 0),
    seed: options.seed ?? 42,
  }
  const design = varyingDesign(series, options)
  checkSamples(design.u.length, 4 * design.rows.length)
  const pace = paced('varying', options)
  const grid = gridOf(design, options.grid)
  const made = await (method === 'kernel' ? kernelCurves : splineCurves)(design, options, {
    ...settings,
    grid,
    at: (fraction) => pace.at(fraction),
  })
  const squares = made.residuals.reduce((sum, value) => sum + value * value, 0)
  return {
    ...made,
    target: options.target,
    over: options.over ?? 'time',
    grid,
    explained: 1 - squares / totalSquares(design.target),
    samples: design.u.length,
    seconds: (performance.now() - started) / 1000,
    warnings: warningsOf(design, made.residuals, options),
  }
}

function gridOf({ u }: VaryingDesign, given: ArrayLike<number> | undefined): Float64Array {
  const [low, high] = [u.reduce((a, b) => Math.min(a, b)), u.reduce((a, b) => Math.max(a, b))]
  const grid =
    given === undefined
      ? Float64Array.from({ length: 101 }, (_, g) => low + ((high - low) * g) / 100)
      : Float64Array.from(given)
  const outside = grid.find((place) => !(place >= low && place <= high))
  if (outside !== undefined || grid.length === 0)
    throw new InputError('BadGrid', `the grid has ${outside ?? 'no places'}, samples lie between ${low} and ${high}`, {
      hint: 'Curves are not known where there are no samples.',
      data: { outside, low, high },
    })
  return grid
}

/** Bands and tests take the noise of different samples for independent. */
function warningsOf({ u }: VaryingDesign, residuals: Float64Array, options: VaryingOptions): Warning[] {
  if ((options.over ?? 'time') !== 'time') return []
  const n = residuals.length
  const next = correlation(residuals.subarray(1), residuals.subarray(0, n - 1))
  if (!(Math.abs(next) > 2.6 / Math.sqrt(n)) || u.length < 3) return []
  const warning = {
    tag: 'AutocorrelatedResiduals',
    message: `residuals of neighbouring steps are correlated by ${next.toFixed(2)}: bands are too ${next > 0 ? 'narrow' : 'wide'}; more lags of the target among the causes may help`,
  }
  options.onWarning?.(warning)
  return [warning]
}
