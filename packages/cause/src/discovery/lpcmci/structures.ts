/** Where rules may apply: triples, quadruples and paths whose links match patterns. */
import type { NodeCode } from '../assumptions.ts'
import { HashList, pushIntegers } from './hashing.ts'
import type { MarkedGraph, Neighbours } from './marked-graph.ts'
import { ABSENT, anyOf, HEAD, nearOf, type Pattern, pattern } from './marks.ts'
import type { Memory } from './memory.ts'
import type { TupleSpace } from './node-space.ts'
import { OrderedSet } from './set-order.ts'

export type NodeTriple = readonly [a: NodeCode, b: NodeCode, c: NodeCode]
export type Quadruple = readonly [a: NodeCode, b: NodeCode, c: NodeCode, d: NodeCode]

/** Patterns of the links from a to b, from b to c, and from a to c. */
export type TriplePattern = readonly [ab: string, bc: string, ac: string]

/**
 * Triples a - b - c that match and fit into the window, shifted so that the last of their nodes is now. Ordered by a, then by
 * the neighbours of a and of b (forward in time first).
 */
export function findTriples(graph: MarkedGraph, [ab, bc, ac]: TriplePattern): NodeTriple[] {
  const [first, second, closing] = [pattern(ab), pattern(bc), pattern(ac)]
  const { space } = graph
  const around = graph.around()
  const found: NodeTriple[] = []
  for (let i = 0; i < around.length; i++)
    eachMatch(around[i]!, first, (j, stepJ) =>
      eachMatch(around[j]!, second, (k, step) => {
        const stepK = stepJ + step
        const last = Math.max(0, stepJ, stepK)
        if (last - Math.min(0, stepJ, stepK) > space.tauMax || (k === i && stepK === 0)) return
        if (closing[graph.linkOf(i, k, stepK)] === 1)
          found.push([space.code(i, last), space.code(j, last - stepJ), space.code(k, last - stepK)])
      }),
    )
  return found
}

function eachMatch(
  { variables, steps, links }: Neighbours,
  wanted: Pattern,
  visit: (variable: number, step: number) => void,
): void {
  for (let at = 0; at < links.length; at++) if (wanted[links[at]!] === 1) visit(variables[at]!, steps[at]!)
}

/** Triples of several patterns, each once, in the order of a set. */
export function triplesOfAny(
  graph: MarkedGraph,
  triples: TupleSpace,
  patterns: readonly TriplePattern[],
): NodeTriple[] {
  return orderedTriples(
    triples,
    patterns.map((each) => findTriples(graph, each)),
  )
}

/** The union of lists of triples, in the order of a union of sets. */
export function orderedTriples(triples: TupleSpace, lists: readonly (readonly NodeTriple[])[]): NodeTriple[] {
  const [first, ...others] = lists.map((list) => {
    const set = triples.set()
    for (const triple of list) set.add(triples.element(...triple))
    return set
  })
  return first!
    .union(...others)
    .list()
    .map((element) => triples.members[element] as NodeTriple)
}

/** Quadruples of rule 3: a *-> b <-* c, with a neighbour d of all three; a and c are no neighbours. */
export function findQuadruples(graph: MarkedGraph): Quadruple[] {
  const { space } = graph
  const found: Quadruple[] = []
  for (const triple of findTriples(graph, ['**>', '<**', ''])) {
    const backs = triple.map((node) => space.back[node]!)
    for (const [variable, back] of commonNeighbours(graph, triple)) {
      const last = Math.min(0, back)
      if (Math.max(...backs, back) - last > space.tauMax) continue
      const [a, b, c] = triple.map((node) => node - last) as unknown as NodeTriple
      found.push([a, b, c, space.code(variable, back - last)])
    }
  }
  return found
}

