/** Reading against GDAL: every band of every file has the same bytes, and the same description. */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import dataReadings from '../../../../oracles/raster/data_readings.json' with { type: 'json' }
import readings from '../../../../oracles/raster/readings.json' with { type: 'json' }
import jpegReadings from '../../../../oracles/raster/schemes_data.json' with { type: 'json' }
import { crsEquals, openRaster, parseCrs, type Raster, wholeWindow } from '../../src/index.ts'
import { dataFolder, hasData } from '../data.ts'

const fixtures = join(import.meta.dirname, '../fixtures/geotiff')

interface Reading {
  readonly file: string
  readonly width: number
  readonly height: number
  readonly dtype: string
  readonly transform: readonly number[]
  readonly epsg: number | null
  readonly proj4: string | null
  readonly nodata: string | null
  readonly descriptions: readonly (string | null)[]
  readonly units: readonly (string | null)[]
  readonly scales: readonly number[]
  readonly offsets: readonly number[]
  readonly compression: string
  readonly overviews: readonly number[]
  readonly tags: object
  readonly mask: boolean
  readonly maskSum: number
  readonly bands: readonly { readonly crc: number }[]
}

async function expectSame(path: string, expected: Reading): Promise<void> {
  const given = expected.proj4 === null || expected.proj4 === '' ? { crs: parseCrs('EPSG:4326') } : {}
  if (expected.dtype.startsWith('complex')) {
    await expect(openRaster(path, given)).rejects.toThrow(InputError)
    return
  }
  const raster = await openRaster(path, given)
  try {
    expectHeader(raster, expected)
    for (const [i, band] of expected.bands.entries()) {
      const raw = await raster.readRaw(wholeWindow(raster.grid), [i])
      // Of JPEG, what GDAL reads by libjpeg-turbo.
      const crc = (jpegReadings as Readonly<Record<string, readonly number[]>>)[expected.file]?.[i] ?? band.crc
      expect(crc32(new Uint8Array(raw.buffer)), `band ${i + 1}`).toBe(crc)
    }
    if (expected.mask) {
      const values = await raster.read(wholeWindow(raster.grid))
      const size = expected.width * expected.height
      expect(values.slice(0, size).filter((v) => !Number.isNaN(v)).length).toBe(expected.maskSum)
    }
  } finally {
    await raster.close()
  }
}

function expectHeader(raster: Raster, expected: Reading): void {
  const { grid, bands } = raster
  expect({ width: grid.width, height: grid.height, dtype: raster.dtype }).toEqual({
    width: expected.width,
    height: expected.height,
    dtype: expected.dtype,
  })
  for (const [i, v] of expected.transform.entries()) expect(grid.affine[i]! - v).toBeCloseTo(0, 6)
  // GDAL's own PROJ string lacks the datum shift, so codes are compared where there are codes.
  if (expected.epsg !== null) expect(crsEquals(grid.crs, parseCrs(`EPSG:${expected.epsg}`)), grid.crs.proj4).toBe(true)
  else if (expected.proj4) {
    // Nor does it tell the sweep of a satellite.
    const told = parseCrs(grid.crs.proj4.replace(/ \+sweep=\w/, ''))
    expect(crsEquals(told, parseCrs(expected.proj4)), `${grid.crs.proj4} ${expected.proj4}`).toBe(true)
  }
  const nodata = expected.nodata === null ? undefined : Number(expected.nodata)
  expect(bands[0]!.nodata).toEqual(
    nodata === undefined ? undefined : raster.dtype === 'float32' ? Math.fround(nodata) : nodata,
  )
  expect(bands.map((b) => b.description ?? null)).toEqual(expected.descriptions.map((d) => d ?? null))
  expect(bands.map((b) => b.unit ?? null)).toEqual(expected.units.map((u) => u ?? null))
  expect(raster.scales).toEqual(expected.scales)
  expect(raster.offsets).toEqual(expected.offsets)
  expect(raster.info.compression).toBe(expected.compression)
  expect(raster.info.overviews.map((o) => Math.round(grid.width / o.width))).toEqual(expected.overviews)
  const tags = Object.entries(expected.tags).filter(([name]) => !/RESOLUTION|SAMPLEVALUE/.test(name))
  expect(raster.info.metadata).toMatchObject(Object.fromEntries(tags))
}

describe('fixtures made by GDAL', () => {
  it.each(readings as Reading[])('$file', (expected) => expectSame(join(fixtures, expected.file), expected))
})

describe.skipIf(!hasData('rasterio_testdata'))('reference data', () => {
  it.each(dataReadings as Reading[])('$file', (expected) => expectSame(join(dataFolder, expected.file), expected))
})
