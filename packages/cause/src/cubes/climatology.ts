/** What is usual at a time of the year, and anomalies from it. */
import { InputError } from '@ecotope/core'
import { parseInstant } from '@ecotope/cube'
import { regress } from '../statistics/least-squares.ts'

/** Parts of the year that have a normal each. */
export type ClimatologyPeriod = 'day' | 'dekad' | 'month' | 'season' | 'year'

/**
 * `mean`: of each part of the year. `harmonic`: a sum of annual waves fitted by least squares. `smooth`: means of days of the
 * year within a window around each.
 */
export type ClimatologyMethod = 'mean' | 'median' | 'harmonic' | 'smooth'

export interface ClimatologyOptions {
  /** Default `month`. */
  readonly period?: ClimatologyPeriod
  /** Default `mean`. */
  readonly method?: ClimatologyMethod
  /** Annual waves of `harmonic`; default 2. */
  readonly waves?: number
  /** Days on either side of `smooth`; default 15. */
  readonly halfWindow?: number
  /** First and last instant of the years that make the normal; default: all. */
  readonly baseline?: readonly [from: string, to: string]
  /** Whether anomalies are divided by the standard deviation of their part of the year; default false. */
  readonly standardize?: boolean
}

interface Moment {
  /** Day of the year, 0 .. 364 (29 February counts as the 28th). */
  readonly day: number
  readonly month: number
  /** Milliseconds, to compare with the baseline. */
  readonly at: number
}

const STARTS = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

/** Throws `InputError` BadTime. */
export function momentsOf(times: readonly string[]): Moment[] {
  return times.map((time, row) => {
    const date = parseInstant(/^\d{4}-\d\d$/.test(time) ? `${time}-01` : time, 'proleptic_gregorian')
    if (date === undefined)
      throw new InputError('BadTime', `row ${row + 1}: ${time} is not a date`, { hint: 'Write dates as 2020-01-31.' })
    const { year, month, day } = date
    const at = Date.UTC(year, month - 1, day)
    return { day: STARTS[month - 1]! + Math.min(day, month === 2 ? 28 : 31) - 1, month: month - 1, at }
  })
}

/** Parts of the year: how many, and which one a moment is in. Dekads are days 1-10, 11-20 and the rest of a month. */
const PERIODS: Readonly<Record<ClimatologyPeriod, (moment: Moment) => number>> = {
  day: ({ day }) => day,
  dekad: ({ day, month }) => 3 * month + Math.min(2, Math.floor((day - STARTS[month]!) / 10)),
  month: ({ month }) => month,
  season: ({ month }) => Math.floor(((month + 1) % 12) / 3),
  year: () => 0,
}

interface Fitted {
  /** Normal at each time. */
  readonly normal: Float64Array
}

type Fitter = (
  values: Float64Array,
  moments: readonly Moment[],
  inBaseline: Uint8Array,
  options: ClimatologyOptions,
) => Fitted

const FITTERS: Readonly<Record<ClimatologyMethod, Fitter>> = {
  mean: (values, moments, inBaseline, options) => byPeriod(values, moments, inBaseline, options, mean),
  median: (values, moments, inBaseline, options) => byPeriod(values, moments, inBaseline, options, median),
  harmonic,
  smooth,
}

/**
 * The normal of each time. NaN where its part of the year has no value in the baseline. Throws `InputError`: BadTime,
 * DifferentLength, BadBaseline.
 */
export function climatology(
  values: Float64Array,
  times: readonly string[],
  options: ClimatologyOptions = {},
): Float64Array {
  if (values.length !== times.length)
    throw new InputError('DifferentLength', `${values.length} values for ${times.length} times`)
  const moments = momentsOf(times)
  const inBaseline = baselineOf(moments, options.baseline)
  return FITTERS[options.method ?? 'mean'](values, moments, inBaseline, options).normal
}

