/** Vector cubes: GeoJSON, relations, buffers, reprojection, sampled points, and zonal aggregation to them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Geometry } from '../../../src/model/geometry.ts'
import { type BlockNode, type CubeNode, foldWithin, shapeOf } from '../../../src/model/node.ts'
import { computeCube } from '../../../src/plan/compute.ts'
import { foldAbove } from '../../../src/plan/tasks.ts'
import { readWhole } from '../../../src/process/cubes/direct.ts'
import { geometryDimension } from '../../../src/process/cubes/geometries.ts'
import { BOOLEAN } from '../../../src/process/cubes/nodes.ts'
import { isInside } from '../../../src/process/cubes/sampling.ts'
import type { FeaturesValue } from '../../../src/process/row.ts'
import { polygonAreaSquareMetres } from '../../../src/vector/area.ts'
import {
  features,
  interpreted,
  node,
  other,
  polygon,
  raster,
  read,
  reducer,
  run,
  tagOf,
  value,
  wrap,
} from './support.ts'

const geometriesIn = (made: CubeNode): (Geometry | null)[] =>
  geometryDimension(made)!.features.features.map(({ geometry }) => geometry)

const square = polygon(400000, 5699900, 400100, 5700000)
const point = (x: number, y: number) => ({ type: 'Point', coordinates: [x, y] })

describe('load_geojson', () => {
  const collection = {
    type: 'FeatureCollection',
    features: [
      {
        type: 'Feature',
        id: 'a',
        geometry: { type: 'Point', coordinates: [1, 2] },
        properties: { n: 3, on: true, list: [1, 2] },
      },
      {
        type: 'Feature',
        id: 'b',
        geometry: {
          type: 'LineString',
          coordinates: [
            [1, 2],
            [3, 4],
          ],
        },
        properties: { n: null, list: [5] },
      },
    ],
  }

  it('keeps features with their properties and ids', async () => {
    const loaded = (await value('load_geojson', { data: collection as never })) as FeaturesValue
    expect(loaded.features.crs.isGeographic).toBe(true)
    expect(loaded.features.features.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(loaded.features.features[0]!.properties.n).toBe(3)
  })

  it('makes cells of properties', async () => {
    const made = await run('load_geojson', { data: collection as never, properties: ['n', 'on'] })
    expect(made).toMatchObject({
      names: ['geometry', 'properties'],
      labels: { geometry: ['a', 'b'], properties: ['n', 'on'] },
    })
    expect(made.values).toEqual([3, 1, null, null])
    const list = await run('load_geojson', { data: collection as never, properties: ['list'] })
    expect(list).toMatchObject({ labels: { properties: [0, 1] }, values: [1, 2, 5, null] })
  })

  it('refuses collections of geometries and texts for cells', async () => {
    const mixed = { type: 'GeometryCollection', geometries: [] }
    expect(await tagOf(value('load_geojson', { data: mixed as never }))).toBe('UnsupportedGeometry')
    for (const coordinates of [undefined, 1, ['1', 2], [null, 2], [[1, 2]], [1]])
      expect(await tagOf(value('load_geojson', { data: { type: 'Point', coordinates } as never }))).toBe(
        'InvalidGeometry',
      )
    const text = { type: 'Feature', geometry: { type: 'Point', coordinates: [0, 0] }, properties: { name: 'x' } }
    expect(await tagOf(value('load_geojson', { data: text as never, properties: ['name'] }))).toBe('NotANumber')
  })
})

describe('filter_vector', () => {
  const data = () =>
    features(
      polygon(0, 0, 2, 2),
      polygon(2, 0, 4, 2),
      polygon(1, 1, 3, 3),
      polygon(0.5, 0.5, 1, 1),
      polygon(9, 9, 10, 10),
      polygon(-1, -1, 5, 5),
      null,
    )

  // The base is the square from 0 to 2; what holds follows from the definitions of Simple Features.
  it.each([
    ['intersects', [0, 1, 2, 3, 5]],
    ['disjoint', [4]],
    ['equals', [0]],
    ['touches', [1]],
    ['overlaps', [2]],
    ['contains', [0, 3]],
    ['within', [0, 5]],
    ['crosses', []],
  ])('%s', async (relation, expected) => {
    const kept = await node('filter_vector', { data: data(), geometries: features(polygon(0, 0, 2, 2)), relation })
    expect(kept.schema.dims[0]!.labels).toEqual(expected)
  })

  it('takes several bases together', async () => {
    const bases = features(polygon(0, 0, 1, 2), polygon(1, 0, 2, 2))
    const kept = await node('filter_vector', { data: data(), geometries: bases, relation: 'equals' })
    expect(kept.schema.dims[0]!.labels).toEqual([0])
  })

  it('knows lines and points', async () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [-1, 1],
        [3, 1],
      ],
    }
    const kept = await node('filter_vector', {
      data: features(line, point(1, 1), point(5, 5)),
      geometries: features(polygon(0, 0, 2, 2)),
      relation: 'crosses',
    })
    expect(kept.schema.dims[0]!.labels).toEqual([0])
    const inside = await node('filter_vector', {
      data: features(point(1, 1), point(5, 5)),
      geometries: features(polygon(0, 0, 2, 2)),
    })
    expect(inside.schema.dims[0]!.labels).toEqual([0])
  })
})

describe('vector_buffer and vector_reproject', () => {
  it('grows points to circles and squares with round corners', async () => {
    const made = await node('vector_buffer', { geometries: features(point(400000, 5700000), square), distance: 10 })
    const { crs } = geometryDimension(made)!.features
    const [circle, grown] = geometriesIn(made) as never[]
    expect(polygonAreaSquareMetres(circle!, crs) / (100 * Math.PI)).toBeCloseTo(1, 2)
    expect(polygonAreaSquareMetres(grown!, crs) / (10000 + 4000 + 100 * Math.PI)).toBeCloseTo(1, 2)
  })

  it('shrinks to nothing and passes empty ones on', async () => {
    const made = await node('vector_buffer', { geometries: features(square, null), distance: -60 })
    expect(geometriesIn(made)).toEqual([null, null])
  })

  it('needs metres', async () => {
    const degrees = await node('vector_reproject', { data: features(square), projection: 4326 })
    expect(geometryDimension(degrees)!.features.crs.code).toBe('EPSG:4326')
    const wrapped = { kind: 'cube', node: degrees } as const
    expect(await tagOf(node('vector_buffer', { geometries: wrapped, distance: 1 }))).toBe('UnitMismatch')
    expect(await tagOf(node('vector_to_regular_points', { data: wrapped, distance: 1 }))).toBe('UnitMismatch')
    // California V in US survey feet.
    const feet = wrap(await node('vector_reproject', { data: features(square), projection: 2229 }))
    expect(await tagOf(node('vector_buffer', { geometries: feet, distance: 1 }))).toBe('UnitMismatch')
    expect(await tagOf(node('vector_to_regular_points', { data: feet, distance: 1 }))).toBe('UnitMismatch')
    expect(await tagOf(node('vector_reproject', { data: wrapped, projection: 4326, dimension: 'g' }))).toBe(
      'DimensionNotAvailable',
    )
  })

  it('comes back to where it was', async () => {
    const there = await node('vector_reproject', { data: features(square), projection: 4326 })
    const back = await node('vector_reproject', { data: { kind: 'cube', node: there }, projection: 32632 })
    const ring = (geometriesIn(back)[0] as unknown as { coordinates: number[][][] }).coordinates[0]!
    ring.forEach((position, i) => {
      position.forEach((coordinate, k) => {
        expect(coordinate).toBeCloseTo(square.coordinates[0]![i]![k]!, 3)
      })
    })
  })
})

describe('sampled points', () => {
  it('are inside, as many as asked for, and the same for the same seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.integer(), async (count, seed) => {
        const args = { data: features(square, null, square), geometry_count: count, seed }
        const made = await node('vector_to_random_points', args)
        const [first, empty, second] = geometriesIn(made)
        expect(empty).toBeNull()
        expect((first!.coordinates as unknown[]).length).toBe(count)
        for (const [x, y] of first!.coordinates as [number, number][]) expect(isInside(square, x, y)).toBe(true)
        expect(second).not.toEqual(first)
        expect(geometriesIn(await node('vector_to_random_points', args))).toEqual([first, null, second])
      }),
      { numRuns: 10 },
    )
  })

  it('share a total, and never repeat a point', async () => {
    const points = {
      type: 'MultiPoint',
      coordinates: [
        [0, 0],
        [1, 1],
      ],
    }
    const made = await node('vector_to_random_points', { data: features(points, square), total_count: 7, group: false })
    expect(made.schema.dims[0]!.labels.length).toBe(2 + 3)
    const few = node('vector_to_random_points', { data: features(square, square), total_count: 1 })
    expect(await tagOf(few)).toBe('CountMismatch')
    const one = await node('vector_to_random_points', { data: features(square) })
    expect((geometriesIn(one)[0]!.coordinates as unknown[]).length).toBe(1)
  })

  it('lie on lines and in slivers', async () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [0, 0],
        [10, 0],
      ],
    }
    const made = await node('vector_to_random_points', {
      data: features(line, polygon(0, 0, 1e-9, 1000)),
      geometry_count: 5,
    })
    for (const [x, y] of geometriesIn(made)[0]!.coordinates as [number, number][]) {
      expect(y).toBe(0)
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x).toBeLessThanOrEqual(10)
    }
  })

  it('are regular: cell centres in polygons, steps along lines, points as they are', async () => {
    const data = features(
      polygon(0, 0, 30, 20),
      {
        type: 'LineString',
        coordinates: [
          [0, 0],
          [25, 0],
          [25, 15],
        ],
      },
      point(7, 8),
    )
    const made = await node('vector_to_regular_points', { data, distance: 10 })
    expect(geometriesIn(made).map((geometry) => geometry!.coordinates)).toEqual([
      [
        [5, 15],
        [15, 15],
        [25, 15],
        [5, 5],
        [15, 5],
        [25, 5],
      ],
      [
        [0, 0],
        [10, 0],
        [20, 0],
        [25, 5],
        [25, 15],
      ],
      [[7, 8]],
    ])
    const tiny = await node('vector_to_regular_points', {
      data: features(polygon(0, 0, 1, 1)),
      distance: 10,
      group: false,
    })
    expect(geometriesIn(tiny)).toEqual([{ type: 'Point', coordinates: [0, 0] }])
  })
})

describe('aggregate_spatial', () => {
  const data = () => raster(4, 2, (i) => i)
  const pixels = (west: number, east: number) => polygon(400000 + 10 * west, 5699980, 400000 + 10 * east, 5700000)

  it('gives one value for each geometry of any type, none for empty and distant ones', async () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [400001, 5699985],
        [400025, 5699985],
      ],
    }
    const geometries = features(pixels(0, 2), pixels(1, 4), point(400031, 5699999), line, null, polygon(0, 0, 1, 1))
    for (const process of [reducer('mean'), interpreted('mean')]) {
      const made = await run('aggregate_spatial', { data: data(), geometries, reducer: process })
      expect(made).toMatchObject({ names: ['geometry'], values: [2.5, 4, 3, 5, null, null] })
    }
  })

  it('asks the reducer what it makes of no values where a geometry holds no pixel centre', async () => {
    const between = polygon(400001, 5699991, 400003, 5699993)
    const geometries = features(between, polygon(0, 0, 1, 1), null, pixels(0, 2))
    const expected = { count: [0, null, null, 4], sum: [null, null, null, 10], product: [null, null, null, 0] }
    for (const [name, values] of Object.entries(expected))
      for (const process of [reducer(name), interpreted(name)])
        expect((await run('aggregate_spatial', { data: data(), geometries, reducer: process })).values).toEqual(values)
    const truths = raster(4, 2, (i) => i % 2, [], BOOLEAN)
    const every = await run('aggregate_spatial', { data: truths, geometries, reducer: reducer('all') })
    expect(every.values).toEqual([true, null, null, false])
    const args = { data: data(), geometries, reducer: reducer('count'), target_dimension: 'n' }
    const counted = [0, 0, 0, null, 0, 0, null, 0, 0, 4, 4, 4]
    expect((await run('aggregate_spatial', args)).values).toEqual(counted)
  })

  it('leaves out missing pixels where the reducer does', async () => {
    const holes = raster(4, 2, (i) => (i % 4 === 0 ? null : i))
    const geometries = features(pixels(0, 1), pixels(0, 2))
    const made = await run('aggregate_spatial', {
      data: holes,
      geometries,
      reducer: reducer('mean'),
      target_dimension: 'n',
    })
    expect(made.values).toEqual([null, 2, 0, 3, 4, 2])
    const strict = await run('aggregate_spatial', {
      data: holes,
      geometries,
      reducer: reducer('mean', { ignore_nodata: false }),
    })
    expect(strict.values).toEqual([null, null])
    const none = await run('aggregate_spatial', { data: holes, geometries, reducer: reducer('count') })
    expect(none.values).toEqual([0, 2])
    const clash = node('aggregate_spatial', {
      data: holes,
      geometries,
      reducer: reducer('mean'),
      target_dimension: 'x',
    })
    expect(await tagOf(clash)).toBe('TargetDimensionExists')
  })

  it('reads packed integers and keeps labels of a vector cube', async () => {
    const packed = raster(2, 1, [3, 4], [], { dtype: 'uint8', nodata: 0, scale: 0.5, offset: 1 })
    const sum = reducer('sum')
    const made = await run('aggregate_spatial', { data: packed, geometries: features(pixels(0, 2)), reducer: sum })
    expect(made.values).toEqual([7])
    const ring = [
      [7, 51],
      [8, 51],
      [8, 52],
      [7, 52],
      [7, 51],
    ]
    const geometry = { type: 'Polygon', coordinates: [ring] }
    const feature = { type: 'Feature', id: 'here', geometry, properties: { n: 1 } }
    const vector = await node('load_geojson', { data: feature as never, properties: ['n'] })
    const args = { data: packed, geometries: { kind: 'cube', node: vector } as const, reducer: sum }
    expect(await run('aggregate_spatial', args)).toMatchObject({ labels: { geometry: ['here'] }, values: [7] })
  })

  it('gives the same tile by tile as in one go', async () => {
    const [width, height] = [1100, 620]
    const wide = raster(width, height, (i) => (i % 11 === 0 ? null : (i * 31) % 1009), [other('k', 0, 1)])
    const circle = (x: number, y: number, radius: number) => ({
      type: 'Polygon',
      coordinates: [
        Array.from({ length: 33 }, (_, k) => [
          400000 + 10 * (x + radius * Math.cos((-k * Math.PI) / 16)),
          5700000 - 10 * (y + radius * Math.sin((-k * Math.PI) / 16)),
        ]),
      ],
    })
    const geometries = features(circle(512, 512, 90), circle(1000, 100, 300), circle(40, 300, 20))
    for (const process of ['mean', 'max', 'variance', 'median']) {
      const made = await node('aggregate_spatial', { data: wide, geometries, reducer: reducer(process) })
      if (made.kind !== 'blocks') throw new Error('no node of blocks')
      const { fold: _fold, ...whole } = made
      const [folded, direct] = [await read(made), await read(whole)]
      folded.values.forEach((value, i) => {
        expect(value as number).toBeCloseTo(direct.values[i] as number, 8)
      })
      expect([...foldWithin(made, 0)!.pieces({ start: [0, 0], shape: [2, 3] })].length).toBeGreaterThan(3)
    }
  })

  it('finds medians of more pixels than the budget holds, the same as of all at once', async () => {
    const wide = raster(600, 400, (i) => (i % 11 === 0 ? null : (i * 31) % 1009), [other('k', 0, 1)])
    const geometries = features(
      polygon(400000, 5696000, 404000, 5700000),
      polygon(402000, 5697000, 406000, 5700000),
      polygon(407000, 5697000, 408000, 5700000),
    )
    const args = { data: wide, geometries, reducer: reducer('median'), target_dimension: 'n' }
    const zones = await node('aggregate_spatial', args)
    const image = await node('reduce_spatial', { data: wide, reducer: reducer('median') })
    for (const made of [zones, image]) {
      const budgetBytes = 6_000_000
      const job = (made.kind === 'blocks' ? made : made.inputs[0]) as BlockNode
      const shape = shapeOf(job.schema)
      const whole = { start: shape.map(() => 0), shape }
      expect(foldWithin(job, foldAbove(budgetBytes))!.passes!(whole)).toBeGreaterThan(1)
      const { data } = await computeCube(made, { budgetBytes })
      expect([...data]).toEqual([...(await readWhole(made)).data])
    }
    expect((await read(image)).values).toEqual([504, 504])
  })
})
