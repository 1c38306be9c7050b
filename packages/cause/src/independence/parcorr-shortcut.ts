/** Partial correlations of all tests of a search from one correlation matrix; for values that all samples share. */
import { type MaskType, X, Y, Z } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { correlationPValue } from '../statistics/correlation.ts'
import { partialCorrelation, unexplained } from '../statistics/partial.ts'
import { CONSTANT, GOOD, type LaggedCovariance, type LaggedOptions, laggedCovariance } from './lagged-covariance.ts'
import { tooFew } from './parcorr-common.ts'
import type { Shortcut, TestResult } from './test.ts'

export interface ShortcutOptions extends LaggedOptions {
  readonly maskType: MaskType
}

/** Undefined where the samples differ between tests of this cut-off, or the matrix would be too large. */
export function parcorrShortcut(
  series: TimeSeries,
  options: ShortcutOptions,
  noteConstant: (node: Node) => void,
): Shortcut | undefined {
  const usable = usableRoles(series, options.maskType)
  const covariance = usable.some((roles) => roles !== 0) ? laggedCovariance(series, options) : undefined
  return covariance && new CovarianceShortcut(series, covariance, usable, noteConstant)
}

/** For each column the roles (as bits) in which it leaves out no sample. */
function usableRoles({ datasets }: TimeSeries, maskType: MaskType): Uint8Array {
  return Uint8Array.from(datasets[0]!.columns, (_, c) => {
    if (datasets.some(({ columns }) => columns[c]!.some(Number.isNaN))) return 0
    const masked = datasets.some(({ masks }) => masks?.[c]?.includes(1))
    return [X, Y, Z].reduce((bits, role) => (masked && maskType.includes('xyz'[role]!) ? bits : bits | (1 << role)), 0)
  })
}

class CovarianceShortcut implements Shortcut {
  readonly #covariance: LaggedCovariance
  readonly #usable: Uint8Array
  readonly #vectors: TimeSeries['vectors']
  readonly #noteConstant: (node: Node) => void
  /** Rows of the conditions, ascending, then of x and y. */
  #rows = new Int32Array(64)
  #matrix = new Float64Array(64 * 64)

  constructor(
    series: TimeSeries,
    covariance: LaggedCovariance,
    usable: Uint8Array,
    noteConstant: (node: Node) => void,
  ) {
    this.#covariance = covariance
    this.#usable = usable
    this.#vectors = series.vectors
    this.#noteConstant = noteConstant
  }

  test(x: readonly Node[], y: readonly Node[], z: readonly Node[]): TestResult | undefined {
    const { count, state } = this.#covariance
    const a = x.length === 1 ? this.#single(x[0]!, X) : -1
    const b = y.length === 1 ? this.#single(y[0]!, Y) : -1
    if (a < 0 || b < 0) return undefined
    let given = this.#conditions(z, a, b)
    if (given < 0) return undefined
    if (state[a] !== GOOD || state[b] !== GOOD) {
      if (state[a] !== CONSTANT && state[b] !== CONSTANT) return undefined
      for (const row of [a, b]) if (state[row] === CONSTANT) this.#noteConstant(this.#node(row))
      return { value: 0, pValue: 1, samples: count }
    }
    given = this.#withoutConstants(given)
    if (given < 0) return undefined
    const df = count - given - 2
    if (df < 1) throw tooFew(count, given + 2)
    this.#rows[given] = a
    this.#rows[given + 1] = b
    this.#gather(given + 2)
    const value = partialCorrelation(this.#matrix, given + 2)
    return Number.isNaN(value) ? undefined : { value, pValue: correlationPValue(value, df), samples: count }
  }

  criterion(j: number, parents: readonly Node[]): number | undefined {
    const { count, state } = this.#covariance
    const b = this.#single([j, 0], X) < 0 ? -1 : this.#single([j, 0], Y)
    if (b < 0 || state[b] !== GOOD) return undefined
    const given = this.#conditions(parents, b, b)
    if (given < 0 || this.#withoutConstants(given) !== given) return undefined
    this.#rows[given] = b
    this.#gather(given + 1)
    const share = unexplained(this.#matrix, given + 1)
    // The row that stands in for X counts as the mean that was removed.
    return Number.isNaN(share) ? undefined : count * Math.log(count * share) + 2 * (given + 1)
  }

  /** Row of a node of one column; -1 where it is a vector, reaches back too far or leaves out samples in this role. */
  #single(node: Node, role: number): number {
    if (this.#vectors === undefined) return this.#row(node[0], node[1], role)
    const parts = this.#vectors[node[0]]
    return parts?.length === 1 ? this.#row(parts[0]![0], parts[0]![1] + node[1], role) : -1
  }

  #row(column: number, lag: number, role: number): number {
    const { maxLag } = this.#covariance
    if (lag > 0 || -lag > maxLag || !((this.#usable[column] ?? 0) & (1 << role))) return -1
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
        const row = this.#row(variable, lag, Z)
        if (row < 0) return -1
        many = this.#insert(row, many, a, b)
        continue
      }
      for (const [column, own] of this.#vectors[variable] ?? []) {
        const row = this.#row(column, own + lag, Z)
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

  /** Lower triangle of the rows' correlations. */
  #gather(n: number): void {
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
  }
}
