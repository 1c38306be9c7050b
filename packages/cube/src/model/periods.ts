/** The calendar periods of openEO: which one an instant is in, how it is labelled, which follow each other. */
import type { Calendar } from './dimension.ts'
import { type CalendarDate, dateOf, secondsOf } from './time.ts'

export interface Period {
  /** Number of the period an instant is in; the next one has the next number. */
  readonly index: (date: CalendarDate, calendar: Calendar) => number
  readonly label: (index: number, calendar: Calendar) => string
  /** The first day (for hours the hour) of the period that a label names by its year and the rest of it. */
  readonly start: (year: number, rest: string, calendar: Calendar) => CalendarDate | undefined
}

const DAY = 86400
const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
const four = (year: number): string => (year < 0 ? `-${pad(-year, 4)}` : pad(year, 4))

const days = (date: CalendarDate, calendar: Calendar): number => Math.floor(secondsOf(date, calendar) / DAY)
const dayDate = (day: number, calendar: Calendar): CalendarDate => dateOf(day * DAY, calendar)
const newYear = (year: number, calendar: Calendar): number => days({ year, month: 1, day: 1, second: 0 }, calendar)

/** Day of the year, from 1. */
export const dayOfYear = (date: CalendarDate, calendar: Calendar): number =>
  days(date, calendar) - newYear(date.year, calendar) + 1

/** 1970-01-01 was a Thursday: weeks start 3 days before it, or 4 days after. */
const WEEK_START = 4

/** ISO week: its year is that of its Thursday. */
function weekLabel(week: number, calendar: Calendar): string {
  const thursday = dayDate(week * 7 + WEEK_START + 3, calendar)
  return `${four(thursday.year)}-${pad(Math.ceil(dayOfYear(thursday, calendar) / 7))}`
}

const midnight = (year: number, month: number, day: number): CalendarDate => ({ year, month, day, second: 0 })

/** The rest of a label as a number with `digits` digits from 1 to `last`; undefined where it is none. */
function countOf(rest: string, digits: number, last: number): number | undefined {
  const count = new RegExp(`^\\d{${digits}}$`).test(rest) ? Number(rest) : 0
  return count >= 1 && count <= last ? count : undefined
}

/** Monday of an ISO week: 4 January is always in the first. */
function weekStart(year: number, rest: string, calendar: Calendar): CalendarDate | undefined {
  const week = countOf(rest, 2, 53)
  if (week === undefined) return undefined
  const first = Math.floor((days(midnight(year, 1, 4), calendar) - WEEK_START) / 7)
  return dayDate((first + week - 1) * 7 + WEEK_START, calendar)
}

function hourStart(year: number, rest: string): CalendarDate | undefined {
  const [month, day, hour] = /^(\d\d)-(\d\d)-(\d\d)$/.exec(rest)?.slice(1).map(Number) ?? []
  return hour === undefined ? undefined : { ...midnight(year, month!, day!), second: hour * 3600 }
}

const yearStart = (year: number, rest: string): CalendarDate | undefined =>
  rest === '' ? midnight(year, 1, 1) : undefined

const SEASONS = ['djf', 'mam', 'jja', 'son'] as const
const TROPICAL = ['ndjfma', 'mjjaso'] as const
const dekadOfMonth = (day: number): number => (day <= 10 ? 0 : day <= 20 ? 1 : 2)

/** Periods of several months whose first one starts in month `start` of the year before the label's next. */
function months(length: number, start: number, names: readonly string[]): Period {
  const shift = 13 - start
  return {
    // Counted so that the season with December (November) belongs to the year in which it starts.
    index: ({ year, month }) => Math.floor((year * 12 + month - 1 + shift) / length),
    label: (index) => {
      const first = index * length - shift
      const perYear = 12 / length
      return `${four(Math.floor(first / 12))}-${names[((index % perYear) + perYear) % perYear]}`
    },
    start: (year, rest) => {
      const which = names.indexOf(rest)
      return which < 0 ? undefined : midnight(year, ((start - 1 + which * length) % 12) + 1, 1)
    },
  }
}

