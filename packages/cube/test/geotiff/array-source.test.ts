/** GeoTIFF as an array source: schema, packing, regions, bands left unread, damage by chunk. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { geotiffFromHandle, geotiffSource } from '../../src/geotiff/array-source.ts'
import { openRaster, parseCrs, wholeWindow, writeCog } from '../../src/index.ts'
import { sliceBox } from '../../src/model/copy.ts'
import { shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import type { Grid } from '../../src/types.ts'
import { temporaryFolder } from '../temporary.ts'

const fixtures = join(import.meta.dirname, '../fixtures/geotiff')
const fixture = (name: string): string => join(fixtures, `${name}.tif`)

const grid: Grid = {
  crs: parseCrs('EPSG:32632'),
  affine: [10, 0, 600000, 0, -10, 5200000],
  width: 100,
  height: 70,
}

/** Three bands of uint16 in tiles of 32: value = 10000 band + 100 row + column. */
async function threeBands(options: { scale?: readonly number[]; nodata?: number } = {}): Promise<string> {
  const path = join(await temporaryFolder(), 'three.tif')
  const bands = ['B02', 'B03', 'B04'].map((name) => ({ name, unit: '1' }))
  const spec = { grid, bands, dtype: 'uint16', blockSize: 32, overviews: 'none', ...options } as const
  await writeCog(path, spec, ({ column, row, width, height }) => {
    const size = width * height
    const values = Uint16Array.from({ length: 3 * size }, (_, i) => {
      const at = i % size
      return 10000 * Math.floor(i / size) + 100 * (row + Math.floor(at / width)) + column + (at % width)
    })
    return Promise.resolve(values)
  })
  return path
}

/** Start and length of a part of a dimension. */
const span = (length: number) =>
  fc.tuple(fc.nat(length - 1), fc.nat(length - 1)).map(([a, b]) => [Math.min(a, b), Math.abs(a - b) + 1] as const)

