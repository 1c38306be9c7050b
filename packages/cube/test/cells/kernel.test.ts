/** Kernels beyond arithmetic: packings in and out, orders of dimensions, groups, long columns, tiles, missing blocks. */
import { describe, expect, it } from 'vitest'
import { call, constant, normalizedDifference } from '../../src/cells/build.ts'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { interpret, interpretValues } from '../../src/cells/interpret.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { inputRegions } from '../../src/cells/needs.ts'
import { DTYPES } from '../../src/dtype.ts'
import { type Block, FLOAT32, FLOAT64, type Packing } from '../../src/model/block.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import type { DType } from '../../src/types.ts'
import { block, schema, whole } from './make.ts'

const NAN = Number.NaN
const input = (index = 0): Cell => ({ kind: 'input', input: index })
const reduce = (reducer: Reducer, dim: string, length: number, of: Cell): Cell => ({
  kind: 'reduce',
  reducer,
  dim,
  length,
  of,
})
const pack = (dtype: DType, rest: Partial<Packing> = {}): Packing => ({ dtype, scale: 1, offset: 0, ...rest })

/** Numbers that are the same in every run. */
function numbers(length: number, below: number, seed = 1): number[] {
  let state = seed
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  })
}

function run(cell: Cell, inputs: readonly CubeSchema[], output: CubeSchema, blocks: readonly (Block | undefined)[]) {
  return kernelOf(
    cell,
    inputs.map((each) => ({ schema: each })),
    { schema: output },
  ).run(whole(output), blocks)
}

