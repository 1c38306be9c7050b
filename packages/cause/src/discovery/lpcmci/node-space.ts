/** All nodes of a search as numbers, and sets of them in the order of the reference. */
import { InputError } from '@ecotope/core'
import { backOf, codeOf, type NodeCode, type NodeCoding, variableOf } from '../assumptions.ts'
import { HashList, pushFrozenSet, pushIntegers, pushTuple } from './hashing.ts'
import { type Hashes, OrderedSet } from './set-order.ts'

/** Canonical keys of node sets are text with one character per node. */
const MOST_NODES = 65536

/** Tuples of nodes (pairs, triples) as elements of sets. */
export class TupleSpace {
  readonly hashes = new HashList()
  readonly members: (readonly NodeCode[])[] = []
  readonly #nodes: NodeSpace
  readonly #known = new Map<number, number>()

  constructor(nodes: NodeSpace) {
    this.#nodes = nodes
  }

  /** Number of the tuple; all tuples of a space have the same length. */
  element(...tuple: readonly NodeCode[]): number {
    let key = 0
    for (const code of tuple) key = key * this.#nodes.size + code
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = pushTuple(this.hashes, this.#nodes.hashes, tuple)
    this.members.push(tuple)
    this.#known.set(key, made)
    return made
  }

  set(): OrderedSet {
    return new OrderedSet(this.hashes)
  }
}

/** Nodes with lags from 0 to twice the largest (conditions are shifted by a lag), as `variable * span + steps back`. */
export class NodeSpace {
  readonly variables: number
  readonly tauMax: number
  readonly span: number
  readonly size: number
  readonly variable: Int32Array
  readonly back: Int32Array
  readonly hashes: Hashes

  /** Throws `InputError` TooManyNodes. */
  constructor(coding: NodeCoding) {
    this.variables = coding.variables
    this.span = coding.span
    this.tauMax = (coding.span - 1) / 2
    this.size = coding.variables * coding.span
    if (this.size > MOST_NODES)
      throw new InputError(
        'TooManyNodes',
        `${coding.variables} variables with ${this.tauMax} lags are too many nodes`,
        {
          hint: 'Use a smaller largest lag, or group variables.',
          data: { variables: coding.variables, tauMax: this.tauMax },
        },
      )
    const codes = Array.from({ length: this.size }, (_, code) => code)
    this.variable = Int32Array.from(codes, (code) => variableOf(coding, code))
    this.back = Int32Array.from(codes, (code) => backOf(coding, code))
    const hashes = new HashList()
    for (const code of codes) pushIntegers(hashes, [this.variable[code]!, 0 - this.back[code]!])
    this.hashes = hashes
  }

  code(variable: number, back: number): NodeCode {
    return codeOf(this, variable, back)
  }

  /** Earlier, or at the same time and of a lower variable. */
  smaller(a: NodeCode, b: NodeCode): boolean {
    const [backA, backB] = [this.back[a]!, this.back[b]!]
    return backA > backB || (backA === backB && this.variable[a]! < this.variable[b]!)
  }

  set(elements?: Iterable<NodeCode>): OrderedSet {
    return new OrderedSet(this.hashes, elements)
  }

  /** One empty set for each variable. */
  setsPerVariable(): OrderedSet[] {
    return Array.from({ length: this.variables }, () => this.set())
  }
}

/** The same for the same nodes, whatever their order. Sorts its argument. */
export function keyOf(codes: NodeCode[]): string {
  for (let i = 1; i < codes.length; i++) {
    const code = codes[i]!
    let at = i
    while (at > 0 && codes[at - 1]! > code) {
      codes[at] = codes[at - 1]!
      at--
    }
    codes[at] = code
  }
  return String.fromCharCode(...codes)
}

/** Sets of nodes, in the order of a set of frozen sets; each once. */
export function frozenOrder(space: NodeSpace, sets: readonly OrderedSet[]): OrderedSet[] {
  if (sets.length < 2) return [...sets]
  const hashes = new HashList()
  const distinct: OrderedSet[] = []
  const elements = new Map<string, number>()
  const order = new OrderedSet(hashes)
  for (const set of sets) {
    const list = set.list()
    const key = keyOf([...list])
    if (elements.has(key)) continue
    elements.set(key, pushFrozenSet(hashes, space.hashes, list))
    distinct.push(set)
    order.add(distinct.length - 1)
  }
  return order.list().map((element) => distinct[element]!)
}
