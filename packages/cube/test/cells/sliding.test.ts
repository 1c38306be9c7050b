/** Windows that slide: what each of them gives alone, the same bytes from any tile, nothing left of what has gone. */
import { describe, expect, it } from 'vitest'
import { call } from '../../src/cells/build.ts'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { compileProgram } from '../../src/cells/compile/program.ts'
import { windowsOf } from '../../src/cells/compile/sliding.ts'
import { tileShape } from '../../src/cells/compile/tiles.ts'
import { interpretValues } from '../../src/cells/interpret.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { accessesOf, inputRegions } from '../../src/cells/needs.ts'
import { FLOAT32, FLOAT64, type Packing } from '../../src/model/block.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { cellCount, type Region } from '../../src/model/region.ts'
import { block, schema, whole } from './make.ts'

const T = 23
const SHAPE = { t: T, y: 2, x: 19 }

/** Of seven dates around each, cut at the ends. */
const around = Array.from({ length: T }, (_, i) => range(Math.max(0, i - 3), Math.min(T, i + 4)))
/** As windows of days have them where dates are uneven. */
const uneven = Array.from({ length: T }, (_, i) => range(Math.max(0, i - (i % 4 === 0 ? 6 : 7 + (i % 2))), i + 1)).map(
  (window, i, all) => window.filter((t) => t >= Math.max(...all.slice(0, i + 1).map(([first]) => first!))),
)

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** Small numbers, some missing; whole windows of some columns are. */
function raw(i: number): number {
  const [t, column] = [Math.floor(i / 38), i % 38]
  if (column === 5 || (column === 7 && t > 4 && t < 15)) return Number.NaN
  const mixed = Math.imul(i + 1, 0x9e3779b1) >>> 8
  return mixed % 9 === 0 ? Number.NaN : (mixed % 64) / 4 - 3
}

const packings: Readonly<Record<string, Packing>> = {
  float32: FLOAT32,
  float64: FLOAT64,
  int16: { dtype: 'int16', nodata: -99, scale: 0.25, offset: 2 },
  uint8: { dtype: 'uint8', scale: 1, offset: 0 },
}

const filled = (cube: CubeSchema) => {
  const { isFloat } = { isFloat: cube.packing.dtype.startsWith('float') }
  const value = (i: number): number => {
    if (isFloat) return raw(i)
    return Number.isNaN(raw(i)) ? (cube.packing.nodata ?? 0) : Math.round(raw(i) * 4) + 12
  }
  return block(
    cube,
    Array.from({ length: cellCount(Object.values(SHAPE)) }, (_, i) => value(i)),
  )
}

const sliding = (reducer: Reducer, groups: readonly (readonly number[])[], ignoreNodata = true): Cell => ({
  kind: 'reduce',
  reducer,
  dim: 't',
  length: T,
  groups,
  ignoreNodata,
  of: { kind: 'input', input: 0 },
})

const isNear = (value: number, expected: number): boolean =>
  Number.isFinite(expected)
    ? Math.abs(value - expected) < 2e-6 * Math.max(1, Math.abs(expected))
    : Object.is(value, expected)

function expectAsInterpreted(cell: Cell, packing: Packing, dims: Readonly<Record<string, number>>): void {
  const cube = schema(SHAPE, packing)
  const data = filled(cube)
  for (const result of [FLOAT32, FLOAT64]) {
    const output = schema(dims, result)
    const { data: values } = kernelOf(cell, [{ schema: cube }], { schema: output }).run(whole(output), [data])
    const expected = interpretValues(cell, [cube], output, whole(output), [data])
    // One assertion for all: they are many.
    const differ = Array.from(expected.entries()).filter(([i, value]) => !isNear(values[i]!, value))
    expect(differ).toEqual([])
  }
}

const REDUCERS = ['sum', 'mean', 'min', 'max', 'count', 'countValid', 'variance', 'sd', 'any', 'all'] as const

