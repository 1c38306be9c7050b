/**
 * Every method of a cube gives a graph that gives the same cube: written as JSON, checked and run as `ecotope graph run`
 * does. A public method without a row here fails.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromName } from '../../src/collection/file-names.ts'
import { parseCrs } from '../../src/crs/crs.ts'
import type { TypedArray } from '../../src/dtype.ts'
import { open } from '../../src/fluent/collection.ts'
import { Cube } from '../../src/fluent/cube.ts'
import type { Expression } from '../../src/fluent/expression.ts'
import { Operand } from '../../src/fluent/operand.ts'
import { Reductions } from '../../src/fluent/reductions.ts'
import { evaluateProgram, validateProgram } from '../../src/graph/evaluate.ts'
import { parseProgram } from '../../src/graph/program.ts'
import type { Calendar } from '../../src/model/dimension.ts'
import { memorySource } from '../../src/model/memory.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import { cellCount } from '../../src/model/region.ts'
import type { CubeValue } from '../../src/process/row.ts'

const HEIGHT = 4
const WIDTH = 5
const crs = parseCrs('EPSG:32632')
const standard = ['2020-06-01', '2020-06-15', '2020-07-03', '2020-07-04', '2020-09-01']
const of360 = ['2020-02-28', '2020-02-30', '2020-03-01', '2020-04-30', '2021-01-01']

/** Pixels of `size` metres; bands with roles, a class band, units. */
function schemaOf(size: number, packing: CubeSchema['packing'], calendar: Calendar = 'standard'): CubeSchema {
  const [width, height] = [Math.ceil((WIDTH * 10) / size), Math.ceil((HEIGHT * 10) / size)]
  const line = (from: number, step: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => from + step * (i + 0.5))
  const dates = (calendar === '360_day' ? of360 : standard).map((date) => `${date}T00:00:00Z`)
  return {
    dims: [
      { type: 'temporal', name: 't', labels: dates, calendar },
      {
        type: 'bands',
        name: 'bands',
        labels: ['B04', 'B08', 'SCL'],
        bands: [{ name: 'B04', role: 'red' }, { name: 'B08', role: 'nir' }, { name: 'SCL' }],
      },
      { type: 'spatial', name: 'y', axis: 'y', labels: line(5200000, -size, height) },
      { type: 'spatial', name: 'x', axis: 'x', labels: line(600000, size, width) },
    ],
    grid: { crs, affine: [size, 0, 600000, 0, -size, 5200000], width, height },
    packing,
    unit: 'K',
  }
}

/** Numbers between 0 and 1 in no order. */
const mixed = (i: number): number => ((i * 2654435761) >>> 0) / 2 ** 32
const isGap = (i: number): boolean => mixed(i + 7) < 0.2

const float = { dtype: 'float32', nodata: Number.NaN, scale: 1, offset: 0 } as const
const packed = { dtype: 'uint16', nodata: 0, scale: 0.0001, offset: 0 } as const
const floats = (schema: CubeSchema): TypedArray =>
  Float32Array.from({ length: cellCount(shapeOf(schema)) }, (_, i) => (isGap(i) ? Number.NaN : 20 * mixed(i) - 10))
const counts = (schema: CubeSchema): TypedArray =>
  Uint16Array.from({ length: cellCount(shapeOf(schema)) }, (_, i) => (isGap(i) ? 0 : 500 + Math.floor(9000 * mixed(i))))

/** What methods are tried on. */
interface Cubes {
  /** Floats with gaps. */
  readonly f: Cube
  /** Packed. */
  readonly s2: Cube
  readonly coarse: Cube
  /** Years of 360 days. */
  readonly days: Cube
  readonly red: Cube
  readonly nir: Cube
  /** Booleans with gaps. */
  readonly warm: Cube
  readonly cold: Cube
}

const ring = [5, 40, 40, 5].map((east, i) => [600000 + east, 5200000 - (i === 2 ? 35 : 5)])
const polygon = {
  type: 'Polygon',
  coordinates: [ring],
  crs: { type: 'name', properties: { name: 'EPSG:32632' } },
}
const unit = { x: { from_parameter: 'x' } }

