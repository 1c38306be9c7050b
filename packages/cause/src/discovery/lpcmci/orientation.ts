/** Rules applied until nothing follows any more (algorithm S4 of Gerhardus and Runge 2020); contradictions are marked. */
import { HashList, pushIntegers } from './hashing.ts'
import {
  ABSENT,
  CONFLICT,
  EMPTY,
  farOf,
  HEAD,
  type MarkedLink,
  middleOf,
  nearOf,
  TAIL,
  UNCLEAR,
  withFar,
  withMiddle,
  withNear,
} from './marks.ts'
import type { Memory } from './memory.ts'
import { ancestorsOf } from './neighbourhoods.ts'
import { frozenOrder } from './node-space.ts'
import type { Claim } from './rule.ts'
import { RULES, type RuleName } from './rules.ts'
import type { Run } from './run.ts'
import { OrderedSet } from './set-order.ts'
import { keepMinimal } from './votes.ts'

/** New knowledge: for each variable nodes that are, and that are not, its ancestors. */
export interface AncestryNews {
  readonly ancestors: readonly OrderedSet[]
  readonly nonAncestors: readonly OrderedSet[]
}

type Place = Pick<Claim, 'i' | 'back' | 'j'>

/** What the claims of one round come to. */
interface Round {
  readonly remove: readonly Place[]
  readonly fix: readonly Place[]
  readonly unclear: readonly Place[]
  readonly news: AncestryNews
}

/** Tries the rules in turn, from the first again after each that changed something. Returns whether any did. */
export async function orient(run: Run, names: readonly RuleName[], laggedOnly: boolean): Promise<boolean> {
  let any = false
  for (let turn = 0; turn < names.length; ) {
    if (turn === 0) run.memory.renewPaths()
    const round = weigh(run, await RULES[names[turn]!](run, laggedOnly))
    const changed = applyRound(run, round)
    for (const place of round.remove) await minimise(run, place)
    any ||= changed
    turn = changed ? 0 : turn + 1
  }
  return any
}

/** Sets of places in the order of the reference. */
function placeSets(): { readonly list: Place[]; make(): { add(place: Place): void; readonly set: OrderedSet } } {
  const hashes = new HashList()
  const list: Place[] = []
  const known = new Map<string, number>()
  const element = (place: Place): number => {
    const key = `${place.i},${place.back},${place.j}`
    const at = known.get(key)
    if (at !== undefined) return at
    known.set(key, list.length)
    list.push(place)
    return pushIntegers(hashes, [place.i, place.j, 0 - place.back])
  }
  return {
    list,
    make: () => {
      const set = new OrderedSet(hashes)
      return { set, add: (place) => void set.add(element(place)) }
    },
  }
}

function weigh(run: Run, claims: readonly Claim[]): Round {
  const { graph } = run.memory
  const places = placeSets()
  const [remove, fix] = [places.make(), places.make()]
  const news = { ancestors: run.space.setsPerVariable(), nonAncestors: run.space.setsPerVariable() }
  for (const each of claims) {
    const old = graph.linkOf(each.i, each.j, each.back)
    if (each.link === ABSENT) {
      if (old !== ABSENT) remove.add(each)
      continue
    }
    if (middleOf(each.link) === EMPTY && middleOf(old) !== EMPTY) fix.add(each)
    addNews(run, news, each, old)
  }
  const both = fix.set.intersection(remove.set)
  const found = (set: OrderedSet): Place[] => set.list().map((at) => places.list[at]!)
  return {
    remove: found(remove.set.difference(both)),
    fix: found(fix.set.difference(both)),
    unclear: found(both),
    news,
  }
}

function addNews({ space }: Run, news: AncestryNews, { i, back, j, link }: Claim, old: MarkedLink): void {
  const add = (mark: number, before: number, of: number, code: number): void => {
    if (mark === before) return
    if (mark === TAIL) news.ancestors[of]!.add(code)
    else if (mark === HEAD) news.nonAncestors[of]!.add(code)
  }
  add(nearOf(link), nearOf(old), j, space.code(i, back))
  if (back === 0) add(farOf(link), farOf(old), i, space.code(j, 0))
}

