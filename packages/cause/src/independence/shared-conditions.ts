/**
 * Partial correlations of one target that share most of their conditions: these are factorised once (Cholesky), the factor is
 * continued by the conditions of each test, and a condition is taken out by the inverse.
 */
import { wasm } from '../kernels/cholesky.wasm.ts'
import { kernelInstance } from '../kernels/load.ts'
import { correlationPValue } from '../statistics/correlation.ts'
import { EXACT_ENOUGH } from '../statistics/partial.ts'
import { GOOD, type LaggedCovariance } from './lagged-covariance.ts'
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
  #made: Int32Array
  #round = 0
  /** For each shared condition its coefficient for the target, and the inverse of its variance given the others. */
  #coefficients: Float64Array | undefined
  #precisions = new Float64Array(0)
  /** Conditions of one test that are not shared. */
  #more = new Int32Array(64)
  #seen: Int32Array
  #test = 0

  constructor(covariance: LaggedCovariance) {
    this.#covariance = covariance
    this.#place = new Int32Array(covariance.size).fill(-1)
    this.#made = new Int32Array(covariance.size)
    this.#seen = new Int32Array(covariance.size)
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

  #correlation(a: number, b: number): number {
    const { correlations, size } = this.#covariance
    return a >= b ? correlations[a * size + b]! : correlations[b * size + a]!
  }

  /** Where the row's part along the conditions begins in `#along`. */
  #alongOf(row: number): number {
    const at = row * this.#stride
    if (this.#made[row] === this.#round) return at
    this.#made[row] = this.#round
    const many = this.#many
    const along = this.#along
    const factor = this.#factor
    for (let k = 0; k < many; k++) along[at + k] = this.#correlation(row, this.#shared[k]!)
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
   * Of `x` and the target given the shared conditions without `x`, and the first `count` of `more`. Undefined where that
   * would not be exact, or another way is as short.
   */
  test(x: number, more: ArrayLike<number>, count: number): TestResult | undefined {
    const { state } = this.#covariance
    if (state[x] !== GOOD || x === this.#target) return undefined
    const place = this.#place[x]!
    const extra = this.#choose(x, more, count)
    if (extra < 0 || (extra > 0 && place >= 0)) return undefined
    const samples = this.#covariance.count
    const df = samples - this.#many - extra - 2 + (place >= 0 ? 1 : 0)
    if (df < 1) return undefined
    const value = place >= 0 ? this.#without(place) : extra === 0 ? this.#plain(x) : this.#extended(x, extra)
    return Number.isNaN(value) ? undefined : { value, pValue: correlationPValue(value, df), samples }
  }

  /** Writes rows of `more` that are not conditions yet, each once; their number, or -1. */
  #choose(x: number, more: ArrayLike<number>, count: number): number {
    if (this.#more.length < count) this.#more = new Int32Array(2 * count)
    const test = ++this.#test
    let many = 0
    for (let k = 0; k < count; k++) {
      const row = more[k]!
      if (row === x || row === this.#target || this.#place[row] !== -1 || this.#seen[row] === test) continue
      if (this.#covariance.state[row] !== GOOD) return -1
      this.#seen[row] = test
      this.#more[many++] = row
    }
    return many
  }

  #plain(x: number): number {
    const [a, b] = [this.#alongOf(x), this.#alongOf(this.#target)]
    const along = this.#along
    let [xx, yy, xy] = [1, 1, this.#correlation(x, this.#target)]
    for (let t = 0; t < this.#many; t++) {
      const [p, q] = [along[a + t]!, along[b + t]!]
      xx -= p * p
      yy -= q * q
      xy -= p * q
    }
    return exact(this.#least, xx, yy, xy)
  }

  /** The conditions of the test continue the factor, then `x` and the target. */
  #extended(x: number, extra: number): number {
    const known = even(this.#many)
    const rows = this.#more
    const n = extra + 2
    const width = even(known + n)
    const space = workspace(n * width)
    for (let r = 0; r < n; r++) {
      const row = r < extra ? rows[r]! : r === extra ? x : this.#target
      const [from, to] = [this.#alongOf(row), r * width]
      for (let t = 0; t < known; t++) space[to + t] = this.#along[from + t]!
      const own = to + known
      for (let c = 0; c < Math.min(r, extra); c++) space[own + c] = this.#correlation(row, rows[c]!)
      if (r > extra) space[own + extra] = this.#correlation(row, x)
      space[own + r] = 1
    }
    const least = kernelOf().call.extend(0, 8 * width, known, n, EXACT_ENOUGH)
    if (!(least > 0)) return Number.NaN
    const last = (n - 1) * width + known
    const share = space[last + extra]!
    const yy = space[last + extra + 1]! + share * share
    const inverse = space[last - width + extra]!
    const xx = 1 / (inverse * inverse)
    return exact(Math.min(least, this.#least), xx, yy, share / inverse)
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

/** The correlation; NaN where digits would be lost (see `partialCorrelation`). */
function exact(least: number, xx: number, yy: number, xy: number): number {
  if (!(least * Math.min(xx, yy) > EXACT_ENOUGH)) return Number.NaN
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)))
}
