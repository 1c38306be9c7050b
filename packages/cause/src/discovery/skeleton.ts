/**
 * The skeleton phase of the PC algorithm for time series: links are removed where a subset of neighbours separates their ends
 * (stable under reordering: neighbours are those at the start of each size of subsets). Runge (2020), Discovering
 * contemporaneous and lagged causal relations in autocorrelated nonlinear time series datasets, algorithm 2.
 */
import type { TestResult } from '../independence/test.ts'
import { adjacencyOf } from './adjacency.ts'
import { type AssumedLinks, backOf, isCertain, type NodeCode, variableOf } from './assumptions.ts'
import { firstCombination, nextCombination } from './combinations.ts'
import { LinkGraph, type Triple } from './graph.ts'
import { LagArray } from './lag-array.ts'
import { eachLink } from './matrices.ts'
import { conditionsOf, type Parents } from './mci.ts'
import { CERTAIN, type Search } from './search.ts'

/** Neighbours among which separating sets are sought: those without lag, or all. */
export type Neighbours = 'contemporaneous' | 'all'

/** What a test of a pair is conditioned on beside the subset of neighbours. */
export interface PairConditions {
  /** Lagged parents of each variable; none where absent. */
  readonly parents?: Parents
  readonly maxConditionsY: number
  readonly maxConditionsX: number
  /** For x with a lag. */
  readonly maxConditionsLaggedX: number
  /** Nodes that tests of variable j are always conditioned on, before its lagged parents. */
  readonly always?: Parents
}

export interface SkeletonOptions extends PairConditions {
  readonly neighbours: Neighbours
  readonly alpha: number
  readonly maxConditions: number
  readonly maxCombinations: number
  /** Variables whose links to others are tested; default: all. */
  readonly sources?: (i: number) => boolean
}

/** Separating sets by `source code * variables + target`. */
export type SeparatingSets = Map<number, NodeCode[]>

export interface Skeleton {
  /** Links keep the marks that were assumed. */
  readonly graph: LinkGraph
  readonly separatingSets: SeparatingSets
  readonly values: LagArray
  readonly pValues: LagArray
}

export type PairTest = (
  i: number,
  tau: number,
  j: number,
  subset: readonly NodeCode[],
) => TestResult | Promise<TestResult>

/** Tests of pairs given a subset and what else they are conditioned on. Links that certainly exist are not tested. */
export function pairTest(search: Search, graph: LinkGraph, options: PairConditions & { alpha: number }): PairTest {
  const conditions = conditionsOf(search)
  const none: readonly NodeCode[] = []
  return (i, tau, j, subset) => {
    if (isCertain(graph.get(i, j, tau))) return CERTAIN
    const x = search.code(i, tau)
    const start = options.always === undefined ? subset : [...new Set([...subset, ...options.always[j]!])]
    const maxX = tau === 0 ? options.maxConditionsX : options.maxConditionsLaggedX
    const [ofY, ofX] = [options.parents?.[j] ?? none, options.parents?.[i] ?? none]
    return search.ask(x, j, conditions(start, ofY, options.maxConditionsY, x, ofX, maxX), options.alpha)
  }
}

/** The graph of assumed links. */
export function assumedGraph(search: Search, links: AssumedLinks): LinkGraph {
  const graph = new LinkGraph(search.variables, search.tauMax)
  eachLink(links, search.coding, (i, j, tau, link) => graph.set(i, j, tau, link))
  for (let i = 0; i < search.variables; i++) graph.set(i, i, 0, '')
  return graph
}

/** Keeps long loops answerable (see `Pace`). */
export type Tick = () => void | Promise<void>

/** The state of a skeleton search; pairs are places `(i * variables + j) * lags + tau`. */
class Pruning {
  readonly search: Search
  readonly options: SkeletonOptions
  readonly graph: LinkGraph
  readonly values: LagArray
  readonly pValues: LagArray
  readonly separatingSets: SeparatingSets = new Map()
  readonly test: PairTest
  /** Smallest size of the values of a pair. */
  readonly #least: Float64Array
  readonly #lags: number

  constructor(search: Search, links: AssumedLinks, options: SkeletonOptions) {
    this.search = search
    this.options = options
    this.graph = assumedGraph(search, links)
    this.values = new LagArray(search.variables, search.tauMax)
    this.pValues = new LagArray(search.variables, search.tauMax)
    for (const [at, link] of this.graph.links.entries()) if (link === '') this.pValues.data[at] = 1
    this.test = pairTest(search, this.graph, options)
    this.#least = new Float64Array(this.values.data.length).fill(Number.POSITIVE_INFINITY)
    this.#lags = search.tauMax + 1
  }

