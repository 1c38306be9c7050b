/** Arithmetic of cubes that do not lie on each other: refused, as openEO's merge_cubes would keep single cells as they are. */
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'

const times = ['2020-06-01', '2020-06-02', '2020-06-03'].map((day) => `${day}T00:00:00Z`)
const schema: CubeSchema = {
  dims: [
    { type: 'temporal', name: 't', labels: times, calendar: 'standard' },
    { type: 'bands', name: 'bands', labels: ['red', 'nir'], bands: [{ name: 'red' }, { name: 'nir' }] },
    { type: 'spatial', name: 'y', axis: 'y', labels: [15, 5] },
    { type: 'spatial', name: 'x', axis: 'x', labels: [5, 15, 25] },
  ],
  grid: { crs: parseCrs('EPSG:32632'), affine: [10, 0, 0, 0, -10, 20], width: 3, height: 2 },
  packing: { dtype: 'float32', scale: 1, offset: 0 },
}
const cube = new Cube(
  memorySource(
    Float32Array.from({ length: 36 }, (_, i) => i),
    schema,
    'made up',
  ),
)
const june = cube.filterTemporal('2020-06-02', null)
const left = cube.filterBbox([0, 0, 20, 20], 'EPSG:32632')

describe('arithmetic of two cubes', () => {
  it('is refused where dates, bands or pixels differ', () => {
    const labels = expect.objectContaining({ tag: 'DifferentLabels' })
    expect(() => cube.subtract(june)).toThrow(labels)
    expect(() => june.gt(cube)).toThrow(labels)
    expect(() => cube.filterBands(['red']).normalizedDifference(cube.filterBands(['nir']))).toThrow(
      expect.objectContaining({ tag: 'DifferentLabels', hint: expect.stringContaining('band(') }),
    )
    const grids = expect.objectContaining({ tag: 'DifferentGrids' })
    expect(() => cube.subtract(left)).toThrow(grids)
    expect(() => cube.add(cube.resample({ resolution: 20 }))).toThrow(grids)
  })

  it('takes dimensions that one of them lacks for all, and equal labels in any order', async () => {
    const means = await cube.subtract(cube.mean('t')).compute()
    expect(means.data.slice(0, 6)).toEqual(new Float32Array(6).fill(-12))
    const swapped = await cube.subtract(cube.filterBands(['nir', 'red'])).compute()
    expect(new Set(swapped.data)).toEqual(new Set([0]))
    expect((await left.multiply(left.band('red')).compute()).shape).toEqual([3, 2, 2, 2])
  })

  it('stays with merge what openEO says', async () => {
    const merged = await cube.merge(june, (x, y) => x.subtract(y)).compute()
    expect(merged.data.slice(0, 3)).toEqual(new Float32Array([0, 1, 2]))
    expect(merged.data.slice(12, 15)).toEqual(new Float32Array(3))
  })
})
