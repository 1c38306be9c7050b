/** Time stamps as whole steps of one clock, so that a lag is always the same stretch of time. */
import { InputError } from '@ecotope/core'
import { parseInstant, secondsOf } from '@ecotope/cube'

export interface Clock {
  /** For people: `7 days`, `1 month`, `1`. */
  readonly step: string
  /** The step of each time stamp, from 0 on; gaps are skipped numbers. */
  readonly steps: readonly Int32Array[]
}

/** Units that a step may have, and where a time stamp stands in them; undefined: it stands beside the marks. */
interface Ruler {
  readonly unit: string
  readonly of: (values: readonly Stamp[]) => readonly number[] | undefined
}

type Stamp = string | number

const DAY = 86400
const TOLERANCE = 1e-6

function instants(values: readonly Stamp[]): number[] | undefined {
  const seconds = values.map((value) => {
    const text = String(value).trim()
    const date = parseInstant(/^\d{4}-\d\d$/.test(text) ? `${text}-01` : text, 'proleptic_gregorian')
    return date === undefined ? Number.NaN : secondsOf(date, 'proleptic_gregorian')
  })
  return seconds.some(Number.isNaN) ? undefined : seconds
}

/** Months since year 0, where every stamp is at the same day of its month, or every one at the last. */
function months(values: readonly Stamp[]): number[] | undefined {
  const dates = values.map((value) => {
    const text = String(value).trim()
    return parseInstant(/^\d{4}-\d\d$/.test(text) ? `${text}-01` : text, 'proleptic_gregorian')
  })
  const isLast = (year: number, month: number, day: number): boolean =>
    day === new Date(Date.UTC(year, month, 0)).getUTCDate()
  const first = dates[0]
  const same = dates.every((date) => date !== undefined && date.day === first!.day && date.second === first!.second)
  const last = dates.every((date) => date !== undefined && isLast(date.year, date.month, date.day))
  return same || last ? dates.map((date) => date!.year * 12 + date!.month) : undefined
}

const RULERS: readonly Ruler[] = [
  { unit: '', of: (values) => (values.every((value) => typeof value === 'number') ? (values as number[]) : undefined) },
  { unit: 's', of: instants },
  { unit: 'month', of: months },
]

/**
 * The clock of all data sets' time stamps (numbers, or dates such as `2020-01-31`, `2020-01`, `2020-01-31T06:00:00Z`).
 * Throws `InputError`: BadTime (no date, not in order), IrregularSteps (row and data set named).
 */
export function clockOf(stamps: readonly (readonly (Stamp | boolean | null)[])[], labels: readonly string[]): Clock {
  const known = stamps.map((column, index) => column.map((value, row) => stampOf(value, row, labels[index]!)))
  const all = known.flat()
  let irregular: InputError | undefined
  for (const ruler of RULERS) {
    const marks = ruler.of(all)
    if (marks === undefined) continue
    const clock = stepsOf(split(marks, known), ruler.unit, labels, known)
    if (!(clock instanceof InputError)) return clock
    irregular ??= clock
  }
  throw irregular ?? notTimes(known, labels)
}

function stampOf(value: Stamp | boolean | null, row: number, label: string): Stamp {
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new InputError('BadTime', `${label}, row ${row + 1}: there is no time`, {
    hint: 'Give each row its time, or leave out the time column to count rows as steps.',
    data: { row: row + 1 },
  })
}

function split(marks: readonly number[], like: readonly (readonly unknown[])[]): number[][] {
  const ends = like
    .map(({ length }) => length)
    .map((_, i, lengths) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0))
  return like.map(({ length }, i) => marks.slice(ends[i]! - length, ends[i]!))
}

function stepsOf(
  marks: readonly (readonly number[])[],
  unit: string,
  labels: readonly string[],
  stamps: readonly (readonly Stamp[])[],
): Clock | InputError {
  const origin = Math.min(...marks.map((column) => column[0] ?? Number.POSITIVE_INFINITY))
  const gaps = marks.flatMap((column) => column.slice(1).map((mark, i) => mark - column[i]!))
  const place = (index: number, row: number): string => `${labels[index]}, row ${row + 1} (${stamps[index]![row]})`
  for (const [index, column] of marks.entries())
    for (let row = 1; row < column.length; row++)
      if (!(column[row]! > column[row - 1]!))
        throw new InputError('BadTime', `${place(index, row)}: the time does not follow the one before`, {
          hint: 'Sort the rows by time, one row per time step.',
          data: { row: row + 1 },
        })
  // The most common gap is the step, unless smaller ones show that it has gaps itself; of an odd time stamp it is the witness.
  const usual = mostCommon(gaps) ?? 1
  const least = gaps.reduce((smallest, gap) => Math.min(smallest, gap), usual)
  let irregular: InputError | undefined
  for (const step of new Set([usual, least])) {
    const steps = marks.map((column) => column.map((mark) => (mark - origin) / step))
    const odd = firstOdd(steps)
    if (odd === undefined)
      return { step: stepText(step, unit), steps: steps.map((column) => Int32Array.from(column, Math.round)) }
    irregular ??= irregularAt(place(...odd), step, unit)
  }
  return irregular!
}

function mostCommon(gaps: readonly number[]): number | undefined {
  const counts = new Map<number, number>()
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1)
  let best: number | undefined
  for (const [gap, count] of counts)
    if (best === undefined || count > counts.get(best)! || (count === counts.get(best)! && gap < best)) best = gap
  return best
}

/** Data set and row of the first stamp that is no whole number of steps. */
function firstOdd(steps: readonly (readonly number[])[]): [index: number, row: number] | undefined {
  for (const [index, column] of steps.entries()) {
    const row = column.findIndex((at) => Math.abs(at - Math.round(at)) > TOLERANCE * Math.max(1, Math.abs(at)))
    if (row >= 0) return [index, row]
  }
  return undefined
}

const irregularAt = (place: string, step: number, unit: string): InputError =>
  new InputError('IrregularSteps', `${place} is no whole number of steps of ${stepText(step, unit)} after the first`, {
    hint: 'A lag must be the same stretch of time everywhere: aggregate to regular steps first, or leave out the time column to count rows as steps.',
    data: { step },
  })

function notTimes(stamps: readonly (readonly Stamp[])[], labels: readonly string[]): InputError {
  for (const [index, column] of stamps.entries()) {
    const row = column.findIndex((value) => instants([value]) === undefined)
    if (row < 0) continue
    return new InputError('BadTime', `${labels[index]}, row ${row + 1}: ${column[row]} is not a time`, {
      hint: 'Times are numbers or dates such as 2020-01-31, 2020-01 or 2020-01-31T06:00:00Z.',
      data: { row: row + 1, value: column[row] },
    })
  }
  return new InputError('BadTime', 'the time columns mix numbers and dates')
}

function stepText(step: number, unit: string): string {
  const [size, name] = unit === 's' && step % DAY === 0 ? [step / DAY, 'day'] : [step, unit]
  if (name === '') return String(size)
  return name === 's' ? `${size} s` : `${size} ${name}${size === 1 ? '' : 's'}`
}
