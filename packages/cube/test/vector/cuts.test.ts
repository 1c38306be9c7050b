/** Polygons and lines in degrees that cross the ends of projected maps of the world. */
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { Grid, MultiPolygon, Polygon, Position } from '../../src/types.ts'
import { cutAt, cutOf } from '../../src/vector/cuts.ts'

const degrees = parseCrs('EPSG:4326')
const ringOf = (west: number, east: number, south: number, north: number): Position[] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
]
const box = (west: number, east: number, south = -30, north = 40): Polygon => ({
  type: 'Polygon',
  coordinates: [ringOf(west, east, south, north)],
})
const both = (...polygons: Polygon[]): MultiPolygon => ({
  type: 'MultiPolygon',
  coordinates: polygons.map(({ coordinates }) => coordinates),
})

/** Ones on 72 x 36 pixels of a whole map. */
function ones(code: string, x: number, y: number): Cube {
  const grid: Grid = { crs: parseCrs(code), affine: [x / 36, 0, -x, 0, -y / 18, y], width: 72, height: 36 }
  const dims = (['y', 'x'] as const).map((axis) => {
    const [size, step, first] = axis === 'x' ? [72, x / 36, -x] : [36, -y / 18, y]
    return {
      type: 'spatial',
      name: axis,
      axis,
      labels: Array.from({ length: size }, (_, i) => first + step * (i + 0.5)),
    }
  }) as never
  const packing = { dtype: 'float32', scale: 1, offset: 0 } as const
  return new Cube(memorySource(new Float32Array(72 * 36).fill(1), { dims, grid, packing }, 'ones'))
}

const MAPS = [
  ['EPSG:3857', 20037508.34, 20037508.34],
  ['EPSG:6933', 17367530.45, 7314540.83],
  ['EPSG:3832', 20037508.34, 9e6],
  ['+proj=sinu +R=6371007.181', 20015109.354, 10007554.677],
  ['+proj=moll +lon_0=10 +datum=WGS84', 18040095.7, 9020047.85],
] as const

const counts = async (cube: Cube, ...geometries: (Polygon | MultiPolygon)[]): Promise<number[]> => {
  const features = geometries.map((geometry) => ({ geometry, properties: {} }))
  const { values } = await cube.zonal({ crs: degrees, features, label: 'zones' }, { statistics: ['count'] })
  return [...values]
}

describe('zones across the end of a map', () => {
  it.each(MAPS)('are the two parts of it on %s, not all between them', async (code, x, y) => {
    const cube = ones(code, x, y)
    for (const middle of [180, -180, -30, -170]) {
      const [whole, west, east] = await counts(
        cube,
        box(middle - 10, middle + 10),
        box(middle - 10, middle),
        box(middle, middle + 10),
      )
      expect(whole! / (west! + east!), `${middle}`).toBeCloseTo(1, 3)
    }
    const [world, again, halves] = await counts(cube, box(-180, 180), box(0, 360), both(box(-180, 0), box(0, 180)))
    expect(again! / world!).toBeCloseTo(1, 2)
    expect(halves! / world!).toBeCloseTo(1, 2)
    const features = [box(170, 190), box(-10, 10)].map((geometry) => ({ type: 'Feature', properties: {}, geometry }))
    const sums = await cube.aggregateSpatial({ type: 'FeatureCollection', features }, 'sum').compute()
    expect(Number(sums.data[0]) / Number(sums.data[1])).toBeCloseTo(1, 1)
  })

  it('are as exact in two parts as in one', async () => {
    const polar = ones('EPSG:3413', 4e6, 4e6)
    const [one, two] = await counts(polar, box(170, 190, 65, 80), both(box(170, 180, 65, 80), box(-180, -170, 65, 80)))
    expect(two! / one!).toBeCloseTo(1, 4)
  })
})

describe('cutOf', () => {
  it.each([
    ['EPSG:3857', -180],
    ['EPSG:3832', -30],
    ['EPSG:2154', -177],
    ['EPSG:3413', undefined],
    ['EPSG:32632', undefined],
    ['EPSG:4258', undefined],
  ])('of %s', (code, expected) => {
    const cut = cutOf(degrees, parseCrs(code))
    if (expected === undefined) expect(cut).toBeUndefined()
    else expect(cut).toBeCloseTo(expected, 9)
  })
})

describe('cutAt', () => {
  it('leaves what lies on the map, and points', () => {
    const inside = box(-180, 180)
    expect(cutAt(inside, -180)).toBe(inside)
    const point = { type: 'Point', coordinates: [190, 0] } as const
    expect(cutAt(point, -180)).toBe(point)
  })

  it('cuts holes with their rings', () => {
    const cut = cutAt({ type: 'Polygon', coordinates: [ringOf(160, 200, 0, 40), ringOf(170, 175, 10, 20)] }, -180)
    expect((cut as MultiPolygon).coordinates.map((rings) => rings.length)).toEqual([2, 1])
  })

  it('cuts lines into parts that go on at the other end', () => {
    const line: Position[] = [
      [170, 0],
      [175, 5],
      [185, 15],
      [190, 20],
    ]
    const { type, coordinates } = cutAt({ type: 'LineString', coordinates: line }, -180)
    expect(type).toBe('MultiLineString')
    const rounded = (coordinates as readonly (readonly Position[])[]).map((part) =>
      part.map((p) => p.map((v) => Math.round(v * 1e6) / 1e6)),
    )
    expect(rounded).toEqual([
      [
        [170, 0],
        [175, 5],
        [180, 10],
      ],
      [
        [-180, 10],
        [-175, 15],
        [-170, 20],
      ],
    ])
  })
})
