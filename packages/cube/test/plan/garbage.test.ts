import { describe, expect, test } from 'vitest'
import { FLOAT64 } from '../../src/model/block.ts'
import { blockArray, disown, forgetBlocks, own, release } from '../../src/model/garbage.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { BlockNode, CellNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { evaluateOwned } from '../../src/plan/evaluate.ts'
import { boxSum, fakeSource, schemaOf, wholeOf } from './fakes.ts'

const SIDES = { y: 40, x: 40 }

const plusOne = (input: CellNode['inputs'][number]): CellNode => ({
  kind: 'cells',
  label: 'plus one',
  inputs: [input],
  cell: {
    kind: 'call',
    operation: 'add',
    args: [
      { kind: 'input', input: 0 },
      { kind: 'constant', value: 1 },
    ],
  },
  schema: schemaOf(SIDES, FLOAT64),
})

describe('memory of blocks', () => {
  test('is given back at once where it is owned, and only there', () => {
    const mine = own(new Float64Array(100))
    const yours = new Float64Array(100)
    const part = own(new Float64Array(100).subarray(10))
    const given = disown(own(new Float64Array(100)))
    for (const data of [mine, yours, part, given]) release(data)
    expect([mine, yours, part, given].map((data) => data.length)).toEqual([0, 100, 90, 100])
    release(mine)
  })

  test('is where the next block of its size lies', () => {
    const first = own(blockArray('float64', 2 ** 15))
    release(first)
    expect(blockArray('uint16', 2 ** 15).buffer).not.toBe(first.buffer)
    expect(blockArray('float32', 2 ** 16).buffer).toBe(first.buffer)
    expect(blockArray('float32', 2 ** 16).buffer).not.toBe(first.buffer)
  })

  test('of kernels lies where released blocks were', async () => {
    forgetBlocks()
    const schema = schemaOf({ y: 200, x: 200 }, FLOAT64)
    const region = { start: [0, 0], shape: [200, 200] }
    const plus = (value: number) =>
      evaluateOwned({ ...plusOne(memorySource(new Float64Array(40_000).fill(value), schema)), schema }, region)
    const first = await plus(4)
    const { buffer } = first.data
    release(first.data)
    const { data } = await plus(7)
    expect(data.buffer).toBe(buffer)
    expect(data.every((value) => value === 8)).toBe(true)
  })

  test('that is spare never makes more of it in all than was in use at one time', () => {
    forgetBlocks()
    const before = process.memoryUsage().arrayBuffers
    const held = (): number => process.memoryUsage().arrayBuffers - before
    const blocks = [1, 2, 3].map(() => own(blockArray('uint8', 2 ** 20)))
    for (const block of blocks) release(block)
    expect(held()).toBe(3 * 2 ** 20)
    // Of another size: two of the three make room.
    const large = own(blockArray('uint8', 2 ** 21))
    expect(held()).toBe(3 * 2 ** 20)
    const larger = own(blockArray('uint8', 2 ** 22))
    expect(held()).toBe(6 * 2 ** 20)
    release(large)
    release(larger)
    expect(held()).toBe(6 * 2 ** 20)
    forgetBlocks()
    expect(held()).toBe(0)
  })

  test('that somebody has outside is left alone', async () => {
    const first = await computeCube(plusOne(fakeSource(SIDES, [8, 8], { packing: FLOAT64 }).node), {
      budgetBytes: 30_000,
    })
    const before = [...first.data]
    const memory = memorySource(first.data, schemaOf(SIDES, FLOAT64))
    // A kernel below a node of blocks, and a source that gives its own array.
    const second = await computeCube(boxSum(memory, 1))
    const third = await computeCube(boxSum(plusOne(memory), 1))
    expect([...first.data]).toEqual(before)
    expect(second.data).toHaveLength(1600)
    expect(third.data[0]).toBe(second.data[0]! + 4)
  })

  test('that a node passes on lives as long as its block', async () => {
    const source = plusOne(fakeSource(SIDES, [8, 8], { packing: FLOAT64 }).node)
    const pass: BlockNode = {
      kind: 'blocks',
      label: 'pass',
      inputs: [source],
      schema: source.schema,
      needs: (region) => [region],
      compute: (_, [block]) => block!,
    }
    const root = boxSum(pass, 1)
    const expected = await wholeOf(root)
    expect([...(await computeCube(root, { budgetBytes: 60_000 })).data]).toEqual(expected)
    expect([...(await computeCube(pass)).data]).toEqual(await wholeOf(source))
  })
})
