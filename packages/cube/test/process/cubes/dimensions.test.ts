/** Dimensions and labels: what openEO's descriptions say of each process, case by case. */
import { describe, expect, it } from 'vitest'
import { computeCube } from '../../../src/plan/compute.ts'
import {
  bands,
  callback,
  cube,
  interpreted,
  node,
  other,
  parameter,
  raster,
  read,
  run,
  tagOf,
  times,
  utm,
  value,
  wrap,
} from './support.ts'

const small = () => cube([other('a', 'p', 'q'), other('b', 1, 2, 3)], [1, 2, 3, 4, null, 6])

describe('create_data_cube and add_dimension', () => {
  it('starts without dimensions and grows', async () => {
    const empty = await run('create_data_cube', {})
    expect(empty).toMatchObject({ names: [], values: [null] })
    const grown = await run('add_dimension', {
      data: wrap(await node('create_data_cube', {})),
      name: 'v',
      label: 7,
    })
    expect(grown).toMatchObject({ names: ['v'], labels: { v: [7] }, values: [null] })
  })

  it.each([
    ['bands', 'B1'],
    ['temporal', '2020-01-01'],
    ['spatial', 3],
    ['other', 'k'],
  ])('adds a dimension of type %s in front', async (type, label) => {
    const added = await run('add_dimension', { data: small(), name: 'n', label, type })
    expect(added.names).toEqual(['n', 'a', 'b'])
    expect(added.schema.dims[0]).toMatchObject({ type, labels: [label] })
    expect(added.values).toEqual([1, 2, 3, 4, null, 6])
  })

  it('takes the first free axis', async () => {
    const added = await node('add_dimension', {
      data: raster(2, 2, [1, 2, 3, 4]),
      name: 'h',
      label: 1,
      type: 'spatial',
    })
    expect(added.schema.dims[0]).toMatchObject({ axis: 'z' })
    const full = node('add_dimension', { data: wrap(added), name: 'i', label: 1, type: 'spatial' })
    expect(await tagOf(full)).toBe('DimensionExists')
  })

  it('refuses a name twice and labels of time that are none', async () => {
    expect(await tagOf(node('add_dimension', { data: small(), name: 'a', label: 1 }))).toBe('DimensionExists')
    const wrong = node('add_dimension', { data: small(), name: 'c', label: 'noon', type: 'temporal' })
    expect(await tagOf(wrong)).toBe('BadInstant')
  })
})

describe('drop, rename, labels', () => {
  it('drops a dimension that was renamed, also once both are one kernel', async () => {
    const one = cube([other('a', 7), other('b', 1, 2)], [1, 2])
    const renamed = await node('rename_dimension', { data: one, source: 'a', target: 'z' })
    const dropped = await node('drop_dimension', { data: wrap(renamed), name: 'z' })
    expect([...(await computeCube(dropped)).data]).toEqual([1, 2])
    const same = await node('apply', { data: one, process: callback('constant', { x: 5 }) })
    const again = await node('rename_dimension', { data: wrap(same), source: 'a', target: 'z' })
    expect([...(await computeCube(await node('drop_dimension', { data: wrap(again), name: 'z' }))).data]).toEqual([
      5, 5,
    ])
  })

  it('drops dimensions of one label only', async () => {
    const one = cube([other('a', 'p'), other('b', 1, 2)], [1, 2])
    expect(await run('drop_dimension', { data: one, name: 'a' })).toMatchObject({ names: ['b'], values: [1, 2] })
    expect(await tagOf(node('drop_dimension', { data: one, name: 'b' }))).toBe('DimensionLabelCountMismatch')
    expect(await tagOf(node('drop_dimension', { data: one, name: 'c' }))).toBe('DimensionNotAvailable')
  })

  it('renames a dimension and keeps all else', async () => {
    const renamed = await run('rename_dimension', { data: small(), source: 'b', target: 'c' })
    expect(renamed).toMatchObject({ names: ['a', 'c'], labels: { c: [1, 2, 3] }, values: [1, 2, 3, 4, null, 6] })
    expect(await tagOf(node('rename_dimension', { data: small(), source: 'x', target: 'c' }))).toBe(
      'DimensionNotAvailable',
    )
    expect(await tagOf(node('rename_dimension', { data: small(), source: 'a', target: 'b' }))).toBe('DimensionExists')
    expect(await tagOf(node('rename_dimension', { data: small(), source: 'a', target: 'a' }))).toBe('DimensionExists')
  })

  it('renames the dimensions of pixels without losing the grid', async () => {
    const renamed = await node('rename_dimension', { data: raster(2, 2, [1, 2, 3, 4]), source: 'x', target: 'lon' })
    expect(renamed.schema.grid).toEqual(utm(2, 2).grid)
    expect(await read(renamed)).toMatchObject({ names: ['y', 'lon'], values: [1, 2, 3, 4] })
  })

  it('renames enumerated labels from the start, others by name', async () => {
    const first = cube([other('a', 0, 1, 2)], [1, 2, 3])
    const some = await run('rename_labels', { data: first, dimension: 'a', target: ['x', 'y'] })
    expect(some.labels.a).toEqual(['x', 'y', 2])
    const named = await run('rename_labels', { data: small(), dimension: 'a', target: ['Z'], source: ['q'] })
    expect(named.labels.a).toEqual(['p', 'Z'])
  })

  it.each([
    ['LabelsNotEnumerated', { target: ['u', 'v'] }],
    ['LabelMismatch', { target: ['u'], source: ['p', 'q'] }],
    ['LabelNotAvailable', { target: ['u'], source: ['r'] }],
    ['LabelExists', { target: ['q'], source: ['p'] }],
  ])('refuses wrong labels: %s', async (tag, args) => {
    expect(await tagOf(node('rename_labels', { data: small(), dimension: 'a', ...args }))).toBe(tag)
  })

  it('gives labels of time without changing how they are written', async () => {
    const data = cube([times('2020-06-01T00:00:00Z', '2020-06-01T02:00:00+02:00')], [1, 2])
    expect(await value('dimension_labels', { data, dimension: 't' })).toEqual([
      '2020-06-01T00:00:00Z',
      '2020-06-01T02:00:00+02:00',
    ])
    expect(await tagOf(value('dimension_labels', { data, dimension: 'u' }))).toBe('DimensionNotAvailable')
  })
})

