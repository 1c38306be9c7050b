/** Stacks of layers: what lies on the grid is untouched, what does not is warped as asked, dates are aligned. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromName } from '../../src/collection/file-names.ts'
import { type CollectionRequest, openCollection } from '../../src/collection/open.ts'
import { stackLayers } from '../../src/collection/stack.ts'
import type { LayerSet, StackOptions } from '../../src/collection/types.ts'
import { parseCrs } from '../../src/index.ts'
import { type CubeNode, shapeOf } from '../../src/model/node.ts'
import { stridesOf } from '../../src/model/region.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { consumersFirst } from '../../src/plan/nodes.ts'
import { temporaryFolder } from '../temporary.ts'
import { gridAt, sentinel, writeRaster } from './scene.ts'

let folder: string
const opened: LayerSet[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const set of opened.splice(0)) await set.close()
})

const time = fromName(/(\d{8})/)

async function open(request: Partial<CollectionRequest> = {}): Promise<LayerSet> {
  const set = await openCollection({ paths: folder, time, ...request })
  opened.push(set)
  return set
}

/** Physical value of a cell; missing is NaN. */
async function cells(node: CubeNode): Promise<(...at: number[]) => number> {
  const { data } = await computeCube(node)
  const strides = stridesOf(shapeOf(node.schema))
  const { nodata, scale, offset } = node.schema.packing
  return (...at) => {
    const raw = data[at.reduce((sum, index, d) => sum + index * strides[d]!, 0)]!
    return raw === nodata ? Number.NaN : raw * scale + offset
  }
}

const labels = (node: CubeNode, d: number): readonly unknown[] => node.schema.dims[d]!.labels

describe('layers of one grid', () => {
  it('are stacked as they are stored', async () => {
    await sentinel(folder)
    const node = stackLayers(await open(), { bands: ['B08', 'B04'] })
    expect(node.kind).toBe('source')
    expect(shapeOf(node.schema)).toEqual([3, 2, 30, 40])
    expect(node.schema.packing).toEqual({ dtype: 'uint16', nodata: 0, scale: 1, offset: 0 })
    expect(labels(node, 1)).toEqual(['B08', 'B04'])
    const at = await cells(node)
    expect([at(0, 0, 0, 0), at(1, 1, 3, 5), at(2, 0, 29, 39)]).toEqual([2000, 1108, 2200 + 68])
  })

  it('are read by any region as the whole has it, and narrowed without reading the rest', async () => {
    await sentinel(folder)
    const node = stackLayers(await open(), { bands: ['B04', 'B08'] })
    if (node.kind !== 'source') throw new Error('not packed')
    const whole = (await computeCube(node)).data
    const [, , , sx] = stridesOf([3, 2, 30, 40])
    expect(sx).toBe(1)
    const span = (size: number) =>
      fc.tuple(fc.nat(size - 1), fc.nat(size - 1)).map(([a, b]) => [Math.min(a, b), Math.abs(a - b) + 1] as const)
    await fc.assert(
      fc.asyncProperty(span(3), span(2), span(30), span(40), async (t, b, y, x) => {
        const region = { start: [t[0], b[0], y[0], x[0]], shape: [t[1], b[1], y[1], x[1]] }
        const part = await node.source.read(region)
        const last = part.at(-1)
        const end = region.start.map((start, d) => start + region.shape[d]! - 1)
        expect(last).toBe(whole[((end[0]! * 2 + end[1]!) * 30 + end[2]!) * 40 + end[3]!])
        expect(part[0]).toBe(whole[((t[0] * 2 + b[0]) * 30 + y[0]) * 40 + x[0]])
      }),
      { numRuns: 30 },
    )
    const narrow = node.source.narrow!(0, [2, 0])!.narrow!(1, [1])!
    expect(narrow.schema.dims.map((dim) => dim.labels.length)).toEqual([2, 1, 30, 40])
    expect(narrow.schema.dims[1]).toMatchObject({ labels: ['B08'], bands: [{ name: 'B08' }] })
    const part = await narrow.read({ start: [0, 0, 4, 6], shape: [2, 1, 1, 1] })
    expect([...part]).toEqual([2210, 2010])
  })
})

