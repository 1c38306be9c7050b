/**
 * Votes of separating sets: is the middle of a triple in more, or in less, than half of the sets that separate its ends?
 * (The majority rule of Colombo and Maathuis 2014, made independent of the order of variables.)
 */
import type { NodeCode } from '../assumptions.ts'
import { ABSENT, EMPTY, middleOf } from './marks.ts'
import { parents, pastNeighbours, possibleAncestors, strongestFirst } from './neighbourhoods.ts'
import { frozenOrder, keyOf } from './node-space.ts'
import type { Run } from './run.ts'
import type { OrderedSet } from './set-order.ts'
import { subsets } from './subsets.ts'
import { now } from './tests.ts'

/** Sets that a search found: their keys, and for each node how many of them have it. Sets can be very many. */
interface Separating {
  readonly keys: Set<string>
  readonly having: Map<NodeCode, number>
}

const NONE: Separating = { keys: new Set(), having: new Map() }

interface Kept {
  /** Version of the graph for which the search is known to be this one. */
  version: number
  readonly search: string
  readonly found: Separating
}

/** Sets found for pairs of nodes; they hold while the neighbours of the two stay the same. */
export class VoteMemory {
  readonly kept = new Map<number, Kept>()
}

/** What is searched for sets that separate a and c: subsets of neighbours of each, with the same base. */
interface VoteSearch {
  readonly base: OrderedSet
  readonly besideA: readonly NodeCode[]
  readonly besideC: readonly NodeCode[]
}

/** The earlier (or lower) node first: a - b - c is the same triple as c - b - a. */
const inOrder = (run: Run, a: NodeCode, c: NodeCode): readonly [NodeCode, NodeCode] =>
  run.space.smaller(c, a) ? [c, a] : [a, c]

/** Whether b is in more than half of the sets that separate a and c. */
export async function isInSeparatingSets(run: Run, a: NodeCode, b: NodeCode, c: NodeCode): Promise<boolean> {
  const { graph } = run.memory
  const [ab, cb] = [graph.link(a, b), graph.link(c, b)]
  const proven = ab !== ABSENT && cb !== ABSENT && middleOf(ab) === EMPTY && middleOf(cb) === EMPTY
  const [own, all] = await ballot(run, a, b, c, proven)
  return 2 * own > all
}

/** Whether b is in less than half of the sets that separate a and c. */
export async function isNotInSeparatingSets(run: Run, a: NodeCode, b: NodeCode, c: NodeCode): Promise<boolean> {
  const [own, all] = await ballot(run, a, b, c, true)
  return 2 * own < all
}

/** Number of separating sets with b, and of all; known ones, and with `search` those that a search among neighbours finds. */
async function ballot(
  run: Run,
  a: NodeCode,
  b: NodeCode,
  c: NodeCode,
  search: boolean,
): Promise<readonly [own: number, all: number]> {
  const [first, last] = inOrder(run, a, c)
  const later = run.space.back[last]!
  const found = search ? await separatingSets(run, first, last) : NONE
  // A node after both ends is in no set; its shifted number would be that of another.
  const middle = run.space.back[b]! >= later ? b - later : Number.NaN
  let [own, all] = [found.having.get(middle) ?? 0, found.keys.size]
  const known = new Set<string>()
  for (const { key, nodes } of run.memory.separationsNow(first - later, last - later)) {
    if (known.has(key) || found.keys.has(key)) continue
    known.add(key)
    all++
    if (!Number.isNaN(middle) && nodes.has(middle)) own++
  }
  return [own, all]
}

/** Sets among neighbours of a and of c (not after a) that separate them, at the times where c is now. */
async function separatingSets(run: Run, a: NodeCode, c: NodeCode): Promise<Separating> {
  const { votes, memory, settings, space } = run
  const pair = a * space.size + c
  const kept = votes.kept.get(pair)
  // With a limited number of subsets their order counts, and it moves on with every test.
  if (kept?.version === memory.graph.version && settings.maxCombinations === Number.POSITIVE_INFINITY) return kept.found
  const search = voteSearch(run, a, c)
  const text = [search.base.list(), search.besideA, search.besideC].map((list) => list.join()).join(';')
  if (kept?.search === text) {
    kept.version = memory.graph.version
    return kept.found
  }
  const found = await searched(run, a, c, search)
  votes.kept.set(pair, { version: memory.graph.version, search: text, found })
  return found
}