describe('geotiffSource', () => {
  it('has bands, y, x with centres as labels, and the stored packing', async () => {
    const source = await geotiffSource(await threeBands({ scale: [0.1, 0.1, 0.1], nodata: 7 }))
    const [bands, y, x] = source.schema.dims
    expect(shapeOf(source.schema)).toEqual([3, 70, 100])
    expect(bands).toMatchObject({ type: 'bands', name: 'bands', labels: ['B02', 'B03', 'B04'] })
    expect(y).toMatchObject({ type: 'spatial', axis: 'y', name: 'y' })
    expect(y!.labels[0]).toBe(5199995)
    expect(x!.labels.at(-1)).toBe(600995)
    expect(source.schema.packing).toEqual({ dtype: 'uint16', nodata: 7, scale: 0.1, offset: 0 })
    expect(source.schema.unit).toBe('1')
    expect(source.schema.grid).toMatchObject({ width: 100, height: 70 })
    expect(source.chunks).toEqual([3, 32, 32])
    expect(source.storedChunkBytes).toBeGreaterThan(100)
    await source.close()
  })

  it('reads any region as the box of the whole', async () => {
    const source = await geotiffSource(await threeBands())
    const shape = shapeOf(source.schema)
    const whole = await source.read(wholeRegion(shape))
    await fc.assert(
      fc.asyncProperty(fc.tuple(span(3), span(70), span(100)), async (spans) => {
        const region = { start: spans.map((s) => s[0]), shape: spans.map((s) => s[1]) }
        expect(await source.read(region)).toEqual(sliceBox(whole, shape, region))
      }),
      { numRuns: 40 },
    )
    await source.close()
  })

  it('puts any region in memory of others, in steps of theirs, and touches nothing else', async () => {
    const source = await geotiffSource(await threeBands())
    const padding = fc.tuple(fc.nat(5), fc.nat(50), fc.nat(7))
    await fc.assert(
      fc.asyncProperty(fc.tuple(span(3), span(70), span(100)), padding, async (spans, [perRow, perBand, before]) => {
        const region = { start: spans.map((s) => s[0]), shape: spans.map((s) => s[1]) }
        const [bands = 0, height = 0, width = 0] = region.shape
        const [band, row] = [height * (width + perRow) + perBand, width + perRow]
        const cells = new Uint16Array(before + bands * band + 3).fill(9)
        const place = { buffer: cells.buffer, byteOffset: 2 * before, strides: [band, row, 1], length: bands * band }
        expect(await source.readTo!(region, place)).toBe(true)
        const expected = new Uint16Array(cells.length).fill(9)
        for (const [i, value] of (await source.read(region)).entries()) {
          const [b, rest] = [Math.floor(i / (width * height)), i % (width * height)]
          expected[before + b * band + Math.floor(rest / width) * row + (rest % width)] = value
        }
        expect(cells).toEqual(expected)
      }),
      { numRuns: 40 },
    )
    const place = { buffer: new ArrayBuffer(8), byteOffset: 0, strides: [4, 2, 2], length: 4 }
    expect(await source.readTo!({ start: [0, 0, 0], shape: [1, 1, 2] }, place)).toBe(false)
    await source.close()
  })

  it('puts nothing elsewhere that it has to work on first', async () => {
    const scaled = await geotiffSource(await threeBands({ scale: [0.1, 1, 1] }))
    expect(scaled.schema.packing.dtype).toBe('float32')
    expect(scaled.readTo).toBeUndefined()
    await scaled.close()
  })

  it('leaves bands unread, in any order and with repeats, also by handle', async () => {
    const source = await geotiffSource(await threeBands())
    const narrow = source.narrow!(0, [2, 0, 2])!
    expect(narrow.schema.dims[0]!.labels).toEqual(['B04', 'B02', 'B04_3'])
    expect(narrow.narrow!(0, [1])!.schema.dims[0]!.labels).toEqual(['B02'])
    const region = { start: [0, 5, 6], shape: [3, 1, 1] }
    expect([...(await narrow.read(region))]).toEqual([20506, 506, 20506])
    expect(source.narrow!(1, [0])).toBeUndefined()
    const again = await geotiffFromHandle(JSON.parse(JSON.stringify(narrow.handle)))
    expect([...(await again.read(region))]).toEqual([20506, 506, 20506])
    await again.close()
    await source.close()
  })

  it('unpacks to float32 where bands differ in packing', async () => {
    const source = await geotiffSource(await threeBands({ scale: [1, 0.5, 1], nodata: 0 }))
    expect(source.schema.packing).toEqual({ dtype: 'float32', scale: 1, offset: 0 })
    const values = await source.read({ start: [0, 0, 0], shape: [3, 1, 2] })
    expect([...values]).toEqual([Number.NaN, 1, 5000, 5000.5, 20000, 20001])
    const one = source.narrow!(0, [1])!
    expect(one.schema.packing).toEqual({ dtype: 'uint16', nodata: 0, scale: 0.5, offset: 0 })
    await source.close()
  })

  it.each(['masked', 'sparse_holes', 'nan_nodata', 'described', 'overviews', 'rotated'])(
    'gives the values of openRaster on %s',
    async (name) => {
      const source = await geotiffSource(pathToFileURL(fixture(name)))
      const raster = await openRaster(fixture(name))
      const expected = await raster.read(wholeWindow(raster.grid))
      const { nodata = Number.NaN, scale, offset } = source.schema.packing
      const raw = await source.read(wholeRegion(shapeOf(source.schema)))
      const values = Float32Array.from(raw, (v) => (v === nodata ? Number.NaN : v * scale + offset))
      expect(values).toEqual(expected)
      await source.close()
      await raster.close()
    },
  )

  it('opens an overview, and with another CRS', async () => {
    const source = await geotiffSource(fixture('overviews'), { overview: 0, crs: 'EPSG:3857' })
    const raster = await openRaster(fixture('overviews'))
    expect(source.schema.grid!.width).toBe(raster.info.overviews[0]!.width)
    expect(source.schema.grid!.crs.code).toBe('EPSG:3857')
    const again = await geotiffFromHandle(source.handle)
    expect(again.schema).toEqual(source.schema)
    for (const open of [source, again, raster]) await open.close()
  })

  it('reports a damaged tile by path and chunk, and reads the others', async () => {
    const path = await threeBands()
    const bytes = Buffer.from(await readFile(path))
    // Tiles are in the order of rows; the last bytes are those of the last tile.
    bytes.fill(0xff, bytes.length - 60, bytes.length - 10)
    await writeFile(path, bytes)
    const source = await geotiffSource(path)
    await expect(source.read(wholeRegion([3, 70, 100]))).rejects.toMatchObject({
      tag: 'CorruptChunk',
      data: { path, chunk: [0, 2, 3] },
    })
    expect((await source.read({ start: [0, 0, 0], shape: [3, 64, 100] })).length).toBe(3 * 6400)
    await source.close()
  })

  it('reports what a truncated file lacks when it is read, and reads the rest', async () => {
    const path = await threeBands()
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length - 100))
    await expect(openRaster(path)).rejects.toMatchObject({ tag: 'TruncatedFile' })
    const source = await geotiffSource(path)
    await expect(source.read({ start: [1, 65, 98], shape: [1, 2, 2] })).rejects.toMatchObject({
      tag: 'CorruptChunk',
      message: expect.stringContaining('truncated'),
      data: { path, chunk: [0, 2, 3] },
    })
    expect([...(await source.read({ start: [0, 0, 0], shape: [1, 1, 2] }))]).toEqual([0, 1])
    await source.close()
  })
})
