/** Forecasts by causal predictors: a model per target, fitted on some time steps and tried on others. */
import { InputError, type Warning } from '@ecotope/core'
import type { SearchOptions } from '../discovery/options.ts'
import { discoverParents } from '../discovery/pc-stable.ts'
import type { Tester } from '../independence/test.ts'
import { type CutOff, samplesOf, Z } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { deviation, mean } from '../statistics/moments.ts'
import { linear } from './regressors/linear.ts'
import type { FittedModel, Regressor, Scale } from './regressors/regressor.ts'

export interface PredictionOptions {
  /** Default: linear. */
  readonly estimator?: Regressor
  /** Time steps (rows of the series) that targets are learnt from. */
  readonly train: ArrayLike<number>
  /** Time steps that targets are predicted at. */
  readonly test: ArrayLike<number>
  /** Largest lag; default: that of the predictors. */
  readonly tauMax?: number
  /** Whether rows are scaled to mean 0 and deviation 1 (of the training steps); default false. */
  readonly standardize?: boolean
}

export interface Forecast {
  /** Rows of the series, ascending. */
  readonly steps: Int32Array
  /** In the units of the fit: scaled where rows are scaled. */
  readonly predicted: Float64Array
  readonly observed: Float64Array
}

export interface Predictor {
  readonly warnings: readonly Warning[]
  /** At test steps, or at all steps of other series. Throws `InputError` UnknownTarget, NoSamples. */
  predict(target: number, other?: TimeSeries): Forecast
}

export interface PredictorSearch extends Omit<SearchOptions, 'tauMin' | 'tauMax'> {
  /** Steps that a forecast looks ahead: the smallest lag of predictors; default 1. */
  readonly stepsAhead?: number
  /** Largest lag; default: that of the steps ahead. */
  readonly tauMax?: number
}

/**
 * Predictors of every variable: its lagged parents by the PC algorithm, strongest first, where nothing later than
 * `stepsAhead` is known. The tester should see `trainingSteps` only, with the mask type `y`.
 */
export async function findPredictors(
  tester: Tester,
  { stepsAhead = 1, tauMax = stepsAhead, ...options }: PredictorSearch = {},
): Promise<Map<number, readonly Node[]>> {
  const { parents } = await discoverParents(tester, { ...options, tauMin: stepsAhead, tauMax })
  return new Map((parents ?? []).map((nodes, variable) => [variable, nodes]))
}

interface FittedTarget {
  readonly model: FittedModel | number
  readonly scales: readonly Scale[]
}

/**
 * `predictors`: for each target that is to be fitted, nodes at lags of one step or more before it (or, for nowcasts, 0).
 * Throws `InputError`: BadVariables, SeveralDataSets, BadLags, NoSamples.
 */
export function fitPredictor(
  series: TimeSeries,
  predictors: ReadonlyMap<number, readonly Node[]>,
  options: PredictionOptions,
): Predictor {
  if (series.datasets.length !== 1)
    throw new InputError('SeveralDataSets', 'forecasts are made of one data set', { hint: 'Fit each by itself.' })
  const longest = Math.max(0, ...[...predictors.values()].flat().map(([, lag]) => -lag))
  const tauMax = options.tauMax ?? longest
  if (tauMax < longest)
    throw new InputError('BadLags', `the largest lag is ${tauMax}, but predictors have lags up to ${longest}`)
  const train = trainingSteps(series, options.train)
  const fitted = new Map<number, FittedTarget>()
  for (const [target, nodes] of predictors) fitted.set(target, fitTarget(train, target, nodes, tauMax, options))
  const test = trainingSteps(series, options.test)
  return {
    warnings: overlapWarning(options, tauMax),
    predict(target, other) {
      const own = fitted.get(target)
      if (own === undefined)
        throw new InputError('UnknownTarget', `variable ${target} was not fitted`, {
          hint: `Fitted are ${[...fitted.keys()].join(', ')}.`,
        })
      return forecast(other ?? test, target, predictors.get(target)!, tauMax, own)
    },
  }
}

const CUT_OFF: CutOff = 'max-lag-or-tau-max'

/** The series with all other steps masked, so that targets (mask type `y`) are taken from these alone. */
export function trainingSteps(series: TimeSeries, steps: ArrayLike<number>): TimeSeries {
  const { length, columns, ...rest } = series.datasets[0]!
  const kept = new Set(Array.from(steps))
  const masks = columns.map((_, c) =>
    Uint8Array.from({ length }, (_u, t) => (kept.has(t) ? (rest.masks?.[c]?.[t] ?? 0) : 1)),
  )
  return { ...series, datasets: [{ ...rest, length, columns, masks }] }
}

function fitTarget(
  series: TimeSeries,
  target: number,
  nodes: readonly Node[],
  tauMax: number,
  { estimator = linear(), standardize = false }: PredictionOptions,
): FittedTarget {
  const { rows, scales } = scaledRows(series, target, nodes, tauMax, standardize)
  const own = rows[1]!
  return { model: rows.length > 2 ? estimator.fit(rows.slice(2), own) : mean(own), scales }
}

function scaledRows(
  series: TimeSeries,
  target: number,
  nodes: readonly Node[],
  tauMax: number,
  scale: boolean | readonly Scale[],
): { rows: Float64Array[]; scales: readonly Scale[]; steps: Int32Array } {
  const self: Node = [target, 0]
  const samples = samplesOf(series, [self], [self], nodes, { tauMax, cutOff: CUT_OFF, maskType: 'y' })
  const none = { middle: 0, spread: 1 }
  const scales =
    typeof scale === 'object'
      ? scale
      : samples.rows.map((row) => (scale ? { middle: mean(row), spread: deviation(row) || 1 } : none))
  const rows = samples.rows.map((row, k) => row.map((value) => (value - scales[k]!.middle) / scales[k]!.spread))
  if (samples.roles.filter((role) => role === Z).length !== rows.length - 2)
    throw new InputError('BadVariables', 'forecasts take variables that are not vectors')
  return { rows, scales, steps: samples.points[0]! }
}

function forecast(
  series: TimeSeries,
  target: number,
  nodes: readonly Node[],
  tauMax: number,
  { model, scales }: FittedTarget,
): Forecast {
  const { rows, steps } = scaledRows(series, target, nodes, tauMax, scales)
  const observed = rows[1]!
  const predicted =
    typeof model === 'number' ? new Float64Array(observed.length).fill(model) : model.predict(rows.slice(2))
  return { steps, predicted, observed }
}

function overlapWarning({ train, test }: PredictionOptions, tauMax: number): Warning[] {
  const learnt = new Set(Array.from(train))
  if (!Array.from(test).some((step) => learnt.has(step - tauMax) || learnt.has(step))) return []
  const message = `test steps, or the ${tauMax} steps before them, are training steps too: leave a gap, or the skill is overrated`
  return [{ tag: 'TestOverlapsTraining', message }]
}
