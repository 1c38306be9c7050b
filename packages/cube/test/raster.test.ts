/** The raster as a cube: windows, missing values, masks, scale, sparse blocks; and what only the raw values show. */
import { join } from 'node:path'
import { CancelledError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatMetadata, parseMetadata } from '../src/geotiff/metadata.ts'
import { openRaster, type Raster, type TypedArray, type Window, wholeWindow, writeCog } from '../src/index.ts'
import { roleOf } from '../src/roles.ts'
import { dataFolder, hasData } from './data.ts'
import { temporaryFolder } from './temporary.ts'

const fixture = (name: string): Promise<Raster> => openRaster(join(import.meta.dirname, `fixtures/geotiff/${name}.tif`))

/** What a window must hold, from the whole band-major array; `outside` beyond the grid. */
function cut(whole: TypedArray, raster: Raster, bands: readonly number[], w: Window, outside: number): number[] {
  const { width, height } = raster.grid
  return bands.flatMap((band) =>
    Array.from({ length: w.width * w.height }, (_, i) => {
      const column = w.column + (i % w.width)
      const row = w.row + Math.floor(i / w.width)
      const inside = column >= 0 && row >= 0 && column < width && row < height
      return inside ? whole[(band * height + row) * width + column]! : outside
    }),
  )
}

it('knows the colours of pictures whose bands have no names', async () => {
  if (!hasData('rasterio_testdata')) return
  const roles = async (name: string): Promise<unknown[]> => {
    const raster = await openRaster(join(dataFolder, 'rasterio_testdata', name))
    await raster.close()
    return raster.bands.map(({ role }) => role)
  }
  expect(await roles('RGB.byte.tif')).toEqual(['red', 'green', 'blue'])
  expect(await roles('byte.tif')).toEqual([undefined])
})

describe('readRaw', () => {
  it.each(['deflate_uint16_p2', 'lzw_float32_p3', 'none_int16_p1', 'zstd_uint8_p1', 'packbits_int32_p1', 'bits4'])(
    'cuts any window of any bands out of %s',
    async (name) => {
      const raster = await fixture(name)
      const whole = await raster.readRaw(wholeWindow(raster.grid))
      const count = raster.bands.length
      const window = fc.record({
        column: fc.integer({ min: -5, max: 25 }),
        row: fc.integer({ min: -5, max: 22 }),
        width: fc.integer({ min: 1, max: 25 }),
        height: fc.integer({ min: 1, max: 25 }),
      })
      const chosen = fc.array(fc.nat(count - 1), { minLength: 1, maxLength: 3 })
      await fc.assert(
        fc.asyncProperty(window, chosen, async (w, bands) => {
          expect([...(await raster.readRaw(w, bands))]).toEqual(cut(whole, raster, bands, w, 0))
        }),
        { numRuns: 40 },
      )
      await raster.close()
    },
  )

  it('fills with nodata beyond the grid', async () => {
    const raster = await fixture('described')
    const values = await raster.readRaw({ column: -1, row: 0, width: 2, height: 1 }, [0])
    expect(values[0]).toBe(-9999)
    expect(values[1]).not.toBe(-9999)
    await raster.close()
  })

  it('is the same when many read at once', async () => {
    const raster = await fixture('deflate_float64_p2')
    const window = { column: 2, row: 3, width: 15, height: 12 }
    const all = await Promise.all(Array.from({ length: 20 }, () => raster.readRaw(window)))
    for (const values of all) expect(values).toEqual(all[0])
    await raster.close()
  })
})

