/** Opening files as layers: names, grids, dates, what is warned about, what is refused. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { fromName } from '../../src/collection/file-names.ts'
import { describeLayers } from '../../src/collection/layer-set.ts'
import { openCollection } from '../../src/collection/open.ts'
import { parseCrs } from '../../src/index.ts'
import { temporaryFolder } from '../temporary.ts'
import { sampleCells, sampleSchema, writeZarr } from '../zarr/samples.ts'
import { gridAt, sentinel, writeRaster } from './scene.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

const time = fromName(/(\d{8})/)
const ones = () => 1

describe('openCollection', () => {
  it('keeps the grids and dates of every layer', async () => {
    await sentinel(folder)
    const set = await openCollection({ paths: 's2/../*.tif', time }, { folder })
    expect(set.layers.map(({ name }) => name)).toEqual(['B04', 'B08', 'B11', 'SCL'])
    expect(set.layers.map(({ grids }) => grids.map(({ width }) => width))).toEqual([[40], [40], [20], [20]])
    const dates = ['2020-06-01T00:00:00Z', '2020-06-11T00:00:00Z', '2020-06-21T00:00:00Z']
    expect(set.layers[0]!.times).toEqual(dates)
    expect(set.layers[3]!.times).toEqual([dates[0], dates[2]])
    expect(set.layers[0]!.pieces[0]!.packing).toEqual({ dtype: 'uint16', nodata: 0, scale: 1, offset: 0 })
    expect(set.warnings).toEqual([])
    await set.close()
  })

  it('tells people what it holds', async () => {
    await sentinel(folder)
    const set = await openCollection({ paths: join(folder, '*.tif'), time })
    expect(describeLayers({ ...set, label: 's2' }).join('\n')).toMatchInlineSnapshot(`
      "s2: 4 layers
        B04: 40 x 30 pixels of 10 x 10 m, EPSG:32632, 3 dates, 2020-06-01T00:00:00Z to 2020-06-21T00:00:00Z, uint16
        B08: 40 x 30 pixels of 10 x 10 m, EPSG:32632, 3 dates, 2020-06-01T00:00:00Z to 2020-06-21T00:00:00Z, uint16
        B11: 20 x 15 pixels of 20 x 20 m, EPSG:32632, 3 dates, 2020-06-01T00:00:00Z to 2020-06-21T00:00:00Z, uint16
        SCL: 20 x 15 pixels of 20 x 20 m, EPSG:32632, 2 dates, 2020-06-01T00:00:00Z to 2020-06-21T00:00:00Z, uint8"
    `)
    await set.close()
  })

  it('says which arrays of a store are no layers', async () => {
    const schema = sampleSchema({ bands: ['red', 'phase'] })
    const path = join(folder, 'a.zarr')
    await writeZarr(path, schema, sampleCells(schema))
    for (const name of ['zarr.json', 'phase/zarr.json']) {
      const text = await readFile(join(path, name), 'utf8')
      const of = (array: Record<string, unknown>) => ({ ...array, data_type: 'complex64', fill_value: [0, 0] })
      const metadata = JSON.parse(text) as Record<string, unknown> & {
        consolidated_metadata?: { metadata: Record<string, Record<string, unknown>> }
      }
      const all = metadata.consolidated_metadata?.metadata
      if (all !== undefined) all.phase = of(all.phase!)
      await writeFile(join(path, name), JSON.stringify(all === undefined ? of(metadata) : metadata))
    }
    const set = await openCollection({ paths: path })
    expect(set.layers.map(({ name }) => name)).toEqual(['red'])
    expect(set.warnings).toMatchObject([
      { tag: 'UnsupportedType', message: expect.stringContaining('phase') as string },
    ])
    await set.close()
  })

  it('takes bands of multi-band files by their descriptions, static layers without dates', async () => {
    await writeRaster(folder, 'scene.tif', { grid: gridAt(10, 4, 4), bands: ['Blue', 'NIR'], value: ones })
    await writeRaster(folder, 'dem.tif', { grid: gridAt(30, 2, 2), value: ones })
    const set = await openCollection({ paths: folder })
    expect(set.layers.map(({ name, band, times }) => [name, band.role, times])).toEqual([
      ['dem', 'dem', []],
      ['Blue', 'blue', []],
      ['NIR', 'nir', []],
    ])
    await set.close()
  })

  it('knows what bands of Sentinel-2 show by their numbers', async () => {
    await sentinel(folder)
    const set = await openCollection({ paths: '*.tif', time }, { folder })
    expect(set.layers.map(({ name, band }) => [name, band.role])).toEqual([
      ['B04', 'red'],
      ['B08', 'nir'],
      ['B11', undefined],
      ['SCL', undefined],
    ])
    await set.close()
  })

  it('orders and chooses layers by name or role', async () => {
    await writeRaster(folder, 'scene.tif', { grid: gridAt(10, 4, 4), bands: ['Blue', 'Green', 'NIR'], value: ones })
    const set = await openCollection({ paths: join(folder, 'scene.tif'), bands: ['nir', 'Blue'] })
    expect(set.layers.map(({ name }) => name)).toEqual(['NIR', 'Blue'])
    await set.close()
    await expect(openCollection({ paths: join(folder, 'scene.tif'), bands: ['Red'] })).rejects.toMatchObject({
      tag: 'NoLayer',
      hint: 'the layers are Blue, Green, NIR',
    })
  })

  it('takes bands from names by a pattern, and from a file beside', async () => {
    await writeRaster(folder, 'a/x-red-1.tif', { grid: gridAt(10, 4, 4), value: ones })
    await writeRaster(folder, 'a/x-nir-1.tif', { grid: gridAt(10, 4, 4), value: ones })
    const named = await openCollection({ paths: join(folder, 'a'), bands: fromName(/x-(\w+)-/) })
    expect(named.layers.map(({ name }) => name)).toEqual(['nir', 'red'])
    await named.close()
    await writeFile(
      join(folder, 'a/x-red-1.tif.aux.xml'),
      '<PAMDataset><PAMRasterBand band="1"><Description>Red &amp; more</Description><UnitType>1</UnitType></PAMRasterBand></PAMDataset>',
    )
    const beside = await openCollection({ paths: join(folder, 'a/x-red-1.tif') })
    expect(beside.layers[0]!.band).toMatchObject({ name: 'Red & more', unit: '1' })
    await beside.close()
  })

  it('warns about several reference systems and about images upon each other', async () => {
    await writeRaster(folder, 'a_20200601.tif', { grid: gridAt(10, 4, 4), bands: ['v'], value: ones })
    await writeRaster(folder, 'b_20200601.tif', { grid: gridAt(10, 4, 4), bands: ['v'], value: ones })
    const other = { ...gridAt(10, 4, 4), crs: parseCrs('EPSG:32633') }
    await writeRaster(folder, 'c_20200601.tif', { grid: other, bands: ['v'], value: ones })
    await writeRaster(folder, 'd.tif', { grid: other, bands: ['v'], value: ones })
    const set = await openCollection({ paths: folder, time })
    expect(set.warnings.map(({ tag }) => tag)).toEqual(['MixedCrs', 'DuplicateDate', 'UndatedImages'])
    expect(set.warnings[0]!.message).toContain('EPSG:32633, EPSG:32632')
    expect(set.warnings[1]!.message).toMatch(/3 images of 2020-06-01.*a_20200601\.tif and .*b_20200601\.tif/)
    await set.close()
  })

  it('says what is missing', async () => {
    await mkdir(join(folder, 'empty'))
    await expect(openCollection({ paths: 'empty' }, { folder })).rejects.toMatchObject({ tag: 'NoFiles' })
    await expect(openCollection({ paths: 'x/*.tif' }, { folder })).rejects.toMatchObject({ tag: 'NoFiles' })
    await expect(openCollection({ paths: 'x.tif' }, { folder })).rejects.toMatchObject({ tag: 'MissingFile' })
    await writeFile(join(folder, 'x.doc'), 'text')
    await expect(openCollection({ paths: 'x.doc' }, { folder })).rejects.toMatchObject({
      tag: 'UnknownFormat',
      hint: expect.stringContaining('GTiff (.tif, .tiff)') as string,
    })
    await writeRaster(folder, 'dem.tif', { grid: gridAt(10, 4, 4), value: ones })
    await expect(openCollection({ paths: 'dem.tif', time }, { folder })).rejects.toMatchObject({ tag: 'NoDate' })
  })

  it('leaves out what is too damaged to be opened, where that is asked for and there are others', async () => {
    await writeRaster(folder, 'v_20200601.tif', { grid: gridAt(10, 4, 4), value: ones })
    await writeRaster(folder, 'v_20200611.tif', { grid: gridAt(10, 4, 4), value: ones })
    await writeFile(join(folder, 'v_20200611.tif'), (await readFile(join(folder, 'v_20200611.tif'))).subarray(0, 40))
    await expect(openCollection({ paths: folder, time })).rejects.toMatchObject({ tag: 'TruncatedFile' })
    const set = await openCollection({ paths: folder, time }, { onError: 'skip' })
    expect(set.layers[0]!.times).toEqual(['2020-06-01T00:00:00Z'])
    expect(set.warnings).toMatchObject([
      { tag: 'TruncatedFile', message: expect.stringMatching(/v_20200611\.tif .*; it is left out$/) as string },
    ])
    await set.close()
    const alone = openCollection({ paths: join(folder, 'v_20200611.tif'), time }, { onError: 'skip' })
    await expect(alone).rejects.toMatchObject({ tag: 'TruncatedFile' })
  })

  it('opens more files than may be open at one time', async () => {
    for (let i = 0; i < 12; i++) {
      await writeRaster(folder, `v_202006${String(i + 10)}.tif`, { grid: gridAt(10, 4, 4), value: () => i })
    }
    const set = await openCollection({ paths: folder, time })
    expect(set.layers[0]!.times).toHaveLength(12)
    const region = { start: [0, 0, 0], shape: [1, 1, 2] }
    const values = await Promise.all(set.layers[0]!.pieces.map((piece) => piece.source.read(region)))
    expect(values.map((row) => row[1])).toEqual(Array.from({ length: 12 }, (_, i) => i))
    await set.close()
  })
})
