/**
 * Sets that are walked in the order in which CPython (3.8 and later) walks them.
 *
 * Why: the reference implementation keeps nodes in hashed sets. The order in which it walks them decides the order of its
 * tests, and with it which random numbers a permutation test draws, which of several equal p-values is kept, and which of
 * several pairs rule 10 looks at first. Equal results need equal order. The order follows from three public facts: the hash of
 * tuples of integers (a form of xxHash), the hash of frozen sets, and the probing and growth of the hash table.
 */

const EMPTY = -1
const DELETED = -2
const LEAST_SIZE = 8
const LINEAR_PROBES = 9
const PERTURB_SHIFT = 5
const LARGE = 50000

/** Elements are whole numbers from 0; here are their 64-bit hashes, as two halves. */
export interface Hashes {
  readonly low: readonly number[]
  readonly high: readonly number[]
}

const emptyTable = (size: number): number[] => new Array<number>(size).fill(EMPTY)

/** A set of numbered elements. `add`, `delete` and the operations keep the order of the reference. */
export class OrderedSet {
  readonly hashes: Hashes
  #table: number[] = [EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY]
  #mask = LEAST_SIZE - 1
  /** Used and deleted slots. */
  #filled = 0
  #size = 0

  constructor(hashes: Hashes, elements?: Iterable<number>) {
    this.hashes = hashes
    if (elements) for (const element of elements) this.add(element)
  }

  get size(): number {
    return this.#size
  }

  /** Slot of the element, or where it would go. */
  #slot(element: number): number {
    const table = this.#table
    const mask = this.#mask
    let low = this.hashes.low[element]!
    let high = this.hashes.high[element]!
    let at = low & mask
    for (;;) {
      const last = at + LINEAR_PROBES <= mask ? at + LINEAR_PROBES : at
      for (let slot = at; slot <= last; slot++) {
        const found = table[slot]!
        if (found === element || found === EMPTY) return slot
      }
      low = (low >>> PERTURB_SHIFT) | (high << (32 - PERTURB_SHIFT))
      high >>>= PERTURB_SHIFT
      at = (Math.imul(at, 5) + 1 + low) & mask
    }
  }

  has(element: number): boolean {
    return this.#table[this.#slot(element)] === element
  }

  add(element: number): this {
    const slot = this.#slot(element)
    if (this.#table[slot] === element) return this
    this.#table[slot] = element
    this.#filled++
    this.#size++
    if (this.#filled * 5 >= this.#mask * 3) this.#resize(this.#size > LARGE ? this.#size * 2 : this.#size * 4)
    return this
  }

  delete(element: number): void {
    const slot = this.#slot(element)
    if (this.#table[slot] !== element) return
    this.#table[slot] = DELETED
    this.#size--
  }

  #resize(wanted: number): void {
    let size = LEAST_SIZE
    while (size <= wanted) size *= 2
    const old = this.#table
    if (size === LEAST_SIZE && old.length === LEAST_SIZE && this.#filled === this.#size) return
    this.#table = emptyTable(size)
    this.#mask = size - 1
    this.#filled = this.#size
    for (const element of old) if (element >= 0) this.#table[this.#slot(element)] = element
  }

  /** Takes the elements of the other set over, in its order. */
  #merge(other: OrderedSet): void {
    if (other === this || other.#size === 0) return
    if ((this.#filled + other.#size) * 5 >= this.#mask * 3) this.#resize((this.#size + other.#size) * 2)
    if (this.#filled > 0) {
      for (const element of other.#table) if (element >= 0) this.add(element)
      return
    }
    this.#filled = other.#size
    this.#size = other.#size
    if (this.#mask === other.#mask && other.#filled === other.#size) this.#table = [...other.#table]
    else for (const element of other.#table) if (element >= 0) this.#table[this.#slot(element)] = element
  }

  copy(): OrderedSet {
    const copy = new OrderedSet(this.hashes)
    copy.#merge(this)
    return copy
  }

  union(...others: readonly OrderedSet[]): OrderedSet {
    const result = this.copy()
    for (const other of others) if (other !== this) result.#merge(other)
    return result
  }

  /** In the order of the smaller set. */
  intersection(other: OrderedSet): OrderedSet {
    if (other === this) return this.copy()
    const [large, small] = other.#size > this.#size ? [other, this] : [this, other]
    const result = new OrderedSet(this.hashes)
    for (const element of small.#table) if (element >= 0 && large.has(element)) result.add(element)
    return result
  }

  difference(other: OrderedSet): OrderedSet {
    if (this.#size >> 2 <= other.#size) {
      const result = new OrderedSet(this.hashes)
      for (const element of this.#table) if (element >= 0 && !other.has(element)) result.add(element)
      return result
    }
    const result = this.copy()
    for (const element of other.#table) if (element >= 0) result.delete(element)
    if (result.#filled - result.#size > Math.floor(result.#mask / 4))
      result.#resize(result.#size > LARGE ? result.#size * 2 : result.#size * 4)
    return result
  }

  isSubsetOf(other: OrderedSet): boolean {
    return this.#size <= other.#size && this.#table.every((element) => element < 0 || other.has(element))
  }

  /** The elements, in order. */
  list(): number[] {
    const list: number[] = []
    for (const element of this.#table) if (element >= 0) list.push(element)
    return list
  }
}
