/** Polygonisation against GDAL's areas, its validity, and the way back through rasterise. */
import { readFileSync } from 'node:fs'
import { array, assert as check, constantFrom, integer, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Affine, Crs, Features, Grid } from '../../src/types.ts'
import { polygonAreaSquareMetres } from '../../src/vector/area.ts'
import { polygonise } from '../../src/vector/polygonise.ts'
import { rasterise } from '../../src/vector/rasterise.ts'
import { partsOf, planarArea, signedArea } from '../../src/vector/rings.ts'
import { invalidAt } from '../../src/vector/validity.ts'

type Areas = Readonly<Record<string, readonly number[]>>
interface Case {
  readonly width: number
  readonly height: number
  readonly classes: readonly number[]
  readonly 4: Areas
  readonly 8: Areas
}
const oracle = JSON.parse(
  readFileSync(new URL('../../../../oracles/vector/polygonise.json', import.meta.url), 'utf8'),
) as { cases: readonly Case[] }

const crs: Crs = { name: 'UTM', proj4: '+proj=utm +zone=23 +south +datum=WGS84', unit: 'metre', isGeographic: false }
const lonLat: Crs = { name: 'WGS 84', proj4: '+proj=longlat +datum=WGS84', unit: 'degree', isGeographic: true }
const NORTH_UP: Affine = [5, 0, 1000, 0, -5, 9000]
const gridOfSize = (width: number, height: number, affine: Affine = NORTH_UP): Grid => ({ crs, affine, width, height })

function areasByClass(features: Features, unit: number): Record<string, number[]> {
  const out: Record<string, number[]> = {}
  for (const { geometry, properties } of features.features) {
    const name = String(properties.class)
    out[name] = [...(out[name] ?? []), planarArea(geometry) / unit]
  }
  for (const list of Object.values(out)) list.sort((a, b) => a - b)
  return out
}

function expectSimpleAndOriented(features: Features): void {
  for (const { geometry } of features.features) {
    for (const rings of partsOf(geometry)) {
      rings.forEach((ring, i) => {
        expect(signedArea(ring) > 0).toBe(i === 0)
        expect(ring[0]).toEqual(ring[ring.length - 1])
        const vertices = ring.slice(1).map((p) => p.join())
        expect(new Set(vertices).size).toBe(vertices.length)
      })
    }
    expect(invalidAt(geometry)).toBeUndefined()
  }
}

describe('polygonise', () => {
  for (const [i, one] of oracle.cases.entries()) {
    for (const connectedness of [4, 8] as const) {
      it(`has the areas of GDAL's polygons, case ${i}, ${connectedness}-connected`, () => {
        const grid = gridOfSize(one.width, one.height)
        const features = polygonise(Int32Array.from(one.classes), grid, { connectedness })
        expect(areasByClass(features, 25)).toEqual(one[connectedness])
        expectSimpleAndOriented(features)
        for (const { geometry, properties } of features.features) {
          expect(polygonAreaSquareMetres(geometry, crs)).toBeCloseTo(Number(properties.areaSquareMetres), 6)
        }
      })
    }
  }

  it('gives back the raster when burnt again, for any affine, with valid rings', async () => {
    await check(
      property(
        integer({ min: 1, max: 12 }),
        array(integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 120 }),
        constantFrom<4 | 8>(4, 8),
        constantFrom<Affine>(NORTH_UP, [2, 0, 0, 0, 2, 0], [-2, 0, 50, 0, 3, 1], [1, 0.5, 7, 0.5, -1, 9]),
        (width, values, connectedness, affine) => {
          const height = Math.max(1, Math.floor(values.length / width))
          const classes = Uint8Array.from({ length: width * height }, (_, i) => values[i % values.length]!)
          const grid = gridOfSize(width, height, affine)
          const features = polygonise(classes, grid, { connectedness })
          expectSimpleAndOriented(features)
          const back = rasterise(features, grid, { value: (f) => Number(f.properties.class), fill: 9 })
          expect([...back]).toEqual([...classes])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('leaves out the ignored value and small regions, and names classes', () => {
    const classes = Uint8Array.from([1, 1, 0, 2, 1, 1, 0, 0])
    const features = polygonise(classes, gridOfSize(4, 2), {
      ignore: 0,
      minAreaSquareMetres: 26,
      name: (value) => `class ${value}`,
    })
    expect(features.features.map((f) => f.properties)).toEqual([{ class: 'class 1', areaSquareMetres: 100 }])
  })

  it('measures geographic pixels on the ellipsoid', () => {
    const grid: Grid = { crs: lonLat, affine: [0.01, 0, 11, 0, -0.01, 46], width: 3, height: 2 }
    const [feature] = polygonise(new Uint8Array(6), grid).features
    const area = polygonAreaSquareMetres(feature!.geometry, lonLat)
    expect(Math.abs(area / Number(feature!.properties.areaSquareMetres) - 1)).toBeLessThan(1e-9)
  })

  it('refuses a raster of the wrong size and results without bound', () => {
    expect(() => polygonise(new Uint8Array(5), gridOfSize(2, 2))).toThrow(/do not fill/)
    const board = Uint8Array.from({ length: 100 }, (_, i) => (i + Math.floor(i / 10)) % 2)
    expect(() => polygonise(board, gridOfSize(10, 10), { maxVertices: 50 })).toThrow(/more than 50 vertices/)
  })
})
