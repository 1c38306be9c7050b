/** Whether an optimal adjustment set exists at all (Runge 2021, theorem 3); without hidden variables it always does. */
import { InputError } from '@ecotope/core'
import type { NodeIndex } from './adjacency.ts'
import { isObstacle, obstacleError, optimalParts, validSets } from './adjustment.ts'
import { openPath, withNeighbours } from './paths.ts'
import { type EffectQuery, minus } from './query.ts'

type NodeSet = ReadonlySet<NodeIndex>

/** Collider paths that are followed before giving up. */
const MOST_PATHS = 200_000

/**
 * Whether adjusting for `optimalSet` has the least asymptotic variance of all valid sets, whatever the distribution.
 * Throws `InputError`: NotIdentifiable; TooManyPaths in dense graphs with many hidden causes.
 */
export function isOptimal(query: EffectQuery): boolean {
  const parts = optimalParts(query)
  if (isObstacle(parts)) throw obstacleError(parts)
  const full = new Set([...parts.parents, ...parts.colliders, ...parts.colliderParents])
  const ends = new Set([...query.y, ...query.mediators])
  if (isOnlyOne(query)) return true
  const inside = new Set([...full, ...query.s])
  const around = withNeighbours([...ends, ...parts.colliders], query.graph.spouses)
  const more = minus(around, query.forbidden, inside, ends, parts.colliders)
  return (
    noSpouseHelps(query, more, ends, inside) &&
    [...minus(full, parts.parents)].every(
      (node) => isSeparated(query, node, full) || isJoined(query, node, ends, inside),
    )
  )
}

function isOnlyOne(query: EffectQuery): boolean {
  const sets = validSets(query)
  return sets.next().done !== true && sets.next().done === true
}

/** Whether X is independent of the node given the rest of the set. */
function isSeparated({ graph, x, s }: EffectQuery, node: NodeIndex, full: NodeSet): boolean {
  const conditions = [...s, ...full].filter((other) => other !== node)
  return openPath(graph, x, new Set([node]), { conditions }) === undefined
}

/** Condition I: no collider path from a spouse outside could be added to the set and leave it valid. */
function noSpouseHelps(query: EffectQuery, spouses: NodeSet, ends: NodeSet, inside: NodeSet): boolean {
  const budget = { left: MOST_PATHS }
  for (const spouse of spouses) {
    let open: NodeIndex[][] = [[spouse]]
    const useless: NodeIndex[][] = []
    const isUseless = (path: readonly NodeIndex[]): boolean =>
      useless.some((part) => part.every((node) => path.includes(node)))
    while (open.length > 0) {
      const path = open.pop()!
      if (isUseless(path)) continue
      spend(budget)
      const next = query.graph.spouses[path.at(-1)!]!.filter((node) => !path.includes(node))
      open.push(...next.filter((node) => inside.has(node)).map((node) => [...path, node]))
      if (!next.some((node) => ends.has(node))) continue
      if (!isObstacle(optimalParts(query, new Set([...query.s, ...path])))) return false
      useless.push(path)
      open = open.filter((other) => !isUseless(other))
    }
  }
  return true
}

/** Condition II: a collider path within the set, of valid ancestors, joins the node to Y or to a mediator. */
function isJoined(query: EffectQuery, node: NodeIndex, ends: NodeSet, inside: NodeSet): boolean {
  const { graph, validAncestors } = query
  const seen = new Set([node])
  const open = [node]
  while (open.length > 0) {
    const at = open.pop()!
    const next = at === node ? [...graph.spouses[at]!, ...graph.children[at]!] : graph.spouses[at]!
    for (const other of next) {
      if (ends.has(other)) return true
      if (seen.has(other) || !inside.has(other) || !validAncestors.has(other)) continue
      seen.add(other)
      open.push(other)
    }
  }
  return false
}

function spend(budget: { left: number }): void {
  if (budget.left-- > 0) return
  throw new InputError('TooManyPaths', `more than ${MOST_PATHS} collider paths would have to be followed`, {
    hint: 'The set may still be used: it is valid, only its optimality is not known.',
  })
}
