/** Walks in causal graphs: ancestors, descendants, mediators, and paths that are open given conditions. */
import type { Adjacency, NodeIndex } from './adjacency.ts'

type Nodes = Iterable<NodeIndex>

function closure(nodes: Nodes, next: readonly (readonly NodeIndex[])[]): Set<NodeIndex> {
  const found = new Set(nodes)
  const open = [...found]
  while (open.length > 0)
    for (const node of next[open.pop()!]!)
      if (!found.has(node)) {
        found.add(node)
        open.push(node)
      }
  return found
}

/** The nodes themselves included. */
export const ancestors = (graph: Adjacency, nodes: Nodes): Set<NodeIndex> => closure(nodes, graph.parents)

/** The nodes themselves included. */
export const descendants = (graph: Adjacency, nodes: Nodes): Set<NodeIndex> => closure(nodes, graph.children)

/** The nodes and their neighbours of one kind. */
export function withNeighbours(nodes: Nodes, neighbours: readonly (readonly NodeIndex[])[]): Set<NodeIndex> {
  const own = [...nodes]
  return new Set([...own, ...own.flatMap((node) => [...neighbours[node]!])])
}

/** Inner nodes of proper causal paths (which leave `from` at once and for good) to `to`. */
export function mediators(graph: Adjacency, from: ReadonlySet<NodeIndex>, to: ReadonlySet<NodeIndex>): Set<NodeIndex> {
  const below = descendants(graph, from)
  const found = new Set<NodeIndex>()
  const open = [...to]
  while (open.length > 0)
    for (const parent of graph.parents[open.pop()!]!) {
      if (!below.has(parent) || found.has(parent) || from.has(parent) || to.has(parent)) continue
      found.add(parent)
      open.push(parent)
    }
  return found
}

export interface OpenPathOptions {
  readonly conditions?: Nodes
  /** Only paths whose last link has an arrowhead at its end. */
  readonly arrowheadAtEnd?: boolean
  /** Children of the start by which no path may leave (the first nodes of causal paths). */
  readonly notInto?: ReadonlySet<NodeIndex>
}

/** A step of a path and how it was taken: `-->`, `<--` or `<->`. */
export interface Step {
  readonly link: string
  readonly node: NodeIndex
}

/** The first node, and the steps from there. */
export interface Path {
  readonly start: NodeIndex
  readonly steps: readonly Step[]
}

interface Visit {
  readonly node: NodeIndex
  /** Whether the path came in by an arrowhead. */
  readonly head: boolean
  readonly link: string
  readonly before: Visit | NodeIndex
}

/**
 * A shortest path from `from` to `to` that is open given the conditions (m-connection, Richardson 2003), which does not come
 * back to `from`; undefined where there is none. Colliders are open where they are conditions themselves: walks go to
 * conditions below colliders and return.
 */
export function openPath(
  graph: Adjacency,
  from: ReadonlySet<NodeIndex>,
  to: ReadonlySet<NodeIndex>,
  { conditions = [], arrowheadAtEnd = false, notInto }: OpenPathOptions = {},
): Path | undefined {
  const given = new Set(conditions)
  const seen = new Uint8Array(2 * graph.parents.length)
  const queue: Visit[] = []
  const go = (node: NodeIndex, head: boolean, link: string, before: Visit | NodeIndex): void => {
    const state = 2 * node + (head ? 1 : 0)
    if (from.has(node) || seen[state] === 1) return
    seen[state] = 1
    queue.push({ node, head, link, before })
  }
  const leave = (node: NodeIndex, arrowhead: boolean, tail: boolean, before: Visit | NodeIndex): void => {
    if (arrowhead) for (const parent of graph.parents[node]!) go(parent, false, '<--', before)
    if (tail)
      for (const child of graph.children[node]!)
        if (before !== node || !notInto?.has(child)) go(child, true, '-->', before)
    if (arrowhead) for (const spouse of graph.spouses[node]!) go(spouse, true, '<->', before)
  }
  for (const node of from) leave(node, true, true, node)
  for (let at = 0; at < queue.length; at++) {
    const visit = queue[at]!
    if (to.has(visit.node)) {
      if (visit.head || !arrowheadAtEnd) return pathTo(visit)
      continue
    }
    const fixed = given.has(visit.node)
    leave(visit.node, visit.head === fixed, !fixed, visit)
  }
  return undefined
}

function pathTo(last: Visit): Path {
  const steps: Step[] = []
  let at: Visit | NodeIndex = last
  while (typeof at !== 'number') {
    steps.push({ link: at.link, node: at.node })
    at = at.before
  }
  return { start: at, steps: steps.reverse() }
}

/** A shortest path of arrows, for reasons in messages. */
export function arrowPath(
  graph: Adjacency,
  from: ReadonlySet<NodeIndex>,
  to: ReadonlySet<NodeIndex>,
): Path | undefined {
  const before = new Map<NodeIndex, NodeIndex>()
  const queue = [...from]
  for (let at = 0; at < queue.length; at++)
    for (const child of graph.children[queue[at]!]!) {
      if (before.has(child) || (from.has(child) && !to.has(child))) continue
      before.set(child, queue[at]!)
      if (to.has(child)) return backwards(before, from, child)
      queue.push(child)
    }
  return undefined
}

function backwards(before: ReadonlyMap<NodeIndex, NodeIndex>, from: ReadonlySet<NodeIndex>, end: NodeIndex): Path {
  const nodes = [end]
  let at = before.get(end)!
  while (!from.has(at)) {
    nodes.push(at)
    at = before.get(at)!
  }
  return { start: at, steps: nodes.reverse().map((node) => ({ link: '-->', node })) }
}
