/** Every process as the planner computes it (fused, narrowed, in tasks of a small budget), against all at once. */
import { describe, expect, it } from 'vitest'
import type { CubeNode } from '../../../src/model/node.ts'
import { computeCube } from '../../../src/plan/compute.ts'
import { valueReader } from '../../../src/process/cubes/along.ts'
import { BOOLEAN } from '../../../src/process/cubes/nodes.ts'
import type { CubeValue, Value } from '../../../src/process/row.ts'
import {
  bands,
  callback,
  features,
  interpreted,
  node,
  other,
  parameter,
  polygon,
  raster,
  read,
  reducer,
  run,
  times,
  utm,
  wrap,
} from './support.ts'

const labels = ['2020-01-05', '2020-01-20', '2020-02-10', '2020-04-01', '2020-04-02']
const WIDTH = 13
const HEIGHT = 9

/** Bands, time and pixels of packed integers, every seventh missing. */
const scene = (): CubeValue =>
  raster(
    WIDTH,
    HEIGHT,
    (i) => (i % 7 === 3 ? null : ((i * 37) % 101) / 2),
    [bands('red', 'nir', 'scl'), times(...labels)],
    { dtype: 'uint16', nodata: 65535, scale: 0.5, offset: 0 },
  )
const pixels = (): CubeValue => raster(WIDTH, HEIGHT, (i) => (i % 5 === 0 ? 1 : 0))
const minus = callback('subtract', { x: parameter('x'), y: parameter('y') })
const triangle = {
  type: 'Polygon',
  coordinates: [
    [
      [400012, 5699918],
      [400118, 5699931],
      [400051, 5699997],
      [400012, 5699918],
    ],
  ],
}

type Make = (data: CubeValue) => Promise<CubeNode>
const make =
  (process: string, args: object): Make =>
  (data) =>
    node(process, { data, ...args })

/** One process after the other. */
const chain =
  (...steps: readonly Make[]): Make =>
  async (data) => {
    let made = data.node
    for (const step of steps) made = await step(wrap(made))
    return made
  }