/** Values less their normal (and divided by the spread of their part of the year). Throws as `climatology` does. */
export function anomalies(
  values: Float64Array,
  times: readonly string[],
  options: ClimatologyOptions = {},
): Float64Array {
  const normal = climatology(values, times, options)
  const rest = values.map((value, t) => value - normal[t]!)
  if (options.standardize !== true) return rest
  const moments = momentsOf(times)
  const squares = byPeriod(
    rest.map((value) => value * value),
    moments,
    baselineOf(moments, options.baseline),
    options,
    mean,
  )
  return rest.map((value, t) => value / Math.sqrt(squares.normal[t]!))
}

function baselineOf(moments: readonly Moment[], baseline: ClimatologyOptions['baseline']): Uint8Array {
  if (baseline === undefined) return new Uint8Array(moments.length).fill(1)
  const [from, to] = momentsOf(baseline).map(({ at }) => at)
  const inside = Uint8Array.from(moments, ({ at }) => (at >= from! && at <= to! ? 1 : 0))
  if (inside.includes(1)) return inside
  throw new InputError('BadBaseline', `no time lies between ${baseline[0]} and ${baseline[1]}`, { data: { baseline } })
}

function byPeriod(
  values: Float64Array,
  moments: readonly Moment[],
  inBaseline: Uint8Array,
  { period = 'month' }: ClimatologyOptions,
  reduce: (group: readonly number[]) => number,
): Fitted {
  const groups = new Map<number, number[]>()
  for (const [t, moment] of moments.entries()) {
    if (inBaseline[t] === 0 || Number.isNaN(values[t]!)) continue
    const part = PERIODS[period](moment)
    const group = groups.get(part)
    if (group === undefined) groups.set(part, [values[t]!])
    else group.push(values[t]!)
  }
  const normals = new Map([...groups].map(([part, group]) => [part, reduce(group)]))
  return { normal: Float64Array.from(moments, (moment) => normals.get(PERIODS[period](moment)) ?? Number.NaN) }
}

const mean = (group: readonly number[]): number => group.reduce((sum, value) => sum + value, 0) / group.length

function median(group: readonly number[]): number {
  const sorted = Float64Array.from(group).sort()
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

function harmonic(
  values: Float64Array,
  moments: readonly Moment[],
  inBaseline: Uint8Array,
  { waves = 2 }: ClimatologyOptions,
): Fitted {
  const rows = Array.from({ length: 2 * waves }, (_, k) =>
    Float64Array.from(moments, ({ day }) => {
      const angle = (2 * Math.PI * (1 + (k >> 1)) * (day + 0.5)) / 365
      return k % 2 === 0 ? Math.cos(angle) : Math.sin(angle)
    }),
  )
  const used = moments.flatMap((_, t) => (inBaseline[t] === 1 && !Number.isNaN(values[t]!) ? t : []))
  if (used.length <= 2 * waves) return { normal: new Float64Array(values.length).fill(Number.NaN) }
  const pick = (row: Float64Array): Float64Array => Float64Array.from(used, (t) => row[t]!)
  const { coefficients } = regress(rows.map(pick), pick(values), { intercept: true })
  return {
    normal: values.map((_, t) =>
      rows.reduce((sum, row, k) => sum + coefficients[k]! * row[t]!, coefficients[2 * waves]!),
    ),
  }
}

function smooth(
  values: Float64Array,
  moments: readonly Moment[],
  inBaseline: Uint8Array,
  { halfWindow = 15 }: ClimatologyOptions,
): Fitted {
  const [sums, counts] = [new Float64Array(365), new Float64Array(365)]
  for (const [t, { day }] of moments.entries()) {
    if (inBaseline[t] === 0 || Number.isNaN(values[t]!)) continue
    sums[day] = sums[day]! + values[t]!
    counts[day] = counts[day]! + 1
  }
  const normals = sums.map((_, day) => {
    let [sum, count] = [0, 0]
    for (let step = -halfWindow; step <= halfWindow; step++) {
      const other = (day + step + 730) % 365
      sum += sums[other]!
      count += counts[other]!
    }
    return sum / count
  })
  return { normal: Float64Array.from(moments, ({ day }) => normals[day]!) }
}
