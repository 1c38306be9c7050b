/** Whether a graph, be it partly oriented, settles an effect: the same adjustment set must do in every graph it stands for. */
import { EcotopeError, type Warning, type WorkOptions } from '@ecotope/core'
import type { LinkGraph } from '../discovery/graph.ts'
import type { Node } from '../series/series.ts'
import { paced } from '../work/pace.ts'
import { isObstacle, isValid, type Obstacle, optimalNodes, optimalParts } from './adjustment.ts'
import { indexOf, nodeAt } from './causal-graph.ts'
import { marksHiddenCauses, type OpenLink, opennessOf, possiblyAncestral } from './marks.ts'
import { type MemberOptions, type Members, membersOf } from './members.ts'
import { type EffectNodes, type EffectQuery, effectQuery, nameOf } from './query.ts'
import { isAncestral, isVisible, unrolled } from './visibility.ts'

export interface IdentifyOptions extends EffectNodes, MemberOptions {
  readonly names: readonly string[]
  /** Variables that were not observed. */
  readonly hidden?: readonly number[]
  /**
   * Whether the graph is ancestral (a MAG or PAG, as searches with hidden causes find them), so that an arrow may stand beside
   * a hidden common cause unless other links exclude that. Default: whether it has links such as `o->`.
   */
  readonly ancestral?: boolean
}

/** What one of the graphs says about the effect. */
export interface Outcome {
  readonly graph: LinkGraph
  readonly query: EffectQuery
  /** The optimal set; undefined where there is no valid one. */
  readonly adjustment?: readonly Node[]
  readonly obstacle?: Obstacle
}

export interface Identified {
  readonly kind: 'identified'
  readonly query: EffectQuery
  readonly adjustment: readonly Node[]
  readonly outcomes: readonly Outcome[]
  readonly members: Members
  readonly warnings: readonly Warning[]
}

export interface Unidentified {
  readonly kind: 'unidentified'
  readonly reason: string
  readonly path?: string
  readonly outcomes: readonly Outcome[]
  readonly members: Members
  /** Open links that the effect hangs on, as `a@0 o-o b@0`. */
  readonly links: readonly string[]
}

/**
 * Looks at every graph that open links leave possible. Throws `InputError`: those of `membersOf` and `effectQuery`;
 * `CancelledError`.
 */
export async function identify(
  graph: LinkGraph,
  options: IdentifyOptions,
  work: Pick<WorkOptions, 'signal' | 'onProgress'> = {},
): Promise<Identified | Unidentified> {
  const all = [...options.from, ...options.to, ...(options.condition ?? [])].map(([variable]) => variable)
  const isClass = opennessOf(graph) === 'cpdag' && (options.hidden ?? []).length === 0 && !options.ancestral
  const members = membersOf(isClass ? possiblyAncestral(graph, all) : graph, options)
  const ancestral = options.ancestral ?? members.openness === 'pag'
  const graphs = ancestral
    ? members.graphs.filter((each) => isAncestral(unrolled(each, 2 * each.tauMax + 1)))
    : members.graphs
  const looked = graphs.length > 0 ? graphs : members.graphs
  const pace = paced('graphs', work)
  const outcomes: Outcome[] = []
  for (const each of looked) {
    outcomes.push(outcomeOf(each, options, ancestral))
    await pace.at(outcomes.length / looked.length)
  }
  const [first] = outcomes
  const common = { outcomes, members }
  if (outcomes.every(({ query }) => !query.causal))
    return { ...common, kind: 'identified', query: first!.query, adjustment: [], warnings: members.warnings }
  const set = commonSet(outcomes)
  if (set) {
    const query = outcomes.find(({ adjustment }) => adjustment === set)!.query
    return { ...common, kind: 'identified', query, adjustment: set, warnings: members.warnings }
  }
  const stuck = outcomes.find(({ obstacle }) => obstacle)
  if (outcomes.length === 1 || outcomes.every(({ obstacle }) => obstacle))
    return {
      ...common,
      kind: 'unidentified',
      ...stuck!.obstacle!,
      links: decisiveLinks(outcomes, members, options.names),
    }
  const links = decisiveLinks(outcomes, members, options.names)
  const reason = `it differs between the ${outcomes.length} graphs that the links without a known direction leave possible`
  return { ...common, kind: 'unidentified', reason, links }
}

