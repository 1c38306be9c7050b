/**
 * The collider phase of the PC algorithm for time series: unshielded triples i - k - j without a link of i and j become
 * i -> k <- j where k does not separate i and j. Runge (2020), algorithm S2; majority rule: Colombo and Maathuis (2014),
 * Order-independent constraint-based causal structure learning; conservative rule: Ramsey, Spirtes and Zhang (2006).
 */
import { adjacencyOf } from './adjacency.ts'
import { type NodeCode, nodeOf } from './assumptions.ts'
import { subsets } from './combinations.ts'
import type { LinkGraph, Triple } from './graph.ts'
import type { Search } from './search.ts'
import { setOrder, subsetHash } from './set-order.ts'
import { type Neighbours, type PairConditions, pairTest, type SeparatingSets, type Tick } from './skeleton.ts'

/**
 * When a triple is a collider. `none`: k is not in the separating set that was found. `majority`: in less than half of all
 * separating sets among the neighbours (half: ambiguous). `conservative`: in none of them (in some: ambiguous).
 */
export type ColliderRule = 'none' | 'majority' | 'conservative'

export interface ColliderOptions extends PairConditions {
  readonly neighbours: Neighbours
  readonly alpha: number
  readonly rule: ColliderRule
  /** Whether links that are oriented in both directions are marked `x-x`; else the first direction stays. */
  readonly markConflicts: boolean
}

/** By the share of separating sets that contain k; undefined: there is none. */
const verdicts: Readonly<Record<Exclude<ColliderRule, 'none'>, (share: number) => Verdict>> = {
  majority: (share) => (share < 0.5 ? 'collider' : share > 0.5 ? 'chain' : 'ambiguous'),
  conservative: (share) => (share === 0 ? 'collider' : share === 1 ? 'chain' : 'ambiguous'),
}

type Verdict = 'collider' | 'chain' | 'ambiguous'

/**
 * Orients colliders and returns triples that are ambiguous. Changes `graph` (marks without `?`) and, by the rules that look at
 * all separating sets, `separatingSets`. Throws what the test throws; `CancelledError`.
 */
export async function orientColliders(
  search: Search,
  graph: LinkGraph,
  separatingSets: SeparatingSets,
  options: ColliderOptions,
): Promise<Triple[]> {
  const triples = unshieldedTriples(search, graph)
  const sets = new Separations(search, separatingSets)
  const ambiguous: Triple[] = []
  const colliders: Triple[] = []
  if (options.rule === 'none') colliders.push(...triples.filter(([i, k, j]) => !sets.has(i, j, k)))
  else {
    const share = shareOf(search, graph, options)
    const pace = search.pace('colliders')
    for (const [done, triple] of triples.entries()) {
      const [i, k, j] = triple
      const part = await share(triple, () => pace.at(done / triples.length))
      const verdict = part === undefined ? 'ambiguous' : verdicts[options.rule](part)
      if (verdict === 'ambiguous') ambiguous.push(triple)
      if (verdict === 'collider') colliders.push(triple)
      if (verdict !== 'ambiguous') sets.mend(i, j, k, verdict === 'chain')
    }
    await pace.at(1)
  }
  const orient = orienter(graph, options.markConflicts)
  for (const [[i, lag], k, j] of colliders) {
    orient(j, k)
    if (lag === 0) orient(i, k)
  }
  return ambiguous
}

/** Takes directions of links without lag; a link that was taken the other way before is in conflict. */
export function orienter(graph: LinkGraph, markConflicts: boolean): (from: number, to: number) => void {
  const taken = new Set<number>()
  const key = (from: number, to: number): number => from * graph.variables + to
  return (from, to) => {
    const against = taken.has(key(to, from))
    if (!against && !taken.has(key(from, to))) {
      graph.put(from, to, 0, '-->')
      taken.add(key(from, to))
    }
    if (against && markConflicts) graph.put(from, to, 0, 'x-x')
  }
}

