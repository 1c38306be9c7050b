/** Processes on dates and date-times, in UTC or with a fixed offset. Leap seconds are not counted. */
import { processError, required, schemas, valueRow, withDefault } from '../define.ts'
import {
  DAY_MS,
  daysInMonth,
  type Instant,
  instantMs,
  instantText,
  midnightMs,
  parseInstantText,
  parseTimeOfDay,
  partsOf,
} from '../instants.ts'
import type { ProcessRow } from '../row.ts'

const units = ['millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'year'] as const
type Unit = (typeof units)[number]

/** Milliseconds of the units that always have as many. */
const fixedMs: Readonly<Partial<Record<Unit, number>>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
}

const monthsIn: Readonly<Partial<Record<Unit, number>>> = { month: 1, year: 12 }

const dateSchema = [
  { type: 'string', subtype: 'date-time', format: 'date-time' },
  { type: 'string', subtype: 'date', format: 'date' },
]
const timeSchema = [...dateSchema, { type: 'string', subtype: 'time' }]
const unitSchema = { type: 'string', enum: units }

function instantOf(value: unknown): Instant {
  const instant = typeof value === 'string' ? parseInstantText(value) : undefined
  if (instant === undefined) throw processError('ProcessParameterInvalid', `${String(value)} is not a date`)
  return instant
}

/** The same day of another month, or its last day where it has no such day. */
function addMonths(instant: Instant, months: number): Instant {
  const count = instant.year * 12 + (instant.month - 1) + months
  const year = Math.floor(count / 12)
  const month = count - year * 12 + 1
  return { ...instant, year, month, day: Math.min(instant.day, daysInMonth(year, month)) }
}

/** A later (or earlier) date; zone and form stay. A plain date moves by whole days only. */
export function shiftDate(text: string, value: number, unit: string): string {
  const instant = instantOf(text)
  const months = monthsIn[unit as Unit]
  if (months !== undefined) return instantText(addMonths(instant, value * months))
  const local =
    midnightMs(instant.year, instant.month, instant.day) + instant.dayMs + value * (fixedMs[unit as Unit] ?? 0)
  return instantText({ ...instant, ...partsOf(local) })
}

/** Time from the first to the second date in a unit; of months and years, whole ones and the part of the next. */
export function dateDifference(from: string, to: string, unit: string): number {
  const [first, second] = [instantOf(from), instantOf(to)]
  const months = monthsIn[unit as Unit]
  if (months === undefined) return (instantMs(second) - instantMs(first)) / (fixedMs[unit as Unit] ?? 1)
  const target = instantMs(second)
  const sign = target < instantMs(first) ? -1 : 1
  const at = (count: number): number => instantMs(addMonths(first, sign * count * months))
  let whole = Math.max(0, Math.floor(Math.abs(target - instantMs(first)) / (months * 31 * DAY_MS) - 1))
  while (sign * (target - at(whole + 1)) >= 0) whole++
  return sign * (whole + (target - at(whole)) / (at(whole + 1) - at(whole))) + 0
}

/** A boundary or value as a number to compare: the time of day where one of them is a time of day. */
function comparable(value: unknown, isTimeOfDay: boolean): number {
  const text = String(value)
  const time = parseTimeOfDay(text)
  if (!isTimeOfDay) return instantMs(instantOf(text))
  if (time !== undefined) return time
  const ms = instantMs(instantOf(text)) % DAY_MS
  return ms < 0 ? ms + DAY_MS : ms
}

export const dateRows: readonly ProcessRow[] = [
  valueRow({
    id: 'date_shift',
    category: 'dates',
    summary: 'A date moved by a number of units; days that a month lacks become its last.',
    parameters: [
      required('date', 'A date, or date with time.', dateSchema),
      required('value', 'How many units; negative for earlier.', schemas.integer),
      required('unit', 'The unit.', unitSchema),
    ],
    returns: { summary: 'The date in the form given.', schema: dateSchema },
    evaluate: (args) => shiftDate(String(args.date), Number(args.value), String(args.unit)),
  }),
  valueRow({
    id: 'date_difference',
    category: 'dates',
    summary: 'Time from the first date to the second.',
    experimental: true,
    parameters: [
      required('date1', 'The date to count from.', dateSchema),
      required('date2', 'The date to count to.', dateSchema),
      withDefault('unit', 'The unit.', unitSchema, 'second'),
    ],
    returns: { summary: 'Units with fractions; negative where the second is earlier.', schema: schemas.realNumber },
    evaluate: (args) => dateDifference(String(args.date1), String(args.date2), String(args.unit)),
  }),
  valueRow({
    id: 'date_between',
    category: 'dates',
    summary: 'Whether a date or time of day lies within limits, both included.',
    parameters: [
      required('x', 'The date or time.', timeSchema),
      required('min', 'Lower limit.', timeSchema),
      required('max', 'Upper limit.', timeSchema),
      withDefault('exclude_max', 'Whether the upper limit itself lies outside.', schemas.flag, false),
    ],
    returns: { summary: 'The answer.', schema: schemas.boolean },
    evaluate(args) {
      const isTimeOfDay = [args.x, args.min, args.max].some((value) => parseTimeOfDay(String(value)) !== undefined)
      const [x, min, max] = [args.x, args.min, args.max].map((value) => comparable(value, isTimeOfDay))
      return x! >= min! && (args.exclude_max === true ? x! < max! : x! <= max!)
    },
  }),
]