type Make = (cubes: Cubes) => Cube | Promise<Cube>
/** Members that give no cube need no graph. */
type Rows = Readonly<Record<string, readonly Make[]>>
const none: readonly Make[] = []

const numbersAndCubes = (method: 'add' | 'subtract' | 'multiply' | 'divide' | 'mod'): Make[] => [
  ({ f }) => f[method](3),
  ({ red, nir }) => red[method](nir),
]
const comparisons = (method: 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq'): Make[] => [
  ({ f }) => f[method](0.5),
  ({ f }) => f[method](Number.POSITIVE_INFINITY),
  ({ red, nir }) => red[method](nir),
]
const plainly = (
  ...methods: (
    | 'absolute'
    | 'sgn'
    | 'sqrt'
    | 'exp'
    | 'ln'
    | 'sin'
    | 'cos'
    | 'tan'
    | 'arctan'
    | 'floor'
    | 'ceil'
    | 'int'
  )[]
): Rows => Object.fromEntries(methods.map((method) => [method, [({ f }) => f[method]()]]))
type Reducer = 'mean' | 'median' | 'min' | 'max' | 'sum' | 'sd' | 'count' | 'argmax' | 'argmin'
const alongTime = (...methods: Reducer[]): Rows =>
  Object.fromEntries(methods.map((method) => [method, [({ f }) => f[method]('t'), ({ s2 }) => s2[method]('bands')]]))

