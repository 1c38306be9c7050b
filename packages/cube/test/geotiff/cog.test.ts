/** Writing COGs: what is written is read back, the layout is that of a COG, and a failure leaves nothing behind. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledError, EnvironmentError, InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newArray } from '../../src/dtype.ts'
import { writeError } from '../../src/geotiff/aside.ts'
import { readDirectories } from '../../src/geotiff/directory.ts'
import { readImage } from '../../src/geotiff/image.ts'
import { openSource } from '../../src/geotiff/source.ts'
import { spoolAt } from '../../src/geotiff/spool.ts'
import {
  type CogSpec,
  crsEquals,
  type DType,
  type Grid,
  openRaster,
  parseCrs,
  type TypedArray,
  type Window,
  wholeWindow,
  writeCog,
} from '../../src/index.ts'
import { temporaryFolder } from '../temporary.ts'

const crs = parseCrs('EPSG:32632')
const gridOf = (width: number, height: number): Grid => ({
  crs,
  affine: [10, 0, 600000, 0, -10, 5200000],
  width,
  height,
})
const names = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `b${i}` }))

/** A value that depends on the place only. */
const valueAt = (column: number, row: number, band: number): number => ((column * 7 + row * 13 + band * 29) % 97) - 20

function reader(dtype: DType, bands: number): (window: Window) => Promise<TypedArray> {
  return (window) => {
    const out = newArray(dtype, window.width * window.height * bands)
    let i = 0
    for (let b = 0; b < bands; b++) {
      for (let r = 0; r < window.height; r++) {
        for (let c = 0; c < window.width; c++) out[i++] = valueAt(window.column + c, window.row + r, b)
      }
    }
    return Promise.resolve(out)
  }
}

async function written(spec: Partial<CogSpec> & Pick<CogSpec, 'dtype'>, width = 50, height = 37, bands = 2) {
  const path = join(await temporaryFolder(), 'out.tif')
  const full: CogSpec = { grid: gridOf(width, height), bands: names(bands), ...spec }
  await writeCog(path, full, reader(spec.dtype, full.bands.length))
  return path
}

const DTYPES: readonly DType[] = ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'float64']

