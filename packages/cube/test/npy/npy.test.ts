import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TypedArray } from '../../src/dtype.ts'
import { hgtSource } from '../../src/hgt.ts'
import { sliceBox } from '../../src/model/copy.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { npyFromHandle, npySource, npzSources, writeNpy, writeNpz } from '../../src/npy/npy.ts'
import { npySink } from '../../src/npy/sink.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { FailedChunk } from '../../src/plan/reader.ts'
import { dataFolder, hasData } from '../data.ts'
import { writeAll } from '../netcdf/write.ts'
import { temporaryFolder } from '../temporary.ts'

interface Statistics {
  readonly shape: number[]
  readonly missing: number
  readonly sum: number
  readonly weighted: number
}
const golden = JSON.parse(readFileSync(new URL('../../../../oracles/npy/arrays.json', import.meta.url), 'utf8')) as {
  arrays: Record<string, { npy: string; shape: number[]; values: (number | string | null)[] }>
  npz: string
  files: Record<string, Statistics>
  tiles: Record<string, Statistics & { transform: number[] }>
}

function compare(values: ArrayLike<number>, want: Statistics, nodata?: number): void {
  const all = Float64Array.from(values, (v) => (v === nodata ? Number.NaN : v))
  const valid = all.filter((v) => Number.isFinite(v))
  expect(all.length - valid.length).toBe(want.missing)
  expect(Math.abs(valid.reduce((a, v) => a + v, 0) - want.sum)).toBeLessThanOrEqual(1e-9 * Math.abs(want.sum))
  const weighted = all.reduce((a, v, i) => (Number.isFinite(v) ? a + v * (i % 97) : a), 0)
  expect(Math.abs(weighted - want.weighted)).toBeLessThanOrEqual(1e-9 * Math.abs(want.weighted))
}

