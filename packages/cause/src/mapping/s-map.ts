/** S-map (Sugihara 1994, Phil. Trans. R. Soc. A 348): local linear forecasts, whose locality theta tells of nonlinearity. */
import { InputError, random, type WorkOptions } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { checkCount } from '../discovery/options.ts'
import type { TimeSeries } from '../series/series.ts'
import { paced } from '../work/pace.ts'
import { type Forecast, type ForecastOptions, forecastOf, type Task, taskOf, variableIndex } from './forecast.ts'
import { neighbourhood } from './neighbours.ts'
import { ebisuzaki } from './surrogates.ts'

export interface SMapOptions extends ForecastOptions {
  /** Weights are exp(-theta d / mean d); 0: one linear model for all. Default 0. */
  readonly theta?: number
}

export interface SMapForecast extends Forecast {
  /** `[prediction][0]` the intercept, then the derivative of the target by each coordinate. */
  readonly coefficients: readonly Float64Array[]
}

/** Forecasts of all prediction states. Throws `InputError` as `taskOf`, and: BadCount, BadTheta. */
export function sMap(series: TimeSeries, options: SMapOptions): SMapForecast {
  const { theta = 0 } = options
  checkTheta(theta)
  const task = taskOf(series, options)
  return mapped(task, theta, options.neighbours)
}

function checkTheta(theta: number): void {
  if (theta >= 0 && Number.isFinite(theta)) return
  throw new InputError('BadTheta', `theta is ${theta}, but it is a number of at least 0`, { data: { theta } })
}

function mapped(task: Task, theta: number, neighbours: number | undefined): SMapForecast {
  const { library, places, targets, track, radius } = task
  const n = library.rows.length
  // All but one, as a state in the library does not count for itself.
  const wanted = checkCount('neighbours', neighbours, 1, n - 1)
  const times = Float64Array.from(library.rows, (row) => track.times[row]!)
  const near = neighbourhood({ ...library, times }, wanted)
  const width = library.dimension + 1
  const fit = localFit(wanted, width)
  const coefficients: Float64Array[] = []
  const forecast = forecastOf(task, (place) => {
    const { states, distances, count } = near(
      places.states,
      place * places.dimension,
      track.times[places.rows[place]!]!,
      radius,
    )
    const k = Math.min(wanted, count)
    const weights = fit.weights.subarray(0, k)
    let mean = 0
    for (let i = 0; i < k; i++) mean += distances[i]!
    mean /= k
    for (let i = 0; i < k; i++) weights[i] = theta === 0 || mean === 0 ? 1 : Math.exp((-theta * distances[i]!) / mean)
    for (let i = 0; i < k; i++) {
      const [state, weight] = [states[i]!, weights[i]!]
      fit.columns[0]![i] = weight
      for (let e = 1; e < width; e++) fit.columns[e]![i] = weight * library.states[state * library.dimension + e - 1]!
      fit.columns[width]![i] = weight * targets[state]!
    }
    const found = k === 0 ? new Float64Array(width).fill(Number.NaN) : fit.solve(k)
    coefficients.push(found)
    let value = found[0]!
    for (let e = 1; e < width; e++) value += found[e]! * places.states[place * places.dimension + e - 1]!
    let [spread, total] = [0, 0]
    for (let i = 0; i < k; i++) {
      spread += weights[i]! * (targets[states[i]!]! - value) ** 2
      total += weights[i]!
    }
    return [value, spread / total]
  })
  return { ...forecast, coefficients }
}

interface LocalFit {
  readonly weights: Float64Array
  /** Weighted coordinates (the intercept first) and, last, targets. */
  readonly columns: readonly Float64Array[]
  /** Least squares over the first k rows; columns are used up. */
  solve(k: number): Float64Array
}

/** Pivots of R below this share of the largest make a fit that is not unique: the shortest solution is taken then. */
const SINGULAR = 1e-11