describe('writeCog', () => {
  it('writes what is read back, whatever the type, compression, predictor and size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          dtype: fc.constantFrom(...DTYPES),
          compression: fc.constantFrom('deflate', 'zstd', 'none'),
          predictor: fc.constantFrom(1, 2, 3),
          width: fc.integer({ min: 1, max: 90 }),
          height: fc.integer({ min: 1, max: 90 }),
          bands: fc.integer({ min: 1, max: 4 }),
          blockSize: fc.constantFrom(16, 32, 256),
          bigTiff: fc.boolean(),
        }),
        async ({ dtype, predictor, width, height, bands, ...rest }) => {
          const allowed = predictor === 3 && !dtype.startsWith('float') ? 2 : predictor
          const path = await written(
            { dtype, predictor: allowed as 1 | 2 | 3, ...(rest as object) },
            width,
            height,
            bands,
          )
          const raster = await openRaster(path)
          const values = await raster.readRaw(wholeWindow(raster.grid))
          const expected = await reader(dtype, bands)(wholeWindow(raster.grid))
          expect(values).toEqual(expected)
          expect(raster.info).toMatchObject({ bigTiff: rest.bigTiff, compression: rest.compression, tiled: true })
          await raster.close()
        },
      ),
      { numRuns: 40 },
    )
  })

  it('keeps names, units, nodata, scale, colours and metadata', async () => {
    const path = await written(
      {
        dtype: 'uint8',
        bands: [{ name: 'class <1> & "2"', unit: 'm²' }],
        nodata: 255,
        scale: 0.25,
        offset: -3,
        colourTable: [
          [0, 0, 0, 255],
          [255, 128, 7, 255],
        ],
        metadata: { MODEL: 'a & b', PLACE: 'Zürich' },
      },
      20,
      20,
    )
    const raster = await openRaster(path)
    expect(raster.bands).toEqual([{ name: 'class <1> & "2"', description: 'class <1> & "2"', unit: 'm²', nodata: 255 }])
    expect(raster.info.colourTable.slice(0, 2)).toEqual([
      [0, 0, 0, 255],
      [255, 128, 7, 255],
    ])
    expect(raster.info.metadata).toEqual({ MODEL: 'a & b', PLACE: 'Zürich' })
    expect([raster.scales, raster.offsets]).toEqual([[0.25], [-3]])
    const values = await raster.read({ column: 0, row: 0, width: 4, height: 1 })
    // Negative values wrap in the uint8 array that the test's reader fills; what counts is scale and offset.
    const raw = await raster.readRaw({ column: 0, row: 0, width: 4, height: 1 })
    expect([...values]).toEqual([...raw].map((v) => (v === 255 ? Number.NaN : v * 0.25 - 3)))
    await raster.close()
  })

  it('converts floats to the type of the file, missing to nodata', async () => {
    const path = join(await temporaryFolder(), 'out.tif')
    const floats = Float32Array.of(Number.NaN, -5, 1.4, 1.6, 300, 7)
    await writeCog(path, { grid: gridOf(3, 2), bands: names(1), dtype: 'uint8', nodata: 99 }, async () => floats)
    const raster = await openRaster(path)
    expect([...(await raster.readRaw(wholeWindow(raster.grid)))]).toEqual([99, 0, 1, 2, 255, 7])
    expect([...(await raster.read(wholeWindow(raster.grid)))]).toEqual([Number.NaN, 0, 1, 2, 255, 7])
    await raster.close()
  })

  it.each([
    'EPSG:4326',
    'EPSG:3857',
    'EPSG:27700',
    'EPSG:2229',
    '+proj=laea +lat_0=48 +lon_0=11 +x_0=1000 +y_0=2000 +datum=WGS84',
    '+proj=sinu +lon_0=0 +R=6371007.181',
    '+proj=lcc +lat_1=30 +lat_2=50 +lat_0=40 +lon_0=5 +x_0=3 +ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7',
    '+proj=lcc +lat_1=30 +lat_0=30 +lon_0=5 +k_0=0.999 +ellps=bessel',
    '+proj=tmerc +lat_0=1 +lon_0=9 +k=0.9998 +x_0=30480 +ellps=intl +units=us-ft',
    '+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=10 +datum=WGS84',
    '+proj=utm +zone=33 +south +ellps=intl',
    '+proj=longlat +a=6378000 +rf=298 +pm=paris',
  ])('keeps the CRS %s', async (text) => {
    const grid = { ...gridOf(5, 4), crs: parseCrs(text) }
    const raster = await openRaster(await written({ dtype: 'uint8', grid }))
    expect(crsEquals(raster.grid.crs, grid.crs), raster.grid.crs.proj4).toBe(true)
    expect(raster.grid.crs.code).toBe(grid.crs.code)
    await raster.close()
  })

  it('keeps a rotated grid', async () => {
    const grid: Grid = { crs, affine: [8, 6, 600000, 6, -8, 5200000], width: 5, height: 4 }
    const raster = await openRaster(await written({ dtype: 'uint8', grid }))
    expect(raster.grid.affine).toEqual(grid.affine)
    await raster.close()
  })

  it('asks for windows of bounded size only', async () => {
    const path = join(await temporaryFolder(), 'out.tif')
    const sizes: number[] = []
    const spec: CogSpec = { grid: gridOf(5000, 700), bands: names(3), dtype: 'uint8', blockSize: 512 }
    await writeCog(path, spec, async (window) => {
      sizes.push(window.width * window.height * 3)
      return new Uint8Array(window.width * window.height * 3)
    })
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8 * 2 ** 20)
    expect(sizes.reduce((a, b) => a + b)).toBe(5000 * 700 * 3)
  })
})

