/** Adjustment sets: the optimal one (Runge 2021), that of all valid ancestors, checks of given ones, and all there are. */
import type { InputError } from '@ecotope/core'
import type { Node } from '../series/series.ts'
import type { NodeIndex } from './adjacency.ts'
import { indexOf } from './causal-graph.ts'
import { ancestors, arrowPath, openPath, type Path, withNeighbours } from './paths.ts'
import { type EffectQuery, minus, nameOf, nodesOf, notIdentifiable, pathName } from './query.ts'

type NodeSet = ReadonlySet<NodeIndex>

/** The parts of the optimal set. */
export interface OptimalParts {
  /** Parents of Y and of mediators. */
  readonly parents: NodeSet
  /** Nodes joined to Y or a mediator by valid collider paths. */
  readonly colliders: NodeSet
  readonly colliderParents: NodeSet
}

/** Why there is no valid set. */
export interface Obstacle {
  readonly reason: string
  readonly path?: string
}

export type Minimize = 'none' | 'colliders' | 'all'

export const isObstacle = (found: OptimalParts | Obstacle): found is Obstacle => 'reason' in found

/** The error that tells of an obstacle. */
export const obstacleError = ({ reason, path }: Obstacle): InputError =>
  notIdentifiable(path === undefined ? reason : `${reason} (${path})`, path === undefined ? {} : { path })

/**
 * Parents, colliders and their parents (Runge 2021, definition 3), or why no valid set exists (theorem 2).
 * `conditions`: others than the query's own.
 */
export function optimalParts(query: EffectQuery, conditions: NodeSet = query.s): OptimalParts | Obstacle {
  const { graph, x, y, below, forbidden } = query
  const validAncestors =
    conditions === query.s
      ? query.validAncestors
      : minus(new Set([...query.ancestorsOfXY, ...ancestors(graph, conditions)]), forbidden)
  const circular = [...x].find((node) => below.has(node))
  if (circular !== undefined) return causeBelow(query, circular)
  const ends = new Set([...y, ...query.mediators])
  const parents = minus(withNeighbours(ends, graph.parents), forbidden)
  const given = new Set([...parents, ...validAncestors, ...conditions])
  const fits = (node: NodeIndex): boolean =>
    validAncestors.has(node) || openPath(graph, x, new Set([node]), { conditions: given }) === undefined
  const colliders = new Set<NodeIndex>()
  const before = new Map<NodeIndex, NodeIndex>()
  for (const end of ends) {
    const open = [end]
    while (open.length > 0) {
      const node = open.pop()!
      for (const spouse of graph.spouses[node]!) {
        if (x.has(spouse)) return confounded(query, before, node, { link: '<->', node: spouse })
        if (colliders.has(spouse) || forbidden.has(spouse) || !fits(spouse)) continue
        colliders.add(spouse)
        before.set(spouse, node)
        open.push(spouse)
      }
    }
  }
  const colliderParents = withNeighbours(colliders, graph.parents)
  for (const node of colliders)
    for (const parent of graph.parents[node]!)
      if (x.has(parent)) return confounded(query, before, node, { link: '<--', node: parent })
  return { parents, colliders, colliderParents }
}

function causeBelow(query: EffectQuery, node: NodeIndex): Obstacle {
  const path = arrowPath(query.graph, new Set([...query.y, ...query.mediators]), new Set([node]))
  return {
    reason: `the cause ${nameOf(query, node)} is itself an effect of a mediator or of the effect`,
    ...(path && { path: pathName(query, path) }),
  }
}

/** A path of colliders that adjustment opens or a hidden cause that nothing blocks. */
function confounded(
  query: EffectQuery,
  before: ReadonlyMap<NodeIndex, NodeIndex>,
  from: NodeIndex,
  last: { readonly link: string; readonly node: NodeIndex },
): Obstacle {
  const nodes = [from]
  for (let at = before.get(from); at !== undefined; at = before.get(at)) nodes.unshift(at)
  const steps = [...nodes.slice(1).map((node) => ({ link: '<->', node })), last]
  return {
    reason: `a hidden common cause joins ${nameOf(query, last.node)} with ${nameOf(query, nodes[0]!)}, and no observed variable blocks it`,
    path: pathName(query, { start: nodes[0]!, steps }),
  }
}

const union = ({ parents, colliders, colliderParents }: OptimalParts): Set<NodeIndex> =>
  new Set([...parents, ...colliders, ...colliderParents])

/**
 * The set whose adjustment gives the least variance where such a set exists (`isOptimal`), with the conditions S.
 * `colliders`: colliders that are not needed are left out; `all`: whatever is not needed is.
 * Throws `InputError` NotIdentifiable with the reason and the path.
 */
