/** Which arrows of an ancestral graph exclude a hidden common cause of their ends (Zhang 2008; Maathuis and Colombo 2015). */
import type { LinkGraph } from '../discovery/graph.ts'
import { type Adjacency, AdjacencyBuilder, type NodeIndex } from './adjacency.ts'
import { stationaryLinks } from './links.ts'

/** Links at lags on nodes of `steps` time steps, without projecting out what was before. */
export interface Unrolled extends Adjacency {
  readonly steps: number
}

export function unrolled(graph: LinkGraph, steps: number): Unrolled {
  const { variables, arrows, confounded } = stationaryLinks(graph, 'stationary-admg')
  const builder = new AdjacencyBuilder(variables * steps)
  for (let back = 0; back < steps; back++) {
    for (const { from, to, lag } of arrows)
      if (back + lag < steps) builder.arrow(from * steps + back + lag, to * steps + back)
    for (const { from, to, lag } of confounded)
      if (back + lag < steps) builder.confound(from * steps + back + lag, to * steps + back)
  }
  return { ...builder.adjacency(), steps }
}

/** Whether a hidden common cause stands beside a chain of arrows between the same nodes, which ancestral graphs exclude. */
export function isAncestral(graph: Unrolled): boolean {
  return graph.spouses.every((spouses, node) => {
    if (spouses.length === 0) return true
    const above = new Set<NodeIndex>()
    const open = [node]
    while (open.length > 0)
      for (const parent of graph.parents[open.pop()!]!)
        if (!above.has(parent)) {
          above.add(parent)
          open.push(parent)
        }
    return !spouses.some((spouse) => above.has(spouse))
  })
}

/**
 * Whether the arrow from `from` to `to` is visible: some node that is not linked with `to` has a link into `from`, or a path
 * of colliders into it all of which are parents of `to`.
 */
export function isVisible(graph: Adjacency, from: NodeIndex, to: NodeIndex): boolean {
  const linked = new Set([...graph.parents[to]!, ...graph.children[to]!, ...graph.spouses[to]!, to])
  const isParent = new Set(graph.parents[to])
  const seen = new Set([from])
  const open = [from]
  while (open.length > 0) {
    const node = open.pop()!
    const into = [...graph.parents[node]!, ...graph.spouses[node]!]
    if (into.some((other) => !linked.has(other))) return true
    for (const spouse of graph.spouses[node]!)
      if (isParent.has(spouse) && !seen.has(spouse)) {
        seen.add(spouse)
        open.push(spouse)
      }
  }
  return false
}
