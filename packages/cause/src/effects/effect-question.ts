/** A question about an effect as people ask it: nodes by name, hidden variables by name, graphs in any nesting. */
import { InputError, nearest } from '@ecotope/core'
import { type DiscoveryJson, LinkGraph } from '../discovery/graph.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { linkGraphOf, type Nested } from './links.ts'
import type { MemberOptions } from './members.ts'
import { type NodeLike, toNode } from './node-name.ts'

export interface EffectQuestion extends MemberOptions {
  /** Causes, such as `nino34@-2`. */
  readonly from: readonly NodeLike[]
  readonly to: readonly NodeLike[]
  /** Nodes that the effect is conditional on. */
  readonly condition?: readonly NodeLike[]
  /** Variables of the graph that were not observed, by name or number. */
  readonly hidden?: readonly (string | number)[]
  /** See `IdentifyOptions`. */
  readonly ancestral?: boolean
}

/** The same with numbers. */
export interface Question extends MemberOptions {
  readonly graph: LinkGraph
  readonly names: readonly string[]
  readonly from: readonly Node[]
  readonly to: readonly Node[]
  readonly condition: readonly Node[]
  readonly hidden: readonly number[]
  readonly ancestral?: boolean
}

/** Throws `InputError`: BadGraph, BadVariables, VectorVariables, UnknownVariable, BadLag. */
export function ask(
  { names, vectors }: Pick<TimeSeries, 'names' | 'vectors'>,
  graph: LinkGraph | Nested<string>,
  { from, to, condition = [], hidden = [], ancestral, unoriented }: EffectQuestion,
): Question {
  if (vectors !== undefined)
    throw new InputError('VectorVariables', 'effects of variables that are vectors are not single numbers', {
      hint: 'Make each component a variable of the graph.',
    })
  const links = linkGraphOf(graph)
  if (links.variables !== names.length)
    throw new InputError(
      'BadVariables',
      `the graph has ${links.variables} variables, the series have ${names.length}`,
      {
        hint: 'Give the graph and the series the same variables in the same order.',
      },
    )
  const numbers = (nodes: readonly NodeLike[]): Node[] => nodes.map((node) => toNode(node, names))
  return {
    graph: links,
    names,
    from: numbers(from),
    to: numbers(to),
    condition: numbers(condition),
    hidden: hidden.map((variable) => (typeof variable === 'number' ? variable : numberOf(variable, names))),
    ...(ancestral !== undefined && { ancestral }),
    ...(unoriented !== undefined && { unoriented }),
  }
}

function numberOf(name: string, names: readonly string[]): number {
  const at = names.indexOf(name)
  if (at >= 0) return at
  const near = nearest(name, names)
  throw new InputError('UnknownVariable', `the series have no variable ${name}`, {
    hint: near ? `Did you mean ${near}?` : `Variables are ${names.join(', ')}.`,
  })
}

/**
 * The graph of a file with its variables in the order of the series. Variables of the series that the graph lacks have no
 * links. Throws `InputError`: BadGraph; UnknownVariable where the graph has a variable that the series lack.
 */
export function graphFor(
  { names }: Pick<TimeSeries, 'names'>,
  { variables, graph }: Pick<DiscoveryJson, 'variables' | 'graph'>,
): LinkGraph {
  const links = linkGraphOf(graph)
  if (links.variables !== variables.length)
    throw new InputError('BadGraph', `the graph has ${links.variables} rows for ${variables.length} variables`)
  const places = variables.map((name) => numberOf(name, names))
  const out = new LinkGraph(names.length, links.tauMax)
  for (const [i, from] of places.entries())
    for (const [j, to] of places.entries())
      for (let tau = 0; tau <= links.tauMax; tau++) out.set(from, to, tau, links.get(i, j, tau))
  return out
}
