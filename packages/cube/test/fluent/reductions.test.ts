import { describe, expect, it } from 'vitest'
import { Cube } from '../../src/fluent/cube.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'

const labels = ['2020-01-01T00:00:00Z', '2020-01-05T12:00:00Z', '2020-03-01T00:00:00Z']
/** Columns: a greatest value in the middle, two equal ones, the first missing, all missing. */
const cells = [3, 5, -1, -1, 9, 5, 2, -1, 1, 4, 7, -1]
const DAY = 86_400_000
const days = (label: string, since = '1970-01-01') => (Date.parse(label) - Date.parse(since)) / DAY

function cubeOf(
  time: Partial<CubeSchema['dims'][number]> = {},
  columns: readonly (string | number)[] = [10, 20, 40, 80],
) {
  const schema: CubeSchema = {
    dims: [
      { type: 'temporal', name: 't', labels, calendar: 'standard', ...time } as CubeSchema['dims'][number],
      { type: 'other', name: 'column', labels: columns },
    ],
    packing: { dtype: 'int16', nodata: -1, scale: 1, offset: 0 },
  }
  return new Cube(memorySource(Int16Array.from(cells), schema, 'made up'))
}
const cube = cubeOf()
const valuesOf = async (made: Cube) => [...(await made.compute()).data]

describe('argmax and argmin', () => {
  it('number cells from 0: the first of equal ones, nothing of nothing', async () => {
    expect(await valuesOf(cube.argmax('t'))).toEqual([1, 0, 2, Number.NaN])
    expect(await valuesOf(cube.argmin('t'))).toEqual([2, 2, 1, Number.NaN])
    expect(await valuesOf(cube.argmax('column'))).toEqual([1, 0, 2])
  })
})

describe('idxmax and idxmin', () => {
  it('give dates as days since 1970', async () => {
    const [first, second, third] = labels.map((label) => days(label))
    expect(await valuesOf(cube.idxmax('t'))).toEqual([second, first, third, Number.NaN])
    expect(await valuesOf(cube.idxmin('t'))).toEqual([third, third, second, Number.NaN])
  })

  it('or since another instant, so that parts of a day are exact in single precision', async () => {
    expect(await valuesOf(cube.idxmax('t', { since: '2020-01-01T06:00:00Z' }))).toEqual([
      4.25,
      -0.25,
      59.75,
      Number.NaN,
    ])
  })

  it('count days in the calendar of the dates, and of periods from their first instant', async () => {
    const months = { labels: ['2020-01', '2020-02', '2020-03'], period: 'month', calendar: '360_day' } as const
    expect(await valuesOf(cubeOf(months).idxmax('t', { since: '2020-01-01' }))).toEqual([30, 0, 60, Number.NaN])
  })

  it('give numbers of other dimensions as they are', async () => {
    expect(await valuesOf(cube.idxmax('column'))).toEqual([20, 10, 40])
    expect(await valuesOf(cube.idxmin('column'))).toEqual([10, 40, 10])
  })

  it('refuse texts, and say what there is instead', () => {
    const named = cubeOf({}, ['a', 'b', 'c', 'd'])
    expect(() => named.idxmin('column')).toThrow(
      expect.objectContaining({ tag: 'NoNumbers', hint: expect.stringContaining('argmin') }),
    )
    expect(() => named.idxmin('z')).toThrow(expect.objectContaining({ tag: 'DimensionNotAvailable' }))
  })

  it('are compiled, not interpreted', () => {
    expect(cube.idxmax('t').node.kind).toBe('cells')
  })
})