export function optimalSet(query: EffectQuery, minimize: Minimize = 'none'): Set<NodeIndex> {
  const parts = optimalParts(query)
  if (isObstacle(parts)) throw obstacleError(parts)
  const full = union(parts)
  if (minimize === 'none') return new Set([...full, ...query.s])
  const { graph, x, y, s } = query
  const mayGo = (node: NodeIndex): boolean => minimize === 'all' || !parts.parents.has(node)
  const others = (set: NodeSet, node: NodeIndex, more: NodeSet): NodeIndex[] =>
    [...set, ...more].filter((n) => n !== node)
  const isolated = [...full].filter(
    (node) => mayGo(node) && !openPath(graph, x, new Set([node]), { conditions: others(full, node, s) }),
  )
  const linked = minus(full, new Set(isolated))
  const apart = [...linked].filter((node) => {
    const conditions = [...others(linked, node, s), ...x]
    return mayGo(node) && !openPath(graph, new Set([node]), y, { conditions, arrowheadAtEnd: true })
  })
  return new Set([...minus(linked, new Set(apart)), ...s])
}

/** A path by which X and Y stay dependent without being cause and effect, given the set. */
export function openBackdoor(query: EffectQuery, set: Iterable<NodeIndex>): Path | undefined {
  const notInto = new Set([...query.mediators, ...query.y])
  return openPath(query.graph, query.x, query.y, { conditions: set, notInto })
}

/**
 * Whether adjusting for the set gives the effect (van der Zander et al. 2019): it holds no forbidden node and blocks every
 * non-causal path. The nodes of S count as part of it.
 */
export function isValid(query: EffectQuery, set: readonly Node[]): boolean {
  return flawOf(query, set) === undefined
}

/** What is wrong with a set, or undefined. */
export function flawOf(query: EffectQuery, set: readonly Node[]): Obstacle | undefined {
  const given = new Set([...set.map((node) => indexOf(query.graph, node)), ...query.s])
  const bad = [...given].find((node) => query.forbidden.has(node) && !query.s.has(node))
  if (bad !== undefined)
    return {
      reason: `${nameOf(query, bad)} is a cause, an effect, a mediator or descends from one: it must not be adjusted for`,
    }
  const path = openBackdoor(query, given)
  if (path === undefined) return undefined
  return { reason: 'a path that is not causal stays open given this set', path: pathName(query, path) }
}

/**
 * All valid ancestors (van der Zander et al. 2019), valid whenever any set is; undefined where none is. `all`: nodes that are
 * not needed are left out, one by one; `keep-parents`: those among them that are not parents of Y or of mediators.
 */
export function ancestorSet(
  query: EffectQuery,
  minimize: 'none' | 'keep-parents' | 'all' = 'none',
): Set<NodeIndex> | undefined {
  const { graph, x, y } = query
  const set = new Set(query.validAncestors)
  const kept = minimize === 'all' ? new Set<NodeIndex>() : withNeighbours([...y, ...query.mediators], graph.parents)
  const drop = (isNeeded: (node: NodeIndex, rest: NodeIndex[]) => boolean): void => {
    for (const node of [...set])
      if (
        !kept.has(node) &&
        !isNeeded(
          node,
          [...set].filter((other) => other !== node),
        )
      )
        set.delete(node)
  }
  if (minimize !== 'none') {
    drop((node, rest) => openPath(graph, x, new Set([node]), { conditions: rest }) !== undefined)
    drop((node, rest) => openPath(graph, new Set([node]), y, { conditions: [...rest, ...x] }) !== undefined)
  }
  return openBackdoor(query, set) === undefined ? set : undefined
}

/** Valid sets that hold S, one by one (van der Zander et al. 2019, algorithm LISTSEP); there may be very many. */
export function* validSets(query: EffectQuery): Generator<Set<NodeIndex>> {
  const { graph, x, y, s, forbidden } = query
  const all = new Set(graph.parents.map((_, node) => node))
  const exists = (inside: NodeSet, within: NodeSet): boolean => {
    const candidates = minus(within, x, y)
    const up = ancestors(graph, [...x, ...y, ...inside])
    return (
      openBackdoor(
        query,
        [...up].filter((node) => candidates.has(node)),
      ) === undefined
    )
  }
  const open: [Set<NodeIndex>, Set<NodeIndex>][] = [[new Set(s), minus(all, forbidden, graph.hidden)]]
  while (open.length > 0) {
    const [inside, within] = open.pop()!
    if (!exists(inside, within)) continue
    const next = [...within].find((node) => !inside.has(node))
    if (next === undefined) {
      yield inside
      continue
    }
    open.push([inside, minus(within, new Set([next]))], [new Set([...inside, next]), within])
  }
}

/** The optimal set as nodes; see `optimalSet`. */
export const optimalNodes = (query: EffectQuery, minimize: Minimize = 'none'): Node[] =>
  nodesOf(query, optimalSet(query, minimize))
