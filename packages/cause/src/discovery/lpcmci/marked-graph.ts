/** The graph that LPCMCI works on: a link with three marks for each pair of nodes up to the largest lag, repeated in time. */
import type { NodeCode } from '../assumptions.ts'
import { ABSENT, type MarkedLink, MIRROR } from './marks.ts'
import type { NodeSpace } from './node-space.ts'

/** Links of one variable now: where they lead and how they look from here. */
export interface Neighbours {
  readonly variables: readonly number[]
  /** Steps forward in time; negative: back. */
  readonly steps: readonly number[]
  readonly links: readonly MarkedLink[]
}

interface Growing {
  readonly variables: number[]
  readonly steps: number[]
  readonly links: MarkedLink[]
}

const nobody = (): Growing => ({ variables: [], steps: [], links: [] })

function push(list: Growing, variable: number, step: number, link: MarkedLink): void {
  list.variables.push(variable)
  list.steps.push(step)
  list.links.push(link)
}

export class MarkedGraph {
  readonly space: NodeSpace
  /** `[(j * variables + i) * (tauMax + 1) + tau]`: from i, tau steps ago, to j. Links without lag stand twice, mirrored. */
  readonly links: Uint8Array
  readonly #lags: number
  /** Moves on with every change. */
  version = 0
  #past: (Neighbours | undefined)[] = []
  #around: Neighbours[] = []
  #aroundVersion = -1

  constructor(space: NodeSpace) {
    this.space = space
    this.#lags = space.tauMax + 1
    this.links = new Uint8Array(space.variables ** 2 * this.#lags)
  }

  /** Index of the link from variable i, `back` steps ago, to variable j. */
  index(i: number, back: number, j: number): number {
    return (j * this.space.variables + i) * this.#lags + back
  }

  /** The link from node a to node b, whichever is earlier. */
  link(a: NodeCode, b: NodeCode): MarkedLink {
    const { variable, back } = this.space
    return this.linkOf(variable[a]!, variable[b]!, back[a]! - back[b]!)
  }

  /** The link from variable i to variable j, `step` steps later (negative: earlier). */
  linkOf(i: number, j: number, step: number): MarkedLink {
    if (step >= this.#lags || -step >= this.#lags) return ABSENT
    return step >= 0 ? this.links[this.index(i, step, j)]! : MIRROR[this.links[this.index(j, -step, i)]!]!
  }

  put(a: NodeCode, b: NodeCode, link: MarkedLink): void {
    const { variable, back } = this.space
    const step = back[a]! - back[b]!
    if (step < 0) this.put(b, a, MIRROR[link]!)
    else this.putAt(variable[a]!, step, variable[b]!, link)
  }

  /** Sets the link from variable i, `step` steps ago, to variable j; without lag its mirror too. */
  putAt(i: number, step: number, j: number, link: MarkedLink): void {
    this.links[this.index(i, step, j)] = link
    if (step === 0) {
      this.links[this.index(j, 0, i)] = MIRROR[link]!
      this.#past[i] = undefined
    }
    this.#past[j] = undefined
    this.version++
  }

  /** Calls for each place of a link into variable j (i and steps back): without lag first, then by variable. */
  places(j: number, visit: (i: number, back: number) => void): void {
    for (let i = 0; i < this.space.variables; i++) if (i !== j) visit(i, 0)
    for (let i = 0; i < this.space.variables; i++) for (let back = 1; back < this.#lags; back++) visit(i, back)
  }

  /** Links into variable j from now and the past (steps are negative), seen from the other end, in the order of `places`. */
  past(j: number): Neighbours {
    const known = this.#past[j]
    if (known) return known
    const list = nobody()
    this.places(j, (i, back) => {
      const link = this.links[this.index(i, back, j)]!
      if (link !== ABSENT) push(list, i, -back, link)
    })
    this.#past[j] = list
    return list
  }

  /** Links of each variable to all times, seen from there: by variable, first forward in time, then back. */
  around(): readonly Neighbours[] {
    if (this.#aroundVersion === this.version) return this.#around
    this.#aroundVersion = this.version
    const { variables } = this.space
    this.#around = Array.from({ length: variables }, nobody).map((list, i) => {
      for (let k = 0; k < variables; k++) for (let step = 0; step < this.#lags; step++) this.#see(list, i, k, step)
      for (let k = 0; k < variables; k++) for (let step = -1; step > -this.#lags; step--) this.#see(list, i, k, step)
      return list
    })
    return this.#around
  }

  #see(list: Growing, i: number, k: number, step: number): void {
    const link = this.linkOf(i, k, step)
    if (link !== ABSENT) push(list, k, step, link)
  }

  /**
   * Links of each variable to all times, seen from the other end, in the order in which links are met when all variables and
   * their `places` are walked. A copy: searches of paths go by it until it is renewed.
   */
  everywhere(): readonly Neighbours[] {
    const lists = Array.from({ length: this.space.variables }, nobody)
    for (let j = 0; j < this.space.variables; j++) {
      const { variables, steps, links } = this.past(j)
      for (const [at, i] of variables.entries()) {
        push(lists[j]!, i, steps[at]!, links[at]!)
        if (steps[at]! < 0) push(lists[i]!, j, -steps[at]!, MIRROR[links[at]!]!)
      }
    }
    return lists
  }
}
