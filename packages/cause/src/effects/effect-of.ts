/** Effects with their uncertainty in one call: total, direct, and through each mediator; what the command line asks for. */
import { InputError, type Warning } from '@ecotope/core'
import type { LinkGraph } from '../discovery/graph.ts'
import type { MaskType } from '../series/samples.ts'
import { nodeName, type TimeSeries } from '../series/series.ts'
import { type BootstrapOptions, bootstrapped, intervalOf, spreadOf } from './bootstrap.ts'
import { ask, type EffectQuestion, type Question } from './effect-question.ts'
import { type Identified, identify } from './identify.ts'
import type { Nested } from './links.ts'
import { marksHiddenCauses } from './marks.ts'
import { isOptimal } from './optimality.ts'
import { possibleOf, refusal } from './possible-effects.ts'
import { assumptionsOf, type Change, type Quantity, quantitiesOf } from './quantities.ts'
import type { Regressor } from './regressors/regressor.ts'
import { regressorNamed } from './regressors/table.ts'

export interface EffectOptions extends EffectQuestion {
  /** Whether direct effects and those through each mediator are estimated, too; default false. */
  readonly mediated?: boolean
  /** A name (`linear`, `ridge`, `knn`, `kernel-ridge`, `forest`) or a model of one's own; default `linear`. */
  readonly estimator?: string | Regressor
  /** Default: 200 draws, blocks of the cube root of the number of samples, seed 0. */
  readonly bootstrap?: BootstrapOptions
  /** Of intervals, in (0, 1); default 0.95. */
  readonly level?: number
  readonly maskType?: MaskType
  /**
   * For estimators that are not linear: the values of each cause between which the effect is taken. Default: from its mean to
   * one standard deviation above.
   */
  readonly change?: readonly Change[]
}

/** An effect of one node on another, per unit of the cause (or for the change that is named). */
export interface EffectEstimate {
  readonly from: string
  readonly to: string
  readonly value: number
  /** Bounds of the interval. */
  readonly low: number
  readonly high: number
  /** Standard deviation over bootstrap draws. */
  readonly standardError: number
}

export interface MediatedEffect {
  /** Variable through which, at whatever lag, the paths pass. */
  readonly variable: string
  readonly nodes: readonly string[]
  readonly effects: readonly EffectEstimate[]
}

export interface EffectResult {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly condition: readonly string[]
  readonly estimator: string
  /** Whether effects are per unit of each cause, or for the change of each in `changes`. */
  readonly per: 'unit' | 'change'
  readonly changes?: readonly Change[]
  /** By adjustment; of each cause with the others held. */
  readonly total: readonly EffectEstimate[]
  /** The part that passes through no mediator. */
  readonly direct?: readonly EffectEstimate[]
  readonly mediated?: readonly MediatedEffect[]
  readonly adjustment: readonly string[]
  /** Whether no other set gives less variance; undefined where that was too much work to find out. */
  readonly isOptimal?: boolean
  readonly samples: number
  readonly level: number
  readonly bootstrap: { readonly draws: number; readonly blockLength: number | 'cube-root'; readonly seed: number }
  /** How many graphs the open links leave possible; all say the same. */
  readonly graphs: number
  readonly assumptions: readonly string[]
  readonly warnings: readonly Warning[]
}

/**
 * The effect of nodes on nodes in a graph of links at lags. Links may be open (`o-o`, `x-x`, `o->`) where the effect is the
 * same in every graph that they leave possible.
 * Throws `InputError`: NotIdentifiable (data: `reason`, `path` or `links` to orient and `possible`, the least and largest
 * effect); UnknownVariable, BadLag, BadEffect, BadLink, CyclicGraph, TooManyMembers, BadVariables, NoSamples, TooFewSamples,
 * ConstantCause, UnknownEstimator, BadLevel, NoMediators; `CancelledError`.
 */
export async function effectOf(
  series: TimeSeries,
  graph: LinkGraph | Nested<string>,
  options: EffectOptions,
): Promise<EffectResult> {
  const { level = 0.95, estimator = 'linear' } = options
  if (!(level > 0 && level < 1))
    throw new InputError('BadLevel', `the level is ${level}, but intervals have levels between 0 and 1`)
  const model = typeof estimator === 'string' ? regressorNamed(estimator) : estimator
  const question = ask(series, graph, options)
  const found = await identify(question.graph, question, options.bootstrap)
  if (found.kind === 'unidentified') throw refusal(found, possibleOf(series, found))
  const quantities = quantitiesOf(found, series, { ...options, model })
  const bootstrap = { draws: 200, blockLength: 'cube-root' as const, seed: 0, ...options.bootstrap }
  const first = quantities.estimate(series)
  const { draws, warnings } = await bootstrapped(series, bootstrap, (drawn) => quantities.estimate(drawn).values)
  const estimates = quantities.quantities.map((quantity, at) => {
    const values = draws.map((draw) => draw[at]!)
    return { quantity, estimate: estimateOf(quantity, first.values[at]!, values, level) }
  })
  const pick = (isIn: (quantity: Quantity) => boolean): EffectEstimate[] =>
    estimates.filter(({ quantity }) => isIn(quantity)).map(({ estimate }) => estimate)
  return {
    ...described(series, question, found),
    estimator: model.name,
    per: quantities.changes ? 'change' : 'unit',
    ...(quantities.changes && { changes: quantities.changes }),
    total: pick(({ of }) => of === 'total'),
    ...(options.mediated && {
      direct: pick(({ of }) => of === 'direct'),
      mediated: quantities.groups.map((group) => ({
        ...group,
        effects: pick(({ through }) => through === group.variable),
      })),
    }),
    samples: first.samples,
    level,
    bootstrap: { draws: bootstrap.draws, blockLength: bootstrap.blockLength, seed: bootstrap.seed },
    assumptions: assumptionsOf(found, series, { ...options, model }),
    warnings: [...found.warnings, ...found.query.warnings, ...first.warnings, ...warnings],
  }
}

function estimateOf({ from, to }: Quantity, value: number, draws: readonly number[], level: number): EffectEstimate {
  const [low, high] = intervalOf(draws, level)
  return { from, to, value, low, high, standardError: spreadOf(draws) }
}

function described(series: TimeSeries, { from, to, condition }: Question, found: Identified) {
  const name = (node: (typeof from)[number]): string => nodeName(series, node)
  const optimal = optimality(found)
  return {
    from: from.map(name),
    to: to.map(name),
    condition: condition.map(name),
    adjustment: found.adjustment.map(name),
    graphs: found.outcomes.length,
    ...(optimal !== undefined && { isOptimal: optimal }),
  }
}

/** Optimality is worth a look in small windows only: the sets to compare with grow fast. */
const LOOKED_AT = 400

function optimality({ query, outcomes }: Identified): boolean | undefined {
  const marked = outcomes.some(({ graph }) => marksHiddenCauses(graph))
  if (!query.causal || (!marked && query.graph.hidden.size === 0)) return true
  if (query.graph.parents.length > LOOKED_AT) return undefined
  try {
    return isOptimal(query)
  } catch {
    return undefined
  }
}