const PROGRAMS: Readonly<Record<string, Make>> = {
  add_dimension: make('add_dimension', { name: 'v', label: 'a' }),
  rename_dimension: make('rename_dimension', { source: 't', target: 'time' }),
  'filter and drop': chain(make('filter_bands', { bands: ['nir'] }), make('drop_dimension', { name: 'bands' })),
  filter_temporal: make('filter_temporal', { extent: ['2020-01-10', '2020-04-02'] }),
  filter_bbox: make('filter_bbox', {
    extent: { west: 400020, east: 400071, south: 5699920, north: 5699980, crs: 32632 },
  }),
  filter_spatial: make('filter_spatial', { geometries: features(triangle) }),
  flatten_dimensions: make('flatten_dimensions', { dimensions: ['t', 'bands'], target_dimension: 'tb' }),
  'flatten and unflatten': chain(
    make('flatten_dimensions', { dimensions: ['bands', 't'], target_dimension: 'bt' }),
    make('unflatten_dimension', { dimension: 'bt', target_dimensions: ['b', 'd'] }),
  ),
  apply: make('apply', { process: callback('linear_scale_range', { x: parameter('x'), inputMin: 0, inputMax: 50 }) }),
  'apply, true and false': make('apply', { process: callback('gt', { x: parameter('x'), y: 20 }) }),
  'reduce by median': make('reduce_dimension', { dimension: 't', reducer: reducer('median') }),
  'reduce, interpreted': make('reduce_dimension', { dimension: 't', reducer: interpreted('median') }),
  'ndvi and median': chain(make('ndvi', {}), make('reduce_dimension', { dimension: 't', reducer: reducer('median') })),
  'ndvi as a band': make('ndvi', { target_band: 'ndvi' }),
  'sorted along time': make('apply_dimension', { dimension: 't', process: reducer('sort') }),
  'sums along time': make('apply_dimension', { dimension: 't', process: reducer('cumsum') }),
  'quantiles of bands': make('apply_dimension', {
    dimension: 'bands',
    target_dimension: 'q',
    process: reducer('quantiles', { probabilities: [0.25, 0.75] }),
  }),
  mask: make('mask', { mask: pixels() }),
  'masked by classes, then a month': chain(
    async (data) => {
      const scl = await node('filter_bands', { data, bands: ['scl'] })
      const dropped = await node('drop_dimension', { data: wrap(scl), name: 'bands' })
      const cloudy = await node('apply', {
        data: wrap(dropped),
        process: callback('between', { x: parameter('x'), min: 10, max: 20 }),
      })
      return node('mask', { data, mask: wrap(cloudy) })
    },
    make('aggregate_temporal_period', { period: 'month', reducer: reducer('mean') }),
  ),
  mask_polygon: make('mask_polygon', { mask: features(triangle), inside: true, replacement: 3 }),
  apply_kernel: make('apply_kernel', {
    kernel: [
      [1, 2, 1],
      [2, 4, 2],
      [1, 2, 1],
    ],
    factor: 1 / 16,
    border: 'reflect',
  }),
  'kernel of 5 x 5 around the world': make('apply_kernel', { kernel: Array(5).fill([1, 1, 1, 1, 1]), border: 'wrap' }),
  'kernel after kernel': chain(
    make('apply_kernel', { kernel: [[1, 0, -1]], border: 'replicate' }),
    make('apply_kernel', { kernel: [[1], [0], [-1]], border: 'replicate' }),
  ),
  aggregate_temporal: make('aggregate_temporal', {
    intervals: [
      ['2020-01-01', '2020-02-20'],
      ['2020-02-01', '2020-05-01'],
    ],
    reducer: reducer('max'),
  }),
  resample_cube_temporal: (data) =>
    node('resample_cube_temporal', {
      data,
      target: raster(1, 1, () => 0, [times('2020-01-11', '2020-03-30')]),
      valid_within: 40,
    }),
  'merge bands': async (data) => {
    const renamed = await node('rename_labels', {
      data,
      dimension: 'bands',
      target: ['a', 'b', 'c'],
      source: ['red', 'nir', 'scl'],
    })
    return node('merge_cubes', { cube1: data, cube2: wrap(renamed) })
  },
  'merge and narrow': async (data) => {
    const renamed = await node('rename_labels', {
      data,
      dimension: 'bands',
      target: ['a', 'b', 'c'],
      source: ['red', 'nir', 'scl'],
    })
    const merged = await node('merge_cubes', { cube1: data, cube2: wrap(renamed) })
    return node('filter_bands', { data: wrap(merged), bands: ['c', 'red'] })
  },
  'difference from the mean': async (data) => {
    const mean = await node('reduce_dimension', { data, dimension: 't', reducer: reducer('mean') })
    return node('merge_cubes', { cube1: data, cube2: wrap(mean), overlap_resolver: minus })
  },
  'resampled to larger pixels': make('resample_spatial', { resolution: 30, method: 'bilinear' }),
  'resampled, then reduced': chain(
    make('resample_spatial', { resolution: 25 }),
    make('reduce_dimension', { dimension: 't', reducer: reducer('max') }),
  ),
  aggregate_spatial: make('aggregate_spatial', {
    geometries: features(triangle, polygon(400000, 5699950, 400060, 5700000)),
    reducer: reducer('mean'),
  }),
  'aggregate_spatial with counts': make('aggregate_spatial', {
    geometries: features(triangle, polygon(400000, 5699950, 400060, 5700000)),
    reducer: reducer('median'),
    target_dimension: 'n',
  }),
  aggregate_spatial_window: make('aggregate_spatial_window', {
    size: [4, 2],
    reducer: reducer('mean'),
    align: 'lower-right',
  }),
  reduce_spatial: make('reduce_spatial', { reducer: reducer('sd') }),
  apply_neighborhood: make('apply_neighborhood', {
    process: callback('apply_kernel', { data: parameter('data'), kernel: [[1, 1, 1]] }),
    size: [
      { dimension: 'x', value: 4, unit: 'px' },
      { dimension: 'y', value: 4, unit: 'px' },
    ],
    overlap: [{ dimension: 'x', value: 1, unit: 'px' }],
  }),
  apply_polygon: make('apply_polygon', {
    geometries: features(triangle),
    process: callback('apply', { data: parameter('data'), process: callback('absolute', { x: parameter('x') }) }),
  }),
  'normals and anomalies': async (data) => {
    const normals = await node('climatological_normal', { data, period: 'month', climatology_period: [2019, 2020] })
    return node('anomaly', { data, normals: wrap(normals), period: 'month' })
  },
}

const valuesOf = (made: CubeNode, data: Parameters<typeof valueReader>[0]): Value[] => {
  const at = valueReader(data, made.schema.packing)
  return Array.from(data, (_, i) => at(i))
}

describe('planned in tasks', () => {
  it.each(Object.keys(PROGRAMS))('%s', async (name) => {
    const made = await PROGRAMS[name]!(scene())
    const expected = (await read(made)).values
    expect(expected.some((value) => value !== null)).toBe(true)
    for (const budgetBytes of [200_000_000, 24_000_000]) {
      const planned = valuesOf(made, (await computeCube(made, { budgetBytes })).data)
      expect(planned.length).toBe(expected.length)
      planned.forEach((value, i) => {
        const wanted = expected[i]!
        if (typeof value === 'number' && typeof wanted === 'number') {
          expect(Math.abs(value - wanted), `${name}, cell ${i}`).toBeLessThanOrEqual(
            1e-5 * Math.max(1, Math.abs(wanted)),
          )
        } else expect([i, value]).toEqual([i, wanted])
      })
    }
  })

  it('keeps what is true and false so', async () => {
    const truths = raster(2, 2, [true, false, true, true], [other('k', 1)], BOOLEAN)
    const made = await node('reduce_dimension', { data: truths, dimension: 'x', reducer: reducer('all') })
    expect(valuesOf(made, (await computeCube(made)).data)).toEqual([false, true])
    expect(await run('reduce_dimension', { data: truths, dimension: 'x', reducer: reducer('all') })).toMatchObject({
      names: ['k', 'y'],
    })
    expect(utm(2, 2).grid.width).toBe(2)
  })
})
