/** Hierarchies by their documents: groups within groups, Zarr 2, the draft, N5, data types and fill values by name. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { type DataType, dataType, fillValue, newValues, valuesOf } from '../../src/zarr/data-types.ts'
import { openHierarchy } from '../../src/zarr/hierarchy.ts'
import { multiscaleGroups } from '../../src/zarr/levels.ts'
import { arrayFrom, arrayV2, arrayV3 } from '../../src/zarr/metadata.ts'
import { arrayOf, readValues } from '../../src/zarr/read.ts'
import { openFolder, subStore } from '../../src/zarr/store.ts'
import { temporaryFolder } from '../temporary.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

function put(key: string, content: string | Uint8Array | object): void {
  const path = join(folder, key)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content))
}

const zarray = (more: object = {}): object => ({
  zarr_format: 2,
  shape: [2, 3],
  chunks: [2, 2],
  dtype: '|u1',
  fill_value: 9,
  order: 'C',
  filters: null,
  compressor: null,
  ...more,
})

async function values(path: string): Promise<unknown[]> {
  const { store, arrays, refused } = await openHierarchy(folder)
  const metadata = arrays.get(path)
  if (metadata === undefined) throw refused.get(path) ?? new Error(`no ${path} among ${[...arrays.keys()].join(', ')}`)
  return Array.from((await readValues(arrayOf(store, metadata))) as Iterable<unknown>)
}

describe('Zarr 2', () => {
  test('groups within groups, found by listing', async () => {
    put('.zgroup', { zarr_format: 2 })
    put('.zattrs', '{"missing": NaN}')
    put('a/.zgroup', { zarr_format: 2 })
    put('a/.zattrs', { title: 'A' })
    put('a/b/.zgroup', { zarr_format: 2 })
    put('a/b/data/.zarray', zarray())
    put('a/b/data/.zattrs', { units: 'm' })
    put('a/b/data/0.0', Uint8Array.of(1, 2, 3, 4))
    put('no store/file', 'text')
    const { format, arrays, groups, attributes } = await openHierarchy(folder)
    expect(format).toBe('zarr2')
    expect(attributes).toEqual({ missing: Number.NaN })
    expect([...groups]).toEqual([
      ['a', { title: 'A' }],
      ['a/b', {}],
    ])
    expect(arrays.get('a/b/data')?.attributes).toEqual({ units: 'm' })
    expect(await values('a/b/data')).toEqual([1, 2, 9, 3, 4, 9])
  })

  test('an array at the root; nested keys', async () => {
    put('.zarray', zarray({ dimension_separator: '/' }))
    put('0/1', Uint8Array.of(5, 0, 6, 0))
    expect(await values('')).toEqual([9, 9, 5, 9, 9, 6])
  })

  test('large fill values keep their digits', async () => {
    put(
      '.zarray',
      '{"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "<u8", "fill_value": 18446744073709551615, "order": "C", "filters": null, "compressor": null}',
    )
    expect(await values('')).toEqual([2n ** 64n - 1n])
  })

  test.each([
    [{ chunks: [2] }, 'chunks'],
    [{ chunks: [0, 1] }, 'chunks'],
    [{ dtype: '|O' }, 'codec of objects'],
    [{ filters: [{ id: 'vlen-utf8' }] }, 'codec of objects'],
    [{ filters: [{ id: 'delta', dtype: '|u1' }, { id: 'vlen-utf8' }] }, 'codec of objects'],
    [{ dtype: '<q4' }, '<q4'],
    [{ compressor: { id: 'jpeg' } }, 'jpeg'],
  ])('%j is refused', async (more, word) => {
    put('.zgroup', {})
    put('odd/.zarray', zarray(more))
    put('good/.zarray', zarray())
    const { arrays, refused } = await openHierarchy(folder)
    expect([...arrays.keys()]).toEqual(['good'])
    expect(refused.get('odd')?.message).toContain(word)
  })
})

describe('N5', () => {
  /** Header and data of a block: mode, number of axes, lengths. */
  const block = (shape: readonly number[], data: Uint8Array, mode = 0): Uint8Array => {
    const head = new DataView(new ArrayBuffer(4 + 4 * shape.length))
    head.setUint16(0, mode)
    head.setUint16(2, shape.length)
    for (const [d, length] of shape.entries()) head.setUint32(4 + 4 * d, length)
    return Uint8Array.from([...new Uint8Array(head.buffer), ...data])
  }

  test('axes turned round, big-endian, smaller blocks at the end, missing blocks', async () => {
    put('attributes.json', { n5: '2.5.0' })
    const compression = { type: 'gzip', level: 1 }
    put('group/data/attributes.json', {
      dimensions: [3, 2],
      blockSize: [2, 2],
      dataType: 'int16',
      compression,
      unit: 'm',
    })
    put('group/attributes.json', { about: 'a group' })
    // The first axis of N5 is the fastest: rows of three, as blocks of two and one.
    put('group/data/0/0', block([2, 2], new Uint8Array(gzipSync(Uint8Array.of(0, 1, 0, 2, 1, 0, 255, 255)))))
    put('group/data/1/0', block([1, 2], new Uint8Array(gzipSync(Uint8Array.of(0, 7, 0, 8)))))
    expect(await values('group/data')).toEqual([1, 2, 7, 256, -1, 8])
    const { arrays, groups } = await openHierarchy(folder)
    expect(arrays.get('group/data')?.attributes).toEqual({ unit: 'm' })
    expect(groups.get('group')).toEqual({ about: 'a group' })
  })

  test('no block is zero; damaged blocks are errors', async () => {
    put('attributes.json', { dimensions: [2], blockSize: [2], dataType: 'uint8', compression: { type: 'raw' } })
    expect(await values('')).toEqual([0, 0])
    for (const bytes of [
      Uint8Array.of(0),
      block([3], Uint8Array.of(1, 2, 3)),
      block([2], Uint8Array.of(1)),
      block([2], Uint8Array.of(1, 2), 1),
    ]) {
      put('0', bytes)
      await expect(values('')).rejects.toMatchObject({ tag: 'CorruptChunk', data: { chunk: [0], key: '0' } })
    }
  })

  test('what N5 has more is refused by name', async () => {
    put('attributes.json', { n5: '2.0.0' })
    put('a/attributes.json', { dimensions: [2], blockSize: [2], dataType: 'uint8', compression: { type: 'xz' } })
    put('b/attributes.json', { dimensions: [2], blockSize: [2], dataType: 'object', compression: { type: 'raw' } })
    const { refused } = await openHierarchy(folder)
    expect(refused.get('a')).toMatchObject({ tag: 'UnsupportedCodec' })
    expect(refused.get('b')).toMatchObject({ tag: 'UnsupportedType' })
  })
})

