/** A graph of nodes in time with arrows and hidden common causes (an acyclic directed mixed graph), made from any kind. */
import { InputError } from '@ecotope/core'
import type { LinkGraph } from '../discovery/graph.ts'
import type { Node } from '../series/series.ts'
import { type Adjacency, AdjacencyBuilder, type NodeIndex } from './adjacency.ts'
import { projectStationary, projectTimes } from './latent-projection.ts'
import { type GraphKind, linkGraphOf, meaningOf, type Nested, stationaryLinks } from './links.ts'

/** Immutable. */
export interface CausalGraph extends Adjacency {
  readonly variables: number
  /** Steps back of the earliest nodes. */
  readonly tauMax: number
  /** Nodes that are not observed; they have no links, which their neighbours have instead. */
  readonly hidden: ReadonlySet<NodeIndex>
}

export const indexOf = ({ tauMax }: Pick<CausalGraph, 'tauMax'>, [variable, lag]: Node): NodeIndex =>
  variable * (tauMax + 1) - lag

export function nodeAt({ tauMax }: Pick<CausalGraph, 'tauMax'>, index: NodeIndex): Node {
  const back = index % (tauMax + 1)
  return [Math.floor(index / (tauMax + 1)), back === 0 ? 0 : -back]
}

export interface GraphOptions {
  readonly kind: GraphKind
  /** Steps back that stationary graphs are unrolled to; at least the largest lag of the nodes in question. */
  readonly tauMax?: number
  /** Nodes that were not observed. */
  readonly hidden?: readonly Node[]
}

/**
 * The graph of nodes in time. Stationary graphs are unrolled to `tauMax` steps (default: the graph's own) and what happened
 * before, like `hidden` nodes, is projected out (latent projection, Pearl 2009; paths up to ten times as long).
 * Throws `InputError`: BadGraph, BadLink, InconsistentLink, CyclicGraph, BadNode.
 */
export function causalGraph(graph: LinkGraph | Nested<string>, options: GraphOptions): CausalGraph {
  const made = options.kind.startsWith('time') ? timeGraph(graph as Nested<string>, options) : fromLinks(graph, options)
  checkAcyclic(made)
  return made
}

function fromLinks(graph: LinkGraph | Nested<string>, { kind, hidden = [], ...options }: GraphOptions): CausalGraph {
  const links = stationaryLinks(linkGraphOf(graph), kind)
  const stationary = kind.startsWith('stationary')
  if (!stationary && links.tauMax > 0)
    throw new InputError('BadGraph', `a graph of kind ${kind} has no lags, but this one has ${links.tauMax}`, {
      hint: `Give the kind stationary-${kind}.`,
    })
  const tauMax = stationary ? (options.tauMax ?? links.tauMax) : 0
  const own = { variables: links.variables, tauMax }
  return { ...own, ...projectStationary(links, tauMax, hiddenSet(own, hidden)), hidden: hiddenSet(own, hidden) }
}

/** Links `[i][j][lag of i][lag of j]` as they stand. */
function timeGraph(graph: Nested<string>, { kind, hidden = [] }: GraphOptions): CausalGraph {
  const links = graph as readonly (readonly (readonly (readonly string[])[])[])[]
  const variables = links.length
  const tauMax = (links[0]?.[0]?.length ?? 0) - 1
  if (tauMax < 0 || !Array.isArray(links[0]?.[0]?.[0]))
    throw new InputError('BadGraph', `a graph of kind ${kind} is nested as [i][j][lag of i][lag of j]`)
  const own = { variables, tauMax }
  const builder = new AdjacencyBuilder(variables * (tauMax + 1))
  for (const [i, row] of links.entries())
    for (const [j, cell] of row.entries())
      for (const [a, lags] of cell.entries())
        for (const [b, link] of lags.entries()) {
          if (link === '') continue
          const where = `the link [${i}][${j}][${a}][${b}]`
          const meaning = meaningOf(link, kind, where)
          const [from, to] = [indexOf(own, [i, -a]), indexOf(own, [j, -b])]
          if ((meaning.right && a < b) || (meaning.left && b < a))
            throw new InputError('BadLink', `${where} points from the present to the past`)
          if (meaning.right) builder.arrow(from, to)
          if (meaning.left) builder.arrow(to, from)
          if (meaning.confounded) builder.confound(from, to)
        }
  const set = hiddenSet(own, hidden)
  const adjacency = builder.adjacency()
  return { ...own, ...(set.size === 0 ? adjacency : projectTimes(adjacency, set)), hidden: set }
}

function hiddenSet(graph: Pick<CausalGraph, 'variables' | 'tauMax'>, hidden: readonly Node[]): Set<NodeIndex> {
  for (const node of hidden) checkNode(graph, node, 'hidden')
  return new Set(hidden.map((node) => indexOf(graph, node)))
}

/** Throws `InputError` BadNode where the graph has no such node. */
export function checkNode(
  { variables, tauMax }: Pick<CausalGraph, 'variables' | 'tauMax'>,
  [variable, lag]: Node,
  role: string,
): void {
  const inside = Number.isInteger(variable) && variable >= 0 && variable < variables
  if (inside && Number.isInteger(lag) && lag <= 0 && -lag <= tauMax) return
  throw new InputError('BadNode', `${role}: the graph has no node [${variable}, ${lag}]`, {
    hint: `Variables are 0 to ${variables - 1} and lags ${-tauMax} to 0.`,
    data: { node: [variable, lag] },
  })
}

/** Parents before children. Throws `InputError` CyclicGraph. */
export function topologicalOrder({ parents, children, ...graph }: CausalGraph): NodeIndex[] {
  const open = parents.map((list) => list.length)
  const order = open.flatMap((count, node) => (count === 0 ? [node] : []))
  for (let at = 0; at < order.length; at++)
    for (const child of children[order[at]!]!) if (--open[child]! === 0) order.push(child)
  if (order.length === parents.length) return order
  const node = open.findIndex((count) => count > 0)
  throw new InputError('CyclicGraph', `the arrows through [${nodeAt(graph, node)}] run in a circle`, {
    hint: 'Effects are defined for graphs without circles of arrows at the same time step: turn or drop one of them.',
    data: { node: nodeAt(graph, node) },
  })
}

const checkAcyclic = (graph: CausalGraph): void => void topologicalOrder(graph)
