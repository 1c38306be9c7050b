/** Linear effects along paths (Wright 1921): coefficients of links, and sums of their products over causal paths. */
import { InputError } from '@ecotope/core'
import { EXTRA, type MaskType, samplesOf, X, Y } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { regress } from '../statistics/least-squares.ts'
import type { NodeIndex } from './adjacency.ts'
import { isObstacle, optimalParts, optimalSet } from './adjustment.ts'
import { indexOf, nodeAt, topologicalOrder } from './causal-graph.ts'
import { type EffectQuery, nameOf, nodesOf, notIdentifiable, queryIn } from './query.ts'
import { checkVariables } from './total-effect.ts'

/** Of each node in causal paths the coefficients of its parents. */
export type PathCoefficients = ReadonlyMap<NodeIndex, ReadonlyMap<NodeIndex, number>>

export interface PathOptions {
  /**
   * `parents` (default): each node is regressed on all its parents, which needs nodes without hidden common causes;
   * `optimal`: each link by its own optimal adjustment set.
   */
  readonly method?: 'parents' | 'optimal'
  readonly maskType?: MaskType
}

/** All causal paths, the links from cause to effect alone, or the paths through at least one of these nodes. */
export type Mediation = 'all' | 'direct' | readonly Node[]

/**
 * Coefficients of the links into mediators and Y. Throws `InputError`: NotIdentifiable, BadVariables, VectorVariables,
 * NoSamples.
 */
export function pathCoefficients(
  query: EffectQuery,
  series: TimeSeries,
  { method = 'parents', maskType = '' }: PathOptions = {},
): PathCoefficients {
  checkVariables(query, series)
  if (series.vectors)
    throw new InputError('VectorVariables', 'effects along paths are not defined for variables that are vectors', {
      hint: 'Make each component a variable of the graph, or ask for the total effect.',
    })
  const methods = { parents: byParents, optimal: byOptimalSets }
  return methods[method](query, series, maskType)
}

/** Links of known coefficients: for each variable `[parent, coefficient]`. */
export function givenCoefficients(
  query: EffectQuery,
  links: readonly (readonly (readonly [parent: Node, coefficient: number])[])[],
): PathCoefficients {
  const { graph } = query
  const inside = ([, lag]: Node): boolean => -lag <= graph.tauMax
  return new Map(
    pathNodes(query).map((node) => {
      const [variable, lag] = nodeAt(graph, node)
      const shifted = (links[variable] ?? []).map(([[i, own], value]) => [[i, own + lag], value] as const)
      return [node, new Map(shifted.filter(([n]) => inside(n)).map(([n, value]) => [indexOf(graph, n), value]))]
    }),
  )
}

/** Mediators and effects. */
const pathNodes = ({ mediators, y }: EffectQuery): NodeIndex[] => [...mediators, ...y]

function byParents(query: EffectQuery, series: TimeSeries, maskType: MaskType): PathCoefficients {
  const { graph } = query
  return new Map(
    pathNodes(query).map((node) => {
      const spouse = graph.spouses[node]![0]
      if (spouse !== undefined)
        throw notIdentifiable(
          `a hidden common cause of ${nameOf(query, spouse)} and ${nameOf(query, node)} lies beside a causal path`,
          { path: `${nameOf(query, spouse)} <-> ${nameOf(query, node)}`, method: 'parents' },
        )
      const parents = graph.parents[node]!
      if (parents.length === 0) return [node, new Map()]
      const values = coefficientsOf(query, series, node, parents, [], maskType)
      return [node, new Map(parents.map((parent, k) => [parent, values[k]!]))]
    }),
  )
}