function outcomeOf(graph: LinkGraph, options: IdentifyOptions, ancestral: boolean): Outcome {
  const kind = marksHiddenCauses(graph) ? 'stationary-admg' : 'stationary-dag'
  const reach =
    graph.tauMax + Math.max(...[...options.from, ...options.to, ...(options.condition ?? [])].map(([, lag]) => -lag))
  const hidden = (options.hidden ?? []).flatMap((variable) =>
    Array.from({ length: reach + 1 }, (_, back): Node => [variable, back === 0 ? 0 : -back]),
  )
  const query = effectQuery(graph, { ...options, kind, hidden })
  if (!query.causal) return { graph, query, adjustment: [] }
  const obstacle = (ancestral ? invisibleArrow(graph, query) : undefined) ?? obstacleOf(query)
  return obstacle ? { graph, query, obstacle } : { graph, query, adjustment: optimalNodes(query) }
}

function obstacleOf(query: EffectQuery): Obstacle | undefined {
  const parts = optimalParts(query)
  return isObstacle(parts) ? parts : undefined
}

/** A first arrow of a proper causal path that may stand beside a hidden common cause (amenability, Perkovic et al. 2018). */
function invisibleArrow(graph: LinkGraph, query: EffectQuery): Obstacle | undefined {
  // Steps enough for the links into the earliest cause, and for those into its neighbours.
  const wide = unrolled(graph, query.graph.tauMax + 3 * graph.tauMax + 1)
  const toWide = (index: number): number => {
    const [variable, lag] = nodeAt(query.graph, index)
    return variable * wide.steps - lag
  }
  for (const x of query.x)
    for (const child of query.graph.children[x]!) {
      const causal = query.mediators.has(child) || query.y.has(child)
      if (!causal || isVisible(wide, toWide(x), toWide(child))) continue
      const path = `${nameOf(query, x)} --> ${nameOf(query, child)}`
      return { reason: 'a hidden common cause cannot be excluded beside an arrow', path }
    }
  return undefined
}

/** An optimal set that is valid in all graphs, all of which must have a causal path. */
function commonSet(outcomes: readonly Outcome[]): readonly Node[] | undefined {
  if (outcomes.some(({ query, obstacle }) => obstacle || !query.causal)) return undefined
  const tried = new Set<string>()
  for (const { adjustment } of outcomes) {
    const key = String(adjustment)
    if (tried.has(key)) continue
    tried.add(key)
    if (outcomes.every(({ query }) => isValid(query, inRange(query, adjustment!)))) return adjustment
  }
  return undefined
}

const inRange = (query: EffectQuery, nodes: readonly Node[]): Node[] =>
  nodes.filter(([, lag]) => -lag <= query.graph.tauMax)

/** What a graph says about the effect, in one word, to compare graphs by. */
const verdict = ({ query, adjustment }: Outcome): string =>
  query.causal
    ? adjustment === undefined
      ? 'none'
      : adjustment.map((node) => indexOf(query.graph, node)).join()
    : 'zero'

/** Open links whose direction makes a difference; all of them where none does by itself. */
function decisiveLinks(outcomes: readonly Outcome[], { open }: Members, names: readonly string[]): string[] {
  const verdictsBy = (link: OpenLink): Set<string> => {
    const by = new Map<string, Set<string>>()
    for (const outcome of outcomes) {
      const choice = outcome.graph.get(link.i, link.j, link.lag)
      by.set(choice, (by.get(choice) ?? new Set()).add(verdict(outcome)))
    }
    return new Set([...by.values()].map((set) => [...set].sort((a, b) => (a < b ? -1 : Number(a > b))).join('|')))
  }
  const decisive = open.filter((link) => verdictsBy(link).size > 1)
  return (decisive.length > 0 ? decisive : open).map(
    ({ i, j, lag, link }) => `${names[i]}@${lag === 0 ? 0 : -lag} ${link} ${names[j]}@0`,
  )
}

/** Whether an error only says that this effect is not identifiable. */
export const isNotIdentifiable = (error: unknown): error is EcotopeError =>
  error instanceof EcotopeError && error.tag === 'NotIdentifiable'