describe('overviews', () => {
  const half = async (method: 'average' | 'nearest' | 'mode', values: number[], width: number, nodata?: number) => {
    const path = join(await temporaryFolder(), 'out.tif')
    const height = values.length / width
    // A grid wider than a tile has an overview; the values fill its upper left corner.
    const grid = gridOf(32, 16)
    const spec: CogSpec = { grid, bands: names(1), dtype: 'float32', blockSize: 16, overviews: method }
    await writeCog(path, nodata === undefined ? spec : { ...spec, nodata }, async (window) => {
      const out = new Float32Array(window.width * window.height).fill(nodata ?? 0)
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++) {
          const inside = c >= window.column && c < window.column + window.width && r < window.height
          if (inside) out[r * window.width + c - window.column] = values[r * width + c]!
        }
      }
      return out
    })
    const raster = await openRaster(path, { overview: 0 })
    expect(raster.grid).toMatchObject({ width: 16, height: 8, affine: [20, 0, 600000, 0, -20, 5200000] })
    const out = await raster.readRaw({ column: 0, row: 0, width: width / 2, height: height / 2 })
    await raster.close()
    return [...out]
  }

  it('average what is not missing', async () => {
    expect(await half('average', [1, 2, -9, -9, 3, 4, -9, 8], 4, -9)).toEqual([2.5, 8])
    expect(await half('average', [-9, -9, 1, 1, -9, -9, 1, 2], 4, -9)).toEqual([-9, 1.25])
  })

  it('take the first, or the most frequent', async () => {
    expect(await half('nearest', [1, 2, 5, 6, 3, 4, 7, 8], 4)).toEqual([1, 5])
    expect(await half('mode', [1, 2, 5, 6, 2, 4, 7, 8], 4)).toEqual([2, 5])
    expect(await half('mode', [-9, -9, 5, -9, -9, 4, -9, -9], 4, -9)).toEqual([4, 5])
  })

  it('halve until one tile is enough', async () => {
    const raster = await openRaster(await written({ dtype: 'uint8', blockSize: 16 }, 131, 40, 1))
    expect(raster.info.overviews.map((o) => [o.width, o.height])).toEqual([
      [66, 20],
      [33, 10],
      [17, 5],
      [9, 3],
    ])
    await raster.close()
    const without = await openRaster(await written({ dtype: 'uint8', blockSize: 16, overviews: 'none' }, 131, 40, 1))
    expect(without.info.overviews).toEqual([])
    await without.close()
    await expect(openRaster(await written({ dtype: 'uint8' }), { overview: 0 })).rejects.toThrow(InputError)
  })

  it('agree with averages of the whole, across tiles', async () => {
    const path = await written({ dtype: 'float64', blockSize: 16, overviews: 'average' }, 128, 96, 1)
    const raster = await openRaster(path, { overview: 2 })
    const values = await raster.readRaw(wholeWindow(raster.grid))
    for (const [column, row] of [
      [0, 0],
      [7, 5],
      [15, 11],
    ] as const) {
      let sum = 0
      for (let r = 0; r < 8; r++) for (let c = 0; c < 8; c++) sum += valueAt(8 * column + c, 8 * row + r, 0)
      expect(values[row * 16 + column]).toBeCloseTo(sum / 64, 9)
    }
    await raster.close()
  })
})

