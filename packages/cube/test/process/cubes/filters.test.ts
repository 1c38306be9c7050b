/** Filters and masks, from openEO's descriptions. */
import { describe, expect, it } from 'vitest'
import { crsFromEpsg } from '../../../src/crs/epsg.ts'
import { transformBounds } from '../../../src/grid.ts'
import { spatialExtent } from '../../../src/process/cubes/extent-arguments.ts'
import { BOOLEAN } from '../../../src/process/cubes/nodes.ts'
import {
  bands,
  callback,
  cube,
  features,
  node,
  other,
  parameter,
  polygon,
  raster,
  read,
  run,
  tagOf,
  times,
  utm,
  wrap,
} from './support.ts'

describe('filter_bands', () => {
  const data = () => {
    const made = cube([bands('B1', 'B2', 'B3', 'B4')], [1, 2, 3, 4])
    const roles = ['blue', 'nir', 'red', 'nir']
    const waves = [0.49, 0.84, 0.66, 0.865]
    const dimension = made.node.schema.dims[0]!
    if (dimension.type !== 'bands') throw new Error('no bands')
    const described = dimension.bands.map((band, i) => ({ ...band, role: roles[i]!, wavelengthMicrometres: waves[i]! }))
    const dims = [{ ...dimension, bands: described }]
    return wrap({ ...made.node, schema: { ...made.node.schema, dims } } as never)
  }

  it.each([
    [{ bands: ['B3', 'B1'] }, [3, 1]],
    [{ bands: ['nir'] }, [2, 4]],
    [{ bands: ['red', 'B2'] }, [3, 2]],
    [{ wavelengths: [[0.8, 0.9]] }, [2, 4]],
    [
      {
        wavelengths: [
          [0.6, 0.7],
          [0.4, 0.5],
        ],
      },
      [3, 1],
    ],
    [{ bands: ['B4'], wavelengths: [[0.8, 0.9]] }, [4, 2]],
    [{ bands: ['none', 'B1'] }, [1]],
  ])('keeps %j in the order asked for', async (args, expected) => {
    expect((await run('filter_bands', { data: data(), ...args })).values).toEqual(expected)
  })

  it('prefers names to common names', async () => {
    const made = cube([bands('nir', 'red')], [1, 2])
    expect((await run('filter_bands', { data: made, bands: ['red'] })).labels.bands).toEqual(['red'])
  })

  it('needs a criterion and a dimension of bands', async () => {
    expect(await tagOf(node('filter_bands', { data: data() }))).toBe('BandFilterParameterMissing')
    const without = cube([other('a', 1)], [1])
    expect(await tagOf(node('filter_bands', { data: without, bands: ['B1'] }))).toBe('DimensionMissing')
  })
})

describe('filter_temporal', () => {
  const data = () => cube([times('2020-01-01T00:00:00Z', '2020-01-15T12:00:00Z', '2020-02-01T00:00:00Z')], [1, 2, 3])

  it.each([
    [
      ['2020-01-01', '2020-02-01'],
      [1, 2],
    ],
    [
      ['2020-01-01T00:00:01Z', '2020-02-01T00:00:01Z'],
      [2, 3],
    ],
    [[null, '2020-01-15'], [1]],
    [
      ['2020-01-15T13:00:00+01:00', null],
      [2, 3],
    ],
    [['2021-01-01', '2022-01-01'], []],
  ])('keeps the half-open interval %j', async (extent, expected) => {
    expect((await run('filter_temporal', { data: data(), extent })).values).toEqual(expected)
  })

  it('refuses empty intervals and absent dimensions', async () => {
    expect(await tagOf(node('filter_temporal', { data: data(), extent: ['2020-02-01', '2020-01-01'] }))).toBe(
      'TemporalExtentEmpty',
    )
    const named = node('filter_temporal', { data: data(), extent: ['2020-01-01', '2020-02-01'], dimension: 'u' })
    expect(await tagOf(named)).toBe('DimensionNotAvailable')
  })

  it('filters all temporal dimensions, or the one named', async () => {
    const second = { ...times('2020-01-01', '2020-03-01'), name: 'u' }
    const two = cube([times('2020-01-01', '2020-02-01'), second], [1, 2, 3, 4])
    const extent = ['2020-01-01', '2020-02-01']
    expect((await run('filter_temporal', { data: two, extent })).values).toEqual([1])
    expect((await run('filter_temporal', { data: two, extent, dimension: 'u' })).values).toEqual([1, 3])
  })

  it('understands labels of years and months', async () => {
    const years = cube([times('2019', '2020', '2021')], [1, 2, 3])
    expect((await run('filter_temporal', { data: years, extent: ['2020-01-01', '2021-01-01'] })).values).toEqual([2])
  })
})

