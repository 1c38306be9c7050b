import { describe, expect, it } from 'vitest'
import { Cube } from '../../src/fluent/cube.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'

/** 1 to 12 January 2020 without the 5th, two columns; NaN on the 3rd of the first. */
const days = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]
const labels = days.map((day) => `2020-01-${String(day).padStart(2, '0')}T00:00:00Z`)
const columns = [days.map((day) => (day === 3 ? Number.NaN : day ** 2)), days.map((day) => 100 - 7 * day)]

function cubeOn(labelsOf: readonly string[], calendar: 'standard' | '360_day' = 'standard'): Cube {
  const schema: CubeSchema = {
    dims: [
      { type: 'temporal', name: 't', labels: labelsOf, calendar },
      { type: 'other', name: 'column', labels: ['a', 'b'] },
    ],
    packing: { dtype: 'float64', scale: 1, offset: 0 },
  }
  const cells = labelsOf.flatMap((_, i) => columns.map((column) => column[i]!))
  return new Cube(memorySource(Float64Array.from(cells), schema, 'made up'))
}

const cube = cubeOn(labels)

/** Of each date the values whose place (or day) is in its window. */
function expected(isIn: (other: number, own: number) => boolean, minPeriods: number, of: (v: number[]) => number) {
  return labels.flatMap((_, i) =>
    columns.map((column) => {
      const window = column.filter((value, k) => isIn(k, i) && !Number.isNaN(value))
      return window.length < minPeriods ? Number.NaN : of(window)
    }),
  )
}
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

async function valuesOf(made: Cube): Promise<number[]> {
  const { data, shape } = await made.compute()
  expect(shape).toEqual(cube.shape)
  return [...data]
}

function expectClose(values: readonly number[], wanted: readonly number[]): void {
  expect(values.map((value) => (Number.isNaN(value) ? 'missing' : value.toFixed(9)))).toEqual(
    wanted.map((value) => (Number.isNaN(value) ? 'missing' : value.toFixed(9))),
  )
}

describe('rolling', () => {
  it('takes the dates up to each one, all of which have to be there', async () => {
    expectClose(
      await valuesOf(cube.rolling(3, 'mean')),
      expected((k, i) => k <= i && k > i - 3, 3, mean),
    )
  })

  it.each([3, 4])('%i dates around each one, from the first value on', async (length) => {
    const before = Math.floor(length / 2)
    expectClose(
      await valuesOf(cube.rolling(length, 'max', { center: true, minPeriods: 1 })),
      expected(
        (k, i) => k >= i - before && k < i - before + length,
        1,
        (v) => Math.max(...v),
      ),
    )
  })

  it('days: dates that are missing are not replaced by earlier ones', async () => {
    expectClose(
      await valuesOf(cube.rolling({ days: 3 }, (data) => data.reduce('sum').multiply(2))),
      expected(
        (k, i) => days[k]! <= days[i]! && days[k]! > days[i]! - 3,
        1,
        (v) => 2 * v.reduce((a, b) => a + b),
      ),
    )
    expectClose(
      await valuesOf(cube.rolling({ days: 4 }, 'mean', { center: true })),
      expected((k, i) => days[k]! <= days[i]! + 2 && days[k]! > days[i]! - 2, 1, mean),
    )
  })

  it('knows dates within one second apart', async () => {
    const close = labels.map((_, i) => `2020-01-01T00:00:00.${String(100 + 50 * i)}Z`)
    const [day, third] = [86_400, 0.12]
    expectClose(
      await valuesOf(cubeOn(close).rolling({ days: third / day }, 'mean')),
      expected((k, i) => k <= i && 0.05 * (i - k) < third, 1, mean),
    )
  })

  it('keeps the labels, also of months and of other calendars', async () => {
    expect(cube.rolling(2, 'mean').labels('t')).toEqual(labels)
    const months = columns[0]!.map((_, i) => `20${20 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`)
    expectClose(
      await valuesOf(cubeOn(months).rolling(2, 'mean')),
      expected((k, i) => k <= i && k > i - 2, 2, mean),
    )
    const short = labels.map((_, i) => `2020-02-${20 + i}T00:00:00Z`)
    expectClose(
      await valuesOf(cubeOn(short, '360_day').rolling({ days: 2 }, 'mean')),
      expected((k, i) => k <= i && k > i - 2, 1, mean),
    )
  })

  it('says what makes no window', () => {
    expect(() => cube.rolling(0, 'mean')).toThrow(expect.objectContaining({ tag: 'BadWindow' }))
    expect(() => cube.rolling(2.5, 'mean')).toThrow(expect.objectContaining({ tag: 'BadWindow' }))
    expect(() => cube.rolling({ days: 0 }, 'mean')).toThrow(expect.objectContaining({ tag: 'BadWindow' }))
    expect(() => cube.rolling(2, 'mean', { dimension: 'column' })).toThrow('no dimension of dates')
    expect(() => cubeOn(labels.toReversed()).rolling(2, 'mean')).toThrow(
      expect.objectContaining({ tag: 'NotAscending' }),
    )
  })
})

describe('shift and difference', () => {
  it.each([1, 3, -2, 0, 20])('by %i dates', async (steps) => {
    const shifted = labels.flatMap((_, i) => columns.map((column) => column[i - steps] ?? Number.NaN))
    expectClose(await valuesOf(cube.shift(steps)), shifted)
    const now = labels.flatMap((_, i) => columns.map((column) => column[i]!))
    expectClose(
      await valuesOf(cube.difference(steps)),
      now.map((value, k) => value - shifted[k]!),
    )
  })

  it('refuses parts of steps', () => {
    expect(() => cube.shift(0.5)).toThrow(expect.objectContaining({ tag: 'BadWindow' }))
  })
})

describe('aggregateTemporal by days', () => {
  const starts = (made: Cube): string[] => made.labels('t').map((label) => String(label).slice(0, 10))

  it('counts from the first day as resample does, and keeps intervals without a date', async () => {
    const made = cube.aggregateTemporal({ days: 5 }, 'sum')
    expect(starts(made)).toEqual(['2020-01-01', '2020-01-06', '2020-01-11'])
    const sums = [[1 + 4 + 16, 93 + 86 + 79 + 72], [6, 7, 8, 9, 10].map((day) => [day ** 2, 100 - 7 * day])]
    const [a, b] = [0, 1].map((c) => (sums[1] as number[][]).reduce((sum, pair) => sum + pair[c]!, 0))
    expect([...(await made.compute()).data]).toEqual([...(sums[0] as number[]), a, b, 121 + 144, 23 + 16])
    const single = cube.filterTemporal('2020-01-04', '2020-01-07').aggregateTemporal({ days: 1 }, 'first')
    expect([...(await single.compute()).data]).toEqual([16, 72, Number.NaN, Number.NaN, 36, 58])
  })

  it('counts from another day, before, among or after the dates, and in other calendars', () => {
    for (const from of ['2019-12-25', '2020-01-04', '2021-01-28'])
      expect(starts(cube.aggregateTemporal({ days: 10, from }, 'max'))).toEqual(['2019-12-25', '2020-01-04'])
    const late = labels.map((label) => label.replace('-01-', '-02-').replace('T00', 'T18').replace('-12T', '-30T'))
    const other = cubeOn(late, '360_day')
    expect(starts(other.aggregateTemporal({ days: 20 }, 'max'))).toEqual(['2020-02-01', '2020-02-21'])
    expect(() => cube.aggregateTemporal({ days: 0 }, 'max')).toThrow(expect.objectContaining({ tag: 'BadWindow' }))
  })
})
