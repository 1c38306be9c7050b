import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DAY_MS,
  daysInMonth,
  instantMs,
  instantText,
  isDate,
  isDateTime,
  isTime,
  midnightMs,
  parseInstantText,
  parseTimeOfDay,
  partsOf,
  timestampOf,
} from '../../src/process/instants.ts'

describe('texts of dates', () => {
  test.each([
    ['2020-02-29', Date.UTC(2020, 1, 29)],
    ['2020-06-01T12:30:15Z', Date.UTC(2020, 5, 1, 12, 30, 15)],
    ['2020-06-01t12:30:15z', Date.UTC(2020, 5, 1, 12, 30, 15)],
    ['2020-06-01 12:30:15Z', Date.UTC(2020, 5, 1, 12, 30, 15)],
    ['2020-06-01T12:30:15.25Z', Date.UTC(2020, 5, 1, 12, 30, 15, 250)],
    ['2020-06-01T12:30:15.123999Z', Date.UTC(2020, 5, 1, 12, 30, 15, 123)],
    ['2020-06-01T12:30:15+02:00', Date.UTC(2020, 5, 1, 10, 30, 15)],
    ['2020-06-01T12:30:15-0530', Date.UTC(2020, 5, 1, 18, 0, 15)],
    ['2016-12-31T23:59:60Z', Date.UTC(2016, 11, 31, 23, 59, 59)],
    ['0001-01-01', -62_135_596_800_000],
  ])('%s is read', (text, ms) => {
    expect(timestampOf(text)).toBe(ms)
  })

  test.each([
    '2021-02-29',
    '2020-00-10',
    '2020-13-10',
    '2020-06-31',
    '2020-6-1',
    '2020-06',
    '2020',
    '2020-06-01T12:30',
    '2020-06-01T12:30:15',
    '2020-06-01T24:00:00Z',
    '2020-06-01T12:60:00Z',
    '2020-06-01T12:00:61Z',
    '2020-06-01T12:00:00+25:00',
    '2020-06-01T12:00:00+01:75',
    ' 2020-06-01',
    '',
    'winter',
  ])('%j is none', (text) => {
    expect(parseInstantText(text)).toBeUndefined()
    expect(timestampOf(text)).toBeNaN()
    expect([isDate(text), isDateTime(text)]).toEqual([false, false])
  })

  test('dates and date-times are told apart', () => {
    expect([isDate('2020-06-01'), isDateTime('2020-06-01')]).toEqual([true, false])
    expect([isDate('2020-06-01T00:00:00Z'), isDateTime('2020-06-01T00:00:00Z')]).toEqual([false, true])
  })

  test('are written as they are read', () => {
    for (const text of [
      '2020-06-01',
      '2020-06-01T00:00:00Z',
      '0099-12-31T23:59:59.007+05:45',
      '2020-06-01T12:00:00-0330',
    ])
      expect(instantText(parseInstantText(text)!)).toBe(text)
  })

  test('agree with the dates of JavaScript', () => {
    const ms = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) })
    fc.assert(
      fc.property(ms, (at) => {
        const text = new Date(at).toISOString()
        expect(timestampOf(text)).toBe(at)
        const instant = parseInstantText(text)!
        expect(new Date(instantText(instant)).getTime()).toBe(at)
        expect(partsOf(at)).toEqual({
          year: instant.year,
          month: instant.month,
          day: instant.day,
          dayMs: instant.dayMs,
        })
      }),
    )
  })
})

describe('times of day', () => {
  test.each([
    ['00:00:00', 0],
    ['23:59:59', DAY_MS - 1000],
    ['12:00:00.5', DAY_MS / 2 + 500],
    ['12:00:00Z', DAY_MS / 2],
    ['23:59:60', DAY_MS - 1000],
  ])('%s is read', (text, ms) => {
    expect(parseTimeOfDay(text)).toBe(ms)
    expect(isTime(text)).toBe(true)
  })

  test.each(['24:00:00', '12:60:00', '12:00', '1:00:00', 'noon', '2020-06-01'])('%s is none', (text) => {
    expect(parseTimeOfDay(text)).toBeUndefined()
    expect(isTime(text)).toBe(false)
  })
})

describe('the calendar', () => {
  test('months have their days', () => {
    expect(Array.from({ length: 12 }, (_, i) => daysInMonth(2021, i + 1))).toEqual([
      31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
    ])
    expect([1900, 2000, 2020, 2100, 4].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 29, 28, 29])
  })

  test('years before 100 are themselves', () => {
    expect(midnightMs(50, 1, 1)).toBeLessThan(midnightMs(100, 1, 1))
    expect(new Date(midnightMs(50, 3, 1)).getUTCFullYear()).toBe(50)
  })

  test('offsets count', () => {
    const [a, b] = ['2020-01-01T01:00:00+01:00', '2020-01-01T00:00:00Z'].map((text) =>
      instantMs(parseInstantText(text)!),
    )
    expect(a).toBe(b)
  })
})