describe('.npy', () => {
  for (const [name, { npy, shape, values }] of Object.entries(golden.arrays)) {
    test(`NumPy's ${name}, whole and in pieces`, async () => {
      const path = join(await temporaryFolder(), 'a.npy')
      await writeFile(path, Buffer.from(npy, 'base64'))
      const source = await npySource(path)
      expect(shapeOf(source.schema)).toEqual(shape)
      const whole = await source.read(wholeRegion(shape))
      expect([...whole]).toEqual(values.map((v) => (v === null ? Number.NaN : Number(v))))
      if (shape.length === 3) {
        const region = { start: [1, 0, 1], shape: [1, 2, 3] }
        expect(await source.read(region)).toEqual(sliceBox(whole, shape, region))
      }
      await source.close()
    })
  }

  for (const [path, want] of Object.entries(golden.files)) {
    test.skipIf(!hasData(path.split('/')[0]!))(path, async () => {
      const source = await npyFromHandle({ format: 'npy', path: join(dataFolder, path) })
      expect(shapeOf(source.schema)).toEqual(want.shape)
      compare(await source.read(wholeRegion(want.shape)), want)
      await source.close()
    })
  }

  test('what is written is read again, whatever the type and shape', async () => {
    const folder = await temporaryFolder()
    const arrays = fc.oneof(
      fc.float32Array({ maxLength: 24 }),
      fc.uint16Array({ maxLength: 24 }),
      fc.int8Array({ maxLength: 24 }),
      fc.float64Array({ maxLength: 24 }),
    )
    await fc.assert(
      fc.asyncProperty(arrays, async (cells) => {
        const path = join(folder, 'a.npy')
        const shape = cells.length % 2 === 0 ? [2, cells.length / 2] : [cells.length]
        const copy = cells.slice() as Float32Array<ArrayBuffer>
        await writeNpy(path, copy, shape)
        expect((await readFile(path)).indexOf('\n') % 64).toBe(63)
        const source = await npySource(path)
        expect(await source.read(wholeRegion(shape))).toEqual(copy)
        await source.close()
      }),
      { numRuns: 30 },
    )
  })

  test('a cube is written in pieces, in any order', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'cube.npy')
    const other = (name: string, n: number) =>
      ({ type: 'other', name, labels: Array.from({ length: n }, (_, i) => i) }) as const
    const packing = { dtype: 'float32', scale: 1, offset: 0 } as const
    const schema: CubeSchema = { dims: [other('a', 3), other('b', 700), other('c', 513)], packing }
    const data = Float32Array.from({ length: 3 * 700 * 513 }, (_, i) => i / 3)
    await writeAll(npySink, path, schema, data, {}, true)
    expect(await readdir(folder)).toEqual(['cube.npy'])
    const source = await npySource(path)
    expect(await source.read(wholeRegion([3, 700, 513]))).toEqual(data)
    await source.close()
  })

  test('packed cells become physical ones, with NaN for what is missing', async () => {
    const path = join(await temporaryFolder(), 'cube.npy')
    const dims = [{ type: 'other', name: 'a', labels: [0, 1, 2] }] as const
    const write = async (packing: CubeSchema['packing'], data: TypedArray) => {
      await writeAll(npySink, path, { dims, packing }, data)
      const source = await npySource(path)
      const cells = await source.read(wholeRegion([3]))
      await source.close()
      return cells
    }
    const scaled = { dtype: 'uint16', nodata: 0, scale: 0.5, offset: 10 } as const
    expect(await write(scaled, Uint16Array.of(0, 1, 2))).toEqual(Float64Array.of(Number.NaN, 10.5, 11))
    const filled = { dtype: 'int16', nodata: -9999, scale: 1, offset: 0 } as const
    expect(await write(filled, Int16Array.of(-9999, 1, 2))).toEqual(Float32Array.of(Number.NaN, 1, 2))
    const truth = { dtype: 'uint8', isBoolean: true, scale: 1, offset: 0 } as const
    expect(await write(truth, Uint8Array.of(0, 1, 255))).toEqual(Float32Array.of(0, 1, Number.NaN))
    const plain = { dtype: 'uint8', scale: 1, offset: 0 } as const
    expect(await write(plain, Uint8Array.of(0, 1, 255))).toEqual(Uint8Array.of(0, 1, 255))
  })

  test('what is no array of numbers says so', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.npy')
    await expect(npySource(path)).rejects.toThrow(/there is no file/)
    await writeFile(path, 'hello, this is text')
    await expect(npySource(path)).rejects.toThrow(/no readable .npy array/)
    const text = "{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }\n"
    await writeFile(
      path,
      Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([text.length, 0]), Buffer.from(text)]),
    )
    await expect(npySource(path)).rejects.toThrow(/type <U3/)
    await writeNpy(path, new Float64Array(1000), [10, 100])
    await writeFile(path, (await readFile(path)).subarray(0, 500))
    const source = await npySource(path)
    expect((await source.read({ start: [0, 0], shape: [1, 2] })).length).toBe(2)
    await expect(source.read({ start: [9, 0], shape: [1, 2] })).rejects.toMatchObject({ tag: 'CorruptChunk' })
    await source.close()
  })
})

describe('.npz', () => {
  test("NumPy's archives, texts left out", async () => {
    const path = join(await temporaryFolder(), 'a.npz')
    await writeFile(path, Buffer.from(golden.npz, 'base64'))
    const entries = await npzSources(path)
    expect(entries.map(({ name }) => name)).toEqual(['first', 'second'])
    expect([...(await entries[0]!.source.read({ start: [1, 0], shape: [1, 3] }))]).toEqual([3, 4, 5])
    expect([...(await entries[1]!.source.read(wholeRegion([2, 2])))]).toEqual([1, 0, 0, 1])
    const again = await npyFromHandle(entries[1]!.source.handle)
    expect(shapeOf(again.schema)).toEqual([2, 2])
    await expect(npyFromHandle({ format: 'npz', path, array: 'third' })).rejects.toThrow(/no array "third"/)
  })

  test('written and read; damaged archives are errors', async () => {
    const path = join(await temporaryFolder(), 'a.npz')
    const cells = Float32Array.of(1, 2, 3, Number.NaN)
    await writeNpz(path, { x: { cells, shape: [2, 2] }, y: { cells: Uint8Array.of(7), shape: [1] } })
    const [x, y] = await npzSources(path)
    expect(await x!.source.read(wholeRegion([2, 2]))).toEqual(cells)
    expect(await y!.source.read(wholeRegion([1]))).toEqual(Uint8Array.of(7))
    await writeFile(path, (await readFile(path)).subarray(0, 60))
    await expect(npzSources(path)).rejects.toThrow(/no complete .npz/)
  })
})