/** Runs compiled and interpreted; both have to store the same, floats to float32. */
function expectSame(cell: Cell, inputs: readonly CubeSchema[], output: CubeSchema, blocks: readonly Block[]): Block {
  const actual = run(cell, inputs, output, blocks)
  const expected = interpret(cell, inputs, output, whole(output), blocks)
  const tolerance = DTYPES[output.packing.dtype].isFloat ? 1e-5 : 0
  for (const [i, value] of expected.data.entries()) {
    if (Number.isFinite(value)) {
      const distance = Math.abs(actual.data[i]! - value)
      expect(distance, `cell ${i}: ${actual.data[i]} is ${value}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(value)),
      )
    } else expect(actual.data[i], `cell ${i}`).toBe(value)
  }
  return actual
}

const DTYPE_NAMES = Object.keys(DTYPES) as DType[]

describe('packed inputs', () => {
  it.each(DTYPE_NAMES)('%s with nodata, scale and offset', (dtype) => {
    const [least, greatest] = DTYPES[dtype].range
    const ends = DTYPES[dtype].isFloat ? [-1.5, 1e6, NAN] : [least, greatest]
    const cube = schema({ y: 3, x: 13 }, pack(dtype, { nodata: 7, scale: 0.01, offset: -1 }))
    const raw = numbers(39, 100).map((value, i) => (i % 5 === 0 ? 7 : i % 7 === 0 ? ends[i % ends.length]! : value))
    const wide = schema({ y: 3, x: 13 }, FLOAT64)
    expectSame(call('add', input(), constant(0)), [cube], wide, [block(cube, raw)])
    // The same along the other dimension, lane by lane.
    const turned = schema({ x: 13, y: 3 }, FLOAT64)
    expectSame(input(), [cube], turned, [block(cube, raw)])
  })

  it('reads booleans, of which 255 is missing', () => {
    const cube = schema({ x: 4 }, pack('uint8', { isBoolean: true }))
    const values = run(call('not', input()), [cube], schema({ x: 4 }, FLOAT32), [block(cube, [0, 1, 255, 0])])
    expect([...values.data]).toEqual([1, 0, NAN, 1])
  })

  it('compares nodata of float32 as the file rounded it', () => {
    const cube = schema({ x: 3 }, pack('float32', { nodata: -1e20 }))
    const values = run(input(), [cube], schema({ x: 3 }, FLOAT32), [block(cube, [1, -1e20, 3])])
    expect([...values.data]).toEqual([1, NAN, 3])
  })
})

describe('packed outputs', () => {
  const values = [-1e9, -200.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, 127.4, 255, 256, 40000.5, 70000, 3e9, 1e12, NAN]
  it.each(DTYPE_NAMES)('%s: rounded half to even, kept in range, missing as nodata', (dtype) => {
    const cube = schema({ x: values.length }, FLOAT64)
    for (const rest of [{}, { nodata: 99 }, { nodata: 0, scale: 0.5, offset: 10 }]) {
      expectSame(input(), [cube], schema({ x: values.length }, pack(dtype, rest)), [block(cube, values)])
    }
  })

  it.each(DTYPE_NAMES)('%s from float32 kernels, neighbours apart', (dtype) => {
    const small = values.filter((value) => Number.isNaN(value) || Math.abs(value) < 1e5)
    const cube = schema({ x: small.length }, FLOAT32)
    const output = schema({ x: small.length, b: 1 }, pack(dtype, { nodata: 99 }))
    expectSame(input(), [cube], output, [block(cube, small)])
  })

  it('booleans', () => {
    const cube = schema({ x: 4 }, FLOAT32)
    const output = schema({ x: 4 }, pack('uint8', { isBoolean: true, nodata: 255 }))
    const data = [1, 3, NAN, 2]
    expect([...run(call('gt', input(), constant(1.5)), [cube], output, [block(cube, data)]).data]).toEqual([
      0, 1, 255, 1,
    ])
    expect([...run(call('subtract', input(), constant(1)), [cube], output, [block(cube, data)]).data]).toEqual([
      0, 1, 255, 1,
    ])
  })
})

describe('dimensions', () => {
  const lengths = { t: 9, b: 2, y: 4, x: 21 }
  const at = (index: number): Cell => ({ kind: 'at', dim: 'b', index, of: input() })
  const ndvi = normalizedDifference(at(1), at(0))
  const orders = ['tbyx', 'byxt', 'yxtb', 'yxbt', 'xybt', 'txby', 'bxty']
  it.each(orders)('NDVI and its median from the order %s', (order) => {
    const cube = schema(
      Object.fromEntries([...order].map((d) => [d, lengths[d as 't']])),
      pack('uint16', { nodata: 0 }),
    )
    const data = block(cube, numbers(9 * 2 * 4 * 21, 1000))
    for (const out of ['yx', 'xy']) {
      const output = schema(Object.fromEntries([...out].map((d) => [d, lengths[d as 'y']])), FLOAT32)
      expectSame(reduce('median', 't', 9, ndvi), [cube], output, [data])
    }
    expectSame(ndvi, [cube], schema({ t: 9, y: 4, x: 21 }, FLOAT32), [data])
    const series = reduce('mean', 'y', 4, reduce('mean', 'x', 21, ndvi))
    expectSame(series, [cube], schema({ t: 9 }, FLOAT32), [data])
    expectSame(reduce('max', 't', 9, series), [cube], schema({}, FLOAT32), [data])
  })

  it('broadcasts inputs that lack dimensions', () => {
    const inputs = [
      schema({ t: 3, y: 2, x: 10 }, pack('int16')),
      schema({ x: 10 }, FLOAT32),
      schema({ t: 3 }, FLOAT32),
      schema({}, FLOAT32),
    ]
    const cell = [1, 2, 3].reduce<Cell>((sum, i) => call('add', sum, input(i)), input())
    const blocks = inputs.map((cube, i) =>
      block(
        cube,
        numbers(
          whole(cube).shape.reduce((a, b) => a * b, 1),
          50,
          i,
        ),
      ),
    )
    expectSame(cell, inputs, inputs[0]!, blocks)
  })

  it('months of days: groups of different lengths, one of them empty, in any order', () => {
    const groups = [[0, 1, 2, 3], [9, 8, 7], [], [4], [5, 5, 6, 2, 1]]
    const cube = schema({ t: 10, y: 2, x: 11 }, pack('uint8', { nodata: 3 }))
    const data = block(cube, numbers(220, 9))
    for (const reducer of [
      'mean',
      'sum',
      'median',
      'min',
      'first',
      'last',
      'sd',
      'any',
      'all',
      'countValid',
    ] as const) {
      for (const ignoreNodata of [true, false]) {
        const cell: Cell = { ...reduce(reducer, 't', 10, input()), groups, ignoreNodata } as Cell
        expectSame(cell, [cube], schema({ t: 5, y: 2, x: 11 }, FLOAT32), [data])
        expectSame(cell, [cube], schema({ y: 2, x: 11, t: 5 }, FLOAT32), [data])
      }
    }
    // Where only the groups are left, no dimension can be the vector.
    const series = {
      ...reduce('mean', 't', 10, reduce('mean', 'y', 2, reduce('mean', 'x', 11, input()))),
      groups,
    } as Cell
    expectSame(series, [cube], schema({ t: 5 }, FLOAT32), [data])
  })

  it('takes labels in any order, repeated and missing, along the vector too', () => {
    const cube = schema({ t: 4, x: 30 }, pack('int16', { nodata: -1 }))
    const data = block(cube, numbers(120, 500))
    const indices = Array.from({ length: 40 }, (_, i) => (i % 9 === 4 ? -1 : (i * 7) % 30))
    const flipped: Cell = { kind: 'take', dim: 'x', indices, of: input() }
    expectSame(flipped, [cube], schema({ t: 4, x: 40 }, FLOAT32), [data])
    const twice: Cell = { kind: 'take', dim: 'x', indices: [39, 4, 0, 1], of: flipped }
    expectSame({ kind: 'take', dim: 't', indices: [3, -1, 0], of: twice }, [cube], schema({ t: 3, x: 4 }, FLOAT32), [
      data,
    ])
    const shifted: Cell = { kind: 'take', dim: 'x', indices: Array.from({ length: 20 }, (_, i) => i + 5), of: input() }
    expectSame(shifted, [cube], schema({ t: 4, x: 20 }, FLOAT32), [data])
    const count: Cell = { kind: 'take', dim: 't', indices: [-1, 2], of: call('is_valid', input()) }
    expectSame(count, [cube], schema({ t: 2, x: 30 }, pack('uint8', { isBoolean: true })), [data])
  })

  it('labels, of times in float64', () => {
    const times = [1577836800, 1577923200, 1578009600]
    const time: Cell = { kind: 'label', dim: 't', values: times }
    const cube = schema({ t: 3, x: 9 }, pack('uint8'))
    const data = block(cube, numbers(27, 5))
    const slope = reduce('sum', 't', 3, call('multiply', input(), call('subtract', time, constant(1577836800))))
    expectSame(slope, [cube], schema({ x: 9 }, FLOAT64), [data])
    expectSame(call('add', input(), time), [cube], schema({ x: 9, t: 3 }, FLOAT64), [data])
    const along: Cell = { kind: 'label', dim: 'x', values: numbers(9, 99) }
    expectSame(call('add', input(), along), [cube], schema({ t: 3, x: 9 }, FLOAT32), [data])
  })

  it('renames dimensions', () => {
    const cube = schema({ y: 3, x: 12 }, pack('uint8'))
    const cell: Cell = { kind: 'rename', names: { a: 'x', x: 'y' }, of: input() }
    expectSame(cell, [cube], schema({ x: 3, a: 12 }, FLOAT32), [block(cube, numbers(36, 99))])
  })
})

describe('order statistics', () => {
  it.each([1, 2, 3, 7, 16, 33, 64, 65, 200, 1000])('of %d values', (length) => {
    for (const packing of [pack('uint16', { nodata: 0 }), pack('float32'), pack('float64')]) {
      const cube = schema({ t: length, x: 11 }, packing)
      const raw = numbers(length * 11, 300).map((value) =>
        DTYPES[packing.dtype].isFloat ? (value < 40 ? NAN : value - 150) / 7 : value,
      )
      const data = block(cube, raw)
      for (const probability of [0, 0.25, 0.5, 0.999]) {
        const cell: Cell = { kind: 'reduce', reducer: 'quantile', dim: 't', length, probability, of: input() }
        expectSame(cell, [cube], schema({ x: 11 }, FLOAT64), [data])
      }
    }
  })

  it('of infinite values', () => {
    const cube = schema({ t: 4, x: 3 }, FLOAT32)
    const [p, m] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const data = block(cube, [p, m, 1, p, m, NAN, p, 0, 2, NAN, 5, p])
    const result = run(reduce('median', 't', 4, input()), [cube], schema({ x: 3 }, FLOAT32), [data])
    expect([...result.data]).toEqual([p, m, 2])
  })
})

describe('variance', () => {
  it('of values far from zero, which sums of squares would lose', () => {
    const cube = schema({ t: 50, x: 4 }, FLOAT64)
    const raw = numbers(200, 100).map((value) => 1e9 + value / 100)
    const cell = reduce('variance', 't', 50, input())
    const expected = interpretValues(cell, [cube], schema({ x: 4 }, FLOAT64), whole(schema({ x: 4 }, FLOAT64)), [
      block(cube, raw),
    ])
    const { data } = run(cell, [cube], schema({ x: 4 }, FLOAT64), [block(cube, raw)])
    for (const [i, value] of expected.entries()) expect(Math.abs(data[i]! / value - 1)).toBeLessThan(1e-8)
  })
})

describe('tiles and regions', () => {
  const cube = schema({ t: 40, y: 70, x: 300 }, pack('uint16', { nodata: 0 }))
  const data = block(cube, numbers(40 * 70 * 300, 5000))
  const output = schema({ y: 70, x: 300 }, FLOAT32)
  const cell = reduce('mean', 't', 40, call('sqrt', input()))
  const kernel = kernelOf(cell, [{ schema: cube }], { schema: output })
  const all = interpret(cell, [cube], output, whole(output), [data])

  it('a region of many tiles is computed in little memory', () => {
    const { data: values } = kernel.run(whole(output), [data])
    for (const [i, value] of all.data.entries()) expect(Math.abs(values[i]! - value)).toBeLessThan(1e-4)
    expect(kernel.scratchBytes(whole(output))).toBeLessThan(2 ** 20)
  })

  it('any region gives the same cells, from blocks that hold only what is needed', () => {
    const region = { start: [13, 250], shape: [31, 45] }
    const [needed] = inputRegions(cell, output, [cube], region)
    expect(needed).toEqual({ start: [0, 13, 250], shape: [40, 31, 45] })
    const cut = block(
      cube,
      Array.from({ length: 40 * 31 * 45 }, (_, i) => {
        const [t, y, x] = [Math.floor(i / (31 * 45)), Math.floor(i / 45) % 31, i % 45]
        return data.data[(t * 70 + y + 13) * 300 + x + 250]!
      }),
      needed,
    )
    const { data: values } = kernel.run(region, [cut])
    for (let y = 0; y < 31; y++) {
      for (let x = 0; x < 45; x++) {
        expect(Math.abs(values[y * 45 + x]! - all.data[(y + 13) * 300 + x + 250]!)).toBeLessThan(1e-4)
      }
    }
  })

  it('an empty region is an empty block', () => {
    expect(kernel.run({ start: [0, 0], shape: [0, 5] }, [data]).data).toHaveLength(0)
  })

  it('a block that is not there is missing', () => {
    expect([...kernel.run({ start: [0, 0], shape: [1, 2] }, [undefined]).data]).toEqual([NAN, NAN])
  })
})

describe('what is read', () => {
  it('is the hull of all uses', () => {
    const cube = schema({ t: 12, b: 5, x: 20 }, pack('uint8'))
    const output = schema({ t: 3, x: 6 }, FLOAT32)
    const band = (index: number): Cell => ({ kind: 'at', dim: 'b', index, of: input() })
    const groups = [
      [0, 1],
      [2, 3, 7],
      [8, 9],
    ]
    const means: Cell = {
      kind: 'reduce',
      reducer: 'mean',
      dim: 't',
      length: 12,
      groups,
      of: call('add', band(1), band(3)),
    }
    const cell: Cell = { kind: 'take', dim: 'x', indices: [4, -1, 6, 2, 3, 19], of: means }
    const region = { start: [1, 0], shape: [1, 5] }
    expect(inputRegions(cell, output, [cube], region)).toEqual([{ start: [2, 1, 2], shape: [6, 3, 5] }])
    expect(inputRegions(cell, output, [cube], { start: [0, 1], shape: [1, 1] })).toEqual([undefined])
  })

  it('a cell that reads a dimension out of scope is refused', () => {
    const cube = schema({ t: 3, x: 2 }, pack('uint8'))
    expect(() => kernelOf(input(), [{ schema: cube }], { schema: schema({ x: 2 }, FLOAT32) })).toThrow(/dimension 't'/)
  })
})

describe('types', () => {
  const output = schema({ x: 8 }, FLOAT32)
  it.each<[DType, string]>([
    ['uint16', 'float32'],
    ['float32', 'float32'],
    ['int32', 'float64'],
    ['float64', 'float64'],
  ])('%s is computed in %s', (dtype, type) => {
    const cube = schema({ x: 8 }, pack(dtype))
    expect(kernelOf(input(), [{ schema: cube }], { schema: output }).describe()).toContain(type)
  })
})

describe('large expressions', () => {
  const cube = schema({ x: 9 }, FLOAT64)
  const values = block(cube, numbers(9, 50))

  it('of shared parts cost what their parts cost', () => {
    // 2^40 as a tree, 40 additions as a graph.
    let cell = input()
    for (let i = 0; i < 40; i++) cell = call('add', cell, cell)
    expect([...run(cell, [cube], cube, [values]).data]).toEqual([...values.data].map((x) => x * 2 ** 40))
  })

  it('of hundreds of operations compile', () => {
    let cell = input()
    for (let i = 0; i < 600; i++) cell = call(i % 2 === 0 ? 'add' : 'multiply', cell, constant(i % 2 === 0 ? i : 0.5))
    expectSame(cell, [cube], cube, [values])
  })

  it('beyond the limits of one function are interpreted', () => {
    const terms = Array.from({ length: 25_500 }, (_, i) => call('add', input(), constant(i)))
    const kernel = kernelOf({ kind: 'call', operation: 'maxOf', args: terms }, [{ schema: cube }], { schema: cube })
    expect(kernel.describe()).toContain('interpreted')
    expect([...kernel.run({ start: [0], shape: [2] }, [values]).data]).toEqual(
      [...values.data].slice(0, 2).map((x) => x + 25_499),
    )
  })
})

describe('regions that end within a vector', () => {
  it('look up no cells beyond what was read', () => {
    // Labels far apart: what stands beside the region in the list is nowhere near the block.
    const length = 60_000
    const jumps = Array.from({ length }, (_, i) => (i * 40_009) % length)
    const [from, to] = [schema({ x: length }, FLOAT64), schema({ x: length }, FLOAT64)]
    const cell: Cell = { kind: 'take', dim: 'x', indices: jumps, of: input() }
    const kernel = kernelOf(cell, [{ schema: from }], { schema: to })
    for (const start of [0, 1, 29_999, length - 1]) {
      const region = { start: [start], shape: [1] }
      const read = { region: { start: [jumps[start]!], shape: [1] }, data: Float64Array.of(start + 0.5) }
      expect([...kernel.run(region, [read]).data]).toEqual([start + 0.5])
    }
  })
})
