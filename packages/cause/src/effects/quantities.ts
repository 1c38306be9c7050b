/** What one answer is made of: total effects by adjustment, direct and mediated ones by paths or nested regressions. */
import { InputError, type Warning } from '@ecotope/core'
import { type MaskType, samplesOf } from '../series/samples.ts'
import { type Node, nodeName, type TimeSeries } from '../series/series.ts'
import { deviation, mean } from '../statistics/moments.ts'
import { nodeAt } from './causal-graph.ts'
import { type Identified, isNotIdentifiable } from './identify.ts'
import { marksHiddenCauses } from './marks.ts'
import { fitNaturalEffects } from './natural-effects.ts'
import { pathCoefficients, pathEffects } from './path-effects.ts'
import { type EffectQuery, nodesOf, notIdentifiable } from './query.ts'
import type { Regressor } from './regressors/regressor.ts'
import { fitTotalEffect } from './total-effect.ts'

/** One number of the answer. */
export interface Quantity {
  readonly of: 'total' | 'direct' | 'mediated'
  readonly from: string
  readonly to: string
  /** The mediating variable. */
  readonly through?: string
}

/** From one value of a cause to another. */
export type Change = readonly [from: number, to: number]

/** Mediators that are one variable at several lags. */
export interface MediatorGroup {
  readonly variable: string
  readonly nodes: readonly string[]
}

export interface Estimated {
  readonly values: readonly number[]
  readonly samples: number
  readonly warnings: readonly Warning[]
}

export interface Quantities {
  readonly quantities: readonly Quantity[]
  readonly groups: readonly MediatorGroup[]
  /** Of each cause, where the estimator is not linear. */
  readonly changes?: readonly Change[]
  estimate(series: TimeSeries): Estimated
}

export interface QuantityOptions {
  readonly model: Regressor
  readonly mediated?: boolean
  readonly maskType?: MaskType
  readonly change?: readonly Change[]
}

const isLinear = ({ name }: Regressor): boolean => name === 'linear' || name === 'ridge'

/** Throws `InputError`: NotIdentifiable where mediated effects are asked for that the graphs do not settle. */
export function quantitiesOf(found: Identified, series: TimeSeries, options: QuantityOptions): Quantities {
  const { query } = found
  const names = (nodes: readonly Node[]): string[] => nodes.map((node) => nodeName(series, node))
  const pairs = names(query.from).flatMap((from) => names(query.to).map((to) => ({ from, to })))
  const groups = options.mediated ? groupsOf(query) : []
  const changes = isLinear(options.model) ? undefined : changesOf(query, series, options)
  if (options.mediated) checkMediation(found)
  const parts = changes ? modelParts(query, series, options, changes) : linearParts(query, series, options)
  const labels = groups.map(({ nodes, variable }) => ({ variable: series.names[variable]!, nodes: names(nodes) }))
  return {
    quantities: [
      ...pairs.map((pair) => ({ of: 'total' as const, ...pair })),
      ...(options.mediated ? pairs.map((pair) => ({ of: 'direct' as const, ...pair })) : []),
      ...labels.flatMap(({ variable }) =>
        pairs.map((pair) => ({ of: 'mediated' as const, through: variable, ...pair })),
      ),
    ],
    groups: labels,
    ...(changes && { changes }),
    estimate(drawn) {
      const total = parts.total(drawn, found.adjustment)
      const rest = options.mediated
        ? parts.mediated(
            drawn,
            groups.map(({ nodes }) => nodes),
            total.values,
          )
        : []
      return { ...total, values: [...total.values, ...rest] }
    },
  }
}

interface Group {
  readonly variable: number
  readonly nodes: readonly Node[]
}

function groupsOf(query: EffectQuery): Group[] {
  const by = new Map<number, Node[]>()
  for (const node of nodesOf(query, query.mediators)) by.set(node[0], [...(by.get(node[0]) ?? []), node])
  return [...by].map(([variable, nodes]) => ({ variable, nodes }))
}

/** Whether all graphs have the same causal paths and the same parents along them. */
function checkMediation({ outcomes, query }: Identified): void {
  const key = ({ graph, mediators, y }: EffectQuery): string =>
    [...mediators, ...y]
      .sort((a, b) => a - b)
      .map((node) => `${nodeAt(graph, node)}<${graph.parents[node]!.map((parent) => nodeAt(graph, parent)).join(' ')}`)
      .join(';')
  if (query.condition.length > 0)
    throw new InputError('BadEffect', 'direct and mediated effects are not estimated given conditions', {
      hint: 'Ask for them without conditions, or for the total effect.',
    })
  if (new Set(outcomes.map((outcome) => key(outcome.query))).size === 1) return
  throw notIdentifiable(
    'the causal paths differ between the graphs that links without a known direction leave possible',
    {
      graphs: outcomes.length,
    },
  )
}

interface Parts {
  total(series: TimeSeries, adjustment: readonly Node[]): Estimated
  mediated(series: TimeSeries, groups: readonly (readonly Node[])[], total: readonly number[]): number[]
}

