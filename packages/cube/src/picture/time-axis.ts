/** Dates along a chart: each where there is room for all, else round years or months, else every so many. */
import type { Calendar, TemporalDimension } from '../model/dimension.ts'
import { type CalendarDate, dateOf, secondsOf } from '../model/time.ts'
import { FAINT, type Shape } from './drawing.ts'
import { textWidth } from './font.ts'
import { shortDate } from './view.ts'

const SIZE = 10
/** Steps of round dates, in months. */
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000]

interface Tick {
  readonly second: number
  readonly text: string
}

/**
 * Ticks below a chart of `width` pixels; `seconds` are those of the labels (their numbers where they are no instants),
 * `x` the place of each.
 */
export function dateTicks(
  { labels, calendar }: TemporalDimension,
  seconds: readonly number[],
  areInstants: boolean,
  x: (second: number) => number,
  y: number,
  width: number,
): Shape[] {
  const texts = labels.map(shortDate)
  const room = Math.max(...texts.map((text) => textWidth(text, SIZE))) + 16
  const every = Math.max(1, Math.ceil((labels.length * room) / width))
  const round = every > 1 && areInstants ? roundDates(seconds[0]!, seconds.at(-1)!, calendar, width) : []
  const ticks =
    round.length >= 3
      ? round
      : texts.flatMap((text, i): Tick[] => (i % every === 0 ? [{ second: seconds[i]!, text }] : []))
  return ticks.flatMap(({ second, text }): Shape[] => {
    const at = x(second)
    return [
      { kind: 'line', points: [at, y, at, y + 4], stroke: FAINT, strokeWidth: 0.8 },
      { kind: 'text', x: at, y: y + 16, text, size: SIZE, anchor: 'middle', fill: FAINT },
    ]
  })
}

/** First days of years or months in [from, to], as close as their names allow; none where the first is after the last. */
function roundDates(from: number, to: number, calendar: Calendar, width: number): Tick[] {
  const [first, last] = [dateOf(from, calendar), dateOf(to, calendar)]
  const count = (date: CalendarDate): number => 12 * date.year + date.month - 1
  const months = count(last) - count(first)
  const room = (step: number): number => textWidth(step < 12 ? '2020-01' : '2020', SIZE) + 16
  const step = MONTHS.find((one) => (months / one) * room(one) <= width)
  if (step === undefined) return []
  const ticks: Tick[] = []
  for (let at = Math.ceil(count(first) / step) * step; at <= count(last); at += step) {
    const [year, month] = [Math.floor(at / 12), (((at % 12) + 12) % 12) + 1]
    const second = secondsOf({ year, month, day: 1, second: 0 }, calendar)
    const name = String(year).padStart(4, '0')
    const text = step < 12 ? `${name}-${String(month).padStart(2, '0')}` : name
    if (second >= from && second <= to) ticks.push({ second, text })
  }
  return ticks
}
