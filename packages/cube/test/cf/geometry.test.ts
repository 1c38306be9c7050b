/** Vector cubes in CF. cf_xarray makes the same polygons of such files as GeoPandas of the GeoJSON they are from. */
import { describe, expect, test } from 'vitest'
import { type CfOut, encodeCf } from '../../src/cf/encode.ts'
import { parseCrs } from '../../src/crs/crs.ts'
import type { Geometry, GeometryFeature } from '../../src/model/geometry.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { rowNames, rowsOf } from '../../src/table/cube.ts'

const square = (x: number, side: number): [number, number][] => [
  [x, 0],
  [x, side],
  [x + side, side],
  [x + side, 0],
  [x, 0],
]

function schemaOf(
  geometries: readonly (Geometry | null)[],
  crs = 'EPSG:32632',
  properties: object = { id: 7 },
): CubeSchema {
  const features = geometries.map((geometry): GeometryFeature => ({ geometry, properties: { ...properties } }))
  const labels = features.map((_, i) => i)
  return {
    dims: [{ type: 'geometry', name: 'geometry', labels, features: { crs: parseCrs(crs), features, label: 'test' } }],
    packing: { dtype: 'float64', scale: 1, offset: 0 },
    band: { name: 'mean' },
  }
}

function encoded(schema: CubeSchema) {
  const { coordinates, data, dims } = encodeCf(schema, { layout: 'variables' })
  const named = new Map(coordinates.map((variable): [string, CfOut] => [variable.name, variable]))
  const values = (name: string): unknown[] | undefined => {
    const found = named.get(name)?.values
    return found === undefined ? undefined : [...found]
  }
  return { named, values, data: data[0]!, dims }
}

describe('geometries in CF', () => {
  test('points have coordinates along the geometries', () => {
    const point = (x: number, y: number): Geometry => ({ type: 'Point', coordinates: [x, y] })
    const { values, data, dims, named } = encoded(
      schemaOf([point(5, 6), null, point(7, 8)], 'OGC:CRS84', { name: 'a' }),
    )
    expect([values('x'), values('y')]).toEqual([
      [5, Number.NaN, 7],
      [6, Number.NaN, 8],
    ])
    expect(dims).toHaveLength(1)
    expect(data.attributes).toMatchObject({ coordinates: 'name x y', geometry: 'geometry_container' })
    expect(named.get('x')!.attributes).toMatchObject({ standard_name: 'longitude', units: 'degrees_east' })
    expect(named.get('spatial_ref')!.attributes).toMatchObject({ grid_mapping_name: 'latitude_longitude' })
    expect(values('name')).toEqual(['a', 'a', 'a'])
  })

  test('polygons have nodes, rings that turn as CF says, and none where there is no geometry', () => {
    const holed: Geometry = { type: 'Polygon', coordinates: [square(0, 9), square(2, 3)] }
    const { values, named } = encoded(schemaOf([holed, null]))
    expect([values('node_count'), values('part_node_count'), values('interior_ring')]).toEqual([
      [10, 0],
      [5, 5],
      [0, 1],
    ])
    // The shell counter-clockwise, the hole clockwise.
    expect(values('x')).toEqual([0, 9, 9, 0, 0, 2, 2, 5, 5, 2])
    expect(named.get('geometry_container')!.attributes).toMatchObject({
      geometry_type: 'polygon',
      node_coordinates: 'x y',
      part_node_count: 'part_node_count',
      interior_ring: 'interior_ring',
    })
    expect(values('id')).toEqual([7, 7])
  })

  test('several points, and lines of one part', () => {
    const many = encoded(schemaOf([{ type: 'MultiPoint', coordinates: [[1, 2], [3, 4]] }])) // biome-ignore format: short
    expect([many.values('node_count'), many.values('x')]).toEqual([[2], [1, 3]])
    const line = encoded(schemaOf([{ type: 'LineString', coordinates: [[1, 2], [3, 4], [5, 6]] }])) // biome-ignore format: short
    expect([line.values('node_count'), line.values('part_node_count')]).toEqual([[3], undefined])
  })

  test('geometries of several kinds, and of none, leave their properties', () => {
    const mixed: Geometry[] = [
      { type: 'Point', coordinates: [1, 2] },
      { type: 'Polygon', coordinates: [square(0, 9)] },
    ]
    expect([...encoded(schemaOf(mixed)).named.keys()]).toEqual(['geometry', 'id'])
    expect([...encoded(schemaOf([null])).named.keys()]).toEqual(['geometry', 'id'])
  })

  test('names that bands and properties have are not taken', () => {
    const schema = schemaOf([{ type: 'Point', coordinates: [1, 2] }], 'EPSG:32632', { x: 3, mean: 4 })
    const { named, data } = encoded(schema)
    expect([...named.keys()]).toEqual(['geometry', 'x', 'mean_2', 'geometry_container', 'spatial_ref', 'x_2', 'y'])
    expect(data.name).toBe('mean')
  })
})

test('rows of points say where they lie', () => {
  const schema = schemaOf([{ type: 'Point', coordinates: [1, 2] }, null])
  expect(rowNames(schema)).toEqual(['geometry', 'id', 'x', 'y', 'mean'])
  expect([...rowsOf(schema, Float64Array.of(9, 8), [0], [2])]).toEqual([
    [0, 7, 1, 2, 9],
    [1, 7, null, null, 8],
  ])
  expect(rowNames(schemaOf([{ type: 'Point', coordinates: [1, 2] }], 'OGC:CRS84'))).toContain('longitude')
  expect(rowNames(schemaOf([{ type: 'Polygon', coordinates: [square(0, 9)] }]))).toEqual(['geometry', 'id', 'mean'])
})
