/** The `units` of CF time coordinates: a unit of time, `since`, a reference date with an optional zone. */
import { InputError } from '@ecotope/core'
import type { Calendar } from './dimension.ts'

export interface TimeUnits {
  readonly text: string
  /** Units in one day; below 1 for units longer than a day (then 1 / perDay days are whole). */
  readonly perDay: number
  /** Microseconds in one unit. */
  readonly micros: number
  /** As written, years as CF counts them; `micros` of the day in UTC may lie outside 0 to 86400e6. */
  readonly reference: { readonly year: number; readonly month: number; readonly day: number; readonly micros: number }
}

interface UnitRow {
  readonly micros: number
  readonly names: readonly string[]
  /** The only calendar in which the unit has one length. */
  readonly only?: Calendar
}

/** Spellings of UDUNITS; months and years only in calendars where each has the same length. */
const UNITS: readonly UnitRow[] = [
  { micros: 1e-3, names: ['nanosecond', 'nanoseconds', 'nanosec', 'nanosecs', 'nsec', 'nsecs', 'ns'] },
  { micros: 1, names: ['microsecond', 'microseconds', 'microsec', 'microsecs', 'usec', 'usecs', 'us', 'µs', 'μs'] },
  { micros: 1e3, names: ['millisecond', 'milliseconds', 'millisec', 'millisecs', 'msec', 'msecs', 'ms'] },
  { micros: 1e6, names: ['second', 'seconds', 'sec', 'secs', 's'] },
  { micros: 60e6, names: ['minute', 'minutes', 'min', 'mins'] },
  { micros: 3600e6, names: ['hour', 'hours', 'hr', 'hrs', 'h'] },
  { micros: 86400e6, names: ['day', 'days', 'd'] },
  { micros: 7 * 86400e6, names: ['week', 'weeks', 'wk', 'wks'] },
  { micros: 30 * 86400e6, names: ['month', 'months', 'mon', 'mons'], only: '360_day' },
  { micros: 360 * 86400e6, names: ['year', 'years', 'yr', 'yrs'], only: '360_day' },
  { micros: 365 * 86400e6, names: ['common_year', 'common_years'], only: 'noleap' },
]

const BY_NAME = new Map(UNITS.flatMap((row) => row.names.map((name) => [name, row] as const)))
const SINCE = /^\s*(\S+)\s+(?:since|after|from|ref)\s+(.+?)\s*$|^\s*(\S+)\s*@\s*(.+?)\s*$/i
const DATE = /^([+-]?\d{1,6})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?=$|[\sTtZz])/
const COMPACT = /^(\d{4})(\d\d)(\d\d)(?=$|[\sTtZz])/
const CLOCK = /^[Tt]?\s*(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?(?=$|[\sZz+-])/
const ZONE = /^(?:Z|UTC|GMT|UT|([+-])(\d{1,2})(?::?(\d{2}))?)$/i

/** Reads CF time units. Throws InputError `BadTimeUnits`. */
export function timeUnitsOf(text: string, calendar: Calendar): TimeUnits {
  const [, a, b, c, d] = SINCE.exec(text) ?? []
  const [word, since] = [a ?? c, b ?? d]
  if (word === undefined || since === undefined) throw badUnits(text, 'it has no "since" and reference date')
  const row = BY_NAME.get(word) ?? BY_NAME.get(word.toLowerCase())
  if (row === undefined) throw badUnits(text, `"${word}" is not a unit of time`)
  if (row.only !== undefined && row.only !== calendar) {
    throw badUnits(text, `"${word}" differ in length in the ${calendar} calendar (they are units of ${row.only} only)`)
  }
  const reference = referenceOf(since)
  if (reference === undefined) throw badUnits(text, `"${since}" is not a reference date`)
  const perDay = row.micros === 1e-3 ? 86400e9 : 86400e6 / row.micros
  return { text, perDay, micros: row.micros, reference }
}

/** Whether an attribute reads like units of time (`hours since ...`), without judging its date. */
export function isTimeUnits(text: unknown): text is string {
  if (typeof text !== 'string') return false
  const [, a, , c] = SINCE.exec(text) ?? []
  const word = a ?? c ?? ''
  return BY_NAME.has(word) || BY_NAME.has(word.toLowerCase())
}

function badUnits(text: string, why: string): InputError {
  return new InputError('BadTimeUnits', `cannot read the time units "${text}": ${why}`, {
    hint: 'CF has units such as "days since 1970-01-01 00:00:00"',
    data: { units: text },
  })
}

function referenceOf(text: string): TimeUnits['reference'] | undefined {
  const date = COMPACT.exec(text) ?? DATE.exec(text)
  if (date === null) return undefined
  const [year, month, day] = [Number(date[1]), Number(date[2] ?? 1), Number(date[3] ?? 1)]
  let rest = text.slice(date[0].length).trim()
  let micros = 0
  const clock = CLOCK.exec(rest)
  if (clock !== null) {
    const [, h = '0', m = '0', s = '0', fraction = ''] = clock
    if (Number(h) > 24 || Number(m) > 59 || Number(s) > 60) return undefined
    micros = Math.round((Number(h) * 3600 + Number(m) * 60 + Number(s) + Number(`0.${fraction || 0}`)) * 1e6)
    rest = rest.slice(clock[0].length).trim()
  }
  if (rest !== '') {
    const zone = ZONE.exec(rest)
    if (zone === null) return undefined
    const offset = (Number(zone[2] ?? 0) * 60 + Number(zone[3] ?? 0)) * 60e6
    micros -= zone[1] === '-' ? -offset : offset
  }
  return { year, month, day, micros }
}
