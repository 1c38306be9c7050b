/** Labels and bounds of time as seconds: instants, and the labels that aggregation by periods gives (`2020`, `2020-06`). */
import { InputError } from '@ecotope/core'
import type { Calendar, TemporalDimension } from '../../model/dimension.ts'
import { periodStart } from '../../model/periods.ts'
import { type CalendarDate, parseInstant, secondsOf } from '../../model/time.ts'
import type { Value } from '../row.ts'

/** How the labels of a dimension are to be read. */
export type TimeScale = Pick<TemporalDimension, 'calendar' | 'period'>

/** The instant that a label stands for: the start of a year, month or another period, where it is no instant itself. */
export function dateOfLabel(label: string | number, { calendar, period }: TimeScale): CalendarDate | undefined {
  const text = String(label)
  return parseInstant(text, calendar) ?? periodStart(text, calendar, period)
}

/** Seconds since 1970 of a label. Throws InputError `BadInstant`. */
export function secondsOfLabel(label: string | number, scale: TimeScale): number {
  const date = dateOfLabel(label, scale)
  if (date !== undefined) return secondsOf(date, scale.calendar)
  throw new InputError('BadInstant', `the label ${JSON.stringify(label)} is no date or time`, {
    hint: 'labels of a temporal dimension have to be instants here, such as 2020-06-01T00:00:00Z',
    data: { label },
  })
}

/** Seconds of one end of an interval; `open` where it is null. Throws InputError `BadInstant`. */
export function boundOf(value: Value, calendar: Calendar, open: number): number {
  if (value === null) return open
  const date = dateOfLabel(value as string, { calendar })
  if (date !== undefined) return secondsOf(date, calendar)
  throw new InputError('BadInstant', `${value} is no date of the calendar ${calendar}`, {
    hint: 'write dates as 2020-06-01 or 2020-06-01T12:00:00Z',
    data: { value, calendar },
  })
}
