/** Graphs of the goldens, from lists of links. */
import { readFileSync } from 'node:fs'
import { LinkGraph } from '../../src/discovery/graph.ts'
import type { GraphKind, Nested } from '../../src/effects/links.ts'
import type { Node } from '../../src/series/series.ts'

export const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../oracles/cause/${name}`, import.meta.url), 'utf8')) as T

export type LinkRow = readonly [...number[], string]

const mirror: Record<string, string> = { '-->': '<--', '<--': '-->', '<->': '<->', '+->': '<-+', '<-+': '+->' }

/** `[i, j, tau, link]` rows as a graph of links at lags. */
export function linkGraph(variables: number, tauMax: number, links: readonly LinkRow[]): LinkGraph {
  const graph = new LinkGraph(variables, tauMax)
  for (const [i, j, tau, link] of links as readonly (readonly [number, number, number, string])[]) {
    graph.set(i, j, tau, link)
    if (tau === 0) graph.set(j, i, 0, mirror[link] ?? link)
  }
  return graph
}

/** `[i, j, lag of i, lag of j, link]` rows as a nested graph of nodes in time. */
export function timeGraph(variables: number, tauMax: number, links: readonly LinkRow[]): Nested<string> {
  const range = <T>(count: number, make: (k: number) => T): T[] => Array.from({ length: count }, (_, k) => make(k))
  const graph = range(variables, () => range(variables, () => range(tauMax + 1, () => range(tauMax + 1, () => ''))))
  for (const [i, j, a, b, link] of links as readonly (readonly [number, number, number, number, string])[]) {
    graph[i]![j]![a]![b] = link
    graph[j]![i]![b]![a] = mirror[link]!
  }
  return graph
}

export const graphOf = (kind: GraphKind, variables: number, tauMax: number, links: readonly LinkRow[]) =>
  kind.startsWith('time') ? timeGraph(variables, tauMax, links) : linkGraph(variables, tauMax, links)

export const plain = (nodes: readonly Node[]): number[][] => nodes.map(([v, lag]) => [v, lag])