describe('layers of different grids', () => {
  it('are refused until it is said how they are brought together', async () => {
    await sentinel(folder)
    const set = await open()
    expect(() => stackLayers(set)).toThrow(expect.objectContaining({ tag: 'DifferentGrids' }))
    expect(() => stackLayers(set, { grid: 'B04' })).toThrow(
      expect.objectContaining({ tag: 'NoResampling', message: expect.stringContaining('layer B11') as string }),
    )
    expect(() => stackLayers(set, { grid: 'B05', resampling: 'near' })).toThrow(
      expect.objectContaining({ tag: 'NoLayer', hint: 'did you mean "B04"?' }),
    )
  })

  it('are resampled by the method of each layer; missing dates are missing', async () => {
    await sentinel(folder)
    const node = stackLayers(await open(), { grid: 'B04', resampling: { B11: 'bilinear', SCL: 'near' } })
    expect(shapeOf(node.schema)).toEqual([3, 4, 30, 40])
    expect(labels(node, 1)).toEqual(['B04', 'B08', 'B11', 'SCL'])
    const at = await cells(node)
    expect(at(0, 0, 3, 5)).toBe(1008)
    // A pixel of 20 m holds four of 10 m; the classes are its own.
    expect([at(0, 3, 4, 6), at(0, 3, 5, 7), at(2, 3, 4, 6)]).toEqual([5, 5, 7])
    expect(at(1, 3, 4, 6)).toBeNaN()
    // Value of the plane column + row between centres: at 10 m (6.5, 4.5) -> 20 m (3.25, 2.25) - 0.5.
    expect(at(1, 2, 4, 6)).toBeCloseTo(3100 + (6.5 / 2 - 0.5) + (4.5 / 2 - 0.5), 4)
  })

  it('come to a grid that is made', async () => {
    await sentinel(folder)
    const grid = { crs: 'EPSG:32632', resolution: 50, bounds: [600000, 5199800, 600400, 5200000] as const }
    const node = stackLayers(await open(), { grid, resampling: 'average', bands: ['B04'] })
    expect(shapeOf(node.schema)).toEqual([3, 1, 4, 8])
    const at = await cells(node)
    expect(at(0, 0, 0, 0)).toBeCloseTo(1000 + 2 + 2, 4)
    const other = stackLayers(await open(), {
      grid: { crs: parseCrs('EPSG:4326'), resolution: 0.001 },
      resampling: 'near',
    })
    expect(other.schema.grid!.crs.code).toBe('EPSG:4326')
  })
})

describe('dates', () => {
  it('are those of any layer, of all, or of one', async () => {
    await sentinel(folder)
    const set = await open({ bands: ['B11', 'SCL'] })
    expect(labels(stackLayers(set), 0)).toHaveLength(3)
    expect(labels(stackLayers(set, { time: 'intersection' }), 0)).toEqual([
      '2020-06-01T00:00:00Z',
      '2020-06-21T00:00:00Z',
    ])
    expect(labels(stackLayers(set, { time: 'SCL' }), 0)).toHaveLength(2)
    expect(() => stackLayers(set, { time: 'SCLX' })).toThrow(expect.objectContaining({ tag: 'NoLayer' }))
  })

  it('spread static and yearly layers only on request', async () => {
    await sentinel(folder)
    await writeRaster(folder, 'dem.tif', {
      grid: gridAt(10, 40, 30),
      bands: ['dem'],
      dtype: 'float32',
      value: (x) => x,
    })
    for (const year of [2019, 2020]) {
      const value = (): number => year - 2000
      await writeRaster(folder, `landcover_${year}0101.tif`, { grid: gridAt(10, 40, 30), bands: ['cover'], value })
    }
    const set = await open()
    expect(() => stackLayers(set, { bands: ['B04', 'dem'] })).toThrow(
      expect.objectContaining({ tag: 'NoDates', hint: expect.stringContaining('"static"') as string }),
    )
    const plain = stackLayers(set, { bands: ['B04', 'cover'] })
    expect(labels(plain, 0)).toHaveLength(5)
    const node = stackLayers(set, {
      bands: ['B04', 'dem', 'cover'],
      broadcast: { dem: 'static', cover: 'year' },
    })
    expect(labels(node, 0)).toHaveLength(3)
    const at = await cells(node)
    expect([at(2, 0, 0, 1), at(2, 1, 0, 7), at(0, 2, 0, 0)]).toEqual([1201, 7, 20])
    const previous = await cells(stackLayers(set, { bands: ['B04', 'cover'], broadcast: { cover: 'previous' } }))
    expect(previous(0, 1, 0, 0)).toBe(20)
    const nearest = await cells(stackLayers(set, { bands: ['B04', 'cover'], broadcast: { cover: 'nearest' } }))
    expect(nearest(0, 1, 0, 0)).toBe(20)
    const month = await cells(stackLayers(set, { bands: ['B04', 'cover'], broadcast: { cover: 'month' } }))
    expect(month(0, 1, 0, 0)).toBeNaN()
    const wrong = { bands: ['B04', 'cover'], broadcast: { cover: 'static' } } satisfies StackOptions
    expect(() => stackLayers(set, wrong)).toThrow(expect.objectContaining({ tag: 'BadBroadcast' }))
  })

  it('are left out where no layer has any', async () => {
    await writeRaster(folder, 'dem.tif', { grid: gridAt(10, 4, 4), dtype: 'float32', value: (x, y) => x + y })
    await writeRaster(folder, 'slope.tif', { grid: gridAt(10, 4, 4), dtype: 'float32', value: (x, y) => x * y })
    const node = stackLayers(await open({ time: undefined as never }))
    expect(node.schema.dims.map(({ name }) => name)).toEqual(['bands', 'y', 'x'])
    const at = await cells(node)
    expect([at(0, 2, 3), at(1, 2, 3)]).toEqual([5, 6])
  })
})