describe('flatten and unflatten', () => {
  const data = () => cube([other('A', 2020, 2021), other('B', 'B1', 'B2')], [1, 2, 3, 4])

  it('is the example of the specification', async () => {
    const flat = await node('flatten_dimensions', { data: data(), dimensions: ['A', 'B'], target_dimension: 'X' })
    expect(await read(flat)).toMatchObject({
      names: ['X'],
      labels: { X: ['2020~B1', '2020~B2', '2021~B1', '2021~B2'] },
      values: [1, 2, 3, 4],
    })
    const back = await run('unflatten_dimension', { data: wrap(flat), dimension: 'X', target_dimensions: ['A', 'B'] })
    expect(back).toMatchObject({
      names: ['A', 'B'],
      labels: { A: ['2020', '2021'], B: ['B1', 'B2'] },
      values: [1, 2, 3, 4],
    })
  })

  it('follows the order that is asked for and keeps other dimensions', async () => {
    const three = cube([other('A', 0, 1), other('k', 'u', 'v'), other('B', 5, 6, 7)], (i) => i)
    const flat = await run('flatten_dimensions', {
      data: three,
      dimensions: ['B', 'A'],
      target_dimension: 'X',
      label_separator: '/',
    })
    expect(flat.names).toEqual(['X', 'k'])
    expect(flat.labels.X).toEqual(['5/0', '5/1', '6/0', '6/1', '7/0', '7/1'])
    // Cell (A, k, B) is 6 A + 3 k + B.
    expect(flat.values).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
  })

  it('splits labels in any order', async () => {
    const data = cube([other('X', '2~b', '1~a', '1~b', '2~a'), other('k', 0, 1)], (i) => i)
    const split = await run('unflatten_dimension', { data, dimension: 'X', target_dimensions: ['n', 'c'] })
    expect(split).toMatchObject({ names: ['n', 'c', 'k'], labels: { n: ['2', '1'], c: ['b', 'a'] } })
    expect(split.values).toEqual([0, 1, 6, 7, 4, 5, 2, 3])
  })

  it.each([
    ['DimensionNotAvailable', 'flatten_dimensions', { dimensions: ['A', 'C'], target_dimension: 'X' }],
    ['ProcessParameterInvalid', 'flatten_dimensions', { dimensions: [], target_dimension: 'X' }],
    ['TargetDimensionExists', 'flatten_dimensions', { dimensions: ['A', 'B'], target_dimension: 'B' }],
    ['TargetDimensionExists', 'unflatten_dimension', { dimension: 'A', target_dimensions: ['B', 'C'] }],
    ['LabelMismatch', 'unflatten_dimension', { dimension: 'B', target_dimensions: ['C', 'D'] }],
  ])('throws %s', async (tag, process, args) => {
    expect(await tagOf(node(process, { data: data(), ...args }))).toBe(tag)
  })
})

describe('cubes without cells', () => {
  it('can be flattened and reduced', async () => {
    const none = cube([other('a'), other('b', 1, 2), other('c', 1, 2)], [])
    const flat = await node('flatten_dimensions', { data: none, dimensions: ['a', 'b'], target_dimension: 'f' })
    expect((await computeCube(flat)).data.length).toBe(0)
    const empty = wrap(flat)
    for (const reducer of [callback('mean', { data: parameter('data') }), interpreted('mean')]) {
      const made = await node('reduce_dimension', { data: empty, dimension: 'f', reducer })
      expect([...(await computeCube(made)).data]).toEqual([Number.NaN, Number.NaN])
    }
    const image = raster(2, 0, [])
    const made = await node('reduce_spatial', { data: image, reducer: interpreted('max') })
    expect([...(await computeCube(made)).data]).toEqual([Number.NaN])
  })
})

describe('trim_cube', () => {
  it('drops labels without values: anywhere among bands, at the ends of space and time', async () => {
    const dims = [bands('a', 'b', 'c'), times('2020-01-01', '2020-01-02', '2020-01-03', '2020-01-04')]
    const data = cube(dims, [null, 1, null, 2, null, null, null, null, null, 3, null, null])
    const trimmed = await run('trim_cube', { data })
    expect(trimmed.labels).toEqual({ bands: ['a', 'c'], t: ['2020-01-02', '2020-01-03', '2020-01-04'] })
    expect(trimmed.values).toEqual([1, null, 2, 3, null, null])
  })

  it('moves the grid with the pixels', async () => {
    const trimmed = await run('trim_cube', { data: raster(3, 2, [null, null, null, null, 5, null]) })
    expect(trimmed).toMatchObject({ shape: [1, 1], labels: { x: [400015], y: [5699985] }, values: [5] })
    expect(trimmed.schema.grid).toMatchObject({ width: 1, height: 1, affine: [10, 0, 400010, 0, -10, 5699990] })
  })

  it('may leave nothing', async () => {
    expect(await run('trim_cube', { data: raster(2, 2, () => null) })).toMatchObject({ shape: [0, 0], values: [] })
  })
})
