/** Dates, times and date-times of openEO (RFC 3339) as parts, in UTC or with an offset. Calendars of cubes are elsewhere. */
import { CALENDARS } from '../model/calendar.ts'
import type { Calendar } from '../model/dimension.ts'
import { parseInstant } from '../model/time.ts'

/** A date, with a time of day where the text has one. */
export interface Instant {
  readonly year: number
  /** From 1. */
  readonly month: number
  /** From 1. */
  readonly day: number
  /** Milliseconds of the day in the text's own zone; 0 of a plain date. */
  readonly dayMs: number
  /** The zone as written (`Z`, `+02:00`); undefined of a plain date. */
  readonly zone: string | undefined
  /** Minutes that the zone is ahead of UTC. */
  readonly offsetMinutes: number
}

export const DAY_MS = 86_400_000

const dateForm = /^(\d{4})-(\d{2})-(\d{2})$/
const dateTimeForm = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|z|[+-]\d{2}:?\d{2})$/
const timeForm = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|z)?$/

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
}

/** Reads a date or date-time; undefined where it is none. A leap second counts as the second before it. */
export function parseInstantText(text: string): Instant | undefined {
  const date = dateForm.exec(text)
  const match = date ?? dateTimeForm.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (date !== null) return { year, month, day, dayMs: 0, zone: undefined, offsetMinutes: 0 }
  const dayMs = millisecondsOf(match[4]!, match[5]!, match[6]!, match[7])
  if (dayMs === undefined) return undefined
  const zone = match[8]!
  const offsetMinutes = offsetOf(zone)
  return offsetMinutes === undefined ? undefined : { year, month, day, dayMs, zone, offsetMinutes }
}

function millisecondsOf(
  hour: string,
  minute: string,
  second: string,
  fraction: string | undefined,
): number | undefined {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)]
  if (h > 23 || m > 59 || s > 60) return undefined
  const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6)
  return ((h * 60 + m) * 60 + Math.min(s, 59)) * 1000 + ms
}

function offsetOf(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** Milliseconds of a time of day `HH:MM:SS`; undefined where it is none. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = timeForm.exec(text)
  return match === null ? undefined : millisecondsOf(match[1]!, match[2]!, match[3]!, match[4])
}

export const isDate = (text: string): boolean => dateForm.test(text) && parseInstantText(text) !== undefined
export const isDateTime = (text: string): boolean => dateTimeForm.test(text) && parseInstantText(text) !== undefined
export const isTime = (text: string): boolean => parseTimeOfDay(text) !== undefined

/** Milliseconds since 1970 of midnight of a date, in the proleptic Gregorian calendar; years before 100 too. */
export function midnightMs(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime()
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export function instantMs(instant: Instant): number {
  return midnightMs(instant.year, instant.month, instant.day) + instant.dayMs - instant.offsetMinutes * 60_000
}

/** The instant of a text in milliseconds since 1970; NaN where the text is no date. */
export function timestampOf(text: string): number {
  const instant = parseInstantText(text)
  return instant === undefined ? Number.NaN : instantMs(instant)
}

/** The text of an instant: a date where it has no zone; milliseconds only where there are any. */
export function instantText(instant: Instant): string {
  const pad = (value: number, width: number): string => String(value).padStart(width, '0')
  const date = `${pad(instant.year, 4)}-${pad(instant.month, 2)}-${pad(instant.day, 2)}`
  if (instant.zone === undefined) return date
  const ms = instant.dayMs % 1000
  const seconds = Math.floor(instant.dayMs / 1000)
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => pad(part, 2))
  return `${date}T${time.join(':')}${ms === 0 ? '' : `.${pad(ms, 3)}`}${instant.zone}`
}

/** The date parts of a count of milliseconds since 1970 (as a local clock without zone). */
export function partsOf(localMs: number): { year: number; month: number; day: number; dayMs: number } {
  const day = Math.floor(localMs / DAY_MS)
  const date = new Date(day * DAY_MS)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    dayMs: localMs - day * DAY_MS,
  }
}

/** Also days that only other calendars have, such as 30 February: whether the cube's is one of them is seen there. */
export function isInstantOfSomeCalendar(text: string): boolean {
  const withAnyDay = text.replace(/^(\d{4}-\d{2})-(?:29|30|31)/, '$1-28')
  const calendars = Object.keys(CALENDARS) as Calendar[]
  return (isDate(withAnyDay) || isDateTime(withAnyDay)) && calendars.some((calendar) => parseInstant(text, calendar))
}
