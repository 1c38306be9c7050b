/** Cells, labels and bounds of time as people write them who come from xarray. */
import { describe, expect, it } from 'vitest'
import { Cube } from '../../src/fluent/cube.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'

const times = ['2020-05-30', '2020-06-01', '2020-06-11', '2021-01-01'].map((day) => `${day}T00:00:00Z`)
const schema: CubeSchema = {
  dims: [
    { type: 'temporal', name: 't', labels: times, calendar: 'standard' },
    { type: 'other', name: 'level', labels: [1000, 850, 500] },
  ],
  packing: { dtype: 'float32', scale: 1, offset: 0 },
}
const cube = new Cube(
  memorySource(
    Float32Array.from({ length: 12 }, (_, i) => i),
    schema,
    'made up',
  ),
)
const values = async (chosen: Cube): Promise<number[]> => [...(await chosen.compute()).data]

describe('isel', () => {
  it('counts negative numbers from the end', async () => {
    expect(await values(cube.isel('t', -1))).toEqual([9, 10, 11])
    expect(await values(cube.isel('level', -3).isel('t', -4))).toEqual([0])
  })

  it('refuses cells that there are not before anything is computed', () => {
    for (const index of [4, -5, 0.5])
      expect(() => cube.isel('t', index)).toThrow(expect.objectContaining({ tag: 'NoLabel' }))
  })
})

describe('sel', () => {
  it('takes the nearest label where asked, within a tolerance', async () => {
    expect(await values(cube.sel('t', '2020-06-05', { nearest: true }))).toEqual([3, 4, 5])
    // Of two as near the later one, and the greater one where labels fall.
    expect(await values(cube.sel('t', '2020-06-06', { nearest: true }))).toEqual([6, 7, 8])
    expect(await values(cube.sel('level', 925, { nearest: true }))).toEqual([0, 3, 6, 9])
    expect(await values(cube.sel('level', 700, { nearest: true, tolerance: 150 }))).toEqual([1, 4, 7, 10])
    expect(() => cube.sel('t', '2020-09-01', { nearest: true, tolerance: 30 })).toThrow(/no label 2020-09-01 within 30/)
  })

  it('names the nearest label where there is none, before anything is computed', () => {
    expect(() => cube.sel('t', '2020-06-03')).toThrow(
      expect.objectContaining({ tag: 'NoLabel', hint: expect.stringContaining('2020-06-01T00:00:00Z') }),
    )
    expect(() => cube.sel('level', 900)).toThrow(expect.objectContaining({ hint: expect.stringContaining('850') }))
    expect(() => cube.sel('level', 'surface')).toThrow(expect.objectContaining({ hint: 'it has 1000, 850, 500' }))
    expect(() => cube.sel('time', 0)).toThrow(expect.objectContaining({ tag: 'DimensionNotAvailable' }))
  })

  it('knows a month by its first day', async () => {
    const monthly = cube.aggregateTemporalPeriod('month', 'sum')
    expect(await values(monthly.sel('t', '2020-06-01'))).toEqual([9, 11, 13])
    expect(await values(monthly.sel('t', '2020-06'))).toEqual([9, 11, 13])
  })
})

describe('filterTemporal', () => {
  it('takes months and years for their first instants', () => {
    expect(cube.filterTemporal('2020-06', '2021').labels('t')).toEqual(times.slice(1, 3))
    expect(cube.filterTemporal(null, '2020-06').labels('t')).toEqual(times.slice(0, 1))
    expect(cube.filterTemporal('2021', null).toString()).toBe(cube.filterTemporal('2021-01-01', null).toString())
  })
})