const rows: Rows = {
  ...plainly('absolute', 'sgn', 'sqrt', 'exp', 'ln', 'sin', 'cos', 'tan', 'arctan', 'floor', 'ceil', 'int'),
  ...alongTime('mean', 'median', 'min', 'max', 'sum', 'sd', 'count', 'argmax', 'argmin'),
  groupBy: [
    ({ f }) => f.groupBy('t', 'month', 'median'),
    ({ days }) => days.groupBy('t', 'dayofyear', (data) => data.reduce('max').subtract(data.reduce('min'))),
  ],
  idxmax: [
    ({ s2 }) => s2.idxmax('t'),
    ({ days }) => days.idxmax('t', { since: '2020-02-30' }),
    ({ f }) => f.idxmax('y'),
  ],
  idxmin: [({ f }) => f.idxmin('t')],
  add: numbersAndCubes('add'),
  subtract: numbersAndCubes('subtract'),
  multiply: numbersAndCubes('multiply'),
  divide: [...numbersAndCubes('divide'), ({ f }) => f.divide(-0)],
  mod: numbersAndCubes('mod'),
  power: [({ f }) => f.power(2), ({ f }) => f.power(0.5), ({ red, nir }) => red.power(nir)],
  normalizedDifference: [({ red, nir }) => nir.normalizedDifference(red)],
  log: [({ f }) => f.log(10)],
  round: [({ f }) => f.round(), ({ f }) => f.round(1), ({ f }) => f.round(-1)],
  clip: [({ f }) => f.clip(-2, 3), ({ f }) => f.clip(Number.NEGATIVE_INFINITY, 3)],
  linearScaleRange: [({ f }) => f.linearScaleRange(-5, 5), ({ f }) => f.linearScaleRange(-5, 5, 0, 255)],
  gt: comparisons('gt'),
  gte: comparisons('gte'),
  lt: comparisons('lt'),
  lte: comparisons('lte'),
  eq: [...comparisons('eq'), ({ f }) => f.eq(Number.NaN)],
  neq: comparisons('neq'),
  between: [({ f }) => f.between(-2, 3), ({ f }) => f.between(0, Number.POSITIVE_INFINITY)],
  and: [({ warm, cold }) => warm.and(cold)],
  or: [({ warm, cold }) => warm.or(cold)],
  xor: [({ warm, cold }) => warm.xor(cold)],
  not: [({ warm }) => warm.not()],
  isNodata: [({ f }) => f.isNodata(), ({ s2 }) => s2.isNodata()],
  isValid: [({ f }) => f.isValid()],

  process: [
    ({ s2 }) => s2.process('ndvi', { nir: 'B08', red: 'B04' }),
    ({ f }) => f.filterBands(['B04']).process('drop_dimension', { name: 'bands' }),
  ],
  processAsync: [({ f }) => f.isel('t', 0).processAsync('apply_neighborhood', { size: WHOLE, process: ABSOLUTES })],
  band: [({ s2 }) => s2.band('B08'), ({ s2 }) => s2.band('nir')],
  filterBands: [({ s2 }) => s2.filterBands(['B08', 'B04']), ({ s2 }) => s2.filterBands(['nir'])],
  filterTemporal: [
    ({ f }) => f.filterTemporal('2020-06-15', '2020-07-04'),
    ({ f }) => f.filterTemporal(null, '2020-07-01'),
    ({ days }) => days.filterTemporal('2020-02-30', null),
  ],
  filterBbox: [
    ({ f }) => f.filterBbox([600010, 5199970, 600040, 5199990], 'EPSG:32632'),
    ({ f }) => f.filterBbox([600010, 5199970, 600040, 5199990], crs.wkt ?? 32632),
    ({ f }) => f.filterBbox([10, 46, 11, 47]),
  ],
  astype: [({ f }) => f.astype('int16', { scale: 1e-4, nodata: -32768 }), ({ f }) => f.astype('float64')],
  isel: [({ f }) => f.isel('t', 2), ({ f }) => f.isel('y', -1)],
  sel: [({ f }) => f.sel('t', '2020-06-15'), ({ f }) => f.sel('x', 600015), ({ days }) => days.sel('t', '2020-02-30')],
  apply: [
    ({ f }) => f.apply((x) => x.multiply(2).add(1).gt(3).select(x, null)),
    ({ f }) => f.apply('absolute'),
    ({ f }) => f.apply('exp'),
    ({ f }) => f.apply({ sign: { process_id: 'sgn', arguments: unit, result: true } }),
    ({ f }) => f.apply((x) => x),
    ...[3, true, null, Number.NaN, Number.POSITIVE_INFINITY].map((constant): Make => {
      return ({ f }) => f.apply((() => constant) as unknown as (x: Expression) => Expression)
    }),
  ],
  in: [({ f }) => f.round().in([3, 4]), ({ f }) => f.in([Number.NaN])],
  mask: [
    ({ s2, warm }) => s2.mask(warm),
    ({ s2, warm }) => s2.mask(warm, 0.5),
    ({ s2, warm }) => s2.mask(warm, Number.NaN),
    ({ f, warm }) => f.mask(warm, Number.POSITIVE_INFINITY),
  ],
  maskPolygon: [({ s2 }) => s2.maskPolygon(polygon), ({ s2 }) => s2.maskPolygon(polygon, true)],
  ndvi: [({ s2 }) => s2.ndvi(), ({ s2 }) => s2.ndvi({ nir: 'B08', red: 'B04' })],
  merge: [
    ({ s2 }) => s2.filterBands(['B04']).merge(s2.filterBands(['B08'])),
    ({ s2, f }) => s2.merge(f, 'max'),
    ({ s2, f }) => s2.merge(f, 'subtract'),
    ({ red }) => red.merge(red, (x, y) => x.subtract(y)),
    ({ f }) => f.filterTemporal(null, '2020-06-10').merge(f.filterTemporal('2020-07-01', null)),
    ({ s2, red }) => s2.merge(red, (x, y) => x.divide(y)),
  ],
  reduce: [
    ({ f }) => f.reduce('t', 'median'),
    ({ f }) => f.reduce('bands', (data) => data.at(0).add(data.label('B08'))),
    ({ f }) => f.reduce('t', (data) => data.reduce('quantiles', { probabilities: [0.3] }).at(0)),
  ],
  applyDimension: [
    ({ f }) => f.applyDimension('t', 'cumsum'),
    ({ f }) => f.applyDimension('t', (data) => data.reduce('quantiles', { probabilities: [0.2, 0.9] })),
  ],
  interpolateNa: [
    ({ f }) => f.interpolateNa('t', { method: 'nearest', limit: 1, maxGap: 20 }),
    ({ f }) => f.interpolateNa('t', { maxGap: Number.POSITIVE_INFINITY }),
    ({ f }) => f.interpolateNa('x', { useCoordinate: false, maxGap: 3 }),
  ],
  aggregateTemporalPeriod: [
    ...(
      ['hour', 'day', 'week', 'dekad', 'month', 'season', 'tropical-season', 'year', 'decade', 'decade-ad'] as const
    ).map(
      (period): Make =>
        ({ f }) =>
          f.aggregateTemporalPeriod(period, 'mean'),
    ),
    ({ days }) => days.aggregateTemporalPeriod('month', 'max'),
  ],
  aggregateTemporal: [
    ({ f }) => f.aggregateTemporal({ days: 16, from: '2020-01-01' }, 'max'),
    ({ f }) =>
      f.aggregateTemporal(
        [
          ['2020-06-01', '2020-07-01'],
          ['2020-07-01', null],
        ],
        'mean',
      ),
    ({ f }) =>
      f.aggregateTemporal(
        [
          [null, '2020-07-01'],
          ['2020-07-01', '2021-01-01'],
        ],
        'max',
        ['early', 'late'],
      ),
  ],
  rolling: [
    ({ f }) => f.rolling(3, 'mean', { center: true, minPeriods: 1 }),
    ({ f }) => f.rolling({ days: 20.5 }, (data) => data.reduce('sum'), { dimension: 't' }),
    ({ days }) => days.rolling({ days: 3 }, 'sum'),
    ({ f }) => f.aggregateTemporalPeriod('month', 'mean').rolling(2, 'mean'),
  ],
  shift: [
    ({ f }) => f.shift(),
    ({ f }) => f.shift(-2, 't'),
    ({ f }) => f.aggregateTemporalPeriod('month', 'mean').shift(),
  ],
  difference: [({ f }) => f.difference(), ({ days }) => days.difference(-1)],
  resample: [
    ({ f }) => f.resample({ resolution: 20, method: 'average' }),
    ({ f }) => f.resample({ crs: 'EPSG:4326' }),
    ({ f }) => f.resample({ crs: '+proj=laea +lat_0=47 +lon_0=10 +datum=WGS84', resolution: 10, method: 'bilinear' }),
  ],
  resampleLike: [({ f, coarse }) => f.resampleLike(coarse), ({ f, coarse }) => coarse.resampleLike(f, 'cubic')],
  applyKernel: [
    ({ f }) =>
      f.applyKernel(
        [0, 1, 0].map((one) => [one, 1, one]),
        0.2,
      ),
  ],
  aggregateSpatial: [({ f }) => f.aggregateSpatial(polygon, (data) => data.reduce('max'))],

  // Getters and methods that give no cube.
  ...Object.fromEntries(
    ['dims', 'shape', 'grid', 'bands', 'labels', 'zonal', 'compute', 'save'].map((name) => [name, none]),
  ),
  ...Object.fromEntries(['plot', 'explain', 'toProcessGraph', 'toString'].map((name) => [name, none])),
}

