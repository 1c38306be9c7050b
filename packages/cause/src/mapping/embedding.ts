/** Delay embeddings (Takens 1981): states of a system from the past of one of its variables. */
import { InputError } from '@ecotope/core'
import type { TimeSeries } from '../series/series.ts'

/** All data sets behind one another; lags and time windows never reach across their borders. */
export interface Track {
  readonly series: TimeSeries
  /** Missing values NaN; masked ones too, where that was asked for. */
  readonly columns: readonly Float64Array[]
  readonly length: number
  /** First row and end of each row's data set. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Clock on which rows of different sets are far from each other. */
  readonly times: Float64Array
  /** 1 where a row may be the present of a state. */
  readonly present: Uint8Array
}

/** Between the clocks of two data sets, beyond any window. */
const APART = 2 ** 32

/** Throws `InputError` VectorVariable. `masked`: whether masked values count as missing. */
export function trackOf(series: TimeSeries, masked = false): Track {
  if (series.vectors !== undefined)
    throw new InputError('VectorVariable', 'cross mapping takes one column per variable', {
      hint: 'Give the components as variables of their own.',
    })
  const length = series.datasets.reduce((sum, set) => sum + set.length, 0)
  const [starts, ends] = [new Int32Array(length), new Int32Array(length)]
  const times = new Float64Array(length)
  const present = new Uint8Array(length).fill(series.referencePoints === undefined ? 1 : 0)
  const columns = series.names.map(() => new Float64Array(length))
  let from = 0
  for (const [index, set] of series.datasets.entries()) {
    for (const [v, column] of columns.entries()) {
      column.set(set.columns[v]!, from)
      const mask = masked ? set.masks?.[v] : undefined
      mask?.forEach((hidden, t) => {
        if (hidden === 1) column[from + t] = Number.NaN
      })
    }
    for (let t = 0; t < set.length; t++) times[from + t] = t + index * APART
    for (const point of series.referencePoints ?? [])
      if (point >= set.offset && point < set.offset + set.length) present[from + point - set.offset] = 1
    starts.fill(from, from, from + set.length)
    ends.fill(from + set.length, from, from + set.length)
    from += set.length
  }
  return { series, columns, length, starts, ends, times, present }
}

/** The value `shift` steps after a row; NaN beyond the data set. */
export function shifted(track: Track, column: Float64Array, row: number, shift: number): number {
  const at = row + shift
  return at >= track.starts[row]! && at < track.ends[row]! ? column[at]! : Number.NaN
}

/** A column by data set. */
export function partsOf(track: Track, variable: number): Float64Array[] {
  let from = 0
  return track.series.datasets.map(({ length }) => {
    from += length
    return track.columns[variable]!.slice(from - length, from)
  })
}

export interface Embedding {
  readonly dimension: number
  /** Rows of the track that have a state. */
  readonly rows: Int32Array
  /** `[state * dimension + coordinate]`; coordinate k is k delays ago. */
  readonly states: Float64Array
}

export interface EmbeddingOptions {
  /** Number of coordinates (E). */
  readonly dimension: number
  /** Steps between coordinates; default 1. */
  readonly delay?: number
}

/** Several columns: their delay coordinates behind one another (mixed embedding). Throws `InputError` BadEmbedding. */
export function embedded(
  track: Track,
  columns: readonly Float64Array[],
  { dimension, delay = 1 }: EmbeddingOptions,
): Embedding {
  if (!(Number.isInteger(dimension) && dimension >= 1 && Number.isInteger(delay) && delay >= 1))
    throw new InputError('BadEmbedding', `an embedding cannot have ${dimension} coordinates ${delay} steps apart`, {
      hint: 'Both are whole numbers from 1.',
      data: { dimension, delay },
    })
  const width = dimension * columns.length
  const rows = new Int32Array(track.length)
  const states = new Float64Array(track.length * width)
  let count = 0
  for (let row = 0; row < track.length; row++) {
    if (track.present[row] === 0 || row - (dimension - 1) * delay < track.starts[row]!) continue
    let whole = true
    for (const [c, column] of columns.entries())
      for (let k = 0; k < dimension; k++) {
        const value = column[row - k * delay]!
        states[count * width + c * dimension + k] = value
        if (Number.isNaN(value)) whole = false
      }
    if (whole) rows[count++] = row
  }
  return { dimension: width, rows: rows.slice(0, count), states: states.slice(0, count * width) }
}

/** Those states whose index in the embedding is listed. */
export function kept({ dimension, rows, states }: Embedding, which: Int32Array): Embedding {
  const out = new Float64Array(which.length * dimension)
  for (const [at, state] of which.entries())
    out.set(states.subarray(state * dimension, (state + 1) * dimension), at * dimension)
  return { dimension, rows: which.map((state) => rows[state]!), states: out }
}
