import type { Table } from '@ecotope/cube'
import { describe, expect, it } from 'vitest'
import { clockOf } from '../../src/series/clock.ts'
import { timeSeries } from '../../src/series/series.ts'
import { seriesOf } from '../../src/series/table.ts'

const table = (columns: Record<string, readonly (string | number | null)[]>, label = 'a.csv'): Table => ({
  columns: Object.entries(columns).map(([name, values]) => ({ name, values })),
  rows: Object.values(columns)[0]?.length ?? 0,
  label,
})

describe('clock of time stamps', () => {
  const steps = (...stamps: (string | number)[]): [string, number[]] => {
    const clock = clockOf([stamps], ['a.csv'])
    return [clock.step, [...clock.steps[0]!]]
  }

  it.each([
    [['2010-01-04', '2010-01-11', '2010-01-25'], '7 days', [0, 1, 3]],
    [['2010-01-31', '2010-02-28', '2010-04-30'], '1 month', [0, 1, 3]],
    [['2010-01', '2010-02', '2010-03'], '1 month', [0, 1, 2]],
    [['2000-01-01', '2001-01-01', '2003-01-01'], '12 months', [0, 1, 3]],
    [['2020-01-01T00:00:00Z', '2020-01-01T06:00:00Z', '2020-01-01T18:00:00Z'], '21600 s', [0, 1, 3]],
    [[1990, 1990.5, 1991.5], '0.5', [0, 1, 3]],
    [[7], '1', [0]],
  ])('%s', (stamps, step, expected) => {
    expect(steps(...stamps)).toEqual([step, expected])
  })

  it('is common to data sets', () => {
    const clock = clockOf(
      [
        [3, 4, 5],
        [1, 2],
      ],
      ['a', 'b'],
    )
    expect(clock.steps.map((column) => [...column])).toEqual([
      [2, 3, 4],
      [0, 1],
    ])
  })

  it.each([
    [['2010-01-04', '2010-01-11', '2010-01-20'], 'IrregularSteps', /row 3 \(2010-01-20\).*7 days/],
    [
      ['2010-01-01', '2010-01-02', '2010-01-03', '2010-01-04T07:00:00', '2010-01-05'],
      'IrregularSteps',
      /row 4 .*of 1 day/,
    ],
    [['2010-01-04', '2010-01-04'], 'BadTime', /row 2.*does not follow/],
    [['2010-01-04', 'spring'], 'BadTime', /row 2: spring is not a time/],
    [['2010-01-04', null], 'BadTime', /row 2: there is no time/],
  ])('refuses %s', (stamps, tag, message) => {
    const error = failure(() => clockOf([stamps], ['a.csv']))
    expect(error).toMatchObject({ tag, message: expect.stringMatching(message) })
  })
})

function failure(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('series of tables', () => {
  it('takes columns, missing values and gaps', () => {
    const warnings: string[] = []
    const series = seriesOf([table({ day: [1, 2, 4], rain: [0.5, null, -999], snow: [1, 2, 3] })], {
      time: 'day',
      missing: -999,
      onWarning: ({ tag }) => warnings.push(tag),
    })
    expect(series.names).toEqual(['rain', 'snow'])
    expect([...series.datasets[0]!.columns[0]!]).toEqual([0.5, Number.NaN, Number.NaN, Number.NaN])
    expect([...series.datasets[0]!.columns[1]!]).toEqual([1, 2, Number.NaN, 3])
    expect(warnings).toEqual(['Gaps'])
  })

  it('takes named variables in their order, masks, weights and classes', () => {
    const values = table({ a: [1, 2], b: [3, 4], c: [5, 6] })
    const series = seriesOf([values], {
      variables: ['c', 'a'],
      masks: [table({ a: [0, 1], c: [2, 0] })],
      weights: [table({ a: [1, 0.5], c: [1, 1] })],
      discrete: ['a'],
    })
    const [dataset] = series.datasets
    expect(dataset!.columns.map((column) => [...column])).toEqual([
      [5, 6],
      [1, 2],
    ])
    expect(dataset!.masks!.map((column) => [...column])).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect([...dataset!.weights![1]!]).toEqual([1, 0.5])
    expect(dataset!.types!.map((column) => [...column])).toEqual([
      [0, 0],
      [1, 1],
    ])
  })

  it.each([
    [[table({ a: [1, 'x'] })], {}, 'BadCell', /a\.csv, column a, row 2: "x" is not a number/],
    [[table({ a: [1] })], { variables: ['b'] }, 'UnknownVariable', /no column b/],
    [[table({ a: [1] }), table({ a: [1], b: [2] }, 'b.csv')], {}, 'DifferentVariables', /b\.csv has a column b/],
    [[table({ a: [] })], {}, 'NoRows', /a\.csv has no rows/],
    [[], {}, 'NoVariables', /no table/],
    [[table({ a: [1, Number.POSITIVE_INFINITY] })], {}, 'BadCell', /row 2/],
    [[table({ a: [1] })], { masks: [table({ a: [1, 2] }, 'm.csv')] }, 'DifferentShape', /m\.csv has 2 rows/],
    [[table({ a: [1] })], { discrete: ['z'] }, 'UnknownVariable', /no variable z/],
  ])('refuses %#', (tables, options, tag, message) => {
    expect(failure(() => seriesOf(tables, options))).toMatchObject({ tag, message: expect.stringMatching(message) })
  })
})

describe('values beyond the range of squares', () => {
  it.each([
    [[1, 2, 1e200], /column 0, row 2: the value is 1e\+200, too large/],
    [[1e-200, 2e-200, 0], /column 0: no value is larger than 2e-200/],
    [[1, Number.POSITIVE_INFINITY, 3], /row 1: the value is infinite/],
  ])('%j are refused', (column, message) => {
    expect(failure(() => timeSeries({ columns: [Float64Array.from(column)] }))).toMatchObject({
      tag: 'BadValue',
      message: expect.stringMatching(message),
    })
  })
})
