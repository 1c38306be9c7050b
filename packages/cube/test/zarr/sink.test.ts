/** Writing of Zarr 3: what comes back is what went in; nothing is at the final path before all is there. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newArray } from '../../src/dtype.ts'
import type { Packing } from '../../src/model/block.ts'
import { shapeOf } from '../../src/model/node.ts'
import { cellCount, splitRegion, wholeRegion } from '../../src/model/region.ts'
import type { DType } from '../../src/types.ts'
import { zarrSink } from '../../src/zarr/sink.ts'
import { temporaryFolder } from '../temporary.ts'
import { blockOf, readZarr, sampleCells, sampleSchema, writeZarr } from './samples.ts'

const DTYPES: DType[] = ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'float64']

describe('round trips', () => {
  test.each(DTYPES)('%s with every compression', async (dtype) => {
    const folder = await temporaryFolder()
    const schema = sampleSchema({
      packing: { dtype, scale: 1, offset: 0 },
      times: ['2020-01-01T00:00:00Z', '2020-02-01T00:00:00Z'],
    })
    const cells = sampleCells(schema)
    for (const compression of ['zstd', 'blosc', 'gzip', 'none']) {
      const path = join(folder, `${compression}.zarr`)
      await writeZarr(path, schema, cells, {
        compression,
        chunks: { t: 1, y: 5, x: 8 },
        shards: { t: 2, y: 10, x: 16 },
      })
      const back = await readZarr(path)
      expect(back.cells).toEqual(cells)
      expect(back.source.chunks).toEqual([1, 5, 8])
    }
  })

  test('schema: dimensions, times, grid, packing, unit', async () => {
    const folder = await temporaryFolder()
    const packing: Packing = { dtype: 'uint16', scale: 0.0001, offset: -0.1, nodata: 0 }
    const schema = {
      ...sampleSchema({ packing, times: ['2020-06-01T10:20:30Z', '2021-06-01T00:00:00Z'] }),
      unit: 'K',
    }
    await writeZarr(join(folder, 'a.zarr'), schema, sampleCells(schema))
    const { schema: back } = await readZarr(join(folder, 'a.zarr'))
    expect(back.dims).toEqual(schema.dims)
    expect(back.packing).toEqual(packing)
    expect(back.unit).toBe('K')
    expect(back.grid?.affine).toEqual(schema.grid?.affine)
    expect(back.grid?.crs.code).toBe('EPSG:32632')
  })

  test('bands are variables, or one array', async () => {
    const folder = await temporaryFolder()
    const schema = sampleSchema({ bands: ['B04', 'B08', 'SCL'], times: ['2020-01-01T00:00:00Z'] })
    const cells = sampleCells(schema)
    await writeZarr(join(folder, 'variables.zarr'), schema, cells)
    const { dataset } = await readZarr(join(folder, 'variables.zarr'))
    expect(dataset.variables.map(({ name }) => name)).toEqual(['B04', 'B08', 'SCL'])
    const size = 20 * 12
    for (const [i, name] of ['B04', 'B08', 'SCL'].entries()) {
      const back = await readZarr(join(folder, 'variables.zarr'), name)
      expect(back.cells).toEqual(cells.subarray(i * size, (i + 1) * size))
    }
    await writeZarr(join(folder, 'array.zarr'), schema, cells, { layout: 'array', name: 'reflectance' })
    const one = await readZarr(join(folder, 'array.zarr'), 'reflectance')
    expect(one.cells).toEqual(cells)
    expect(one.schema.dims[1]).toMatchObject({ type: 'bands', labels: ['B04', 'B08', 'SCL'] })
  })

  test('any shape, chunks and shards', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 })),
        fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 })),
        fc.constantFrom('zstd', 'blosc', 'none'),
        async ([width, height, count], [chunk, times, deep], compression) => {
          const folder = await temporaryFolder()
          const labels = Array.from({ length: count }, (_, i) => `20${10 + i}-01-01T00:00:00Z`)
          const schema = sampleSchema({
            width,
            height,
            times: labels,
            packing: { dtype: 'int16', scale: 1, offset: 0, nodata: -9 },
          })
          const cells = sampleCells(schema)
          const chunks = { t: deep, y: chunk, x: chunk }
          const clipped = { t: Math.min(deep, count), y: Math.min(chunk, height), x: Math.min(chunk, width) }
          const shards = { t: clipped.t, y: clipped.y * times, x: clipped.x * times }
          await writeZarr(join(folder, 'a.zarr'), schema, cells, { compression, chunks, shards })
          expect((await readZarr(join(folder, 'a.zarr'))).cells).toEqual(cells)
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('what is not written', () => {
  test('chunks that are all missing have no bytes, and read as missing', async () => {
    const folder = await temporaryFolder()
    const schema = sampleSchema({ width: 32, height: 32 })
    const cells = newArray('float32', 32 * 32).fill(Number.NaN)
    cells[0] = 1
    const options = { chunks: { y: 8, x: 8 }, shards: { y: 16, x: 16 } }
    await writeZarr(join(folder, 'a.zarr'), schema, cells, options)
    expect(readdirSync(join(folder, 'a.zarr/data/c'), { recursive: true })).toEqual(['0', '0/0'])
    expect((await readZarr(join(folder, 'a.zarr'))).cells).toEqual(cells)
  })
})

describe('safety', () => {
  const schema = sampleSchema({ width: 32, height: 32 })
  const cells = sampleCells(schema)
  const options = { chunks: { y: 8, x: 8 }, shards: { y: 16, x: 16 } }
  const regions = [...splitRegion(wholeRegion([32, 32]), [16, 16])]

  /** A run that ends after some boxes, as a killed process leaves it. */
  async function begin(path: string, count: number, job = 'a job'): Promise<void> {
    const sink = await zarrSink.create(path, schema, { job, options })
    const encoder = await zarrSink.encoder(sink.handle)
    for (const region of regions.slice(0, count)) {
      await sink.write(region, await encoder.encode(region, blockOf(schema, cells, region), {}))
    }
    await sink.abandon(true)
  }

  test('a killed run of the same job goes on where it was', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await begin(path, 3)
    expect(existsSync(path)).toBe(false)
    const sink = await zarrSink.create(path, schema, { job: 'a job', options })
    expect(regions.map((region) => sink.isDone(region))).toEqual([true, true, true, false])
    expect(sink.isDone(wholeRegion([32, 32]))).toBe(false)
    await sink.abandon(true)
    await writeZarr(path, schema, cells, options)
    expect((await readZarr(path)).cells).toEqual(cells)
    expect(readdirSync(folder)).toEqual(['a.zarr'])
  })

  test('shards that a killed run had begun are no part of the result', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await begin(path, 1)
    const part = readdirSync(folder).find((name) => name.includes('.part-') && !name.endsWith('.journal'))!
    const shard = readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith(join('c', '0', '0')),
    )!
    writeFileSync(join(folder, part, `${shard}.fcdf24e4`), 'half of it')
    const sink = await zarrSink.create(path, schema, { job: 'a job', options })
    const left = readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' })
    expect(left).toContain(shard)
    expect(left.filter((name) => name.endsWith('fcdf24e4'))).toEqual([])
    await sink.abandon(false)
  })

  test('another job or layout starts anew', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await begin(path, 3)
    const other = await zarrSink.create(path, schema, { job: 'another', options })
    expect(other.isDone(regions[0]!)).toBe(false)
    await other.abandon(false)
    const layout = await zarrSink.create(path, schema, { job: 'a job', options: { ...options, compression: 'gzip' } })
    expect(layout.isDone(regions[0]!)).toBe(false)
    await layout.abandon(false)
  })

  test('what jobs of this process have left is removed by the next, but not what they are writing', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await begin(path, 3, 'one that failed')
    const running = await zarrSink.create(path, schema, { job: 'one that runs', options })
    expect(readdirSync(folder)).toHaveLength(2)
    await writeZarr(path, schema, cells, options, 'the last')
    expect(readdirSync(folder)).toHaveLength(3)
    await running.abandon(false)
    expect(readdirSync(folder)).toEqual(['a.zarr'])
  })

  test.each(['zarr.json', 'data/zarr.json', 'data/c/0/0', 'x/c/0'])(
    'where %s cannot be written, it is said of the output',
    async (name) => {
      const folder = await temporaryFolder()
      const path = join(folder, 'a.zarr')
      await begin(path, 0)
      const part = readdirSync(folder).find((one) => !one.endsWith('.journal'))!
      await mkdir(join(folder, part, name, 'in the way'), { recursive: true })
      const error = {
        tag: 'CannotWrite',
        data: { path, code: 'EISDIR' },
        message: expect.stringContaining(`write ${path}:`),
      }
      await expect(writeZarr(path, schema, cells, options, 'a job')).rejects.toMatchObject(error)
      expect(existsSync(path)).toBe(false)
    },
  )

  test.skipIf(process.getuid?.() === 0)('a store that may not be written stays', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await writeZarr(path, schema, cells, options)
    await chmod(path, 0o555)
    await expect(zarrSink.create(path, schema, { job: 'a job', options })).rejects.toMatchObject({ tag: 'CannotWrite' })
    await chmod(path, 0o755)
    expect(readdirSync(folder)).toEqual(['a.zarr'])
  })

  test('below a file none is made', async () => {
    const file = join(await temporaryFolder(), 'file')
    writeFileSync(file, '')
    const creating = zarrSink.create(join(file, 'a.zarr'), schema, { job: 'a job', options })
    await expect(creating).rejects.toMatchObject({ tag: 'CannotWrite', hint: expect.stringContaining('is a file') })
  })

  test('a journal line that was being written does not count', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await begin(path, 2)
    const journal = join(folder, readdirSync(folder).find((name) => name.endsWith('.journal'))!)
    writeFileSync(journal, readFileSync(journal, 'utf8').slice(0, -1))
    const sink = await zarrSink.create(path, schema, { job: 'a job', options })
    expect(regions.map((region) => sink.isDone(region))).toEqual([true, false, false, false])
    await sink.abandon(false)
  })

  test('the old store stays until the new one is whole', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    const old = sampleCells(schema).fill(5)
    await writeZarr(path, schema, old, options)
    await begin(path, 3, 'a new job')
    expect((await readZarr(path)).cells).toEqual(old)
    await writeZarr(path, schema, cells, options, 'a new job')
    expect((await readZarr(path)).cells).toEqual(cells)
    expect(readdirSync(folder)).toEqual(['a.zarr'])
  })

  test('a run killed while stores were exchanged: the old one is put back', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await writeZarr(`${path}.old`, schema, cells, options)
    const sink = await zarrSink.create(path, schema, { job: 'a job', options })
    expect((await readZarr(path)).cells).toEqual(cells)
    await sink.abandon(false)
  })

  test('nothing but a store is overwritten', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'mine'))
    writeFileSync(join(folder, 'mine/thesis.txt'), 'text')
    const creating = zarrSink.create(join(folder, 'mine'), schema, { job: 'a job', options: {} })
    await expect(creating).rejects.toMatchObject({ tag: 'NotAStore' })
    expect(readdirSync(folder)).toEqual(['mine'])
  })

  test('a store that another process writes is left alone', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    await begin(path, 1)
    const journal = join(folder, readdirSync(folder).find((name) => name.endsWith('.journal'))!)
    // Process 1 is always there.
    writeFileSync(journal, readFileSync(journal, 'utf8').replace(/"pid":\d+/, '"pid":1'))
    const creating = zarrSink.create(path, schema, { job: 'a job', options })
    await expect(creating).rejects.toMatchObject({ tag: 'OutputBusy', data: { pid: 1 } })
  })

  test('abandoned for good, nothing is left', async () => {
    const folder = await temporaryFolder()
    const sink = await zarrSink.create(join(folder, 'a.zarr'), schema, { job: 'a job', options })
    await sink.abandon(false)
    expect(readdirSync(folder)).toEqual([])
  })

  test('the same task twice gives the same store', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.zarr')
    const sink = await zarrSink.create(path, schema, { job: 'a job', options })
    const [one, two] = [await zarrSink.encoder(sink.handle), await zarrSink.encoder(sink.handle)]
    await Promise.all(
      [...regions, ...regions].map((region, i) =>
        (i % 2 ? one : two).encode(region, blockOf(schema, cells, region), {}),
      ),
    )
    for (const region of regions) await sink.write(region, undefined)
    await sink.finish()
    expect((await readZarr(path)).cells).toEqual(cells)
    expect(readdirSync(join(path, 'data/c/0'))).toEqual(['0', '1'])
  })
})

