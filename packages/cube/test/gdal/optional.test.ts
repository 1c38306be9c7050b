import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError } from '@ecotope/core'
import { expect, test } from 'vitest'
import type { TypedArray } from '../../src/dtype.ts'
import { type GdalBand, type GdalDataset, gdalSource, needsGdal } from '../../src/gdal/optional.ts'
import { dataFolder, hasData } from '../data.ts'

const WKT =
  'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'

function band(value: number, more: Partial<GdalBand> = {}): GdalBand {
  return {
    dataType: 'Int16',
    noDataValue: -1,
    scale: 0.5,
    offset: 0,
    unitType: 'K',
    description: '',
    blockSize: { x: 2, y: 2 },
    pixels: {
      readAsync: async (x: number, y: number, width: number, height: number, data?: TypedArray) => {
        if (value < 0) throw new Error('decoder failed')
        for (let i = 0; i < width * height; i++) {
          data![i] = value + (y + Math.floor(i / width)) * 10 + x + (i % width)
        }
        return data!
      },
    },
    ...more,
  }
}

function fake(bands: GdalBand[], more: Partial<GdalDataset> = {}) {
  const state = { closed: 0 }
  const dataset: GdalDataset = {
    rasterSize: { x: 4, y: 3 },
    geoTransform: [10, 0.5, 0, 50, 0, -0.5],
    srs: { toWKT: () => WKT },
    bands: { count: () => bands.length, get: (id) => bands[id - 1]! },
    close: () => {
      state.closed++
    },
    ...more,
  }
  const loader = async () => ({ default: { openAsync: async () => dataset } })
  return { loader, state }
}

test('without the package the error says how to install it', async () => {
  const failing = async () => {
    throw new Error('Cannot find package')
  }
  const error = await gdalSource('a.jp2', failing).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(EnvironmentError)
  expect(error).toMatchObject({ tag: 'NeedsGdal', hint: expect.stringContaining('npm install gdal-async') })
})

test('a file becomes bands, y, x with its grid and packing', async () => {
  const { loader, state } = fake([band(100, { description: 'red' }), band(200)])
  const source = await gdalSource('a.jp2', loader)
  expect(source.schema.dims.map(({ name }) => name)).toEqual(['bands', 'y', 'x'])
  expect(source.schema.dims[0]!.labels).toEqual(['red', 'band_2'])
  expect(source.schema.dims[1]!.labels).toEqual([49.75, 49.25, 48.75])
  expect(source.schema.grid).toMatchObject({
    affine: [0.5, 0, 10, 0, -0.5, 50],
    width: 4,
    height: 3,
    crs: { code: 'EPSG:4326' },
  })
  expect(source.schema.packing).toEqual({ dtype: 'int16', nodata: -1, scale: 0.5, offset: 0 })
  expect(source.chunks).toEqual([1, 2, 2])
  const cells = await source.read({ start: [0, 1, 2], shape: [2, 2, 2] })
  expect([...cells]).toEqual([112, 113, 122, 123, 212, 213, 222, 223])
  await source.close()
  expect(state.closed).toBe(1)
})

test('bands that are packed differently come as physical values', async () => {
  const { loader } = fake([band(100), band(7, { dataType: 'Byte', noDataValue: 7, scale: null })])
  const source = await gdalSource('a.grib', loader)
  expect(source.schema.packing.dtype).toBe('float64')
  expect([...(await source.read({ start: [0, 0, 0], shape: [2, 1, 2] }))]).toEqual([50, 50.5, Number.NaN, 8])
})

test('no system, no grid; no bands, an error; a chunk that fails is named', async () => {
  const { loader } = fake([band(1)], { srs: null, geoTransform: null })
  expect((await gdalSource('a.jp2', loader)).schema.grid).toBeUndefined()
  const none = fake([])
  await expect(gdalSource('a.jp2', none.loader)).rejects.toMatchObject({ tag: 'NoBands' })
  expect(none.state.closed).toBe(1)
  const broken = await gdalSource('a.jp2', fake([band(1), band(-5)]).loader)
  await expect(broken.read({ start: [1, 2, 0], shape: [1, 1, 2] })).rejects.toMatchObject({
    tag: 'CorruptChunk',
    data: { path: 'a.jp2', chunk: [1, 1, 0] },
  })
  const closed = async () => ({
    openAsync: async () => {
      throw new Error('not recognised')
    },
  })
  await expect(gdalSource('a.jp2', closed)).rejects.toThrow(/not recognised/)
})

test.skipIf(!hasData('sits_brazil_modis'))('JPEG 2000 is known by its first bytes', async () => {
  const folder = 'sits_brazil_modis/inst/extdata/raster/mod13q1'
  const head = await readFile(join(dataFolder, folder, 'TERRA_MODIS_012010_NDVI_2013-09-14.jp2'))
  expect(needsGdal(head)).toBe(true)
  expect(needsGdal(Buffer.from('GRIB'))).toBe(true)
  expect(needsGdal(Buffer.from('II*\0'))).toBe(false)
})
