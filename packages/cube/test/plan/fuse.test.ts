import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from '../../src/cells/cell.ts'
import { newArray } from '../../src/dtype.ts'
import { FLOAT64, type Packing } from '../../src/model/block.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CellNode, CubeNode } from '../../src/model/node.ts'
import { withMissing } from '../../src/model/packing.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { fuse } from '../../src/plan/fuse.ts'
import { consumersFirst } from '../../src/plan/nodes.ts'
import { Simplifier } from '../../src/plan/simplify.ts'
import { concatNode, MISSING, selectNode } from '../../src/process/cubes/nodes.ts'
import { boxSum, fakeSource, schemaOf, wholeOf } from './fakes.ts'
import { choices, graphOf, isComparable } from './random-graphs.ts'

const input = (i: number): Cell => ({ kind: 'input', input: i })
const call = (operation: string, ...args: readonly Cell[]): Cell => ({ kind: 'call', operation, args })
const at = (dim: string, index: number, of: Cell): Cell => ({ kind: 'at', dim, index, of })
const constant = (value: number): Cell => ({ kind: 'constant', value })

const cells = (label: string, inputs: readonly CubeNode[], cell: Cell, sides: Record<string, number>): CellNode => ({
  kind: 'cells',
  label,
  inputs,
  cell,
  schema: schemaOf(sides, FLOAT64),
})

const kinds = (root: CubeNode) => consumersFirst(root).map((node) => (node.kind === 'cells' ? 'cells' : node.label))

const SIDES = { t: 4, b: 3, y: 5, x: 5 }

/** Packings of integers: with a value for missing, without, scaled. */
const packings = fc.record({
  dtype: fc.constantFrom('uint8', 'int8', 'uint16', 'int16'),
  nodata: fc.constantFrom(undefined, 0, 3, 100),
  scale: fc.constantFrom(1, 0.5),
})

describe('masks of integers', () => {
  const ROW = { x: 60 }

  test('give the same fused with what is made of them as alone', async () => {
    await fc.assert(
      fc.asyncProperty(packings, packings, fc.infiniteStream(fc.nat(300)), async (kind, other, stream) => {
        const packed = ({ nodata, ...rest }: typeof kind): Packing => ({
          ...rest,
          offset: 0,
          ...(nodata === undefined ? {} : { nodata }),
        })
        const [from, to] = [packed(kind), packed(other)]
        const data = newArray(from.dtype, 60).map((_) => stream.next().value as number)
        const source = memorySource(data, schemaOf(ROW, from), 'memory')
        const mask = call('if', call('gt', input(0), constant(60)), MISSING, input(0))
        for (const packing of [from, withMissing(from), to]) {
          const masked = { ...cells('mask', [source], mask, ROW), schema: schemaOf(ROW, packing) }
          const plus = cells('plus', [masked], call('add', input(0), constant(1)), ROW)
          const alone = memorySource((await computeCube(masked)).data, masked.schema, 'memory')
          const { data: expected } = await computeCube({ ...plus, inputs: [alone] })
          expect([...(await computeCube(plus)).data]).toEqual([...expected])
        }
      }),
      { numRuns: 200 },
    )
  })

  test.each([
    [{ dtype: 'uint16', nodata: 0 }, 2],
    [{ dtype: 'uint8' }, 2],
    [{ dtype: 'uint16' }, 2],
    [{ dtype: 'uint8', nodata: 0, scale: 0.5 }, 2],
  ] as const)('of %j become one node with what is made of them', (kind, count) => {
    const packing: Packing = { scale: 1, offset: 0, ...kind }
    const source = memorySource(newArray(kind.dtype, 60), schemaOf(ROW, packing), 'memory')
    const mask = call('if', call('gt', input(0), constant(60)), MISSING, input(0))
    const masked = { ...cells('mask', [source], mask, ROW), schema: schemaOf(ROW, withMissing(packing)) }
    expect(consumersFirst(fuse(cells('plus', [masked], call('add', input(0), constant(1)), ROW)))).toHaveLength(count)
  })
})

