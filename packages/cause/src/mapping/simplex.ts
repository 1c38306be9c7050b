/** Simplex projection (Sugihara & May 1990, Nature 344): forecasts from the futures of the nearest states. */
import { InputError } from '@ecotope/core'
import { checkCount } from '../discovery/options.ts'
import type { TimeSeries } from '../series/series.ts'
import { type Forecast, type ForecastOptions, forecastOf, taskOf } from './forecast.ts'
import { neighbourhood } from './neighbours.ts'

/** Nearer neighbours are no nearer than this, so that weights stay finite. */
const LEAST_DISTANCE = 1e-6

/** Forecasts of all prediction states. Throws `InputError` as `taskOf`, and BadCount. */
export function simplex(series: TimeSeries, options: ForecastOptions): Forecast {
  const task = taskOf(series, options)
  const { library, places, targets, track, radius } = task
  const wanted = checkCount('neighbours', options.neighbours, 1, library.dimension + 1)
  const times = Float64Array.from(library.rows, (row) => track.times[row]!)
  const near = neighbourhood({ ...library, times }, wanted)
  const weights = new Float64Array(wanted)
  return forecastOf(task, (place) => {
    const time = track.times[places.rows[place]!]!
    const { states, distances, count } = near(places.states, place * places.dimension, time, radius)
    const k = Math.min(wanted, count)
    if (k === 0) return [Number.NaN, Number.NaN]
    const scale = Math.max(distances[0]!, LEAST_DISTANCE)
    let [total, value, spread] = [0, 0, 0]
    for (let i = 0; i < k; i++) {
      weights[i] = Math.exp(-distances[i]! / scale)
      total += weights[i]!
      value += weights[i]! * targets[states[i]!]!
    }
    // Where even the nearest weight is too small for a number, it alone counts.
    if (total === 0) return [targets[states[0]!]!, 0]
    value /= total
    for (let i = 0; i < k; i++) spread += weights[i]! * (targets[states[i]!]! - value) ** 2
    return [value, spread / total]
  })
}

export interface DimensionChoice {
  /** Of the best forecasts. */
  readonly dimension: number
  /** Correlation of forecasts and observations by dimension, from 1 on. */
  readonly skills: Float64Array
}

export interface DimensionOptions extends Omit<ForecastOptions, 'dimension'> {
  /** Default 10. */
  readonly maxDimension?: number
}

/**
 * The dimension whose simplex forecasts correlate best with what was observed; the smaller one where two are equal.
 * Throws `InputError` as `simplex`, and NoForecast where none can be judged.
 */
export function chooseDimension(series: TimeSeries, options: DimensionOptions): DimensionChoice {
  const most = checkCount('maxDimension', options.maxDimension, 1, 10)
  const skills = new Float64Array(most).fill(Number.NaN)
  for (let dimension = 1; dimension <= most; dimension++) {
    try {
      skills[dimension - 1] = simplex(series, { ...options, dimension }).skill.rho
    } catch (error) {
      // Short series end the search; not even one dimension is an error.
      if (dimension > 1 && error instanceof InputError && error.tag === 'TooFewStates') break
      throw error
    }
  }
  const judged = [...skills.keys()].filter((i) => !Number.isNaN(skills[i]!))
  const best = judged.reduce((at, i) => (skills[i]! > skills[at]! ? i : at), judged[0] ?? -1)
  if (best >= 0) return { dimension: best + 1, skills }
  throw new InputError('NoForecast', 'no dimension gives forecasts that can be judged', {
    hint: 'The series may be constant or too short.',
  })
}
