/**
 * Lists of conditions that many tests have, with the correlations among them side by side: the whole matrix is too large to hop
 * about in.
 */
import type { Node } from '../series/series.ts'
import { correlationOf, GOOD, type LaggedCovariance } from './lagged-covariance.ts'

/** Numbers that are kept at most (128 MiB). */
const MOST_KEPT = 2 ** 24

export interface Block {
  /** Rows of the covariance, each once. */
  readonly rows: Int32Array
  /** Their correlations: lower triangle, packed by rows. */
  readonly products: Float64Array
}

export class ConditionBlocks {
  readonly #covariance: LaggedCovariance
  /** By the list itself: who asks with the same list finds its block. Null where a row is constant or out of reach. */
  readonly #known = new WeakMap<readonly Node[], Block | null>()
  #kept = 0

  constructor(covariance: LaggedCovariance) {
    this.#covariance = covariance
  }

  /** `rowsOf`: rows of nodes; undefined where one is out of reach. */
  of(list: readonly Node[], rowsOf: (nodes: readonly Node[]) => Int32Array | undefined): Block | null {
    const known = this.#known.get(list)
    if (known !== undefined) return known
    const rows = rowsOf(list)
    const good = rows?.every((row) => this.#covariance.state[row] === GOOD) === true
    const block = good ? this.#make(Int32Array.from(new Set(rows))) : null
    this.#kept += block === null ? 0 : block.products.length
    if (this.#kept <= MOST_KEPT) this.#known.set(list, block)
    return block
  }

  #make(rows: Int32Array): Block {
    const products = new Float64Array((rows.length * (rows.length + 1)) / 2)
    let at = 0
    for (let r = 0; r < rows.length; r++)
      for (let c = 0; c <= r; c++) products[at++] = correlationOf(this.#covariance, rows[r]!, rows[c]!)
    return { rows, products }
  }
}