/** Coefficients of the causes; products of link coefficients along paths. */
function linearParts(query: EffectQuery, series: TimeSeries, { model, maskType }: QuantityOptions): Parts {
  const options = maskType === undefined ? {} : { maskType }
  const method = pathMethod(query, series, options)
  return {
    total(drawn, adjustment) {
      const fit = fitTotalEffect(query, drawn, { ...options, estimator: model, adjustment, evenIfInvalid: true })
      const values = query.from.flatMap((_, x) => query.to.map((_unused, y) => fit.coefficients![y]![x]!))
      return { values, samples: fit.samples, warnings: fit.warnings }
    },
    mediated(drawn, groups) {
      if (!query.causal) return query.from.flatMap(() => query.to.map(() => 0))
      const coefficients = pathCoefficients(query, drawn, { ...options, method: method() })
      return [
        pathEffects(query, coefficients, 'direct'),
        ...groups.map((nodes) => pathEffects(query, coefficients, nodes)),
      ].flat(2)
    },
  }
}

/** Regression on parents where no hidden cause lies beside the paths, else an adjustment set for each link. */
function pathMethod(query: EffectQuery, series: TimeSeries, options: { readonly maskType?: MaskType }) {
  let chosen: 'parents' | 'optimal' | undefined
  return (): 'parents' | 'optimal' => {
    if (chosen) return chosen
    try {
      pathCoefficients(query, series, { ...options, method: 'parents' })
      chosen = 'parents'
    } catch (error) {
      if (!isNotIdentifiable(error)) throw error
      chosen = 'optimal'
    }
    return chosen
  }
}

/** Mean and standard deviation of nodes. */
function spansOf(query: EffectQuery, series: TimeSeries, nodes: readonly Node[]): { middle: number; spread: number }[] {
  return nodes.map((node) => {
    const { rows } = samplesOf(series, [node], [node], [], { tauMax: query.graph.tauMax, cutOff: 'tau-max' })
    return { middle: mean(rows[0]!), spread: deviation(rows[0]!) }
  })
}

/** Throws `InputError` BadChange. */
function changesOf(query: EffectQuery, series: TimeSeries, { change }: QuantityOptions): readonly Change[] {
  if (change === undefined)
    return spansOf(query, series, query.from).map(({ middle, spread }) => [middle, middle + spread])
  if (change.length === query.from.length && change.flat().every(Number.isFinite)) return change
  throw new InputError('BadChange', `${change.length} changes are given for ${query.from.length} causes`, {
    hint: 'Give two finite values, from and to, for each cause.',
  })
}

/** Differences of predictions where one cause goes from a value to another, while other causes stay at their first. */
function modelParts(
  query: EffectQuery,
  series: TimeSeries,
  { model, maskType }: QuantityOptions,
  changes: readonly Change[],
): Parts {
  const given = spansOf(query, series, query.condition).map(({ middle }) => middle)
  const start = changes.map(([from]) => from)
  const changed = changes.map(([, to], x) => start.map((from, k) => (k === x ? to : from)))
  return {
    total(drawn, adjustment) {
      const options = { estimator: model, adjustment, evenIfInvalid: true, ...(maskType !== undefined && { maskType }) }
      const fit = fitTotalEffect(query, drawn, options)
      const rows = [start, ...changed]
      const [base, ...after] = fit.predict(rows, given.length > 0 ? { conditions: rows.map(() => given) } : {})
      const values = after.flatMap((row) => row.map((value, y) => value - base![y]!))
      return { values, samples: fit.samples, warnings: fit.warnings }
    },
    mediated(drawn, groups, total) {
      if (groups.length === 0) return [...total]
      const [from, to] = changes[0]!
      const direct = (mediators?: readonly Node[]): number =>
        fitNaturalEffects(query, drawn, { estimator: model, ...(mediators && { mediators }) }).direct(from, to)
      return [direct(), ...groups.map((nodes) => total[0]! - direct(nodes))]
    },
  }
}

/** What the numbers rest on, one sentence each. */
export function assumptionsOf(found: Identified, series: TimeSeries, { model, mediated }: QuantityOptions): string[] {
  const { openness } = found.members
  const hidden = found.query.graph.hidden.size > 0
  const set = found.adjustment.map((node) => nodeName(series, node)).join(', ')
  return [
    'The graph is right: every link that is absent is absent, and every arrow points as it does in truth.',
    openness === 'pag'
      ? 'Hidden common causes are those that the graph leaves possible.'
      : hidden || found.outcomes.some(({ graph }) => marksHiddenCauses(graph))
        ? 'Hidden common causes are only those that the graph marks or that were named.'
        : 'No hidden common cause of causes, mediators and effects exists.',
    'Links hold at all times (stationarity), and no link is longer than the largest lag of the graph.',
    set === '' ? 'Nothing has to be adjusted for.' : `Adjusted for ${set}.`,
    isLinear(model)
      ? 'Relations are linear.'
      : `Relations are what the estimator ${model.name} can learn; effects hold for the change of the cause that is named.`,
    ...(mediated && isLinear(model)
      ? [
          'Direct and mediated effects are products of link coefficients along paths; a path through two mediators counts for both.',
        ]
      : []),
    ...(mediated && !isLinear(model)
      ? ['Mediated effects are the total less the natural direct effect with that variable held as it was.']
      : []),
  ]
}