const WHOLE = ['x', 'y'].map((dimension) => ({ dimension, value: 2, unit: 'px' }))
const ABSOLUTES = {
  process_graph: {
    all: {
      process_id: 'apply',
      arguments: {
        data: { from_parameter: 'data' },
        process: { process_graph: { one: { process_id: 'absolute', arguments: unit, result: true } } },
      },
      result: true,
    },
  },
}

let folder: string
const opened: AsyncDisposable[] = []
let cubes: Cubes

async function stored(name: string, schema: CubeSchema, data: TypedArray): Promise<Cube> {
  const path = join(folder, name)
  await new Cube(memorySource(data, schema, 'made up')).save(path)
  const collection = await open(name, { folder })
  opened.push(collection)
  return collection.stack()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecotope-cube-'))
  const [fine, packedFine, coarse, days] = [
    schemaOf(10, float),
    schemaOf(10, packed),
    schemaOf(20, float),
    schemaOf(10, float, '360_day'),
  ]
  const f = await stored('f.zarr', fine, floats(fine))
  const s2 = await stored('s2.zarr', packedFine, counts(packedFine))
  const [red, nir] = [f.band('B04'), f.band('B08')]
  cubes = {
    f,
    s2,
    coarse: await stored('coarse.zarr', coarse, floats(coarse)),
    days: await stored('days.nc', days, floats(days)),
    red,
    nir,
    warm: red.gt(0),
    cold: nir.lt(1),
  }
})

