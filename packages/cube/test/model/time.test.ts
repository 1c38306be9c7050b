import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Calendar } from '../../src/model/dimension.ts'
import {
  calendarOf,
  dateOf,
  decodeTimes,
  encodeTimes,
  formatInstant,
  parseInstant,
  secondsOf,
  timeUnitsFor,
} from '../../src/model/time.ts'
import { isTimeUnits } from '../../src/model/time-units.ts'

const CALENDARS: Calendar[] = ['standard', 'proleptic_gregorian', 'julian', 'noleap', 'all_leap', '360_day']
const calendars = fc.constantFrom(...CALENDARS)

interface Golden {
  readonly cases: readonly { calendar: Calendar; units: string; values: number[]; labels: string[] }[]
}
const golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/cube/time.json', import.meta.url), 'utf8'),
) as Golden

describe('against cftime', () => {
  /** Seconds by which a label may differ: cftime takes the nearest microsecond, we the roundest within the precision. */
  const precision = (value: number, units: string): number =>
    value % 1 !== 0 && /^(d|micro)/i.test(units) ? Math.abs(value) * 86400 * 33 * Number.EPSILON + 1e-6 : 0

  const difference = (a: string, b: string, calendar: Calendar): number => {
    const [left, right] = [parseInstant(a, calendar)!, parseInstant(b, calendar)!]
    return (
      secondsOf({ ...left, second: 0 }, calendar) -
      secondsOf({ ...right, second: 0 }, calendar) +
      left.second -
      right.second
    )
  }

  test('every calendar and spelling of units gives its instants', () => {
    let equal = 0
    let all = 0
    for (const { calendar, units, values, labels } of golden.cases) {
      decodeTimes(values, units, calendar).forEach((label, i) => {
        all++
        if (label === labels[i]) equal++
        else expect(Math.abs(difference(label, labels[i]!, calendar))).toBeLessThanOrEqual(precision(values[i]!, units))
      })
    }
    expect(equal / all).toBeGreaterThan(0.95)
  })

  test('and back its values, to a microsecond', () => {
    for (const { calendar, units, values, labels } of golden.cases) {
      const back = encodeTimes(labels, units, calendar)
      back.forEach((value, i) => {
        expect(Math.abs(value - values[i]!), `${calendar}, ${units}`).toBeLessThan(
          (units.startsWith('micro') ? 0.51 : 1e-6) + 1e-10 * Math.abs(value),
        )
      })
    }
  })
})

describe('instants', () => {
  test('labels in any offset are read in UTC', () => {
    const read = (label: string) => formatInstant(parseInstant(label, 'standard')!)
    expect(read('2020-06-01')).toBe('2020-06-01T00:00:00Z')
    expect(read('2020-06-01T23:30:00-02:00')).toBe('2020-06-02T01:30:00Z')
    expect(read('2020-01-01t00:30:00.250+01:00')).toBe('2019-12-31T23:30:00.25Z')
    expect(read('2016-12-31T23:59:60Z')).toBe('2017-01-01T00:00:00Z')
    expect(read('2020-06-01 12:00')).toBe('2020-06-01T12:00:00Z')
  })

  test('what is no date of the calendar is none', () => {
    const none = (label: string, calendar: Calendar) => expect(parseInstant(label, calendar)).toBeUndefined()
    none('2021-02-29', 'standard')
    none('2020-02-29', 'noleap')
    none('2020-01-31', '360_day')
    none('1582-10-10', 'standard')
    none('1900-02-29', 'proleptic_gregorian')
    for (const label of ['2020', '2020-06', 'summer', '2020-13-01', '2020-06-01T24:00:00Z', '2020-6-1', ''])
      none(label, 'standard')
    expect(parseInstant('1900-02-29', 'julian')).toEqual({ year: 1900, month: 2, day: 29, second: 0 })
    expect(parseInstant('2021-02-30', '360_day')?.day).toBe(30)
  })

  test('proleptic seconds are those of Date', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8e12, max: 8e12 }), (millis) => {
        const label = new Date(millis).toISOString().replace(/\.?0*Z$/, 'Z')
        if (!/^\d{4}-/.test(label)) return
        const date = dateOf(millis / 1000, 'proleptic_gregorian')
        expect(secondsOf(date, 'proleptic_gregorian')).toBeCloseTo(millis / 1000, 4)
        expect(Date.parse(formatInstant(date))).toBe(millis)
      }),
    )
  })

  test('the standard calendar goes from 1582-10-04 to 1582-10-15', () => {
    const last = secondsOf(parseInstant('1582-10-04', 'standard')!, 'standard')
    expect(formatInstant(dateOf(last + 86400, 'standard'))).toBe('1582-10-15T00:00:00Z')
  })

  test('days of every calendar follow each other without a gap', () => {
    fc.assert(
      fc.property(calendars, fc.integer({ min: -2e6, max: 2e6 }), (calendar, day) => {
        const date = dateOf(day * 86400, calendar)
        expect(secondsOf(date, calendar)).toBe(day * 86400)
        const next = dateOf((day + 1) * 86400, calendar)
        expect(next.day === date.day + 1 || next.day === 1 || next.day === 15).toBe(true)
      }),
    )
  })

  test('leap days before the common era can be counted from', () => {
    const label = formatInstant({ ...dateOf(-1562468 * 86400, 'standard'), second: 0 })
    const units = timeUnitsFor([label], 'standard')
    expect(units).toBe('days since -2309-02-29 00:00:00')
    expect(decodeTimes(encodeTimes([label], units, 'standard'), units, 'standard')).toEqual([label])
  })

  test('labels of every year and microsecond come back as they went', () => {
    const instants = fc.tuple(calendars, fc.integer({ min: -4e6, max: 6e6 }), fc.integer({ min: 0, max: 86400e6 - 1 }))
    fc.assert(
      fc.property(instants, ([calendar, day, micros]) => {
        const label = formatInstant({ ...dateOf(day * 86400, calendar), second: micros / 1e6 })
        const units = timeUnitsFor([label], calendar)
        expect(decodeTimes(encodeTimes([label], units, calendar), units, calendar)).toEqual([label])
        expect(formatInstant(parseInstant(label, calendar)!)).toBe(label)
      }),
    )
  })
})

