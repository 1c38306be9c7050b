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
