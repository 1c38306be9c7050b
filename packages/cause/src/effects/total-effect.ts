/** Total effects by adjustment: a model of Y by X and an adjustment set, averaged over what was observed (Pearl 2009, 3.3). */
import { InputError, type Warning } from '@ecotope/core'
import { EXTRA, type MaskType, type Samples, samplesOf, X, Y, Z } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { deviation, mean } from '../statistics/moments.ts'
import { flawOf, type Minimize, obstacleError, optimalNodes } from './adjustment.ts'
import { type EffectQuery, nameOf } from './query.ts'
import { linear } from './regressors/linear.ts'
import type { FittedModel, Regressor, Scale } from './regressors/regressor.ts'

export type Adjustment = 'optimal' | 'colliders-minimized' | 'minimized' | readonly Node[]

export interface TotalEffectOptions {
  /** Default: linear. */
  readonly estimator?: Regressor
  /** Fits predictions to conditions where there are some; default: the same estimator. */
  readonly conditionalEstimator?: Regressor
  /** A set of one's own, or which optimal set; default `optimal`. */
  readonly adjustment?: Adjustment
  readonly maskType?: MaskType
  /** Whether all rows are scaled to mean 0 and deviation 1 before; default false. */
  readonly standardize?: boolean
  /** Whether a set of one's own is used although it is not valid; default false. */
  readonly evenIfInvalid?: boolean
}

export interface PredictOptions {
  /** Values of the conditions S, one row per intervention. */
  readonly conditions?: readonly (readonly number[])[]
  /** `hard` (default): X is set to the value; `soft`: the value is added to what X was. */
  readonly intervention?: 'hard' | 'soft'
  /** With standardised rows: interventions and predictions are in the units of the series. Default false. */
  readonly seriesUnits?: boolean
  /** Of predictions over samples; default: their mean. */
  readonly aggregate?: (values: Float64Array) => number
}

/** A fitted effect. */
export interface TotalEffect {
  readonly adjustment: readonly Node[]
  readonly samples: number
  /** Of Y by X, where the model is linear: `[y][x]`. */
  readonly coefficients?: readonly Float64Array[]
  readonly warnings: readonly Warning[]
  /** Expected Y after X is set: `[intervention][y]`. Interventions have one value per column of X. */
  predict(interventions: readonly (readonly number[])[], options?: PredictOptions): number[][]
}

const MINIMIZE = { optimal: 'none', 'colliders-minimized': 'colliders', minimized: 'all' } as const satisfies Record<
  string,
  Minimize
>

/** The adjustment set in question, checked. Throws `InputError`: NotIdentifiable, InvalidAdjustment. */
export function adjustmentOf(
  query: EffectQuery,
  { adjustment = 'optimal', evenIfInvalid = false }: Pick<TotalEffectOptions, 'adjustment' | 'evenIfInvalid'> = {},
): readonly Node[] {
  if (typeof adjustment === 'string') return optimalNodes(query, MINIMIZE[adjustment])
  const flaw = evenIfInvalid ? undefined : flawOf(query, adjustment)
  if (flaw === undefined) return adjustment
  const { message } = obstacleError(flaw)
  throw new InputError('InvalidAdjustment', `the given adjustment set is not valid: ${message}`, {
    hint: 'Leave the set out to take the optimal one.',
    data: { ...flaw },
  })
}

/**
 * Fits the effect of X on Y given S to all samples that have the nodes and the adjustment set.
 * Throws `InputError`: NotIdentifiable, InvalidAdjustment, BadVariables, NoSamples, TooFewSamples, ConstantCause.
 */
export function fitTotalEffect(query: EffectQuery, series: TimeSeries, options: TotalEffectOptions = {}): TotalEffect {
  const { estimator = linear(), conditionalEstimator = estimator, maskType = '' } = options
  checkVariables(query, series)
  if (!query.causal) return noEffect(query)
  const adjustment = adjustmentOf(query, options)
  const given = new Set(query.condition.map(String))
  const samples = samplesOf(series, query.from, query.to, query.condition, {
    tauMax: query.graph.tauMax,
    cutOff: 'tau-max',
    maskType,
    extra: adjustment.filter((node) => !given.has(String(node))),
  })
  checkSamples(query, series, samples)
  const scales = samples.rows.map((row) => (options.standardize ? scaleOf(row) : { middle: 0, spread: 1 }))
  const rows = options.standardize ? samples.rows.map((row, k) => scaled(row, scales[k]!)) : samples.rows
  const part = (role: number): Float64Array[] => rows.filter((_, k) => samples.roles[k] === role)
  const partScales = (role: number): Scale[] => scales.filter((_, k) => samples.roles[k] === role)
  const predictors = [...part(X), ...part(EXTRA), ...part(Z)]
  const models = part(Y).map((target) => estimator.fit(predictors, target))
  const linearFits = models.flatMap(({ coefficients }) => coefficients ?? [])
  return {
    adjustment,
    samples: samples.count,
    warnings: concerns(models),
    ...(linearFits.length === models.length && {
      coefficients: linearFits.map((all) => all.slice(0, part(X).length)),
    }),
    predict: predictor({ models, conditionalEstimator, part, partScales, count: samples.count }),
  }
}