describe('units', () => {
  test('the flux towers count from a day that never was, on in the Julian calendar', () => {
    expect(decodeTimes([150914, 150914 + 1 / 48], 'days since 1582-10-14 00:00', 'gregorian')).toEqual([
      '1996-01-01T00:00:00Z',
      '1996-01-01T00:30:00Z',
    ])
  })

  test('zones and short dates of CF and UDUNITS', () => {
    const first = (units: string) => decodeTimes([0], units, undefined)[0]
    expect(first('seconds since 1992-10-8 15:15:42.5 -6:00')).toBe('1992-10-08T21:15:42.5Z')
    expect(first('seconds since 1992-10-8 15:15:42.5 -6')).toBe('1992-10-08T21:15:42.5Z')
    expect(first('days since 1992-10-8 UTC')).toBe('1992-10-08T00:00:00Z')
    expect(first('days since 1992-10-8T12Z')).toBe('1992-10-08T12:00:00Z')
    expect(first('days since 1850')).toBe('1850-01-01T00:00:00Z')
    expect(first('days since 1850-7')).toBe('1850-07-01T00:00:00Z')
    expect(first('weeks since 20000229T06:00')).toBe('2000-02-29T06:00:00Z')
    expect(first('h @ 1970-01-01')).toBe('1970-01-01T00:00:00Z')
    expect(first('days since 20200315')).toBe('2020-03-15T00:00:00Z')
  })

  test('weeks, nanoseconds and 64-bit integers', () => {
    expect(decodeTimes([1.5], 'weeks since 2000-01-01', undefined)).toEqual(['2000-01-11T12:00:00Z'])
    expect(decodeTimes([1514764800123456789n], 'nanoseconds since 1970-01-01', undefined)).toEqual([
      '2018-01-01T00:00:00.123457Z',
    ])
    expect(decodeTimes(BigInt64Array.of(-1n), 'seconds since 1970-01-01', 'noleap')).toEqual(['1969-12-31T23:59:59Z'])
  })

  test('the coarsest whole units are chosen', () => {
    expect(timeUnitsFor(['2020-06-02', '2020-06-01'], 'standard')).toBe('days since 2020-06-01 00:00:00')
    expect(timeUnitsFor(['2020-06-01T00:30:00Z'], 'noleap')).toBe('minutes since 2020-06-01 00:00:00')
    expect(timeUnitsFor(['2020-06-01T00:00:00.5Z'], 'noleap')).toBe('milliseconds since 2020-06-01 00:00:00')
    expect(timeUnitsFor(['0000-06-01'], 'standard')).toBe('days since -0001-06-01 00:00:00')
    expect(timeUnitsFor([], 'standard')).toBe('days since 1970-01-01 00:00:00')
  })

  test('what cannot be read says why', () => {
    const fails = (units: string, calendar: string | undefined, message: RegExp) =>
      expect(() => decodeTimes([0], units, calendar)).toThrow(message)
    fails('days', undefined, /no "since"/)
    fails('fortnights since 2000-01-01', undefined, /not a unit of time/)
    fails('months since 2000-01-01', undefined, /differ in length in the standard calendar/)
    fails('years since 2000-01-01', 'noleap', /units of 360_day only/)
    fails('days since yesterday', undefined, /not a reference date/)
    fails('days since 2000-01-01 25:00', undefined, /not a reference date/)
    fails('days since 2000-01-01 12:00 Mars', undefined, /not a reference date/)
    fails('days since 0000-01-01', 'standard', /calendar has not/)
    fails('days since 2000-02-30', 'noleap', /calendar has not/)
    fails('days since 2000-01-01', 'lunar', /"lunar" is not supported/)
    expect(() => decodeTimes([0, Number.NaN], 'days since 2000-01-01', undefined)).toThrow(/value 1 is NaN/)
    expect(() => decodeTimes([9.96e36], 'days since 2000-01-01', undefined)).toThrow(/no instant/)
    expect(() => encodeTimes(['2020-06'], 'days since 2000-01-01', 'standard')).toThrow(/"2020-06", is no instant/)
    expect(calendarOf('GREGORIAN')).toBe('standard')
    expect(isTimeUnits('Days since 2000-01-01') && !isTimeUnits('m s-1') && !isTimeUnits(3)).toBe(true)
  })
})
