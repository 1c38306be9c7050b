import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { FLOAT64 } from '../../src/model/block.ts'
import type { BlockNode, CellNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { evaluateRegion } from '../../src/plan/evaluate.ts'
import { scheduleOf } from '../../src/plan/schedule.ts'
import { fakeSource, schemaOf, wholeOf } from './fakes.ts'

const COMBINED: readonly Reducer[] = [
  'sum',
  'product',
  'mean',
  'min',
  'max',
  'count',
  'countValid',
  'variance',
  'sd',
  'first',
  'last',
  'any',
  'all',
]

const input: Cell = { kind: 'input', input: 0 }

function close(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) {
    if (Number.isNaN(value)) expect(actual[i]).toBeNaN()
    else expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(value)))
  }
}

/** Numbers with runs of missing ones, so that whole ranges are missing. */
const holed = (i: number) => (i % 7 < 3 || Math.floor(i / 40) % 3 === 1 ? Number.NaN : ((i * 31) % 9) - 3)

function reducing(reducer: Reducer, more: Partial<Extract<Cell, { kind: 'reduce' }>> = {}): CellNode {
  const { node } = fakeSource({ t: 40, x: 6 }, [4, 6], { packing: FLOAT64, value: holed })
  const cell: Cell = { kind: 'reduce', reducer, dim: 't', length: 40, of: input, ...more }
  const sides = more.groups === undefined ? { x: 6 } : { t: more.groups.length, x: 6 }
  return { kind: 'cells', label: reducer, inputs: [node], cell, schema: schemaOf(sides, FLOAT64) }
}

describe('partial reductions', () => {
  test.each(COMBINED.flatMap((reducer) => [true, false].map((ignoreNodata) => [reducer, ignoreNodata] as const)))(
    '%s of ranges, missing ignored: %s',
    async (reducer, ignoreNodata) => {
      const root = reducing(reducer, { ignoreNodata })
      const expected = await wholeOf(root)
      for (const foldAbove of [1, 300, 900]) {
        const region = { start: [0], shape: [6] }
        expect(scheduleOf(root, region, { foldAbove }).steps).toHaveLength(1)
        close((await evaluateRegion(root, region, { foldAbove })).data, expected)
      }
    },
  )

  test.each(COMBINED)('%s of groups, one of them empty', async (reducer) => {
    const groups = [[0, 1, 2, 9, 10, 11, 30], [], Array.from({ length: 20 }, (_, i) => i + 12), [39]]
    const root = reducing(reducer, { groups })
    const expected = await wholeOf(root)
    close((await evaluateRegion(root, { start: [0, 0], shape: [4, 6] }, { foldAbove: 1 })).data, expected)
    const middle = await evaluateRegion(root, { start: [1, 2], shape: [2, 3] }, { foldAbove: 1 })
    close(middle.data, [...expected.slice(8, 11), ...expected.slice(14, 17)])
  })

  test('made-up series', async () => {
    const value = fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -50, max: 50 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(...COMBINED),
        fc.boolean(),
        async (values, chunk, reducer, ignoreNodata) => {
          const { node } = fakeSource({ t: values.length }, [chunk], { packing: FLOAT64, value: (i) => values[i]! })
          const cell: Cell = { kind: 'reduce', reducer, dim: 't', length: values.length, ignoreNodata, of: input }
          const root: CellNode = { kind: 'cells', label: 'r', inputs: [node], cell, schema: schemaOf({}, FLOAT64) }
          const { data } = await evaluateRegion(root, { start: [], shape: [] }, { foldAbove: 8 })
          close(data, await wholeOf(root))
        },
      ),
    )
  })

  test('several reductions under arithmetic, in one pass over the source', async () => {
    const { node, decoded } = fakeSource({ t: 64, x: 50 }, [4, 50], { packing: FLOAT64 })
    const reduce = (reducer: Reducer): Cell => ({ kind: 'reduce', reducer, dim: 't', length: 64, of: input })
    const cell: Cell = { kind: 'call', operation: 'divide', args: [reduce('sd'), reduce('mean')] }
    const root: CellNode = { kind: 'cells', label: 'cv', inputs: [node], cell, schema: schemaOf({ x: 50 }, FLOAT64) }
    const expected = await wholeOf(root)
    decoded.clear()
    close((await computeCube(root, { budgetBytes: 12_000 })).data, expected)
    expect([...decoded.values()].every((count) => count === 1)).toBe(true)
  })

  test('the mean of a whole image does not need the image', async () => {
    const { node, decoded } = fakeSource({ b: 2, y: 128, x: 128 }, [1, 16, 128])
    const rows: Cell = { kind: 'reduce', reducer: 'sum', dim: 'x', length: 128, of: input }
    const cell: Cell = { kind: 'reduce', reducer: 'sum', dim: 'y', length: 128, of: rows }
    const root: CellNode = { kind: 'cells', label: 'sum', inputs: [node], cell, schema: schemaOf({ b: 2 }, FLOAT64) }
    const expected = await wholeOf(root)
    decoded.clear()
    close((await computeCube(root, { budgetBytes: 40_000 })).data, expected)
    expect([...decoded.values()].every((count) => count === 1)).toBe(true)
  })

  test('nodes that fold by themselves are folded above the bound', async () => {
    const { node } = fakeSource({ t: 20, x: 5 }, [1, 5], { packing: FLOAT64 })
    let pieces = 0
    const columns: BlockNode = {
      kind: 'blocks',
      label: 'sums',
      inputs: [node],
      schema: schemaOf({ x: 5 }, FLOAT64),
      needs: ({ start, shape }) => [{ start: [0, ...start], shape: [20, ...shape] }],
      compute: () => {
        throw new Error('all at once')
      },
      fold: {
        *pieces({ start, shape }) {
          for (let t = 0; t < 20; t++) yield [{ start: [t, ...start], shape: [1, ...shape] }]
        },
        begin: (region) => ({ region, sums: new Float64Array(region.shape[0]!) }),
        add: (state, [block]) => {
          pieces++
          const { sums } = state as { sums: Float64Array }
          for (let i = 0; i < sums.length; i++) sums[i]! += block!.data[i]!
        },
        end: (state) => {
          const { region, sums } = state as { region: BlockRegion; sums: Float64Array<ArrayBuffer> }
          return { region, data: sums }
        },
      },
    }
    const { data } = await evaluateRegion(columns, { start: [0], shape: [5] }, { foldAbove: 50 })
    const cells = await wholeOf(node)
    expect([...data]).toEqual([0, 1, 2, 3, 4].map((x) => cells.filter((_, i) => i % 5 === x).reduce((a, b) => a + b)))
    expect(pieces).toBe(20)
  })
})

type BlockRegion = Parameters<BlockNode['needs']>[0]
