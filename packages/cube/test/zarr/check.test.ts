/** What zarr-python, xarray and rioxarray read from our stores (`oracles/zarr/check.py`) is what we wrote. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TypedArray } from '../../src/dtype.ts'
import type { Packing } from '../../src/model/block.ts'
import { sliceBox } from '../../src/model/copy.ts'
import { shapeOf } from '../../src/model/node.ts'
import { temporaryFolder } from '../temporary.ts'
import { SAMPLES, writeCheckStores } from './check-stores.ts'
import { readZarr, sampleCells } from './samples.ts'

interface ArrayRow {
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  readonly dtype: string
  readonly sha256: string
  readonly mean: number
  readonly missing: number
  readonly epsg: number
  readonly transform: readonly number[]
  readonly units: string | null
}
interface StoreRow {
  readonly arrays: Readonly<Record<string, ArrayRow>>
  readonly consolidated: boolean
  readonly same: boolean
  readonly times?: readonly string[]
  readonly bands?: readonly string[]
  readonly geozarr: Readonly<Record<string, unknown>>
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../oracles/zarr/check.json'), 'utf8')) as {
  stores: Record<string, StoreRow>
}

const digest = ({ buffer, byteOffset, byteLength }: TypedArray): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 16)

function physical(cells: TypedArray, { nodata, scale, offset }: Packing): number[] {
  return Array.from(cells as ArrayLike<number>)
    .filter((value) => !Number.isNaN(value) && value !== nodata)
    .map((value) => value * scale + offset)
}

test('every sample has been checked', () => {
  expect(new Set(Object.keys(golden.stores))).toEqual(new Set(Object.keys(SAMPLES)))
})

describe.each(Object.entries(SAMPLES))('%s', (name, { schema }) => {
  const row = golden.stores[name]!
  const cells = sampleCells(schema)
  const shape = shapeOf(schema)
  const bands = schema.dims.findIndex((dim) => dim.type === 'bands')

  /** The cells of one array of the store. */
  const cellsOf = (array: string): TypedArray => {
    if (row.bands !== undefined || bands < 0) return cells
    const start = shape.map((_, d) => (d === bands ? (schema.dims[d]!.labels as string[]).indexOf(array) : 0))
    return sliceBox(cells, shape, { start, shape: shape.map((n, d) => (d === bands ? 1 : n)) })
  }

  test('cells, raw and physical', () => {
    for (const [array, read] of Object.entries(row.arrays)) {
      const own = cellsOf(array)
      expect(read.dtype).toBe(schema.packing.dtype)
      expect(read.sha256).toBe(digest(own))
      const values = physical(own, schema.packing)
      expect(read.missing).toBe(own.length - values.length)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      expect(read.mean).toBeCloseTo(mean, 5)
    }
  })

  test('dimensions, times, bands, unit', () => {
    const names = schema.dims.map((dim) => dim.name)
    for (const read of Object.values(row.arrays)) {
      expect(read.dims).toEqual(row.bands === undefined ? names.filter((_, d) => d !== bands) : names)
      expect(read.units).toBe(schema.unit ?? null)
    }
    const times = schema.dims.find((dim) => dim.type === 'temporal')?.labels
    expect(row.times).toEqual(times?.map((label) => label.slice(0, 19)))
  })

  test('CRS and transform, in CF and in GeoZarr', () => {
    const { crs, affine } = schema.grid!
    for (const read of Object.values(row.arrays)) {
      expect(`EPSG:${read.epsg}`).toBe(crs.code)
      for (const [i, value] of affine.entries()) expect(read.transform[i]).toBeCloseTo(value, 9)
    }
    expect(row.geozarr).toMatchObject({ 'proj:code': crs.code, 'spatial:transform': [...affine] })
    expect(row).toMatchObject({ consolidated: true, same: true })
  })
})

test('the stores that were checked are those that are written today', async () => {
  const folder = await temporaryFolder()
  for (const name of await writeCheckStores(folder)) {
    const arrays = Object.entries(golden.stores[name]!.arrays)
    for (const [array, row] of arrays)
      expect(digest((await readZarr(join(folder, name), array)).cells)).toBe(row.sha256)
    const root = JSON.parse(readFileSync(join(folder, name, 'zarr.json'), 'utf8')) as {
      attributes: Record<string, unknown>
    }
    expect(root.attributes).toMatchObject(golden.stores[name]!.geozarr)
  }
})
