/** Zip files byte by byte: stored, deflated, with comments, of 64 bits, and damaged in every way that matters. */
import { readFileSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { crc32Of } from '../../src/codecs/engine.ts'
import { openLayers } from '../../src/format/formats.ts'
import { openSource } from '../../src/geotiff/source.ts'
import { shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { openStore } from '../../src/zarr/hierarchy.ts'
import { zarrSink } from '../../src/zarr/sink.ts'
import { openZip } from '../../src/zarr/zip-store.ts'
import { serve } from '../geotiff/server.ts'
import { packed } from '../netcdf/sample.ts'
import { writeAll } from '../netcdf/write.ts'
import { temporaryFolder } from '../temporary.ts'

interface Entry {
  readonly name: string
  readonly data: Uint8Array
  readonly method?: number
  /** Sizes and place in the 64-bit extra field. */
  readonly isLarge?: boolean
  readonly crc?: number
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** A buffer of little-endian numbers: pairs of bytes and value. */
function fields(...list: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Uint8Array {
  const out = new Uint8Array(list.reduce((sum, [bytes]) => sum + bytes, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const [bytes, value] of list) {
    if (bytes === 2) view.setUint16(at, value, true)
    else if (bytes === 4) view.setUint32(at, value, true)
    else view.setBigUint64(at, BigInt(value), true)
    at += bytes
  }
  return out
}

const SEE = 0xffffffff

/** A zip file of these entries, by the format's own description (APPNOTE 4.3). */
function zipOf(entries: readonly Entry[], options: { comment?: string; isLarge?: boolean } = {}): Uint8Array {
  const local: Uint8Array[] = []
  const central: Uint8Array[] = []
  let offset = 0
  const add = (list: Uint8Array[], ...parts: readonly Uint8Array[]): number => {
    list.push(...parts)
    return parts.reduce((sum, { length }) => sum + length, 0)
  }
  for (const { name, data, method = 0, isLarge = false, crc = crc32Of(data) } of entries) {
    const stored = method === 8 ? new Uint8Array(deflateRawSync(data)) : data
    const title = text(name)
    const start = offset
    // The local header has an extra field of its own length, which readers have to skip.
    offset += add(
      local,
      fields([4, 0x04034b50], [2, 20], [2, 0], [2, method], [4, 0], [4, crc], [4, stored.length], [4, data.length]),
      fields([2, title.length], [2, 8]),
      title,
      fields([2, 0x9999], [2, 4], [4, 0]),
      stored,
    )
    const extra = isLarge
      ? fields([2, 0x7777], [2, 2], [2, 0], [2, 1], [2, 24], [8, data.length], [8, stored.length], [8, start])
      : new Uint8Array(0)
    add(
      central,
      fields([4, 0x02014b50], [2, 20], [2, 20], [2, 0], [2, method], [4, 0], [4, crc]),
      fields([4, isLarge ? SEE : stored.length], [4, isLarge ? SEE : data.length], [2, title.length]),
      fields([2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0], [4, isLarge ? SEE : start]),
      title,
      extra,
    )
  }
  const size = central.reduce((sum, { length }) => sum + length, 0)
  const comment = text(options.comment ?? '')
  const end: Uint8Array[] = []
  if (options.isLarge === true) {
    const count = entries.length
    end.push(
      fields(
        [4, 0x06064b50],
        [8, 44],
        [2, 45],
        [2, 45],
        [4, 0],
        [4, 0],
        [8, count],
        [8, count],
        [8, size],
        [8, offset],
      ),
      fields([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]),
    )
  }
  const [shownSize, shownOffset] = options.isLarge === true ? [SEE, SEE] : [size, offset]
  end.push(
    fields([4, 0x06054b50], [2, 0], [2, 0], [2, entries.length], [2, entries.length], [4, shownSize]),
    fields([4, shownOffset], [2, comment.length]),
    comment,
  )
  return Uint8Array.from([...local, ...central, ...end].flatMap((part) => [...part]))
}

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

async function open(bytes: Uint8Array) {
  const path = join(folder, 'a.zip')
  writeFileSync(path, bytes)
  return openZip(await openSource(path))
}

const BODY = text('The quick brown fox. '.repeat(40))
const ENTRIES: readonly Entry[] = [
  { name: 'zarr.json', data: text('{}') },
  { name: 'a/', data: new Uint8Array(0) },
  { name: 'a/stored', data: BODY },
  { name: 'a/deflated', data: BODY, method: 8 },
  { name: 'a/größe/0', data: new Uint8Array(0) },
]

describe('zip files', () => {
  test.each([
    ['plain', ENTRIES, {}],
    ['with a comment', ENTRIES, { comment: 'PK and other words' }],
    ['with a 64-bit directory', ENTRIES, { isLarge: true }],
    ['with 64-bit entries', ENTRIES.map((entry) => ({ ...entry, isLarge: true })), {}],
  ])('%s', async (_, entries, options) => {
    const store = await open(zipOf(entries, options))
    expect(await store.get('a/stored')).toEqual(BODY)
    expect(await store.get('a/deflated')).toEqual(BODY)
    expect(await store.get('a/größe/0')).toEqual(new Uint8Array(0))
    expect(await store.get('a')).toBeUndefined()
    expect(await store.get('b')).toBeUndefined()
    expect(await store.list('')).toEqual(['a', 'zarr.json'])
    expect(await store.list('a')).toEqual(['deflated', 'größe', 'stored'])
    expect(await store.list('none')).toEqual([])
    await store.close()
  })

  test('parts of members', async () => {
    const store = await open(zipOf(ENTRIES))
    for (const key of ['a/stored', 'a/deflated']) {
      expect(await store.getPart(key, 4, 5)).toEqual(BODY.subarray(4, 9))
      expect(await store.getPart(key, -5, 5)).toEqual(BODY.subarray(-5))
      expect(await store.getPart(key, BODY.length - 2, 10)).toEqual(BODY.subarray(-2))
      expect(await store.getPart(key, BODY.length + 5, 10)).toEqual(new Uint8Array(0))
    }
    expect(await store.getPart('none', 0, 1)).toBeUndefined()
    await store.close()
  })

  test('a folder that is the only thing in it is the store', async () => {
    const nested = ENTRIES.map((entry) => ({ ...entry, name: `outer/cube.zarr/${entry.name}` }))
    writeFileSync(join(folder, 'n.zip'), zipOf(nested))
    const store = await openStore(join(folder, 'n.zip'))
    expect(await store.get('zarr.json')).toEqual(text('{}'))
    expect(store.path).toBe(`${join(folder, 'n.zip')}/outer/cube.zarr`)
    await store.close()
  })
})

describe('damage', () => {
  const damaged = { tag: 'DamagedZip' }

  test('no directory at its end', async () => {
    const whole = zipOf(ENTRIES)
    await expect(open(whole.subarray(0, whole.length - 30))).rejects.toMatchObject(damaged)
    await expect(open(text('PK'))).rejects.toMatchObject(damaged)
    await expect(open(new Uint8Array(0))).rejects.toMatchObject(damaged)
  })

  test('a directory that is elsewhere', async () => {
    const whole = zipOf(ENTRIES)
    new DataView(whole.buffer).setUint32(whole.length - 6, 5, true)
    await expect(open(whole)).rejects.toMatchObject(damaged)
  })

  test('a checksum that does not match', async () => {
    const store = await open(zipOf([{ name: 'x', data: BODY, crc: 1 }, ...ENTRIES]))
    await expect(store.get('x')).rejects.toMatchObject({
      ...damaged,
      message: expect.stringContaining('checksum of x') as string,
    })
    expect(await store.get('a/stored')).toEqual(BODY)
    await store.close()
  })

  test('deflated data that are not', async () => {
    const whole = zipOf([{ name: 'x', data: BODY, method: 8 }])
    whole.fill(0xff, 42, 60)
    const store = await open(whole)
    await expect(store.get('x')).rejects.toMatchObject(damaged)
    await store.close()
  })

  test('a method that is not known', async () => {
    const store = await open(zipOf([{ name: 'x', data: BODY, method: 12 }]))
    await expect(store.get('x')).rejects.toMatchObject(damaged)
    await store.close()
  })

  test('a member that is not where the directory says', async () => {
    const whole = zipOf([{ name: 'x', data: BODY }])
    whole[0] = 0
    const store = await open(whole)
    await expect(store.get('x')).rejects.toMatchObject(damaged)
    await store.close()
  })
})

test.each([0, 8])('cells of a zip file on a web server (method %i) come by ranges', async (method) => {
  const path = join(await temporaryFolder(), 'cube.zarr')
  const { schema, data } = packed()
  await writeAll(zarrSink, path, schema, data)
  const names = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const entries = names.map(({ parentPath, name }): Entry => {
    const file = join(parentPath, name)
    return { name: relative(path, file).replaceAll('\\', '/'), data: readFileSync(file), method }
  })
  const zip = zipOf(entries)
  const server = await serve(zip)
  try {
    const [zipped, folder] = [
      await openLayers(server.url.replace('scene.tif', 'cube.zarr.zip')),
      await openLayers(path),
    ]
    expect(zipped.layers.map(({ name }) => name)).toEqual(folder.layers.map(({ name }) => name))
    for (const [i, { source }] of zipped.layers.entries()) {
      const shape = shapeOf(source.schema)
      const corner = { start: shape.map(() => 1), shape: shape.map((side) => Math.min(9, side - 1)) }
      for (const region of [corner, wholeRegion(shape)])
        expect(await source.read(region)).toEqual(await folder.layers[i]!.source.read(region))
    }
    expect(zipped.layers.length).toBeGreaterThan(0)
    expect(server.ranges.every((range) => range !== '' && range !== `bytes=0-${zip.length - 1}`)).toBe(true)
    await zipped.close()
    await folder.close()
  } finally {
    await server.close()
  }
})