function voteSearch(run: Run, a: NodeCode, c: NodeCode): VoteSearch {
  const { memory, settings, space } = run
  const ends = space.set([a, c])
  const beside = (end: NodeCode, other: NodeCode): OrderedSet =>
    settings.ancestralVotes ? possibleAncestors(memory, end, other) : pastNeighbours(memory, end)
  const [besideA, besideC] = [beside(a, c).difference(ends), beside(c, a).difference(ends)]
  const base = parents(memory, settings, a, c).difference(ends)
  const ordered = (set: OrderedSet, end: NodeCode): NodeCode[] =>
    settings.maxCombinations === Number.POSITIVE_INFINITY ? set.list() : strongestFirst(memory, set, end)
  return { base, besideA: ordered(besideA.difference(base), a), besideC: ordered(besideC.difference(base), c) }
}

async function searched(run: Run, a: NodeCode, c: NodeCode, search: VoteSearch): Promise<Separating> {
  const { settings, space } = run
  const later = space.back[c]!
  const shifted = (codes: readonly NodeCode[]): NodeCode[] => codes.map((code) => code - later)
  const base = space.set(shifted(search.base.list()))
  const found: Separating = { keys: new Set(), having: new Map() }
  const { maxConditions, maxConditionsX } = settings
  const mostA = Math.min(space.back[a]! > later ? maxConditionsX : maxConditions, maxConditions)
  await tried(run, [a - later, c - later], shifted(search.besideA), mostA, base, found)
  await tried(run, [a - later, c - later], shifted(search.besideC), maxConditions, base, found)
  return found
}

/** Tries subsets of the candidates, up to `most` of them at a time; adds those that separate to `found`. */
async function tried(
  run: Run,
  [x, y]: readonly [NodeCode, NodeCode],
  candidates: readonly NodeCode[],
  most: number,
  base: OrderedSet,
  found: Separating,
): Promise<void> {
  const { memory, space, tests, settings } = run
  const rest = base.list()
  for (let size = 0; size <= Math.min(candidates.length, most); size++)
    for (const chosen of subsets(candidates, size, settings.maxCombinations)) {
      const answer = tests.ask(memory, x, y, chosen, rest, () => space.set(chosen).union(base).list())
      const { dependent } = now(answer) ? answer : await answer
      if (dependent) continue
      const separating = [...chosen, ...rest]
      const key = keyOf(separating)
      if (found.keys.has(key)) continue
      found.keys.add(key)
      for (const node of separating) found.having.set(node, (found.having.get(node) ?? 0) + 1)
    }
}

/** Of sets of one size that separate x and y (now): keeps those of their subsets that are weakly minimal. */
export async function keepMinimal(
  run: Run,
  x: NodeCode,
  y: NodeCode,
  given: readonly OrderedSet[],
  ancestors: OrderedSet,
): Promise<void> {
  const { memory } = run
  let sets = given
  for (;;) {
    const minimal = sets.filter((set) => set.size <= 1 || set.isSubsetOf(ancestors))
    for (const set of minimal) memory.separate(x, y, set, true)
    if (minimal.length > 0) return
    const smaller = new Map<string, OrderedSet>()
    let any = false
    for (const set of sets) {
      const less = await withoutOne(run, x, y, set, ancestors)
      if (less.length === 0) {
        memory.separate(x, y, set, true)
        any = true
      }
      if (!any) for (const each of goOnWith(less)) smaller.set(keyOf(each.list()), each)
    }
    if (any) return
    sets = frozenOrder(run.space, [...smaller.values()])
  }
}

interface Less {
  readonly nodes: OrderedSet
  readonly value: number
}

/** The sets that still separate without one node that is no ancestor, in the order of the tests. */
async function withoutOne(run: Run, x: NodeCode, y: NodeCode, set: OrderedSet, ancestors: OrderedSet): Promise<Less[]> {
  const less: Less[] = []
  for (const node of set.difference(ancestors).list()) {
    const rest = set.list().filter((other) => other !== node)
    const answer = run.tests.ask(run.memory, x, y, rest, [], () => rest)
    const { dependent, value } = now(answer) ? answer : await answer
    if (!dependent) less.push({ nodes: run.space.set(rest), value })
  }
  return less
}

/**
 * With which of the smaller sets the search goes on: as in the reference, the one with the least value, and from the largest on
 * as many as follow the first test with equal values.
 */
function goOnWith(less: readonly Less[]): OrderedSet[] {
  const sorted = [...less].sort((a, b) => b.value - a.value)
  let same = 1
  while (same < less.length && less[same]!.value === less[0]!.value) same++
  return [...sorted.slice(-1), ...sorted.slice(0, same - 1)].map(({ nodes }) => nodes)
}
