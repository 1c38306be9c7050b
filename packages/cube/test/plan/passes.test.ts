import type { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { FLOAT32, FLOAT64, type Packing } from '../../src/model/block.ts'
import type { CellNode, CubeNode } from '../../src/model/node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { evaluateRegion } from '../../src/plan/evaluate.ts'
import { explain, explainText } from '../../src/plan/explain.ts'
import { planOf } from '../../src/plan/plan.ts'
import { scheduleOf } from '../../src/plan/schedule.ts'
import { fakeSource, schemaOf, wholeOf } from './fakes.ts'

const input: Cell = { kind: 'input', input: 0 }
type Reduce = Extract<Cell, { kind: 'reduce' }>

const over = (length: number, reducer: Reducer, more: Partial<Reduce> = {}): Reduce => ({
  kind: 'reduce',
  reducer,
  dim: 't',
  length,
  of: input,
  ...more,
})

const made = (node: CubeNode, cell: Cell, sides: Readonly<Record<string, number>>, packing = FLOAT64): CellNode => ({
  kind: 'cells',
  label: 'statistic',
  inputs: [node],
  cell,
  schema: schemaOf(sides, packing),
})

const UINT16: Packing = { dtype: 'uint16', nodata: 0, scale: 0.1, offset: -3 }
const INT32: Packing = { dtype: 'int32', nodata: -1, scale: 1, offset: 0 }

describe('order statistics larger than the budget', () => {
  test('a series of which not even one cell fits is read several times', async () => {
    const { node, decoded } = fakeSource({ t: 200_000 }, [1000], { value: (i) => ((i * 7919) % 100_003) / 3 })
    const root = made(node, over(200_000, 'median'), {}, FLOAT32)
    const expected = await wholeOf(root)
    decoded.clear()
    const plan = planOf(root, { budgetBytes: 100_000 })
    expect(plan.inPasses).toBe(true)
    expect(plan.costs.peakBytes).toBeLessThan(100_000)
    const { data } = await computeCube(root, { budgetBytes: 100_000 })
    expect([...data]).toEqual(expected)
    expect(new Set(decoded.values()).size).toBe(1)
    expect(decoded.size).toBe(200)
    expect([...decoded.values()][0]).toBeLessThanOrEqual(4)
    expect(explainText(explain(root, { budgetBytes: 100_000 }))).toContain('in several passes')
  })

  test('where it fits, or can be cut anew, it is read once', () => {
    const { node } = fakeSource({ t: 300, y: 48, x: 48 }, [1, 48, 48])
    const root = made(node, over(300, 'median'), { y: 48, x: 48 })
    expect(planOf(root, { budgetBytes: 400_000 })).toMatchObject({ inPasses: false, spools: [{}] })
    expect(planOf(root, { budgetBytes: 400_000_000 })).toMatchObject({ inPasses: false, spools: [] })
  })

  test('cells are the same bit for bit, whatever is made of them, of any type of number', async () => {
    const reducers = fc.constantFrom<Partial<Reduce>>(
      { reducer: 'median' },
      { reducer: 'quantile', probability: 0.1 },
      { reducer: 'quantile', probability: 1 },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(FLOAT32, FLOAT64, UINT16, INT32),
        fc.constantFrom(FLOAT32, FLOAT64),
        reducers,
        fc.boolean(),
        fc.constantFrom(1, 3, 16),
        fc.constantFrom(1, 100, 400),
        async (from, to, reducer, ignoreNodata, chunk, foldAbove) => {
          const isFloat = from.dtype.startsWith('float')
          const value = (i: number) => (i % 7 === 3 && isFloat ? Number.NaN : ((i * 7919) % 251) / (isFloat ? 7 : 1))
          const { node } = fakeSource({ t: 40, y: 3, x: 5 }, [chunk, 2, 5], { packing: from, value })
          const statistic = over(40, 'median', { ...reducer, ignoreNodata })
          const cell: Cell = {
            kind: 'call',
            operation: 'multiply',
            args: [{ kind: 'constant', value: 0.3 }, statistic],
          }
          for (const root of [made(node, statistic, { y: 3, x: 5 }, to), made(node, cell, { y: 3, x: 5 }, to)]) {
            const region = { start: [0, 1], shape: [3, 4] }
            const expected = await evaluateRegion(root, region)
            const options = { foldAbove, inPasses: true }
            expect(scheduleOf(root, region, options).steps).toHaveLength(1)
            expect((await evaluateRegion(root, region, options)).data).toEqual(expected.data)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('groups with gaps, one of them empty, in any order', async () => {
    const { node } = fakeSource({ t: 40, x: 6 }, [4, 6], { packing: FLOAT64, value: (i) => ((i * 31) % 97) - 40 })
    const groups = [[0, 1, 2, 9, 10, 11, 30], [], [39, 12, 13, 20], [5]]
    const root = made(node, over(40, 'median', { groups }), { t: 4, x: 6 })
    const expected = await wholeOf(root)
    const options = { foldAbove: 1, inPasses: true }
    expect([...(await evaluateRegion(root, { start: [0, 0], shape: [4, 6] }, options)).data]).toEqual(expected)
    const middle = await evaluateRegion(root, { start: [2, 2], shape: [2, 3] }, options)
    expect([...middle.data]).toEqual([...expected.slice(14, 17), ...expected.slice(20, 23)])
  })

  test('beside sums over the same series', async () => {
    const { node } = fakeSource({ t: 60, x: 6 }, [4, 6], { packing: FLOAT64, value: (i) => (i * 31) % 97 })
    const cell: Cell = { kind: 'call', operation: 'subtract', args: [over(60, 'median'), over(60, 'max')] }
    const root = made(node, cell, { x: 6 })
    const region = { start: [0], shape: [6] }
    const { data } = await evaluateRegion(root, region, { foldAbove: 1, inPasses: true })
    expect([...data]).toEqual(await wholeOf(root))
  })

  test('chunks that are larger than a piece should be are taken in parts, as long as they can be decoded', async () => {
    const { node } = fakeSource({ t: 80_000 }, [40_000], { packing: FLOAT64, value: (i) => (i * 7919) % 40_009 })
    const root = made(node, over(80_000, 'median'), {})
    const budgetBytes = 1_400_000
    expect(planOf(root, { budgetBytes })).toMatchObject({ inPasses: true, tasks: 1 })
    expect([...(await computeCube(root, { budgetBytes })).data]).toEqual(await wholeOf(root))
  })

  test('what is asked for is what pieces of a box need, and enough', () => {
    const { node } = fakeSource({ t: 100, y: 256, x: 256 }, [100, 64, 64], { packing: UINT16 })
    const root = made(node, over(100, 'median'), { y: 256, x: 256 }, FLOAT32)
    const options = { chunks: [128, 128], encodeBytes: () => 128 * 128 * 4, workers: 2 }
    const error = (() => {
      try {
        return planOf(root, { ...options, budgetBytes: 1_000_000 })
      } catch (cause) {
        return cause as InputError
      }
    })() as InputError
    const { needed } = error.data as { needed: number }
    // One chunk of 0.8 MB, a part of it, and the box beside them.
    expect(needed).toBeLessThan(2_500_000)
    expect(planOf(root, { ...options, budgetBytes: needed }).tasks).toBe(4)
    expect(() => planOf(root, { ...options, budgetBytes: 0.5 * needed })).toThrow('needs')
  })

  test('a budget in which not even one chunk can be decoded is refused with what it takes', () => {
    const { node } = fakeSource({ t: 40_000 }, [40_000], { packing: FLOAT64 })
    const root = made(node, over(40_000, 'median'), {})
    expect(() => planOf(root, { budgetBytes: 200_000 })).toThrow(/the least piece .* needs 1 MB of memory/)
    const hint = (() => {
      try {
        return planOf(root, { budgetBytes: 200_000 })
      } catch (cause) {
        return (cause as InputError).hint
      }
    })()
    expect(hint).toContain('store fake in smaller chunks: one of 40000 cells has to be decoded whole')
  })
})
