/**
 * Strongest partial correlations of vectors from one correlation matrix of all lags; for complete series. Components of a
 * vector that depend on the others (dummies sum to 1) are left out of the conditions, which changes no residual.
 */
import type { CutOff, MaskType } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { correlationPValue } from '../statistics/correlation.ts'
import { Conditions } from './conditions.ts'
import { CONSTANT, type LaggedCovariance, laggedCovariance, UNFIT } from './lagged-covariance.ts'
import { tooFew } from './parcorr-common.ts'
import type { Shortcut, TestResult } from './test.ts'

export interface VectorShortcutOptions {
  readonly tauMax: number
  readonly cutOff: CutOff
  readonly maskType: MaskType
}

/** Undefined where samples may differ between tests, or the matrix would be too large. */
export function vectorShortcut(
  series: TimeSeries,
  { maskType, ...options }: VectorShortcutOptions,
  noteConstant: (node: Node) => void,
): Shortcut | undefined {
  const incomplete = series.datasets.some(
    ({ columns, masks }) =>
      (maskType !== '' && masks !== undefined) || columns.some((column) => column.some(Number.isNaN)),
  )
  const covariance = incomplete ? undefined : laggedCovariance(series, options)
  return covariance && new VectorShortcut(series.vectors, covariance, noteConstant)
}

class VectorShortcut implements Shortcut {
  readonly #vectors: TimeSeries['vectors']
  readonly #covariance: LaggedCovariance
  readonly #noteConstant: (node: Node) => void
  readonly #conditions: Conditions

  constructor(vectors: TimeSeries['vectors'], covariance: LaggedCovariance, noteConstant: (node: Node) => void) {
    this.#vectors = vectors
    this.#covariance = covariance
    this.#noteConstant = noteConstant
    const { correlations, size } = covariance
    this.#conditions = new Conditions((a, b) => (a >= b ? correlations[a * size + b]! : correlations[b * size + a]!))
  }

  test(x: readonly Node[], y: readonly Node[], z: readonly Node[]): TestResult | undefined {
    const { count } = this.#covariance
    const [left, right] = [this.#rows(x), this.#rows(y)]
    const given = this.#rows(this.#widestFirst(z), new Set([...(left ?? []), ...(right ?? [])]))
    if (left === undefined || right === undefined || given === undefined) return undefined
    const [a, b] = [this.#varying(left), this.#varying(right)]
    const c = this.#varying(given)
    if (a === undefined || b === undefined || c === undefined) return undefined
    if (a.length === 0 || b.length === 0) return { value: 0, pValue: 1, samples: count }
    const dimensions = a.length + b.length + c.length
    if (count - dimensions < 1) throw tooFew(count, dimensions)
    const value = this.#conditions.set(c) ? this.#conditions.strongest(a, b) : undefined
    if (value === undefined) return undefined
    // The reference corrects for the number of pairs and does not cut at 1.
    const pValue = correlationPValue(value, count - dimensions) * a.length * b.length
    return { value, pValue, samples: count }
  }

  /** So that the many components of dummies come first in all conditions, and are taken account of once. */
  #widestFirst(z: readonly Node[]): readonly Node[] {
    const vectors = this.#vectors
    if (vectors === undefined) return z
    const width = ([variable]: Node): number => vectors[variable]?.length ?? 0
    return z.toSorted((a, b) => width(b) - width(a) || a[0] - b[0] || b[1] - a[1])
  }

  /** Rows of the matrix, each once; undefined where one is out of reach. */
  #rows(nodes: readonly Node[], without?: ReadonlySet<number>): number[] | undefined {
    const { maxLag } = this.#covariance
    const rows = new Set<number>()
    for (const [variable, lag] of nodes)
      for (const [column, own] of this.#vectors === undefined ? [[variable, 0] as const] : this.#vectors[variable]!) {
        if (own + lag > 0 || own + lag < -maxLag) return undefined
        const row = column * (maxLag + 1) - own - lag
        if (!without?.has(row)) rows.add(row)
      }
    return [...rows]
  }

  #varying(rows: readonly number[]): number[] | undefined {
    const { state, maxLag } = this.#covariance
    if (rows.some((row) => state[row] === UNFIT)) return undefined
    return rows.filter((row) => {
      if (state[row] === CONSTANT) this.#noteConstant([Math.floor(row / (maxLag + 1)), -(row % (maxLag + 1))])
      return state[row] !== CONSTANT
    })
  }
}
