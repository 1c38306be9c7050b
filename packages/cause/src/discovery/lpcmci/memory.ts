/** What one phase of LPCMCI knows: the graph, who is whose ancestor, which sets separate, and the largest p-values. */
import type { NodeCode } from '../assumptions.ts'
import type { AssumedMarks } from './assumptions.ts'
import { MarkedGraph, type Neighbours } from './marked-graph.ts'
import { ABSENT, CIRCLE, HEAD, LEFT, marked, middleOf, OPEN, withMiddle } from './marks.ts'
import { keyOf, type NodeSpace } from './node-space.ts'
import type { LpcmciSettings } from './options.ts'
import type { OrderedSet } from './set-order.ts'

/** A set that separates two nodes. */
export interface Separation {
  readonly nodes: OrderedSet
  readonly key: string
  /** Whether no single node that is not an ancestor of the two can be left out. */
  readonly minimal: boolean
}

/** Who is known to be, or not to be, an ancestor of each variable now. Elements are nodes. */
export interface Ancestry {
  readonly ancestors: readonly OrderedSet[]
  readonly nonAncestors: readonly OrderedSet[]
  /** Rules contradict each other. */
  readonly ambiguous: readonly OrderedSet[]
}

export class Memory implements Ancestry {
  readonly space: NodeSpace
  readonly graph: MarkedGraph
  readonly ancestors: readonly OrderedSet[]
  readonly nonAncestors: readonly OrderedSet[]
  readonly ambiguous: readonly OrderedSet[]
  /** Largest p-value of each pair and the value of that test, by index of the link; pairs without lag by the lower i. */
  readonly pValues: Float64Array
  readonly values: Float64Array
  readonly #separations = new Map<number, Map<string, Separation>>()
  /** Links in all directions of time, as they were when last renewed. */
  everywhere: readonly Neighbours[] = []
  #pathsVersion = -1
  /** Candidates of the non-ancestral phase by pair of nodes; forgotten when links go. */
  readonly candidates = new Map<number, OrderedSet>()

  constructor(space: NodeSpace, settings: LpcmciSettings, assumed: AssumedMarks | undefined) {
    this.space = space
    this.graph = new MarkedGraph(space)
    this.ancestors = space.setsPerVariable()
    this.nonAncestors = space.setsPerVariable()
    this.ambiguous = space.setsPerVariable()
    this.pValues = new Float64Array(this.graph.links.length).fill(Number.NEGATIVE_INFINITY)
    this.values = new Float64Array(this.graph.links.length).fill(Number.POSITIVE_INFINITY)
    // Without conditions of the earlier node, its ancestors need no search.
    const future = settings.maxConditionsX === 0 && settings.updateMiddleMarks
    const lagged = marked(CIRCLE, future ? LEFT : OPEN, HEAD)
    const open = marked(CIRCLE, OPEN, CIRCLE)
    for (let j = 0; j < space.variables; j++)
      this.graph.places(j, (i, back) => {
        const given = assumed?.[j]?.get(space.code(i, back))
        const link = back === 0 ? open : lagged
        if (back < settings.tauMin || given === ABSENT) this.#exclude(i, back, j)
        else if (given === undefined) this.graph.links[this.graph.index(i, back, j)] = link
        else
          this.graph.links[this.graph.index(i, back, j)] =
            future && back > 0 && middleOf(given) === OPEN ? withMiddle(given, LEFT) : given
      })
  }

  #exclude(i: number, back: number, j: number): void {
    const at = this.pairAt(this.space.code(i, back), this.space.code(j, 0))
    this.pValues[at] = Number.POSITIVE_INFINITY
    this.values[at] = Number.NEGATIVE_INFINITY
  }

  /** Index of the link between x and y, of which y is now. */
  pairAt(x: NodeCode, y: NodeCode): number {
    const { variable, back } = this.space
    const [i, j] = [variable[x]!, variable[y]!]
    return back[x]! > 0 || i < j ? this.graph.index(i, back[x]!, j) : this.graph.index(j, back[y]!, i)
  }

  /** Keeps the test of x and y (now) with the largest p-value. */
  record(x: NodeCode, y: NodeCode, value: number, pValue: number): void {
    const at = this.pairAt(x, y)
    if (!(pValue > this.pValues[at]!)) return
    this.pValues[at] = pValue
    this.values[at] = value
  }

  /** Remembers that these nodes separate x and y (now). The set is kept: it must not change. */
  separate(x: NodeCode, y: NodeCode, nodes: OrderedSet, minimal: boolean): void {
    const at = this.pairAt(x, y)
    let known = this.#separations.get(at)
    if (!known) {
      known = new Map()
      this.#separations.set(at, known)
    }
    const key = keyOf(nodes.list())
    const full = `${minimal ? 'm' : 'n'}${key}`
    if (!known.has(full)) known.set(full, { nodes, key, minimal })
  }

  /** Forgets the sets that separate x and y (now). */
  unseparate(x: NodeCode, y: NodeCode): void {
    this.#separations.delete(this.pairAt(x, y))
  }

  /** Sets that separate x and y (now). */
  separationsNow(x: NodeCode, y: NodeCode): Iterable<Separation> {
    return this.#separations.get(this.pairAt(x, y))?.values() ?? []
  }

  /** Sets that separate a and b, at the times of a and b; in the order of newly made sets. */
  separations(a: NodeCode, b: NodeCode): Separation[] {
    const { back } = this.space
    const later = Math.min(back[a]!, back[b]!)
    const [x, y] = back[a]! >= back[b]! ? [a - later, b - later] : [b - later, a - later]
    return [...this.separationsNow(x, y)].map(({ nodes, key, minimal }) => {
      const moved = nodes.list().map((code) => code + later)
      return { nodes: this.space.set(moved), key: later === 0 ? key : keyOf(moved), minimal }
    })
  }

  /** Paths run along the links as they are now. */
  renewPaths(): void {
    if (this.#pathsVersion === this.graph.version) return
    this.everywhere = this.graph.everywhere()
    this.#pathsVersion = this.graph.version
  }
}
