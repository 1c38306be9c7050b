/** The covered part of pixels: areas add up, windows are crops of the whole, simple shapes by hand. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Affine, Grid, MultiPolygon, Polygon, Window } from '../../src/types.ts'
import { planarArea } from '../../src/vector/rings.ts'
import { type Coverage, coverageOf, edgesOf, zoneWindow } from '../../src/zonal/coverage.ts'
import { shape, grid as sheet } from './shapes.ts'

const unit = (affine: Affine = [1, 0, 0, 0, 1, 0], width = 20, height = 20): Grid => ({
  crs: sheet.crs,
  affine,
  width,
  height,
})

const box = (west: number, north: number, east: number, south: number): Polygon => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, north],
      [east, north],
      [east, south],
      [west, south],
      [west, north],
    ],
  ],
})

/** Runs as a dense raster; fails where runs overlap or leave the window. */
function dense({ count, rows, columns, lengths, fractions }: Coverage, window: Window): Float64Array {
  const out = new Float64Array(window.width * window.height)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < lengths[i]!; k++) {
      const [c, r] = [columns[i]! + k - window.column, rows[i]! - window.row]
      expect(c >= 0 && c < window.width && r >= 0 && r < window.height).toBe(true)
      expect(out[r * window.width + c]).toBe(0)
      out[r * window.width + c] = fractions[i]!
    }
  }
  return out
}

const whole = (grid: Grid): Window => ({ column: 0, row: 0, width: grid.width, height: grid.height })
const total = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0)

describe('coverageOf', () => {
  it('gives the parts of a box by hand, in runs', () => {
    const coverage = coverageOf(box(1.25, 1.5, 4.5, 3), unit())
    expect([...coverage.rows]).toEqual([1, 1, 1, 2, 2, 2])
    expect([...coverage.columns]).toEqual([1, 2, 4, 1, 2, 4])
    expect([...coverage.lengths]).toEqual([1, 2, 1, 1, 2, 1])
    expect([...coverage.fractions]).toEqual([0.375, 0.5, 0.25, 0.75, 1, 0.5])
  })

  it('is whole where edges lie on pixel borders, and nothing beyond', () => {
    const coverage = coverageOf(box(3, 4, 7, 6), unit())
    expect(total(dense(coverage, whole(unit())))).toBe(8)
    expect(coverage.fractions.every((f) => f === 1)).toBe(true)
    expect(coverage.count).toBe(2)
  })

  it('covers a triangle by its area in each pixel', () => {
    const triangle: Polygon = {
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [2, 2],
          [0, 2],
          [0, 0],
        ],
      ],
    }
    expect([...dense(coverageOf(triangle, unit([1, 0, 0, 0, 1, 0], 2, 2)), whole(unit(undefined, 2, 2)))]).toEqual([
      0.5, 0, 1, 0.5,
    ])
  })

  it('does not mind orientation, repeated and unclosed points, or slivers', () => {
    const ring = [...box(1.25, 1.5, 4.5, 3).coordinates[0]!]
    const expected = dense(coverageOf(box(1.25, 1.5, 4.5, 3), unit()), whole(unit()))
    for (const variant of [
      ring.toReversed(),
      ring.slice(0, -1),
      ring.flatMap((p) => [p, p]),
      ring.toSpliced(1, 0, [2, 1.5]),
    ]) {
      const geometry: Polygon = { type: 'Polygon', coordinates: [variant] }
      expect(dense(coverageOf(geometry, unit()), whole(unit()))).toEqual(expected)
    }
    const line: Polygon = {
      type: 'Polygon',
      coordinates: [
        [
          [1.5, 1.5],
          [6.5, 6.5],
          [1.5, 1.5],
        ],
      ],
    }
    expect(coverageOf(line, unit()).count).toBe(0)
    expect(coverageOf({ type: 'Polygon', coordinates: [] }, unit()).count).toBe(0)
    expect(coverageOf({ type: 'Polygon', coordinates: [[[Number.NaN, 1]]] }, unit()).count).toBe(0)
  })

  it('adds up to the area of random polygons, in pixels of any size and turn', () => {
    const turn: Affine = [8, 6, 0, 6, -8, 0]
    const large = (affine: Affine): Grid => ({ crs: sheet.crs, affine, width: 400, height: 400 })
    for (let i = 0; i < 300; i++) {
      const { geometry } = shape(i)
      const area = planarArea(geometry)
      for (const grid of [
        large([10, 0, 498000, 0, -10, 5002000]),
        large([turn[0], turn[1], 500300 - 8 * 200 - 6 * 200, turn[3], turn[4], 4999700 - 6 * 200 + 8 * 200]),
      ]) {
        const sum = total(dense(coverageOf(geometry, grid), whole(grid))) * 100
        expect(Math.abs(sum - area)).toBeLessThan(1e-6 * Math.max(1, area))
      }
    }
  })

  it.each(['coverage', 'centre', 'touched'] as const)('gives a window the crop of the whole, %s', (rule) => {
    fc.assert(
      fc.property(
        fc.nat(999),
        fc.nat(60),
        fc.nat(44),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (index, column, row, w, h) => {
          const { geometry } = shape(index)
          const window = { column, row, width: Math.min(w, 64 - column), height: Math.min(h, 48 - row) }
          const all = dense(coverageOf(geometry, sheet, undefined, rule), whole(sheet))
          const part = dense(coverageOf(geometry, sheet, window, rule), window)
          for (let r = 0; r < window.height; r++) {
            for (let c = 0; c < window.width; c++) {
              expect(part[r * window.width + c]).toBeCloseTo(all[(row + r) * 64 + column + c]!, 12)
            }
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('takes polygons that are larger than what is accumulated at one time', () => {
    const grid = unit([1, 0, 0, 0, 1, 0], 1500, 1500)
    const coverage = coverageOf(box(-10, -10, 1499.5, 1499.25), grid)
    expect(coverage.count).toBe(2 * 1500)
    let sum = 0
    for (let i = 0; i < coverage.count; i++) sum += coverage.fractions[i]! * coverage.lengths[i]!
    expect(sum).toBeCloseTo(1499.5 * 1499.25, 6)
  })

  it('keeps far and tiny polygons exact', () => {
    const grid = unit([1e-4, 0, 10, 0, -1e-4, 50], 100000, 100000)
    const tiny = box(12.00000001, 47, 12.00000002, 46.99999999)
    const coverage = coverageOf(tiny, grid)
    let sum = 0
    for (let i = 0; i < coverage.count; i++) sum += coverage.fractions[i]!
    expect(sum / 1e-8).toBeCloseTo(1, 3)
  })
})

describe('zoneWindow', () => {
  it('is the pixels that the bounds meet, and empty outside', () => {
    expect(zoneWindow(edgesOf(box(1.25, 1.5, 4.5, 3), unit()), unit())).toEqual({
      column: 1,
      row: 1,
      width: 4,
      height: 2,
    })
    expect(zoneWindow(edgesOf(box(-9, -9, -1, -1), unit()), unit()).width).toBe(0)
    const none: MultiPolygon = { type: 'MultiPolygon', coordinates: [] }
    expect(zoneWindow(edgesOf(none, unit()), unit()).width).toBe(0)
  })
})