  #place(code: NodeCode, j: number): number {
    const { coding, variables } = this.search
    return (variableOf(coding, code) * variables + j) * this.#lags + backOf(coding, code)
  }

  adjacency(sorted: boolean): NodeCode[][] {
    const contemporaneous = this.options.neighbours === 'contemporaneous'
    const lists = adjacencyOf(this.graph, this.search.coding, { contemporaneous })
    const strength = (code: NodeCode, j: number): number => this.#least[this.#place(code, j)]!
    // Infinity where a pair was never tested: equal to itself, as Infinity - Infinity is not.
    const order = (a: number, b: number): number => (a === b ? 0 : b > a ? 1 : -1)
    if (sorted) for (const [j, list] of lists.entries()) list.sort((a, b) => order(strength(a, j), strength(b, j)))
    return lists
  }

  /** Places of pairs that have `size` other neighbours. */
  remaining(adjacency: readonly (readonly NodeCode[])[], size: number): number[] {
    const { variables, tauMin, tauMax } = this.search
    const lagged = this.options.neighbours === 'all'
    const places: number[] = []
    for (let i = 0; i < variables; i++) {
      if (this.options.sources && !this.options.sources(i)) continue
      for (let j = 0; j < variables; j++)
        for (let tau = tauMin; tau <= tauMax; tau++) {
          if (this.graph.get(i, j, tau) === '') continue
          // A linked node is a neighbour itself, unless only those without lag are.
          const others = adjacency[j]!.length - (lagged || tau === 0 ? 1 : 0)
          if (others >= size) places.push((i * variables + j) * this.#lags + tau)
        }
    }
    return places
  }

  /** Tries subsets of one size on a pair. `tick` is called after each. */
  async try(place: number, neighbours: readonly NodeCode[], size: number, tick: Tick): Promise<void> {
    const { variables } = this.search
    const tau = place % this.#lags
    const pair = Math.floor(place / this.#lags)
    const [i, j] = [Math.floor(pair / variables), pair % variables]
    const x = this.search.code(i, tau)
    const others = neighbours.filter((code) => code !== x)
    const subset = firstCombination(size)
    let tries = 0
    do {
      const z = subset.map((at) => others[at]!)
      const asked = this.test(i, tau, j, z)
      const { value, pValue, dependent } = asked instanceof Promise ? await asked : asked
      this.#least[place] = Math.min(Math.abs(value), this.#least[place]!)
      if (pValue >= this.pValues.data[place]!) {
        this.pValues.data[place] = pValue
        this.values.data[place] = value
      }
      if (dependent === false) return this.#separate(i, j, tau, z)
      if (asked === CERTAIN) return
      const turn = tick()
      if (turn) await turn
      // The reference counts from 0 and compares by "more than": one subset more than was asked for.
    } while (++tries <= this.options.maxCombinations && nextCombination(subset, others.length))
  }

  #separate(i: number, j: number, tau: number, by: NodeCode[]): void {
    const { search, graph } = this
    graph.set(i, j, tau, '')
    this.separatingSets.set(search.code(i, tau) * search.variables + j, by)
    if (tau !== 0) return
    graph.set(j, i, 0, '')
    this.separatingSets.set(search.code(j, 0) * search.variables + i, [...by])
    this.pValues.set(j, i, 0, this.pValues.get(i, j, 0))
  }
}

/** Throws what the test throws; `CancelledError`. */
export async function findSkeleton(search: Search, links: AssumedLinks, options: SkeletonOptions): Promise<Skeleton> {
  const state = new Pruning(search, links, options)
  let adjacency = state.adjacency(false)
  for (let size = 0; size <= options.maxConditions; size++) {
    const places = state.remaining(adjacency, size)
    if (places.length === 0) break
    const pace = search.pace(`skeleton, ${size} of the neighbours as conditions`)
    for (const [done, place] of places.entries()) {
      const j = Math.floor(place / (search.tauMax + 1)) % search.variables
      const tick = (): void | Promise<void> => pace.at(done / places.length)
      if (state.graph.links[place] !== '') await state.try(place, adjacency[j]!, size, tick)
    }
    await pace.at(1)
    adjacency = state.adjacency(true)
  }
  const { graph, values, pValues, separatingSets } = state
  return { graph, values, pValues, separatingSets }
}

/** Separating sets as results show them: by `i,-tau,j`. */
export function shownSets(search: Search, sets: SeparatingSets): ReadonlyMap<string, ReturnType<Search['nodes']>> {
  return new Map(
    [...sets].map(([key, codes]) => {
      const [[source], j] = [search.nodes([Math.floor(key / search.variables)]), key % search.variables]
      return [`${source![0]},${source![1]},${j}`, search.nodes(codes)]
    }),
  )
}

/** Triples as numbers, for sets of them. */
export const tripleKey = (search: Search, [[i, lag], k, j]: Triple): number =>
  (search.code(i, -lag) * search.variables + k) * search.variables + j
