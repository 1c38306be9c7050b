/** The six CF calendars as day counts. Whole days only; hours and labels are in `time.ts`. */
import type { Calendar } from './dimension.ts'

/** Days from 1970-01-01 of the same calendar; years are astronomical (year 0 is 1 BC). */
type DayNumber = (year: number, month: number, day: number) => number
type DayDate = (days: number) => readonly [year: number, month: number, day: number]

interface CalendarRow {
  readonly dayNumber: DayNumber
  readonly dateOfDay: DayDate
  readonly monthDays: (year: number, month: number) => number
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const gregorianLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const julianLeap = (year: number): boolean => year % 4 === 0

function lengths(isLeap: (year: number) => boolean): CalendarRow['monthDays'] {
  return (year, month) => (month === 2 && isLeap(year) ? 29 : LENGTHS[month - 1]!)
}

/** Days of a year that starts on 1 March, before month `m` of it (0 is March): leap days fall at its end. */
const marchDays = (m: number): number => Math.floor((153 * m + 2) / 5)

/** Day number of a date counted from 0000-03-01, for calendars with `leapDays(years)` leap days in the years before. */
function fromMarch(leapDays: (years: number) => number): { number: DayNumber; years: (year: number) => number } {
  const years = (year: number): number => 365 * year + leapDays(year)
  return {
    years,
    number: (year, month, day) => {
      const y = month > 2 ? year : year - 1
      return years(y) + marchDays((month + 9) % 12) + day - 1
    },
  }
}

/** A calendar with leap years at regular steps, `meanYear` days long on average. */
function leaping(
  leapDays: (years: number) => number,
  isLeap: (year: number) => boolean,
  meanYear: number,
): CalendarRow {
  const { number, years } = fromMarch(leapDays)
  const epoch = number(1970, 1, 1)
  return {
    dayNumber: (year, month, day) => number(year, month, day) - epoch,
    dateOfDay: (days) => {
      const since = days + epoch
      let y = Math.floor(since / meanYear)
      while (years(y + 1) <= since) y++
      while (years(y) > since) y--
      const inYear = since - years(y)
      const m = Math.floor((5 * inYear + 2) / 153)
      return [m < 10 ? y : y + 1, ((m + 2) % 12) + 1, inYear - marchDays(m) + 1]
    },
    monthDays: lengths(isLeap),
  }
}

/** A calendar whose years are all alike. */
function uniform(months: readonly number[]): CalendarRow {
  const before = months.map((_, m) => months.slice(0, m).reduce((sum, n) => sum + n, 0))
  const year = months.reduce((sum, n) => sum + n, 0)
  return {
    dayNumber: (y, month, day) => (y - 1970) * year + before[month - 1]! + day - 1,
    dateOfDay: (days) => {
      const y = Math.floor(days / year)
      const inYear = days - y * year
      const m = before.findLastIndex((start) => start <= inYear)
      return [y + 1970, m + 1, inYear - before[m]! + 1]
    },
    monthDays: (_, month) => months[month - 1]!,
  }
}

const gregorian = leaping((y) => Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400), gregorianLeap, 365.2425)
const julian = leaping((y) => Math.floor(y / 4), julianLeap, 365.25)

/** 1582-10-15, the first day of the Gregorian calendar, and how many days the Julian count from 1970 differs. */
const REFORM = gregorian.dayNumber(1582, 10, 15)
const JULIAN_SHIFT = REFORM - 1 - julian.dayNumber(1582, 10, 4)

const isBeforeReform = (year: number, month: number, day: number): boolean =>
  year < 1582 || (year === 1582 && (month < 10 || (month === 10 && day < 15)))

const standard: CalendarRow = {
  // The ten dates that never were (5 to 14 October 1582) count on in the Julian calendar, as UDUNITS reads them.
  dayNumber: (year, month, day) =>
    isBeforeReform(year, month, day)
      ? julian.dayNumber(year, month, day) + JULIAN_SHIFT
      : gregorian.dayNumber(year, month, day),
  dateOfDay: (days) => (days < REFORM ? julian.dateOfDay(days - JULIAN_SHIFT) : gregorian.dateOfDay(days)),
  monthDays: (year, month) => (year <= 1582 ? julian : gregorian).monthDays(year, month),
}

export const CALENDARS: Readonly<Record<Calendar, CalendarRow>> = {
  standard,
  proleptic_gregorian: gregorian,
  julian,
  noleap: uniform(LENGTHS),
  all_leap: uniform(LENGTHS.map((n, m) => (m === 1 ? 29 : n))),
  '360_day': uniform(LENGTHS.map(() => 30)),
}

/** The days between 1582-10-04 and 1582-10-15, which the `standard` calendar has not. */
export function isInReformGap(year: number, month: number, day: number): boolean {
  return year === 1582 && month === 10 && day > 4 && day < 15
}