describe('SRTM tiles', () => {
  for (const [path, want] of Object.entries(golden.tiles)) {
    test.skipIf(!hasData(path.split('/')[0]!))(`${path} as GDAL reads it`, async () => {
      const source = await hgtSource(join(dataFolder, path))
      expect(shapeOf(source.schema)).toEqual(want.shape)
      source.schema.grid!.affine.forEach((v, i) => {
        expect(v).toBeCloseTo(want.transform[i]!, 11)
      })
      const whole = await source.read(wholeRegion(want.shape))
      compare(whole, want, -32768)
      const region = { start: [700, 20], shape: [3, 50] }
      expect(await source.read(region)).toEqual(sliceBox(whole, want.shape, region))
      expect(source.schema.band).toMatchObject({ role: 'dem', unit: 'm' })
      await source.close()
    })
  }

  /** Hills of some 20 cells, the sea below 0, and voids. */
  const height = (rows: number, columns: number): Int16Array => {
    const [down, along] = [1, 1.7].map((turn) =>
      Float64Array.from({ length: 8000 }, (_, i) => 200 * Math.sin(i / 20 + turn)),
    )
    return Int16Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns]
      return i % 997 === 0
        ? -32768
        : Math.max(0, Math.round(down![row]! + along![column]! + along![(row + column) % 8000]!))
    })
  }

  test.each([
    [1201, 1201, 0.7],
    [3601, 1801, 0.6],
    [3601, 3601, 0.3],
    [3601, 3601, 0.05],
  ])('of %i x %i samples that are cut off give the rows that are there', async (rows, columns, share) => {
    const path = join(await temporaryFolder(), 'S01W001.hgt')
    const cells = height(rows, columns)
    const bytes = Buffer.from(cells.slice().buffer).swap16()
    const length = Math.floor(bytes.length * share) + 1
    await writeFile(path, bytes.subarray(0, length))
    const source = await hgtSource(path)
    const shape = shapeOf(source.schema)
    expect(shape).toEqual([rows, columns])
    const chunk = Math.floor(Math.floor(length / 2 / columns) / source.chunks[0]!)
    await expect(source.read(wholeRegion(shape))).rejects.toMatchObject({
      tag: 'CorruptChunk',
      data: { path, chunk: [chunk, 0] },
    })
    const node = { kind: 'source', schema: source.schema, label: 'dem', inputs: [], source } as const
    const failed: number[] = []
    const onFailedChunk = (one: FailedChunk): void => void failed.push(one.chunk[0]!)
    const { data } = await computeCube(node, { onError: 'skip', onFailedChunk })
    const known = chunk * source.chunks[0]! * columns
    expect(data.subarray(0, known)).toEqual(cells.subarray(0, known))
    expect(data.subarray(known).every((value) => value === -32768)).toBe(true)
    expect(failed[0]).toBe(chunk)
    expect(failed).toHaveLength(Math.ceil(rows / source.chunks[0]!) - chunk)
    await source.close()
  })

  test('that are cut off and flat are refused, as nothing tells how long their rows are', async () => {
    const path = join(await temporaryFolder(), 'S01W001.hgt')
    await writeFile(path, new Uint8Array(1_000_000))
    await expect(hgtSource(path)).rejects.toThrow(/cut off, and too little/)
  })

  test('names and sizes are checked', async () => {
    const folder = await temporaryFolder()
    await expect(hgtSource(join(folder, 'N40E014.hgt'))).rejects.toThrow(/there is no file/)
    await expect(hgtSource(join(folder, 'tile.hgt'))).rejects.toThrow(/does not say where/)
    await writeFile(join(folder, 'N40E014.hgt'), new Uint8Array(100))
    await expect(hgtSource(join(folder, 'N40E014.hgt'))).rejects.toThrow(/100 bytes instead/)
    await writeFile(join(folder, 'N40E014.hgt.zip'), new Uint8Array(100))
    await expect(hgtSource(join(folder, 'N40E014.hgt.zip'))).rejects.toThrow(/archive/)
  })
})
