/**
 * Partial correlations of one target that share most of their conditions: these are factorised once (Cholesky), the factor is
 * continued by the conditions of each test, and a condition is taken out by the inverse.
 */

import { kernelInstance } from '@ecotope/cube'
import { wasm } from '../kernels/cholesky.wasm.ts'
import { correlationPValue } from '../statistics/correlation.ts'
import { EXACT_ENOUGH } from '../statistics/partial.ts'
import type { Block } from './condition-blocks.ts'
import { correlationOf, GOOD, type LaggedCovariance } from './lagged-covariance.ts'
import type { TestResult } from './test.ts'

interface CholeskyKernel {
  extend(rows: number, rowBytes: number, known: number, count: number, enough: number): number
}

const kernelOf = kernelInstance<CholeskyKernel>(wasm)
let memory = new Float64Array(0)

/** The first `count` numbers of the kernel's memory, and more. */
function workspace(count: number): Float64Array {
  if (memory.length < count) {
    const { buffer } = kernelOf().room(8 * count)
    memory = new Float64Array(buffer)
  }
  return memory
}

/** Even, so that kernels read pairs. */
const even = (n: number): number => n + (n & 1)

/** Rows are those of the covariance. Answers are those of a test by itself, to rounding. */
export class SharedConditions {
  readonly #covariance: LaggedCovariance
  #target = -1
  /** Rows of the shared conditions, and where each of them is among them; -1. */
  #shared = new Int32Array(0)
  #many = 0
  readonly #place: Int32Array
  /** The factor by columns, `#stride` apart; on the diagonal the inverse. */
  #factor = new Float64Array(0)
  #stride = 0
  #least = 0
  /** What rows have in common with the conditions along orthogonal directions, `#stride` apart; made where asked for. */
  #along = new Float64Array(0)
  readonly #made: Int32Array
  #round = 0
  /** For each shared condition its coefficient for the target, and the inverse of its variance given the others. */
  #coefficients: Float64Array | undefined
  #precisions = new Float64Array(0)
  /** Places in its block of the conditions of one test that are not shared. */
  #more = new Int32Array(64)
  readonly #targets: Float64Array
  #targetMade = 0

  constructor(covariance: LaggedCovariance) {
    this.#covariance = covariance
    this.#place = new Int32Array(covariance.size).fill(-1)
    this.#made = new Int32Array(covariance.size)
    this.#targets = new Float64Array(covariance.size)
  }

