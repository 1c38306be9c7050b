/** HDF5 files that were cut off: what lies before the end is read, the rest is named, and nothing is made up. */
import { copyFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { splitRegion, wholeRegion } from '../../src/model/region.ts'
import { netcdfSources } from '../../src/netcdf/array-source.ts'
import { truncation } from '../../src/netcdf/hdf5-truncated.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { FailedChunk } from '../../src/plan/reader.ts'
import { temporaryFolder } from '../temporary.ts'

const SHAPE = [6, 64, 80]
const CHUNK = [1, 32, 40]
const cells = Float32Array.from({ length: 6 * 64 * 80 }, (_, i) => Math.fround(Math.sin(i) + i / 1000))
let folder: string

beforeEach(async () => {
  folder = await temporaryFolder()
  const h5 = await import('h5wasm/node')
  await h5.ready
  for (const name of ['plain', 'deflate']) {
    const file = new h5.File(join(folder, `${name}.h5`), 'w')
    const filter = name === 'plain' ? {} : { compression: 4 }
    file.create_dataset({ name: 'v', data: cells, shape: SHAPE, dtype: '<f', chunks: CHUNK, ...filter })
    file.close()
  }
})

/** A copy with a part of the bytes; the library knows files by what they are, so each has its own. */
async function cut(name: string, part: number): Promise<string> {
  const path = join(folder, `${name}-${part}.h5`)
  await copyFile(join(folder, `${name}.h5`), path)
  await truncate(path, Math.floor((await stat(path)).size * part))
  return path
}

const cellAt = ([t, y, x]: readonly number[]): number => cells[(t! * 64 + y!) * 80 + x!]!

describe.each(['plain', 'deflate'])('%s', (name) => {
  test.each([0.5, 0.8, 0.99])('the chunks of the first %f are read, others are named', async (part) => {
    const path = await cut(name, part)
    const [source] = await netcdfSources(path)
    let [read, lost] = [0, 0]
    for (const region of splitRegion(wholeRegion(SHAPE), CHUNK)) {
      const data = await source!.read(region).catch((error: unknown) => error)
      if (data instanceof Float32Array) {
        expect(data[0]).toBe(cellAt(region.start))
        expect(data.at(-1)).toBe(cellAt(region.start.map((from, d) => from + region.shape[d]! - 1)))
        read++
      } else {
        const chunk = region.start.map((from, d) => from / CHUNK[d]!)
        expect(data).toMatchObject({ tag: 'CorruptChunk', data: { path, variable: 'v', chunk } })
        lost++
      }
    }
    expect(read).toBeGreaterThan(24 * part - 8)
    expect(lost).toBeGreaterThan(0)
    await source!.close()
  })

  test('cells of lost chunks are missing where failures are skipped', async () => {
    const path = await cut(name, 0.6)
    const [source] = await netcdfSources(path)
    const failed: FailedChunk[] = []
    const node = { kind: 'source', schema: source!.schema, label: 'v', inputs: [], source: source! } as const
    const { data } = await computeCube(node, { onError: 'skip', onFailedChunk: (failure) => failed.push(failure) })
    await source!.close()
    expect(failed.every((failure) => failure.path === path)).toBe(true)
    const lost = new Set(failed.map(({ chunk }) => chunk.join()))
    expect(lost.size).toBe(failed.length)
    expect(lost.size).toBeLessThan(24)
    const isLost = (i: number): boolean => {
      const place = [Math.floor(i / 5120), Math.floor(i / 80) % 64, i % 80]
      return lost.has(place.map((at, d) => Math.floor(at / CHUNK[d]!)).join())
    }
    expect([...data]).toEqual(Array.from(cells, (cell, i) => (isLost(i) ? Number.NaN : cell)))
  })

  test('whole files are whole; without what describes the contents nothing is read', async () => {
    expect(truncation(join(folder, `${name}.h5`))).toBeUndefined()
    const path = await cut(name, 0.001)
    const { size } = await stat(join(folder, `${name}.h5`))
    expect(truncation(path)).toEqual({ actual: Math.floor(size * 0.001), stored: size })
    const failure = await netcdfSources(path).catch((error: unknown) => error)
    expect(failure).toMatchObject({ tag: 'CorruptFile', message: expect.stringContaining(`of ${size} bytes`) })
  })
})

test('large chunks that are not compressed are read by rows', async () => {
  const h5 = await import('h5wasm/node')
  const [rows, columns] = [900, 700]
  const data = Float32Array.from({ length: rows * columns }, (_, i) => i)
  const path = join(folder, 'large.h5')
  const file = new h5.File(path, 'w')
  file.create_dataset({ name: 'v', data, shape: [rows, columns], dtype: '<f', chunks: [800, 700] })
  file.close()
  const [source] = await netcdfSources(path)
  expect(source!.chunks).toEqual([374, 700])
  const read = await source!.read({ start: [750, 3], shape: [100, 2] })
  expect([...read]).toEqual(Array.from({ length: 200 }, (_, i) => (750 + (i >> 1)) * columns + 3 + (i % 2)))
  await source!.close()
})

test('of an array in one piece what is cut off is named each time, never zeros', async () => {
  const h5 = await import('h5wasm/node')
  await h5.ready
  const path = join(folder, 'piece.h5')
  const file = new h5.File(path, 'w')
  file.create_dataset({ name: 'v', data: cells, shape: SHAPE, dtype: '<f' })
  file.close()
  const size = (await stat(path)).size
  await truncate(path, size - 1000)
  const [source] = await netcdfSources(path)
  const row = (y: number) => source!.read({ start: [5, y, 0], shape: [1, 1, 80] })
  for (let again = 0; again < 2; again++)
    for (const y of [63, 62, 61]) await expect(row(y)).rejects.toMatchObject({ tag: 'CorruptChunk' })
  const first = await source!.read({ start: [0, 3, 0], shape: [1, 1, 80] })
  expect(first[7]).toBe(cellAt([0, 3, 7]))
  await source!.close()
})
