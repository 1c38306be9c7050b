/** Orientation of links without lag by Meek's rules, as far as they follow from the colliders (Runge 2020, algorithm S3). */
import { adjacencyOf } from './adjacency.ts'
import { orienter } from './colliders.ts'
import type { LinkGraph, Triple } from './graph.ts'
import type { Search } from './search.ts'
import { tripleKey } from './skeleton.ts'

/** A direction to take, and the triples that it rests on. */
interface Step {
  readonly from: number
  readonly to: number
  readonly because: readonly Triple[]
}

type Rule = (search: Search, graph: LinkGraph) => Step[]

/** i (tau steps ago) -> k o-o j without a link of i and j: k -> j, or k were a collider. */
const awayFromCollider: Rule = (search, graph) => {
  const adjacency = adjacencyOf(graph, search.coding, { consistent: true })
  const steps: Step[] = []
  for (const [j, nodes] of adjacency.entries())
    for (const [k, lag] of search.nodes(nodes)) {
      if (lag !== 0 || graph.get(j, k, 0) !== 'o-o') continue
      for (const [i, before] of search.nodes(adjacency[k]!)) {
        if ((i === j && before === 0) || graph.get(i, j, -before) !== '' || graph.get(i, k, -before) !== '-->') continue
        steps.push({ from: k, to: j, because: [[[i, before], k, j]] })
      }
    }
  return steps
}

/** i -> k -> j with i o-o j: i -> j, or there were a circle. */
const awayFromCircle: Rule = (search, graph) => {
  const adjacency = present(search, graph)
  const steps: Step[] = []
  for (const [j, neighbours] of adjacency.entries())
    for (const k of neighbours) {
      if (graph.get(k, j, 0) !== '-->') continue
      for (const i of adjacency[k]!) {
        if (i === j || graph.get(i, k, 0) !== '-->') continue
        if (graph.get(i, j, 0) === 'o-o' && graph.get(j, i, 0) === 'o-o')
          steps.push({ from: i, to: j, because: [[[i, 0], k, j]] })
      }
    }
  return steps
}

/** i o-o k -> j and i o-o l -> j with i o-o j and no link of k and l: i -> j, or i were a collider of k and l, or in a circle. */
const fromTwoChains: Rule = (search, graph) => {
  const adjacency = present(search, graph)
  const steps: Step[] = []
  for (const [j, neighbours] of adjacency.entries())
    for (const i of neighbours) {
      if (graph.get(j, i, 0) !== 'o-o') continue
      const into = neighbours.filter((k) => k !== i && graph.get(k, j, 0) === '-->' && graph.get(k, i, 0) === 'o-o')
      for (const k of into)
        for (const l of into)
          if (k !== l && graph.get(k, l, 0) === '') {
            const because: Triple[] = [
              [[i, 0], k, j],
              [[i, 0], l, j],
            ]
            steps.push({ from: i, to: j, because })
          }
    }
  return steps
}

/** Neighbours without lag, as variables. */
const present = (search: Search, graph: LinkGraph): number[][] =>
  adjacencyOf(graph, search.coding, { consistent: true, contemporaneous: true }).map((nodes) =>
    search.nodes(nodes).map(([variable]) => variable),
  )

const RULES: readonly Rule[] = [awayFromCollider, awayFromCircle, fromTwoChains]

/** Applies the rules until none finds anything; ambiguous triples are left alone. Changes `graph`. */
export function orientByRules(
  search: Search,
  graph: LinkGraph,
  ambiguous: readonly Triple[],
  markConflicts: boolean,
): void {
  const unclear = new Set(ambiguous.map((triple) => tripleKey(search, triple)))
  const orient = orienter(graph, markConflicts)
  let found = true
  while (found) {
    found = false
    for (const rule of RULES) {
      const steps = rule(search, graph).filter(
        ({ because }) => !because.some((triple) => unclear.has(tripleKey(search, triple))),
      )
      for (const { from, to } of steps) orient(from, to)
      if (steps.length > 0) found = true
    }
  }
}
