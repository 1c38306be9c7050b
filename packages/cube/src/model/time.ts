/** Instants of the CF calendars as numbers and as labels. */
import type { Calendar } from './dimension.ts'

/** A date of a calendar; `second` is of the day, with fractions. Months and days count from 1. */
export interface CalendarDate {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly second: number
}
/** Reads an RFC 3339 label (date or date-time, any offset); undefined where it is none, or no date of the calendar. */
export declare function parseInstant(label: string, calendar: Calendar): CalendarDate | undefined
/** Seconds since 1970-01-01T00:00:00Z in the calendar. */
export declare function secondsOf(date: CalendarDate, calendar: Calendar): number
export declare function dateOf(seconds: number, calendar: Calendar): CalendarDate
/** `2020-06-01T00:00:00Z`; fractions of seconds only where there are any. */
export declare function formatInstant(date: CalendarDate): string
/** Labels of CF time values; `units` such as `days since 1582-10-14 12:00`. Throws InputError `BadTimeUnits`. */
export declare function decodeTimes(values: ArrayLike<number>, units: string, calendar: string | undefined): string[]
/** CF values of labels in `units`. */
export declare function encodeTimes(labels: readonly string[], units: string, calendar: Calendar): Float64Array
