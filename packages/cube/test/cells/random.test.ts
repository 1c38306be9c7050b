/**
 * Random cells over random cubes: the compiled kernel gives what the interpreter gives. float64 kernels to 1e-9,
 * float32 kernels to 2e-4 of the greater of 1 and the value (sums of products of a few rounded numbers); missing cells
 * are the same ones. Conditions and rounding only stand on numbers that both compute exactly.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { interpretValues } from '../../src/cells/interpret.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { inputRegions } from '../../src/cells/needs.ts'
import { newArray } from '../../src/dtype.ts'
import { type Block, FLOAT32, FLOAT64, type Packing } from '../../src/model/block.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { cellCount, type Region, stridesOf } from '../../src/model/region.ts'
import type { DType } from '../../src/types.ts'
import { schema } from './make.ts'

type Lengths = Readonly<Record<string, number>>

const NARROW: readonly DType[] = ['uint8', 'int8', 'uint16', 'int16', 'float32']
const WIDE: readonly DType[] = ['int32', 'uint32', 'float64']
const REDUCERS: readonly Reducer[] = [
  ...(['sum', 'mean', 'min', 'max', 'count', 'countValid', 'variance', 'sd'] as const),
  ...(['median', 'quantile', 'first', 'last', 'any', 'all'] as const),
]

interface Case {
  readonly cell: Cell
  readonly inputs: readonly CubeSchema[]
  readonly output: CubeSchema
  readonly region: Region
  readonly seed: number
}

/** Values that the stored integers hold exactly, some of them missing. */
function packing(dtypes: readonly DType[]): fc.Arbitrary<Packing> {
  return fc
    .record({ dtype: fc.constantFrom(...dtypes), scale: fc.constantFrom(1, 0.5, 0.25), offset: fc.constantFrom(0, -2) })
    .chain((row) => fc.constantFrom<Packing>(row, { ...row, nodata: 0 }, { ...row, nodata: 7 }))
}

/** Calls on numbers that float32 holds exactly: conditions, rounding. */
function exactCell(inputs: number): fc.Arbitrary<Cell> {
  const leaf: fc.Arbitrary<Cell> = fc.oneof(
    fc.record({ kind: fc.constant('input' as const), input: fc.nat(inputs - 1) }),
    fc.record({ kind: fc.constant('constant' as const), value: fc.integer({ min: -5, max: 5 }) }),
    fc.constant<Cell>({ kind: 'label', dim: 't', values: [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8] }),
  )
  const call = (operation: string, ...args: fc.Arbitrary<Cell>[]): fc.Arbitrary<Cell> =>
    fc.tuple(...args).map((cells) => ({ kind: 'call', operation, args: cells }))
  const comparison = fc
    .constantFrom('gt', 'gte', 'lt', 'lte', 'eq', 'neq')
    .chain((operation) => call(operation, leaf, leaf))
  const condition = fc.oneof(
    comparison,
    fc.constantFrom('and', 'or', 'xor').chain((operation) => call(operation, comparison, comparison)),
    call('not', leaf),
    call('is_valid', leaf),
    call('is_nodata', leaf),
  )
  return fc.oneof(
    leaf,
    condition,
    call('if', condition, leaf, leaf),
    call('coalesce', leaf, leaf),
    fc
      .constantFrom('floor', 'ceil', 'round', 'int', 'sgn', 'absolute', 'negate')
      .chain((operation) => call(operation, leaf)),
    call('mod', leaf, fc.constantFrom<Cell>({ kind: 'constant', value: 3 }, { kind: 'constant', value: -4 })),
  )
}

/** Continuous arithmetic over exact cells. */
function arithmetic(inputs: number): fc.Arbitrary<Cell> {
  const { cell } = fc.letrec<{ cell: Cell }>((tie) => ({
    cell: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      exactCell(inputs),
      fc
        .tuple(
          fc.constantFrom('add', 'subtract', 'smaller', 'greater', 'meanOf', 'sumOf!', 'maxOf', 'firstOf'),
          tie('cell'),
          tie('cell'),
        )
        .map(([operation, x, y]): Cell => ({ kind: 'call', operation, args: [x, y] })),
      fc.tuple(tie('cell'), tie('cell')).map(
        ([x, y]): Cell => ({
          kind: 'call',
          operation: 'divide',
          args: [
            x,
            {
              kind: 'call',
              operation: 'add',
              args: [
                { kind: 'constant', value: 1 },
                { kind: 'call', operation: 'absolute', args: [y] },
              ],
            },
          ],
        }),
      ),
    ),
  }))
  return cell
}

const reduction = (of: Cell, length: number): fc.Arbitrary<Cell> =>
  fc
    .record({
      reducer: fc.constantFrom(...REDUCERS),
      ignoreNodata: fc.boolean(),
      probability: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.9, 1),
    })
    .map((options): Cell => ({ kind: 'reduce', dim: 't', length, of, ...options }))

const indicesBelow = (length: number, count: number, low = 0): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: low, max: length - 1 }), { minLength: count, maxLength: count })

