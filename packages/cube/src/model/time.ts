/**
 * Instants of the CF calendars as numbers and as labels. Years are astronomical everywhere (0 is 1 BC); only the
 * reference dates of `standard` and `julian` units count as CF has it, without a year 0. Exact to the microsecond.
 */
import { InputError } from '@ecotope/core'
import { CALENDARS, isInReformGap } from './calendar.ts'
import type { Calendar } from './dimension.ts'
import { type TimeUnits, timeUnitsOf } from './time-units.ts'

const DAY_SECONDS = 86400
const DAY_MICROS = 86400e6
/** A million years: beyond, a value is a fill value that nobody declared, not an instant. */
const MOST_DAYS = 365e6

/** A date of a calendar; `second` is of the day, with fractions. Months and days count from 1. */
export interface CalendarDate {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly second: number
}

const LABEL =
  /^([+-]?\d{4,})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/

/** Reads an RFC 3339 label (date or date-time, any offset); undefined where it is none, or no date of the calendar. */
export function parseInstant(label: string, calendar: Calendar): CalendarDate | undefined {
  const [, y, mo, d, h = '0', mi = '0', s = '0', fraction = '0', zone = 'Z'] = LABEL.exec(label) ?? []
  const [year, month, day] = [Number(y), Number(mo), Number(d)]
  if (!isDate(year, month, day, calendar) || Number(h) > 23 || Number(mi) > 59 || Number(s) > 60) return undefined
  const second = Number(h) * 3600 + Number(mi) * 60 + Number(s) + Number(`0.${fraction}`)
  const offset = zoneSeconds(zone)
  if (offset === 0 && second < DAY_SECONDS) return { year, month, day, second }
  const { dayNumber } = CALENDARS[calendar]
  return split(dayNumber(year, month, day), Math.round((second - offset) * 1e6), calendar)
}

function isDate(year: number, month: number, day: number, calendar: Calendar): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= CALENDARS[calendar].monthDays(year, month))) return false
  return calendar !== 'standard' || !isInReformGap(year, month, day)
}

function zoneSeconds(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}

/** The date `micros` microseconds (of any size and sign) after the start of day `days`. */
function split(days: number, micros: number, calendar: Calendar): CalendarDate {
  const carry = Math.floor(micros / DAY_MICROS)
  const [year, month, day] = CALENDARS[calendar].dateOfDay(days + carry)
  return { year, month, day, second: (micros - carry * DAY_MICROS) / 1e6 }
}

/** Seconds since 1970-01-01T00:00:00Z in the calendar. */
export function secondsOf(date: CalendarDate, calendar: Calendar): number {
  return CALENDARS[calendar].dayNumber(date.year, date.month, date.day) * DAY_SECONDS + date.second
}

/** The date of so many seconds since 1970-01-01T00:00:00Z, to the microsecond. */
export function dateOf(seconds: number, calendar: Calendar): CalendarDate {
  const days = Math.floor(seconds / DAY_SECONDS)
  return split(days, Math.round((seconds - days * DAY_SECONDS) * 1e6), calendar)
}

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')

/** `2020-06-01T00:00:00Z`; fractions of seconds only where there are any. Years beyond four digits carry a sign. */
export function formatInstant(date: CalendarDate): string {
  const { year, month, day } = date
  const micros = Math.round(date.second * 1e6)
  const second = Math.floor(micros / 1e6)
  const fraction = micros % 1e6 === 0 ? '' : `.${pad(micros % 1e6, 6).replace(/0+$/, '')}`
  const sign = year < 0 ? '-' : year > 9999 ? '+' : ''
  const time = `${pad(Math.floor(second / 3600))}:${pad(Math.floor(second / 60) % 60)}:${pad(second % 60)}`
  return `${sign}${pad(Math.abs(year), 4)}-${pad(month)}-${pad(day)}T${time}${fraction}Z`
}

const NAMES: Readonly<Record<string, Calendar>> = {
  standard: 'standard',
  gregorian: 'standard',
  proleptic_gregorian: 'proleptic_gregorian',
  julian: 'julian',
  noleap: 'noleap',
  '365_day': 'noleap',
  all_leap: 'all_leap',
  '366_day': 'all_leap',
  '360_day': '360_day',
}

/** The calendar of a CF `calendar` attribute; absent means `standard`. Throws InputError `BadCalendar`. */
export function calendarOf(name: string | undefined): Calendar {
  const calendar = NAMES[(name ?? 'standard').trim().toLowerCase() || 'standard']
  if (calendar !== undefined) return calendar
  throw new InputError('BadCalendar', `the calendar "${name}" is not supported`, {
    hint: `supported are ${Object.keys(NAMES).join(', ')}`,
    data: { calendar: name },
  })
}

/** The start of the units: day number and microsecond of the day, zone applied. */
function epochOf(units: TimeUnits, calendar: Calendar): { days: number; micros: number } {
  const { year, month, day, micros } = units.reference
  const hasYearZero = calendar !== 'standard' && calendar !== 'julian'
  const astronomical = year < 0 && !hasYearZero ? year + 1 : year
  const isReal = month >= 1 && month <= 12 && day >= 1 && day <= CALENDARS[calendar].monthDays(astronomical, month)
  if (!isReal || (year === 0 && !hasYearZero)) {
    throw new InputError('BadTimeUnits', `"${units.text}" starts on a date that the ${calendar} calendar has not`, {
      hint: isReal
        ? 'its years go from -1 to 1; proleptic_gregorian has a year 0'
        : 'correct the units or the calendar',
      data: { units: units.text, calendar },
    })
  }
  return { days: CALENDARS[calendar].dayNumber(astronomical, month, day), micros }
}