/** Householder QR in place, as thousands of small fits need it. */
function localFit(most: number, width: number): LocalFit {
  const columns = Array.from({ length: width + 1 }, () => new Float64Array(most))
  const held = Array.from({ length: width + 1 }, () => new Float64Array(most))
  const solve = (k: number): Float64Array => {
    for (const [c, column] of columns.entries()) held[c]!.set(column.subarray(0, k))
    const diagonal = new Float64Array(width)
    for (let c = 0; c < Math.min(width, k); c++) diagonal[c] = reflect(columns, c, k)
    const sizes = diagonal.map(Math.abs)
    if (k <= width || Math.min(...sizes) <= SINGULAR * Math.max(...sizes)) return shortest(held, k, width)
    const out = new Float64Array(width)
    for (let c = width - 1; c >= 0; c--) {
      let rest = columns[width]![c]!
      for (let j = c + 1; j < width; j++) rest -= columns[j]![c]! * out[j]!
      out[c] = rest / diagonal[c]!
    }
    return out
  }
  return { weights: new Float64Array(most), columns, solve }
}

/** Reflects column c on its first axis, and what follows with it. Gives the entry of R on the diagonal. */
function reflect(columns: readonly Float64Array[], c: number, k: number): number {
  const v = columns[c]!
  let squared = 0
  for (let i = c; i < k; i++) squared += v[i]! * v[i]!
  const length = Math.sqrt(squared)
  if (length === 0) return 0
  const pivot = v[c]! > 0 ? -length : length
  v[c]! -= pivot
  const scale = -pivot * v[c]!
  for (let j = c + 1; j < columns.length; j++) {
    const other = columns[j]!
    let product = 0
    for (let i = c; i < k; i++) product += v[i]! * other[i]!
    const factor = product / scale
    for (let i = c; i < k; i++) other[i]! -= factor * v[i]!
  }
  return pivot
}

function shortest(columns: readonly Float64Array[], k: number, width: number): Float64Array {
  const a = linalg.matrix(k, width)
  const b = linalg.matrix(k, 1, columns[width]!.slice(0, k))
  for (let c = 0; c < width; c++) for (let i = 0; i < k; i++) a.data[i * width + c] = columns[c]![i]!
  return linalg.leastSquares(a, b).x.data
}

export interface NonlinearityOptions extends ForecastOptions, WorkOptions {
  /** Thetas that are tried; default 0, 0.1, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8. */
  readonly thetas?: readonly number[]
  /** Linear surrogates (Ebisuzaki 1997) of the series, for a p-value; default 0, none. */
  readonly surrogates?: number
  /** Default 42. */
  readonly seed?: number
}

export interface Nonlinearity {
  readonly thetas: readonly number[]
  /** Correlation of forecasts and observations by theta. */
  readonly skills: Float64Array
  /** Of the best forecasts. */
  readonly theta: number
  /** Skill of the best theta less that of the least. */
  readonly gain: number
  /** Share of linear surrogates that gain as much. */
  readonly pValue?: number
}

const THETAS = [0, 0.1, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8]

/**
 * Whether local maps forecast a variable better than one linear map. Throws `InputError` as `sMap`; `CancelledError`.
 */
export async function nonlinearity(series: TimeSeries, options: NonlinearityOptions): Promise<Nonlinearity> {
  const thetas = [...(options.thetas ?? THETAS)].sort((a, b) => a - b)
  thetas.forEach(checkTheta)
  const count = checkCount('surrogates', options.surrogates, 0, 0)
  const pace = paced('nonlinearity', options)
  let done = 0
  const total = thetas.length * (count + 1)
  const sweep = async (data: TimeSeries): Promise<Float64Array> => {
    const task = taskOf(data, options)
    const skills = new Float64Array(thetas.length)
    for (const [at, theta] of thetas.entries()) {
      skills[at] = mapped(task, theta, options.neighbours).skill.rho
      await pace.at(++done / total)
    }
    return skills
  }
  const skills = await sweep(series)
  const best = (values: Float64Array): number => values.reduce((at, value, i) => (value > values[at]! ? i : at), 0)
  const gainOf = (values: Float64Array): number => values[best(values)]! - values[0]!
  const gain = gainOf(skills)
  const theta = thetas[best(skills)]!
  if (count === 0) return { thetas, skills, theta, gain }
  const from = Array.isArray(options.from) ? options.from : [options.from]
  const columns = from.map((variable) => variableIndex(series, variable))
  const stream = random(options.seed ?? 42).split('nonlinearity')
  let larger = 0
  for (let i = 0; i < count; i++) {
    const drawn = ebisuzaki(series, columns, stream.split(i))
    if (gainOf(await sweep(drawn)) >= gain) larger++
  }
  return { thetas, skills, theta, gain, pValue: (1 + larger) / (1 + count) }
}
