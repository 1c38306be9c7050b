/**
 * Sets of nodes around a pair: parents, possible ancestors, and what else may separate them. Supplement S2 and S3 of Gerhardus
 * and Runge (2020) define apds_t and napds_t.
 */
import type { NodeCode } from '../assumptions.ts'
import { ABSENT, CIRCLE, farOf, HEAD, nearOf, TAIL } from './marks.ts'
import type { Memory } from './memory.ts'
import type { TupleSpace } from './node-space.ts'
import type { LpcmciSettings } from './options.ts'
import type { OrderedSet } from './set-order.ts'

/** Conditions of a test: those that are always taken, and those of which subsets are tried. */
export interface ConditionSets {
  readonly base: OrderedSet
  readonly candidates: OrderedSet
}

/** Nodes with a link to a, not after it and within the window, whose link passes. */
function pastOf(memory: Memory, a: NodeCode, keep: (near: number, code: NodeCode) => boolean): OrderedSet {
  const { space } = memory
  const [v, back] = [space.variable[a]!, space.back[a]!]
  const { variables, steps, links } = memory.graph.past(v)
  const set = space.set()
  for (let at = 0; at < links.length; at++) {
    const lag = back - steps[at]!
    if (lag > space.tauMax) continue
    const code = space.code(variables[at]!, lag)
    if (keep(nearOf(links[at]!), code)) set.add(code)
  }
  return set
}

const isTail = (near: number): boolean => near === TAIL

/** Known parents of both nodes; with `parentsOfLagged` off those of the later one only. */
export function parents(memory: Memory, settings: LpcmciSettings, a: NodeCode, b: NodeCode): OrderedSet {
  const { back } = memory.space
  if (settings.parentsOfLagged || back[a] === back[b]) return pastOf(memory, a, isTail).union(pastOf(memory, b, isTail))
  return pastOf(memory, back[a]! > back[b]! ? b : a, isTail)
}

/** apds_t(a, b): neighbours of a that may be its ancestors, without b. */
export const possibleAncestors = (memory: Memory, a: NodeCode, b: NodeCode): OrderedSet =>
  pastOf(memory, a, (near, code) => near !== HEAD && code !== b)

/** Neighbours of a that are not after it. */
export const pastNeighbours = (memory: Memory, a: NodeCode): OrderedSet => pastOf(memory, a, () => true)

/** Known ancestors of the nodes, within the window. */
export function ancestorsOf(memory: Memory, nodes: readonly NodeCode[]): OrderedSet {
  const { space } = memory
  let all = space.set()
  for (const node of nodes) {
    const back = space.back[node]!
    const own = memory.ancestors[space.variable[node]!]!.list()
    all = all.union(
      space.set(own.map((code) => code + back).filter((_, at) => space.back[own[at]!]! + back <= space.tauMax)),
    )
  }
  return all
}

/** Conditions of tests of a and b in the ancestral phases. */
export function ancestralSets(memory: Memory, settings: LpcmciSettings, a: NodeCode, b: NodeCode): ConditionSets {
  const all = possibleAncestors(memory, a, b)
  const base = parents(memory, settings, a, b).difference(memory.space.set([a, b]))
  return { base, candidates: all.difference(base) }
}

/** Conditions of tests of a and b in the non-ancestral phase. */
export function nonAncestralSets(
  memory: Memory,
  settings: LpcmciSettings,
  pairs: TupleSpace,
  a: NodeCode,
  b: NodeCode,
): ConditionSets {
  const all = nonAncestralCandidates(memory, pairs, a, b)
  const base = all
    .intersection(ancestorsOf(memory, [a, b]))
    .union(parents(memory, settings, a, b))
    .difference(memory.space.set([a, b]))
  return { base, candidates: all.difference(base) }
}

/** Whether a is known to be (not to be) an ancestor of b, by the sets given. */
function known(memory: Memory, sets: readonly OrderedSet[], a: NodeCode, b: NodeCode): boolean {
  const { space } = memory
  const back = space.back[a]! - space.back[b]!
  return back >= 0 && sets[space.variable[b]!]!.has(space.code(space.variable[a]!, back))
}