  /** Target and conditions of the tests that follow; false where they are nearly collinear, or constant. */
  given(target: number, conditions: Int32Array): boolean {
    const { state, size } = this.#covariance
    for (let k = 0; k < this.#many; k++) this.#place[this.#shared[k]!] = -1
    this.#many = 0
    this.#target = target
    this.#round++
    this.#coefficients = undefined
    if (state[target] !== GOOD) return false
    const stride = even(conditions.length)
    this.#stride = stride
    if (this.#shared.length < stride) this.#shared = new Int32Array(2 * stride)
    if (this.#along.length < size * stride) this.#along = new Float64Array(size * even(Math.ceil(1.25 * stride)))
    if (this.#factor.length < stride * stride) this.#factor = new Float64Array(2 * stride * stride)
    let least = 1
    for (const row of conditions) {
      if (row === target || this.#place[row] !== -1) continue
      const pivot = state[row] === GOOD ? this.#append(row) : 0
      if (!(pivot > EXACT_ENOUGH)) return false
      least = Math.min(least, pivot)
    }
    this.#least = least
    this.#round++
    return true
  }

  /** Adds a row to the factor; returns its pivot. */
  #append(row: number): number {
    const n = this.#many
    const at = this.#alongOf(row)
    let pivot = 1
    for (let t = 0; t < n; t++) {
      const value = this.#along[at + t]!
      this.#factor[t * this.#stride + n] = value
      pivot -= value * value
    }
    this.#factor[n * this.#stride + n] = 1 / Math.sqrt(pivot)
    this.#shared[n] = row
    this.#place[row] = n
    this.#many++
    return pivot
  }

  /** Where the row's part along the conditions begins in `#along`. */
  #alongOf(row: number): number {
    const at = row * this.#stride
    if (this.#made[row] === this.#round) return at
    this.#made[row] = this.#round
    const many = this.#many
    const along = this.#along
    const factor = this.#factor
    for (let k = 0; k < many; k++) along[at + k] = correlationOf(this.#covariance, row, this.#shared[k]!)
    for (let k = 0; k < many; k++) {
      const column = k * this.#stride
      const value = along[at + k]! * factor[column + k]!
      along[at + k] = value
      for (let t = k + 1; t < many; t++) along[at + t]! -= value * factor[column + t]!
    }
    if (many & 1) along[at + many] = 0
    return at
  }

  /**
   * Of `x` and the target given the shared conditions without `x`, and those of a block. Undefined where that would not be
   * exact.
   */
  test(x: number, block?: Block): TestResult | undefined {
    const { state, count: samples } = this.#covariance
    if (state[x] !== GOOD || x === this.#target) return undefined
    const place = this.#place[x]!
    const extra = block === undefined ? 0 : this.#choose(x, block.rows)
    const df = samples - this.#many - extra - 2 + (place >= 0 ? 1 : 0)
    if (df < 1) return undefined
    const value = this.#value(x, place, extra, block)
    return Number.isNaN(value) ? undefined : { value, pValue: correlationPValue(value, df), samples }
  }

  #value(x: number, place: number, extra: number, block: Block | undefined): number {
    if (block === undefined || extra === 0) return place >= 0 ? this.#without(place) : this.#plain(x)
    return place >= 0 ? this.#anew(place, extra, block) : this.#extended(x, extra, block)
  }

  /** Writes places in a block of rows that are not conditions yet; their number. */
  #choose(x: number, rows: Int32Array): number {
    if (this.#more.length < rows.length) this.#more = new Int32Array(2 * rows.length)
    let many = 0
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      if (row !== x && row !== this.#target && this.#place[row] === -1) this.#more[many++] = k
    }
    return many
  }

  #plain(x: number): number {
    const [a, b] = [this.#alongOf(x), this.#alongOf(this.#target)]
    const along = this.#along
    let [xx, yy, xy] = [1, 1, correlationOf(this.#covariance, x, this.#target)]
    for (let t = 0; t < this.#many; t++) {
      const [p, q] = [along[a + t]!, along[b + t]!]
      xx -= p * p
      yy -= q * q
      xy -= p * q
    }
    return exact(this.#least, xx, yy, xy)
  }

  /** The conditions of the test continue the factor, then `x` and the target. */
  #extended(x: number, extra: number, { rows, products }: Block): number {
    const known = even(this.#many)
    const n = extra + 2
    const width = even(known + n)
    const space = workspace(n * width)
    const more = this.#more
    const targets = this.#correlationsOfTarget()
    for (let r = 0; r < n; r++) {
      const row = r < extra ? rows[more[r]!]! : r === extra ? x : this.#target
      const [from, to] = [this.#alongOf(row), r * width]
      for (let t = 0; t < known; t++) space[to + t] = this.#along[from + t]!
      const own = to + known
      const line = r < extra ? (more[r]! * (more[r]! + 1)) / 2 : 0
      if (r < extra) for (let c = 0; c < r; c++) space[own + c] = products[line + more[c]!]!
      else if (r === extra)
        for (let c = 0; c < extra; c++) space[own + c] = correlationOf(this.#covariance, x, rows[more[c]!]!)
      else for (let c = 0; c < extra; c++) space[own + c] = targets[rows[more[c]!]!]!
      if (r > extra) space[own + extra] = targets[x]!
      space[own + r] = 1
    }
    return solved(n, width, known, this.#least)
  }

  /** As `#extended`, without a factor: `x` is one of the shared conditions. */
  #anew(place: number, extra: number, block: Block): number {
    const many = this.#many - 1
    const n = many + extra + 2
    const width = even(n)
    const space = workspace(n * width)
    const rows = new Int32Array(n)
    rows.set(this.#shared.subarray(0, place))
    rows.set(this.#shared.subarray(place + 1, this.#many), place)
    for (let k = 0; k < extra; k++) rows[many + k] = block.rows[this.#more[k]!]!
    rows[n - 2] = this.#shared[place]!
    rows[n - 1] = this.#target
    for (let r = 0; r < n; r++) {
      for (let c = 0; c < r; c++) space[r * width + c] = correlationOf(this.#covariance, rows[r]!, rows[c]!)
      space[r * width + r] = 1
    }
    return solved(n, width, 0, 1)
  }

  /** The target's row of the matrix, and its column. */
  #correlationsOfTarget(): Float64Array {
    if (this.#targetMade === this.#round) return this.#targets
    this.#targetMade = this.#round
    for (let row = 0; row < this.#targets.length; row++)
      this.#targets[row] = correlationOf(this.#covariance, row, this.#target)
    return this.#targets
  }

  /** Of a condition, given the others. */
  #without(place: number): number {
    const coefficients = this.#inverse()
    const rest = this.#rest()
    const [own, precision] = [coefficients[place]!, this.#precisions[place]!]
    const xx = 1 / precision
    return exact(this.#least, xx, rest + own * own * xx, own * xx)
  }

  /** Share of the target that the conditions leave. */
  #rest(): number {
    const at = this.#alongOf(this.#target)
    let rest = 1
    for (let t = 0; t < this.#many; t++) rest -= this.#along[at + t]! ** 2
    return rest
  }

  /** Solves for the coefficients, and for the diagonal of the inverse by columns of the factor's inverse. */
  #inverse(): Float64Array {
    if (this.#coefficients !== undefined) return this.#coefficients
    const [n, stride, factor] = [this.#many, this.#stride, this.#factor]
    const at = this.#alongOf(this.#target)
    const coefficients = new Float64Array(n)
    if (this.#precisions.length < n) this.#precisions = new Float64Array(2 * n)
    const column = new Float64Array(n)
    for (let k = n - 1; k >= 0; k--) {
      let sum = this.#along[at + k]!
      for (let t = k + 1; t < n; t++) sum -= factor[k * stride + t]! * coefficients[t]!
      coefficients[k] = sum * factor[k * stride + k]!
      let squares = 0
      column.fill(0, k)
      column[k] = 1
      for (let c = k; c < n; c++) {
        const value = column[c]! * factor[c * stride + c]!
        squares += value * value
        for (let t = c + 1; t < n; t++) column[t]! -= value * factor[c * stride + t]!
      }
      this.#precisions[k] = squares
    }
    this.#coefficients = coefficients
    return coefficients
  }
}

/** Continues the factor of `n` rows in the kernel's memory, whose last two are those of the test. */
function solved(n: number, width: number, known: number, leastBefore: number): number {
  const least = kernelOf().call.extend(0, 8 * width, known, n, EXACT_ENOUGH)
  if (!(least > 0)) return Number.NaN
  const last = n * width - width + known + n - 1
  const share = memory[last - 1]!
  const yy = memory[last]! + share * share
  const inverse = memory[last - width - 1]!
  return exact(Math.min(least, leastBefore), 1 / (inverse * inverse), yy, share / inverse)
}

/** The correlation; NaN where digits would be lost (see `partialCorrelation`). */
function exact(least: number, xx: number, yy: number, xy: number): number {
  if (!(least * Math.min(xx, yy) > EXACT_ENOUGH)) return Number.NaN
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)))
}
