/** Which nodes are linked to each variable, as the PC phases walk through them: by variable, then by lag. */
import type { NodeCode, NodeCoding } from './assumptions.ts'
import { codeOf } from './assumptions.ts'
import type { LinkGraph } from './graph.ts'

export interface AdjacencyOptions {
  /** Only links without lag. */
  readonly contemporaneous?: boolean
  /** Without links in conflict. */
  readonly consistent?: boolean
}

/** For each variable the nodes with a link to it, of any direction. */
export function adjacencyOf(
  graph: LinkGraph,
  coding: NodeCoding,
  { contemporaneous = false, consistent = false }: AdjacencyOptions = {},
): NodeCode[][] {
  const last = contemporaneous ? 0 : graph.tauMax
  return Array.from({ length: graph.variables }, (_, j) => {
    const nodes: NodeCode[] = []
    for (let i = 0; i < graph.variables; i++)
      for (let tau = 0; tau <= last; tau++) {
        const link = graph.get(i, j, tau)
        if (link !== '' && !(consistent && (link === 'x-x' || link === 'x?x'))) nodes.push(codeOf(coding, i, tau))
      }
    return nodes
  })
}
