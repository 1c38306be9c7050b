/** Lags by the calendar: which steps may be the present, so that a lag leads from one season into another. */
import { InputError } from '@ecotope/core'
import type { TimeSeries } from '../series/series.ts'
import { momentsOf } from './climatology.ts'

/** Names of seasons as the first letters of their months (`DJF`, `MAMJ`), or months 1 .. 12. */
export type Months = string | readonly number[]

const YEAR = 'JFMAMJJASOND'

/** Months of the year, 0 .. 11. Throws `InputError` BadSeason. */
export function monthsOf(season: Months): ReadonlySet<number> {
  const bad = (): InputError =>
    new InputError('BadSeason', `${String(season)} is no season`, {
      hint: 'Write the first letters of successive months, such as DJF, or numbers from 1 to 12.',
    })
  if (typeof season === 'string') {
    const text = season.toUpperCase()
    const start = `${YEAR}${YEAR}`.indexOf(text)
    const isUnique =
      text.length > 1 &&
      start >= 0 &&
      start < 12 &&
      `${YEAR}${YEAR}`.slice(0, 12 + text.length - 1).lastIndexOf(text) === start
    if (!isUnique) throw bad()
    return new Set(Array.from(text, (_, k) => (start + k) % 12))
  }
  if (season.length === 0 || season.some((month) => !Number.isInteger(month) || month < 1 || month > 12)) throw bad()
  return new Set(season.map((month) => month - 1))
}

/**
 * Series whose present lies in some months only: with monthly steps and lag 3, `inSeason(series, times, 'MAM')` asks what
 * winter does to spring. `times` are those of the common clock. Throws `InputError`: BadSeason, BadTime, DifferentLength,
 * EmptySeason.
 */
export function inSeason(series: TimeSeries, times: readonly string[], season: Months): TimeSeries {
  const steps = Math.max(...series.datasets.map(({ offset, length }) => offset + length))
  if (times.length !== steps)
    throw new InputError('DifferentLength', `${times.length} times are given for ${steps} time steps`)
  const months = monthsOf(season)
  const before = series.referencePoints === undefined ? undefined : new Set(series.referencePoints)
  const points = momentsOf(times).flatMap(({ month }, t) => (months.has(month) && (before?.has(t) ?? true) ? t : []))
  if (points.length === 0)
    throw new InputError('EmptySeason', `no time lies in ${String(season)}`, {
      hint: 'Check the times and the season.',
    })
  return { ...series, referencePoints: Int32Array.from(points) }
}