afterAll(async () => {
  for (const collection of opened) await collection[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** The cube of the graph, as JSON, that a cube gives. */
async function again(cube: Cube): Promise<{ cube: Cube; close(): Promise<void> }> {
  const program = parseProgram({ process_graph: JSON.parse(JSON.stringify(cube.toProcessGraph())) as object })
  expect(validateProgram(program)).toEqual([])
  const { value, close } = await evaluateProgram(program)
  return { cube: new Cube((value as CubeValue).node), close }
}

async function expectSame(cube: Cube): Promise<void> {
  const direct = await cube.compute()
  const copy = await again(cube)
  expect(copy.cube.node.schema).toEqual(cube.node.schema)
  const { data } = await copy.cube.compute()
  expect(data).toEqual(direct.data)
  await copy.close()
}

describe('the graph of a cube', () => {
  it('is tried for every public member', () => {
    const members = [Cube.prototype, Reductions.prototype, Operand.prototype].flatMap((prototype) =>
      Object.getOwnPropertyNames(prototype),
    )
    const expected = new Set(members.filter((name) => !['constructor', 'elementwise', 'numbered'].includes(name)))
    expect(new Set(Object.keys(rows))).toEqual(expected)
  })

  it.each(Object.entries(rows).filter(([, makes]) => makes.length > 0))(
    'of %s gives the same cube',
    async (_, makes) => {
      for (const make of makes) await expectSame(await make(cubes))
    },
  )

  it('holds what was said when the cube was made', async () => {
    const names = ['B04']
    const intervals: [string, string][] = [['2020-06-01', '2020-07-01']]
    const cube = cubes.f.filterBands(names).aggregateTemporal(intervals, 'mean')
    names[0] = 'B08'
    intervals[0]![1] = '2021-01-01'
    await expectSame(cube)
  })

  it('computes limits without end in a kernel, as any other', () => {
    expect(cubes.f.clip(Number.NEGATIVE_INFINITY, 3).node.kind).toBe('cells')
  })

  it.each<[string, (cubes: Cubes) => unknown, string]>([
    ['NaN for a number', ({ f }) => f.resample({ resolution: Number.NaN }), 'NotJson'],
    ['a function', ({ f }) => f.process('apply', { process: (x: Expression) => x }), 'NotJson'],
    ['a regular expression', ({ f }) => f.process('filter_labels', { condition: /a/ }), 'NotJson'],
    ['a cube in a callback', ({ red, nir }) => red.apply((x) => x.add(nir as unknown as Expression)), 'CubeInCallback'],
    ['a band that is not there', ({ f }) => f.band('B99'), 'NoBand'],
  ])('%s is refused at once', (_, make, tag) => {
    expect(() => make(cubes)).toThrow(expect.objectContaining({ tag }))
  })

  it('has what a collection is opened and stacked with', async () => {
    for (const [date, value] of [
      ['20200601', 1],
      ['20200701', Number.NaN],
    ] as const) {
      const schema = schemaOf(10, float)
      const plane: CubeSchema = { ...schema, dims: schema.dims.slice(2) }
      await new Cube(memorySource(new Float32Array(WIDTH * HEIGHT).fill(value), plane, 'made up')).save(
        join(folder, `lai_${date}.tif`),
      )
    }
    await using layers = await open('lai_*.tif', { folder, time: fromName(/(\d{8})/), bands: fromName(/^([a-z]+)/) })
    const fine = { crs: 'EPSG:32632', resolution: 5, bounds: [600000, 5199980, 600020, 5200000] } as const
    const [lai] = layers.layers.map(({ name }) => name)
    const grid = cubes.coarse.grid!
    for (const options of [{}, { fill: -1 }, { fill: Number.NaN }, { grid: fine, resampling: 'near' }])
      await expectSame(layers.stack(options))
    await expectSame(layers.stack({ grid, resampling: { [lai!]: 'average' }, time: lai!, mosaic: 'mean' }))
  })
})