/** napds_t(a, b). Kept until links go. */
function nonAncestralCandidates(memory: Memory, pairs: TupleSpace, a: NodeCode, b: NodeCode): OrderedSet {
  const { space } = memory
  const key = a * space.size + b
  const kept = memory.candidates.get(key)
  if (kept) return kept
  const near = pastOf(
    memory,
    a,
    (mark, code) => mark !== HEAD && code !== b && !known(memory, memory.ancestors, b, code),
  )
  const set = near.union(alongPaths(memory, pairs, a, b)).difference(space.set([a, b]))
  memory.candidates.set(key, set)
  return set
}

/** Neighbours of a from which paths that could connect it with b may start. */
function pathStarts(memory: Memory, a: NodeCode, b: NodeCode): OrderedSet {
  const { space } = memory
  const back = space.back[a]!
  const { variables, steps, links } = memory.everywhere[space.variable[a]!]!
  const starts = space.set()
  for (let at = 0; at < links.length; at++) {
    const lag = back - steps[at]!
    if (lag > space.tauMax || lag < space.back[b]!) continue
    const code = space.code(variables[at]!, lag)
    const link = links[at]!
    if (code === b || nearOf(link) === TAIL || farOf(link) === TAIL) continue
    if (!known(memory, memory.nonAncestors, code, b)) starts.add(code)
  }
  return starts
}

/** Nodes on paths from a that could be open given ancestors of a and b: breadth first over pairs (node, node before it). */
function alongPaths(memory: Memory, pairs: TupleSpace, a: NodeCode, b: NodeCode): OrderedSet {
  const { space } = memory
  const visited = pairs.set()
  let front = pairs.set()
  for (const start of pathStarts(memory, a, b).list()) front.add(pairs.element(start, a))
  while (front.size > 0) {
    const next = pairs.set()
    for (const pair of front.list()) {
      visited.add(pair)
      const [node, before] = pairs.members[pair] as readonly [NodeCode, NodeCode]
      const { variables, steps } = memory.everywhere[space.variable[node]!]!
      for (let at = 0; at < steps.length; at++) {
        const lag = space.back[node]! - steps[at]!
        if (lag < 0 || lag > space.tauMax) continue
        const code = space.code(variables[at]!, lag)
        if (code === before || code === a || code === b) continue
        const step = pairs.element(code, node)
        if (!visited.has(step) && passes(memory, code, node, before, a, b)) next.add(step)
      }
    }
    front = next
  }
  const nodes = space.set()
  for (const pair of visited.list()) nodes.add(pairs.members[pair]![0]!)
  return nodes
}

/** Whether the path ... before - node - code may go on: node may be a collider on it, and code may be an ancestor of a or b. */
function passes(memory: Memory, code: NodeCode, node: NodeCode, before: NodeCode, a: NodeCode, b: NodeCode): boolean {
  const { graph, space } = memory
  const [to, from] = [farOf(graph.link(code, node)), farOf(graph.link(before, node))]
  if (to === TAIL || from === TAIL) return false
  if ((to === CIRCLE || from === CIRCLE) && graph.link(code, before) === ABSENT) return false
  if (known(memory, memory.ancestors, a, code) || known(memory, memory.ancestors, b, code)) return false
  const cannotReach = (end: NodeCode): boolean =>
    space.back[code]! < space.back[end]! || known(memory, memory.nonAncestors, code, end)
  return !(cannotReach(a) && cannotReach(b))
}

/** Candidates with the largest values so far first; not yet tested ones before all, equal ones by number. */
export function strongestFirst(memory: Memory, candidates: OrderedSet, reference: NodeCode): NodeCode[] {
  const { space } = memory
  const strength = (code: NodeCode): number => {
    const value = Math.abs(memory.values[memory.pairAt(code, reference)]!)
    return memory.values[memory.pairAt(code, reference)] === Number.NEGATIVE_INFINITY ? 0 : value
  }
  return candidates
    .list()
    .map((code) => ({ code, strength: strength(code) }))
    .sort(
      (p, q) =>
        q.strength - p.strength ||
        space.variable[q.code]! - space.variable[p.code]! ||
        space.back[p.code]! - space.back[q.code]!,
    )
    .map(({ code }) => code)
}
