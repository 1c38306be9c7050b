/** GeoTIFF as a sink: the same file as `writeCog` makes, in any order of tasks, after a kill, from any dimensions. */
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@ecotope/core'
import { describe, expect, it, vi } from 'vitest'
import type { TypedArray } from '../../src/dtype.ts'
import type { SinkJob } from '../../src/execute/sink.ts'
import { geotiffSource, spatialDimensions } from '../../src/geotiff/array-source.ts'
import { geotiffSink } from '../../src/geotiff/sink.ts'
import { openRaster, parseCrs, wholeWindow, writeCog } from '../../src/index.ts'
import type { Packing } from '../../src/model/block.ts'
import { sliceBox } from '../../src/model/copy.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import { type Region, wholeRegion } from '../../src/model/region.ts'
import type { Grid } from '../../src/types.ts'
import { temporaryFolder } from '../temporary.ts'

const gridOf = (width: number, height: number): Grid => ({
  crs: parseCrs('EPSG:32632'),
  affine: [10, 0, 600000, 0, -10, 5200000],
  width,
  height,
})

const UINT16: Packing = { dtype: 'uint16', nodata: 0, scale: 0.0001, offset: 0 }
const FLOAT: Packing = { dtype: 'float32', scale: 1, offset: 0 }

const bands: Dimension = {
  type: 'bands',
  name: 'bands',
  labels: ['B03', 'B04'],
  bands: [{ name: 'B03', unit: '1' }, { name: 'B04' }],
}
const dates = (...labels: string[]): Dimension => ({
  type: 'temporal',
  name: 't',
  labels,
  calendar: 'proleptic_gregorian',
})

const schemaOf = (grid: Grid, others: readonly Dimension[], packing: Packing): CubeSchema => ({
  dims: [...others, ...spatialDimensions(grid)],
  grid,
  packing,
})

/** Smooth values with gaps. */
function cells(schema: CubeSchema): TypedArray {
  const length = shapeOf(schema).reduce((product, n) => product * n, 1)
  const at = (i: number): number => ((i * 7) % 11 === 3 ? 0 : 1000 + Math.round(500 * Math.sin(i / 50)))
  if (schema.packing.dtype === 'uint16') return Uint16Array.from({ length }, (_, i) => at(i))
  return Float32Array.from({ length }, (_, i) => at(i) || Number.NaN)
}

/** Regions of `times` chunks each. */
function regionsOf(shape: readonly number[], chunks: readonly number[], times = 1): Region[] {
  let out: Region[] = [{ start: [], shape: [] }]
  for (const [d, n] of shape.entries()) {
    const step = chunks[d]! * times
    out = out.flatMap((region) =>
      Array.from({ length: Math.ceil(n / step) }, (_, i) => ({
        start: [...region.start, i * step],
        shape: [...region.shape, Math.min(step, n - i * step)],
      })),
    )
  }
  return out
}

async function put(job: SinkJob, schema: CubeSchema, data: TypedArray, regions: readonly Region[]): Promise<void> {
  const encoder = await geotiffSink.encoder(structuredClone(job.handle))
  for (const region of regions) {
    const encoded = await encoder.encode(region, { region, data: sliceBox(data, shapeOf(schema), region) }, {})
    await job.write(region, structuredClone(encoded))
  }
  await encoder.close()
}

async function save(path: string, schema: CubeSchema, data: TypedArray, options = {}, times = 1): Promise<void> {
  const job = await geotiffSink.create(path, schema, { job: 'test', options })
  const regions = regionsOf(shapeOf(schema), job.chunks, times)
  await put(job, schema, data, regions.toReversed())
  await job.finish()
}

