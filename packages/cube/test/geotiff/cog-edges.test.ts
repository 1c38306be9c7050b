/** Odd COGs: lines of pixels, overviews of signed integers, nodata that float32 rounds, systems without a key of GeoTIFF. */
import { join } from 'node:path'
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { crsEquals } from '../../src/crs/transform.ts'
import { newArray, type TypedArray } from '../../src/dtype.ts'
import { type CogSpec, writeCog } from '../../src/geotiff/cog.ts'
import { readDirectories } from '../../src/geotiff/directory.ts'
import { halve } from '../../src/geotiff/overview.ts'
import { openSource } from '../../src/geotiff/source.ts'
import { wholeWindow } from '../../src/grid.ts'
import { openRaster } from '../../src/raster.ts'
import type { DType } from '../../src/types.ts'
import { temporaryFolder } from '../temporary.ts'

interface Given extends Partial<CogSpec> {
  readonly width?: number
  readonly height?: number
  readonly crs?: string
}

/** The values by their place, row by row. */
async function written(given: Given, value: (i: number) => number): Promise<string> {
  const { width = 4, height = 4, crs = 'EPSG:32632', dtype = 'uint8', ...spec } = given
  const path = join(await temporaryFolder(), 'a.tif')
  const grid = { crs: parseCrs(crs), affine: [10, 0, 5e5, 0, -10, 56e5], width, height } as const
  await writeCog(path, { grid, dtype, bands: [{ name: 'a' }], blockSize: 16, ...spec }, async (window) => {
    const out = newArray(dtype, window.width * window.height)
    return out.map((_, i) =>
      value((window.row + Math.floor(i / window.width)) * width + window.column + (i % window.width)),
    ) as TypedArray
  })
  return path
}

describe('overviews', () => {
  it.each([
    ['int16', [-1, -2, -3, -4], undefined, -3],
    ['int8', [-1, -1, -1, -4], undefined, -2],
    ['int32', [-1, -2, -3, -4], undefined, -3],
    ['uint8', [1, 2, 3, 4], undefined, 3],
    ['int16', [-1, -2, -9, -9], -9, -2],
    ['uint8', [127, 129, 128, 128], undefined, 128],
    // Means that happen to be nodata are its neighbour.
    ['uint8', [127, 129, 127, 129], 128, 129],
    ['uint8', [254, 255, 255, 255], 255, 254],
    ['int16', [-1, 1, -1, 1], 0, 1],
    ['int32', [-1, 1, -1, 1], 0, 1],
    ['float32', [-1, 1, -1, 1], 0, 2 ** -149],
    ['float64', [-4, -6, -4, -6], -5, -5 + 2 ** -50],
    ['float32', [1, 2, 3, Number.NaN], Number.NaN, 2],
  ] as const)('%s %j without %j', (dtype, values, nodata, mean) => {
    const data = newArray(dtype as DType, 4)
    data.set(values)
    expect([...halve({ data, width: 2, height: 2 }, 1, dtype, 'average', nodata).data]).toEqual([mean])
  })

  it.each([
    [1, 300, 0],
    [300, 1, 0],
    [2, 300, 1],
    [1, 1, 0],
    [17, 16, 1],
  ])('of %i x %i pixels: %i', async (width, height, count) => {
    const raster = await openRaster(await written({ width, height }, (i) => i % 251))
    expect(raster.info.overviews.length).toBe(count)
    const values = await raster.readRaw(wholeWindow(raster.grid))
    expect(values.every((v, i) => v === i % 251)).toBe(true)
    await raster.close()
  })

  it('do not average nodata that float32 rounds', async () => {
    const path = await written({ width: 20, height: 20, dtype: 'float32', nodata: 1e20, overviews: 'average' }, (i) =>
      i % 2 === 0 ? 5 : Number.NaN,
    )
    const coarse = await openRaster(path, { overview: 0 })
    expect(coarse.bands[0]!.nodata).toBe(Math.fround(1e20))
    expect(new Set(await coarse.readRaw(wholeWindow(coarse.grid)))).toEqual(new Set([5]))
    await coarse.close()
  })
})

describe('systems that GeoTIFF has no keys for', () => {
  it.each([
    '+proj=moll +lon_0=10 +datum=WGS84 +units=m +no_defs',
    '+proj=geos +h=35786023 +lon_0=-75 +sweep=x +ellps=GRS80 +units=m +no_defs',
    '+proj=eck4 +lon_0=0 +datum=WGS84 +units=m +no_defs',
  ])('%s', async (proj4) => {
    const path = await written({ crs: proj4 }, () => 1)
    const raster = await openRaster(path)
    expect(crsEquals(raster.grid.crs, parseCrs(proj4)), raster.grid.crs.proj4).toBe(true)
    await raster.close()
    const source = await openSource(path)
    const [directory] = (await readDirectories(source)).directories
    const keys = [...(await directory!.numbers(34735))!]
    // GTModelTypeGeoKey: only of a model of the user's does GDAL read the text.
    expect(keys.slice(4, 8)).toEqual([1024, 0, 1, 32767])
    expect(await directory!.text(34737)).toContain('ESRI PE String = PROJCS[')
    await source.close()
  })

  it('a turned globe is refused', async () => {
    const crs = '+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +ellps=WGS84'
    await expect(written({ crs }, () => 1)).rejects.toThrow(InputError)
  })
})
