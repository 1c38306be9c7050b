/** Partial correlations of all tests of a search from one correlation matrix, less the samples that a test has to leave out. */
import { type MaskType, X, Y, Z } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { correlationPValue } from '../statistics/correlation.ts'
import { partialCorrelation, unexplained } from '../statistics/partial.ts'
import { ConditionBlocks } from './condition-blocks.ts'
import { GapIndex } from './gap-index.ts'
import { GapScores } from './gap-scores.ts'
import {
  CONSTANT,
  type CovarianceInSteps,
  covarianceInSteps,
  finish,
  GOOD,
  type LaggedCovariance,
  type LaggedOptions,
  LEAST_SHARE,
} from './lagged-covariance.ts'
import { SharedConditions } from './shared-conditions.ts'
import type { SharedTests, Shortcut, TestResult } from './test.ts'

export interface ShortcutOptions extends LaggedOptions {
  readonly maskType: MaskType
}

/** Undefined where the steps differ between tests of this cut-off, or the matrix would be too large. */
export function parcorrShortcut(
  series: TimeSeries,
  options: ShortcutOptions,
  noteConstant: (node: Node) => void,
): Shortcut | undefined {
  const made = covarianceInSteps(series, options)
  if (made === undefined) return undefined
  const { covariance } = made
  const masked = options.maskType !== '' && series.datasets.some(({ masks }) => masks !== undefined)
  const gaps = masked || covariance.missing.includes(1) ? new GapIndex(series, covariance, options.maskType) : undefined
  const scores = options.scores ? new GapScores(covariance) : undefined
  return new CovarianceShortcut(series, made, gaps, scores, noteConstant)
}

class CovarianceShortcut implements Shortcut {
  readonly preparing: Iterator<number, void>
  readonly #covariance: LaggedCovariance
  #ready = false
  readonly #gaps: GapIndex | undefined
  /** Where values become normal scores, which depend on the samples. */
  readonly #scores: GapScores | undefined
  readonly #vectors: TimeSeries['vectors']
  readonly #noteConstant: (node: Node) => void
  /** Rows of the conditions, ascending, then of x and y. */
  #rows = new Int32Array(64)
  #matrix = new Float64Array(64 * 64)
  #sums = new Float64Array(64)
  #values = new Float64Array(0)
  /** Samples of the last test. */
  #count = 0

  constructor(
    series: TimeSeries,
    { covariance, building }: CovarianceInSteps,
    gaps: GapIndex | undefined,
    scores: GapScores | undefined,
    noteConstant: (node: Node) => void,
  ) {
    this.#covariance = covariance
    this.preparing = building
    this.#gaps = gaps
    this.#scores = scores
    this.#vectors = series.vectors
    this.#noteConstant = noteConstant
  }