/**
 * Labels of CF time values; `units` such as `days since 1582-10-14 12:00`, values also as 64-bit integers.
 * A reference date in the gap of the `standard` calendar counts on in the Julian one, as UDUNITS has it.
 * Throws InputError `BadTimeUnits`, `BadCalendar`, or `BadTime` where a value is missing or out of range.
 */
export function decodeTimes(values: ArrayLike<number | bigint>, units: string, calendar: string | undefined): string[] {
  const known = calendarOf(calendar)
  const parsed = timeUnitsOf(units, known)
  const epoch = epochOf(parsed, known)
  return Array.from(values, (value, index) => {
    const [days, micros] = typeof value === 'bigint' ? splitBig(value, parsed) : splitFloat(value, parsed)
    if (!(Math.abs(epoch.days + days) < MOST_DAYS)) throw badTime(value, index, units)
    return formatInstant(split(epoch.days + days, epoch.micros + micros, known))
  })
}

const badTime = (value: number | bigint, index: number, units: string): InputError =>
  new InputError('BadTime', `time value ${index} is ${value}, which is no instant in "${units}"`, {
    hint: 'remove the cell, or correct the time coordinate',
    data: { value: String(value), index, units },
  })

/** Days and microseconds of a value; the remainder is exact, so that nothing is lost before the rounding. */
function splitFloat(value: number, { perDay, micros }: TimeUnits): [days: number, micros: number] {
  if (perDay < 1) {
    const whole = Math.floor(value)
    return [whole / perDay, Math.round((value - whole) * micros)]
  }
  const rest = value % perDay
  return [Math.round((value - rest) / perDay), roundest(rest * micros, Math.abs(value) * micros * Number.EPSILON)]
}

/** Steps of the last digit of a number by which the axes of real files stray, having been summed up. */
const STRAY = 32

/**
 * The whole second within the precision of the stored number, else its nearest microsecond: half an hour as a fraction
 * of a day, 400 years from the epoch, is only known to some microseconds and means the half hour.
 */
function roundest(micros: number, precision: number): number {
  const second = Math.round(micros / 1e6) * 1e6
  const tolerance = Math.min(precision * STRAY, 1e4)
  return precision > 0.25 && Math.abs(second - micros) <= tolerance ? second : Math.round(micros)
}

function splitBig(value: bigint, units: TimeUnits): [days: number, micros: number] {
  if (units.perDay < 1) return splitFloat(Number(value), units)
  const perDay = BigInt(units.perDay)
  return [Number(value / perDay), Math.round(Number(value % perDay) * units.micros)]
}

/** CF values of labels in `units`. Throws InputError `BadTimeUnits`, or `BadTime` where a label is no instant. */
export function encodeTimes(labels: readonly string[], units: string, calendar: Calendar): Float64Array {
  const parsed = timeUnitsOf(units, calendar)
  const epoch = epochOf(parsed, calendar)
  return Float64Array.from(labels, (label, index) => {
    const [days, micros] = instantParts(label, calendar, index)
    return (days - epoch.days) * parsed.perDay + (micros - epoch.micros) / parsed.micros
  })
}

/** Day number and microsecond of the day of a label. */
function instantParts(label: string, calendar: Calendar, index: number): [days: number, micros: number] {
  const date = parseInstant(label, calendar)
  if (date === undefined) {
    throw new InputError('BadTime', `time label ${index}, "${label}", is no instant of the ${calendar} calendar`, {
      hint: 'labels such as 2020-06 or summer have to become dates first',
      data: { label, index, calendar },
    })
  }
  return [CALENDARS[calendar].dayNumber(date.year, date.month, date.day), Math.round(date.second * 1e6)]
}

const CHOICES: readonly (readonly [unit: string, micros: number])[] = [
  ['days', DAY_MICROS],
  ['hours', 3600e6],
  ['minutes', 60e6],
  ['seconds', 1e6],
  ['milliseconds', 1e3],
  ['microseconds', 1],
]

/** The coarsest units, counted from the day of the first label, in which all labels are whole numbers. */
export function timeUnitsFor(labels: readonly string[], calendar: Calendar): string {
  const parts = labels.map((label, index) => instantParts(label, calendar, index))
  const [unit] = CHOICES.find(([, size]) => parts.every(([, micros]) => micros % size === 0))!
  const first = parts.length === 0 ? 0 : Math.min(...parts.map(([days]) => days))
  const [year, month, day] = CALENDARS[calendar].dateOfDay(first)
  const hasYearZero = calendar !== 'standard' && calendar !== 'julian'
  const written = year <= 0 && !hasYearZero ? year - 1 : year
  const sign = written < 0 ? '-' : ''
  return `${unit} since ${sign}${pad(Math.abs(written), 4)}-${pad(month)}-${pad(day)} 00:00:00`
}
