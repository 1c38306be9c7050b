/** Geometries whose longitudes differ by whole turns from those of a grid lie on it. */
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { Grid, Polygon } from '../../src/types.ts'
import { onGrid } from '../../src/vector/turns.ts'

const crs = parseCrs('EPSG:4326')
/** Columns 0, 30 ... 330 east of Greenwich: cells from -15 to 345 degrees. */
const grid: Grid = { crs, affine: [30, 0, -15, 0, -60, 90], width: 12, height: 3 }
const box = (west: number, east: number): Polygon => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, -30],
      [east, -30],
      [east, 30],
      [west, 30],
      [west, -30],
    ],
  ],
})
const cube = new Cube(
  memorySource(
    Float32Array.from({ length: 36 }, (_, i) => 30 * (i % 12)),
    {
      dims: [
        { type: 'spatial', name: 'y', axis: 'y', labels: [60, 0, -60] },
        { type: 'spatial', name: 'x', axis: 'x', labels: Array.from({ length: 12 }, (_, i) => 30 * i) },
      ],
      grid,
      packing: { dtype: 'float32', scale: 1, offset: 0 },
    },
    'longitudes',
  ),
)
const collection = (...boxes: Polygon[]) => ({
  type: 'FeatureCollection',
  features: boxes.map((geometry) => ({ type: 'Feature', properties: {}, geometry })),
})

describe('onGrid', () => {
  it('shifts what lies beside the grid, repeats what crosses its end, leaves the rest', () => {
    expect(onGrid(box(-105, -75), grid)).toEqual(box(255, 285))
    expect(onGrid(box(-45, 45), grid)).toEqual({
      type: 'MultiPolygon',
      coordinates: [box(-45, 45).coordinates, box(315, 405).coordinates],
    })
    const inside = box(15, 45)
    expect(onGrid(inside, grid)).toBe(inside)
    const line = (...longitudes: number[]) => longitudes.map((x) => [x, 5, 7])
    expect(onGrid({ type: 'MultiLineString', coordinates: [line(-10, -40)] }, grid)).toEqual({
      type: 'MultiLineString',
      coordinates: [line(-10, -40), line(350, 320)],
    })
    expect(onGrid({ type: 'Point', coordinates: [-90, 10] }, grid)).toEqual({ type: 'Point', coordinates: [270, 10] })
    const none = { type: 'MultiPolygon' as const, coordinates: [] }
    expect(onGrid(none, grid)).toBe(none)
  })

  it('leaves projected coordinates', () => {
    const far = box(-1000, -900)
    expect(onGrid(far, { ...grid, crs: parseCrs('EPSG:32633') })).toBe(far)
  })
})

it('zones and masks cross the ends of a grid of 0 to 360 degrees', async () => {
  const zones = collection(box(-105, -75), box(-45, 45), box(165, 195), box(-195, -165))
  const means = await cube.aggregateSpatial(zones, 'sum').compute()
  // The centres of cells at 330, 0 and 30.
  expect([...means.data]).toEqual([270, 360, 180, 180])
  const features = zones.features.map(({ geometry }) => ({ geometry, properties: {} }))
  const { values } = await cube.zonal({ crs, features, label: 'zones' }, { statistics: ['count', 'sum'] })
  expect([...values]).toEqual([1, 270, 3, 360, 1, 180, 1, 180])
  const masked = await cube.maskPolygon(collection(box(-45, 45))).compute()
  expect([...masked.data].filter((value) => !Number.isNaN(value))).toEqual([0, 30, 330])
})

describe('geometries of other reference systems', () => {
  const ring = (west: number, south: number, east: number, north: number): Polygon => ({
    type: 'Polygon',
    coordinates: [
      [
        [west, south],
        [east, south],
        [east, north],
        [west, north],
        [west, south],
      ],
    ],
  })
  const world: Grid = { crs, affine: [1, 0, -180, 0, -1, 90], width: 360, height: 180 }
  const spatial = (name: 'x' | 'y', labels: number[]) => ({ type: 'spatial' as const, name, axis: name, labels })
  const dims = [
    spatial(
      'y',
      Array.from({ length: 180 }, (_, i) => 89.5 - i),
    ),
    spatial(
      'x',
      Array.from({ length: 360 }, (_, i) => i - 179.5),
    ),
  ]
  const ones = new Cube(
    memorySource(
      new Float32Array(360 * 180).fill(1),
      { dims, grid: world, packing: { dtype: 'float32', scale: 1, offset: 0 } },
      'ones',
    ),
  )
  const zone = (code: string, geometry: Polygon) => ({
    crs: parseCrs(code),
    label: 'zones',
    features: [{ geometry, properties: {} }],
  })
  const counted = async (code: string, geometry: Polygon) =>
    (await ones.zonal(zone(code, geometry), { statistics: ['count'] })).values[0]!

  it('cover both sides where they cross 180 degrees, no more', async () => {
    // 200 km by 100 km at 17 to 18 degrees north, from 179.2 E to 178.9 W.
    expect(await counted('EPSG:32601', ring(100_000, 1_900_000, 300_000, 2_000_000))).toBeCloseTo(1.7, 2)
    expect(await counted('EPSG:32660', ring(700_000, 1_900_000, 900_000, 2_000_000))).toBeCloseTo(1.7, 2)
    const named = { type: 'name', properties: { name: 'EPSG:32601' } }
    const collection = { type: 'FeatureCollection', crs: named, features: [] as object[] }
    collection.features.push({ type: 'Feature', properties: {}, geometry: ring(0, 1_700_000, 400_000, 2_100_000) })
    // 3.8 by 3.6 degrees.
    const sum = await ones.aggregateSpatial(collection, 'sum').compute()
    expect(sum.data[0]).toBeGreaterThanOrEqual(9)
    expect(sum.data[0]).toBeLessThanOrEqual(20)
  })

  it('cover the pole that they go around', async () => {
    // The disc of 10 degrees around the pole is about this wide in both polar systems.
    const around = (r: number): Polygon => ({
      type: 'Polygon',
      coordinates: [
        Array.from({ length: 361 }, (_, i) => {
          const angle = (i % 360) * (Math.PI / 180)
          return [r * Math.cos(angle), r * Math.sin(angle)]
        }),
      ],
    })
    const north = await counted('EPSG:3995', around(1_085_000))
    expect(Math.abs(north - 3600)).toBeLessThan(60)
    const south = await counted('EPSG:3031', around(1_085_000))
    expect(Math.abs(south - 3600)).toBeLessThan(60)
  })
})
