/** Arithmetic of grids, windows and bounds. */
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cropGrid,
  type Grid,
  gridBounds,
  gridEquals,
  gridOf,
  gridResolution,
  intersectWindows,
  invertAffine,
  parseCrs,
  pixelToCrs,
  transformBounds,
  windowOf,
} from '../src/index.ts'

const crs = parseCrs('EPSG:32632')
const grid: Grid = { crs, affine: [10, 0, 500000, 0, -10, 5200000], width: 100, height: 50 }
const rotated: Grid = { crs, affine: [8, 6, 500000, 6, -8, 5200000], width: 100, height: 50 }

describe('grids', () => {
  it('have bounds and resolution', () => {
    expect(gridBounds(grid)).toEqual([500000, 5199500, 501000, 5200000])
    expect(gridResolution(grid)).toEqual([10, 10])
    expect(gridResolution(rotated)).toEqual([10, 10])
    expect(gridBounds(rotated)).toEqual([500000, 5199600, 501100, 5200600])
  })

  it('are cropped so that pixels stay where they are', () => {
    const window = { column: 3, row: -2, width: 7, height: 9 }
    for (const whole of [grid, rotated]) {
      const part = cropGrid(whole, window)
      expect(pixelToCrs(part.affine, 2, 5)).toEqual(pixelToCrs(whole.affine, 5, 3))
      expect(windowOf(grid, gridBounds(cropGrid(grid, window)))).toEqual(window)
    }
  })

  it('invert their affine map', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -500, max: 500, noNaN: true }),
        fc.double({ min: -500, max: 500, noNaN: true }),
        (c, r) => {
          const [x, y] = pixelToCrs(rotated.affine, c, r)
          const [column, row] = pixelToCrs(invertAffine(rotated.affine), x, y)
          expect(column).toBeCloseTo(c, 6)
          expect(row).toBeCloseTo(r, 6)
        },
      ),
    )
    expect(() => invertAffine([1, 2, 0, 2, 4, 0])).toThrow(InputError)
  })

  it('are made from bounds, snapped or not', () => {
    const bounds = [500003, 5199507, 500998, 5199999] as const
    expect(gridOf(bounds, crs, 10)).toMatchObject({ affine: [10, 0, 500003, 0, -10, 5199999], width: 100, height: 50 })
    expect(gridOf(bounds, crs, 10, { snap: true })).toEqual(grid)
    expect(gridOf(bounds, crs, 10, { snap: cropGrid(grid, { column: 9, row: 9, width: 1, height: 1 }) })).toEqual(grid)
    expect(gridOf([0, 0, 30, 30.0000001], crs, [10, 5])).toMatchObject({ width: 3, height: 6 })
    expect(() => gridOf(bounds, crs, 0)).toThrow(InputError)
    expect(() => gridOf([1, 1, 1, 2], crs, 1)).toThrow(InputError)
  })

  it('are compared by place, not by spelling', () => {
    const other = {
      ...grid,
      crs: parseCrs('+proj=utm +zone=32 +datum=WGS84'),
      affine: [10, 0, 500000.000001, 0, -10, 5.2e6],
    } as const
    expect(gridEquals(grid, other)).toBe(true)
    expect(gridEquals(grid, { ...grid, width: 99 })).toBe(false)
    expect(gridEquals(grid, { ...grid, affine: [10, 0, 500001, 0, -10, 5.2e6] })).toBe(false)
    expect(gridEquals(grid, { ...grid, crs: parseCrs('EPSG:32633') })).toBe(false)
  })
})

describe('windows', () => {
  it('intersect', () => {
    const a = { column: 0, row: 0, width: 10, height: 10 }
    expect(intersectWindows(a, { column: 5, row: -5, width: 10, height: 10 })).toEqual({
      column: 5,
      row: 0,
      width: 5,
      height: 5,
    })
    expect(intersectWindows(a, { column: 20, row: 0, width: 5, height: 5 })).toMatchObject({ width: 0, height: 0 })
  })

  it('cover bounds with whole pixels', () => {
    expect(windowOf(grid, [500005, 5199985, 500025, 5200000])).toEqual({ column: 0, row: 0, width: 3, height: 2 })
    expect(windowOf(grid, [499990, 5199990, 500010, 5200010])).toEqual({ column: -1, row: -1, width: 2, height: 2 })
  })
})

describe('transformBounds', () => {
  it('crosses the antimeridian where west lies beyond east, as PROJ does', () => {
    const lonLat = parseCrs('EPSG:4326')
    const rounded = (code: string) => transformBounds([177, -19, -178, -16], lonLat, parseCrs(code)).map(Math.round)
    expect(rounded('EPSG:3460')).toEqual([1812677, 3775505, 2347952, 4110642])
    expect(rounded('EPSG:32701')).toEqual([-142953, 7888364, 394746, 8230807])
    // Another datum in degrees.
    expect(rounded('EPSG:4314')).toEqual([177, -19, 182, -16])
  })

  it('gives what rasterio gives', () => {
    // rasterio 1.3.5: transform_bounds('EPSG:32632', 'EPSG:4326', 500000, 5100000, 600000, 5200000)
    const actual = transformBounds([500000, 5100000, 600000, 5200000], crs, parseCrs('EPSG:4326'))
    const expected = [9, 46.046265455836, 10.3140308765891, 46.9535292023012]
    for (const [i, value] of expected.entries()) expect(actual[i]!).toBeCloseTo(value, 9)
    expect(transformBounds([1, 2, 3, 4], crs, crs)).toEqual([1, 2, 3, 4])
  })

  it('refuses bounds that have no place in the other system', () => {
    const nowhere = [0, 89.99999999999999, 1, 90] as const
    expect(() => transformBounds([0, 90, 1, 90], parseCrs('EPSG:4326'), parseCrs('EPSG:3857'))).toThrow(InputError)
    expect(transformBounds(nowhere, parseCrs('EPSG:4326'), parseCrs('EPSG:3031'))).toHaveLength(4)
  })
})
