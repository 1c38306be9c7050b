/** Parts of collections against plain models of them: joined images, lattices, transposition, the pool of files. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assembledSource } from '../../src/collection/assembled.ts'
import type { Slot } from '../../src/collection/assembly.ts'
import { bandsOfNames } from '../../src/collection/file-names.ts'
import { joinGrids, lattices, offsetIn } from '../../src/collection/lattice.ts'
import { piecesOf } from '../../src/collection/pieces.ts'
import { sourcePool } from '../../src/collection/pool.ts'
import { transpose, transposedSource } from '../../src/collection/transposed.ts'
import type { Piece } from '../../src/collection/types.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import { type Grid, parseCrs } from '../../src/index.ts'
import type { ArraySource } from '../../src/model/array-source.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { stridesOf } from '../../src/model/region.ts'
import { gridAt, utm32 } from './scene.ts'

const PACKING = { dtype: 'int16', nodata: -1, scale: 1, offset: 0 } as const

/** An image whose cells are `value`, with holes where `isHole` says so. */
function image(grid: Grid, value: number, isHole: (x: number, y: number) => boolean = () => false): Piece {
  const data = Int16Array.from({ length: grid.width * grid.height }, (_, i) =>
    isHole(i % grid.width, Math.floor(i / grid.width)) ? -1 : value,
  )
  const { source } = memorySource(data, { dims: spatialDimensions(grid), grid, packing: PACKING })
  return { path: `${value}`, grid, packing: PACKING, source, at: [] }
}

function assembledOf(grid: Grid, slots: readonly (readonly Piece[])[], rule: 'first' | 'last'): ArraySource {
  const schema: CubeSchema = {
    dims: [
      { type: 'temporal', name: 't', labels: slots.map((_, i) => `2020-01-0${i + 1}T00:00:00Z`), calendar: 'standard' },
      ...spatialDimensions(grid),
    ],
    grid,
    packing: PACKING,
  }
  const placed = slots.map((pieces): Slot => pieces.map((piece) => ({ piece, offset: offsetIn(grid, piece.grid)! })))
  return assembledSource({ schema, slots: placed, rule, stored: PACKING, label: 'test' })
}