  test(x: readonly Node[], y: readonly Node[], z: readonly Node[]): TestResult | undefined {
    this.#prepare()
    const { state } = this.#covariance
    const a = x.length === 1 ? this.#single(x[0]!) : -1
    const b = y.length === 1 ? this.#single(y[0]!) : -1
    if (a < 0 || b < 0) return undefined
    const all = this.#conditions(z, a, b)
    if (all < 0) return undefined
    const lost = this.#lose(a, b, all)
    if (lost < 0) return undefined
    if (state[a] !== GOOD || state[b] !== GOOD) return this.#constant(a, b)
    const given = this.#withoutConstants(all)
    if (given < 0) return undefined
    const df = this.#count - given - 2
    // The long way tells whether rows are constant or samples too few.
    if (df < 1) return undefined
    this.#rows[given] = a
    this.#rows[given + 1] = b
    if (!this.#gather(given + 2, lost)) return undefined
    const value = partialCorrelation(this.#matrix, given + 2)
    return Number.isNaN(value) ? undefined : { value, pValue: correlationPValue(value, df), samples: this.#count }
  }

  /** The score of a model without X, which stands for the mean that was removed. */
  criterion(j: number, parents: readonly Node[]): number | undefined {
    this.#prepare()
    const b = this.#single([j, 0])
    if (b < 0 || this.#covariance.state[b] !== GOOD) return undefined
    const given = this.#conditions(parents, b, b)
    const lost = given < 0 ? -1 : this.#lose(b, b, given)
    if (lost < 0 || this.#withoutConstants(given) !== given) return undefined
    this.#rows[given] = b
    if (!this.#gather(given + 1, lost)) return undefined
    const share = unexplained(this.#matrix, given + 1)
    return Number.isNaN(share) ? undefined : this.#count * Math.log(this.#count * share) + 2 * (given + 1)
  }

  /** Not where tests lose samples to missing or masked values: each has a matrix of its own. */
  shared(): SharedTests | undefined {
    if (this.#gaps !== undefined || this.#vectors !== undefined) return undefined
    this.#prepare()
    const conditions = new SharedConditions(this.#covariance)
    const blocks = new ConditionBlocks(this.#covariance)
    const rowsOf = (nodes: readonly Node[]): Int32Array | undefined => {
      const rows = Int32Array.from(nodes, ([variable, lag]) => this.#row(variable, lag))
      return rows.includes(-1) ? undefined : rows
    }
    return {
      given: (y, z) => {
        const [target, rows] = [this.#row(y[0], y[1]), rowsOf(z)]
        return target >= 0 && rows !== undefined && conditions.given(target, rows)
      },
      test: (x, more) => {
        const row = this.#row(x[0], x[1])
        const block = more.length === 0 ? undefined : blocks.of(more, rowsOf)
        return row < 0 || block === null ? undefined : conditions.test(row, block)
      },
    }
  }

  #prepare(): void {
    if (this.#ready) return
    finish(this.preparing)
    this.#ready = true
  }

  #constant(a: number, b: number): TestResult | undefined {
    const { state } = this.#covariance
    if (state[a] !== CONSTANT && state[b] !== CONSTANT) return undefined
    for (const row of [a, b]) if (state[row] === CONSTANT) this.#noteConstant(this.#node(row))
    return { value: 0, pValue: 1, samples: this.#count }
  }

  /** Row of a node of one column; -1 where it is a vector or reaches back too far. */
  #single(node: Node): number {
    if (this.#vectors === undefined) return this.#row(node[0], node[1])
    const parts = this.#vectors[node[0]]
    return parts?.length === 1 ? this.#row(parts[0]![0], parts[0]![1] + node[1]) : -1
  }

  #row(column: number, lag: number): number {
    const { maxLag, columns } = this.#covariance
    if (lag > 0 || -lag > maxLag || !(column >= 0 && column < columns.length)) return -1
    return column * (maxLag + 1) - lag
  }

  #node(row: number): Node {
    const lags = this.#covariance.maxLag + 1
    return [Math.floor(row / lags), -(row % lags)]
  }

  /** Rows of the conditions in ascending order, each once, without x and y. Their number, or -1. */
  #conditions(z: readonly Node[], a: number, b: number): number {
    let many = 0
    for (let k = 0; k < z.length; k++) {
      const [variable, lag] = z[k]!
      if (this.#vectors === undefined) {
        const row = this.#row(variable, lag)
        if (row < 0) return -1
        many = this.#insert(row, many, a, b)
        continue
      }
      for (const [column, own] of this.#vectors[variable] ?? []) {
        const row = this.#row(column, own + lag)
        if (row < 0) return -1
        many = this.#insert(row, many, a, b)
      }
    }
    return many
  }

  #insert(row: number, many: number, a: number, b: number): number {
    if (row === a || row === b) return many
    if (many + 3 > this.#rows.length) this.#grow()
    const rows = this.#rows
    let at = many
    while (at > 0 && rows[at - 1]! > row) at--
    if (at > 0 && rows[at - 1] === row) return many
    for (let k = many; k > at; k--) rows[k] = rows[k - 1]!
    rows[at] = row
    return many + 1
  }

  #grow(): void {
    const rows = new Int32Array(2 * this.#rows.length)
    rows.set(this.#rows)
    this.#rows = rows
    this.#matrix = new Float64Array(rows.length ** 2)
    this.#sums = new Float64Array(rows.length)
  }

  /** Number of samples that these rows lose; -1 where that needs the long way. Sets `#count`. */
  #lose(a: number, b: number, given: number): number {
    this.#count = this.#covariance.count
    const gaps = this.#gaps
    if (gaps === undefined) return 0
    gaps.clear()
    gaps.collect(a, X)
    gaps.collect(b, Y)
    for (let k = 0; k < given; k++) gaps.collect(this.#rows[k]!, Z)
    const lost = gaps.count()
    this.#count -= lost
    return this.#count === 0 || (lost > 0 && this.#scores?.usable === false) ? -1 : lost
  }

  #withoutConstants(given: number): number {
    const { state } = this.#covariance
    let kept = 0
    for (let k = 0; k < given; k++) {
      const row = this.#rows[k]!
      if (state[row] === GOOD) this.#rows[kept++] = row
      else if (state[row] === CONSTANT) this.#noteConstant(this.#node(row))
      else return -1
    }
    return kept
  }

  /** Lower triangle of the rows' correlations; false where they would not be exact. */
  #gather(n: number, lost: number): boolean {
    if (lost > 0 && this.#scores !== undefined) {
      const many = this.#gaps!.list(false)
      return this.#scores.correlate(this.#rows, n, this.#gaps!.places, many, this.#matrix)
    }
    const { correlations, size } = this.#covariance
    const rows = this.#rows
    const matrix = this.#matrix
    for (let k = 0; k < n; k++) {
      const row = rows[k]!
      for (let l = 0; l <= k; l++) {
        const other = rows[l]!
        matrix[k * n + l] = row >= other ? correlations[row * size + other]! : correlations[other * size + row]!
      }
    }
    return lost === 0 || this.#leaveOut(n, lost)
  }

  /** Turns correlations of all samples into those of the samples that are left. */
  #leaveOut(n: number, lost: number): boolean {
    const { count, means, spreads } = this.#covariance
    const rows = this.#rows
    const matrix = this.#matrix
    const sums = this.#sums
    const subtract = lost <= this.#count
    const many = this.#fill(n, subtract)
    const values = this.#values
    for (let k = 0; k < n; k++) {
      let sum = 0
      for (let i = k * many; i < (k + 1) * many; i++) sum += values[i]!
      sums[k] = subtract ? count * means[rows[k]!]! - sum : sum
    }
    for (let k = 0; k < n; k++)
      for (let l = 0; l <= k; l++) {
        let sum = 0
        for (let i = 0; i < many; i++) sum += values[k * many + i]! * values[l * many + i]!
        const [a, b] = [rows[k]!, rows[l]!]
        const whole = count * (matrix[k * n + l]! * spreads[a]! * spreads[b]! + means[a]! * means[b]!)
        matrix[k * n + l] = (subtract ? whole - sum : sum) - (sums[k]! * sums[l]!) / this.#count
      }
    for (let k = 0; k < n; k++) {
      const variance = matrix[k * n + k]!
      if (!(variance > 10 * LEAST_SHARE * count)) return false
      sums[k] = 1 / Math.sqrt(variance)
    }
    for (let k = 0; k < n; k++) {
      for (let l = 0; l < k; l++) matrix[k * n + l]! *= sums[k]! * sums[l]!
      matrix[k * n + k] = 1
    }
    return true
  }

  /** Values of the rows at the samples that are lost, or at those that are left. */
  #fill(n: number, lost: boolean): number {
    const gaps = this.#gaps!
    const { points, columns, maxLag } = this.#covariance
    const many = gaps.list(lost)
    if (this.#values.length < n * many) this.#values = new Float64Array(2 * n * many)
    for (let k = 0; k < n; k++) {
      const row = this.#rows[k]!
      const column = columns[Math.floor(row / (maxLag + 1))]!
      const lag = row % (maxLag + 1)
      for (let i = 0; i < many; i++) this.#values[k * many + i] = column[points[gaps.places[i]!]! - lag]!
    }
    return many
  }
}
