/** The graph of links that a search finds, and what else it returns. */
import type { Warning } from '@ecotope/core'
import type { Node } from '../series/series.ts'
import { type LagArray, nest } from './lag-array.ts'

/**
 * A link from i (tau steps ago) to j. `-->` directed; `o-o` undirected or unknown at both ends; `x-x` conflicting rules;
 * `o->` an ancestor cannot be excluded; `<->` hidden common cause; in a middle (LPCMCI, before it ends) `?`, `L`, `R`, `!`.
 * A contemporaneous link stands twice, mirrored: `[i][j][0]` is `-->` where `[j][i][0]` is `<--`.
 */
export type Link = string

const mirrored: Readonly<Record<string, string>> = { '<': '>', '>': '<' }

/** The same link seen from the other end: `-->` becomes `<--`. */
export const reversed = (link: Link): Link =>
  [...link]
    .reverse()
    .map((mark) => mirrored[mark] ?? mark)
    .join('')

/** Links of each pair and lag; `''` where there is none. */
export class LinkGraph {
  readonly variables: number
  readonly tauMax: number
  readonly links: Link[]

  constructor(variables: number, tauMax: number, links?: readonly Link[]) {
    this.variables = variables
    this.tauMax = tauMax
    this.links = links === undefined ? new Array<Link>(variables * variables * (tauMax + 1)).fill('') : [...links]
  }

  #at(i: number, j: number, tau: number): number {
    return (i * this.variables + j) * (this.tauMax + 1) + tau
  }

  get(i: number, j: number, tau: number): Link {
    return this.links[this.#at(i, j, tau)]!
  }

  /** Sets this entry only; see `put` for contemporaneous links. */
  set(i: number, j: number, tau: number, link: Link): void {
    this.links[this.#at(i, j, tau)] = link
  }

  /** Sets a link; at lag 0 also its mirror image. */
  put(i: number, j: number, tau: number, link: Link): void {
    this.set(i, j, tau, link)
    if (tau === 0) this.set(j, i, 0, reversed(link))
  }

  copy(): LinkGraph {
    return new LinkGraph(this.variables, this.tauMax, this.links)
  }

  nested(): Link[][][] {
    return nest(this.variables, this.tauMax, (i, j, tau) => this.get(i, j, tau))
  }
}

/** Triple i (at lag tau) - k - j. */
export type Triple = readonly [i: Node, k: number, j: number]

/** What a search returns. Immutable by agreement. */
export interface Discovery {
  /** As on the command line: `pcmci`, `pcmci+`, ... */
  readonly method: string
  readonly test: string
  readonly variables: readonly string[]
  readonly tauMin: number
  readonly tauMax: number
  readonly alpha: number
  readonly graph: LinkGraph
  readonly values: LagArray
  readonly pValues: LagArray
  /** P-values corrected for the number of tests, where that was asked for; the graph was then made from them. */
  readonly qValues?: LagArray
  /** Bounds of values, where the test makes them. */
  readonly intervals?: { readonly lower: LagArray; readonly upper: LagArray }
  /** Parents of each variable that conditions were chosen from, strongest first (PC phase). */
  readonly parents?: readonly (readonly Node[])[]
  /** The level chosen for each variable, where several were tried. */
  readonly chosenAlpha?: readonly number[]
  /** Separating sets by `i,-tau,j`. */
  readonly separatingSets?: ReadonlyMap<string, readonly Node[]>
  readonly ambiguousTriples?: readonly Triple[]
  /** Independence tests made. */
  readonly tests: number
  readonly seconds: number
  /** Largest and smallest number of samples in a test. */
  readonly samples: readonly [least: number, most: number]
  /** What the result rests on, one sentence each. */
  readonly assumptions: readonly string[]
  readonly warnings: readonly Warning[]
}

/** The files' form of a search: the contract for machines. */
export interface DiscoveryJson {
  readonly variables: readonly string[]
  readonly tauMax: number
  readonly val_matrix: readonly (readonly (readonly number[])[])[]
  readonly p_matrix: readonly (readonly (readonly number[])[])[]
  readonly graph: readonly (readonly (readonly Link[])[])[]
}
