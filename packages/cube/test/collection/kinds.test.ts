/** Types of stacked cells: as stored where no cell can be missing, wider where some can, and where damage is skipped. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { covers } from '../../src/collection/lattice.ts'
import { evaluateGraph } from '../../src/graph/evaluate.ts'
import { type Collection, Cube, type CubeNode, type DType, fromName, type Grid, open } from '../../src/index.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { CubeValue } from '../../src/process/row.ts'
import { temporaryFolder } from '../temporary.ts'
import { gridAt, writeRaster } from './scene.ts'

let folder: string
const opened: Collection[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const set of opened.splice(0)) await set.close()
})

const time = fromName(/(\d{8})/)

async function collection(options: Parameters<typeof open>[1] = { time }): Promise<Collection> {
  const set = await open(join(folder, '*.tif'), options)
  opened.push(set)
  return set
}

/** Every number of a byte, 0 and 255 among them. */
const bytes = (x: number, y: number): number => (x + 31 * y) % 256
const image = (name: string, grid: Grid, dtype: DType = 'uint8', value = bytes): Promise<string> =>
  writeRaster(folder, name, { grid, dtype, value })

const packing = ({ node }: Cube): CubeNode['schema']['packing'] => node.schema.packing
const UINT8 = { dtype: 'uint8', scale: 1, offset: 0 }
const INT16 = { dtype: 'int16', nodata: -32768, scale: 1, offset: 0 }

describe('the type of a stack', () => {
  it('is that of the files where every date has a whole image', async () => {
    for (const date of ['20200601', '20200611']) await image(`a_${date}.tif`, gridAt(10, 40, 30))
    const cube = (await collection()).stack()
    expect(packing(cube)).toEqual(UINT8)
    const { data } = await computeCube(cube.node)
    expect([data[0], data[255 % 40], data.length, Math.max(...data)]).toEqual([0, 15, 2400, 255])
    expect(
      packing(cube.filterTemporal('2020-06-01', '2020-06-02').filterBbox([600050, 5199800, 600200, 5199900], 32632)),
    ).toEqual(UINT8)
  })

  it('is that of the files where tiles fill the grid, wider where they leave a gap', async () => {
    await image('a_20200601.tif', gridAt(10, 20, 30))
    await image('a2_20200601.tif', gridAt(10, 20, 20, 600200))
    const holed = (await collection({ time, bands: fromName(/^(a)/) })).stack()
    expect(packing(holed)).toEqual(INT16)
    const { data } = await computeCube(holed.node)
    expect([data[0], data[29 * 40 + 39], data[19 * 40 + 39]]).toEqual([0, -32768, bytes(19, 19)])
    await image('a3_20200601.tif', gridAt(10, 30, 12, 600100, 5199820))
    const whole = (await collection({ time, bands: fromName(/^(a)/) })).stack()
    expect(packing(whole)).toEqual(UINT8)
    expect((await computeCube(whole.node)).data[29 * 40 + 39]).toBe(bytes(29, 11))
  })

  it('is wider where a date lacks its image, and that of the files again where a value fills in', async () => {
    const grid = gridAt(10, 8, 6)
    await image('a_20200601.tif', grid)
    await image('a_20200611.tif', grid)
    await image('b_20200601.tif', grid)
    const set = await collection({ time, bands: fromName(/^([ab])/) })
    expect(packing(set.stack())).toEqual(INT16)
    expect(packing(set.stack({ time: 'b' }))).toEqual(UINT8)
    expect(packing(set.stack({ fill: 7 }))).toEqual(UINT8)
    expect((await computeCube(set.stack({ fill: 7 }).node)).data.slice(-48)).toEqual(new Uint8Array(48).fill(7))
    expect(packing(set.stack({ fill: -1 }))).toEqual({ dtype: 'int16', scale: 1, offset: 0 })
    expect(packing(set.stack({ fill: 0.5 })).dtype).toBe('float32')
  })

  it('holds the integers of all bands', async () => {
    const grid = gridAt(10, 8, 6)
    await image('a.tif', grid)
    await image('b.tif', grid, 'uint16', () => 65535)
    const cube = (await collection({ bands: fromName(/^([ab])/) })).stack()
    expect(packing(cube)).toEqual({ ...UINT8, dtype: 'uint16' })
    const { data } = await computeCube(cube.node)
    expect([data[47], data[48]]).toEqual([bytes(7, 5), 65535])
  })

  it.each([
    ['within the images', gridAt(20, 10, 5, 600040, 5199960), UINT8],
    ['partly beyond them', gridAt(20, 10, 5, 599900, 5199960), INT16],
  ] as const)('of picked pixels %s', async (_, grid, kind) => {
    await image('a.tif', gridAt(10, 40, 30))
    const cube = (await collection({})).stack({ grid, resampling: 'near' })
    expect(packing(cube)).toEqual(kind)
    const { data } = await computeCube(cube.node)
    const at = (x: number, y: number): number => {
      const [column, row] = [Math.floor((grid.affine[2] + 20 * x + 10 - 600000) / 10), 4 + 2 * y + 1]
      return column < 0 ? -32768 : bytes(column, row)
    }
    expect([data[0], data[9], data[49]]).toEqual([at(0, 0), at(9, 0), at(9, 4)])
  })
})

