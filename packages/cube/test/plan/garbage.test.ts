import { describe, expect, test } from 'vitest'
import { FLOAT64 } from '../../src/model/block.ts'
import { disown, own, release } from '../../src/model/garbage.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { BlockNode, CellNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
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

  test('goes to who wants it again', () => {
    const taken: ArrayBuffer[] = []
    const data = own(new Float64Array(100), (buffer) => taken.push(buffer))
    release(own(data))
    release(disown(own(new Float64Array(100), (buffer) => taken.push(buffer))))
    expect(taken).toEqual([data.buffer])
    expect(data).toHaveLength(100)
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
