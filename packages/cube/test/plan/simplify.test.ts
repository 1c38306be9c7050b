/** Random cells mean the same simplified, and read no label that `usedLabels` leaves out. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from '../../src/cells/cell.ts'
import { interpretValues } from '../../src/cells/interpret.ts'
import { FLOAT64 } from '../../src/model/block.ts'
import type { CellNode } from '../../src/model/node.ts'
import { shapeOf } from '../../src/model/node.ts'
import { cellCount, wholeRegion } from '../../src/model/region.ts'
import { Simplifier } from '../../src/plan/simplify.ts'
import { isCheap, isUsedOnce, keepsValues, substitute } from '../../src/plan/substitute.ts'
import { usedLabels } from '../../src/plan/used.ts'
import { fakeSource, schemaOf } from './fakes.ts'

const SIDES = { t: 4, b: 3, x: 2 }
const SCHEMA = schemaOf(SIDES, FLOAT64)
const input = (i = 0): Cell => ({ kind: 'input', input: i })
const constant = (value: number): Cell => ({ kind: 'constant', value })
const call = (operation: string, ...args: readonly Cell[]): Cell => ({ kind: 'call', operation, args })

const lengths: Readonly<Record<string, number>> = SIDES
const dimension = fc.constantFrom('t', 'b')
const indexOf = (dim: string) => fc.integer({ min: 0, max: lengths[dim]! - 1 })

/** Cells over one cube of t, b and x, in whose scope all three stay: `take` and groups keep the lengths. */
const cell: fc.Arbitrary<Cell> = fc.letrec<{ cell: Cell }>((tie) => {
  const of = tie('cell')
  const same = (dim: string) => ({ minLength: lengths[dim]!, maxLength: lengths[dim]! })
  const take = dimension.chain((dim) =>
    fc.record({
      kind: fc.constant('take' as const),
      dim: fc.constant(dim),
      indices: fc.array(fc.oneof(indexOf(dim), fc.constant(-1)), same(dim)),
      of,
    }),
  )
  const at = dimension.chain((dim) =>
    fc.record({ kind: fc.constant('at' as const), dim: fc.constant(dim), index: indexOf(dim), of }),
  )
  const reduce = dimension.chain((dim) =>
    fc.record({
      kind: fc.constant('reduce' as const),
      reducer: fc.constantFrom('sum' as const, 'max' as const, 'first' as const, 'count' as const),
      dim: fc.constant(dim),
      length: fc.constant(lengths[dim]!),
      groups: fc.array(fc.array(indexOf(dim), { minLength: 1, maxLength: 3 }), same(dim)),
      of,
    }),
  )
  const label: Cell = { kind: 'label', dim: 't', values: [10, 20, 30, 40] }
  const leaf = fc.oneof(fc.constant(input()), fc.integer({ min: -2, max: 2 }).map(constant), fc.constant(label))
  return {
    cell: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      leaf,
      fc
        .tuple(fc.constantFrom('add', 'multiply', 'subtract'), of, of)
        .map(([operation, a, b]) => call(operation, a, b)),
      take,
      at,
      reduce,
    ) as fc.Arbitrary<Cell>,
  }
}).cell

const data = Float64Array.from({ length: cellCount(shapeOf(SCHEMA)) }, (_, i) =>
  i % 7 === 3 ? Number.NaN : (i * 5) % 11,
)
const valuesOf = (root: Cell, cells = data) =>
  interpretValues(root, [SCHEMA], SCHEMA, wholeRegion(shapeOf(SCHEMA)), [
    { region: wholeRegion(shapeOf(SCHEMA)), data: cells },
  ])

const nodeOf = (root: Cell): CellNode => ({
  kind: 'cells',
  label: 'node',
  inputs: [fakeSource(SIDES, [1, 1, 2]).node],
  cell: root,
  schema: SCHEMA,
})