describe('damaged chunks that are skipped', () => {
  /** An image of four chunks of which the last cannot be decoded. */
  async function damaged(): Promise<string> {
    const path = await image('a.tif', gridAt(10, 64, 64), 'uint8', (x, y) => (x * x + y * 57 + x * y) % 256)
    const content = await readFile(path)
    await writeFile(path, content.fill(255, content.length - 120, content.length - 20))
    return path
  }
  const value = (x: number, y: number): number => (x * x + y * 57 + x * y) % 256

  function expectMissing(data: ArrayLike<number>, kind: typeof INT16): void {
    for (const [x, y] of [
      [0, 0],
      [31, 63],
      [63, 31],
      [5, 40],
    ] as const)
      expect(data[y * 64 + x]).toBe(value(x, y))
    for (const [x, y] of [
      [32, 32],
      [63, 63],
    ] as const)
      expect(data[y * 64 + x]).toBe(kind.nodata)
  }

  it.each(['out.tif', 'out.zarr', 'out.nc'])(
    'are missing in %s, although the image has no value for that',
    async (name) => {
      await damaged()
      const cube = (await collection({})).stack()
      expect(packing(cube)).toEqual(UINT8)
      const out = join(folder, name)
      await expect(cube.save(out)).rejects.toThrow('a.tif')
      const { failed } = await cube.save(out, { onError: 'skip' })
      expect(failed).toMatchObject([{ chunk: [0, 1, 1], path: expect.stringContaining('a.tif') as string }])
      const back = await open(out)
      opened.push(back)
      expect(packing(back.stack())).toEqual(INT16)
      expectMissing((await computeCube(back.stack().node)).data, INT16)
    },
  )

  it.each([{}, { workers: 1 }])(
    'are missing in what is computed (%j), although the image has no value for that',
    async (how) => {
      await damaged()
      const cube = (await collection({})).stack()
      await expect(cube.compute(how)).rejects.toThrow('a.tif')
      const told: unknown[] = []
      const { data } = await cube.compute({ ...how, onError: 'skip', onFailedChunk: (failure) => told.push(failure) })
      expect([data[40 * 64 + 5], data[32 * 64 + 32], data[63 * 64 + 63]]).toEqual([
        value(5, 40),
        Number.NaN,
        Number.NaN,
      ])
      expect(data.filter((cell) => Number.isNaN(cell))).toHaveLength(32 * 32)
      expect(told).toMatchObject([{ chunk: [0, 1, 1], path: expect.stringContaining('a.tif') as string }])
    },
  )

  it('are missing alone, where tiles lie side by side off their chunks', async () => {
    await damaged()
    // Chunks of 32 pixels that begin at 0, 50 and 114: those of the second and third file cut across the first one's.
    await image('a2.tif', gridAt(10, 50, 64, 599500), 'uint8', value)
    await image('a3.tif', gridAt(10, 40, 80, 600640, 5200100), 'uint8', value)
    const cube = (await collection({ bands: fromName(/^(a)/) })).stack()
    const told: unknown[] = []
    const { data } = await computeCube(cube.node, { onError: 'skip', onFailedChunk: (failure) => told.push(failure) })
    const whole = await readFile(join(folder, 'a.tif'))
    await image('a.tif', gridAt(10, 64, 64), 'uint8', value)
    expect(whole).not.toEqual(await readFile(join(folder, 'a.tif')))
    const sound = (await computeCube((await collection({ bands: fromName(/^(a)/) })).stack().node)).data
    const differ = Array.from(data.keys()).filter((i) => data[i] !== sound[i])
    const lost = differ.map((i) => [i % 154, Math.floor(i / 154)] as const)
    expect(lost).toHaveLength(32 * 32)
    expect(lost.every(([x, y]) => x >= 50 + 32 && x < 50 + 64 && y >= 10 + 32 && y < 10 + 64)).toBe(true)
    expect(told).toMatchObject([{ chunk: [0, 1, 1], path: expect.stringContaining('a.tif') as string }])
  })

  it('are missing in what is made of the image, and of arrays in memory with it', async () => {
    await damaged()
    const cube = (await collection({})).stack().band('a')
    const out = join(folder, 'out.zarr')
    // A cube without steps stands for an array in memory: it is taken as it is.
    const other = await open(await image('whole.tif', gridAt(10, 64, 64), 'uint8', value))
    opened.push(other)
    const inMemory = new Cube(other.stack().band('whole').eq(value(5, 40)).node)
    await cube.mask(inMemory).save(out, { onError: 'skip' })
    const back = await open(out)
    opened.push(back)
    const { data } = await computeCube(back.stack().node)
    expect([data[40 * 64 + 5], data[0], data[63 * 64 + 63]]).toEqual([-32768, 0, -32768])
    const picture = await cube.plot({ onError: 'skip' })
    expect(picture.width).toBeGreaterThan(0)
    await expect(cube.plot()).rejects.toThrow('a.tif')
  })

  it('are missing in graphs of single files', async () => {
    const graph = {
      load: { process_id: 'load_uploaded_files', arguments: { paths: [await damaged()], format: null }, result: true },
    }
    for (const [onError, kind] of [
      ['fail', UINT8],
      ['skip', INT16],
    ] as const) {
      const { value: result, close } = await evaluateGraph(graph, { onError })
      const { node } = result as CubeValue
      expect(node.schema.packing).toEqual(kind)
      const cells = computeCube(node, { onError })
      if (onError === 'fail') await expect(cells).rejects.toThrow('a.tif')
      else expectMissing((await cells).data, INT16)
      await close()
    }
  })
})

describe('boxes over a grid', () => {
  it('cover it where they leave no pixel out', () => {
    const side = fc.integer({ min: 1, max: 9 })
    const box = fc.record({
      column: fc.integer({ min: -3, max: 8 }),
      row: fc.integer({ min: -3, max: 8 }),
      width: side,
      height: side,
    })
    fc.assert(
      fc.property(fc.array(box, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (boxes, size) => {
        const isIn = (x: number, y: number): boolean =>
          boxes.some((b) => x >= b.column && x < b.column + b.width && y >= b.row && y < b.row + b.height)
        const pixels = Array.from({ length: size * size }, (_, i) => isIn(i % size, Math.floor(i / size)))
        expect(covers(gridAt(10, size, size), boxes)).toBe(pixels.every(Boolean))
      }),
    )
  })
})
