/** The table of formats: how files are known, what is said of unknown ones, that every row can do what it says. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { formatNamed, formatOf, formats, openHandle, openLayers, sinkFor } from '../../src/format/formats.ts'
import { writeNpy } from '../../src/npy/npy.ts'
import { gridAt, writeRaster } from '../collection/scene.ts'
import { dataFolder, hasData } from '../data.ts'
import { temporaryFolder } from '../temporary.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

const raster = () =>
  writeRaster(folder, 'a.tif', { grid: gridAt(10, 8, 6), bands: ['v', 'w'], value: (x, y, b) => 100 * b + 10 * y + x })

describe('the format of a path', () => {
  it('is known by content, whatever the name', async () => {
    const path = await raster()
    const { rename } = await import('node:fs/promises')
    await rename(path, join(folder, 'a.dat'))
    expect((await formatOf(join(folder, 'a.dat'))).format).toBe('GTiff')
    await writeFile(join(folder, 'b.x'), 'CDF\x01\0\0\0\0')
    expect((await formatOf(join(folder, 'b.x'))).format).toBe('netCDF')
    await mkdir(join(folder, 'c'))
    await writeFile(join(folder, 'c/zarr.json'), '{}')
    expect((await formatOf(join(folder, 'c'))).format).toBe('Zarr')
  })

  it('of an address is known by its extension', async () => {
    expect((await formatOf('https://example.org/a.tif?sig=1')).format).toBe('GTiff')
    expect((await formatOf('https://example.org/cube.zarr/')).format).toBe('Zarr')
  })

  it('that only GDAL reads says so', async () => {
    await writeFile(join(folder, 'a.jp2'), Uint8Array.of(0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10, 0x87, 10))
    expect((await formatOf(join(folder, 'a.jp2'))).format).toBe('GDAL')
    await expect(openLayers(join(folder, 'a.jp2'))).rejects.toMatchObject({
      tag: expect.stringMatching(/NeedsGdal|CorruptFile/) as string,
    })
  })

  it('that is unknown is refused with the list', async () => {
    await writeFile(join(folder, 'a.doc'), 'text')
    await expect(formatOf(join(folder, 'a.doc'))).rejects.toMatchObject({
      tag: 'UnknownFormat',
      hint: expect.stringMatching(/GTiff .*Zarr .*netCDF /) as string,
    })
    expect(() => formatNamed('geotif')).toThrow(expect.objectContaining({ tag: 'UnknownFormat' }))
    expect(() => sinkFor('a.xyz')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('.zarr') as string }),
    )
    await expect(openLayers(await raster(), { format: 'PNG' })).rejects.toMatchObject({ tag: 'FormatUnsuitable' })
  })

  it('has names in any case and aliases', () => {
    expect(formatNamed('gtiff').format).toBe('GTiff')
    expect(formatNamed('COG').format).toBe('GTiff')
    expect(formatNamed('NetCDF').format).toBe('netCDF')
  })
})

describe('every row', () => {
  it('has its own name, aliases and extensions', () => {
    const names = formats.flatMap(({ format, aliases }) => [format.toLowerCase(), ...aliases])
    expect(new Set(names).size).toBe(names.length)
    const extensions = formats.flatMap((row) => [...row.extensions])
    expect(new Set(extensions).size).toBe(extensions.length)
    for (const extension of extensions) expect(extension).toMatch(/^\.[a-z0-9.]+$/)
  })

  it('that opens also opens from a handle, what it writes has an extension', () => {
    for (const { format, open, handleOpen, sink } of formats) {
      expect(handleOpen === undefined, format).toBe(open === undefined)
      if (sink === undefined) continue
      expect(sink.format).toBe(format)
      expect(sinkFor(`out${sink.extensions[0]}`).format).toBe(format)
      expect(sinkFor('out', format.toUpperCase()).format).toBe(format)
    }
  })
})

describe('layers', () => {
  it('of a GeoTIFF are read again through their handle', async () => {
    const opened = await openLayers(await raster())
    const [{ source }] = opened.layers as [(typeof opened.layers)[number]]
    const region = { start: [1, 2, 3], shape: [1, 1, 2] }
    expect([...(await source.read(region))]).toEqual([123, 124])
    const again = await openHandle(JSON.parse(JSON.stringify(source.handle)) as typeof source.handle)
    expect([...(await again.read(region))]).toEqual([123, 124])
    await again.close()
    await opened.close()
  })

  it('of NumPy files are arrays', async () => {
    await writeNpy(join(folder, 'a.npy'), Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])
    const one = await openLayers(join(folder, 'a.npy'))
    expect(one.layers.map(({ name, source }) => [name, source.schema.dims.map(({ labels }) => labels.length)])).toEqual(
      [['a', [2, 3]]],
    )
    await one.close()
  })

  it('of tables are series by their times, or points', async () => {
    await writeFile(join(folder, 'series.csv'), 'date,tmin,tmax\n2020-01-01,1,5\n2020-01-02,,6\n')
    const series = await openLayers(join(folder, 'series.csv'))
    const [{ source }] = series.layers as [(typeof series.layers)[number]]
    expect(source.schema.dims.map(({ name, labels }) => [name, labels.length])).toEqual([
      ['t', 2],
      ['bands', 2],
    ])
    const again = await openHandle(JSON.parse(JSON.stringify(source.handle)) as typeof source.handle)
    expect([...(await again.read({ start: [0, 0], shape: [2, 2] }))]).toEqual([1, 5, Number.NaN, 6])
    await series.close()
    await writeFile(join(folder, 'points.csv'), 'lon,lat,ph\n10,50,6.5\n11,51,7\n')
    const points = await openLayers(join(folder, 'points.csv'))
    expect(points.layers[0]!.source.schema.dims.map(({ type }) => type)).toEqual(['geometry', 'bands'])
    await points.close()
  })

  it('of a Zarr store are its variables', async () => {
    if (!hasData('xcube_demo_cube')) return
    const opened = await openLayers(join(dataFolder, 'xcube_demo_cube/cube-1-250-250.levels'))
    expect(opened.layers.map(({ name }) => name)).toContain('conc_chl')
    await opened.close()
  })
})
