import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { CfDataset, CfOut } from '../../src/cf/encode.ts'
import { openNetcdfFile } from '../../src/netcdf/array-source.ts'
import { attribute, Bytes, checksum, dataspace, numberType, objectHeader } from '../../src/netcdf/hdf5-bytes.ts'
import { chunkTree, GlobalHeap } from '../../src/netcdf/hdf5-tree.ts'
import { Hdf5Writer } from '../../src/netcdf/hdf5-write.ts'
import { temporaryFolder } from '../temporary.ts'

describe('bytes', () => {
  test('lookup3 gives the values of its author', () => {
    // From the driver in lookup3.c (Bob Jenkins, 2006): hashlittle("", 0) and the Gettysburg line with initval 0.
    expect(checksum(new Uint8Array(0))).toBe(0xdeadbeef)
    expect(checksum(Buffer.from('Four score and seven years ago'))).toBe(0x17770551)
  })

  test('buffers grow without losing what is in them', () => {
    const out = new Bytes()
    for (let i = 0; i < 1000; i++)
      out
        .u32(i)
        .u16(i)
        .u8(i & 255)
        .u64(i)
    const bytes = out.done()
    expect(bytes.length).toBe(15000)
    for (const i of [0, 16, 17, 500, 999]) {
      expect(bytes.readUInt32LE(i * 15)).toBe(i)
      expect(bytes.readBigUInt64LE(i * 15 + 7)).toBe(BigInt(i))
    }
  })

  test('types and spaces have the lengths that the format gives them', () => {
    expect(numberType('float64').length).toBe(20)
    expect(numberType('uint16').length).toBe(12)
    expect(dataspace([]).length).toBe(4)
    expect(dataspace([2, 3]).length).toBe(20)
    const header = objectHeader([attribute('a', numberType('int32'), dataspace([]), Buffer.alloc(4))])
    expect(header.toString('latin1', 0, 4)).toBe('OHDR')
    expect(header.readUInt32LE(6)).toBe(header.length - 14)
    expect(header.readUInt32LE(header.length - 4)).toBe(checksum(header.subarray(0, -4)))
  })
})

describe('trees and heaps', () => {
  test('a level for every 64 chunks', () => {
    const chunks = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ start: [i * 2], address: 1000 + i, bytes: 5 }))
    const node = 24 + 64 * 8 + 65 * 24
    for (const [count, nodes] of [
      [1, 1],
      [64, 1],
      [65, 3],
      [4096, 65],
      [4097, 65 + 2 + 1],
    ] as const) {
      const { bytes, root } = chunkTree(chunks(count), [2], 512)
      expect(bytes.length).toBe(nodes * node)
      expect(root).toBe(512 + (nodes - 1) * node)
    }
  })

  test('objects are aligned, collections at least 4096 bytes', () => {
    const heap = new GlobalHeap()
    const places = ['a', 'longer text', ''].map((text) => heap.add(Buffer.from(text), text.length))
    expect(heap.length).toBe(4096)
    const bytes = heap.done()
    expect(bytes.length).toBe(4096)
    expect(bytes.toString('latin1', 0, 4)).toBe('GCOL')
    expect(places[1]!(8192).readUInt32LE(12)).toBe(2)
    const many = new GlobalHeap()
    const far = Array.from({ length: 60001 }, (_, i) => many.add(Buffer.from(`${i}`), 1)).at(-1)!
    expect(many.done().length).toBe(many.length)
    expect(Number(far(0).readBigUInt64LE(4))).toBe(many.length - 4096)
  })
})

test('thousands of chunks, in any order, many texts: the library finds them all', async () => {
  const labels = Array.from({ length: 5000 }, (_, i) => `label ${i}`)
  const coordinate: CfOut = { name: 'n', dims: ['n'], shape: [5000], dtype: 'string', attributes: {}, values: labels }
  const data: CfOut = { name: 'v', dims: ['n', 'k'], shape: [5000, 3], dtype: 'int32', attributes: { _FillValue: -1 } }
  const dims = [
    { name: 'n', length: 5000 },
    { name: 'k', length: 3 },
  ]
  const dataset: CfDataset = { dims, attributes: { Conventions: 'CF-1.11' }, coordinates: [coordinate], data: [data] }
  const path = join(await temporaryFolder(), 'a.nc')
  const file = await open(path, 'wx+')
  const writer = new Hdf5Writer(file, dataset, { chunks: [1, 3], level: 1, shuffle: false })
  for (let k = 0; k < 5000; k++) {
    const row = (k * 2741) % 5000
    if (row === 77) continue
    const bytes = new Uint8Array(Int32Array.of(row, -row, row * 7).buffer)
    await writer.chunk(0, [row, 0], deflateSync(bytes, { level: 1 }))
  }
  await writer.finish()
  await file.close()
  const opened = await openNetcdfFile(path)
  expect(opened.variables.get('v')!.dims).toEqual(['n', 'k'])
  const values = (await opened.read('v', [0, 0], [5000, 3])) as Int32Array
  const expected = Int32Array.from({ length: 15000 }, (_, i) => {
    const row = Math.floor(i / 3)
    return row === 77 ? -1 : [row, -row, row * 7][i % 3]!
  })
  expect(values).toEqual(expected)
  expect(await opened.read('n', [4990], [10])).toEqual(labels.slice(4990))
  await opened.close()
})