/** Variable and steps back (negative: in the future) of the neighbours d: a +-o d, b o-+ d, c +-o d; in the order of sets. */
function commonNeighbours(graph: MarkedGraph, triple: NodeTriple): (readonly [variable: number, back: number])[] {
  const { space } = graph
  const hashes = new HashList()
  const nodes: (readonly [variable: number, back: number])[] = []
  const elements = new Map<number, number>()
  const element = (variable: number, back: number): number => {
    const key = variable * 4 * space.span + back + space.span
    const known = elements.get(key)
    if (known !== undefined) return known
    elements.set(key, nodes.length)
    nodes.push([variable, back])
    return pushIntegers(hashes, [variable, 0 - back])
  }
  const [a, b, c] = triple.map((node, at) => {
    const set = new OrderedSet(hashes)
    eachMatch(graph.around()[space.variable[node]!]!, pattern(at === 1 ? 'o*+' : '+*o'), (variable, step) => {
      const back = space.back[node]! - step
      if (!triple.some((other) => space.variable[other] === variable && space.back[other] === back))
        set.add(element(variable, back))
    })
    return set
  })
  return a!
    .intersection(b!)
    .intersection(c!)
    .list()
    .map((at) => nodes[at]!)
}

/** Calls for each node within the window with a link to this one. */
function eachNeighbour(memory: Memory, node: NodeCode, visit: (next: NodeCode) => void): void {
  const { space } = memory
  const { variables, steps } = memory.everywhere[space.variable[node]!]!
  for (let at = 0; at < steps.length; at++) {
    const back = space.back[node]! - steps[at]!
    if (back >= 0 && back <= space.tauMax) visit(space.code(variables[at]!, back))
  }
}

/** Discriminating paths for b of the triangle a - b - c: c, b, a, ..., x, where x is no neighbour of c. */
export function discriminatingPaths(memory: Memory, [a, b, c]: NodeTriple): NodeCode[][] {
  const { graph } = memory
  const [towards, parent] = [pattern('*->'), pattern('-->')]
  const search = (path: readonly NodeCode[]): NodeCode[][] => {
    const last = path[path.length - 1]!
    const toEnd = graph.link(last, c)
    if (path.length > 3 && toEnd === ABSENT) return [[...path]]
    const found: NodeCode[][] = []
    if (nearOf(graph.link(last, path[path.length - 2]!)) !== HEAD || parent[toEnd] !== 1) return found
    eachNeighbour(memory, last, (next) => {
      if (!path.includes(next) && towards[graph.link(next, last)] === 1) found.push(...search([...path, next]))
    })
    return found
  }
  return search([c, b, a])
}

/** Links of a path that may be directed, as long as no link of it is. */
export const MAYBE_DIRECTED: Pattern = anyOf('-*>', 'o*>', 'o*o')
/** Links of a path that is directed from its first head on. */
export const DIRECTED: Pattern = pattern('-*>')
const UNDIRECTED = pattern('o*o')

/**
 * Paths of three or more nodes that may be directed from start to end, on which no node is a neighbour of the one after the
 * next. Depth first, found as they are asked for: the graph must not change meanwhile.
 */
export function* directedPaths(
  memory: Memory,
  start: NodeCode,
  end: NodeCode,
  first: Pattern,
): Generator<readonly NodeCode[]> {
  const { graph } = memory
  const path: NodeCode[] = [start]
  function* search(allowed: Pattern): Generator<readonly NodeCode[]> {
    const last = path[path.length - 1]!
    if (last === end) {
      if (path.length > 2) yield [...path]
      return
    }
    const before = path[path.length - 2]
    const nexts: NodeCode[] = []
    eachNeighbour(memory, last, (next) => {
      if (path.includes(next) || (before !== undefined && graph.link(before, next) !== ABSENT)) return
      if (allowed[graph.link(last, next)] === 1) nexts.push(next)
    })
    for (const next of nexts) {
      path.push(next)
      yield* search(UNDIRECTED[graph.link(last, next)] === 1 ? MAYBE_DIRECTED : DIRECTED)
      path.pop()
    }
  }
  yield* search(first)
}
