/** Layouts of written stores: chunks, shards, documents, attributes; and what zarrita, another reader, makes of them. */

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import * as zarrita from 'zarrita'
import { newArray } from '../../src/dtype.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { cellCount } from '../../src/model/region.ts'
import { isSharded, planOf } from '../../src/zarr/plan.ts'
import { geozarrAttributes } from '../../src/zarr/write-metadata.ts'
import { temporaryFolder } from '../temporary.ts'
import { SAMPLES } from './check-stores.ts'
import { readZarr, sampleCells, sampleSchema, writeZarr } from './samples.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

type Json = Readonly<Record<string, unknown>>
const documentOf = (...path: string[]): Json =>
  JSON.parse(readFileSync(join(folder, ...path, 'zarr.json'), 'utf8')) as Json

describe('plans', () => {
  const dimension = fc.record({
    isSpatial: fc.boolean(),
    length: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 200, max: 9000 })),
  })

  /** A schema of these dimensions, without more labels than are looked at. */
  const schemaOf = (
    dims: readonly { isSpatial: boolean; length: number }[],
    dtype: 'uint8' | 'float64',
  ): CubeSchema => ({
    dims: dims.map(({ isSpatial, length }, d): Dimension => {
      const labels = Array.from({ length }, (_, i) => i)
      const axis = dims.length - d === 1 ? 'x' : 'y'
      if (!isSpatial || dims.length - d > 2) return { type: 'other', name: `d${d}`, labels }
      return { type: 'spatial', name: `d${d}`, axis, labels }
    }),
    packing: { dtype, scale: 1, offset: 0 },
  })

  test('chunks lie within the cube, shards are whole chunks of a bearable size', () => {
    fc.assert(
      fc.property(
        fc.array(dimension, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('uint8' as const, 'float64' as const),
        (dims, dtype) => {
          const schema = schemaOf(dims, dtype)
          const { plan } = planOf('a.zarr', 'part', schema, {})
          const [array] = plan.arrays
          for (const [d, { length }] of dims.entries()) {
            expect(array!.chunks[d]).toBeGreaterThanOrEqual(1)
            expect(array!.chunks[d]).toBeLessThanOrEqual(length)
            expect(array!.shards[d]! % array!.chunks[d]!).toBe(0)
            expect(array!.shards[d]).toBeLessThan(length + array!.chunks[d]!)
          }
          const bytes = dtype === 'uint8' ? 1 : 8
          expect(cellCount(array!.shards) * bytes).toBeLessThanOrEqual(2 ** 27)
          expect(plan.box).toEqual(array!.shards)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('bands are spread over arrays: a box is one band', () => {
    const { plan } = planOf('a.zarr', 'part', sampleSchema({ bands: ['a', 'b'], times: ['2020-01-01T00:00:00Z'] }), {})
    expect(plan.bands).toBe(1)
    expect(plan.box).toEqual([1, 1, 12, 20])
    expect(plan.arrays.map(({ name, band, shape }) => [name, band, shape])).toEqual([
      ['a', 0, [1, 12, 20]],
      ['b', 1, [1, 12, 20]],
    ])
  })

  test('a shard of one chunk is a plain chunk', async () => {
    const { plan } = planOf('a.zarr', 'part', sampleSchema(), {})
    expect(isSharded(plan.arrays[0]!)).toBe(false)
    await writeZarr(join(folder, 'a.zarr'), sampleSchema(), sampleCells(sampleSchema()))
    expect((documentOf('a.zarr', 'data').codecs as Json[]).map(({ name }) => name)).toEqual(['bytes', 'zstd'])
  })

  test('plans are plain data', () => {
    for (const { schema, options } of Object.values(SAMPLES)) {
      const { plan } = planOf('a.zarr', 'part', schema, options)
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    }
  })

  test('fill values are what stands for missing', () => {
    const fill = (packing: CubeSchema['packing']): number | null =>
      planOf('a', 'b', sampleSchema({ packing }), {}).plan.fill
    expect(fill({ dtype: 'float32', scale: 1, offset: 0 })).toBeNull()
    expect(fill({ dtype: 'float32', scale: 1, offset: 0, nodata: -9999 })).toBe(-9999)
    expect(fill({ dtype: 'int16', scale: 1, offset: 0, nodata: -1 })).toBe(-1)
    expect(fill({ dtype: 'uint16', scale: 1, offset: 0 })).toBe(0)
    expect(fill({ dtype: 'uint8', scale: 1, offset: 0, isBoolean: true })).toBe(255)
  })
})

describe('documents', () => {
  test('of an array: names, fill value, codecs, shards', async () => {
    const schema = sampleSchema({ packing: { dtype: 'int16', scale: 0.5, offset: 1, nodata: -1 } })
    await writeZarr(join(folder, 'a.zarr'), schema, sampleCells(schema), {
      compression: 'blosc',
      chunks: { y: 4, x: 5 },
      shards: { y: 8, x: 10 },
    })
    const document = documentOf('a.zarr', 'data')
    expect(document).toMatchObject({
      zarr_format: 3,
      node_type: 'array',
      shape: [12, 20],
      data_type: 'int16',
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [8, 10] } },
      fill_value: -1,
      dimension_names: ['y', 'x'],
      attributes: { _FillValue: -1, scale_factor: 0.5, add_offset: 1, grid_mapping: 'spatial_ref' },
    })
    const [sharding] = document.codecs as { name: string; configuration: Json }[]
    expect(sharding).toMatchObject({
      name: 'sharding_indexed',
      configuration: { chunk_shape: [4, 5], index_location: 'end' },
    })
    expect(sharding!.configuration.codecs).toMatchObject([
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'blosc', configuration: { cname: 'lz4', clevel: 5, shuffle: 'shuffle', typesize: 2 } },
    ])
  })

  test('the consolidated ones are the same as the others', async () => {
    for (const [name, { schema, options }] of Object.entries(SAMPLES)) {
      await writeZarr(join(folder, name), schema, sampleCells(schema), options)
      const { metadata } = documentOf(name).consolidated_metadata as { metadata: Record<string, Json> }
      for (const [array, document] of Object.entries(metadata)) expect(documentOf(name, array), array).toEqual(document)
    }
  })

  test('floats have their fill value in base64 for xarray', async () => {
    const packing = { dtype: 'float32', scale: 1, offset: 0, nodata: -9999 } as const
    const schema = sampleSchema({ packing })
    await writeZarr(join(folder, 'a.zarr'), schema, sampleCells(schema))
    const { attributes } = documentOf('a.zarr', 'data') as { attributes: { _FillValue: string } }
    expect(new Float64Array(Uint8Array.from(atob(attributes._FillValue), (c) => c.charCodeAt(0)).buffer)[0]).toBe(-9999)
    const back = await readZarr(join(folder, 'a.zarr'))
    expect(back.schema.packing).toEqual(packing)
    expect(back.cells).toEqual(sampleCells(schema))
  })

  test('GeoZarr names the CRS by its code, or in WKT 2, or not at all', () => {
    const { grid } = sampleSchema()
    const named = (crs: object): Json =>
      geozarrAttributes({ ...sampleSchema(), grid: { ...grid!, crs: { ...grid!.crs, ...crs } } })
    expect(named({})).toMatchObject({
      'proj:code': 'EPSG:32632',
      'spatial:shape': [12, 20],
      'spatial:dimensions': ['y', 'x'],
    })
    expect(named({ code: undefined, wkt: 'PROJCRS["x"]' })).toMatchObject({ 'proj:wkt2': 'PROJCRS["x"]' })
    const neither = named({ code: undefined, wkt: 'PROJCS["x"]' })
    expect(Object.keys(neither).filter((key) => key.startsWith('proj:'))).toEqual([])
    expect(neither.zarr_conventions).toHaveLength(1)
    const { grid: _, ...without } = sampleSchema()
    expect(geozarrAttributes(without)).toEqual({})
  })
})

describe('zarrita reads the same', () => {
  /** A folder as zarrita wants it. */
  const storeOf = (path: string) => ({
    get: async (key: string) =>
      readFile(path + key).then(
        (data) => new Uint8Array(data),
        () => undefined,
      ),
    getRange: async (key: string, range: { offset: number; length: number } | { suffixLength: number }) => {
      const data = await readFile(path + key).then(
        (bytes) => new Uint8Array(bytes),
        () => undefined,
      )
      return 'suffixLength' in range
        ? data?.slice(-range.suffixLength)
        : data?.slice(range.offset, range.offset + range.length)
    },
  })

  test.each(Object.keys(SAMPLES).filter((name) => name !== 'bands.zarr'))('%s', async (name) => {
    const { schema, options } = SAMPLES[name]!
    const cells = sampleCells(schema)
    await writeZarr(join(folder, name), schema, cells, options)
    const root = zarrita.root(storeOf(join(folder, name)))
    const array = await zarrita.open(root.resolve(name.includes('array') ? 'reflectance' : 'data'), { kind: 'array' })
    const { data, shape } = await zarrita.get(array as zarrita.Array<'float32', zarrita.Readable>)
    expect(shape).toEqual(schema.dims.map(({ labels }) => labels.length))
    const made = newArray(schema.packing.dtype, cells.length)
    made.set(data as never)
    expect(made).toEqual(cells)
  })
})