const scaleOf = (row: Float64Array): Scale => ({ middle: mean(row), spread: deviation(row) || 1 })

const scaled = (row: Float64Array, { middle, spread }: Scale): Float64Array =>
  row.map((value) => (value - middle) / spread)

function noEffect(query: EffectQuery): TotalEffect {
  return {
    adjustment: [],
    samples: 0,
    coefficients: query.to.map(() => new Float64Array(query.from.length)),
    warnings: [{ tag: 'NoCausalPath', message: 'no path of arrows leads from cause to effect, so the effect is 0' }],
    predict: (interventions) => interventions.map(() => query.to.map(() => 0)),
  }
}

const concerns = (models: readonly FittedModel[]): Warning[] =>
  [...new Set(models.flatMap(({ concern }) => concern ?? []))].map((message) => ({ tag: 'Collinear', message }))

/** Throws `InputError` BadVariables where graph and series do not have as many variables. */
export function checkVariables({ graph }: Pick<EffectQuery, 'graph'>, series: TimeSeries): void {
  if (graph.variables === series.names.length) return
  throw new InputError(
    'BadVariables',
    `the graph has ${graph.variables} variables, the series have ${series.names.length}`,
    { hint: 'Give the graph and the series the same variables in the same order.' },
  )
}

/** Throws `InputError` TooFewSamples, ConstantCause. */
function checkSamples(query: EffectQuery, series: TimeSeries, samples: Samples): void {
  const predictors = samples.roles.filter((role) => role !== Y).length
  if (samples.count < predictors + 2)
    throw new InputError('TooFewSamples', `${samples.count} samples are too few for ${predictors} predictors`, {
      hint: 'Give longer series, or a smaller adjustment set (minimized).',
      data: { samples: samples.count, predictors },
    })
  const constant = samples.rows.findIndex((row, k) => samples.roles[k] === X && row.every((value) => value === row[0]))
  if (constant < 0) return
  const [column, lag] = samples.nodes[constant]!
  const name = series.vectors
    ? `column ${column} at lag ${lag}`
    : nameOf(query, column * (query.graph.tauMax + 1) - lag)
  throw new InputError('ConstantCause', `${name} never changes, so nothing can be learnt about its effect`, {
    hint: 'Look for a unit error or a mask that leaves one value only.',
  })
}

interface Fitted {
  readonly models: readonly FittedModel[]
  readonly conditionalEstimator: Regressor
  readonly count: number
  part(role: number): Float64Array[]
  partScales(role: number): Scale[]
}

function predictor(fitted: Fitted): TotalEffect['predict'] {
  const { models, conditionalEstimator, part, partScales, count } = fitted
  const [x, z, s] = [part(X), part(EXTRA), part(Z)]
  return (interventions, { conditions, intervention = 'hard', seriesUnits = false, aggregate = mean } = {}) => {
    checkInterventions(interventions, conditions, x.length, s.length)
    const toScale = (values: readonly number[], role: number): readonly number[] =>
      seriesUnits
        ? values.map((value, k) => (value - partScales(role)[k]!.middle) / partScales(role)[k]!.spread)
        : values
    return interventions.map((raw, index) => {
      const values = toScale(raw, X)
      const set = values.map((value, k) =>
        intervention === 'soft' ? x[k]!.map((was) => was + value) : new Float64Array(count).fill(value),
      )
      const fixed = conditions && toScale(conditions[index]!, Z)
      const held = fixed?.map((value) => new Float64Array(count).fill(value)) ?? []
      return models.map((model, y) => {
        const all = model.predict([...set, ...z, ...held])
        const point = fixed?.map((value) => Float64Array.of(value))
        const own = point ? conditionalEstimator.fit(s, all).predict(point) : all
        const { middle, spread } = partScales(Y)[y]!
        return aggregate(seriesUnits ? own.map((value) => value * spread + middle) : own)
      })
    })
  }
}

function checkInterventions(
  interventions: readonly (readonly number[])[],
  conditions: readonly (readonly number[])[] | undefined,
  causes: number,
  given: number,
): void {
  const bad = (message: string): InputError =>
    new InputError('BadIntervention', message, { hint: 'Give one value per column, in the order of the nodes.' })
  if (interventions.some((row) => row.length !== causes))
    throw bad(`each intervention sets ${causes} values, one per cause`)
  if ((conditions === undefined) !== (given === 0))
    throw bad(
      given === 0
        ? 'there are no conditions to give values for'
        : `the effect is conditional on ${given} nodes: give their values`,
    )
  if (conditions && (conditions.length !== interventions.length || conditions.some((row) => row.length !== given)))
    throw bad(`conditions need ${interventions.length} rows of ${given} values`)
}
