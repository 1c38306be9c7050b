/** A question about an effect: of which nodes on which, given what, in which graph; and the sets of nodes that follow. */
import { InputError, type Warning } from '@ecotope/core'
import type { LinkGraph } from '../discovery/graph.ts'
import type { Node } from '../series/series.ts'
import type { NodeIndex } from './adjacency.ts'
import { type CausalGraph, causalGraph, checkNode, indexOf, nodeAt } from './causal-graph.ts'
import { type GraphKind, linkGraphOf, type Nested } from './links.ts'
import { ancestors, arrowPath, descendants, mediators, type Path } from './paths.ts'

type NodeSet = ReadonlySet<NodeIndex>

export interface EffectNodes {
  /** Causes X. */
  readonly from: readonly Node[]
  /** Effects Y. */
  readonly to: readonly Node[]
  /** Nodes S that the effect is conditional on. */
  readonly condition?: readonly Node[]
}

export interface QueryOptions extends EffectNodes {
  readonly kind: GraphKind
  /** Nodes that were not observed; each lag by itself. */
  readonly hidden?: readonly Node[]
  /** Whether conditions may be mediators; default false. */
  readonly mediatorsMayBeConditions?: boolean
  /** Names of variables, for messages. */
  readonly names?: readonly string[]
}

/** Immutable. Sets hold node numbers of `graph`. */
export interface EffectQuery {
  readonly graph: CausalGraph
  readonly names: readonly string[]
  readonly from: readonly Node[]
  readonly to: readonly Node[]
  readonly condition: readonly Node[]
  readonly x: NodeSet
  readonly y: NodeSet
  readonly s: NodeSet
  /** Nodes inside proper causal paths from X to Y. */
  readonly mediators: NodeSet
  /** Descendants of Y and of mediators. */
  readonly below: NodeSet
  /** X and all descendants of Y and of mediators: never to be adjusted for. */
  readonly forbidden: NodeSet
  readonly ancestorsOfXY: NodeSet
  /** Ancestors of X, Y and S that may be adjusted for. */
  readonly validAncestors: NodeSet
  /** Whether a causal path runs from X to Y; where none does, the effect is 0. */
  readonly causal: boolean
  readonly warnings: readonly Warning[]
}

/** The error of an effect that the graph does not let one compute. */
export function notIdentifiable(reason: string, data: Record<string, unknown> = {}): InputError {
  return new InputError('NotIdentifiable', `the effect is not identifiable: ${reason}`, {
    hint: 'Measure or condition on another variable, orient or drop a link that you know about, or ask for another effect.',
    data: { reason, ...data },
  })
}

/** `rain@-2`. */
export const nameOf = (query: Pick<EffectQuery, 'graph' | 'names'>, index: NodeIndex): string => {
  const [variable, lag] = nodeAt(query.graph, index)
  return `${query.names[variable] ?? variable}@${lag}`
}

/** `nino34@-2 --> rain@-1 --> yield@0`. */
export const pathName = (query: Pick<EffectQuery, 'graph' | 'names'>, { start, steps }: Path): string =>
  [nameOf(query, start), ...steps.map(({ link, node }) => `${link} ${nameOf(query, node)}`)].join(' ')

/** Nodes in order of variable and lag. */
export const nodesOf = ({ graph }: Pick<EffectQuery, 'graph'>, set: Iterable<NodeIndex>): Node[] =>
  [...set].sort((a, b) => a - b).map((index) => nodeAt(graph, index))

/**
 * Checks the nodes and gathers what the theory needs (Runge 2021, sections 2 and 3).
 * Throws `InputError`: those of `causalGraph`; BadNode; BadEffect (no X or Y, nodes in two roles, a hidden node in a role,
 * conditions that are mediators); NotIdentifiable where a condition descends from Y.
 */
export function effectQuery(graph: LinkGraph | Nested<string>, options: QueryOptions): EffectQuery {
  const { from, to, condition = [], hidden = [], kind } = options
  const tauMax = reach(graph, kind, { from, to, condition })
  return queryIn(causalGraph(graph, { kind, hidden, tauMax }), options)
}