describe('mosaics', () => {
  /** Two tiles of a date that overlap by two columns: 100 and 200, with a hole in the first. */
  const tiles = async (): Promise<LayerSet> => {
    const left = gridAt(10, 6, 4)
    const right = gridAt(10, 6, 4, 600040)
    const hole = (x: number, y: number): number => (x === 5 && y === 0 ? 0 : 100)
    await writeRaster(folder, 'a_20200601.tif', { grid: left, bands: ['v'], nodata: 0, value: hole })
    await writeRaster(folder, 'b_20200601.tif', { grid: right, bands: ['v'], nodata: 0, value: () => 200 })
    return open()
  }

  it.each([
    ['first', [100, 100, 200, 200]],
    ['last', [100, 200, 200, 200]],
    ['mean', [100, 150, 200, 200]],
    ['median', [100, 150, 200, 200]],
  ] as const)('%s of what covers a pixel', async (mosaic, [a, overlap, hole, b]) => {
    const set = await tiles()
    expect(set.layers[0]!.grids).toHaveLength(2)
    const node = stackLayers(set, { mosaic })
    expect(shapeOf(node.schema)).toEqual([1, 1, 4, 10])
    const at = await cells(node)
    expect([at(0, 0, 1, 0), at(0, 0, 1, 4), at(0, 0, 0, 5), at(0, 0, 3, 9)]).toEqual([a, overlap, hole, b])
  })

  it.each([
    ['first', [1, 1, 2, 2]],
    ['last', [3, 2, 3, 2]],
    ['mean', [2, 1.5, 2.5, 2]],
    ['median', [2, 1.5, 2.5, 2]],
  ] as const)('count %s by the order of the files, whatever their pixels', async (mosaic, [all, ab, bc, b]) => {
    // a and c have pixels of 20 m, b those of the grid; they lie upon each other by turns.
    const coarse = (width: number, x: number) => gridAt(20, width, 4, 600000 + x)
    await writeRaster(folder, 'a_20200601.tif', { grid: coarse(4, 0), bands: ['v'], nodata: 0, value: () => 1 })
    await writeRaster(folder, 'b_20200601.tif', { grid: gridAt(10, 16, 8), bands: ['v'], nodata: 0, value: () => 2 })
    const holed = (x: number) => (x === 1 ? 0 : 3)
    await writeRaster(folder, 'c_20200601.tif', { grid: coarse(4, 40), bands: ['v'], nodata: 0, value: holed })
    const grid = gridAt(10, 16, 8)
    const at = await cells(stackLayers(await open(), { grid, resampling: 'near', mosaic }))
    expect([at(0, 0, 0, 5), at(0, 0, 0, 0), at(0, 0, 0, 9), at(0, 0, 0, 15)]).toEqual([all, ab, bc, b])
  })

  it('count by the order of the files where these are packed differently', async () => {
    const grid = gridAt(10, 4, 4)
    await writeRaster(folder, 'a_20200601.tif', { grid, bands: ['v'], nodata: 0, value: (x) => (x === 0 ? 0 : 1) })
    await writeRaster(folder, 'b_20200601.tif', { grid, bands: ['v'], nodata: 255, value: (x) => (x < 2 ? 2 : 255) })
    await writeRaster(folder, 'c_20200601.tif', { grid, bands: ['v'], nodata: 0, value: () => 3 })
    const of = async (mosaic: 'first' | 'last'): Promise<number[]> => {
      const at = await cells(stackLayers(await open(), { mosaic }))
      return [0, 1, 2].map((x) => at(0, 0, 0, x))
    }
    expect(await of('first')).toEqual([2, 1, 1])
    expect(await of('last')).toEqual([3, 3, 3])
  })

  it('take as many images at a time as do not meet', async () => {
    for (const [i, name] of ['a', 'b', 'c', 'd'].entries())
      await writeRaster(folder, `${name}_20200601.tif`, {
        grid: gridAt(10, 6, 4, 600000 + 40 * i),
        bands: ['v'],
        nodata: 0,
        value: () => i + 1,
      })
    const node = stackLayers(await open(), { mosaic: 'mean' })
    expect(consumersFirst(node).filter(({ kind }) => kind === 'source')).toHaveLength(2)
    const at = await cells(node)
    expect([0, 5, 8, 9, 13, 17].map((x) => at(0, 0, 1, x))).toEqual([1, 1.5, 2.5, 2.5, 3.5, 4])
  })

  it('joins tiles of elevation by their format, others by the name they are given', async () => {
    for (const [name, height] of [['N46E010', 1], ['N46E011', 2]] as const) // biome-ignore format: pairs
      await writeFile(join(folder, `${name}.hgt`), Buffer.alloc(2 * 1201 * 1201, Uint8Array.of(0, height)))
    const dem = await open({ paths: join(folder, '*.hgt'), time: undefined as never })
    expect(dem.layers.map(({ name, band }) => [name, band.role])).toEqual([['dem', 'dem']])
    const node = stackLayers(dem)
    expect(shapeOf(node.schema)).toEqual([1, 1201, 2401])
    expect(node.schema.grid).toMatchObject({ affine: [1 / 1200, 0, 10 - 1 / 2400, 0, -1 / 1200, 47 + 1 / 2400] })
    const at = await cells(node)
    expect([at(0, 5, 1200), at(0, 5, 1201)]).toEqual([1, 2])

    for (const [i, name] of ['west', 'east'].entries())
      await writeRaster(folder, `${name}.tif`, { grid: gridAt(10, 4, 4, 600000 + 40 * i), value: () => i })
    const paths = join(folder, '*.tif')
    const apart = await open({ paths, time: undefined as never })
    const hint = expect.stringContaining('bands: { from: "name"')
    expect(() => stackLayers(apart)).toThrow(expect.objectContaining({ tag: 'DifferentGrids', hint }))
    const tiles = await open({ paths, time: undefined as never, bands: { from: 'name', pattern: '(st)' } })
    expect(shapeOf(stackLayers(tiles).schema)).toEqual([1, 4, 8])
  })

  it('joins tiles of two reference systems on a grid that is given', async () => {
    await writeRaster(folder, 'a_20200601.tif', { grid: gridAt(10, 20, 20), bands: ['v'], nodata: 0, value: () => 7 })
    const zone33 = { ...gridAt(10, 20, 20, 146_000, 5_210_000), crs: parseCrs('EPSG:32633') }
    await writeRaster(folder, 'b_20200601.tif', { grid: zone33, bands: ['v'], nodata: 0, value: () => 9 })
    const set = await open()
    expect(() => stackLayers(set)).toThrow(expect.objectContaining({ tag: 'DifferentGrids' }))
    const node = stackLayers(set, { grid: { crs: 'EPSG:32632', resolution: 10 }, resampling: 'near' })
    const { data } = await computeCube(node)
    const { nodata } = node.schema.packing
    const values = new Set([...data].filter((value) => value !== nodata && !Number.isNaN(value)))
    expect(values).toEqual(new Set([7, 9]))
  })
})

