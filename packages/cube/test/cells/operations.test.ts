/** Every operation and reducer, compiled against its meaning on numbers: random values and the awkward ones. */
import { describe, expect, it } from 'vitest'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { evaluatorOf, isOperation, OPERATIONS, type OperationRow, reducerCall } from '../../src/cells/operations.ts'
import { quantileOfSorted, REDUCERS, reduceValues } from '../../src/cells/reducers.ts'
import { FLOAT32, FLOAT64, type Packing } from '../../src/model/block.ts'
import { block, schema, whole } from './make.ts'

const NAN = Number.NaN
const INFINITY = Number.POSITIVE_INFINITY
const AWKWARD = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 2, 3, -7, 100, INFINITY, -INFINITY, NAN]

/** Pseudo-random numbers of both signs that float32 holds. */
function random(count: number, seed: number): number[] {
  let state = seed
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround((state / 2 ** 32 - 0.5) * 20)
  })
}

/** All pairs of awkward numbers and some random ones, as columns of arguments. */
function columns(arity: number): number[][] {
  if (arity === 1) return [[...AWKWARD, ...random(101, 1)]]
  const pairs = AWKWARD.flatMap((x) => AWKWARD.map((y) => [x, y] as const))
  return Array.from({ length: arity }, (_, i) => [...pairs.map((pair) => pair[i % 2]!), ...random(101, i + 2)])
}

const input = (index: number): Cell => ({ kind: 'input', input: index })

function compute(operation: string, args: readonly (readonly number[])[], packing: Packing): ArrayLike<number> {
  const cube = schema({ x: args[0]!.length }, packing)
  const cell: Cell = { kind: 'call', operation, args: args.map((_, i) => input(i)) }
  return kernelOf(
    cell,
    args.map(() => ({ schema: cube })),
    { schema: cube },
  ).run(
    whole(cube),
    args.map((values) => block(cube, values)),
  ).data
}