describe('simplifying cells', () => {
  test('changes no value', () => {
    fc.assert(
      fc.property(cell, (root) => {
        expect([...valuesOf(new Simplifier([SCHEMA]).simplify(root))]).toEqual([...valuesOf(root)])
      }),
      { numRuns: 300 },
    )
  })
})

describe('used labels', () => {
  test('no value depends on the others', () => {
    fc.assert(
      fc.property(cell, (root) => {
        const [used] = usedLabels(nodeOf(root))
        const changed = data.map((value, i) => {
          const at = [Math.floor(i / 6), Math.floor(i / 2) % 3, i % 2]
          return at.every((index, d) => used![d]![index] === 1) ? value : 1000
        })
        expect([...valuesOf(root, changed)]).toEqual([...valuesOf(root)])
      }),
      { numRuns: 300 },
    )
  })

  test('of selections and groups are exactly these', () => {
    const groups = [[0, 3], [3], [0], [0]]
    const root: Cell = {
      kind: 'reduce',
      reducer: 'max',
      dim: 't',
      length: 4,
      groups,
      of: { kind: 'at', dim: 'b', index: 1, of: input() },
    }
    expect(usedLabels(nodeOf(root))[0]!.map((mask) => [...mask.keys()].filter((i) => mask[i] === 1))).toEqual([
      [0, 3],
      [1],
      [0, 1],
    ])
  })
})

describe('what may be inlined', () => {
  test('a little arithmetic is cheap, reductions are not', () => {
    expect(isCheap(call('add', input(), constant(1)))).toBe(true)
    expect(isCheap({ kind: 'reduce', reducer: 'sum', dim: 't', length: 4, of: input() })).toBe(false)
    const long = Array.from({ length: 20 }).reduce<Cell>((of) => call('add', of, constant(1)), input())
    expect(isCheap(long)).toBe(false)
  })

  test('each cell of an input is used once, or not', () => {
    const lagged: Cell = { kind: 'take', dim: 't', indices: [-1, 0, 1, 2], of: input() }
    expect(isUsedOnce(nodeOf(input()), 0)).toBe(true)
    expect(isUsedOnce(nodeOf({ kind: 'take', dim: 't', indices: [3, 2, 1, 0], of: input() }), 0)).toBe(true)
    expect(isUsedOnce(nodeOf({ kind: 'take', dim: 't', indices: [0, 0, 1, 1], of: input() }), 0)).toBe(false)
    expect(isUsedOnce(nodeOf(call('subtract', input(), lagged)), 0)).toBe(false)
    // A cube without t under one with it: each of its cells is asked for at every date.
    const wide: CellNode = { ...nodeOf(input()), inputs: [fakeSource({ b: 3, x: 2 }, [1, 2]).node] }
    expect(isUsedOnce(wide, 0)).toBe(false)
  })

  test('values survive packing as floats and as they were, not as other integers', () => {
    const bytes = { dtype: 'uint8', nodata: 255, scale: 1, offset: 0 } as const
    const packed: CellNode = {
      ...nodeOf(input()),
      inputs: [fakeSource(SIDES, [1, 1, 2], { packing: bytes }).node],
      schema: schemaOf(SIDES, bytes),
    }
    expect(keepsValues(nodeOf(call('add', input(), input())))).toBe(true)
    expect(keepsValues(packed)).toBe(true)
    expect(keepsValues({ ...packed, cell: call('add', input(), constant(0.5)) })).toBe(false)
    expect(keepsValues({ ...packed, inputs: [fakeSource(SIDES, [1, 1, 2]).node] })).toBe(false)
  })

  test('substitution keeps shared parts shared', () => {
    const shared = call('sqrt', input())
    const made = substitute(call('add', shared, shared), () => constant(4)) as Extract<Cell, { kind: 'call' }>
    expect(made.args[0]).toBe(made.args[1])
    expect(made.args[0]).toEqual(call('sqrt', constant(4)))
  })
})