describe('degrees', () => {
  it('of other turns around the Earth are the same places', async () => {
    const crs = parseCrs('EPSG:4326')
    const [east, west] = [0, -180].map((x) => ({ crs, affine: [10, 0, x, 0, -10, 20] as const, width: 36, height: 4 }))
    await writeRaster(folder, 'e_20200601.tif', { grid: east!, nodata: 0, dtype: 'int16', value: (x) => x + 1 })
    await writeRaster(folder, 'w_20200601.tif', { grid: west!, nodata: 0, dtype: 'int16', value: (x) => x + 1 })
    const set = await open()
    expect(() => stackLayers(set, { grid: 'w' })).toThrow(expect.objectContaining({ tag: 'NoResampling' }))
    const node = stackLayers(set, { grid: 'w', resampling: 'near' })
    expect(node.schema.packing.dtype).toBe('int16')
    const at = await cells(node)
    const columns = Array.from({ length: 36 }, (_, x) => x)
    expect(columns.map((x) => at(0, 0, 1, x))).toEqual(columns.map((x) => ((x + 18) % 36) + 1))
    expect(columns.map((x) => at(0, 1, 1, x))).toEqual(columns.map((x) => x + 1))
  })
})

describe('what is missing', () => {
  it('gets a value where one is asked for', async () => {
    await sentinel(folder)
    const at = await cells(stackLayers(await open(), { bands: ['SCL'], time: 'B04', fill: -1 }))
    expect([at(1, 0, 0, 0), at(0, 0, 0, 3)]).toEqual([-1, 3])
  })

  it('widens the type that has no value to spare', async () => {
    await sentinel(folder)
    const node = stackLayers(await open(), { bands: ['SCL'], time: 'B04' })
    expect(node.schema.packing).toEqual({ dtype: 'int16', nodata: -32768, scale: 1, offset: 0 })
  })
})
