/** One write may take a part of the bytes only, on a full disk or above 2 GB: what is saved is whole all the same. */
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { writeError } from '../../src/geotiff/aside.ts'
import { memorySource } from '../../src/model/memory.ts'
import { writeNpy, writeNpz } from '../../src/npy/npy.ts'
import { writeTable } from '../../src/table/read.ts'
import { writeFeatures } from '../../src/vector/write-features.ts'
import { temporaryFolder } from '../temporary.ts'

const crs = parseCrs('EPSG:32632')
const cells = Float64Array.from({ length: 900 }, (_, i) => Math.sin(i))
const cube = new Cube(
  memorySource(
    cells,
    {
      dims: [
        { type: 'spatial', name: 'y', axis: 'y', labels: Array.from({ length: 30 }, (_, i) => 5200000 - 5 - 10 * i) },
        { type: 'spatial', name: 'x', axis: 'x', labels: Array.from({ length: 30 }, (_, i) => 600005 + 10 * i) },
      ],
      grid: { crs, affine: [10, 0, 600000, 0, -10, 5200000], width: 30, height: 30 },
      packing: { dtype: 'float64', scale: 1, offset: 0 },
    },
    'waves',
  ),
)
const points = {
  crs,
  label: 'points',
  features: Array.from(cells, (value, i) => ({
    geometry: { type: 'Point' as const, coordinates: [i, 2 * i] },
    properties: { value },
  })),
}
const table = { columns: [{ name: 'value', values: [...cells] }], rows: cells.length, label: 'values' }

const WRITERS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'cube.npy': (path) => cube.save(path, { workers: 0 }),
  'cube.nc': (path) => cube.save(path, { workers: 0 }),
  'cube.tif': (path) => cube.save(path, { workers: 0 }),
  'array.npy': (path) => writeNpy(path, cells, [30, 30]),
  'array.npz': (path) => writeNpz(path, { a: { cells, shape: [900] } }),
  'table.parquet': (path) => writeTable(path, table),
  'points.parquet': (path) => writeFeatures(path, points),
  'points.fgb': (path) => writeFeatures(path, points),
}

afterEach(() => vi.restoreAllMocks())

it.each(Object.entries(WRITERS))('%s', async (name, write) => {
  const folder = await temporaryFolder()
  const [whole, short] = [join(folder, `whole-${name}`), join(folder, `short-${name}`)]
  await write(whole)
  const file = await open(join(folder, 'any'), 'w')
  const handles = Object.getPrototypeOf(file) as typeof file
  await file.close()
  const usual = handles.write as (...args: unknown[]) => Promise<{ bytesWritten: number }>
  const writes = vi.spyOn(handles, 'write').mockImplementation(function (
    this: typeof file,
    bytes: Uint8Array,
    from = 0,
    length = bytes.length - from,
    position: number | null = null,
  ) {
    return usual.call(this, bytes, from, Math.min(length, 700), position)
  } as never)
  await write(short)
  expect(writes.mock.calls.length).toBeGreaterThan(1)
  // The archive has the time of its making in it.
  const [a, b] = await Promise.all([readFile(whole), readFile(short)])
  expect(b.length).toBe(a.length)
  if (!name.endsWith('.npz')) expect(b.equals(a)).toBe(true)
})

it('what SQLite cannot write is told in the words of the system', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), '')
  await expect(writeFeatures(join(folder, 'file', 'a.gpkg'), points)).rejects.toMatchObject({ tag: 'CannotWrite' })
  const long = join(folder, `${'a'.repeat(240)}.gpkg`)
  await expect(writeFeatures(long, points)).rejects.toMatchObject({ hint: expect.stringContaining('name is too long') })
  const full = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 })
  expect(writeError('a.gpkg', full)).toMatchObject({
    tag: 'CannotWrite',
    hint: expect.stringContaining('disk is full'),
  })
})