describe('options', () => {
  const schema = sampleSchema({ width: 32, height: 32 })
  test.each([
    [{ compression: 'lzma' }, 'compression'],
    [{ level: 99 }, 'level'],
    [{ compression: 'blosc', level: 1.5 }, 'level'],
    [{ chunks: { x: -1 } }, 'chunks'],
    [{ chunks: 'big' }, 'chunks'],
    [{ chunks: { x: 0 } }, 'chunks'],
    [{ chunks: { longitude: 8 } }, 'chunks'],
    [{ chunks: [8] }, 'chunks'],
    [{ shards: { bands: 2 } }, 'shards'],
    [{ chunks: { x: 8 }, shards: { x: 12 } }, 'shards'],
    [{ layout: 'tree' }, 'layout'],
    [{ name: 1 }, 'name'],
  ])('%j is refused', async (options, option) => {
    const folder = await temporaryFolder()
    const creating = zarrSink.create(join(folder, 'a.zarr'), schema, { job: 'a', options })
    await expect(creating).rejects.toMatchObject({ tag: 'BadOption', data: { option } })
    expect(readdirSync(folder)).toEqual([])
  })

  test('usual chunks and shards', async () => {
    const folder = await temporaryFolder()
    const boxes = async (size: number, count: number, dtype: DType) => {
      const times = Array.from({ length: count }, (_, i) => `${2000 + i}-01-01T00:00:00Z`)
      const large = sampleSchema({ width: size, height: size, times, packing: { dtype, scale: 1, offset: 0 } })
      const sink = await zarrSink.create(join(folder, 'a.zarr'), large, { job: 'a', options: {} })
      await sink.abandon(false)
      expect(cellCount(sink.chunks)).toBeLessThan(2 ** 22)
      return sink.chunks
    }
    expect(await boxes(2048, 24, 'uint16')).toEqual([8, 512, 512])
    expect(await boxes(5000, 24, 'float32')).toEqual([1, 1024, 1024])
    expect(await boxes(20, 365, 'float32')).toEqual([366, 20, 20])
    expect(shapeOf(schema)).toEqual([32, 32])
  })
})