/** The cell of an output over y, x (and t, or groups of it). */
function wholeCell(lengths: Lengths, inputs: number): fc.Arbitrary<{ cell: Cell; out: Lengths }> {
  const { t, y, x } = lengths as { t: number; y: number; x: number }
  const plain = arithmetic(inputs)
  return fc.oneof(
    plain.map((cell) => ({ cell, out: { t, y, x } })),
    plain.chain((of) => reduction(of, t).map((cell) => ({ cell, out: { y, x } }))),
    plain.chain((of) =>
      // An anomaly: the mean over time is one more reduction below the outer one.
      fc.tuple(reduction(of, t), fc.constantFrom<Reducer>('sum', 'median', 'max')).map(([inner, reducer]) => ({
        cell: {
          kind: 'reduce',
          reducer,
          dim: 't',
          length: t,
          of: { kind: 'call', operation: 'subtract', args: [of, inner] },
        } satisfies Cell,
        out: { x, y },
      })),
    ),
    // Two reductions of one scope share their loop.
    fc
      .tuple(plain, plain)
      .chain(([a, b]) => fc.tuple(reduction(a, t), reduction(b, t)))
      .map(([first, second]) => ({
        cell: { kind: 'call', operation: 'add', args: [first, second] } satisfies Cell,
        out: { y, x },
      })),
    fc.tuple(plain, indicesBelow(x, x, -1), indicesBelow(t, 2, -1)).map(([of, indices, dates]) => ({
      cell: { kind: 'take', dim: 'x', indices, of: { kind: 'take', dim: 't', indices: dates, of } } satisfies Cell,
      out: { y, t: 2, x },
    })),
    fc
      .tuple(plain, fc.array(fc.array(fc.nat(t - 1), { maxLength: 5 }), { minLength: 3, maxLength: 3 }))
      .chain(([of, groups]) =>
        reduction(of, t).map((cell) => ({ cell: { ...cell, groups } as Cell, out: { t: 3, y, x } })),
      ),
    fc.tuple(plain, fc.nat(t - 1)).map(([of, index]) => ({
      cell: { kind: 'rename', names: { a: 'y', b: 'x' }, of: { kind: 'at', dim: 't', index, of } } satisfies Cell,
      out: { b: x, a: y },
    })),
  )
}

const ORDERS = [['t', 'y', 'x'], ['y', 'x', 't'], ['x', 't', 'y'], ['y', 't', 'x'], ['x'], ['t'], ['y', 'x']] as const

function cases(dtypes: readonly DType[], output: Packing): fc.Arbitrary<Case> {
  return fc
    .record({
      t: fc.integer({ min: 1, max: 12 }),
      y: fc.integer({ min: 1, max: 5 }),
      x: fc.integer({ min: 1, max: 40 }),
    })
    .chain((lengths) =>
      fc // The first input decides on the type of the kernel.
        .tuple(
          fc.tuple(fc.constantFrom(...ORDERS), packing(dtypes)),
          fc.tuple(fc.constantFrom(...ORDERS), packing(dtypes === WIDE ? [...NARROW, ...WIDE] : NARROW)),
        )
        .chain((rows) =>
          wholeCell(lengths, rows.length).chain(({ cell, out }) => {
            const shape = Object.values<number>(out)
            return fc.tuple(...shape.map((length) => fc.tuple(fc.nat(length - 1), fc.nat(length - 1)))).chain((sides) =>
              fc.nat().map(
                (seed): Case => ({
                  cell,
                  inputs: rows.map(([order, pack]) =>
                    schema(Object.fromEntries(order.map((d) => [d, lengths[d]])), pack),
                  ),
                  output: schema(out, output),
                  region: {
                    start: sides.map(([a, b]) => Math.min(a, b)),
                    shape: sides.map(([a, b]) => Math.abs(a - b) + 1),
                  },
                  seed,
                }),
              ),
            )
          }),
        ),
    )
}

/** The value of a stored cell only depends on where it is, so that any block of a cube holds the same. */
function blockOf(cube: CubeSchema, region: Region, seed: number): Block {
  const data = newArray(cube.packing.dtype, cellCount(region.shape))
  const strides = stridesOf(region.shape)
  const small = stridesOf(cube.dims.map((dimension) => dimension.labels.length))
  for (let i = 0; i < data.length; i++) {
    const at = strides.reduce(
      (sum, stride, d) => sum + ((Math.floor(i / stride) % region.shape[d]!) + region.start[d]!) * small[d]!,
      0,
    )
    const mixed = Math.imul(at * 31 + seed, 0x9e3779b1) >>> 8
    data[i] = mixed % 23
  }
  return { region, data }
}

function check({ cell, inputs, output, region, seed }: Case): void {
  const regions = inputRegions(cell, output, inputs, region)
  const blocks = inputs.map((input, i) => regions[i] && blockOf(input, regions[i], seed + i))
  const kernel = kernelOf(
    cell,
    inputs.map((each) => ({ schema: each })),
    { schema: output },
  )
  const tolerance = kernel.describe().includes('float32') ? 2e-4 : 1e-9
  const { data } = kernel.run(region, blocks)
  const expected = interpretValues(cell, inputs, output, region, blocks)
  for (const [i, value] of expected.entries()) {
    if (Number.isFinite(value))
      expect(Math.abs(data[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)))
    else expect(data[i]).toBe(value)
  }
}

describe('random cells', () => {
  it('in float32', () => {
    fc.assert(
      fc.property(cases(NARROW, FLOAT32), (each) => check(each)),
      { numRuns: 500 },
    )
  })

  it('in float64', () => {
    fc.assert(
      fc.property(cases(WIDE, FLOAT64), (each) => check(each)),
      { numRuns: 500 },
    )
  })
})