/** The same in a graph of nodes in time that was made before. */
export function queryIn(graph: CausalGraph, options: Omit<QueryOptions, 'kind' | 'hidden'>): EffectQuery {
  const { from, to, condition = [] } = options
  const names = options.names ?? Array.from({ length: graph.variables }, (_, i) => String(i))
  const [x, y, s] = [from, to, condition].map((nodes, role) => {
    for (const node of nodes) checkNode(graph, node, (['from', 'to', 'condition'] as const)[role]!)
    return new Set(nodes.map((node) => indexOf(graph, node)))
  }) as [Set<NodeIndex>, Set<NodeIndex>, Set<NodeIndex>]
  checkRoles({ graph, names }, { x, y, s })
  const inner = mediators(graph, x, y)
  const below = descendants(graph, [...y, ...inner])
  const forbidden = new Set([...below, ...x])
  const ancestorsOfXY = ancestors(graph, [...x, ...y])
  const query: EffectQuery = {
    ...{ graph, names, from, to, condition, x, y, s, mediators: inner, below, forbidden, ancestorsOfXY },
    validAncestors: minus(new Set([...ancestorsOfXY, ...ancestors(graph, s)]), forbidden),
    causal: [...ancestors(graph, y)].some((node) => x.has(node)),
    warnings: [],
  }
  return { ...query, warnings: conditionWarnings(query, options.mediatorsMayBeConditions ?? false) }
}

export const minus = <T>(a: ReadonlySet<T>, ...others: readonly ReadonlySet<T>[]): Set<T> =>
  new Set([...a].filter((each) => !others.some((other) => other.has(each))))

/** Steps back that hold the parents of all nodes in question. */
function reach(
  graph: LinkGraph | Nested<string>,
  kind: GraphKind,
  { from, to, condition }: Required<EffectNodes>,
): number {
  if (!kind.startsWith('stationary')) return 0
  const lags = [...from, ...to, ...condition].map(([, lag]) => Math.abs(lag))
  return linkGraphOf(graph).tauMax + Math.max(0, ...lags.filter(Number.isFinite))
}

interface Roles {
  readonly x: NodeSet
  readonly y: NodeSet
  readonly s: NodeSet
}

function checkRoles(query: Pick<EffectQuery, 'graph' | 'names'>, { x, y, s }: Roles): void {
  const bad = (message: string, hint: string): InputError => new InputError('BadEffect', message, { hint })
  if (x.size === 0 || y.size === 0) throw bad('an effect needs causes and effects', 'Name at least one node of each.')
  const pairs = [
    [x, y, 'both cause and effect'],
    [s, x, 'both condition and cause'],
    [s, y, 'both condition and effect'],
  ] as const
  for (const [a, b, what] of pairs)
    for (const node of a)
      if (b.has(node)) throw bad(`${nameOf(query, node)} is ${what}`, 'Give each node one role, or another lag.')
  for (const node of [...x, ...y, ...s])
    if (query.graph.hidden.has(node))
      throw bad(`${nameOf(query, node)} is hidden`, 'Causes, effects and conditions must be observed.')
}

function conditionWarnings(query: EffectQuery, mediatorsMayBeConditions: boolean): Warning[] {
  const { graph, s, x, y, mediators: inner } = query
  const through = [...s].filter((node) => inner.has(node))
  if (through.length > 0 && !mediatorsMayBeConditions)
    throw new InputError('BadEffect', `the condition ${nameOf(query, through[0]!)} is a mediator of the effect`, {
      hint: 'Ask for the direct effect instead, or drop the condition.',
      data: { nodes: nodesOf(query, through) },
    })
  const belowY = descendants(graph, y)
  const late = [...s].find((node) => belowY.has(node))
  if (late !== undefined) {
    const path = arrowPath(graph, y, new Set([late]))
    throw notIdentifiable(`the condition ${nameOf(query, late)} is itself an effect of what is to be predicted`, {
      path: path && pathName(query, path),
    })
  }
  const belowX = descendants(graph, x)
  return [...s]
    .filter((node) => belowX.has(node))
    .map((node) => ({
      tag: 'ConditionBelowCause',
      message: `the condition ${nameOf(query, node)} is itself changed by the cause: the effect given it may not be what you mean`,
    }))
}

/** X and Y without nodes that no proper causal path joins: X to Y or to S, and Y to X. */
export function prunedNodes(query: EffectQuery): { readonly from: Node[]; readonly to: Node[] } {
  const { graph, x, y, s } = query
  const belowX = descendants(graph, x)
  const keptY = [...y].filter((node) => belowX.has(node))
  const inPaths = [...query.mediators, ...keptY, ...mediators(graph, x, s)]
  const starts = new Set([...inPaths, ...inPaths.flatMap((node) => [...graph.parents[node]!])])
  const above = ancestors(graph, [...y, ...s])
  const keptX = [...x].filter((node) => above.has(node) && starts.has(node))
  return { from: nodesOf(query, keptX), to: nodesOf(query, keptY) }
}