describe('fusion', () => {
  test('a chain of arithmetic, selection and reduction becomes one node', async () => {
    const { node, decoded } = fakeSource(SIDES, [1, 1, 5, 5])
    const red = cells('red', [node], at('b', 0, input(0)), { t: 4, y: 5, x: 5 })
    const nir = cells('nir', [node], at('b', 2, input(0)), { t: 4, y: 5, x: 5 })
    const both = [nir, red]
    const ndvi = cells(
      'ndvi',
      both,
      call('divide', call('subtract', input(0), input(1)), call('add', input(0), input(1))),
      { t: 4, y: 5, x: 5 },
    )
    const mean = cells(
      'mean',
      [ndvi],
      { kind: 'reduce', reducer: 'mean', dim: 't', length: 4, of: input(0) },
      { y: 5, x: 5 },
    )
    const expected = await wholeOf(mean)
    const fused = fuse(mean)
    expect(kinds(fused)).toEqual(['cells', 'fake'])
    // Band 1 is nobody's: the source is narrowed to the other two.
    expect(fused.inputs[0]!.schema.dims[1]!.labels).toEqual([0, 2])
    decoded.clear()
    const { data } = await computeCube(mean)
    for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 5)
    expect(decoded.size).toBe(8)
    expect(fuse(fused)).toBe(fused)
  })

  test('equal parts are one object', () => {
    const simplifier = new Simplifier([schemaOf(SIDES)])
    const cell = simplifier.simplify(
      call('divide', call('add', at('b', 0, input(0)), constant(1)), call('add', at('b', 0, input(0)), constant(1))),
    )
    const { args } = cell as Extract<Cell, { kind: 'call' }>
    expect(args[0]).toBe(args[1])
  })

  test.each<[string, Cell, Cell]>([
    ['constants', call('add', constant(1), call('multiply', constant(2), constant(3))), constant(7)],
    ['label of a selection', at('b', 1, { kind: 'label', dim: 'b', values: [4, 5, 6] }), constant(5)],
    [
      'selection of a selection',
      { kind: 'take', dim: 'b', indices: [1, -1, 0], of: { kind: 'take', dim: 'b', indices: [2, 1], of: input(0) } },
      { kind: 'take', dim: 'b', indices: [1, -1, 2], of: input(0) },
    ],
    [
      'one group of a grouped reduction',
      at('t', 1, {
        kind: 'reduce',
        reducer: 'max',
        dim: 't',
        length: 4,
        groups: [
          [0, 1],
          [3, 2],
        ],
        of: input(0),
      }),
      {
        kind: 'reduce',
        reducer: 'max',
        dim: 't',
        length: 2,
        of: { kind: 'take', dim: 't', indices: [3, 2], of: input(0) },
      },
    ],
    [
      'selection under another name',
      at('u', 2, { kind: 'rename', names: { u: 't' }, of: input(0) }),
      at('t', 2, input(0)),
    ],
    [
      'selection of a dimension that nothing below a name reads',
      at('u', 2, { kind: 'rename', names: { u: 't' }, of: at('t', 1, input(0)) }),
      at('t', 1, input(0)),
    ],
    [
      'missing labels stay missing whatever is computed below',
      { kind: 'take', dim: 'b', indices: [-1, 0], of: call('add', input(0), constant(1)) },
      { kind: 'take', dim: 'b', indices: [-1, 0], of: call('add', input(0), constant(1)) },
    ],
    ['a name for itself', { kind: 'rename', names: { t: 't' }, of: input(0) }, input(0)],
  ])('simplifies %s', (_, cell, expected) => {
    expect(new Simplifier([schemaOf(SIDES)]).simplify(cell)).toEqual(expected)
  })

  test('a costly node with two consumers is computed once', async () => {
    const { node } = fakeSource(SIDES, [1, 1, 5, 5])
    const median = cells(
      'median',
      [node],
      { kind: 'reduce', reducer: 'median', dim: 't', length: 4, of: input(0) },
      { b: 3, y: 5, x: 5 },
    )
    const anomaly = cells('anomaly', [node, median], call('subtract', input(0), input(1)), SIDES)
    expect(kinds(fuse(anomaly))).toEqual(['cells', 'cells', 'fake'])
    const twice = cells('twice', [median, median], call('add', input(0), input(1)), { b: 3, y: 5, x: 5 })
    expect(kinds(fuse(twice))).toEqual(['cells', 'fake'])
  })

  test('rounding to integers is not skipped by fusion', async () => {
    const { node } = fakeSource({ x: 5 }, [5], { value: (i) => i / 3 })
    const bytes: CellNode = {
      ...cells('bytes', [node], call('multiply', input(0), constant(1)), { x: 5 }),
      schema: schemaOf({ x: 5 }, { dtype: 'uint8', nodata: 255, scale: 1, offset: 0 }),
    }
    const doubled = cells('doubled', [bytes], call('multiply', input(0), constant(3)), { x: 5 })
    expect(kinds(fuse(doubled))).toEqual(['cells', 'cells', 'fake'])
    expect([...(await computeCube(doubled)).data]).toEqual(await wholeOf(doubled))
  })

  test('selections pass through concatenations and drop files', async () => {
    const files = [0, 1, 2, 3].map((i) => fakeSource({ b: 3, y: 5, x: 5 }, [1, 5, 5], { value: (k) => i * 100 + k }))
    const dated = files.map(({ node }) => cells('date', [node], input(0), { t: 1, b: 3, y: 5, x: 5 }))
    const stack = concatNode(dated, 't')
    const band = selectNode('band', selectNode('dates', stack, 't', [1, 3]), 'b', [2])
    const expected = await wholeOf(band)
    for (const { decoded } of files) decoded.clear()
    expect([...(await computeCube(band)).data]).toEqual(expected)
    expect(files.map(({ decoded }) => decoded.size)).toEqual([0, 1, 0, 1])
  })

  test('what one consumer needs another keeps', async () => {
    const { node } = fakeSource(SIDES, [1, 1, 5, 5])
    const one = cells('one', [node], at('b', 0, input(0)), { t: 4, y: 5, x: 5 })
    const sum = boxSum(cells('two', [node], at('b', 1, input(0)), { t: 4, y: 5, x: 5 }), 1)
    const root = cells('root', [one, sum], call('add', input(0), input(1)), { t: 4, y: 5, x: 5 })
    const fused = fuse(root)
    const [source] = consumersFirst(fused).filter(({ kind }) => kind === 'source')
    expect(source!.schema.dims[1]!.labels).toEqual([0, 1])
    expect([...(await computeCube(root)).data]).toEqual(await wholeOf(root))
  })

  test('made-up graphs give the same fused, cut and whole', async () => {
    await fc.assert(
      fc.asyncProperty(choices, fc.integer({ min: 6, max: 13 }), async (list, power) => {
        const root = graphOf(list)
        fc.pre(isComparable(root))
        const expected = await wholeOf(root)
        const budgetBytes = 2 ** power * 256
        const { data } = await computeCube(root, { budgetBytes }).catch((error: { tag?: string }) => {
          if (error.tag === 'BudgetTooSmall') return { data: expected }
          throw error
        })
        expect(data.length).toBe(expected.length)
        for (const [i, value] of expected.entries()) {
          const near = Math.abs(data[i]! - value) <= 1e-5 * Math.max(1, Math.abs(value))
          if (!near && !(Number.isNaN(value) && Number.isNaN(data[i]))) expect([i, data[i]]).toEqual([i, value])
        }
      }),
      { numRuns: 80 },
    )
  })
})