describe('read', () => {
  it('applies scale and offset per band, and keeps missing apart', async () => {
    const raster = await fixture('described')
    expect([raster.scales, raster.offsets]).toEqual([
      [0.0001, 0.5],
      [0, -10],
    ])
    const window = wholeWindow(raster.grid)
    const raw = await raster.readRaw(window)
    const values = await raster.read(window)
    const size = raw.length / 2
    for (const [i, v] of raw.entries()) {
      const expected = i < size ? v * 0.0001 : v * 0.5 - 10
      expect(values[i]).toBe(v === -9999 ? Number.NaN : Math.fround(expected))
    }
    await raster.close()
  })

  it('is NaN beyond the grid, with and without nodata', async () => {
    for (const name of ['none_uint8_p1', 'described', 'nan_nodata', 'masked']) {
      const raster = await fixture(name)
      const { width, height } = raster.grid
      const values = await raster.read({ column: -2, row: -2, width: width + 4, height: height + 4 })
      const at = (column: number, row: number): number => values[(row + 2) * (width + 4) + column + 2]!
      for (const [c, r] of [
        [-1, 0],
        [width, 0],
        [0, -2],
        [0, height + 1],
        [-2, -2],
      ] as const)
        expect(at(c, r)).toBeNaN()
      expect(at(1, 1)).not.toBeNaN()
      await raster.close()
    }
  })

  it('leaves out what a mask hides', async () => {
    const raster = await fixture('masked')
    expect(raster.info.hasMask).toBe(true)
    const values = await raster.read({ column: 4, row: 3, width: 3, height: 1 })
    expect([...values].map(Number.isNaN)).toEqual([false, true, true, false, true, true])
    await raster.close()
  })

  it('gives nodata where a sparse file has no block', async () => {
    const raster = await fixture('sparse_holes')
    const values = await raster.read({ column: 15, row: 0, width: 2, height: 1 })
    expect([...values].map(Number.isNaN)).toEqual([false, true, false, true])
    await raster.close()
  })

  it('tells nodata from its neighbours where float32 cannot', async () => {
    const path = join(await temporaryFolder(), 'wide.tif')
    const { grid } = await fixture('point')
    const small = { ...grid, width: 2, height: 1 }
    const spec = { grid: small, bands: [{ name: 'a' }], dtype: 'int32', nodata: 2147483647 } as const
    await writeCog(path, spec, async () => Int32Array.of(2147483647, 2147483646))
    const raster = await openRaster(path)
    expect([...(await raster.read(wholeWindow(raster.grid)))]).toEqual([Number.NaN, 2147483648])
    await raster.close()
  })

  it('stops when asked', async () => {
    const raster = await fixture('point')
    const signal = AbortSignal.abort()
    await expect(raster.read(wholeWindow(raster.grid), { signal })).rejects.toThrow(CancelledError)
    await raster.close()
  })
})

describe('openRaster', () => {
  it('opens overviews as rasters of their own', async () => {
    const full = await fixture('overviews')
    const first = await openRaster(full.path, { overview: 0 })
    expect(first.grid).toMatchObject({ width: 11, height: 9 })
    expect(first.grid.affine[0]).toBeCloseTo((10 * 21) / 11, 9)
    const values = await first.read(wholeWindow(first.grid))
    const all = await full.read({ column: 0, row: 0, width: 2, height: 2 })
    // GDAL weighs by the ratio 21 : 11, so the value is within that of the four pixels.
    expect(values[0]).toBeGreaterThanOrEqual(Math.min(...all))
    expect(values[0]).toBeLessThanOrEqual(Math.max(...all))
    await Promise.all([full.close(), first.close()])
  })

  it('moves pixel-is-point grids by half a pixel, and reads colours', async () => {
    const point = await fixture('point')
    expect(point.grid.affine).toEqual([10, 0, 500000, 0, -10, 4600000])
    await point.close()
    const palette = await fixture('palette')
    expect(palette.info.colourTable.slice(0, 3)).toEqual([
      [0, 0, 0, 255],
      [255, 0, 0, 255],
      [0, 128, 64, 255],
    ])
    await palette.close()
  })
})

describe('metadata', () => {
  it('comes back with any characters', () => {
    const item = fc.record({ name: fc.string({ minLength: 1 }), value: fc.string() })
    const plain = fc.array(item).map((items) => items.map(({ name, value }) => ({ name, value })))
    fc.assert(
      fc.property(plain, (items) => {
        expect(parseMetadata(formatMetadata(items))).toEqual(items)
      }),
    )
  })

  it('keeps samples, roles and domains', () => {
    const items = [{ name: 'SCALE', value: '2', sample: 1, role: 'scale', domain: 'X' }]
    expect(parseMetadata(formatMetadata(items))).toEqual(items)
    expect(parseMetadata('<GDALMetadata><Item name="EMPTY"/></GDALMetadata>')).toEqual([{ name: 'EMPTY', value: '' }])
    expect(parseMetadata('nonsense')).toEqual([])
    const item = (text: string) => parseMetadata(`<Item name="a">${text}</Item>`)[0]!.value
    expect(item('&#65;&#x42;&#X43;&lt;')).toBe('ABC<')
    for (const odd of ['&#ff;', '&#x110000;', '&#99999999;', '&nbsp;', '&;']) expect(item(odd)).toBe(odd)
  })
})

describe('roleOf', () => {
  it.each([
    ['Blue', 'blue'],
    ['red', 'red'],
    ['red_edge', 'redEdge'],
    ['redEdge', 'redEdge'],
    ['NIR', 'nir'],
    ['near-infrared', 'nir'],
    ['SWIR 2', 'swir2'],
    ['swir16', 'swir1'],
    ['elevation', 'dem'],
    ['reduced', undefined],
    ['band1', undefined],
  ])('%s is %s', (name, role) => {
    expect(roleOf(name)).toBe(role)
  })
})
