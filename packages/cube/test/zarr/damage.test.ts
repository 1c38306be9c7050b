/** Damaged and missing chunks: named with path and chunk index; the others can still be read. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ArraySource } from '../../src/model/array-source.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { openZarr, zarrSources } from '../../src/zarr/array-source.ts'
import { temporaryFolder } from '../temporary.ts'
import { sampleCells, sampleSchema, writeZarr } from './samples.ts'

const schema = sampleSchema({ width: 32, height: 32 })
const cells = sampleCells(schema)
const whole = wholeRegion([32, 32])
const box = { start: [16, 0], shape: [16, 16] }

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

async function write(options: Readonly<Record<string, unknown>>): Promise<string> {
  const path = join(folder, 'a.zarr')
  await writeZarr(path, schema, cells, { chunks: { y: 8, x: 8 }, shards: { y: 16, x: 16 }, ...options })
  return path
}

async function open(path: string): Promise<ArraySource> {
  const [source] = await zarrSources(path)
  return source!
}

describe.each(['zstd', 'blosc', 'gzip'])('shards of %s', (compression) => {
  test('a missing shard is missing data', async () => {
    const path = await write({ compression })
    rmSync(join(path, 'data/c/1/0'))
    const source = await open(path)
    const read = await source.read(whole)
    expect(read.slice(16 * 32, 16 * 32 + 16).every((value) => Number.isNaN(value))).toBe(true)
    expect(read.slice(0, 16 * 32)).toEqual(cells.slice(0, 16 * 32))
    await source.close()
  })

  test.each([
    ['cut in its data', (file: string) => truncateSync(file, 100)],
    ['cut to nothing', (file: string) => truncateSync(file, 0)],
    ['cut in its index', (file: string) => truncateSync(file, readFileSync(file).length - 3)],
    ['with other bytes in its data', (file: string) => writeFileSync(file, readFileSync(file).fill(0xa5, 4, 60))],
    [
      'with other bytes in its index',
      (file: string) =>
        writeFileSync(file, readFileSync(file).fill(1, statSync(file).size - 40, statSync(file).size - 30)),
    ],
  ])('a shard %s', async (_, damage) => {
    const path = await write({ compression })
    damage(join(path, 'data/c/1/0'))
    const source = await open(path)
    const failure = await source.read(whole).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(InputError)
    expect(failure).toMatchObject({
      tag: 'CorruptChunk',
      data: { path: `${path}/data`, chunk: [1, 0], key: 'data/c/1/0' },
    })
    expect((failure as InputError).message).toContain('chunk [1, 0]')
    expect((failure as InputError).hint).toContain('--on-error skip')
    await expect(source.read(box)).rejects.toMatchObject({ tag: 'CorruptChunk' })
    expect(await source.read({ start: [0, 0], shape: [16, 32] })).toEqual(cells.slice(0, 16 * 32))
    await source.close()
  })
})

test('plain chunks of the wrong size', async () => {
  const path = await write({ compression: 'none', shards: { y: 8, x: 8 } })
  truncateSync(join(path, 'data/c/2/1'), 200)
  const source = await open(path)
  await expect(source.read(whole)).rejects.toMatchObject({ tag: 'CorruptChunk', data: { chunk: [2, 1] } })
  await source.close()
})

test('any damage to a file gives an error that names it, or the right cells, never a crash', async () => {
  const path = await write({ compression: 'blosc' })
  const file = join(path, 'data/c/0/1')
  const sound = readFileSync(file)
  const source = await open(path)
  const change = fc.record({ at: fc.nat(sound.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), fc.boolean(), async (changes, isCut) => {
      const data = new Uint8Array(sound)
      for (const { at, bytes } of changes) data.set(bytes.subarray(0, data.length - at), at)
      writeFileSync(file, isCut ? data.subarray(0, changes[0]!.at) : data)
      const fresh = await open(path)
      const read = await fresh.read(whole).catch((error: unknown) => error)
      if (read instanceof Error) expect(read).toMatchObject({ tag: 'CorruptChunk', data: { chunk: [0, 1] } })
      else expect(read).toHaveLength(1024)
      await fresh.close()
    }),
    { numRuns: 150 },
  )
  await source.close()
})

describe('metadata', () => {
  test.each([
    ['no JSON', '{"zarr_format": 3', 'BadMetadata'],
    ['no object', '[1]', 'BadMetadata'],
    ['no shape', '{"zarr_format": 3, "node_type": "array"}', 'BadMetadata'],
  ])('%s', async (_, text, tag) => {
    writeFileSync(join(folder, 'zarr.json'), text)
    await expect(zarrSources(folder)).rejects.toMatchObject({ tag })
  })

  test.each([
    [{ data_type: 'bfloat16' }, 'UnsupportedType', 'bfloat16'],
    [{ codecs: [{ name: 'bytes' }, { name: 'pcodec' }] }, 'UnsupportedCodec', 'pcodec'],
    [{ chunk_grid: { name: 'rectangular' } }, 'BadMetadata', 'rectangular'],
    [{ chunk_key_encoding: { name: 'hashed' } }, 'BadMetadata', 'hashed'],
    [{ storage_transformers: [{ name: 'x' }] }, 'BadMetadata', 'transformers'],
    [{ shape: [4, -4] }, 'BadMetadata', 'shape'],
  ])('an array with %j is refused by name, the others are read', async (change, tag, word) => {
    const path = await write({})
    const document = JSON.parse(readFileSync(join(path, 'data/zarr.json'), 'utf8')) as Record<string, unknown>
    const root = JSON.parse(readFileSync(join(path, 'zarr.json'), 'utf8')) as {
      consolidated_metadata: { metadata: Record<string, unknown> }
    }
    root.consolidated_metadata.metadata.odd = { ...document, ...change }
    writeFileSync(join(path, 'zarr.json'), JSON.stringify(root))
    const dataset = await openZarr(path)
    expect(dataset.variables.map(({ name }) => name)).toEqual(['data'])
    expect(dataset.refused.get('odd')).toMatchObject({ tag })
    expect(dataset.refused.get('odd')?.message).toContain(word)
    expect(dataset.refused.get('odd')?.message).toContain('odd')
    await dataset.close()
  })

  test('no store, no file', async () => {
    await expect(zarrSources(folder)).rejects.toMatchObject({ tag: 'NotZarr', data: { path: folder } })
    await expect(zarrSources(join(folder, 'none'))).rejects.toMatchObject({ tag: 'MissingFile' })
    await expect(zarrSources(join(folder, 'none.zip'))).rejects.toMatchObject({ tag: 'MissingFile' })
    writeFileSync(join(folder, 'a.zip'), 'PK no zip at all')
    await expect(zarrSources(join(folder, 'a.zip'))).rejects.toMatchObject({ tag: 'DamagedZip' })
  })

  test('nothing of the old run is left behind by reading', async () => {
    const path = await write({})
    const before = readdirSync(path, { recursive: true }).length
    const source = await open(path)
    await source.read(whole)
    await source.close()
    expect(readdirSync(path, { recursive: true })).toHaveLength(before)
  })
})
