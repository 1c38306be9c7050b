/** Nodes by number and their neighbours. */

/** A node as a number: variable * (tauMax + 1) + steps back. */
export type NodeIndex = number

/** Nodes by number; of each its parents, children and spouses (with which it shares a hidden cause), ascending. */
export interface Adjacency {
  readonly parents: readonly (readonly NodeIndex[])[]
  readonly children: readonly (readonly NodeIndex[])[]
  readonly spouses: readonly (readonly NodeIndex[])[]
}

/** Links as they are collected; both directions are kept. */
export class AdjacencyBuilder {
  readonly parents: Set<NodeIndex>[]
  readonly spouses: Set<NodeIndex>[]

  constructor(count: number) {
    this.parents = Array.from({ length: count }, () => new Set<NodeIndex>())
    this.spouses = Array.from({ length: count }, () => new Set<NodeIndex>())
  }

  arrow(from: NodeIndex, to: NodeIndex): void {
    this.parents[to]!.add(from)
  }

  confound(a: NodeIndex, b: NodeIndex): void {
    this.spouses[a]!.add(b)
    this.spouses[b]!.add(a)
  }

  adjacency(): Adjacency {
    const ascending = (set: Set<NodeIndex>): NodeIndex[] => [...set].sort((a, b) => a - b)
    const children = this.parents.map((): NodeIndex[] => [])
    for (const [to, from] of this.parents.entries()) for (const parent of from) children[parent]!.push(to)
    return { parents: this.parents.map(ascending), children, spouses: this.spouses.map(ascending) }
  }
}
