/** Cubes of openEO test files: what they become, and which differences are found. */
import { describe, expect, test } from 'vitest'
import { computeCube } from '../packages/cube/src/plan/compute.ts'
import { cubeOf, sameNumber } from '../scripts/openeo/cubes.ts'
import { differenceOf } from '../scripts/openeo/run.ts'
import type { Json } from '../scripts/openeo/suite.ts'

const made: Json = {
  type: 'datacube',
  order: ['bands', 't', 'y', 'x'],
  nodata: [255],
  dimensions: {
    bands: { type: 'bands', values: ['red', 'nir'] },
    t: { type: 'temporal', values: ['2020-06-01T00:00:00Z'] },
    y: { type: 'spatial', axis: 'y', values: [20, 10], reference_system: 'EPSG:25832' },
    x: { type: 'spatial', axis: 'x', values: [100, 110], reference_system: 'EPSG:25832' },
  },
  data: [
    [
      [
        [1, 2],
        [3, 255],
      ],
    ],
    [
      [
        [5, 6],
        [null, 8],
      ],
    ],
  ],
}

/** The cube with other fields; of dimensions, those named change. */
function changed(fields: Json): Json {
  const dimensions = { ...(made.dimensions as Json), ...(fields.dimensions as Json | undefined) }
  return { ...made, ...fields, dimensions }
}

describe('a cube of a file', () => {
  const { node } = cubeOf(made, 'made')

  test('has its dimensions', () => {
    expect(node.schema.dims.map(({ name, type, labels }) => [name, type, labels])).toEqual([
      ['bands', 'bands', ['red', 'nir']],
      ['t', 'temporal', ['2020-06-01T00:00:00Z']],
      ['y', 'spatial', [20, 10]],
      ['x', 'spatial', [100, 110]],
    ])
  })

  test('has the grid whose cell centres the labels are', () => {
    expect(node.schema.grid).toMatchObject({ affine: [10, 0, 95, 0, -10, 25], width: 2, height: 2 })
    expect(node.schema.grid!.crs.code).toBe('EPSG:25832')
  })

  test('has its numbers, missing where they are no data', async () => {
    expect([...(await computeCube(node)).data]).toEqual([1, 2, 3, Number.NaN, 5, 6, Number.NaN, 8])
  })

  test('may lack data, labels and a grid', async () => {
    const empty = changed({ data: null, dimensions: { x: { type: 'spatial', axis: 'x', values: [] } } })
    expect(cubeOf(empty, 'empty').node.schema.grid).toBeUndefined()
    const blank = cubeOf(changed({ data: null }), 'blank').node
    expect(new Set((await computeCube(blank)).data)).toEqual(new Set([Number.NaN]))
  })

  test('may hold true and false', async () => {
    const json = {
      type: 'datacube',
      order: ['i'],
      dimensions: { i: { type: 'other', values: [0, 1, 2] } },
      data: [true, false, null],
    }
    const boolean = cubeOf(json, 'boolean').node
    expect(boolean.schema.packing).toMatchObject({ dtype: 'uint8', isBoolean: true })
    expect([...(await computeCube(boolean)).data]).toEqual([1, 0, 255])
  })

  test('may list its dimensions in order', () => {
    const { order: _, ...rest } = made
    const dimensions = Object.entries(made.dimensions as { [name: string]: Json }).map(([name, one]) => ({
      name,
      ...one,
    }))
    expect(cubeOf({ ...rest, dimensions }, 'listed').node.schema.dims).toEqual(node.schema.dims)
  })
})

describe('differences of cubes', () => {
  const actual = cubeOf(made, 'made')
  const difference = (fields: Json) => differenceOf(actual, changed(fields), 1e-10)
  const cells = (first: number, second: number, third: number | null): unknown => [
    [
      [
        [first, 2],
        [3, null],
      ],
    ],
    [
      [
        [5, second],
        [third, 8],
      ],
    ],
  ]

  test('there are none to itself, to rounding, or where data do not matter', async () => {
    expect(await difference({})).toBeUndefined()
    expect(await difference({ data: null })).toBeUndefined()
    expect(await difference({ data: cells(1 + 1e-11, 6, 255) })).toBeUndefined()
    const t = { type: 'temporal', values: ['2020-06-01T00:00:00+00:00'] }
    expect(await difference({ dimensions: { t } })).toBeUndefined()
  })

  const spatial = { type: 'spatial', values: [20, 10], axis: 'y' }
  test.each<[string, Json, RegExp]>([
    ['names', { order: ['bands', 't', 'x', 'y'] }, /dimensions are bands, t, y, x instead of bands, t, x, y/],
    ['types', { dimensions: { t: { type: 'other', values: [0] } } }, /t: its type is temporal instead of other/],
    ['axes', { dimensions: { y: { ...spatial, axis: 'z' } } }, /y: its axis is y instead of z/],
    ['labels', { dimensions: { bands: { type: 'bands', values: ['red', 'blue'] } } }, /bands: its labels are/],
    ['their number', { dimensions: { bands: { type: 'bands', values: ['red'] } } }, /bands: its labels are/],
    ['CRSs', { dimensions: { y: { ...spatial, reference_system: 4326 } } }, /the CRS is EPSG:25832/],
    ['cells', { data: cells(1, 7, null) }, /cell \[1, 0, 0, 1\] is 6 instead of 7/],
    ['missing cells', { data: cells(1, 6, 7) }, /cell \[1, 0, 1, 0\] is null instead of 7/],
    ['present cells', { data: cells(1, 255, null) }, /cell \[1, 0, 0, 1\] is 6 instead of null/],
    ['their count', { data: [[[[1, 2]]]] }, /there are 8 cells instead of 2/],
  ])('of %s are found', async (_, fields, message) => {
    expect(await difference(fields)).toMatch(message)
  })

  test('another value is no cube', async () => {
    expect(await differenceOf(3, made, 1e-10)).toMatch(/gives 3 instead of a cube/)
    expect(await differenceOf(actual, 3, 1e-10)).toMatch(/gives a cube of bands, t, y, x instead of 3/)
  })
})

describe('differences of values', () => {
  test.each([
    [1, 1 + 1e-11],
    [1e12, 1e12 + 1e-4],
    [Number.NaN, Number.NaN],
    [null, { type: 'nodata' }],
    ['2020-01-01', { type: 'datetime', value: '2020-01-01T01:00:00+01:00' }],
    [
      { kind: 'labeled-array' as const, labels: ['a'], values: [1] },
      { type: 'labeled-array', data: [{ key: 'a', value: 1 }] },
    ],
    [{ kind: 'labeled-array' as const, labels: ['a'], values: [1] }, [1]],
    [{ a: [1, null] }, { a: [1, { type: 'nodata' }] }],
  ])('%j passes for %j', async (actual, expected) => {
    expect(await differenceOf(actual, expected, 1e-10)).toBeUndefined()
  })

  test.each([
    [1, 1.001],
    [1, '1'],
    [null, Number.NaN],
    [Number.NaN, null],
    [0, false],
    [[1], [1, 2]],
    [[1], { type: 'labeled-array', data: [{ key: 0, value: 1 }] }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('%j does not pass for %j', async (actual, expected) => {
    expect(await differenceOf(actual, expected, 1e-10)).toMatch(/^gives .* instead of /)
  })

  test('numbers differ by more than delta, or not', () => {
    expect([
      sameNumber(1, 1.4, 0.5),
      sameNumber(1, 1.6, 0.5),
      sameNumber(null, null, 1),
      sameNumber(null, 0, 1),
    ]).toEqual([true, false, true, false])
  })
})