describe('filter_labels', () => {
  it('keeps labels for which the condition is true', async () => {
    const data = cube([other('a', 1, 5, 3)], [10, 50, 30])
    const condition = callback('gte', { x: parameter('value'), y: 3 })
    expect(await run('filter_labels', { data, dimension: 'a', condition })).toMatchObject({
      labels: { a: [5, 3] },
      values: [50, 30],
    })
    expect(await tagOf(node('filter_labels', { data, dimension: 'b', condition }))).toBe('DimensionNotAvailable')
    const doubled = callback('multiply', { x: parameter('value'), y: 2 })
    await expect(node('filter_labels', { data, dimension: 'a', condition: doubled })).rejects.toThrow(
      'the condition of filter_labels gives 2, which is neither true nor false',
    )
  })

  it('gives texts and the context to the condition', async () => {
    const data = cube([bands('B01', 'B02', 'S1')], [1, 2, 3])
    const condition = callback('text_begins', { data: parameter('value'), pattern: parameter('context') })
    const kept = await run('filter_labels', { data, dimension: 'bands', condition, context: 'B' })
    expect(kept.values).toEqual([1, 2])
  })
})

describe('filter_bbox', () => {
  const data = () => raster(4, 3, (i) => i)

  it('keeps pixels whose centres lie in the box, edges included', async () => {
    const extent = { west: 400015, east: 400026, south: 5699975, north: 5699986, crs: 32632 }
    const cut = await run('filter_bbox', { data: data(), extent })
    expect(cut.labels).toEqual({ y: [5699985, 5699975], x: [400015, 400025] })
    expect(cut.values).toEqual([5, 6, 9, 10])
    expect(cut.schema.grid).toMatchObject({ affine: [10, 0, 400010, 0, -10, 5699990], width: 2, height: 2 })
  })

  it('takes longitude and latitude by default', async () => {
    const [west, south, east, north] = transformBounds(
      [400010, 5699970, 400030, 5699990],
      utm(1, 1).grid.crs,
      crsFromEpsg(4326),
    )
    const cut = await run('filter_bbox', { data: data(), extent: { west, south, east, north } })
    expect(cut.values).toEqual([5, 6, 9, 10])
  })

  it('cuts a vertical axis by base and height', async () => {
    const { grid, x, y } = utm(1, 1)
    const z = { type: 'spatial', name: 'z', axis: 'z', labels: [0, 10, 20] } as const
    const deep = cube([z, y, x], [1, 2, 3], { grid })
    const extent = { west: 4e5, east: 5e5, south: 5e6, north: 6e6, base: 5, height: 15, crs: 32632 }
    expect((await run('filter_bbox', { data: deep, extent })).values).toEqual([2])
  })

  it('keeps geometries that lie inside as a whole', async () => {
    const data = features(polygon(0, 0, 1, 1), polygon(0, 0, 9, 9), null)
    const extent = { west: 0, east: 2, south: 0, north: 2, crs: 32632 }
    const kept = await node('filter_bbox', { data, extent })
    expect(kept.schema.dims[0]!.labels).toEqual([0])
  })
})

describe('extents', () => {
  it('refuses boxes upside down and intervals without any end', async () => {
    const extent = { west: 400000, south: 5700000, east: 400020, north: 5699990, crs: 32632 }
    expect(await tagOf(node('filter_bbox', { data: raster(2, 2, (i) => i), extent }))).toBe('BadExtent')
    expect(() => spatialExtent(extent)).toThrow('the box lies upside down')
    const data = cube([times('2020-01-01')], [1])
    expect(await tagOf(node('filter_temporal', { data, extent: [null, null] }))).toBe('ProcessParameterInvalid')
  })
})

describe('filter_spatial and mask_polygon', () => {
  const data = () => raster(4, 3, (i) => (i === 6 ? null : i))
  const triangle = {
    type: 'Polygon',
    coordinates: [
      [
        [400010, 5699970],
        [400036, 5699970],
        [400010, 5699996],
        [400010, 5699970],
      ],
    ],
  }

  it('cuts to the bounds and masks what is outside', async () => {
    const cut = await run('filter_spatial', { data: data(), geometries: features(triangle) })
    expect(cut.shape).toEqual([3, 3])
    expect(cut.values).toEqual([null, null, null, 5, null, null, 9, 10, null])
  })

  it('takes the nearest pixel of points and all pixels that lines pass', async () => {
    const point = { type: 'Point', coordinates: [400019, 5699981] }
    const one = await run('filter_spatial', { data: data(), geometries: features(point) })
    expect(one).toMatchObject({ shape: [1, 1], values: [5] })
    const line = {
      type: 'LineString',
      coordinates: [
        [400001, 5699996],
        [400024, 5699975],
      ],
    }
    const passed = await run('filter_spatial', { data: data(), geometries: features(line) })
    expect(passed.values).toEqual([0, null, null, 4, 5, null, null, 9, 10])
  })

  it('masks outside by default, inside on request, and leaves missing cells alone', async () => {
    const mask = features(polygon(400010, 5699970, 400030, 5699990))
    const outside = await run('mask_polygon', { data: data(), mask, replacement: -1 })
    expect(outside.values).toEqual([-1, -1, -1, -1, -1, 5, null, -1, -1, 9, 10, -1])
    const inside = await run('mask_polygon', { data: data(), mask, inside: true })
    expect(inside.values).toEqual([0, 1, 2, 3, 4, null, null, 7, 8, null, null, 11])
  })

  it('masks by polygons only: points beside them keep nothing, points alone are refused', async () => {
    const [point, line] = [
      { type: 'Point', coordinates: [400005, 5699995] },
      {
        type: 'LineString',
        coordinates: [
          [400001, 5699996],
          [400024, 5699975],
        ],
      },
    ]
    const square = polygon(400010, 5699970, 400030, 5699990)
    const mixed = await run('mask_polygon', { data: data(), mask: features(point, square), replacement: -1 })
    expect(mixed.values).toEqual([-1, -1, -1, -1, -1, 5, null, -1, -1, 9, 10, -1])
    await expect(node('mask_polygon', { data: data(), mask: features(point, line) })).rejects.toMatchObject({
      tag: 'NoPolygons',
      message: 'node node (mask_polygon): argument mask has no polygons; all 2 are Point, LineString',
      hint: expect.stringContaining('aggregate_spatial'),
    })
    const none = await run('mask_polygon', { data: data(), mask: features(), inside: true })
    expect(none.values).toEqual([0, 1, 2, 3, 4, 5, null, 7, 8, 9, 10, 11])
  })
})

