import { existsSync, linkSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { fromName } from '../../src/collection/file-names.ts'
import { parseCrs } from '../../src/crs/crs.ts'
import { open } from '../../src/fluent/collection.ts'
import { writeCog } from '../../src/geotiff/cog.ts'
import { evaluateGraph } from '../../src/graph/evaluate.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { CubeValue } from '../../src/process/row.ts'
import { temporaryFolder } from '../temporary.ts'

const DATES = ['20200605', '20200620', '20200705']
let folder: string

/** Stored numbers of a band: by date, column and row. */
const stored = (band: string, t: number, column: number, row: number): number =>
  (band === 'B04' ? 1000 : 3000) + 100 * t + column + 7 * row

beforeEach(async () => {
  folder = await temporaryFolder()
  for (const [t, date] of DATES.entries()) {
    for (const [band, size] of [
      ['B04', 40],
      ['B08', 40],
      ['SCL', 20],
    ] as const) {
      const affine = [400 / size, 0, 600000, 0, -400 / size, 5200000] as const
      const grid = { crs: parseCrs('EPSG:32632'), affine, width: size, height: size }
      const spec =
        band === 'SCL' ? ({ dtype: 'uint8' } as const) : ({ dtype: 'uint16', nodata: 0, scale: 0.0001 } as const)
      const path = join(folder, `S2_${date}_${band}.tif`)
      await writeCog(
        path,
        { grid, bands: [{ name: 'band1' }], overviews: 'none', ...spec },
        ({ column, row, width, height }) =>
          Promise.resolve(
            Uint16Array.from({ length: width * height }, (_, i) => {
              const [c, r] = [column + (i % width), row + Math.floor(i / width)]
              if (band === 'SCL') return t === 1 && c < 5 ? 9 : 4
              return stored(band, t, c, r)
            }),
          ),
      )
    }
  }
})

const openScene = () => open('*.tif', { folder, time: fromName(/(\d{8})/) })

const ndviAt = (t: number, column: number, row: number): number => {
  const [red, nir] = [stored('B04', t, column, row), stored('B08', t, column, row)]
  return (nir - red) / (nir + red)
}

describe('Collection', () => {
  it('lists layers as they are and refuses to align them unasked', async () => {
    await using scene = await openScene()
    expect(scene.layers.map(({ name }) => name)).toEqual(['B04', 'B08', 'SCL'])
    expect(`${scene}`).toContain('SCL: 20 x 20, 20 x 20 pixels, EPSG:32632; 3 dates from 2020-06-05')
    expect(() => scene.stack({ grid: 'B04' })).toThrow(/SCL/)
  })

  it('is never replaced by what is made of it', async () => {
    await using scene = await openScene()
    const path = join(folder, 'S2_20200605_B04.tif')
    const before = readFileSync(path)
    const cube = scene.stack({ grid: 'B04', resampling: 'near' })
    await expect(cube.band('B04').mean('t').save(path)).rejects.toMatchObject({ tag: 'OutputIsInput' })
    linkSync(path, join(folder, 'link.tiff'))
    await expect(cube.band('B04').mean('t').save(join(folder, 'link.tiff'))).rejects.toMatchObject({
      data: { input: path },
    })
    expect(readFileSync(path).equals(before)).toBe(true)
    const store = join(folder, 'all.zarr')
    await cube.save(store)
    await using saved = await open(store)
    for (const out of [store, join(store, 'part.tif'), `${store}/`])
      await expect(saved.stack().mean('t').save(out, { format: 'Zarr' })).rejects.toMatchObject({
        tag: 'OutputIsInput',
      })
    await saved.stack().mean('t').save(join(folder, 'mean.zarr'))
  })

  it('is stacked, masked, aggregated, saved, described, and opened again', async () => {
    await using scene = await openScene()
    const cube = scene.stack({ grid: 'B04', resampling: 'near' })
    const monthly = cube
      .ndvi({ red: 'B04', nir: 'B08' })
      .mask(cube.band('SCL').in([9]))
      .aggregateTemporalPeriod('month', 'mean')
    const path = join(folder, 'ndvi.zarr')
    const progress: number[] = []
    await monthly.save(path, { budget: '100MB', onProgress: ({ fraction }) => progress.push(fraction) })
    expect(progress.at(-1)).toBe(1)
    const { at, shape } = await monthly.compute()
    expect(shape).toEqual([2, 40, 40])
    expect(at(0, 3, 4)).toBeCloseTo(ndviAt(0, 4, 3), 5)
    expect(at(0, 3, 30)).toBeCloseTo((ndviAt(0, 30, 3) + ndviAt(1, 30, 3)) / 2, 5)
    const item = JSON.parse(readFileSync(join(folder, 'ndvi.zarr.stac.json'), 'utf8')) as { stac_version: string }
    expect(item.stac_version).toBe('1.1.0')
    await using again = await open(path)
    const read = await again.stack().compute()
    expect(read.shape).toEqual([2, 1, 40, 40])
    expect(read.at(1, 0, 9, 9)).toBe(at(1, 9, 9))
  })

  it('gives a graph that makes the same cube anywhere, and threads that compute the same', async () => {
    await using scene = await openScene()
    const cube = scene
      .stack({ bands: ['B04', 'B08'] })
      .ndvi({ red: 'B04', nir: 'B08' })
      .median('t')
    const alone = await cube.compute()
    const byThreads = await cube.compute({ workers: 2 })
    expect(byThreads.data).toEqual(alone.data)
    const graph = JSON.parse(JSON.stringify(cube.toProcessGraph())) as ReturnType<typeof cube.toProcessGraph>
    const evaluation = await evaluateGraph(graph)
    const block = await computeCube((evaluation.value as CubeValue).node)
    expect(block.data).toEqual(alone.data)
    await evaluation.close()
  })

  it('finds the dates again in a GeoTIFF that it saved', async () => {
    await using scene = await openScene()
    const cube = scene.stack({ bands: ['B04', 'B08'] })
    const path = join(folder, 'dated.tif')
    await cube.save(path)
    await using again = await open(path)
    const copy = again.stack()
    expect(copy.labels('t')).toEqual(cube.labels('t'))
    expect(copy.labels('bands')).toEqual(['B04', 'B08'])
    expect((await copy.compute()).data).toEqual((await cube.compute()).data)
  })

  it('draws', async () => {
    await using scene = await openScene()
    const picture = await scene
      .stack({ bands: ['B04', 'B08'] })
      .ndvi({ red: 'B04', nir: 'B08' })
      .plot({ title: 'NDVI' })
    expect(picture.svg()).toContain('NDVI')
    expect([...picture.png().subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
  })

  it('writes nothing on a dry run, and nothing of a budget that it does not understand', async () => {
    await using scene = await openScene()
    const cube = scene.stack({ bands: ['B04', 'B08'] })
    const path = join(folder, 'copy.tif')
    const { plan } = await cube.save(path, { dryRun: true })
    expect(plan.tasks).toBeGreaterThan(0)
    expect(() => cube.explain()).not.toThrow()
    await expect(cube.save(path, { budget: 'plenty' })).rejects.toThrow(/"plenty" is no amount of memory/)
    expect(existsSync(path)).toBe(false)
  })
})
