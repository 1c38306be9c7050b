/** What is made of the matrices of values and p-values: corrected p-values, a graph, links without lag alike from both ends. */

import { benjaminiHochberg } from '../statistics/false-discovery.ts'
import { type AssumedLinks, backOf, codeOf, mayPointToTarget, type NodeCoding, variableOf } from './assumptions.ts'
import { LinkGraph } from './graph.ts'
import type { LagArray } from './lag-array.ts'

/** Places that take part in a correction: `[i, j, tau]`. */
export type Included = (i: number, j: number, tau: number) => boolean

/** Those of links that were tested; of links without lag only where these are to be corrected too. */
export function testedLinks(links: AssumedLinks, coding: NodeCoding, contemporaneous: boolean): Included {
  return (i, j, tau) => {
    if (tau === 0 && (i === j || !contemporaneous)) return false
    const link = links[j]!.get(codeOf(coding, i, tau))
    return link !== undefined && mayPointToTarget(link)
  }
}

/** P-values corrected for a false discovery rate; others stay as they are. Benjamini and Hochberg (1995). */
export function correctedPValues(pValues: LagArray, included: Included): LagArray {
  const { variables, tauMax, data } = pValues
  const places: number[] = []
  let at = 0
  for (let i = 0; i < variables; i++)
    for (let j = 0; j < variables; j++)
      for (let tau = 0; tau <= tauMax; tau++, at++) if (included(i, j, tau)) places.push(at)
  const found = benjaminiHochberg(places.map((place) => data[place]!))
  const corrected = pValues.copy()
  for (const [k, place] of places.entries()) corrected.data[place] = found[k]!
  return corrected
}

/** Lagged links point forward; one without lag is `o-o` where it was found from both ends, else directed. */
export function graphOf(variables: number, tauMax: number, found: Included): LinkGraph {
  const graph = new LinkGraph(variables, tauMax)
  for (let i = 0; i < variables; i++)
    for (let j = 0; j < variables; j++) {
      for (let tau = 1; tau <= tauMax; tau++) if (found(i, j, tau)) graph.set(i, j, tau, '-->')
      if (!found(i, j, 0)) continue
      if (found(j, i, 0)) graph.set(i, j, 0, 'o-o')
      else graph.put(i, j, 0, '-->')
    }
  return graph
}

/**
 * Makes entries of links without lag the same from both ends: those with the larger p-value, or of the assumed direction.
 * `others` follow what happens to `pValues`. Changes its arguments.
 */
export function symmetrise(
  links: AssumedLinks,
  coding: NodeCoding,
  pValues: LagArray,
  others: readonly LagArray[],
): void {
  for (let i = 0; i < coding.variables; i++)
    for (let j = 0; j < coding.variables; j++) {
      const link = links[j]!.get(codeOf(coding, i, 0))
      if (link === undefined || !mayPointToTarget(link)) continue
      const directed = link[2] === '>'
      if (!directed && pValues.get(i, j, 0) < pValues.get(j, i, 0)) continue
      for (const array of [pValues, ...others]) array.set(j, i, 0, array.get(i, j, 0))
    }
}

/** Calls with each link's entry: source, target, lag. */
export function eachLink(
  links: AssumedLinks,
  coding: NodeCoding,
  visit: (i: number, j: number, tau: number, link: string) => void,
): void {
  for (const [j, map] of links.entries())
    for (const [code, link] of map) visit(variableOf(coding, code), j, backOf(coding, code), link)
}
