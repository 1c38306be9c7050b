/** Rasterisation against GDAL, pixel for pixel, and its own invariants. */
import { readFileSync } from 'node:fs'
import { assert as check, integer, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Geometry } from '../../src/model/geometry.ts'
import type { Affine, Crs, Feature, Features, Grid, MultiPolygon, Polygon } from '../../src/types.ts'
import { rasterise } from '../../src/vector/rasterise.ts'

interface Case {
  readonly name: string
  readonly affine: Affine
  readonly width: number
  readonly height: number
  readonly features: readonly (Polygon | MultiPolygon)[]
  readonly centre: readonly (readonly [value: number, count: number])[]
  readonly touched: readonly (readonly [value: number, count: number])[]
}

const oracle = JSON.parse(
  readFileSync(new URL('../../../../oracles/vector/rasterise.json', import.meta.url), 'utf8'),
) as { cases: readonly Case[] }

const crs: Crs = { name: 'plane', proj4: '+proj=utm +zone=23 +south', unit: 'metre', isGeographic: false }

const expand = (runs: Case['centre']): number[] =>
  runs.flatMap(([value, count]) => new Array<number>(count).fill(value))
const layer = (geometries: readonly (Polygon | MultiPolygon)[]): Features => ({
  crs,
  label: 'test',
  features: geometries.map((geometry): Feature => ({ geometry, properties: {} })),
})
const gridOfCase = ({ affine, width, height }: Case): Grid => ({ crs, affine, width, height })
const number = (_: Feature, i: number): number => i + 1

describe('rasterise equals GDAL', () => {
  for (const one of oracle.cases) {
    it(`${one.name}: centres`, () => {
      const out = rasterise(layer(one.features), gridOfCase(one), { value: number })
      expect([...out]).toEqual(expand(one.centre))
    })
    it(`${one.name}: all touched`, () => {
      const out = rasterise(layer(one.features), gridOfCase(one), { value: number, allTouched: true })
      expect([...out]).toEqual(expand(one.touched))
    })
  }
})

interface Line extends Pick<Case, 'affine' | 'width' | 'height' | 'touched'> {
  readonly geometry: Geometry
  readonly thin: Case['centre']
}

describe('lines, points and corners equal GDAL', () => {
  const lines = JSON.parse(
    readFileSync(new URL('../../../../oracles/vector/lines.json', import.meta.url), 'utf8'),
  ) as readonly Line[]
  const burnt = ({ geometry, affine, width, height }: Line, allTouched: boolean): number[] => {
    const features = { crs, label: 'lines', features: [{ geometry, properties: {} }] }
    return [...rasterise(features, { crs, affine, width, height }, { value: () => 1, allTouched })]
  }
  for (const type of new Set(lines.map(({ geometry }) => geometry.type))) {
    it(type, () => {
      for (const line of lines.filter(({ geometry }) => geometry.type === type)) {
        const title = JSON.stringify(line.geometry)
        expect(burnt(line, false), title).toEqual(expand(line.thin))
        expect(burnt(line, true), `${title}, all touched`).toEqual(expand(line.touched))
      }
    })
  }
  it('any window of a line is the crop of the whole; no geometry burns nothing', () => {
    const grid = { crs, affine: [1, 0, 0, 0, -1, 30] as const, width: 30, height: 30 }
    const geometry: Geometry = {
      type: 'LineString',
      coordinates: [
        [-4, 33],
        [27, 11],
        [3, 2],
        [3, 35],
      ],
    }
    const features = {
      crs,
      label: 'line',
      features: [
        { geometry, properties: {} },
        { geometry: null, properties: {} },
      ],
    }
    for (const allTouched of [false, true]) {
      const whole = rasterise(features, grid, { value: (_, i) => i + 1, allTouched })
      const window = { column: 2, row: 5, width: 9, height: 20 }
      const part = rasterise(features, grid, { value: (_, i) => i + 1, allTouched, window })
      const crop = Array.from(part, (_, i) => whole[(5 + Math.floor(i / 9)) * 30 + 2 + (i % 9)])
      expect([...part]).toEqual(crop)
      expect(crop).toContain(1)
    }
  })
})

describe('rasterise', () => {
  const one = oracle.cases[0]!
  const grid = gridOfCase(one)

  it('makes any window equal to the crop of the whole', async () => {
    for (const allTouched of [false, true]) {
      const whole = rasterise(layer(one.features), grid, { value: number, allTouched, fill: -1 })
      await check(
        property(
          record({
            column: integer({ min: -5, max: 45 }),
            row: integer({ min: -5, max: 38 }),
            width: integer({ min: 1, max: 30 }),
            height: integer({ min: 1, max: 30 }),
          }),
          (window) => {
            const part = rasterise(layer(one.features), grid, { value: number, allTouched, fill: -1, window })
            for (let y = 0; y < window.height; y++) {
              for (let x = 0; x < window.width; x++) {
                const [column, row] = [window.column + x, window.row + y]
                if (column < 0 || row < 0 || column >= grid.width || row >= grid.height) continue
                expect(part[y * window.width + x]).toBe(whole[row * grid.width + column])
              }
            }
          },
        ),
        { numRuns: 60 },
      )
    }
  })

  it('joins parts that overlap, and knows the sense of rings that cross themselves as GDAL does', () => {
    const grid: Grid = { crs, affine: [1, 0, 0, 0, 1, 0], width: 60, height: 50 }
    const burnt = (geometry: Polygon | MultiPolygon): Int32Array | Float64Array =>
      rasterise(layer([geometry]), grid, { value: () => 1 })
    const box = (x: number): [number, number][] => [
      [x, 1],
      [x + 4, 1],
      [x + 4, 5],
      [x, 5],
      [x, 1],
    ]
    const joined = burnt({ type: 'MultiPolygon', coordinates: [[box(1)], [box(3)]] })
    expect(Array.from(joined).filter((v) => v === 1).length).toBe(24)
    // By gdal_rasterize 3.6: the horizontal edge on the centres of row 26 is filled.
    const crossing = burnt({
      type: 'Polygon',
      coordinates: [
        [
          [16, 39],
          [9.5, 18],
          [7.5, 20],
          [14, 21.5],
          [20, 12.5],
          [16, 39],
        ],
        [
          [48.5, 7.5],
          [54.5, 26.5],
          [13.5, 26.5],
          [49.5, 8.5],
          [48.5, 7.5],
        ],
      ],
    })
    expect(Array.from(crossing.subarray(26 * 60 + 12, 26 * 60 + 56)).join('')).toBe(`${'1'.repeat(43)}0`)
  })

  it('lets later features overwrite, leaves out NaN, keeps fractions', () => {
    const square = (x0: number, x1: number): Polygon => ({
      type: 'Polygon',
      coordinates: [
        [
          [x0, 0],
          [x1, 0],
          [x1, 2],
          [x0, 2],
          [x0, 0],
        ],
      ],
    })
    const small: Grid = { crs, affine: [1, 0, 0, 0, -1, 2], width: 6, height: 2 }
    const features = layer([square(0, 3), square(2, 5), square(0, 6)])
    const out = rasterise(features, small, { value: (_, i) => [0.5, 2, Number.NaN][i]!, fill: 9 })
    expect([...out]).toEqual([0.5, 0.5, 2, 2, 2, 9, 0.5, 0.5, 2, 2, 2, 9])
    expect(out).toBeInstanceOf(Float64Array)
    expect(rasterise(features, small, { value: () => 1 })).toBeInstanceOf(Int32Array)
  })
})
