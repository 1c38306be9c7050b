/**
 * One graph without undirected links out of the class that a PC search finds: for scoring it by models of each variable.
 * Perfect elimination of the undirected part (Colombo and Maathuis 2014, lemma 7.6; Zhang 2008, theorem 2).
 */
import type { LinkGraph } from './graph.ts'

/** Orients undirected links without lag into simplicial variables, sought in this order. Links in conflict stay. */
export function memberOf(graph: LinkGraph, order: readonly number[]): LinkGraph {
  const member = graph.copy()
  const rest = graph.copy()
  for (let i = 0; i < graph.variables; i++)
    for (let j = 0; j < graph.variables; j++) {
      // Of a directed link only the end with the arrow is taken out: the reference's numbers rest on that.
      const link = graph.get(i, j, 0)
      if (link === 'x-x' || link === '-->') rest.set(i, j, 0, '')
    }
  for (let found = simplicial(rest, order); found !== undefined; found = simplicial(rest, order)) {
    const [j, neighbours] = found
    for (const i of neighbours) {
      member.put(i, j, 0, '-->')
      rest.put(i, j, 0, '')
    }
  }
  return member
}

/** The first variable whose undirected neighbours are all linked with one another. */
function simplicial(rest: LinkGraph, order: readonly number[]): readonly [number, readonly number[]] | undefined {
  for (const j of order) {
    const neighbours = order.filter((i) => rest.get(i, j, 0) === 'o-o').sort((a, b) => a - b)
    const linked = neighbours.every((a, place) => neighbours.slice(place + 1).every((b) => rest.get(a, b, 0) !== ''))
    if (neighbours.length > 0 && linked) return [j, neighbours]
  }
  return undefined
}
