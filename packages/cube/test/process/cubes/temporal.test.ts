/** aggregate_temporal and its periods, normals and anomalies: groups and labels. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PERIODS, type PeriodName, periodEnd, periodGroups, periodStart } from '../../../src/model/periods.ts'
import { dateOf, secondsOf } from '../../../src/model/time.ts'
import { normalGroups } from '../../../src/process/cubes/climate.ts'
import { byParts, callback, cube, node, other, parameter, read, reducer, run, tagOf, times, wrap } from './support.ts'

describe('aggregate_temporal', () => {
  const data = () =>
    cube(
      [times('2020-01-01T05:00:00Z', '2020-01-01T12:00:00Z', '2020-01-02T00:00:00Z', '2020-01-03T23:00:00Z')],
      [1, 2, 4, 8],
    )
  const sum = reducer('sum')

  it('takes half-open intervals that may overlap, labelled by their start', async () => {
    const intervals = [
      ['2020-01-01', '2020-01-02'],
      ['2020-01-01T12:00:00Z', '2020-01-04'],
      ['2019-01-01', '2019-02-01'],
    ]
    const made = await node('aggregate_temporal', { data: data(), intervals, reducer: reducer('max') })
    expect(made.kind).toBe('cells')
    expect(await read(made)).toMatchObject({
      labels: { t: ['2020-01-01', '2020-01-01T12:00:00Z', '2019-01-01'] },
      values: [2, 8, null],
    })
    expect(await byParts(made, 1)).toEqual([2, 8, null])
  })

  it('takes times of day, over midnight too', async () => {
    const intervals = [
      ['06:00:00', '18:00:00'],
      ['18:00:00', '06:00:00'],
    ]
    expect((await run('aggregate_temporal', { data: data(), intervals, reducer: sum })).values).toEqual([2, 13])
  })

  it('needs distinct labels, one for each interval', async () => {
    const intervals = [
      ['2020-01-01', '2020-01-02'],
      ['2020-01-01', '2020-01-03'],
    ]
    expect(await tagOf(node('aggregate_temporal', { data: data(), intervals, reducer: sum }))).toBe(
      'DistinctDimensionLabelsRequired',
    )
    const named = await run('aggregate_temporal', { data: data(), intervals, reducer: sum, labels: ['a', 'b'] })
    expect(named).toMatchObject({ labels: { t: ['a', 'b'] }, values: [3, 7] })
  })

  it('needs at least one interval', async () => {
    await expect(node('aggregate_temporal', { data: data(), intervals: [], reducer: sum })).rejects.toMatchObject({
      tag: 'ProcessParameterInvalid',
      message: expect.stringContaining('intervals: has 0 items, needs at least 1'),
    })
    const args = { data: data(), intervals: [['2020-01-01', '2020-01-02']], reducer: sum, labels: ['a', 'b'] }
    expect(await tagOf(node('aggregate_temporal', args))).toBe('DistinctDimensionLabelsRequired')
  })

  it('refuses empty intervals', async () => {
    const intervals = [['2020-01-02', '2020-01-01']]
    expect(await tagOf(node('aggregate_temporal', { data: data(), intervals, reducer: sum }))).toBe(
      'TemporalExtentEmpty',
    )
  })

  it('reduces groups of different lengths alike, whatever the reducer looks at', async () => {
    const intervals = [
      ['2020-01-01', '2020-01-02'],
      ['2020-01-01', '2020-01-05'],
    ]
    const range = {
      process_graph: {
        high: { process_id: 'max', arguments: { data: parameter('data') } },
        low: { process_id: 'first', arguments: { data: parameter('data') } },
        only: {
          process_id: 'subtract',
          arguments: { x: { from_node: 'high' }, y: { from_node: 'low' } },
          result: true,
        },
      },
    }
    expect(
      (await run('aggregate_temporal', { data: data(), intervals, reducer: range, labels: [1, 2] })).values,
    ).toEqual([1, 7])
    const all = reducer('count', { condition: true })
    expect((await run('aggregate_temporal', { data: data(), intervals, reducer: all, labels: [1, 2] })).values).toEqual(
      [2, 4],
    )
    const second = reducer('array_element', { index: 1 })
    expect(
      (await run('aggregate_temporal', { data: data(), intervals, reducer: second, labels: [1, 2] })).values,
    ).toEqual([2, 2])
    const filtered = {
      process_graph: {
        some: {
          process_id: 'array_filter',
          arguments: { data: parameter('data'), condition: callback('gt', { x: parameter('x'), y: 1 }) },
        },
        only: { process_id: 'min', arguments: { data: { from_node: 'some' } }, result: true },
      },
    }
    expect(
      (await run('aggregate_temporal', { data: data(), intervals, reducer: filtered, labels: [1, 2] })).values,
    ).toEqual([2, 2])
  })
})

describe('periods', () => {
  const calendars = ['standard', 'proleptic_gregorian', 'julian', 'noleap', 'all_leap', '360_day'] as const
  const at = (text: string) => {
    const [date, time = '00:00'] = text.split(' ')
    const [year, month, day] = date!.split('-').map(Number)
    const [hour, minute] = time.split(':').map(Number)
    return { year: year!, month: month!, day: day!, second: hour! * 3600 + minute! * 60 }
  }

  it.each<[PeriodName, string, string]>([
    ['hour', '2020-06-01 23:59', '2020-06-01-23'],
    ['day', '2020-12-31', '2020-366'],
    ['day', '2021-12-31', '2021-365'],
    // ISO 8601: the first week has the year's first Thursday.
    ['week', '2021-01-03', '2020-53'],
    ['week', '2021-01-04', '2021-01'],
    ['week', '2018-12-31', '2019-01'],
    ['dekad', '2020-01-10', '2020-01'],
    ['dekad', '2020-02-29', '2020-06'],
    ['dekad', '2020-12-21', '2020-36'],
    ['month', '2020-12-31', '2020-12'],
    ['season', '2020-11-30', '2020-son'],
    ['season', '2020-12-01', '2020-djf'],
    ['season', '2021-02-28', '2020-djf'],
    ['tropical-season', '2021-04-30', '2020-ndjfma'],
    ['tropical-season', '2021-05-01', '2021-mjjaso'],
    ['year', '2020-12-31', '2020'],
    ['decade', '2029-12-31', '2020'],
    ['decade-ad', '2020-12-31', '2011'],
    ['decade-ad', '2021-01-01', '2021'],
  ])('%s of %s is %s', (period, date, label) => {
    expect(periodGroups(period, [at(date)], 'standard').labels).toEqual([label])
  })

  it('are complete from the first to the last label', () => {
    const { labels, groups } = periodGroups('day', [at('2020-12-31'), at('2020-01-01')], 'standard')
    expect(labels.length).toBe(366)
    expect(groups[0]).toEqual([1])
    expect(groups[365]).toEqual([0])
    expect(periodGroups('day', [at('2020-01-05')], 'standard').labels).toEqual(['2020-005'])
    expect(periodGroups('month', [], 'standard')).toEqual({ labels: [], groups: [] })
  })

  it('have labels without gaps or repeats in every calendar', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...calendars),
        fc.constantFrom(...(Object.keys(PERIODS) as PeriodName[])),
        fc.array(fc.integer({ min: -2e8, max: 2e8 }), { minLength: 1, maxLength: 20 }),
        (calendar, period, offsets) => {
          const dates = offsets.map((seconds) => dateOf(1e9 + (period === 'hour' ? seconds / 1e3 : seconds), calendar))
          const { labels, groups } = periodGroups(period, dates, calendar)
          expect(groups.flat().sort((a, b) => a - b)).toEqual(offsets.map((_, i) => i))
          // Weeks of calendars with other years can share a name with one of the year before.
          if (period !== 'week') expect(new Set(labels).size).toBe(labels.length)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('are found by their labels: each starts at or before its dates, and ends after them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...calendars),
        fc.constantFrom(...(Object.keys(PERIODS) as PeriodName[])),
        fc.integer({ min: -2e9, max: 4e9 }),
        (calendar, period, seconds) => {
          const date = dateOf(seconds, calendar)
          const [label] = periodGroups(period, [date], calendar).labels
          // 53 weeks do not fit into years of 360 days.
          if (period === 'week' && calendar === '360_day') return
          const start = secondsOf(periodStart(label!, calendar, period)!, calendar)
          const end = secondsOf(periodEnd(label!, calendar, period)!, calendar)
          expect([start <= seconds, seconds < end], `${label} of ${seconds}`).toEqual([true, true])
        },
      ),
      { numRuns: 500 },
    )
  })

  it('stay what they are in later steps: week 05 is no May', async () => {
    const dates = times('2020-01-06', '2020-01-27', '2020-02-03', '2020-05-04')
    const weeks = await node('aggregate_temporal_period', {
      data: cube([dates], [1, 2, 4, 8]),
      period: 'week',
      reducer: reducer('sum'),
    })
    const february = { data: wrap(weeks), extent: ['2020-02-01', '2020-03-01'] }
    expect(await run('filter_temporal', february)).toMatchObject({
      labels: { t: ['2020-06', '2020-07', '2020-08', '2020-09'] },
      values: [4, null, null, null],
    })
    const months = { data: wrap(weeks), period: 'month', reducer: reducer('sum') }
    expect(await run('aggregate_temporal_period', months)).toMatchObject({
      labels: { t: ['2020-01', '2020-02', '2020-03', '2020-04', '2020-05'] },
      values: [3, 4, null, null, 8],
    })
    const instant = wrap(cube([times('2020-01-02')], [16]).node)
    const merged = await node('merge_cubes', { cube1: instant, cube2: wrap(weeks) })
    expect(await run('filter_temporal', { ...february, data: wrap(merged) })).toMatchObject({
      values: [4, null, null, null],
    })
    const monthly = wrap(await node('aggregate_temporal_period', months))
    expect(await tagOf(node('merge_cubes', { cube1: monthly, cube2: wrap(weeks) }))).toBe('IncompatibleDataCubes')
    const renamed = { data: wrap(weeks), dimension: 't', source: ['2020-02'], target: ['2021-02'] }
    expect((await node('rename_labels', renamed)).schema.dims[0]).not.toHaveProperty('period')
  })

  it('throw where the dimension is not clear', async () => {
    const two = cube([times('2020-01-01'), { ...times('2020-01-01'), name: 'u' }], [1])
    const args = { period: 'day', reducer: reducer('mean') }
    expect(await tagOf(node('aggregate_temporal_period', { data: two, ...args }))).toBe('TooManyDimensions')
    const named = await run('aggregate_temporal_period', { data: two, ...args, dimension: 'u' })
    expect(named.labels).toEqual({ t: ['2020-01-01'], u: ['2020-001'] })
    const none = cube([other('k', 1)], [1])
    expect(await tagOf(node('aggregate_temporal_period', { data: none, ...args }))).toBe('DimensionNotAvailable')
  })
})

describe('climatological_normal', () => {
  const months = (first: string, count: number) => {
    const [year, month] = first.split('-').map(Number)
    return Array.from({ length: count }, (_, i) => {
      const m = year! * 12 + month! - 1 + i
      return `${Math.floor(m / 12)}-${String((m % 12) + 1).padStart(2, '0')}-15`
    })
  }

  it('takes the December before into the first winter, and leaves the last one out', () => {
    const dimension = { ...times(...months('1999-12', 37)), type: 'temporal' } as never
    const { labels, groups } = normalGroups(dimension, 'season', 2000, 2001)
    expect(labels).toEqual(['djf', 'mam', 'jja', 'son'])
    expect(groups[0]).toEqual([0, 1, 2, 12, 13, 14])
    expect(groups[3]).toEqual([9, 10, 11, 21, 22, 23])
  })

  it('leaves a first winter without its December out', () => {
    const dimension = times(...months('2000-01', 24)) as never
    expect(normalGroups(dimension, 'season', 2000, 2001).groups[0]).toEqual([11, 12, 13])
    const tropical = normalGroups(dimension, 'tropical-season', 2000, 2001)
    expect(tropical.groups[0]).toEqual([10, 11, 12, 13, 14, 15])
    expect(tropical.groups[1]).toEqual([4, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20, 21])
  })

  it('reads labels of periods', async () => {
    const seasons = cube([times('2000-djf', '2000-mam', '2001-djf', '2001-mam')], [1, 2, 3, 6])
    const made = await node('climatological_normal', {
      data: seasons,
      period: 'season',
      climatology_period: [2000, 2001],
    })
    // The winter labelled 2000 ends in 2001; that of 2001 ends after the period.
    expect((await read(made)).values).toEqual([1, 4, null, null])
    const differs = await run('anomaly', { data: seasons, normals: wrap(made), period: 'season' })
    expect(differs.values).toEqual([0, -2, 2, 2])
  })

  it('averages all of it, and days of the year', async () => {
    const data = cube([times('2000-12-30', '2000-12-31', '2001-12-31')], [1, 2, 6])
    const all = await run('climatological_normal', {
      data,
      period: 'climatology-period',
      climatology_period: [2000, 2001],
    })
    expect(all).toMatchObject({ labels: { t: ['climatology-period'] }, values: [3] })
    const days = await run('climatological_normal', { data, period: 'day', climatology_period: [2000, 2001] })
    // 2000 is a leap year: its last two days are the 365th and the 366th.
    expect(days.labels.t?.slice(-2)).toEqual(['365', '366'])
    expect(days.values.slice(-2)).toEqual([3.5, 2])
    const texts = await run('climatological_normal', { data, period: 'day', climatology_period: ['2000', '2001'] })
    expect(texts).toEqual(days)
    const dates = node('climatological_normal', { data, period: 'day', climatology_period: ['2000-01', '2001'] })
    expect(await tagOf(dates)).toBe('ProcessParameterInvalid')
    const none = node('climatological_normal', { data, period: 'day', climatology_period: [1900, 1910] })
    expect(await tagOf(none)).toBe('ClimatologyPeriodMissing')
  })

  it('has as many days as years of the calendar have', () => {
    const days = (calendar: string) =>
      normalGroups({ ...times('2000-01-01', '2001-12-30'), calendar } as never, 'day', 2000, 2001)
    expect(days('360_day').labels.slice(-2)).toEqual(['359', '360'])
    expect(days('360_day').groups.at(-1)).toEqual([1])
    expect(days('noleap').labels.length).toBe(365)
  })

  it('subtracts a single normal, and normals of years', async () => {
    const data = cube([times('2000-01-01', '2001-01-01'), other('k', 1, 2)], [1, 2, 3, 4])
    const single = cube([times('any'), other('k', 2, 1)], [10, 20])
    expect((await run('anomaly', { data, normals: single, period: 'single-period' })).values).toEqual([
      -19, -8, -17, -6,
    ])
    const years = cube([times('2000', '2001'), other('k', 1, 2)], [1, 1, 2, 2])
    expect((await run('anomaly', { data, normals: years, period: 'year' })).values).toEqual([0, 1, 1, 2])
    expect(await tagOf(node('anomaly', { data, normals: years, period: 'month' }))).toBe('LabelNotAvailable')
    // Which of two would be the single one?
    expect(await tagOf(node('anomaly', { data, normals: years, period: 'single-period' }))).toBe('LabelNotAvailable')
  })
})