describe('geotiffSink', () => {
  it.each([
    [300, 200, UINT16, 1],
    [257, 129, FLOAT, 1],
    [300, 200, UINT16, 2],
    [64, 64, FLOAT, 1],
    [1, 700, UINT16, 3],
    [4, 1500, UINT16, 2],
    [1500, 3, FLOAT, 1],
    [65, 64, FLOAT, 1],
  ] as const)('writes the file that writeCog writes: %i x %i', async (width, height, packing, times) => {
    const grid = gridOf(width, height)
    const schema = schemaOf(grid, [bands], packing)
    const data = cells(schema)
    const folder = await temporaryFolder()
    const options = { blockSize: 64, overviews: 'average' }
    await save(join(folder, 'sink.tif'), schema, data, options, times)
    const spec = {
      grid,
      bands: bands.type === 'bands' ? bands.bands : [],
      dtype: packing.dtype,
      nodata: packing.nodata ?? Number.NaN,
      blockSize: 64,
      overviews: 'average' as const,
      scale: packing.scale,
    }
    await writeCog(join(folder, 'cog.tif'), spec, ({ column, row, width: w, height: h }) =>
      Promise.resolve(sliceBox(data, shapeOf(schema), { start: [0, row, column], shape: [2, h, w] })),
    )
    const [one, other] = [await readFile(join(folder, 'sink.tif')), await readFile(join(folder, 'cog.tif'))]
    expect(one.equals(other)).toBe(true)
    expect((await readdir(folder)).toSorted()).toEqual(['cog.tif', 'sink.tif'])
  })

  it('says of truth values that they are, and of numbers with the same cells that they are not', async () => {
    const folder = await temporaryFolder()
    const plain: Packing = { dtype: 'uint8', nodata: 255, scale: 1, offset: 0 }
    const data = Uint8Array.of(0, 1, 255, 1, 0, 1)
    for (const packing of [{ dtype: 'uint8', scale: 1, offset: 0, isBoolean: true }, plain] as const) {
      const path = join(folder, 'truth.tif')
      await save(path, schemaOf(gridOf(3, 2), [], packing), data)
      const source = await geotiffSource(path)
      expect(source.schema.packing).toEqual('isBoolean' in packing ? { ...packing, nodata: 255 } : plain)
      expect([...(await source.read(wholeRegion([1, 2, 3])))]).toEqual([...data])
      const raster = await openRaster(path)
      expect(raster.info.metadata.flag_meanings).toBe('isBoolean' in packing ? 'false true' : undefined)
      await raster.close()
      await source.close?.()
    }
  })

  it('makes bands of dates, named by both', async () => {
    const schema = schemaOf(gridOf(40, 30), [dates('2020-06-01T00:00:00Z', '2020-07-01T00:00:00Z'), bands], UINT16)
    const data = cells(schema)
    const path = join(await temporaryFolder(), 'all.tif')
    await save(path, schema, data, { blockSize: 32, compression: 'zstd' })
    const source = await geotiffSource(path)
    expect(source.schema.dims[0]!.labels).toEqual([
      '2020-06-01T00:00:00Z B03',
      '2020-06-01T00:00:00Z B04',
      '2020-07-01T00:00:00Z B03',
      '2020-07-01T00:00:00Z B04',
    ])
    expect(source.schema.packing).toEqual(UINT16)
    expect(await source.read(wholeRegion([4, 30, 40]))).toEqual(data)
    await source.close()
  })

  it('writes one file per date where asked to, whatever the order of dimensions', async () => {
    const when = dates('2020-06-01T00:00:00Z', '2020-07-01T10:30:00Z')
    const grid = gridOf(70, 50)
    const [y, x] = spatialDimensions(grid)
    const natural = schemaOf(grid, [when, bands], UINT16)
    const data = cells(natural)
    for (const order of [
      [when, bands, y, x],
      [bands, when, y, x],
      [x, when, y, bands],
    ]) {
      const schema: CubeSchema = { dims: order, grid, packing: UINT16 }
      const shape = shapeOf(schema)
      const mixed = new Uint16Array(data.length)
      for (let i = 0; i < mixed.length; i++) {
        const at = new Map<Dimension, number>()
        let rest = i
        for (let d = 3; d >= 0; d--) {
          at.set(order[d]!, rest % shape[d]!)
          rest = Math.floor(rest / shape[d]!)
        }
        mixed[i] = data[((at.get(when)! * 2 + at.get(bands)!) * 50 + at.get(y)!) * 70 + at.get(x)!]!
      }
      const folder = await temporaryFolder()
      await save(join(folder, 's2.tif'), schema, mixed, { dates: 'files', blockSize: 32 })
      const files = (await readdir(folder)).toSorted()
      expect(files).toEqual(['s2_2020-06-01.tif', 's2_2020-07-01T103000Z.tif'])
      for (const [i, name] of files.entries()) {
        const raster = await openRaster(join(folder, name))
        expect(await raster.readRaw(wholeWindow(raster.grid))).toEqual(data.slice(i * 7000, (i + 1) * 7000))
        expect(raster.info.metadata.TIME).toBe(when.labels[i])
        await raster.close()
      }
    }
  })

  it('goes on after a kill, but only for the same job', async () => {
    const schema = schemaOf(gridOf(200, 150), [bands], UINT16)
    const data = cells(schema)
    const folder = await temporaryFolder()
    const path = join(folder, 'a.tif')
    const create = (job: string) => geotiffSink.create(path, schema, { job, options: { blockSize: 64 } })
    const first = await create('one')
    const regions = regionsOf(shapeOf(schema), first.chunks)
    await put(first, schema, data, regions.slice(0, 5))
    await first.abandon(true)
    // A kill in the middle of an entry leaves a part of it.
    const [partial] = await readdir(folder)
    const journal = join(folder, partial!, 'journal')
    await writeFile(journal, Buffer.concat([await readFile(journal), Buffer.alloc(7)]))
    const other = await create('another')
    expect(regions.some((region) => other.isDone(region))).toBe(false)
    await other.abandon(false)
    const second = await create('one')
    expect(regions.map((region) => second.isDone(region))).toEqual(regions.map((_, i) => i < 5))
    expect(second.isDone(wholeRegion(shapeOf(schema)))).toBe(false)
    expect(existsSync(path)).toBe(false)
    await put(second, schema, data, regions.slice(5))
    await second.finish()
    const whole = join(folder, 'b.tif')
    await save(whole, schema, data, { blockSize: 64 })
    expect((await readFile(path)).equals(await readFile(whole))).toBe(true)
    expect((await readdir(folder)).toSorted()).toEqual(['a.tif', 'b.tif'])
  })

  it('is written by one process at a time; once it is whole, what stopped runs of other jobs left is removed', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.tif')
    const schema = schemaOf(gridOf(20, 20), [bands], UINT16)
    const create = (job: string) => geotiffSink.create(path, schema, { job, options: {} })
    for (const id of ['one', 'two']) await (await create(id)).abandon(true)
    const left = await readdir(folder)
    const owner = join(folder, left[0]!, 'owner')
    await writeFile(owner, '1')
    const busy = (await Promise.allSettled([create('one'), create('two')])).filter(
      ({ status }) => status === 'rejected',
    )
    expect(busy).toMatchObject([{ reason: { tag: 'OutputBusy', data: { pid: 1 } } }])
    await save(path, schema, cells(schema), {})
    expect((await readdir(folder)).toSorted()).toEqual([left[0]!, 'a.tif'])
    await rm(owner)
    await save(path, schema, cells(schema), {})
    expect(await readdir(folder)).toEqual(['a.tif'])
  })

  it('leaves the old file alone until the new one is whole', async () => {
    const schema = schemaOf(gridOf(100, 100), [bands], UINT16)
    const folder = await temporaryFolder()
    const path = join(folder, 'a.tif')
    await writeFile(path, 'old')
    const job = await geotiffSink.create(path, schema, { job: 'j', options: { blockSize: 64 } })
    await put(job, schema, cells(schema), regionsOf(shapeOf(schema), job.chunks).slice(0, 2))
    await expect(job.finish()).rejects.toThrow('was not written')
    expect(await readFile(path, 'utf8')).toBe('old')
    const again = await geotiffSink.create(path, schema, { job: 'j', options: { blockSize: 64 } })
    await again.abandon(false)
    expect(await readdir(folder)).toEqual(['a.tif'])
  })

  it('names its output on a full disk, wherever that comes out', async () => {
    const schema = schemaOf(gridOf(100, 100), [bands], UINT16)
    const folder = await temporaryFolder()
    const path = join(folder, 'a.tif')
    const file = await open(join(folder, 'other'), 'w')
    const handles = Object.getPrototypeOf(file) as typeof file
    await file.close()
    await rm(join(folder, 'other'))
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' })
    const error = { tag: 'CannotWrite', data: { path }, message: `cannot write ${path}: ${full.message}` }
    const create = () => geotiffSink.create(path, schema, { job: 'j', options: { blockSize: 64 } })
    const refused = async (call: 'readFile' | 'write' | 'sync', work: () => Promise<unknown>): Promise<void> => {
      const spy = vi.spyOn(handles, call).mockRejectedValue(full)
      await expect(work()).rejects.toMatchObject(error)
      spy.mockRestore()
    }
    await refused('readFile', create)
    const job = await create()
    const regions = regionsOf(shapeOf(schema), job.chunks)
    await refused('write', () => put(job, schema, cells(schema), regions))
    for (const call of ['write', 'sync'] as const) {
      const next = await create()
      await put(next, schema, cells(schema), regions)
      await refused(call, () => next.finish())
    }
    await save(path, schema, cells(schema), { blockSize: 64 })
    expect(await readdir(folder)).toContain('a.tif')
  })

  it('refuses files of dates that cannot be replaced before anything is written', async () => {
    const schema = schemaOf(gridOf(20, 20), [dates('2020-06-01T00:00:00Z', '2020-07-01T00:00:00Z'), bands], UINT16)
    const folder = await temporaryFolder()
    const path = join(folder, 'a.tif')
    await save(path, schema, cells(schema), { dates: 'files' })
    const [, second] = (await readdir(folder)).toSorted()
    await rm(join(folder, second!))
    await mkdir(join(folder, second!))
    const created = geotiffSink.create(path, schema, { job: 'j', options: { dates: 'files' } })
    await expect(created).rejects.toMatchObject({ tag: 'IsFolder', data: { path: join(folder, second!) } })
  })

  it('has smaller tiles for many bands, and says what a region costs', async () => {
    const many = dates(...Array.from({ length: 60 }, (_, i) => `20${10 + i}-01-01T00:00:00Z`))
    const schema = schemaOf(gridOf(1000, 1000), [many], FLOAT)
    const job = await geotiffSink.create(join(await temporaryFolder(), 'a.tif'), schema, { job: 'j', options: {} })
    expect(job.chunks).toEqual([60, 256, 256])
    expect(job.encodeBytes({ start: [0, 0, 0], shape: [60, 256, 256] })).toBeGreaterThan(60 * 256 * 256 * 4)
    await job.abandon(false)
  })

  it('writes metadata that are numbers and truth values', async () => {
    const path = join(await temporaryFolder(), 'a.tif')
    const schema = schemaOf(gridOf(10, 10), [bands], UINT16)
    const metadata = { VERSION: 2, FINAL: true, AUTHOR: 'A & B' }
    await save(path, schema, cells(schema), { metadata })
    const raster = await openRaster(path)
    expect(raster.info.metadata).toMatchObject({ VERSION: '2', FINAL: 'true', AUTHOR: 'A & B' })
    await raster.close()
  })

  it('names wrong options, cubes without a grid and folders that are not there', async () => {
    const schema = schemaOf(gridOf(10, 10), [bands], UINT16)
    const folder = await temporaryFolder()
    const attempt = (cube: CubeSchema, options: Record<string, unknown>, path = join(folder, 'a.tif')) =>
      geotiffSink.create(path, cube, { job: 'j', options })
    await expect(attempt(schema, { compression: 'jpeg' })).rejects.toMatchObject({
      tag: 'BadOption',
      hint: expect.stringContaining('zstd'),
    })
    for (const metadata of [5, 'a', ['a'], null, { a: null }, { a: { b: 1 } }])
      await expect(attempt(schema, { metadata })).rejects.toMatchObject({ tag: 'BadOption' })
    expect(await readdir(folder)).toEqual([])
    await expect(attempt(schema, { blockSize: 100 })).rejects.toMatchObject({ tag: 'BadRaster' })
    await expect(attempt({ dims: [bands], packing: UINT16 }, {})).rejects.toThrow(InputError)
    const encoder = await geotiffSink.encoder((await attempt(schema, {})).handle)
    const region = { start: [0, 1, 0], shape: [2, 1, 1] }
    await expect(encoder.encode(region, { region, data: new Uint16Array(2) }, {})).rejects.toThrow('start on a tile')
  })
})