function byOptimalSets(query: EffectQuery, series: TimeSeries, maskType: MaskType): PathCoefficients {
  const { graph, names, mediators, x, y } = query
  const inPaths = (node: NodeIndex): boolean => mediators.has(node) || x.has(node) || y.has(node)
  return new Map(
    pathNodes(query).map((node) => {
      const parents = graph.parents[node]!
      const fits = parents.filter(inPaths).map((parent): [NodeIndex, number] => {
        const rest = parents.filter((other) => other !== parent)
        const link = queryIn(graph, {
          from: [nodeAt(graph, parent)],
          to: [nodeAt(graph, node)],
          condition: rest.map((other) => nodeAt(graph, other)),
          mediatorsMayBeConditions: true,
          names,
        })
        const parts = optimalParts(link)
        if (isObstacle(parts))
          throw notIdentifiable(`the link ${nameOf(query, parent)} --> ${nameOf(query, node)}: ${parts.reason}`, {
            path: parts.path,
            method: 'optimal',
          })
        return [parent, coefficientsOf(query, series, node, [parent], [...optimalSet(link)], maskType)[0]!]
      })
      return [node, new Map(fits)]
    }),
  )
}

/** Coefficients of `causes` in the regression of a node on them and on `others`, over samples that have them all. */
function coefficientsOf(
  query: EffectQuery,
  series: TimeSeries,
  node: NodeIndex,
  causes: readonly NodeIndex[],
  others: readonly NodeIndex[],
  maskType: MaskType,
): Float64Array {
  const target = nodeAt(query.graph, node)
  const samples = samplesOf(series, nodesOf(query, causes), [target], [], {
    tauMax: query.graph.tauMax,
    cutOff: 'tau-max',
    maskType,
    extra: nodesOf(query, others),
  })
  const predictors = samples.rows.filter((_, k) => samples.roles[k] === X || samples.roles[k] === EXTRA)
  if (samples.count < predictors.length + 2)
    throw new InputError('TooFewSamples', `${samples.count} samples are too few for ${predictors.length} predictors`, {
      hint: 'Give longer series or a sparser graph.',
      data: { node: nameOf(query, node) },
    })
  const own = samples.rows[samples.roles.indexOf(Y)]!
  return regress(predictors, own, { intercept: true }).coefficients
}

/**
 * Effects `[x][y]` on Y of raising X by one: the sum over causal paths of the products of their coefficients. Paths that pass
 * through another X are not counted.
 */
export function pathEffects(
  query: EffectQuery,
  coefficients: PathCoefficients,
  mediation: Mediation = 'all',
): number[][] {
  const ends = query.to.map((node) => indexOf(query.graph, node))
  const starts = query.from.map((node) => indexOf(query.graph, node))
  if (mediation === 'direct') return starts.map((x) => ends.map((y) => coefficients.get(y)?.get(x) ?? 0))
  const through = typeof mediation === 'string' ? [] : mediation.map((node) => indexOf(query.graph, node))
  const order = topologicalOrder(query.graph).filter((node) => query.mediators.has(node) || query.y.has(node))
  return starts.map((x) => {
    const { all, passing } = productsFrom(x, order, coefficients, new Set(through))
    return ends.map((y) => (through.length > 0 ? passing : all).get(y) ?? 0)
  })
}

/** Sums of products over paths from a node: all of them, and those with an earlier node in `through`. */
function productsFrom(
  start: NodeIndex,
  order: readonly NodeIndex[],
  coefficients: PathCoefficients,
  through: ReadonlySet<NodeIndex>,
): { readonly all: Map<NodeIndex, number>; readonly passing: Map<NodeIndex, number> } {
  const all = new Map([[start, 1]])
  const passing = new Map([[start, 0]])
  for (const node of order) {
    let [sum, passed] = [0, 0]
    for (const [parent, value] of coefficients.get(node) ?? []) {
      const before = all.get(parent) ?? 0
      sum += value * before
      passed += value * (through.has(parent) ? before : (passing.get(parent) ?? 0))
    }
    all.set(node, sum)
    passing.set(node, passed)
  }
  return { all, passing }
}

/** Expected change of Y where X is set to these values, by effects `[x][y]`: `[intervention][y]`. */
export const predictByPaths = (
  effects: readonly (readonly number[])[],
  interventions: readonly (readonly number[])[],
) =>
  interventions.map((values) =>
    (effects[0] ?? []).map((_, y) => values.reduce((sum, value, x) => sum + value * effects[x]![y]!, 0)),
  )
