import { describe, expect, it } from 'vitest'
import type { DateComponent } from '../../src/fluent/components.ts'
import { Cube } from '../../src/fluent/cube.ts'
import type { Calendar } from '../../src/model/dimension.ts'
import { memorySource } from '../../src/model/memory.ts'

function cubeOf(labels: readonly string[], calendar: Calendar = 'standard', period?: string): Cube {
  const time = { type: 'temporal', name: 't', labels, calendar, ...(period && { period }) } as const
  const schema = { dims: [time], packing: { dtype: 'float64', scale: 1, offset: 0 } } as const
  return new Cube(memorySource(Float64Array.from(labels, value), schema, 'made up'))
}
/** Numbers in no order, some missing. */
const value = (_: unknown, i: number): number => (i % 13 === 4 ? Number.NaN : (i * 7919) % 1009)

/** Every six hours from November 2019 to March 2022, over a leap day. */
const instants = Array.from({ length: 3360 }, (_, i) => new Date(Date.UTC(2019, 10, 15) + i * 6 * 3_600_000))
const cube = cubeOf(instants.map((date) => date.toISOString().replace('.000', '')))

const two = (n: number): string => String(n).padStart(2, '0')
const newYear = (date: Date): number => Date.UTC(date.getUTCFullYear(), 0, 1)
/** By JavaScript's own dates; the same groups are those of xarray. */
const keys: Readonly<Partial<Record<DateComponent, (date: Date) => string>>> = {
  hour: (date) => two(date.getUTCHours()),
  dayofweek: (date) => String((date.getUTCDay() + 6) % 7),
  dayofyear: (date) => String(Math.floor((date.getTime() - newYear(date)) / 86_400_000) + 1).padStart(3, '0'),
  month: (date) => two(date.getUTCMonth() + 1),
  quarter: (date) => String(Math.floor(date.getUTCMonth() / 3) + 1),
  season: (date) => ['djf', 'mam', 'jja', 'son'][Math.floor(((date.getUTCMonth() + 1) % 12) / 3)]!,
  'tropical-season': (date) => (date.getUTCMonth() >= 4 && date.getUTCMonth() < 10 ? 'mjjaso' : 'ndjfma'),
  year: (date) => String(date.getUTCFullYear()),
}

describe('groupBy', () => {
  it.each(Object.entries(keys))('%s takes what recurs, whatever the year', async (component, key) => {
    const groups = Map.groupBy(instants.keys(), (i) => key(instants[i]!))
    const made = cube.groupBy('t', component as DateComponent, 'mean')
    expect(new Set(made.labels('t'))).toEqual(new Set(groups.keys()))
    const { data } = await made.compute()
    made.labels('t').forEach((label, g) => {
      const known = groups
        .get(label as string)!
        .map((i) => value(undefined, i))
        .filter((one) => !Number.isNaN(one))
      expect(data[g]).toBeCloseTo(known.reduce((a, b) => a + b, 0) / known.length, 9)
    })
    expect(made.node.kind).toBe('cells')
  })

  it('has labels in their order, only those that are there', () => {
    expect(cube.groupBy('t', 'season', 'max').labels('t')).toEqual(['djf', 'mam', 'jja', 'son'])
    expect(cube.groupBy('t', 'hour', 'max').labels('t')).toEqual(['00', '06', '12', '18'])
    expect(cube.groupBy('t', 'dayofyear', 'max').labels('t')).toHaveLength(366)
    const days = ['2019-12-30', '2021-01-03', '2021-01-04']
    expect(cubeOf(days).groupBy('t', 'week', 'max').labels('t')).toEqual(['01', '53'])
  })

  it('counts in the calendar of the dates, and knows names of periods', async () => {
    const days = cubeOf(['2001-02-30T00:00:00Z', '2003-02-30T12:00:00Z', '2003-03-01T00:00:00Z'], '360_day')
    const made = days.groupBy('t', 'dayofyear', 'sum')
    expect(made.labels('t')).toEqual(['060', '061'])
    expect([...(await made.compute()).data]).toEqual([value(0, 0) + value(0, 1), value(0, 2)])
    const months = cubeOf(['2019-12', '2020-01', '2020-12'], 'standard', 'month')
    expect([...(await months.groupBy('t', 'month', 'last').compute()).data]).toEqual([value(0, 1), value(0, 2)])
  })

  it('gives normals that anomaly takes', async () => {
    const normals = cube.groupBy('t', 'hour', 'median')
    const anomaly = await cube.process('anomaly', { normals, period: 'hour' }).compute()
    const { data } = await normals.compute()
    expect(anomaly.data[5]).toBeCloseTo(value(0, 5) - data[5 % 4]!, 9)
  })

  it('refuses what dates do not have, and dates that are there twice', () => {
    expect(() => cube.groupBy('t', 'minute' as DateComponent, 'mean')).toThrow(
      expect.objectContaining({ tag: 'BadComponent' }),
    )
    const twice = cubeOf(['2020-01-01', '2020-01-01'])
    const tag = expect.objectContaining({ tag: 'DistinctDimensionLabelsRequired' })
    expect(() => twice.groupBy('t', 'month', 'mean')).toThrow(tag)
  })
})
