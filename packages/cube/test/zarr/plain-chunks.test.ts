/** Large chunks that are not compressed are read by rows. */
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sliceBox } from '../../src/model/copy.ts'
import { zarrSources } from '../../src/zarr/array-source.ts'
import { temporaryFolder } from '../temporary.ts'

const SHAPE = [3, 700, 900]
const CHUNK = [2, 500, 900]
const cells = Uint16Array.from({ length: 3 * 700 * 900 }, (_, i) => (i * 7919) % 60_013)

/** An array in chunks without codecs; the last along the first two dimensions is left out. */
async function store(): Promise<string> {
  const path = join(await temporaryFolder(), 'plain.zarr')
  const metadata = {
    zarr_format: 3,
    node_type: 'array',
    shape: SHAPE,
    data_type: 'uint16',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: CHUNK } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 7,
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    dimension_names: ['t', 'y', 'x'],
    attributes: {},
  }
  await mkdir(path)
  await writeFile(join(path, 'zarr.json'), JSON.stringify(metadata))
  for (const [t, y] of [
    [0, 0],
    [0, 1],
    [1, 0],
  ] as const) {
    await mkdir(join(path, 'c', `${t}`, `${y}`), { recursive: true })
    const chunk = new Uint16Array(2 * 500 * 900)
    for (let i = 0; i < chunk.length; i++) {
      const [a, b] = [2 * t + Math.floor(i / 450_000), 500 * y + (Math.floor(i / 900) % 500)]
      chunk[i] = a < 3 && b < 700 ? cells[(a * 700 + b) * 900 + (i % 900)]! : 7
    }
    await writeFile(join(path, 'c', `${t}`, `${y}`, '0'), chunk)
  }
  return path
}

describe('chunks without codecs', () => {
  it('are told as rows of a mebibyte, and any box of them has its cells', async () => {
    const [source] = await zarrSources(await store())
    expect(source!.chunks).toEqual([1, 500, 900])
    const expected = cells.slice()
    for (let i = 0; i < 200 * 900; i++) expected[(2 * 700 + 500) * 900 + i] = 7
    const side = (d: number) => fc.tuple(fc.nat(SHAPE[d]! - 1), fc.nat(SHAPE[d]! - 1))
    await fc.assert(
      fc.asyncProperty(fc.tuple(side(0), side(1), side(2)), async (sides) => {
        const start = sides.map(([a, b]) => Math.min(a, b))
        const shape = sides.map(([a, b]) => Math.abs(a - b) + 1)
        const data = await source!.read({ start, shape })
        expect(
          Buffer.compare(Buffer.from(data.buffer), Buffer.from(sliceBox(expected, SHAPE, { start, shape }).buffer)),
        ).toBe(0)
      }),
      { numRuns: 60 },
    )
    await source!.close()
  })

  it('that are cut off are damaged where they end', async () => {
    const path = await store()
    await truncate(join(path, 'c', '0', '0', '0'), 2 * 900 * 300)
    const [source] = await zarrSources(path)
    const box = { shape: [1, 100, 900] }
    expect((await source!.read({ ...box, start: [0, 100, 0] }))[0]).toBe(cells[100 * 900])
    await expect(source!.read({ ...box, start: [0, 250, 0] })).rejects.toMatchObject({ tag: 'CorruptChunk' })
    await source!.close()
  })
})
