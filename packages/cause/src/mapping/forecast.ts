/** What simplex projection and S-map share: library and prediction states, their targets, and the forecast's form. */
import { InputError } from '@ecotope/core'
import type { TimeSeries } from '../series/series.ts'
import { type Embedding, embedded, kept, shifted, type Track, trackOf } from './embedding.ts'
import { type Skill, skillOf } from './skill.ts'

/** Rows `from` to `to`, both included, counted over all data sets. */
export type Range = readonly [from: number, to: number]

export interface ForecastOptions {
  /** The variable whose past makes the states, by name or index; several: a mixed embedding. */
  readonly from: Variable | readonly Variable[]
  /** What is forecast; default: the (first) variable itself. */
  readonly target?: Variable
  /** Coordinates per variable (E). */
  readonly dimension: number
  /** Steps between coordinates; default 1. */
  readonly delay?: number
  /** Steps ahead; default 1. Negative: back in time. */
  readonly horizon?: number
  /** Neighbours; default: of a simplex one more than coordinates, of an S-map all. */
  readonly neighbours?: number
  /** Neighbours are further apart in time than this (Theiler 1986); default 0: only the state itself is left out. */
  readonly exclusionRadius?: number
  /** Default: all rows. */
  readonly library?: readonly Range[]
  /** Default: all rows. */
  readonly prediction?: readonly Range[]
  /** Whether masked values count as missing; default false. */
  readonly masked?: boolean
}

export type Variable = string | number

export interface Forecast {
  /** Row (over all data sets) of each prediction's state; what is forecast lies `horizon` steps later. */
  readonly rows: Int32Array
  /** NaN where nothing was observed. */
  readonly observed: Float64Array
  /** NaN where a state has no neighbour. */
  readonly predicted: Float64Array
  /** Of the neighbours' targets about the prediction, by their weights. */
  readonly variance: Float64Array
  readonly skill: Skill
}

/** Library and states to predict of one forecast. */
export interface Task {
  readonly track: Track
  readonly library: Embedding
  readonly targets: Float64Array
  readonly places: Embedding
  readonly observed: Float64Array
  readonly radius: number
}

/** Index of a variable. Throws `InputError` UnknownVariable. */
export function variableIndex({ names }: TimeSeries, variable: Variable): number {
  const index = typeof variable === 'number' ? variable : names.indexOf(variable)
  if (Number.isInteger(index) && index >= 0 && index < names.length) return index
  throw new InputError('UnknownVariable', `there is no variable ${variable}`, {
    hint: `Variables are ${names.join(', ')}.`,
    data: { variable },
  })
}

/** Throws `InputError`: UnknownVariable, BadEmbedding, BadRange, TooFewStates, VectorVariable. */
export function taskOf(series: TimeSeries, options: ForecastOptions): Task {
  const { horizon = 1, exclusionRadius: radius = 0, library, prediction, masked } = options
  const track = trackOf(series, masked)
  const from = (Array.isArray(options.from) ? options.from : [options.from]) as readonly Variable[]
  const columns = from.map((variable) => track.columns[variableIndex(series, variable)]!)
  const target = options.target === undefined ? columns[0]! : track.columns[variableIndex(series, options.target)]!
  const states = embedded(track, columns, options)
  const later = Float64Array.from(states.rows, (row) => shifted(track, target, row, horizon))
  const reach = [-(options.dimension - 1) * (options.delay ?? 1), horizon, 0]
  // All that a library state is made of, its future too, lies in its range.
  const known = select(states, track.length, reach, library).filter((state) => !Number.isNaN(later[state]!))
  const places = select(states, track.length, [0], prediction)
  const least = states.dimension + 2
  if (known.length < least)
    throw new InputError('TooFewStates', `the library has ${known.length} states, and ${least} are needed`, {
      hint: 'Use fewer coordinates, shorter delays or longer series.',
      data: { states: known.length, needed: least },
    })
  return {
    track,
    library: kept(states, known),
    targets: Float64Array.from(known, (state) => later[state]!),
    places: kept(states, places),
    observed: Float64Array.from(places, (state) => later[state]!),
    radius,
  }
}

/** States of which all rows at the offsets lie in one range. */
function select(
  { rows }: Embedding,
  length: number,
  offsets: readonly number[],
  ranges: readonly Range[] = [],
): Int32Array {
  for (const [from, to] of ranges)
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to < length))
      throw new InputError('BadRange', `rows ${from} to ${to} are not among the ${length} rows`, {
        hint: 'Rows count from 0; both ends belong to a range.',
        data: { from, to, length },
      })
  const [first, last] = [Math.min(...offsets), Math.max(...offsets)]
  const inside = (row: number): boolean => ranges.some(([from, to]) => row + first >= from && row + last <= to)
  return Int32Array.from(rows.keys()).filter((state) => ranges.length === 0 || inside(rows[state]!))
}

/** Predicts each place by `predict`, which gives prediction and variance. */
export function forecastOf(task: Task, predict: (place: number) => readonly [number, number]): Forecast {
  const { places, observed } = task
  const predicted = new Float64Array(observed.length)
  const variance = new Float64Array(observed.length)
  for (let place = 0; place < observed.length; place++) {
    const [value, spread] = predict(place)
    predicted[place] = value
    variance[place] = spread
  }
  return { rows: places.rows, observed, predicted, variance, skill: skillOf(observed, predicted) }
}
