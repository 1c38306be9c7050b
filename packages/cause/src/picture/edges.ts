/** Links of a graph gathered into edges to draw: one per pair, direction and kind, with its lags by strength. */

import type { Discovery } from '../discovery/graph.ts'
import { type Link, reversed } from '../discovery/graph.ts'

/** What pictures need of a search. */
export type Drawable = Pick<Discovery, 'variables' | 'tauMax' | 'graph' | 'values'> &
  Partial<Pick<Discovery, 'method' | 'test'>>

export interface Edge {
  readonly from: number
  readonly to: number
  readonly link: Link
  /** The strongest first. */
  readonly lags: readonly number[]
  /** Of the strongest lag. */
  readonly value: number
}

/** Edges between different variables; contemporaneous ones once, from the lower to the higher index or along the arrow. */
export function edgesOf({ variables, tauMax, graph, values }: Drawable): Edge[] {
  const groups = new Map<string, { from: number; to: number; link: Link; found: { tau: number; value: number }[] }>()
  const add = (from: number, to: number, tau: number, link: Link, value: number): void => {
    const key = `${from},${to},${tau === 0 ? 0 : 1},${link}`
    const group = groups.get(key) ?? { from, to, link, found: [] }
    group.found.push({ tau, value })
    groups.set(key, group)
  }
  for (let i = 0; i < variables.length; i++)
    for (let j = 0; j < variables.length; j++)
      for (let tau = i < j ? 0 : 1; tau <= tauMax; tau++) {
        const link = graph.get(i, j, tau)
        if (link === '' || i === j) continue
        if (tau === 0 && link.startsWith('<') && !link.endsWith('>')) add(j, i, 0, reversed(link), values.get(i, j, 0))
        else add(i, j, tau, link, values.get(i, j, tau))
      }
  return [...groups.values()].map(({ from, to, link, found }) => {
    const sorted = found.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value))
    return { from, to, link, lags: sorted.map(({ tau }) => tau), value: sorted[0]!.value }
  })
}

/** Strongest link of a variable to itself; 0 where there is none. */
export function ownStrength({ tauMax, graph, values }: Drawable, i: number): number {
  let best = 0
  for (let tau = 1; tau <= tauMax; tau++) {
    const value = values.get(i, i, tau)
    if (graph.get(i, i, tau) !== '' && Math.abs(value) > Math.abs(best)) best = value
  }
  return best
}

export function strongest({ variables, tauMax, graph, values }: Drawable): number {
  let most = 0
  for (let i = 0; i < variables.length; i++)
    for (let j = 0; j < variables.length; j++)
      for (let tau = 0; tau <= tauMax; tau++)
        if (graph.get(i, j, tau) !== '') most = Math.max(most, Math.abs(values.get(i, j, tau)))
  return most
}