describe('joined images', () => {
  const target = gridAt(10, 12, 9)
  const tile = fc.record({
    column: fc.integer({ min: -4, max: 11 }),
    row: fc.integer({ min: -4, max: 8 }),
    width: fc.integer({ min: 1, max: 8 }),
    height: fc.integer({ min: 1, max: 8 }),
    hole: fc.integer({ min: 2, max: 5 }),
  })
  const slots = fc.array(fc.array(tile, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
  const range = (size: number) =>
    fc
      .tuple(fc.nat(size - 1), fc.nat(size - 1))
      .map(([a, b]) => ({ start: Math.min(a, b), length: Math.abs(a - b) + 1 }))

  it('are cell by cell the first (or the last) that is valid', async () => {
    await fc.assert(
      fc.asyncProperty(slots, fc.constantFrom('first', 'last'), range(12), range(9), async (tiles, rule, x, y) => {
        const pieces = tiles.map((list) =>
          list.map(({ column, row, width, height, hole }, i) =>
            image(
              gridAt(10, width, height, 600000 + 10 * column, 5200000 - 10 * row),
              i + 1,
              (cx, cy) => (cx + cy) % hole === 0,
            ),
          ),
        )
        const source = assembledOf(target, pieces, rule)
        const region = { start: [0, y.start, x.start], shape: [tiles.length, y.length, x.length] }
        const data = await source.read(region)
        const [st, sy] = stridesOf(region.shape) as [number, number, number]
        for (let t = 0; t < tiles.length; t++) {
          for (let r = 0; r < y.length; r++) {
            for (let c = 0; c < x.length; c++) {
              const valid = tiles[t]!.flatMap(({ column, row, width, height, hole }, i) => {
                const [cx, cy] = [x.start + c - column, y.start + r - row]
                const isIn = cx >= 0 && cy >= 0 && cx < width && cy < height && (cx + cy) % hole !== 0
                return isIn ? [i + 1] : []
              })
              const expected = (rule === 'first' ? valid[0] : valid.at(-1)) ?? -1
              expect(data[t * st + r * sy + c]).toBe(expected)
            }
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('read nothing of images that a region does not meet', async () => {
    const grid = gridAt(10, 4, 4)
    let reads = 0
    const counted = (piece: Piece): Piece => ({
      ...piece,
      source: {
        ...piece.source,
        read: (...args) => {
          reads++
          return piece.source.read(...args)
        },
      },
    })
    const left = counted(image(grid, 1))
    const right = counted(image(gridAt(10, 4, 4, 600080), 2))
    const source = assembledOf(gridAt(10, 12, 4), [[left, right]], 'first')
    expect([...(await source.read({ start: [0, 0, 4], shape: [1, 1, 4] }))]).toEqual([-1, -1, -1, -1])
    expect(reads).toBe(0)
    expect([...(await source.read({ start: [0, 0, 8], shape: [1, 1, 4] }))]).toEqual([2, 2, 2, 2])
    expect(reads).toBe(1)
  })

  it('of one array are read at once where their planes follow each other', async () => {
    const grid = gridAt(10, 3, 2)
    const data = Int16Array.from({ length: 4 * 6 }, (_, i) => i)
    const dims = [
      { type: 'temporal', name: 'time', labels: ['a', 'b', 'c', 'd'], calendar: 'standard' } as const,
      ...spatialDimensions(grid),
    ]
    const { source } = memorySource(data, { dims, grid, packing: PACKING })
    const shapes: (readonly number[])[] = []
    const counted: ArraySource = {
      ...source,
      read: (region, options) => {
        shapes.push(region.shape)
        return source.read(region, options)
      },
    }
    const plane = (k: number): Piece => ({ path: '', grid, packing: PACKING, source: counted, at: [k] })
    const whole = assembledOf(grid, [[plane(1)], [plane(2)], [plane(3)], [plane(0)]], 'first')
    expect([...(await whole.read({ start: [0, 0, 0], shape: [4, 1, 1] }))]).toEqual([6, 12, 18, 0])
    expect(shapes).toEqual([
      [3, 1, 1],
      [1, 1, 1],
    ])
  })
})

describe('lattices', () => {
  const offsets = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }))

  it('tell how far tiles lie apart, and join them to what covers all', () => {
    fc.assert(
      fc.property(fc.array(offsets, { minLength: 1, maxLength: 6 }), (list) => {
        const grids = list.map(([dx, dy]) => gridAt(10, 5, 4, 600000 + 10 * dx, 5200000 + 10 * dy))
        const joined = joinGrids(grids)
        for (const grid of grids) {
          const offset = offsetIn(joined, grid)!
          expect(offset.column).toBeGreaterThanOrEqual(0)
          expect(offset.row).toBeGreaterThanOrEqual(0)
          expect(offset.column + grid.width).toBeLessThanOrEqual(joined.width)
          expect(offset.row + grid.height).toBeLessThanOrEqual(joined.height)
        }
        expect(lattices(grids)).toHaveLength(1)
      }),
    )
  })

  it('are different for other sizes, shifts by parts of a pixel, other systems and turned grids', () => {
    const grid = gridAt(10, 5, 4)
    const others: Grid[] = [
      gridAt(20, 5, 4),
      gridAt(10, 5, 4, 600003),
      { ...grid, crs: parseCrs('EPSG:32633') },
      { crs: utm32, affine: [10, 0, 600000, 0, 10, 5200000], width: 5, height: 4 },
      { crs: utm32, affine: [0, 10, 600000, 10, 0, 5200000], width: 4, height: 4 },
    ]
    for (const other of others) expect(offsetIn(grid, other), JSON.stringify(other.affine)).toBeUndefined()
    expect(lattices([grid, ...others])).toHaveLength(6)
    // Corners that a file has rounded are no other lattice.
    expect(offsetIn(grid, gridAt(10, 5, 4, 600000.000001))).toEqual({ column: 0, row: 0 })
  })
})

describe('transposition', () => {
  it('moves every cell to its place, whole and by regions', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
    const orders = sizes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray([...shape.keys()], { minLength: shape.length, maxLength: shape.length }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(orders, async ([shape, order]) => {
        const data = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)
        const moved = transpose(data, shape, order)
        const steps = stridesOf(shape)
        const target = order.map((d) => shape[d]!)
        const strides = stridesOf(target)
        for (let i = 0; i < data.length; i++) {
          const at = order.map((d) => Math.floor(i / steps[d]!) % shape[d]!)
          expect(moved[at.reduce((sum, index, k) => sum + index * strides[k]!, 0)]).toBe(i)
        }
        const dims = shape.map(
          (length, d) => ({ type: 'other', name: `d${d}`, labels: Array.from({ length }, (_, i) => i) }) as const,
        )
        const { source } = memorySource(data, { dims, packing: { dtype: 'float64', scale: 1, offset: 0 } })
        const turned = transposedSource(source, order)
        expect(turned.schema.dims.map(({ name }) => name)).toEqual(order.map((d) => `d${d}`))
        const last = target.map((length) => length - 1)
        const [cell] = await turned.read({ start: last, shape: target.map(() => 1) })
        expect(cell).toBe(data.length - 1)
      }),
      { numRuns: 50 },
    )
  })
})

describe('images of arrays', () => {
  it('are planes of each date, band and level, y before x whatever the file has', () => {
    const grid = gridAt(10, 3, 2)
    const [y, x] = spatialDimensions(grid)
    const dims = [
      x,
      { type: 'other', name: 'level', labels: [850, 500] } as const,
      y,
      { type: 'temporal', name: 'time', labels: ['2020-01-01T00:00:00Z'], calendar: 'noleap' } as const,
    ]
    const { source } = memorySource(new Int16Array(12), { dims, grid, packing: PACKING, unit: 'K' })
    const images = piecesOf({ path: 'a.nc', name: 'ta', source })!
    expect(images.map(({ band, calendar, piece }) => [band.name, band.unit, calendar, piece.time, piece.at])).toEqual([
      ['ta[level=850]', 'K', 'noleap', '2020-01-01T00:00:00Z', [0, 0]],
      ['ta[level=500]', 'K', 'noleap', '2020-01-01T00:00:00Z', [1, 0]],
    ])
    expect(images[0]!.piece.source.schema.dims.map(({ name }) => name)).toEqual(['level', 'time', 'y', 'x'])
  })

  it('are none of arrays without a grid', () => {
    const dims = [{ type: 'temporal', name: 't', labels: ['2020-01-01T00:00:00Z'], calendar: 'standard' } as const]
    const { source } = memorySource(new Int16Array(1), { dims, packing: PACKING })
    expect(piecesOf({ path: 'a.csv', name: 'a', source })).toBeUndefined()
  })

  it('have the names that they are given in any order of files', () => {
    const stems = ['a_B04_1', 'a_B08_1', 'a_SCL_1']
    fc.assert(
      fc.property(fc.shuffledSubarray(stems, { minLength: 3 }), (list) => {
        expect(bandsOfNames(list, undefined)).toEqual(list.map((stem) => stem.slice(2, 5)))
      }),
    )
  })
})

describe('the pool of files', () => {
  /** Files that count how many of them are open at one time. */
  function files() {
    const state = { open: 0, most: 0, opened: 0 }
    const grid = gridAt(10, 2, 2)
    const opener = (value: number) => () => {
      state.open++
      state.opened++
      state.most = Math.max(state.most, state.open)
      return Promise.resolve({
        format: 'test',
        path: String(value),
        layers: [{ name: 'v', source: image(grid, value).source }],
        close: () => {
          state.open--
          return Promise.resolve()
        },
      })
    }
    return { state, opener }
  }

  it('keeps few of many files open and reads all', async () => {
    const { state, opener } = files()
    const pool = sourcePool(3)
    const layers = []
    for (let i = 0; i < 10; i++) layers.push(...(await pool.add(opener(i))).layers)
    expect(state.most).toBeLessThanOrEqual(4)
    const region = { start: [0, 0], shape: [1, 1] }
    for (const order of [[...layers.keys()], [...layers.keys()].reverse()]) {
      for (const i of order) expect([...(await layers[i]!.source.read(region))]).toEqual([i])
    }
    expect(state.most).toBeLessThanOrEqual(4)
    expect(state.opened).toBeGreaterThan(10)
    await pool.close()
    expect(state.open).toBe(0)
  })

  it('does not close what is being read, and tries a file again that could not be opened', async () => {
    const { state, opener } = files()
    const pool = sourcePool(1)
    const layers = []
    for (let i = 0; i < 5; i++) layers.push(...(await pool.add(opener(i))).layers)
    const region = { start: [0, 0], shape: [1, 1] }
    const values = await Promise.all(layers.map(({ source }) => source.read(region)))
    expect(values.map(([value]) => value)).toEqual([0, 1, 2, 3, 4])
    let tries = 0
    const flaky = () => (++tries === 1 ? Promise.reject(new Error('no')) : opener(9)())
    await expect(pool.add(flaky)).rejects.toThrow('no')
    const [layer] = (await pool.add(flaky)).layers
    expect([...(await layer!.source.read(region))]).toEqual([9])
    await pool.close()
    expect(state.open).toBe(0)
  })
})
