import { expect, test } from 'vitest'
import { Cube } from '../../src/fluent/cube.ts'
import type { Packing } from '../../src/model/block.ts'
import { memorySource } from '../../src/model/memory.ts'
import { commonPacking } from '../../src/model/packing.ts'
import { BOOLEAN } from '../../src/process/cubes/nodes.ts'

const integers = (dtype: Packing['dtype'], nodata?: number): Packing => ({
  dtype,
  scale: 1,
  offset: 0,
  ...(nodata === undefined ? {} : { nodata }),
})

test('truth values fit in with integers as 0 and 1', () => {
  expect(commonPacking(integers('uint8'), BOOLEAN)).toMatchObject({ dtype: 'int16', nodata: -32768 })
  expect(commonPacking(BOOLEAN, integers('uint8', 255))).toEqual(integers('uint8', 255))
  expect(commonPacking(BOOLEAN, integers('uint8', 0)).dtype).toBe('int16')
  expect(commonPacking(integers('int16', -1), BOOLEAN)).toEqual(integers('int16', -1))
  expect(commonPacking(integers('int16', -32768), BOOLEAN)).toEqual(integers('int16', -32768))
  // None is left that could stand for missing.
  expect(commonPacking(integers('int16'), BOOLEAN).dtype).toBe('float32')
  expect(commonPacking(integers('float32'), BOOLEAN).dtype).toBe('float32')
  expect(commonPacking({ ...integers('int16', -32768), scale: 3 }, BOOLEAN).dtype).toBe('float32')
  const tenths = { ...integers('int16', -32768), scale: 0.1 }
  expect(commonPacking(tenths, BOOLEAN)).toEqual(tenths)
  expect(commonPacking(BOOLEAN, { ...BOOLEAN }).isBoolean).toBe(true)
})

test('a mask beside bands of bytes stays a band of integers', async () => {
  const bandOf = (name: string, packing: Packing, ...values: number[]): Cube => {
    const dims = [
      { type: 'bands', name: 'bands', labels: [name], bands: [{ name }] },
      { type: 'other', name: 'i', labels: [0, 1, 2] },
    ] as const
    return new Cube(memorySource(Uint8Array.from(values), { dims, packing }, name))
  }
  const both = bandOf('v', integers('uint8'), 0, 200, 255).merge(bandOf('flag', BOOLEAN, 1, 0, 255))
  expect(both.node.schema.packing.dtype).toBe('int16')
  expect([...(await both.compute()).data]).toEqual([0, 200, 255, 1, 0, Number.NaN])
})
