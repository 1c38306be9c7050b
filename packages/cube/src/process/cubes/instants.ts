/** Labels and bounds of time as seconds: instants, and the labels that aggregation by periods gives (`2020`, `2020-06`). */
import { InputError } from '@ecotope/core'
import type { Calendar } from '../../model/dimension.ts'
import { type CalendarDate, parseInstant, secondsOf } from '../../model/time.ts'
import type { Value } from '../row.ts'

const YEAR = /^(-?\d{4,})$/
const MONTH = /^(-?\d{4,})-(0[1-9]|1[0-2])$/

/** The instant that a label stands for: the start of a year or month, where it is no instant itself. */
export function dateOfLabel(label: string | number, calendar: Calendar): CalendarDate | undefined {
  const text = String(label)
  const date = parseInstant(text, calendar)
  if (date !== undefined) return date
  const [, year, month] = MONTH.exec(text) ?? YEAR.exec(text) ?? []
  return year === undefined ? undefined : { year: Number(year), month: Number(month ?? 1), day: 1, second: 0 }
}

/** Seconds since 1970 of a label. Throws InputError `BadInstant`. */
export function secondsOfLabel(label: string | number, calendar: Calendar): number {
  const date = dateOfLabel(label, calendar)
  if (date !== undefined) return secondsOf(date, calendar)
  throw new InputError('BadInstant', `the label ${JSON.stringify(label)} is no date or time`, {
    hint: 'labels of a temporal dimension have to be instants here, such as 2020-06-01T00:00:00Z',
    data: { label },
  })
}

/** Seconds of one end of an interval; `open` where it is null. Throws InputError `BadInstant`. */
export function boundOf(value: Value, calendar: Calendar, open: number): number {
  if (value === null) return open
  const date = dateOfLabel(value as string, calendar)
  if (date !== undefined) return secondsOf(date, calendar)
  throw new InputError('BadInstant', `${value} is no date of the calendar ${calendar}`, {
    hint: 'write dates as 2020-06-01 or 2020-06-01T12:00:00Z',
    data: { value, calendar },
  })
}