describe('descriptions', () => {
  test('made again from plain data they are the same', () => {
    const v3 = {
      shape: [4],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [2] } },
      chunk_key_encoding: { name: 'default' },
      data_type: 'int64',
      fill_value: 1,
      codecs: [{ name: 'bytes', configuration: { endian: 'big' } }],
    }
    const text = '{"fill_value": -9223372036854775807}'
    for (const one of [
      arrayV2('p', zarray() as Record<string, unknown>, {}, 'here'),
      arrayV3('p/q', v3, 'here', text),
    ]) {
      const again = arrayFrom(JSON.parse(JSON.stringify(one.origin)) as typeof one.origin)
      expect(again.keyOf([0, 1])).toBe(one.keyOf([0, 1]))
      expect([again.shape, again.chunks, again.type, again.fill]).toEqual([one.shape, one.chunks, one.type, one.fill])
    }
    expect(arrayV3('', v3, 'here', text).fill).toBe(-9223372036854775807n)
  })

  test('keys', () => {
    const keys = (encoding: object): string => {
      const document = {
        shape: [4, 4],
        chunk_grid: { name: 'regular', configuration: { chunk_shape: [1, 1] } },
        data_type: 'uint8',
        fill_value: 0,
        codecs: [{ name: 'bytes' }],
        chunk_key_encoding: encoding,
      }
      return arrayV3('a', document, 'here').keyOf([2, 3])
    }
    expect(keys({ name: 'default' })).toBe('a/c/2/3')
    expect(keys({ name: 'default', configuration: { separator: '.' } })).toBe('a/c.2.3')
    expect(keys({ name: 'v2' })).toBe('a/2.3')
    expect(keys({ name: 'v2', configuration: { separator: '/' } })).toBe('a/2/3')
  })

  test('multiscales of GeoZarr and of OME-Zarr', () => {
    expect(multiscaleGroups({ multiscales: { layout: [{ asset: '/0/' }, { asset: '1' }] } })).toEqual(['0', '1'])
    expect(multiscaleGroups({ multiscales: [{ datasets: [{ path: 's0' }, { path: 's1' }, {}] }] })).toEqual([
      's0',
      's1',
    ])
    for (const odd of [undefined, 3, [], {}, { layout: 'x' }])
      expect(multiscaleGroups({ multiscales: odd })).toEqual([])
  })

  test('a part of a store is a store', async () => {
    put('a/b/c.txt', 'content')
    const store = subStore(subStore(await openFolder(folder), 'a'), 'b')
    expect(new TextDecoder().decode(await store.get('c.txt'))).toBe('content')
    expect(new TextDecoder().decode(await store.getPart('c.txt', -4, 4))).toBe('tent')
    expect(await store.getPart('none', 0, 4)).toBeUndefined()
    expect(await store.get('')).toBeUndefined()
    expect(await store.list('')).toEqual(['c.txt'])
    expect(store.folder).toBe(join(folder, 'a/b'))
  })
})

