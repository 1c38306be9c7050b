/** Every array of the reference stores, as folders and as zip files, holds what zarr-python (or the suite's image) says. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Values } from '../../src/zarr/data-types.ts'
import { openHierarchy } from '../../src/zarr/hierarchy.ts'
import { arrayOf, readValues } from '../../src/zarr/read.ts'
import { dataFolder, hasData } from '../data.ts'

interface Row {
  readonly shape: readonly number[]
  readonly dtype: string
  readonly values?: readonly unknown[]
  readonly sha256?: string
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../oracles/zarr/stores.json'), 'utf8')) as {
  stores: Record<string, Record<string, Row>>
  image: string
}

const digest = (values: Values): string => {
  const { buffer, byteOffset, byteLength } = values as Uint8Array<ArrayBuffer>
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 16)
}

const plain = (value: unknown): unknown => (Number.isNaN(value) ? 'NaN' : value)

/** Compares every array of a store with its rows; answers how many. */
async function compare(path: string, rows: Readonly<Record<string, Row>>): Promise<number> {
  const { store, arrays, refused } = await openHierarchy(join(dataFolder, path))
  expect([...refused.keys()]).toEqual([])
  expect(new Set(arrays.keys())).toEqual(new Set(Object.keys(rows)))
  for (const [name, metadata] of arrays) {
    const row = rows[name]!
    expect(metadata.shape, name).toEqual(row.shape)
    const values = await readValues(arrayOf(store, metadata))
    if (row.sha256 !== undefined) expect(digest(values), name).toBe(row.sha256)
    else {
      const made = Array.from(values as Iterable<unknown>, (value) =>
        row.dtype === 'bool' ? value === 1 : plain(value),
      )
      expect(made, name).toEqual(row.values)
    }
  }
  await store.close()
  return arrays.size
}

const has = (path: string): boolean => hasData(path.split('/')[0]!)

describe('folders', () => {
  for (const [path, rows] of Object.entries(golden.stores)) {
    test.skipIf(!has(path))(path, async () => {
      expect(await compare(path, rows)).toBe(Object.keys(rows).length)
    })
  }
})

describe.skipIf(!hasData('zarrita_fixtures'))('zip files', () => {
  const fixtures = 'zarrita_fixtures/fixtures'
  test.each([
    ['v2', 'data.zipped_from_parent.zarr.zip', 32],
    ['v2', 'data.zipped_from_within.zarr.zip', 32],
    ['v3', 'data.zipped_from_parent.zarr.zip', 45],
    ['v3', 'data.zipped_from_within.zarr.zip', 45],
    ['v3', 'data.uncompressed.zarr.zip', 45],
  ])('%s/%s', async (version, name, count) => {
    const rows = golden.stores[`${fixtures}/${version}/data.zarr`]!
    expect(await compare(`${fixtures}/${version}/${name}`, rows)).toBe(count)
  })
})

describe.skipIf(!hasData('zarr_implementations'))(
  'formats that zarr-python does not read hold the reference image',
  () => {
    const image = { shape: [512, 512, 3], dtype: 'uint8', sha256: golden.image }
    test('N5 by z5py', async () => {
      expect(await compare('zarr_implementations/examples/z5py.n5', { raw: image, gzip: image })).toBe(2)
    })
    test('the draft of Zarr 3 by zarrita', async () => {
      const rows = { raw: image, gzip: image, zlib: image, 'blosc/lz4': image }
      expect(await compare('zarr_implementations/examples/zarrita.zr3', rows)).toBe(4)
    })
    test('and so does Zarr 2', () => {
      const rows = golden.stores['zarr_implementations/examples/zarr.zr']!
      for (const row of Object.values(rows)) expect(row.sha256).toBe(golden.image)
    })
  },
)