function expectNear(actual: number, exact: number, tolerance: number, what: string): void {
  const value = tolerance > 1e-9 && !Number.isFinite(Math.fround(exact)) ? Math.fround(exact) : exact
  // Equal zeros of either sign: openEO knows one.
  if (!Number.isFinite(value)) expect(actual, what).toBe(value)
  else
    expect(Math.abs(actual - value), `${what}: ${actual} is ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    )
}

describe.each([
  ['float32', FLOAT32, 2e-6],
  ['float64', FLOAT64, 4e-15],
] as const)('%s', (_, packing, tolerance) => {
  it.each(Object.keys(OPERATIONS))('%s', (operation) => {
    const row: OperationRow = OPERATIONS[operation as keyof typeof OPERATIONS]
    const arity = Math.max(row.arity[0], Math.min(row.arity[1], 3))
    const args = columns(arity)
    // Of a clip, least <= greatest; of a logarithm to a base, the quotient of two logarithms.
    if (operation === 'clip')
      for (let i = 0; i < args[0]!.length; i++) args[2]![i] = Math.max(args[1]![i]!, args[2]![i]!)
    const actual = compute(operation, args, packing)
    for (const [i, value] of Array.from(args[0]!, (_x, j) =>
      row.evaluate(...args.map((values) => values[j]!)),
    ).entries()) {
      expectNear(actual[i]!, value, tolerance, `${operation}(${args.map((values) => values[i]).join()})`)
    }
  })

  const reducers = Object.keys(REDUCERS) as Reducer[]
  it.each(reducers)('%s of lists, missing values ignored or not', (reducer) => {
    for (const length of [1, 2, 5]) {
      const lists = Array.from({ length }, (_x, i) =>
        random(64, i + 9).map((x, j) => ((i * 7 + j) % 3 === 0 ? NAN : Math.round(x))),
      )
      for (const name of [`${reducer}Of`, `${reducer}Of!`]) {
        const isQuantile = reducer === 'quantile'
        const cube = schema({ x: 64 }, packing)
        const cell: Cell = {
          kind: 'call',
          operation: name,
          args: [...(isQuantile ? [{ kind: 'constant', value: 0.3 } as const] : []), ...lists.map((_x, i) => input(i))],
        }
        const kernel = kernelOf(
          cell,
          lists.map(() => ({ schema: cube })),
          { schema: cube },
        )
        const { data } = kernel.run(
          whole(cube),
          lists.map((values) => block(cube, values)),
        )
        for (let i = 0; i < 64; i++) {
          const args = [...(isQuantile ? [0.3] : []), ...lists.map((values) => values[i]!)]
          expectNear(data[i]!, evaluatorOf(name)!(args), tolerance * 10, `${name}(${args.join()})`)
        }
      }
    }
  })
})

describe('the table', () => {
  it('says which operations give conditions', () => {
    for (const [name, row] of Object.entries<OperationRow>(OPERATIONS)) {
      const arity = Math.max(row.arity[0], Math.min(row.arity[1], 3))
      const [first] = columns(arity)
      const results = Array.from(first!, (_x, i) => row.evaluate(...columns(arity).map((values) => values[i]!)))
      const isTruth = results.every((x) => x === 0 || x === 1 || Number.isNaN(x))
      expect(isTruth, name).toBe(row.isBoolean)
    }
  })

  it('knows operations and reductions of lists by name, and nothing else', () => {
    expect(isOperation('add')).toBe(true)
    expect(isOperation('toString')).toBe(false)
    expect(reducerCall('meanOf!')).toEqual({ reducer: 'mean', ignoreNodata: false })
    expect(reducerCall('fooOf')).toBeUndefined()
    expect(evaluatorOf('foo')).toBeUndefined()
    const cube = schema({ x: 1 }, FLOAT32)
    const cell: Cell = { kind: 'call', operation: 'foo', args: [input(0)] }
    expect(() => kernelOf(cell, [{ schema: cube }], { schema: cube })).toThrow(/no operation 'foo'/)
  })

  it('three-valued logic', () => {
    const truth = [1, 0, NAN]
    const table = (name: string) => truth.flatMap((x) => truth.map((y) => evaluatorOf(name)!([x, y])))
    expect(table('and')).toEqual([1, 0, NAN, 0, 0, 0, NAN, 0, NAN])
    expect(table('or')).toEqual([1, 1, 1, 1, 0, NAN, 1, NAN, NAN])
    expect(table('xor')).toEqual([0, 1, NAN, 1, 0, NAN, NAN, NAN, NAN])
    expect(truth.map((x) => evaluatorOf('not')!([x]))).toEqual([0, 1, NAN])
  })
})

describe('reducers on numbers', () => {
  const all = { ignoreNodata: true, probability: 0.5 }
  const strict = { ignoreNodata: false, probability: 0.5 }
  const of = (reducer: Reducer, values: readonly number[], options = all) =>
    reduceValues(reducer, Float64Array.from(values), options)

  it('of nothing', () => {
    const expected: Partial<Record<Reducer, number>> = { count: 0, countValid: 0, any: 0, all: 1 }
    for (const reducer of Object.keys(REDUCERS) as Reducer[]) {
      expect(of(reducer, []), reducer).toBe(expected[reducer] ?? NAN)
      expect(of(reducer, [NAN, NAN]), reducer).toBe(expected[reducer] ?? NAN)
    }
  })

  it('one missing value spoils what does not ignore it', () => {
    for (const reducer of ['sum', 'mean', 'product', 'min', 'max', 'variance', 'sd', 'median', 'quantile'] as const) {
      expect(of(reducer, [1, NAN, 2], strict), reducer).toBe(NAN)
    }
    expect(of('any', [0, NAN], strict)).toBe(NAN)
    expect(of('any', [1, NAN], strict)).toBe(1)
    expect(of('all', [0, NAN], strict)).toBe(0)
    expect(of('all', [1, NAN], strict)).toBe(NAN)
    expect(of('countValid', [1, NAN, INFINITY], strict)).toBe(1)
  })

  it('quantiles of type 7', () => {
    const sorted = Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9)
    const probabilities = [0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 0, 1]
    const expected = [2.07, 2.14, 2.28, 2.7, 3.4, 4.5, 2, 9]
    for (const [i, p] of probabilities.entries()) expect(quantileOfSorted(sorted, p)).toBeCloseTo(expected[i]!, 12)
    expect(quantileOfSorted(Float64Array.of(-INFINITY, 0), 0.5)).toBe(-INFINITY)
  })
})