/** Whether something useful changed: a link went, is proven now, or has a new head or tail. */
function applyRound({ memory }: Run, { remove, fix, unclear, news }: Round): boolean {
  const { graph } = memory
  const remark = ({ i, back, j }: Place, middle: number): void =>
    graph.putAt(i, back, j, withMiddle(graph.linkOf(i, j, back), middle))
  for (const { i, back, j } of remove) graph.putAt(i, back, j, ABSENT)
  for (const place of fix) remark(place, EMPTY)
  for (const place of unclear) remark(place, UNCLEAR)
  // As in the reference, ancestors wait where links changed: the rules say them again in the next round.
  return remove.length > 0 || fix.length > 0 || learn(memory, news)
}

/** Takes new ancestors in; what contradicts is ambiguous from then on. Returns whether a link has a new head or tail. */
export function learn(memory: Memory, { ancestors, nonAncestors }: AncestryNews): boolean {
  const { space } = memory
  const [certain, certainNot, conflict] = [space.setsPerVariable(), space.setsPerVariable(), space.setsPerVariable()]
  // Who is an ancestor is no descendant; with a lag that is clear anyway.
  for (const [j, set] of ancestors.entries())
    for (const code of set.list())
      if (space.back[code] === 0) nonAncestors[space.variable[code]!]!.add(space.code(j, 0))
  for (const [j, set] of nonAncestors.entries())
    for (const code of set.list()) {
      if (memory.ambiguous[j]!.has(code)) continue
      const contradicted = memory.ancestors[j]!.has(code) || ancestors[j]!.has(code)
      ;(contradicted ? conflict : certainNot)[j]!.add(code)
    }
  for (const [j, set] of ancestors.entries())
    for (const code of set.list()) {
      if (memory.ambiguous[j]!.has(code)) continue
      if (space.back[code] === 0 && memory.ambiguous[space.variable[code]!]!.has(space.code(j, 0))) continue
      const contradicted = memory.nonAncestors[j]!.has(code) || nonAncestors[j]!.has(code)
      ;(contradicted ? conflict : certain)[j]!.add(code)
    }
  for (const [j, set] of conflict.entries()) for (const code of set.list()) doubt(memory, code, j)
  let any = false
  for (let j = 0; j < space.variables; j++) {
    for (const code of certainNot[j]!.list()) if (putHead(memory, code, j)) any = true
    for (const code of certain[j]!.list()) if (putTail(memory, code, j)) any = true
  }
  return any
}

/** Nothing more is known of whether the node is an ancestor of variable j now. */
function doubt(memory: Memory, code: number, j: number): void {
  const { graph, space } = memory
  const now = space.code(j, 0)
  const link = graph.link(code, now)
  if (link !== ABSENT && nearOf(link) !== CONFLICT) graph.put(code, now, withNear(link, CONFLICT))
  memory.ancestors[j]!.delete(code)
  memory.nonAncestors[j]!.delete(code)
  if (space.back[code] === 0) memory.ancestors[space.variable[code]!]!.delete(now)
  memory.ambiguous[j]!.add(code)
}

function putHead({ graph, space, nonAncestors }: Memory, code: number, j: number): boolean {
  nonAncestors[j]!.add(code)
  const link = graph.link(code, space.code(j, 0))
  if (link === ABSENT || nearOf(link) === HEAD) return false
  graph.put(code, space.code(j, 0), withNear(link, HEAD))
  return true
}

function putTail({ graph, space, ancestors, nonAncestors }: Memory, code: number, j: number): boolean {
  const now = space.code(j, 0)
  ancestors[j]!.add(code)
  if (space.back[code] === 0) nonAncestors[space.variable[code]!]!.add(now)
  const link = graph.link(code, now)
  if (link === ABSENT || (nearOf(link) === TAIL && farOf(link) === HEAD)) return false
  graph.put(code, now, withNear(withFar(link, HEAD), TAIL))
  return true
}

/** Of the sets that separate the ends of a link that a rule removed, keeps the smallest, made weakly minimal. */
async function minimise(run: Run, { i, back, j }: Place): Promise<void> {
  const { memory, space } = run
  const [x, y] = [space.code(i, back), space.code(j, 0)]
  const ancestors = ancestorsOf(memory, [x, y]).difference(space.set([x, y]))
  const all = frozenOrder(
    space,
    memory.separations(x, y).map(({ nodes }) => nodes),
  )
  const least = Math.min(...all.map(({ size }) => size))
  memory.unseparate(x, y)
  const smallest = all.filter(({ size }) => size === least)
  await keepMinimal(run, x, y, frozenOrder(space, smallest), ancestors)
}