/** Triples i (tau steps ago) - k - j where k and j are linked without direction, i points or may point to k, and not to j. */
function unshieldedTriples(search: Search, graph: LinkGraph): Triple[] {
  const { coding } = search
  const adjacency = adjacencyOf(graph, coding, { consistent: true })
  const triples: Triple[] = []
  for (const [j, nodes] of adjacency.entries())
    for (const code of nodes) {
      const [k, lag] = nodeOf(coding, code)
      if (lag !== 0 || graph.get(k, j, 0) !== 'o-o') continue
      for (const other of adjacency[k]!) {
        const [i, before] = nodeOf(coding, other)
        if ((i === j && before === 0) || graph.get(i, j, -before) !== '') continue
        const link = graph.get(i, k, -before)
        if (link === 'o-o' || link === '-->') triples.push([[i, before === 0 ? 0 : before], k, j])
      }
    }
  return triples
}

/** Separating sets by their nodes. */
class Separations {
  readonly #search: Search
  readonly #sets: SeparatingSets

  constructor(search: Search, sets: SeparatingSets) {
    this.#search = search
    this.#sets = sets
  }

  #key([i, lag]: Triple[0], j: number): number {
    return this.#search.code(i, -lag) * this.#search.variables + j
  }

  has(i: Triple[0], j: number, k: number): boolean {
    return this.#sets.get(this.#key(i, j))?.includes(this.#search.code(k, 0)) ?? false
  }

  /** Puts k in or takes it out, from both ends where there is no lag. */
  mend(i: Triple[0], j: number, k: number, inside: boolean): void {
    const code = this.#search.code(k, 0)
    const keys = i[1] === 0 ? [this.#key(i, j), this.#key([j, 0], i[0])] : [this.#key(i, j)]
    for (const key of keys) {
      const without = (this.#sets.get(key) ?? []).filter((other) => other !== code)
      const had = without.length < (this.#sets.get(key)?.length ?? 0)
      if (had !== inside) this.#sets.set(key, inside ? [...without, code] : without)
    }
  }
}

/** The share of separating sets of a triple's ends that contain its middle, among subsets of the neighbours. */
function shareOf(
  search: Search,
  graph: LinkGraph,
  options: ColliderOptions,
): (triple: Triple, tick: Tick) => Promise<number | undefined> {
  const contemporaneous = options.neighbours === 'contemporaneous'
  const adjacency = adjacencyOf(graph, search.coding, { contemporaneous })
  const test = pairTest(search, graph, options)
  // The order of tests matters to none but those that draw random numbers.
  const drawn = search.tester.independence.significance === 'shuffle'
  const listed = (nodes: readonly NodeCode[]): Iterable<NodeCode[]> => {
    if (nodes.length === 0) return []
    return drawn ? setOrder([...subsets(nodes)], (subset) => subsetHash(search.nodes(subset))) : subsets(nodes)
  }
  return async ([[i, lag], k, j], tick) => {
    const [x, y] = [search.code(i, -lag), search.code(j, 0)]
    const ofY = adjacency[j]!.filter((code) => code !== x)
    const ofX = lag === 0 ? adjacency[i]!.filter((code) => code !== y) : []
    const tried = new Set(ofY)
    let [separating, withMiddle] = [0, 0]
    const middle = search.code(k, 0)
    const count = async (subset: readonly NodeCode[]): Promise<void> => {
      const asked = test(i, -lag, j, subset)
      const { dependent } = asked instanceof Promise ? await asked : asked
      const turn = tick()
      if (turn) await turn
      if (dependent !== false) return
      separating++
      if (subset.includes(middle)) withMiddle++
    }
    for (const subset of listed(ofY)) await count(subset)
    for (const subset of listed(ofX)) if (!subset.every((code) => tried.has(code))) await count(subset)
    return separating === 0 ? undefined : withMiddle / separating
  }
}
