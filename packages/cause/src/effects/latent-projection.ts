/** Latent projection (Pearl 2009; Verma and Pearl 1990): what is not observed leaves arrows and common causes behind. */
import { type Adjacency, AdjacencyBuilder, type NodeIndex } from './adjacency.ts'
import type { StationaryLinks } from './links.ts'

/** How many times `tauMax` a path of the past may reach back before it is left out. */
const REACH = 10

interface Unrolled {
  readonly count: number
  parents(node: number): readonly number[]
  spouses(node: number): readonly number[]
}

/**
 * A graph of links at lags on nodes of the last `tauMax` steps. Hidden are the given nodes and, for common causes, all that
 * is earlier. Nodes are numbered variable * (tauMax + 1) + steps back, as are those given.
 */
export function projectStationary(links: StationaryLinks, tauMax: number, hidden: ReadonlySet<NodeIndex>): Adjacency {
  const span = REACH * tauMax + 1
  const wide = unroll(links, span)
  const near = tauMax + 1
  const toWide = (node: NodeIndex): number => Math.floor(node / near) * span + (node % near)
  const toNear = (node: number): NodeIndex => Math.floor(node / span) * near + (node % span)
  const inside = (node: number): boolean => node % span <= tauMax
  const named = new Set([...hidden].map(toWide))
  const observed = Array.from({ length: links.variables * near }, (_, node) => node).filter((node) => !hidden.has(node))
  const builder = new AdjacencyBuilder(links.variables * near)
  const isArrowHidden = (node: number): boolean => named.has(node)
  for (const node of observed)
    for (const end of reached(wide, toWide(node), isArrowHidden).ends) if (inside(end)) builder.arrow(toNear(end), node)
  const isHidden = (node: number): boolean => !inside(node) || named.has(node)
  confound(wide, observed, toWide, isHidden, builder)
  return builder.adjacency()
}

/** The same for a graph of nodes in time, of which some are hidden. */
export function projectTimes({ parents, spouses }: Adjacency, hidden: ReadonlySet<NodeIndex>): Adjacency {
  const graph: Unrolled = {
    count: parents.length,
    parents: (node) => parents[node]!,
    spouses: (node) => spouses[node]!,
  }
  const builder = new AdjacencyBuilder(parents.length)
  const observed = parents.map((_, node) => node).filter((node) => !hidden.has(node))
  const isHidden = (node: number): boolean => hidden.has(node)
  for (const node of observed) for (const end of reached(graph, node, isHidden).ends) builder.arrow(end, node)
  confound(graph, observed, (node) => node, isHidden, builder)
  return builder.adjacency()
}

function unroll({ variables, arrows, confounded }: StationaryLinks, span: number): Unrolled {
  const into = Array.from({ length: variables }, (_, j) =>
    arrows.filter(({ to }) => to === j).map(({ from, lag }) => ({ other: from, lag })),
  )
  const beside = Array.from({ length: variables }, (_, j) => [
    ...confounded.filter(({ to }) => to === j).map(({ from, lag }) => ({ other: from, lag })),
    ...confounded.filter(({ from }) => from === j).map(({ to, lag }) => ({ other: to, lag: -lag })),
  ])
  const shifted = (node: number, links: readonly { readonly other: number; readonly lag: number }[]): number[] => {
    const back = node % span
    const out: number[] = []
    for (const { other, lag } of links) if (back + lag >= 0 && back + lag < span) out.push(other * span + back + lag)
    return out
  }
  const known: (readonly number[])[] = []
  return {
    count: variables * span,
    parents(node) {
      known[node] ??= shifted(node, into[Math.floor(node / span)]!)
      return known[node]
    },
    spouses: confounded.length === 0 ? () => [] : (node) => shifted(node, beside[Math.floor(node / span)]!),
  }
}

/** Ancestors of a node along hidden nodes: the hidden ones, and those that end such paths. */
function reached(
  graph: Unrolled,
  node: number,
  isHidden: (node: number) => boolean,
): { readonly through: Set<number>; readonly ends: Set<number> } {
  const through = new Set<number>()
  const ends = new Set<number>()
  const open = [node]
  while (open.length > 0)
    for (const parent of graph.parents(open.pop()!)) {
      if (!isHidden(parent)) ends.add(parent)
      else if (!through.has(parent)) {
        through.add(parent)
        open.push(parent)
      }
    }
  return { through, ends }
}

/**
 * Two nodes have a hidden common cause where a path without colliders joins them that has arrowheads at both and only hidden
 * nodes between: a common hidden ancestor, or ancestors (or the nodes themselves) that are confounded.
 */
function confound(
  graph: Unrolled,
  observed: readonly NodeIndex[],
  toWide: (node: NodeIndex) => number,
  isHidden: (node: number) => boolean,
  builder: AdjacencyBuilder,
): void {
  const words = Math.ceil(graph.count / 32)
  const bits = (nodes: Iterable<number>): Int32Array => {
    const out = new Int32Array(words)
    for (const node of nodes) out[node >> 5] = out[node >> 5]! | (1 << (node & 31))
    return out
  }
  const sides = observed.flatMap((node) => {
    const own = toWide(node)
    const { through } = reached(graph, own, isHidden)
    const near = [own, ...through]
    const far = [...through, ...near.flatMap((each) => graph.spouses(each))]
    return far.length === 0 ? [] : [{ node, near: bits(near), far: bits(far) }]
  })
  for (let a = 0; a < sides.length; a++)
    for (let b = a + 1; b < sides.length; b++)
      if (meets(sides[a]!.far, sides[b]!.near)) builder.confound(sides[a]!.node, sides[b]!.node)
}

function meets(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i]! & b[i]!) !== 0) return true
  return false
}
