import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { graphOf } from '../../src/fluent/expression.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { transformFeatures } from '../../src/vector/transform.ts'

const times = ['2020-06-01T00:00:00Z', '2020-06-15T00:00:00Z', '2020-07-03T00:00:00Z']
const bands = ['B04', 'B08', 'SCL']
const schema: CubeSchema = {
  dims: [
    { type: 'temporal', name: 't', labels: times, calendar: 'standard' },
    {
      type: 'bands',
      name: 'bands',
      labels: bands,
      bands: [{ name: 'B04', role: 'red' }, { name: 'B08', role: 'nir' }, { name: 'SCL' }],
    },
    { type: 'spatial', name: 'y', axis: 'y', labels: [15, 5] },
    { type: 'spatial', name: 'x', axis: 'x', labels: [5, 15, 25] },
  ],
  grid: { crs: parseCrs('EPSG:32632'), affine: [10, 0, 0, 0, -10, 20], width: 3, height: 2 },
  packing: { dtype: 'uint16', nodata: 0, scale: 0.0001, offset: 0 },
}

/** Red 1000 + t, nir 3000 + pixel, classes 4 but cloud (9) in the first pixel of the first date. */
function raw(t: number, band: number, pixel: number): number {
  if (band === 0) return 1000 + t
  if (band === 1) return 3000 + pixel
  return t === 0 && pixel === 0 ? 9 : 4
}

const data = Uint16Array.from({ length: 54 }, (_, i) => raw(Math.floor(i / 18), Math.floor(i / 6) % 3, i % 6))
const cube = new Cube(memorySource(data, schema, 'made up'))
const ndviOf = (t: number, pixel: number): number => {
  const [red, nir] = [(1000 + t) * 0.0001, (3000 + pixel) * 0.0001]
  return (nir - red) / (nir + red)
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('Cube', () => {
  it('masks, aggregates and computes as in the example of the guide', async () => {
    const monthly = cube
      .ndvi()
      .mask(cube.band('SCL').multiply(10_000).in([3, 8, 9, 10]))
      .aggregateTemporalPeriod('month', 'mean')
    expect(monthly.labels('t')).toEqual(['2020-06', '2020-07'])
    const { data: values, shape } = await monthly.compute()
    expect(shape).toEqual([2, 2, 3])
    expect(values[0]).toBeCloseTo(ndviOf(1, 0), 6)
    for (let pixel = 1; pixel < 6; pixel++) {
      expect(values[pixel]).toBeCloseTo(mean([ndviOf(0, pixel), ndviOf(1, pixel)]), 6)
      expect(values[6 + pixel]).toBeCloseTo(ndviOf(2, pixel), 6)
    }
  })

  it('does arithmetic between cubes and with numbers', async () => {
    const [red, nir] = [cube.band('B04'), cube.band('B08')]
    const evi2 = nir
      .subtract(red)
      .multiply(2.5)
      .divide(nir.add(red.multiply(2.4)).add(1))
    const { at } = await evi2.compute()
    const [r, n] = [0.1002, 0.3004]
    expect(at(2, 1, 1)).toBeCloseTo((2.5 * (n - r)) / (n + 2.4 * r + 1), 6)
  })

  it('loses no digits to an offset', async () => {
    const packing = { dtype: 'int16', nodata: -1, scale: 1, offset: 273.15 } as const
    const kelvin = new Cube(
      memorySource(Int16Array.of(-1, 12), {
        dims: schema.dims.slice(3).map((dim) => ({ ...dim, labels: [5, 15] })) as CubeSchema['dims'],
        packing,
      }),
    )
    expect([...(await kelvin.compute()).data]).toEqual([Number.NaN, 12 + 273.15])
  })

  it('selects cells and labels', async () => {
    const first = cube.isel('t', 0).sel('bands', 'B08')
    expect(first.shape).toEqual([2, 3])
    expect((await first.compute()).at(1, 2)).toBeCloseTo(0.3005, 6)
    expect(() => cube.labels('z')).toThrow(/no dimension "z"/)
    const [time] = cube.labels('t') as string[]
    for (const written of [time!, time!.slice(0, 10), time!.replace('T00:00:00Z', 'T02:00:00+02:00')])
      expect((await cube.sel('t', written).sel('bands', 'B08').compute()).at(1, 2), written).toBeCloseTo(0.3005, 6)
  })

  it('has no graph where an array in memory went in', () => {
    expect(() => cube.ndvi().toProcessGraph()).toThrow(/no process graph/)
  })

  it('weighs pixels by the area that a polygon covers', async () => {
    // The whole first pixel and a quarter of the second of the upper row.
    const ring = [
      [0, 20],
      [12.5, 20],
      [12.5, 10],
      [0, 10],
      [0, 20],
    ]
    const feature = { geometry: { type: 'Polygon' as const, coordinates: [ring] }, properties: {} }
    const features = { crs: parseCrs('EPSG:32632'), label: 'zone', features: [feature] }
    const table = await cube
      .band('B08')
      .isel('t', 0)
      .zonal(features, { statistics: ['count', 'mean'] })
    expect(table.values[0]).toBeCloseTo(1.25, 9)
    expect(table.values[1]).toBeCloseTo((0.3 + 0.25 * 0.3001) / 1.25, 6)
    // As the documentation says, polygons in another system too.
    const elsewhere = transformFeatures(features, parseCrs('EPSG:4326'))
    const same = await cube
      .band('B08')
      .isel('t', 0)
      .zonal(elsewhere, { statistics: ['count', 'mean'] })
    for (const k of [0, 1]) expect(same.values[k]).toBeCloseTo(table.values[k]!, 5)
    const geojson = { type: 'FeatureCollection', features: [] } as unknown as typeof features
    await expect(cube.zonal(geojson, { statistics: ['mean'] })).rejects.toMatchObject({ tag: 'NotFeatures' })
  })

  it('tells its dimensions', () => {
    expect(`${cube}`).toContain('t (temporal): 2020-06-01T00:00:00Z')
    expect(`${cube}`).toContain('x (spatial): 5, 15, 25')
  })
})

describe('callbacks', () => {
  it('become process graphs in which shared values occur once', () => {
    const graph = graphOf(
      (data) => {
        const red = data!.label('B04')
        return data!.label('B08').subtract(red).divide(red)
      },
      ['data', 'context'],
    )
    expect(Object.keys(graph)).toEqual(['array_element', 'array_element2', 'subtract', 'divide'])
    expect(graph.divide).toEqual({
      process_id: 'divide',
      arguments: { x: { from_node: 'subtract' }, y: { from_node: 'array_element2' } },
      result: true,
    })
    expect(graph.array_element).toEqual({
      process_id: 'array_element',
      arguments: { data: { from_parameter: 'data' }, label: 'B08' },
    })
  })

  it('may be the name of a process or a parameter itself', () => {
    expect(graphOf('median', ['data'])).toEqual({
      median: { process_id: 'median', arguments: { data: { from_parameter: 'data' } }, result: true },
    })
    expect(graphOf((x) => x!, ['x'])).toEqual({
      constant: { process_id: 'constant', arguments: { x: { from_parameter: 'x' } }, result: true },
    })
  })
})
