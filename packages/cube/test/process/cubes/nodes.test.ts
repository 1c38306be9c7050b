/** The makers of nodes and their parts: labels and grids, concatenation, joined dimensions, pixels of geometries. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNorthUp, pixelToCrs } from '../../../src/grid.ts'
import { FLOAT32, FLOAT64, type Packing } from '../../../src/model/block.ts'
import { commonPacking, floatPacking, withMissing } from '../../../src/model/packing.ts'
import { cellCount } from '../../../src/model/region.ts'
import { burn, insideNode, place } from '../../../src/process/cubes/coverage.ts'
import { readNode } from '../../../src/process/cubes/direct.ts'
import {
  centresOf,
  cutDimension,
  gridOfPicked,
  onGrid,
  recounted,
  relabelled,
  withDims,
} from '../../../src/process/cubes/labels.ts'
import { leftOut } from '../../../src/process/cubes/left-out.ts'
import { BOOLEAN, concatNode, missingArray, repackedArray } from '../../../src/process/cubes/nodes.ts'
import { flatten, pieces } from '../../../src/process/cubes/reshape.ts'
import { boxCells, boxSchema } from '../../../src/process/cubes/subcubes.ts'
import { registry } from '../../../src/process/registry.ts'
import { dataFolder, hasData } from '../../data.ts'
import { bands, cube, features, other, polygon, raster, read, times, utm } from './support.ts'

const UINT8: Packing = { dtype: 'uint8', nodata: 255, scale: 1, offset: 0 }
const INT32: Packing = { dtype: 'int32', scale: 1, offset: 0 }

describe('packings', () => {
  it('are float32 for what fits in it exactly', () => {
    expect(floatPacking(UINT8, FLOAT32)).toEqual(FLOAT32)
    expect(floatPacking(UINT8, INT32)).toEqual(FLOAT64)
    expect(commonPacking(UINT8, { ...UINT8 })).toEqual(UINT8)
    expect(commonPacking(UINT8, { ...UINT8, scale: 2 })).toEqual(FLOAT32)
  })

  it('are integers that have room for truth values beside them', () => {
    expect(commonPacking(UINT8, BOOLEAN)).toEqual(UINT8)
    expect(commonPacking({ ...UINT8, nodata: 1 }, BOOLEAN)).not.toMatchObject({ dtype: 'uint8' })
  })

  it('are the narrowest integers for the numbers of all, and for missing where some have it', () => {
    const plain = (dtype: Packing['dtype'], nodata?: number): Packing => ({
      dtype,
      scale: 1,
      offset: 0,
      ...(nodata === undefined ? {} : { nodata }),
    })
    expect(commonPacking(plain('uint8'), plain('uint16'))).toEqual(plain('uint16'))
    expect(commonPacking(plain('uint8'), plain('int8'))).toEqual(plain('int16'))
    expect(commonPacking(plain('uint8'), plain('int16', -32768))).toEqual(plain('int16', -32768))
    expect(commonPacking(plain('uint8', 0), plain('uint8', 255))).toEqual(plain('int16', -32768))
    expect(commonPacking(plain('uint8', 0), plain('uint16', 65535))).toEqual(plain('uint16', 65535))
    expect(commonPacking(plain('uint16', 0), plain('uint16'))).toEqual(FLOAT32)
    expect(commonPacking(plain('uint16'), plain('int32'))).toEqual(plain('int32'))
    expect(commonPacking(plain('uint32'), plain('int8'))).toEqual(FLOAT64)
  })

  it('change where cells become missing and have no value for that', () => {
    expect(withMissing(UINT8)).toEqual(UINT8)
    expect(withMissing(INT32)).toEqual(FLOAT64)
    // A nodata value that the type cannot hold is none.
    expect(withMissing({ ...UINT8, nodata: -999 })).toEqual({ ...UINT8, dtype: 'int16', nodata: -32768 })
    expect(withMissing({ ...UINT8, nodata: Number.NaN })).toEqual({ ...UINT8, dtype: 'int16', nodata: -32768 })
    expect(withMissing({ ...INT32, scale: 0.5 })).toEqual({ ...FLOAT64, scale: 0.5 })
    expect(withMissing({ ...INT32, dtype: 'uint16', scale: 0.5 })).toEqual({ ...FLOAT32, scale: 0.5 })
    expect(withMissing({ ...INT32, dtype: 'int8' })).toEqual({ ...INT32, dtype: 'int16', nodata: -(2 ** 15) })
    expect(missingArray(UINT8, 2)).toEqual(Uint8Array.of(255, 255))
    expect(missingArray(FLOAT32, 1)).toEqual(Float32Array.of(Number.NaN))
  })

  it('hold the same values after a change of packing', () => {
    const scaled: Packing = { dtype: 'int16', nodata: -1, scale: 0.5, offset: 10 }
    const values = repackedArray(Uint8Array.of(12, 255, 30), UINT8, scaled)
    expect(values).toEqual(Int16Array.of(4, -1, 40))
    expect(repackedArray(values, scaled, FLOAT64)).toEqual(Float64Array.of(12, Number.NaN, 30))
  })
})

describe('labels', () => {
  it('are cut with all that belongs to them', () => {
    const cut = cutDimension(bands('a', 'b', 'c'), [2, 0])
    expect(cut).toMatchObject({ labels: ['c', 'a'], bands: [{ name: 'c' }, { name: 'a' }] })
    expect(relabelled(bands('a'), ['z'])).toMatchObject({ labels: ['z'], bands: [{ name: 'z', role: 'a' }] })
    expect(recounted(bands('a'), 2)).toMatchObject({ type: 'bands', labels: ['0', '1'] })
    expect(recounted(times('2020-01-01'), 2)).toMatchObject({ type: 'temporal', labels: [0, 1] })
  })

  it('move the grid so that centres stay where they are', () => {
    const { grid } = utm(12, 9)
    const picks = fc.record({
      axis: fc.constantFrom('x' as const, 'y' as const),
      start: fc.nat(3),
      step: fc.integer({ min: 1, max: 3 }),
      turned: fc.boolean(),
    })
    fc.assert(
      fc.property(picks, ({ axis, start, step, turned }) => {
        const n = axis === 'x' ? 12 : 9
        const indices = Array.from({ length: n }, (_, i) => start + i * step).filter((i) => i < n)
        if (turned) indices.reverse()
        const picked = gridOfPicked(grid, axis, indices)!
        const all = centresOf(grid, axis)
        expect(centresOf(picked, axis)).toEqual(indices.map((i) => all[i]))
        expect(isNorthUp(picked)).toBe(true)
      }),
    )
    expect(gridOfPicked(grid, 'x', [0, 1, 3])).toBeUndefined()
    expect(gridOfPicked(grid, 'x', [])).toMatchObject({ width: 0, height: 9 })
  })

  it('leave the grid only where both axes still have its pixels', () => {
    const { schema } = raster(3, 2, () => 0).node
    expect(withDims(schema, [...schema.dims].reverse()).grid).toBe(schema.grid)
    expect(withDims(schema, [schema.dims[0]!]).grid).toBeUndefined()
    expect(withDims(schema, [schema.dims[0]!, recounted(schema.dims[1]!, 5)]).grid).toBeUndefined()
    const moved = onGrid(schema, utm(1, 1).grid)
    expect(moved.dims.map((dimension) => dimension.labels)).toEqual([[5699995], [400005]])
  })
})

describe('concatNode', () => {
  it('gives any region of the whole, and reads only the inputs it meets', async () => {
    const lengths = [2, 0, 3, 1]
    const parts = lengths.map(
      (n, k) =>
        cube([other('d', ...Array.from({ length: n }, (_, i) => `${k}${i}`)), other('x', 0, 1)], (i) => 10 * k + i)
          .node,
    )
    const joined = concatNode(parts, 'd')
    const whole = (await read(joined)).values
    expect(joined.schema.dims[0]!.labels).toEqual(['00', '01', '20', '21', '22', '30'])
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.integer({ min: 1, max: 6 }), fc.nat(1), async (start, length, x) => {
        const count = Math.min(length, 6 - start)
        const region = { start: [start, x], shape: [count, 1] }
        const block = await readNode(joined, region)
        expect([...block.data]).toEqual(Array.from({ length: count }, (_, i) => whole[(start + i) * 2 + x]))
        const needed = joined.needs(region).map((one) => one !== undefined)
        expect(needed[1]).toBe(false)
        expect(needed[0]).toBe(start < 2)
      }),
    )
  })

  it('joins what belongs to bands', () => {
    const joined = concatNode([cube([bands('a')], [1]).node, cube([bands('b')], [2]).node], 'bands')
    expect(joined.schema.dims[0]).toMatchObject({ labels: ['a', 'b'], bands: [{ role: 'a' }, { role: 'b' }] })
  })
})

describe('flatten', () => {
  it('gives any region of any joined dimensions', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.infiniteStream(fc.nat(1000)), async (shape, random) => {
        const next = (n: number): number => random.next().value! % n
        const names = shape.map((_, d) => `d${d}`)
        const order = [...names].sort(() => next(3) - 1).slice(0, Math.max(2, next(shape.length + 1)))
        const { node } = cube(
          names.map((name, d) => other(name, ...Array.from({ length: shape[d]! }, (_, i) => i))),
          (i) => i,
        )
        const flat = flatten(node, order, 'joined')
        const whole = [
          ...(
            await readNode(flat, {
              start: flat.schema.dims.map(() => 0),
              shape: flat.schema.dims.map((one) => one.labels.length),
            })
          ).data,
        ]
        expect([...whole].sort((a, b) => a - b)).toEqual(Array.from({ length: cellCount(shape) }, (_, i) => i))
        const target = flat.schema.dims.map((one) => one.labels.length)
        for (const region of pieces(target, 1 + next(6))) {
          const block = await readNode(flat, region)
          const strides = target.map((_, d) => target.slice(d + 1).reduce((product, n) => product * n, 1))
          block.data.forEach((value, i) => {
            let rest = i
            let index = 0
            for (let d = target.length - 1; d >= 0; d--) {
              index += (region.start[d]! + (rest % region.shape[d]!)) * strides[d]!
              rest = Math.floor(rest / region.shape[d]!)
            }
            expect(value).toBe(whole[index])
          })
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('pixels of geometries', () => {
  const { grid } = utm(12, 10)
  const whole = { column: 0, row: 0, width: 12, height: 10 }

  it('of lines are all that the line passes', () => {
    const coordinate = fc.tuple(
      fc.double({ min: 399990, max: 400130, noNaN: true }),
      fc.double({ min: 5699890, max: 5700010, noNaN: true }),
    )
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 2, maxLength: 4 }), (coordinates) => {
        const geometry = { type: 'LineString' as const, coordinates }
        const burnt = burn(geometry, place(features(geometry).features, grid), whole)
        coordinates.slice(1).forEach((end, i) => {
          const start = coordinates[i]!
          // Points along the line, away from edges of pixels, lie in pixels that are burnt.
          for (let k = 0; k <= 50; k++) {
            const x = (start[0] + ((end[0] - start[0]) * k) / 50 - 400000) / 10
            const y = (5700000 - (start[1] + ((end[1] - start[1]) * k) / 50)) / 10
            const onEdge = Math.min(Math.abs(x - Math.round(x)), Math.abs(y - Math.round(y))) < 1e-6
            if (onEdge || x < 0 || y < 0 || x >= 12 || y >= 10) continue
            expect(burnt[Math.floor(y) * 12 + Math.floor(x)]).toBe(1)
          }
        })
      }),
    )
  })

  it('of polygons have their centres inside or on an edge, as Simple Features says', () => {
    // Corners on centres and corners of pixels, so that many centres lie on edges.
    const corner = fc.tuple(fc.integer({ min: -2, max: 26 }), fc.integer({ min: -2, max: 22 }))
    fc.assert(
      fc.property(fc.array(corner, { minLength: 3, maxLength: 6 }), (corners) => {
        const ring = [...corners, corners[0]!]
        const coordinates = [ring.map(([x, y]) => [400000 + 5 * x, 5700000 - 5 * y] as const)]
        const geometry = { type: 'Polygon' as const, coordinates }
        const burnt = burn(geometry, place(features(geometry).features, grid), whole)
        for (let k = 0; k < 120; k++) {
          const [px, py] = [2 * (k % 12) + 1, 2 * Math.floor(k / 12) + 1]
          let isIn = false
          let isOn = false
          for (let i = 1; i < ring.length; i++) {
            const [[x0, y0], [x1, y1]] = [ring[i - 1]!, ring[i]!]
            const cross = (x1 - x0) * (py - y0) - (y1 - y0) * (px - x0)
            isOn ||= cross === 0 && (px - x0) * (px - x1) <= 0 && (py - y0) * (py - y1) <= 0
            if (y0 > py !== y1 > py && cross > 0 === y1 > y0) isIn = !isIn
          }
          expect(burnt[k], `${JSON.stringify(corners)} at ${px}, ${py}`).toBe(isIn || isOn ? 1 : 0)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are the same in windows as in the whole, whatever the order of x and y', async () => {
    const shapes = features(
      polygon(400013, 5699921, 400061, 5699987),
      { type: 'Point', coordinates: [400111, 5699905] },
      null,
    )
    const { schema } = raster(12, 10, () => 0).node
    const at = { grid, x: 1, y: 0, xName: 'x', yName: 'y' }
    const node = insideNode(place(shapes.features, grid), schema, at, 'inside')
    const turned = insideNode(
      place(shapes.features, grid),
      { ...schema, dims: [...schema.dims].reverse() },
      { ...at, x: 0, y: 1 },
      'inside',
    )
    const all = (await read(node)).values
    const other = (await read(turned)).values
    const inside = all.filter((value) => value === true).length
    expect(inside).toBe(5 * 7 + 1)
    all.forEach((value, i) => {
      expect(other[(i % 12) * 10 + Math.floor(i / 12)]).toBe(value)
      const [x, y] = pixelToCrs(grid.affine, (i % 12) + 0.5, Math.floor(i / 12) + 0.5)
      const expected = (x > 400013 && x < 400061 && y > 5699921 && y < 5699987) || (i % 12 === 11 && i >= 108)
      expect(value).toBe(expected)
    })
    for (const region of pieces([10, 12], 17)) {
      const block = await readNode(node, region)
      block.data.forEach((value, i) => {
        const index =
          (region.start[0]! + Math.floor(i / region.shape[1]!)) * 12 + region.start[1]! + (i % region.shape[1]!)
        expect(value !== 0).toBe(all[index])
      })
    }
  })
})

describe('boxes beyond a cube', () => {
  it('have labels and a grid that go on, and missing cells', () => {
    const { node } = raster(2, 2, [1, 2, 3, 4], [times('2020-01-01', '2020-01-03')].slice(0, 0))
    const box = { start: [-1, 1], shape: [2, 2] }
    const schema = boxSchema(node.schema, box, FLOAT64)
    expect(schema.dims.map((one) => one.labels)).toEqual([
      [5700005, 5699995],
      [400015, 400025],
    ])
    expect(schema.grid?.affine).toEqual([10, 0, 400010, 0, -10, 5700010])
    const block = { region: { start: [0, 1], shape: [1, 1] }, data: Float64Array.of(2) }
    const cells = boxCells(box, [2, 2], block, FLOAT64, FLOAT64)
    expect([...cells]).toEqual([Number.NaN, Number.NaN, 2, Number.NaN])
    const series = cube([times('2020-01-01', '2020-01-03'), bands('a')], [1, 2]).node
    const longer = boxSchema(series.schema, { start: [-1, 0], shape: [4, 2] }, FLOAT64)
    expect(longer.dims.map((one) => one.labels)).toEqual([
      ['2019-12-30T00:00:00Z', '2020-01-01', '2020-01-03', '2020-01-05T00:00:00Z'],
      ['a', 'beyond 1'],
    ])
  })
})

describe('the list of processes', () => {
  const folder = join(dataFolder, 'openeo_process_tests')

  it('names a reason for each that is left out, and has none of them', () => {
    for (const [id, reason] of Object.entries(leftOut)) {
      expect(registry.has(id)).toBe(false)
      expect(reason.length).toBeGreaterThan(30)
    }
  })

  it.skipIf(!hasData('openeo_process_tests'))('has all others', () => {
    const files = [folder, join(folder, 'proposals')]
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path))
    const ids = files.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5))
    expect(ids.filter((id) => !registry.has(id) && leftOut[id] === undefined)).toEqual([])
    expect(Object.keys(leftOut).filter((id) => !ids.includes(id))).toEqual([])
  })
})