describe('data types and fill values', () => {
  const of = (name: unknown): DataType => dataType(name, 'here')

  test.each([
    ['<i2', 'number', 2],
    ['|b1', 'number', 1],
    ['float16', 'number', 2],
    ['<M8[ns]', 'number', 8],
    ['>m8[25s]', 'number', 8],
    ['complex128', 'complex', 16],
    ['<c8', 'complex', 8],
    ['|S7', 'text', 7],
    ['>U3', 'text', 12],
    ['|V5', 'bytes', 5],
    ['r24', 'bytes', 3],
    ['string', 'items', 0],
    [{ name: 'fixed_length_utf32', configuration: { length_bytes: 8 } }, 'text', 8],
    [{ name: 'numpy.datetime64', configuration: { unit: 'ms', scale_factor: 10 } }, 'number', 8],
    [
      [
        ['a', '<i2'],
        ['b', '<f4'],
      ],
      'record',
      6,
    ],
    [
      {
        name: 'structured',
        configuration: {
          fields: [
            ['a', 'int16'],
            ['b', 'bool'],
          ],
        },
      },
      'record',
      3,
    ],
  ])('%j', (name, layout, bytes) => {
    expect(of(name)).toMatchObject({ layout, bytes })
    expect(newValues(of(name), 3)).toHaveLength(3)
  })

  test.each([
    'bfloat16',
    '<f16',
    'int4',
    '',
    7,
    null,
    { name: 'decimal', configuration: { digits: 3 } },
    [['a', '|O']],
    [['a', '<i2', [2]]],
  ])('%j is refused by name', (name) => {
    expect(() => of(name)).toThrow(typeof name === 'string' && name !== '' ? name : 'which is not supported')
  })

  test('units of times', () => {
    expect(of('<M8[D]').time).toEqual({ kind: 'datetime64', unit: 'D', count: 1 })
    expect(of('>m8[25s]').time).toEqual({ kind: 'timedelta64', unit: 's', count: 25 })
  })

  test.each([
    ['<f4', 'NaN', Number.NaN],
    ['<f4', '-Infinity', -Infinity],
    ['float32', '0x7fc00000', Number.NaN],
    ['float64', '0x3ff8000000000000', 1.5],
    ['float16', '0x3c00', 1],
    ['<i2', null, 0],
    ['<i8', 5, 5n],
    ['<i8', undefined, 0n],
    ['<M8[ns]', 'NaT', -(2n ** 63n)],
    ['bool', true, 1],
    ['bool', false, 0],
    ['|S3', btoa('ab'), 'ab'],
    ['<U3', 'ab', 'ab'],
    ['<U3', null, ''],
    ['complex64', ['NaN', 2], [Number.NaN, 2]],
    ['complex64', null, [0, 0]],
    ['string', 'x', 'x'],
    ['string', 0, null],
    ['|V2', btoa('\x01\x02'), Uint8Array.of(1, 2)],
    [[['a', '<i2']], null, { a: 0 }],
  ])('the fill value of %j written %j', (name, written, value) => {
    expect(fillValue(of(name), written)).toEqual(value)
  })

  test('elements of bytes', () => {
    expect(valuesOf(of('>U2'), Uint8Array.of(0, 0, 0, 65, 0, 1, 0xf6, 0x80), 1)).toEqual(['A🚀'])
    expect(valuesOf(of('<U1'), Uint8Array.of(255, 255, 255, 255), 1)).toEqual(['\ufffd'])
    expect(valuesOf(of('|S3'), Uint8Array.of(97, 0, 98, 0, 0, 0), 2)).toEqual(['a\0b', ''])
    expect(
      valuesOf(
        of([
          ['n', '>i2'],
          ['s', '|S1'],
        ]),
        Uint8Array.of(1, 0, 97),
        1,
      ),
    ).toEqual([{ n: 256, s: 'a' }])
  })
})