describe('mask', () => {
  const dims = [times('2020-01-01', '2020-01-02')]

  it('replaces where the mask is not zero; missing masks nothing', async () => {
    const data = raster(2, 2, (i) => i, dims)
    const masked = await run('mask', { data, mask: raster(2, 2, [0, 1, null, -2]) })
    expect(masked.values).toEqual([0, null, 2, null, 4, null, 6, null])
    const replaced = await run('mask', { data, mask: raster(2, 2, [0, 1, null, -2]), replacement: 9 })
    expect(replaced.values).toEqual([0, 9, 2, 9, 4, 9, 6, 9])
  })

  it('takes masks of true and false, and masks true and false', async () => {
    const mask = raster(2, 1, [true, false], [], BOOLEAN)
    expect((await run('mask', { data: raster(2, 1, [1, 2]), mask })).values).toEqual([null, 2])
    const truths = raster(2, 1, [true, true], [], BOOLEAN)
    expect((await run('mask', { data: truths, mask, replacement: false })).values).toEqual([false, true])
    expect((await run('mask', { data: truths, mask })).values).toEqual([null, true])
  })

  it('keeps packed integers that can be missing, else gives wider ones', async () => {
    const packed = { dtype: 'uint16', nodata: 0, scale: 0.5, offset: 0 } as const
    const mask = raster(2, 1, [1, 0])
    const kept = await node('mask', { data: raster(2, 1, [4, 5], [], packed), mask })
    expect(kept.schema.packing).toEqual(packed)
    expect((await read(kept)).values).toEqual([null, 5])
    const plain = { dtype: 'uint8', scale: 1, offset: 0 } as const
    const wider = await run('mask', { data: raster(2, 1, [4, 5], [], plain), mask })
    expect(wider.schema.packing).toEqual({ ...plain, dtype: 'int16', nodata: -32768 })
    expect(wider.values).toEqual([null, 5])
    const tooLarge = await run('mask', { data: raster(2, 1, [4, 5], [], plain), mask, replacement: 300.5 })
    expect(tooLarge.values).toEqual([300.5, 5])
  })

  it('resamples a mask of other pixels and matches labels by name', async () => {
    const { grid } = utm(2, 2)
    const coarse = { ...grid, affine: [20, 0, 400000, 0, -20, 5700000] as const, width: 1, height: 1 }
    const [y, x] = (['y', 'x'] as const).map(
      (axis) => ({ type: 'spatial', name: axis, axis, labels: [axis === 'x' ? 400010 : 5699990] }) as const,
    )
    const mask = cube([y!, x!], [1], { grid: coarse })
    expect((await run('mask', { data: raster(2, 2, [1, 2, 3, 4]), mask })).values).toEqual([null, null, null, null])
    const turned = raster(1, 1, [1, 0], [times('2020-01-02', '2020-01-01')])
    expect((await run('mask', { data: raster(1, 1, [5, 6], dims), mask: turned })).values).toEqual([5, null])
  })

  it('refuses masks with dimensions or labels that the data lacks', async () => {
    const data = raster(1, 1, [1], [times('2020-01-01')])
    const extra = raster(1, 1, [1], [bands('a')])
    expect(await tagOf(node('mask', { data, mask: extra }))).toBe('IncompatibleDataCubes')
    const wrong = raster(1, 1, [1], [times('2021-01-01')])
    expect(await tagOf(node('mask', { data, mask: wrong }))).toBe('IncompatibleDataCubes')
    expect(await tagOf(node('mask', { data, mask: raster(1, 1, [1]), replacement: 'none' }))).toBe('NotANumber')
  })
})
