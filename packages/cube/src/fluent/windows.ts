/** Windows that move along dates and steps from date to date, as intervals of openEO's `aggregate_temporal`. */
import { InputError } from '@ecotope/core'
import type { TemporalDimension } from '../model/dimension.ts'
import { dateOf, formatInstant } from '../model/time.ts'
import { secondsOfLabel } from '../process/cubes/instants.ts'

/** Half-open; null is without end. */
export type Interval = readonly [string | null, string | null]

/** A number of dates, or a length of time. */
export type WindowLength = number | { readonly days: number }

/** Intervals of so many days one after the other, counted from the start of the first day or from `from`. */
export interface EveryDays {
  readonly days: number
  /** An instant at which one of them starts, before, among or after the dates. */
  readonly from?: string
}

export interface RollingOptions {
  /** The window lies around its date instead of ending with it. Default false. */
  readonly center?: boolean
  readonly minPeriods?: number
  /** Default: the dimension of dates. */
  readonly dimension?: string
}

const DAY_SECONDS = 86_400
/** Instants are exact to the microsecond. */
const FINEST_SECONDS = 1e-6

/**
 * The window of each date, cut at both ends of the series: it ends with the date or, with `center`, lies around it (of an
 * even number of dates one more before than after). Throws InputError `BadWindow`, `NotAscending`, `BadInstant`.
 */
export function windowsOf(dimension: TemporalDimension, length: WindowLength, center: boolean): Interval[] {
  if (typeof length !== 'number') return timeWindows(dimension, length.days, center)
  const count = checked(length, Number.isInteger(length) && length >= 1, 'dates')
  const before = center ? Math.floor(count / 2) : count - 1
  const { instants } = datesOf(dimension)
  return instants.map((_, i) => [instants[Math.max(0, i - before)]!, instants[i - before + count] ?? null])
}

/** Without the instant at which they start, with the one at which they end. */
function timeWindows(dimension: TemporalDimension, days: number, center: boolean): Interval[] {
  const span = checked(days, days > 0, 'days') * DAY_SECONDS
  const { seconds, text } = datesOf(dimension)
  return seconds.map((at) => {
    const end = center ? at + span / 2 : at
    return [text(end - span + FINEST_SECONDS), text(end + FINEST_SECONDS)]
  })
}

/** The date so many steps before each (after it, where negative); beyond the ends an interval without dates. */
export function stepsBefore(dimension: TemporalDimension, steps: number): Interval[] {
  checked(steps, Number.isInteger(steps), 'steps')
  const { instants } = datesOf(dimension)
  const nothing: Interval = [null, instants[0]!]
  return instants.map((_, i) => {
    const start = instants[i - steps]
    return start === undefined ? nothing : [start, instants[i - steps + 1] ?? null]
  })
}

/** Intervals of equal length that hold all dates, as xarray's `resample` has them. Throws InputError `BadWindow`, `BadInstant`. */
export function intervalsOf(dimension: TemporalDimension, { days, from }: EveryDays): Interval[] {
  const span = checked(days, days > 0, 'days') * DAY_SECONDS
  const seconds = dimension.labels.map((label) => secondsOfLabel(label, dimension))
  if (seconds.length === 0) return []
  const [first, last] = seconds.reduce(([a, b], at) => [Math.min(a, at), Math.max(b, at)], [Infinity, -Infinity])
  const origin = from === undefined ? Math.floor(first / DAY_SECONDS) * DAY_SECONDS : secondsOfLabel(from, dimension)
  const before = Math.floor((first - origin) / span)
  const count = Math.floor((last - origin) / span) - before + 1
  const text = (i: number): string => formatInstant(dateOf(origin + i * span, dimension.calendar))
  return Array.from({ length: count }, (_, i) => [text(before + i), text(before + i + 1)])
}

function checked(value: number, isGood: boolean, what: string): number {
  if (isGood) return value
  throw new InputError('BadWindow', `${value} ${what} make no window`, {
    hint: what === 'days' ? 'give a number above 0' : 'give a whole number',
    data: { value },
  })
}

interface Dates {
  readonly seconds: readonly number[]
  /** Of months and other periods the first instant. */
  readonly instants: readonly string[]
  text(second: number): string
}

function datesOf(dimension: TemporalDimension): Dates {
  const { name, labels, calendar } = dimension
  const seconds = labels.map((label) => secondsOfLabel(label, dimension))
  const text = (second: number): string => formatInstant(dateOf(second, calendar))
  const at = seconds.findIndex((second, i) => i > 0 && second <= seconds[i - 1]!)
  if (at < 0) return { seconds, instants: seconds.map(text), text }
  throw new InputError('NotAscending', `the dates of ${name} do not ascend: ${labels[at]} follows ${labels[at - 1]}`, {
    hint: 'open the files in the order of their dates, or aggregate equal dates first',
    data: { dimension: name, index: at },
  })
}
