/** Large chunks of Blosc are read block by block by worker threads. */
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeBlosc } from '../../src/codecs/blosc.ts'
import { owned } from '../../src/codecs/kernel.ts'
import { transposedSource } from '../../src/collection/transposed.ts'
import { open } from '../../src/index.ts'
import { decodedBoxes } from '../../src/model/array-source.ts'
import { zarrSources } from '../../src/zarr/array-source.ts'
import { temporaryFolder } from '../temporary.ts'

// Less than this would be computed without threads.
const [DATES, SIDE, TOGETHER] = [100, 512, 40]
const PLANE = SIDE * SIDE
const BLOSC = { cname: 'lz4', clevel: 5, shuffle: 'shuffle', typesize: 2 } as const

/** Three chunks of 40 dates each, 20 MiB large; the last one is left out. */
async function store(): Promise<string> {
  const path = join(await temporaryFolder(), 'blocks.zarr')
  const array = (shape: readonly number[], chunk: readonly number[], more: object) => ({
    zarr_format: 3,
    node_type: 'array',
    shape,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    ...more,
  })
  const data = array([DATES, SIDE, SIDE], [TOGETHER, SIDE, SIDE], {
    data_type: 'uint16',
    fill_value: 7,
    codecs: [
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'blosc', configuration: { ...BLOSC, blocksize: 0 } },
    ],
    dimension_names: ['t', 'y', 'x'],
    attributes: { crs: 'EPSG:32632', grid_mapping: 'spatial_ref' },
  })
  const grid = array([], [], {
    data_type: 'int32',
    fill_value: 0,
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    dimension_names: [],
    attributes: { crs_wkt: 'EPSG:32632', GeoTransform: '600000 10 0 5200000 0 -10' },
  })
  await mkdir(path)
  await writeFile(join(path, 'zarr.json'), JSON.stringify({ zarr_format: 3, node_type: 'group', attributes: {} }))
  await mkdir(join(path, 'spatial_ref'))
  await writeFile(join(path, 'spatial_ref', 'zarr.json'), JSON.stringify(grid))
  for (let chunk = 0; chunk < 2; chunk++) {
    const folder = join(path, 'data', 'c', `${chunk}`, '0')
    await mkdir(folder, { recursive: true })
    const cells = Uint16Array.from({ length: TOGETHER * PLANE }, (_, i) => cell(chunk * TOGETHER * PLANE + i))
    await writeFile(join(folder, '0'), owned(encodeBlosc(new Uint8Array(cells.buffer), BLOSC)))
  }
  await writeFile(join(path, 'data', 'zarr.json'), JSON.stringify(data))
  const days = array([DATES], [DATES], {
    data_type: 'int32',
    fill_value: 0,
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    dimension_names: ['t'],
    attributes: { units: 'days since 2020-01-01', standard_name: 'time' },
  })
  await mkdir(join(path, 't', 'c'), { recursive: true })
  await writeFile(join(path, 't', 'zarr.json'), JSON.stringify(days))
  await writeFile(
    join(path, 't', 'c', '0'),
    Int32Array.from({ length: DATES }, (_, t) => t),
  )
  return path
}

/** Smooth, with some noise. */
const cell = (i: number): number => (1000 + Math.floor(i / 700) + ((Math.imul(i, 40503) >>> 9) & 15)) & 0xffff

describe('chunks of Blosc that are larger than a cache', () => {
  it('have the cells that went in', async () => {
    await using scene = await open(await store())
    const cube = scene.stack()
    const most = await cube.max('t').compute({ workers: 2 })
    const one = await cube.isel('t', 55).compute({ workers: 2 })
    for (let i = 0; i < PLANE; i += 997) {
      expect(most.data[i]).toBe(Math.max(7, ...Array.from({ length: 2 * TOGETHER }, (_, t) => cell(t * PLANE + i))))
      expect(one.data[i]).toBe(cell(55 * PLANE + i))
    }
  })

  it('are missing where a folder lies in the place of one', async () => {
    const path = await store()
    await mkdir(join(path, 'data', 'c', '2', '0', '0'), { recursive: true })
    await using scene = await open(path)
    const { data } = await scene.stack().max('t').compute({ workers: 2 })
    expect(data[PLANE - 1]).toBe(
      Math.max(7, ...Array.from({ length: 2 * TOGETHER }, (_, t) => cell((t + 1) * PLANE - 1))),
    )
  })

  it('that are cut off are named', async () => {
    const path = await store()
    await truncate(join(path, 'data', 'c', '1', '0', '0'), 3_000_000)
    await using scene = await open(path)
    const damaged = scene.stack().max('t').compute({ workers: 2 })
    await expect(damaged).rejects.toMatchObject({ tag: 'CorruptChunk', data: { chunk: [1, 0, 0] } })
  })

  it('are told with their blocks, which are read alone, also in other orders of dimensions and by labels', async () => {
    const [source] = await zarrSources(await store())
    expect(source!.chunks).toEqual([TOGETHER, SIDE, SIDE])
    expect(source!.blocks).toEqual([1, SIDE / 2, SIDE])
    expect(source!.narrow!(0, [7, 3, 90])!.blocks).toEqual([1, SIDE / 2, SIDE])
    expect(source!.narrow!(1, [0, 1, 2])!.blocks).toBeUndefined()
    expect(transposedSource(source!, [2, 0, 1]).blocks).toEqual([SIDE, 1, SIDE / 2])
    const rows = { start: [3, SIDE / 2, 0], shape: [2, SIDE / 2, SIDE] }
    expect(decodedBoxes(source!, rows)).toEqual(source!.blocks)
    expect(decodedBoxes(source!, { ...rows, shape: [2, SIDE / 2, 100] })).toEqual(source!.chunks)
    await source!.close()
  })

  it('have no blocks where the first one is not there, is no container, or has short rows', async () => {
    const path = await store()
    const first = join(path, 'data', 'c', '0', '0', '0')
    const blocks = async () => {
      const [source] = await zarrSources(path)
      await source!.close()
      return source!.blocks
    }
    const document = join(path, 'data', 'zarr.json')
    const text = await readFile(document, 'utf8')
    const cut = [TOGETHER * 16, SIDE, SIDE / 16]
    await writeFile(
      document,
      text.replace(`"chunk_shape":${JSON.stringify([TOGETHER, SIDE, SIDE])}`, `"chunk_shape":${JSON.stringify(cut)}`),
    )
    expect(await blocks()).toBeUndefined()
    await writeFile(document, text)
    expect(await blocks()).toBeDefined()
    await truncate(first, 12)
    expect(await blocks()).toBeUndefined()
    await rm(first)
    expect(await blocks()).toBeUndefined()
  })
})
