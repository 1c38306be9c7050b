/** Every data type, codec and layout that zarr-python writes (`oracles/zarr/make_types.py`) is read as it reads it itself. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSource } from '../../src/geotiff/source.ts'
import { shapeOf } from '../../src/model/node.ts'
import { stridesOf, wholeRegion } from '../../src/model/region.ts'
import { datasetOf } from '../../src/zarr/array-source.ts'
import { cubeType, type Values } from '../../src/zarr/data-types.ts'
import { hierarchyOf, type ZarrHierarchy } from '../../src/zarr/hierarchy.ts'
import { arrayOf, cubeTypeOf, readInto, readValues } from '../../src/zarr/read.ts'
import { type Store, subStore } from '../../src/zarr/store.ts'
import { openZip } from '../../src/zarr/zip-store.ts'

interface Row {
  readonly shape: readonly number[]
  readonly values?: readonly unknown[]
  readonly sha256?: string
  readonly physical?: readonly (number | 'NaN')[]
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../oracles/zarr/types.json'), 'utf8')) as {
  stores: Record<string, Record<string, Row>>
}
const fixture = join(import.meta.dirname, '../fixtures/zarr/types.zip')

let zip: Store
beforeAll(async () => {
  zip = await openZip(await openSource(fixture))
})
afterAll(() => zip.close())

const digest = (values: Values): string => {
  const { buffer, byteOffset, byteLength } = values as Uint8Array<ArrayBuffer>
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 16)
}

/** As the oracle writes values. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value instanceof Uint8Array) return String.fromCharCode(...value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
  }
  return value
}

const asBoolean = (row: Row, value: unknown): unknown => (typeof row.values?.[0] === 'boolean' ? value === 1 : value)

describe.each(Object.entries(golden.stores))('%s', (folder, rows) => {
  let hierarchy: ZarrHierarchy
  beforeAll(async () => {
    hierarchy = await hierarchyOf(subStore(zip, folder))
  })

  test.each(Object.entries(rows))('%s', async (name, row) => {
    const metadata = hierarchy.arrays.get(name)
    expect(metadata, String(hierarchy.refused.get(name))).toBeDefined()
    expect(metadata!.shape).toEqual(row.shape)
    const values = await readValues(arrayOf(hierarchy.store, metadata!))
    if (row.sha256 !== undefined) expect(digest(values)).toBe(row.sha256)
    else expect(Array.from(values as Iterable<unknown>, (value) => asBoolean(row, plain(value)))).toEqual(row.values)
  })

  test('single cells and boxes are the same cells', async () => {
    for (const [name, metadata] of hierarchy.arrays) {
      const { shape } = metadata
      if (shape.length !== 2 || shape.some((n) => n < 4)) continue
      const array = arrayOf(hierarchy.store, metadata)
      const all = await readValues(array)
      const box = { start: [1, 2], shape: [shape[0]! - 2, shape[1]! - 3] }
      const part = await readValues(array, box)
      const expected = Array.from(part as Iterable<unknown>, (_, k) => {
        const [row, column] = [Math.floor(k / box.shape[1]!), k % box.shape[1]!]
        return all[(row + 1) * shape[1]! + column + 2]
      })
      expect(Array.from(part as Iterable<unknown>), name).toEqual(expected)
    }
  })
})

describe('as cubes', () => {
  const open = async (folder: string): Promise<ZarrHierarchy> => hierarchyOf(subStore(zip, folder))

  async function cells(folder: string, name: string) {
    const { store, arrays } = await open(folder)
    const metadata = arrays.get(name)!
    const dtype = cubeTypeOf(store, metadata)
    const out = dtype === 'float64' ? new Float64Array(4) : new Float32Array(4)
    await readInto(arrayOf(store, metadata), wholeRegion([4]), out, 0, stridesOf([4]), true)
    return out
  }

  test('64-bit integers are float64 while they are exact', async () => {
    for (const folder of ['types2.zarr', 'types3.zarr']) {
      const { store, arrays } = await open(folder)
      for (const name of ['i8', 'u8', 'big-i8', 'big-u8']) {
        const metadata = arrays.get(name)!
        expect(cubeTypeOf(store, metadata)).toBe('float64')
        const out = new Float64Array(35)
        await readInto(arrayOf(store, metadata), wholeRegion([5, 7]), out, 0, stridesOf([5, 7]), true)
        expect(Array.from(out, (value) => String(BigInt(value)))).toEqual(golden.stores[folder]![name]!.values)
      }
    }
    expect(await cells('fills3.zarr', 'safe')).toEqual(new Float64Array(4).fill(2 ** 53 - 1))
    expect(await cells('fills3.zarr', 'least')).toEqual(new Float64Array(4).fill(-(2 ** 63)))
  })

  test('a value that would lose digits is an error that says so', async () => {
    for (const folder of ['fills2.zarr', 'fills3.zarr']) {
      await expect(cells(folder, 'large')).rejects.toMatchObject({ tag: 'InexactValue', data: { chunk: [0] } })
    }
  })

  test('times, texts, records and complex numbers are refused by name', async () => {
    for (const folder of ['types2.zarr', 'types3.zarr']) {
      const { store, arrays } = await open(folder)
      for (const name of ['time-ns', 'duration', 'text', 'fixed-text', 'record', 'c8', 'c16', 'raw-bytes']) {
        const metadata = arrays.get(name)!
        expect(cubeType(metadata.type)).toBeUndefined()
        expect(() => cubeTypeOf(store, metadata)).toThrow(metadata.type.name)
      }
    }
  })

  test('stores of xarray: times, grid, physical values', async () => {
    for (const [folder, rows] of Object.entries(golden.stores)) {
      const physical = rows.temperature?.physical
      if (physical === undefined) continue
      const source = await sourceIn(folder)
      const { schema } = source
      expect(schema.dims.map((dim) => `${dim.type} ${dim.name}`)).toEqual(['temporal time', 'spatial y', 'spatial x'])
      expect(schema.dims[0]!.labels[2]).toBe('2020-02-29T00:00:00Z')
      expect(schema.grid?.crs.code).toBe('EPSG:32632')
      expect(schema.grid?.affine).toEqual([10, 0, 600000, 0, -10, 5200000])
      expect(schema.unit).toBe('K')
      const { nodata, scale, offset } = schema.packing
      const read = await source.read(wholeRegion(shapeOf(schema)))
      const made = Array.from(read as ArrayLike<number>, (raw) => (raw === nodata ? Number.NaN : raw * scale + offset))
      for (const [k, value] of made.entries()) {
        if (physical[k] === 'NaN') expect(value).toBeNaN()
        else expect(value).toBeCloseTo(physical[k] as number, 9)
      }
    }
  })

  async function sourceIn(folder: string) {
    const dataset = await datasetOf(folder, await open(folder), '', 1, 0, {})
    return dataset.variables.find(({ name }) => name === 'temperature')!.source
  }
})