describe('windows that slide', () => {
  it('are runs that never go back, long enough to be worth it', () => {
    expect(windowsOf(around)?.longest).toBe(7)
    expect(windowsOf(uneven)?.longest).toBe(9)
    const no = [[], [[0, 1], []], around.toReversed(), range(0, T).map((t) => [t]), [range(0, 8), [1, 2, 3, 4, 6]]]
    for (const groups of no) expect(windowsOf(groups)).toBeUndefined()
    expect(windowsOf([range(0, 8), range(8, 16), range(16, 23)])).toBeUndefined()
  })

  for (const [name, packing] of Object.entries(packings)) {
    it.each(REDUCERS)(`${name}: %s`, (reducer) => {
      for (const ignoreNodata of [true, false]) {
        expectAsInterpreted(sliding(reducer, around, ignoreNodata), packing, SHAPE)
        expectAsInterpreted(sliding(reducer, uneven, ignoreNodata), packing, { t: T, x: 19, y: 2 })
        expectAsInterpreted(sliding(reducer, around, ignoreNodata), packing, { x: 19, t: T, y: 2 })
      }
    })
  }

  it('together with others, and with reducers that cannot', () => {
    const count = call('lt', sliding('countValid', around), { kind: 'constant', value: 4 })
    const masked = (of: Cell): Cell => call('if', count, { kind: 'constant', value: Number.NaN }, of)
    for (const reducer of ['mean', 'median', 'product', 'first', 'sd'] as const) {
      expectAsInterpreted(masked(sliding(reducer, around)), FLOAT32, SHAPE)
      expectAsInterpreted(masked(sliding(reducer, around, false)), packings.int16!, SHAPE)
      expectAsInterpreted(call('subtract', sliding('max', uneven), masked(sliding(reducer, around))), FLOAT64, SHAPE)
    }
  })

  it('below another reduction, over one cell, and where others than dates are in the window', () => {
    const spread: Cell = { kind: 'reduce', reducer: 'max', dim: 'y', length: 2, of: sliding('mean', around) }
    expectAsInterpreted(spread, FLOAT32, { t: T, x: 19 })
    const all: Cell = { kind: 'reduce', reducer: 'sum', dim: 'x', length: 19, of: spread }
    expectAsInterpreted(all, FLOAT64, { t: T })
    const late: Cell = { kind: 'take', dim: 't', indices: [20, -1, 3, 0], of: sliding('sum', around) }
    expectAsInterpreted(late, FLOAT64, { t: 4, x: 19, y: 2 })
  })

  it('have tiles that read little twice', () => {
    const [months, height] = [240, 64]
    const cube = schema({ t: months, y: height, x: 256 }, FLOAT32)
    const groups = range(0, months).map((t) => range(Math.max(0, t - 6), t + 1))
    const cell: Cell = { ...sliding('mean', groups), length: months } as Cell
    const region = whole(cube)
    const tile = tileShape(region, 2, 8, accessesOf(cell, cube, [cube]), [cube], cube)
    expect(tile).toEqual([60, 2, 256])
  })

  it('give the same bytes from wherever a tile starts', () => {
    const cube = schema(SHAPE, FLOAT32)
    const output = schema(SHAPE, FLOAT64)
    const cell = call('add', sliding('mean', around), sliding('sd', around))
    const kernel = kernelOf(cell, [{ schema: cube }], { schema: output })
    const values = kernel.run(whole(output), [filled(cube)]).data
    for (const from of [1, 4, 6, 7, 13, 22]) {
      const region: Region = { start: [from, 0, 0], shape: [T - from, 2, 19] }
      const [needed] = inputRegions(cell, output, [cube], region)
      const part = { region: needed!, data: filled(cube).data.slice(needed!.start[0]! * 38) }
      expect(kernel.run(region, [part]).data).toEqual(values.slice(from * 38))
    }
  })

  it('forget what was infinite or huge', () => {
    const cube = schema({ t: T, x: 8 }, FLOAT64)
    const data = block(
      cube,
      Array.from({ length: T * 8 }, (_, i) => [Number.POSITIVE_INFINITY, 1e300][i - 40] ?? 0.25),
    )
    const output = schema({ t: T, x: 8 }, FLOAT64)
    for (const [reducer, expected] of [
      ['mean', 0.25],
      ['sd', 0],
      ['max', 0.25],
    ] as const) {
      const kernel = kernelOf(sliding(reducer, around), [{ schema: cube }], { schema: output })
      const values = kernel.run(whole(output), [data]).data
      for (let t = 0; t < T; t++) {
        if (Math.abs(t - 5) > 3) expect([...values.slice(t * 8, t * 8 + 8)]).toEqual(new Array(8).fill(expected))
      }
    }
  })

  it('take elements in twice, however long they are', () => {
    const groups = (length: number) => range(0, 100).map((t) => range(t, t + length))
    const bytes = (length: number): number => {
      const cell: Cell = { ...sliding('mean', groups(length)), length: 200 } as Cell
      const input = schema({ t: 200, x: 64 }, FLOAT32)
      return compileProgram(cell, [input], schema({ t: 100, x: 64 }, FLOAT32)).bytes.length
    }
    expect(Math.abs(bytes(90) - bytes(5))).toBeLessThan(20)
    expect(bytes(5)).toBeGreaterThan(bytes(3))
  })
})