describe('layout', () => {
  it.each([false, true])('is that of a COG, BigTIFF %s', async (bigTiff) => {
    const path = await written({ dtype: 'float32', blockSize: 16, bigTiff }, 100, 70, 2)
    const bytes = await readFile(path)
    const head = bytes.subarray(bigTiff ? 16 : 8, 400).toString('latin1')
    expect(head).toMatch(/^GDAL_STRUCTURAL_METADATA_SIZE=\d{6} bytes\nLAYOUT=IFDS_BEFORE_DATA\n/)
    const size = Number(head.slice(30, 36))
    expect(head.slice(43, 43 + size)).toMatch(/KNOWN_INCOMPATIBLE_EDITION=NO\n $/)
    const first = bigTiff ? Number(bytes.readBigUInt64LE(8)) : bytes.readUInt32LE(4)
    expect(first).toBe(Math.ceil(((bigTiff ? 16 : 8) + 43 + size) / 2) * 2)
    const source = await openSource(path)
    const file = await readDirectories(source)
    const images = await Promise.all(file.directories.map((directory) => readImage(source, file, directory)))
    await source.close()
    expect(images.map((i) => i.width)).toEqual([100, 50, 25, 13])
    // Data: coarse before fine, tiles in rows, each with its size before it and its end repeated.
    const places = [...images]
      .reverse()
      .flatMap((image) => [...image.offsets].map((offset, k) => [offset, image.byteCounts[k]!] as const))
    for (const [k, [offset, count]] of places.entries()) {
      if (k > 0) expect(offset).toBe(places[k - 1]![0] + places[k - 1]![1] + 8)
      expect(bytes.readUInt32LE(offset - 4)).toBe(count)
      expect(bytes.readUInt32LE(offset + count)).toBe(bytes.readUInt32LE(offset + count - 4))
    }
    expect(places.at(-1)![0] + places.at(-1)![1] + 4).toBe(bytes.length)
  })

  it('is the same, byte for byte, every time', async () => {
    const one = await readFile(await written({ dtype: 'int16', blockSize: 16 }))
    const other = await readFile(await written({ dtype: 'int16', blockSize: 16 }))
    expect(one.equals(other)).toBe(true)
  })
})

describe('failures', () => {
  const spec: CogSpec = { grid: gridOf(600, 600), bands: names(1), dtype: 'uint8' }
  const zeros = (window: Window) => Promise.resolve(new Uint8Array(window.width * window.height))

  it('leave nothing behind, and a file that was there as it was', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'out.tif')
    await writeFile(path, 'before')
    const fail = () => Promise.reject(new InputError('Mine', 'no values'))
    await expect(writeCog(path, spec, fail)).rejects.toMatchObject({ tag: 'Mine' })
    await expect(writeCog(path, spec, () => Promise.resolve(new Uint8Array(3)))).rejects.toMatchObject({
      tag: 'BadRaster',
    })
    await expect(writeCog(path, spec, zeros, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError)
    expect(await readdir(folder)).toEqual(['out.tif'])
    expect(await readFile(path, 'utf8')).toBe('before')
  })

  it('say what to do where the target cannot be written', async () => {
    const folder = await temporaryFolder()
    await expect(writeCog(join(folder, 'absent', 'out.tif'), spec, zeros)).rejects.toThrow(EnvironmentError)
    await writeFile(join(folder, 'file'), '')
    await expect(writeCog(join(folder, 'file', 'out.tif'), spec, zeros)).rejects.toMatchObject({ tag: 'CannotWrite' })
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    expect(writeError('out.tif', full)).toMatchObject({
      tag: 'CannotWrite',
      hint: expect.stringContaining('disk is full'),
    })
    expect(await readdir(folder)).toEqual(['file'])
  })

  it.each([
    [{ bands: [] }],
    [{ blockSize: 100 }],
    [{ nodata: 256 }],
    [{ predictor: 3 as const }],
    [{ grid: gridOf(0, 4) }],
    [{ dtype: 'uint16' as const, colourTable: [[0, 0, 0, 255]] as const }],
  ])('are found before anything is written: %j', async (part) => {
    const folder = await temporaryFolder()
    await expect(writeCog(join(folder, 'out.tif'), { ...spec, ...part }, zeros)).rejects.toMatchObject({
      tag: 'BadRaster',
    })
    expect(await readdir(folder)).toEqual([])
  })
})

describe('spool', () => {
  it('overflows into a file and removes it', async () => {
    const folder = await temporaryFolder()
    const spool = spoolAt(join(folder, 'spool'), 10)
    const blocks = [Uint8Array.of(1, 2, 3), new Uint8Array(20).fill(7), Uint8Array.of(4), new Uint8Array(30).fill(9)]
    const numbers = await Promise.all(blocks.map((block) => spool.add(block)))
    expect(await readdir(folder)).toEqual(['spool'])
    for (const [i, number] of numbers.entries()) expect([...(await spool.get(number))]).toEqual([...blocks[i]!])
    await spool.close()
    expect(await readdir(folder)).toEqual([])
  })
})