export const PERIODS = {
  hour: {
    index: (date, calendar) => Math.floor(secondsOf(date, calendar) / 3600),
    label: (index, calendar) => {
      const { year, month, day, second } = dateOf(index * 3600, calendar)
      return `${four(year)}-${pad(month)}-${pad(day)}-${pad(Math.floor(second / 3600))}`
    },
    start: hourStart,
  },
  day: {
    index: days,
    label: (index, calendar) => {
      const date = dayDate(index, calendar)
      return `${four(date.year)}-${pad(dayOfYear(date, calendar), 3)}`
    },
    start: (year, rest, calendar) => {
      const day = countOf(rest, 3, 366)
      return day === undefined ? undefined : dayDate(newYear(year, calendar) + day - 1, calendar)
    },
  },
  week: {
    index: (date, calendar) => Math.floor((days(date, calendar) - WEEK_START) / 7),
    label: weekLabel,
    start: weekStart,
  },
  dekad: {
    index: ({ year, month, day }) => (year * 12 + month - 1) * 3 + dekadOfMonth(day),
    label: (index) => `${four(Math.floor(index / 36))}-${pad((((index % 36) + 36) % 36) + 1)}`,
    start: (year, rest) => {
      const dekad = countOf(rest, 2, 36)
      return dekad === undefined ? undefined : midnight(year, Math.ceil(dekad / 3), ((dekad - 1) % 3) * 10 + 1)
    },
  },
  month: {
    index: ({ year, month }) => year * 12 + month - 1,
    label: (index) => `${four(Math.floor(index / 12))}-${pad((((index % 12) + 12) % 12) + 1)}`,
    start: (year, rest) => {
      const month = countOf(rest, 2, 12)
      return month === undefined ? undefined : midnight(year, month, 1)
    },
  },
  season: months(3, 12, SEASONS),
  'tropical-season': months(6, 11, TROPICAL),
  year: { index: ({ year }) => year, label: (index) => four(index), start: yearStart },
  decade: { index: ({ year }) => Math.floor(year / 10), label: (index) => four(index * 10), start: yearStart },
  'decade-ad': {
    index: ({ year }) => Math.floor((year - 1) / 10),
    label: (index) => four(index * 10 + 1),
    start: yearStart,
  },
} as const satisfies Readonly<Record<string, Period>>

export type PeriodName = keyof typeof PERIODS

export const isPeriod = (name: unknown): name is PeriodName => typeof name === 'string' && Object.hasOwn(PERIODS, name)

/** Periods whose labels no other period or date has the form of. */
const UNMISTAKABLE: readonly PeriodName[] = ['day', 'hour', 'season', 'tropical-season', 'month', 'year']

/**
 * The start of the period that a label names; undefined where it names none. Without the name of the period two digits
 * count as a month, though weeks and dekads have them too.
 */
export function periodStart(label: string, calendar: Calendar, name?: string): CalendarDate | undefined {
  const [, year, rest] = /^(-?\d{4,})(?:-(.+))?$/.exec(label) ?? []
  if (year === undefined) return undefined
  for (const one of isPeriod(name) ? [name] : UNMISTAKABLE) {
    const period: Period = PERIODS[one]
    const start = period.start(Number(year), rest ?? '', calendar)
    if (start !== undefined) return start
  }
  return undefined
}

/** The instant at which the period that a label names is over. */
export function periodEnd(label: string, calendar: Calendar, name: PeriodName): CalendarDate | undefined {
  const period: Period = PERIODS[name]
  const start = periodStart(label, calendar, name)
  return start && periodStart(period.label(period.index(start, calendar) + 1, calendar), calendar, name)
}

/** Labels of all periods from the first to the last of some dates, and which dates are in each. */
export function periodGroups(
  name: PeriodName,
  dates: readonly CalendarDate[],
  calendar: Calendar,
): { labels: string[]; groups: number[][] } {
  const period: Period = PERIODS[name]
  const indices = dates.map((date) => period.index(date, calendar))
  if (indices.length === 0) return { labels: [], groups: [] }
  const first = indices.reduce((a, b) => Math.min(a, b))
  const last = indices.reduce((a, b) => Math.max(a, b))
  const groups: number[][] = Array.from({ length: last - first + 1 }, () => [])
  indices.forEach((index, i) => {
    groups[index - first]!.push(i)
  })
  return { labels: groups.map((_, k) => period.label(first + k, calendar)), groups }
}
