/** Cubes of calendar periods that were saved are cubes of the same periods when they are opened again. */
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { fromName, open } from '../../src/index.ts'
import { temporaryFolder } from '../temporary.ts'
import { gridAt, writeRaster } from './scene.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

/** One image of each of a list of days, whose values are its number. */
async function scene(days: readonly string[]): Promise<string> {
  for (const [t, day] of days.entries())
    await writeRaster(folder, `a_${day}.tif`, { grid: gridAt(10, 4, 3), nodata: 0, value: () => t + 1 })
  return join(folder, 'a_*.tif')
}

describe('a saved cube of periods', () => {
  it.each([
    ['week', ['2020-01', '2020-02', '2020-03'], ['2020-01-06', '2020-01-13', ['2020-02']]],
    ['dekad', ['2020-01', '2020-02'], ['2020-01-11', '2020-02-01', ['2020-02']]],
    ['day', 15, ['2020-01-03', '2020-01-05', ['2020-003', '2020-004']]],
    ['year', ['2020'], ['2020-01-01', '2021-01-01', ['2020']]],
  ] as const)('%s', async (period, labels, [from, to, kept]) => {
    await using opened = await open(await scene(['20200103', '20200108', '20200117']), { time: fromName(/(\d{8})/) })
    const cube = opened.stack().aggregateTemporalPeriod(period, 'mean')
    if (typeof labels === 'number') expect(cube.labels('t')).toHaveLength(labels)
    else expect(cube.labels('t')).toEqual(labels)
    for (const name of ['p.zarr', 'p.nc', 'p.tif']) {
      await cube.save(join(folder, name))
      await using again = await open(join(folder, name))
      const stack = again.stack()
      expect(stack.labels('t'), name).toEqual(cube.labels('t'))
      expect(stack.filterTemporal(from, to).labels('t'), name).toEqual(kept)
      expect((await stack.compute()).data, name).toEqual((await cube.compute()).data)
    }
  })

  it('has its seasons in their order', async () => {
    const days = ['20200115', '20200415', '20200715', '20201015']
    await using opened = await open(await scene(days), { time: fromName(/(\d{8})/) })
    const cube = opened.stack().aggregateTemporalPeriod('season', 'mean')
    await cube.save(join(folder, 's.zarr'))
    await using again = await open(join(folder, 's.zarr'))
    expect(again.stack().labels('t')).toEqual(['2019-djf', '2020-mam', '2020-jja', '2020-son'])
    const two = cube.merge(cube.process('rename_labels', { dimension: 'bands', source: ['a'], target: ['b 2020'] }))
    await two.save(join(folder, 's.tif'))
    await using image = await open(join(folder, 's.tif'))
    expect(image.stack().labels('t')).toEqual(['2019-djf', '2020-mam', '2020-jja', '2020-son'])
    expect(image.stack().labels('bands')).toEqual(['a', 'b 2020'])
    await opened.stack().save(join(folder, 'd.nc'))
    await expect(open([join(folder, 's.zarr'), join(folder, 'd.nc')])).rejects.toThrow(/a has (season|date) 20/)
    const renamed = opened.stack().process('rename_labels', { dimension: 'bands', source: ['a'], target: ['b'] })
    await renamed.save(join(folder, 'b.nc'))
    await using both = await open([join(folder, 's.zarr'), join(folder, 'b.nc')])
    expect(() => both.stack()).toThrow(/no common order/)
  })
})
