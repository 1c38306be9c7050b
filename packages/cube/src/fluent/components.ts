/**
 * Dates grouped by what recurs in them (months, hours) whatever the year, as intervals of openEO's `aggregate_temporal`.
 * These have to be unbroken, so dates get stand-ins first: the dates of a group follow each other within one year.
 */
import { InputError } from '@ecotope/core'
import type { Calendar, TemporalDimension } from '../model/dimension.ts'
import { dayOfYear, PERIODS, type PeriodName } from '../model/periods.ts'
import { type CalendarDate, dateOf, formatInstant, secondsOf } from '../model/time.ts'
import { secondsOfLabel } from '../process/cubes/instants.ts'
import type { Interval } from './windows.ts'

/** Components of dates; weeks are those of ISO 8601, days of the week count from 0, Monday. */
export type DateComponent =
  | 'hour'
  | 'dayofweek'
  | 'dayofyear'
  | 'week'
  | 'month'
  | 'quarter'
  | 'season'
  | 'tropical-season'
  | 'year'

type LabelOf = (date: CalendarDate, calendar: Calendar) => string

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
/** The label of a period of openEO without its year. */
const within =
  (period: PeriodName): LabelOf =>
  (date, calendar) =>
    PERIODS[period].label(PERIODS[period].index(date, calendar), calendar).replace(/^-?\d+-/, '')
/** 1970-01-01 was a Thursday. */
const weekday: LabelOf = (date, calendar) =>
  String((((Math.floor(secondsOf(date, calendar) / 86_400) + 3) % 7) + 7) % 7)

interface ComponentRow {
  readonly label: LabelOf
  /** Labels whose order is not that of their letters. */
  readonly order?: readonly string[]
}

/** Labels as `climatological_normal` has them, so that `anomaly` finds them. */
const COMPONENTS: Readonly<Record<DateComponent, ComponentRow>> = {
  hour: { label: ({ second }) => pad(Math.floor(second / 3600)) },
  dayofweek: { label: weekday },
  dayofyear: { label: (date, calendar) => pad(dayOfYear(date, calendar), 3) },
  week: { label: within('week') },
  month: { label: ({ month }) => pad(month) },
  quarter: { label: ({ month }) => String(Math.ceil(month / 3)) },
  season: { label: within('season'), order: ['djf', 'mam', 'jja', 'son'] },
  'tropical-season': { label: within('tropical-season'), order: ['ndjfma', 'mjjaso'] },
  year: { label: ({ year }) => PERIODS.year.label(year) },
}

export interface Grouped {
  /** What stands for each date. */
  readonly standIns: readonly string[]
  readonly intervals: readonly Interval[]
  /** One per interval, in order; only those that some date has. */
  readonly labels: readonly string[]
}

/** Dates by one of their components. Throws InputError `BadComponent`, `BadInstant`. */
export function groupedBy(dimension: TemporalDimension, component: DateComponent): Grouped {
  if (!Object.hasOwn(COMPONENTS, component)) {
    throw new InputError('BadComponent', `dates are not grouped by ${JSON.stringify(component)}`, {
      hint: `there are ${Object.keys(COMPONENTS).join(', ')}`,
      data: { component },
    })
  }
  const { calendar } = dimension
  const { label, order = [] } = COMPONENTS[component]
  const dates = dimension.labels.map((own) => dateOf(secondsOfLabel(own, dimension), calendar))
  const own = dates.map((date) => label(date, calendar))
  const labels = [...new Set(own)].sort((a, b) => order.indexOf(a) - order.indexOf(b) || compare(a, b))
  const groupOf = new Map(labels.map((each, g) => [each, g]))
  // Years that no date is in, of which no stand-in can be a date that is there.
  const free = dates.reduce((last, { year }) => Math.max(last, year), 0) + 1
  const start = (g: number): number => secondsOf({ year: free + g, month: 1, day: 1, second: 0 }, calendar)
  const text = (second: number): string => formatInstant(dateOf(second, calendar))
  return {
    standIns: own.map((each, i) => text(start(groupOf.get(each)!) + i)),
    intervals: labels.map((_, g) => [text(start(g)), text(start(g + 1))]),
    labels,
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
