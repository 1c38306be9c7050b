/** merge_cubes, resampling and aggregation of time: the cases that openEO's descriptions tell apart. */
import { describe, expect, it } from 'vitest'
import type { Dimension } from '../../../src/model/dimension.ts'
import { BOOLEAN } from '../../../src/process/cubes/nodes.ts'
import {
  bands,
  byParts,
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

const max = callback('max', { data: [parameter('x'), parameter('y')] })
const slowMax = {
  process_graph: {
    look: { process_id: 'inspect', arguments: { data: parameter('x') } },
    only: { process_id: 'max', arguments: { data: [{ from_node: 'look' }, parameter('y')] }, result: true },
  },
}

describe('merge_cubes', () => {
  it('1: appends bands; the merge is undone by a filter', async () => {
    const [cube1, cube2] = [
      raster(2, 1, [1, 2, 3, 4], [bands('B1', 'B2')]),
      raster(2, 1, [5, 6, 7, 8], [bands('B3', 'B0')]),
    ]
    const merged = await node('merge_cubes', { cube1, cube2 })
    expect(merged).toMatchObject({ kind: 'blocks', concat: { dim: 'bands' } })
    expect(await read(merged)).toMatchObject({
      labels: { bands: ['B1', 'B2', 'B3', 'B0'] },
      values: [1, 2, 3, 4, 5, 6, 7, 8],
    })
    const back = await run('filter_bands', { data: wrap(merged), bands: ['B3', 'B0'] })
    expect(back.values).toEqual([5, 6, 7, 8])
  })

  it('2: resolves bands that overlap', async () => {
    const [cube1, cube2] = [raster(1, 1, [1, 5], [bands('B1', 'B2')]), raster(1, 1, [3, 4], [bands('B2', 'B3')])]
    expect(await tagOf(node('merge_cubes', { cube1, cube2 }))).toBe('OverlapResolverMissing')
    for (const resolver of [max, slowMax]) {
      const merged = await node('merge_cubes', { cube1, cube2, overlap_resolver: resolver })
      expect(await read(merged)).toMatchObject({ labels: { bands: ['B1', 'B2', 'B3'] }, values: [1, 5, 4] })
      expect(await byParts(merged, 1)).toEqual([1, 5, 4])
    }
  })

  it('3: keeps both in a new dimension, or makes one of two', async () => {
    const label = async (values: number[], name: string) =>
      wrap(await node('add_dimension', { data: raster(2, 1, values), name: 'which', label: name }))
    const merged = await run('merge_cubes', { cube1: await label([1, 2], 'a'), cube2: await label([3, 4], 'b') })
    expect(merged).toMatchObject({ labels: { which: ['a', 'b'] }, values: [1, 2, 3, 4] })
    const one = await run('merge_cubes', {
      cube1: raster(2, 1, [1, 9]),
      cube2: raster(2, 1, [3, 4]),
      overlap_resolver: max,
    })
    expect(one.values).toEqual([3, 9])
  })

  it('4: a cube of fewer dimensions is merged with every label of the others', async () => {
    const many = raster(2, 1, [1, 2, 3, 4], [times('2020-01-01', '2020-01-02')])
    const few = raster(2, 1, [2, 3])
    expect(await tagOf(node('merge_cubes', { cube1: many, cube2: few }))).toBe('OverlapResolverMissing')
    for (const [cube1, cube2] of [
      [many, few],
      [few, many],
    ] as const) {
      const merged = await run('merge_cubes', { cube1, cube2, overlap_resolver: max })
      expect(merged).toMatchObject({ names: ['t', 'y', 'x'], values: [2, 3, 3, 4] })
    }
    const both = await run('merge_cubes', {
      cube1: raster(1, 1, [1, 2], [times('2020-01-01', '2020-01-02')]),
      cube2: raster(1, 1, [10, 20], [bands('a', 'b')]),
      overlap_resolver: callback('add', { x: parameter('x'), y: parameter('y') }),
    })
    expect(both).toMatchObject({ names: ['bands', 't', 'y', 'x'], values: [11, 12, 21, 22] })
  })

  it('sorts labels of time and leaves cells of neither cube missing', async () => {
    const cube1 = cube([bands('a'), times('2020-01-01', '2020-01-03')], [1, 3])
    const cube2 = cube([bands('a'), times('2020-01-02')], [2])
    const merged = await node('merge_cubes', { cube1, cube2 })
    expect(await read(merged)).toMatchObject({
      labels: { t: ['2020-01-01', '2020-01-02', '2020-01-03'] },
      values: [1, 2, 3],
    })
    expect(await byParts(merged, 1)).toEqual([1, 2, 3])
    const apart = cube([bands('b'), times('2020-01-02')], [2])
    const sparse = await run('merge_cubes', { cube1, cube2: apart })
    expect(sparse).toMatchObject({ shape: [2, 3], values: [1, null, 3, null, 2, null] })
  })

  it('finds equal instants that are written differently', async () => {
    const cube1 = cube([times('2020-01-01T00:00:00Z')], [1])
    const cube2 = cube([times('2020-01-01')], [2])
    expect((await run('merge_cubes', { cube1, cube2, overlap_resolver: max })).values).toEqual([2])
  })

  it('joins tiles of one lattice without resampling', async () => {
    const { grid, y } = utm(2, 1)
    const right = cube([y, { type: 'spatial', name: 'x', axis: 'x', labels: [400025, 400035] }], [3, 4], {
      grid: { ...grid, affine: [10, 0, 400020, 0, -10, 5700000] },
    })
    const merged = await run('merge_cubes', { cube1: raster(2, 1, [1, 2]), cube2: right })
    expect(merged).toMatchObject({ labels: { x: [400005, 400015, 400025, 400035] }, values: [1, 2, 3, 4] })
    expect(merged.schema.grid).toMatchObject({ width: 4, height: 1, affine: [10, 0, 400000, 0, -10, 5700000] })
    const left = await run('merge_cubes', { cube1: right, cube2: raster(2, 1, [1, 2]) })
    expect(left.values).toEqual([1, 2, 3, 4])
  })

  it('resamples the second cube where its pixels do not fit', async () => {
    const { grid } = utm(1, 1)
    const coarse = cube(
      [
        { type: 'spatial', name: 'y', axis: 'y', labels: [5699990] },
        { type: 'spatial', name: 'x', axis: 'x', labels: [400010] },
      ],
      [7],
      { grid: { ...grid, affine: [20, 0, 400000, 0, -20, 5700000] } },
    )
    const merged = await run('merge_cubes', { cube1: raster(2, 2, [1, 9, 3, 9]), cube2: coarse, overlap_resolver: max })
    expect(merged.values).toEqual([7, 9, 7, 9])
  })

  it('keeps true and false, and packed integers of the same kind', async () => {
    const truth = (value: boolean, name: string) => cube([bands(name)], [value], { packing: BOOLEAN })
    expect((await run('merge_cubes', { cube1: truth(true, 'a'), cube2: truth(false, 'b') })).values).toEqual([
      true,
      false,
    ])
    const and = callback('and', { x: parameter('x'), y: parameter('y') })
    const same = await run('merge_cubes', { cube1: truth(true, 'a'), cube2: truth(false, 'a'), overlap_resolver: and })
    expect(same.values).toEqual([false])
  })

  it('puts no levels on one axis that count in different units, before they are renamed', async () => {
    const levels = (unit: string, ...labels: number[]) =>
      cube([{ ...other('level', ...labels), unit } as Dimension], [...labels])
    const [cube1, pascals] = [levels('hPa', 850, 500), levels('Pa', 50000, 25000)]
    expect(await tagOf(node('merge_cubes', { cube1, cube2: pascals }))).toBe('IncompatibleDataCubes')
    const same = await run('merge_cubes', { cube1, cube2: levels('millibars', 250) })
    expect(same.values).toEqual([850, 500, 250])
    const renamed = { data: pascals, dimension: 'level', source: [50000, 25000], target: [300, 250] }
    const cube2 = wrap(await node('rename_labels', renamed))
    const merged = await node('merge_cubes', { cube1, cube2 })
    expect(merged.schema.dims[0]).toMatchObject({ labels: [850, 500, 300, 250], unit: 'hPa' })
  })

  it('merges vector cubes by their geometries', async () => {
    const square = polygon(0, 0, 1, 1)
    const cube1 = await node('add_dimension', { data: features(square), name: 'v', label: 'a' })
    const cube2 = await node('add_dimension', { data: features(square, polygon(1, 1, 2, 2)), name: 'v', label: 'b' })
    const merged = await node('merge_cubes', { cube1: wrap(cube1), cube2: wrap(cube2) })
    expect(merged.schema.dims.map((d) => d.labels.length)).toEqual([2, 2])
    const points = features({ type: 'Point', coordinates: [0, 0] })
    expect(await tagOf(node('merge_cubes', { cube1: features(square), cube2: points }))).toBe(
      'IncompatibleGeometryTypes',
    )
    expect(await tagOf(node('merge_cubes', { cube1: raster(1, 1, [1]), cube2: points }))).toBe('IncompatibleDataCubes')
    const wrong = cube([{ ...other('x', 1) }], [1])
    expect(await tagOf(node('merge_cubes', { cube1: raster(1, 1, [1]), cube2: wrong }))).toBe('IncompatibleDataCubes')
  })
})

describe('resample_spatial and resample_cube_spatial', () => {
  it('halves the resolution, from the corner asked for', async () => {
    const data = raster(3, 3, (i) => i)
    const coarse = await run('resample_spatial', { data, resolution: 20, method: 'average' })
    expect(coarse).toMatchObject({ shape: [2, 2], labels: { x: [400010, 400030], y: [5699990, 5699970] } })
    expect(coarse.values).toEqual([2, 3.5, 6.5, 8])
    const lower = await run('resample_spatial', { data, resolution: [20, 20], align: 'lower-right' })
    expect(lower.labels).toEqual({ y: [5700000, 5699980], x: [400000, 400020] })
  })

  it('reprojects with a resolution like the one before', async () => {
    const made = await node('resample_spatial', { data: raster(8, 6, (i) => i), projection: 4326 })
    const { grid } = made.schema
    expect(grid?.crs.code).toBe('EPSG:4326')
    expect(Math.abs(grid!.width - 8)).toBeLessThanOrEqual(2)
    expect((await read(made)).values.filter((value) => value !== null).length).toBeGreaterThan(30)
    const back = await node('resample_cube_spatial', { data: wrap(made), target: raster(8, 6, () => 0) })
    expect(back.schema.grid).toEqual(utm(8, 6).grid)
  })

  it('gives a cube that needs nothing as it is', async () => {
    const data = raster(2, 2, [1, 2, 3, 4])
    expect((await run('resample_spatial', { data })).values).toEqual([1, 2, 3, 4])
  })
})

describe('resample_cube_temporal', () => {
  const data = () => cube([times('2020-01-01', '2020-01-10', '2020-01-20')], [1, null, 3])
  const target = () => cube([times('2020-01-02', '2020-01-15', '2020-02-01')], [0, 0, 0])

  it('takes the nearest label, of two equally near the earlier', async () => {
    const made = await run('resample_cube_temporal', { data: data(), target: target() })
    expect(made).toMatchObject({ labels: { t: ['2020-01-02', '2020-01-15', '2020-02-01'] }, values: [1, null, 3] })
  })

  it('takes valid cells within so many days', async () => {
    const near = await run('resample_cube_temporal', { data: data(), target: target(), valid_within: 6 })
    expect(near.values).toEqual([1, 3, null])
    const far = await run('resample_cube_temporal', { data: data(), target: target(), valid_within: 100 })
    expect(far.values).toEqual([1, 3, 3])
    // The limit itself is not within.
    const at = await run('resample_cube_temporal', { data: data(), target: target(), valid_within: 5 })
    expect(at.values).toEqual([1, null, null])
  })

  it.each([
    ['DimensionNotAvailable', { dimension: 'u' }],
    ['DimensionMismatch', { target: cube([{ ...times('2020-01-01'), name: 'u' }], [0]) }],
    ['DimensionMismatch', { target: cube([other('t', 1)], [0]), dimension: 't' }],
  ])('throws %s', async (tag, args) => {
    expect(await tagOf(node('resample_cube_temporal', { data: data(), target: target(), ...args }))).toBe(tag)
  })
})
