/** Zonal statistics against exactextract (oracles/raster/make_zonal.py), by hand, and over tiles. */
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import golden from '../../../../oracles/raster/zonal.json' with { type: 'json' }
import { parseCrs } from '../../src/crs/crs.ts'
import type { TypedArray } from '../../src/dtype.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import type { ArraySource } from '../../src/model/array-source.ts'
import type { Packing } from '../../src/model/block.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import type { Features, Grid } from '../../src/types.ts'
import { sorted, weightedQuantile, ZoneAccumulator } from '../../src/zonal/accumulator.ts'
import { type ZonalStatistic, zonalStatistics } from '../../src/zonal/statistics.ts'
import { grid, shape } from './shapes.ts'

const FLOAT: Packing = { dtype: 'float64', scale: 1, offset: 0 }

/** A source whose chunks are small, so that zones lie in many tiles. */
function sourceOf(data: TypedArray, on: Grid, packing: Packing = FLOAT, bands = 1): ArraySource {
  const labels = Array.from({ length: bands }, (_, i) => `B${i + 1}`)
  const names = { type: 'bands', name: 'bands', labels, bands: labels.map((name) => ({ name })) } as const
  const schema: CubeSchema = { dims: [...(bands > 1 ? [names] : []), ...spatialDimensions(on)], grid: on, packing }
  return memorySource(data, schema).source
}

const features: Features = { crs: grid.crs, label: 'shapes', features: golden.map((_, i) => shape(i)) }

/** The rasters of the oracle: different values, and whole numbers below 7. */
function rasters(): { values: Float64Array<ArrayBuffer>; whole: Float64Array<ArrayBuffer> } {
  const values = new Float64Array(64 * 48)
  const whole = new Float64Array(64 * 48)
  for (let r = 0; r < 48; r++) {
    for (let c = 0; c < 64; c++) {
      const v = (7 * c * c + 3 * r * r + 5 * c * r) % 1009
      const missing = (c * r) % 11 === 3
      values[r * 64 + c] = missing ? Number.NaN : v + c / 64 + r / 4096
      whole[r * 64 + c] = missing ? Number.NaN : v % 7
    }
  }
  return { values, whole }
}

describe('zonalStatistics equals exactextract', () => {
  const { values, whole } = rasters()
  it.each([
    [['count', 'sum', 'mean', 'min', 'max', 'variance', 'median', 'q25'], values, 0],
    [['majority', 'minority', 'variety'], whole, 8],
  ] as const)('%j of 1,000 polygons', async (statistics, raster, first) => {
    const table = await zonalStatistics(sourceOf(raster, grid), features, { statistics })
    let worst = 0
    for (const [i, row] of golden.entries()) {
      for (const k of statistics.keys()) {
        const expected = row[first + k] ?? Number.NaN
        const actual = table.values[i * statistics.length + k]!
        expect(Number.isNaN(actual), `zone ${i} ${statistics[k]}`).toBe(Number.isNaN(expected))
        // Its covered parts are float32.
        if (!Number.isNaN(expected)) {
          worst = Math.max(worst, Math.abs(actual - expected) / Math.max(1, Math.abs(expected)))
        }
      }
    }
    expect(worst).toBeLessThan(3e-7)
  })
})

const square = (west: number, north: number, east: number, south: number) => ({
  geometry: {
    type: 'Polygon' as const,
    coordinates: [
      [
        [west, north],
        [east, north],
        [east, south],
        [west, south],
        [west, north],
      ],
    ],
  },
  properties: {},
})

const two: Grid = { crs: grid.crs, affine: [1, 0, 0, 0, -1, 2], width: 2, height: 2 }
const zones = (...list: ReturnType<typeof square>[]): Features => ({ crs: grid.crs, label: 'zones', features: list })
const ALL: readonly ZonalStatistic[] = ['count', 'sum', 'mean', 'min', 'max', 'variance', 'sd', 'median', 'majority']

describe('zonalStatistics', () => {
  it('weights by the covered part, or counts pixels by their centre or touch', async () => {
    const source = sourceOf(Float64Array.of(1, 1, 1, 5), two)
    const part = zones(square(0.75, 2, 2, 0.25))
    const of = async (rule: 'coverage' | 'centre' | 'touched') => [
      ...(await zonalStatistics(source, part, { statistics: ['count', 'sum'], rule })).values,
    ]
    expect(await of('coverage')).toEqual([1.25 * 1.75, 0.25 + 1 + 0.75 * 0.25 + 0.75 * 5])
    expect(await of('centre')).toEqual([2, 6])
    expect(await of('touched')).toEqual([4, 8])
  })

  it('takes the median of all pixels, also of equal ones', async () => {
    const table = await zonalStatistics(sourceOf(Float64Array.of(1, 1, 1, 5), two), zones(square(0, 2, 2, 0)), {
      statistics: ALL,
    })
    expect([...table.values]).toEqual([4, 8, 2, 1, 5, 3, Math.sqrt(3), 1, 1])
  })

  it('applies scale and offset, also a negative scale', async () => {
    const raw = Uint8Array.of(1, 2, 3, 255)
    const packed: Packing = { dtype: 'uint8', nodata: 255, scale: -2, offset: 10 }
    const one = await zonalStatistics(sourceOf(raw, two, packed), zones(square(0, 2, 2, 0)), {
      statistics: [...ALL, 'q25'],
    })
    expect([...one.values]).toEqual(
      [3, 18, 6, 4, 8, (4 * 2) / 3, Math.sqrt(8 / 3), 6, 8, 5].map((v) => expect.closeTo(v, 12)),
    )
  })

  it('has 0 pixels and no mean where a zone lies outside, or only on missing ones', async () => {
    const source = sourceOf(Float64Array.of(Number.NaN, 1, 1, 5), two)
    const table = await zonalStatistics(source, zones(square(0.1, 1.9, 0.9, 1.1), square(5, 9, 6, 8)), {
      statistics: [...ALL, 'variety'],
    })
    const none = [0, 0, ...new Array<number>(7).fill(Number.NaN), 0]
    expect([...table.values]).toEqual([...none, ...none])
  })

  it('says of equally frequent values the greatest and the least as they are physically', async () => {
    const packed: Packing = { dtype: 'uint8', nodata: 255, scale: -2, offset: 10 }
    const one = await zonalStatistics(sourceOf(Uint8Array.of(1, 2, 3, 255), two, packed), zones(square(0, 2, 2, 0)), {
      statistics: ['majority', 'minority'],
    })
    expect([...one.values]).toEqual([8, 4])
  })

  it('keeps infinite values, which are none that are missing', async () => {
    const one = await zonalStatistics(sourceOf(Float64Array.of(1, 2, Infinity, -4), two), zones(square(0, 2, 2, 0)), {
      statistics: ['min', 'max'],
    })
    expect([...one.values]).toEqual([-4, Infinity])
  })

  it('has nothing of features without geometry, and says which one is no polygon', async () => {
    const source = sourceOf(Float64Array.of(1, 1, 1, 5), two)
    const nothing = { geometry: null, properties: {} } as unknown as ReturnType<typeof square>
    const point = { geometry: { type: 'Point', coordinates: [1, 1] }, properties: {} } as unknown as typeof nothing
    const table = await zonalStatistics(source, zones(nothing, square(0, 2, 2, 0)), { statistics: ['count', 'mean'] })
    expect([...table.values]).toEqual([0, Number.NaN, 4, 2])
    await expect(zonalStatistics(source, zones(nothing, point), { statistics: ['mean'] })).rejects.toMatchObject({
      tag: 'UnsupportedGeometry',
      message: expect.stringContaining('feature 2 of zones'),
    })
  })

  it('treats every plane by itself, in parts that are read once', async () => {
    const large: Grid = { crs: grid.crs, affine: [1, 0, 0, 0, -1, 2500], width: 3000, height: 2500 }
    const size = 3000 * 2500
    const data = new Uint16Array(2 * size).fill(7)
    data.fill(9, size)
    data.fill(0, size, size + 3000 * 10)
    const read: number[] = []
    const base = sourceOf(data, large, { dtype: 'uint16', nodata: 0, scale: 1, offset: 0 }, 2)
    const source: ArraySource = {
      ...base,
      read: (region, work) => {
        read.push(region.shape.reduce((product, n) => product * n, 1))
        return base.read(region, work)
      },
    }
    const table = await zonalStatistics(source, zones(square(100.5, 2400, 2900, 100), square(0, 2500, 10, 2485)), {
      statistics: ['count', 'mean'],
    })
    expect(table.planes).toBe(2)
    expect([...table.values]).toEqual([2799.5 * 2300, 7, 2799.5 * 2300, 9, 150, 7, 50, 9])
    expect(Math.max(...read)).toBeLessThanOrEqual(8 * 2 ** 20)
    expect(read.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(2 * size)
  })

  it('refuses other systems, unknown statistics, and cubes without a grid', async () => {
    const source = sourceOf(Float64Array.of(1, 1, 1, 5), two)
    const one = zones(square(0, 2, 2, 0))
    const tag = (promise: Promise<unknown>) => promise.catch((e: InputError) => e.tag)
    expect(await tag(zonalStatistics(source, { ...one, crs: parseCrs('EPSG:4326') }, { statistics: ['mean'] }))).toBe(
      'OtherCrs',
    )
    expect(await tag(zonalStatistics(source, one, { statistics: ['q101'] }))).toBe('BadStatistic')
    const rule = 'half' as 'centre'
    expect(await tag(zonalStatistics(source, one, { statistics: ['mean'], rule }))).toBe('BadRule')
    expect(await tag(zonalStatistics(source, one, { statistics: ['mood' as ZonalStatistic] }))).toBe('BadStatistic')
    const { grid: _, ...bare } = source.schema
    expect(await tag(zonalStatistics({ ...source, schema: bare }, one, { statistics: ['mean'] }))).toBe('NoGrid')
    await expect(zonalStatistics(source, one, { statistics: ['mean'], signal: AbortSignal.abort() })).rejects.toThrow(
      'cancelled',
    )
    expect(InputError).toBeDefined()
  })
})

describe('weightedQuantile', () => {
  it('is the usual quantile with equal weights, and moves towards heavy values', () => {
    const values = Float64Array.of(1, 3, 5, 7)
    const equal = new Float64Array(4).fill(0.5)
    expect([0, 0.25, 0.5, 1].map((p) => weightedQuantile(values, equal, p))).toEqual([1, 2.5, 4, 7])
    expect(weightedQuantile(values, Float64Array.of(0.5, 0.5, 0.5, 0.75), 0.5)).toBeGreaterThan(4)
    expect(weightedQuantile(new Float64Array(0), new Float64Array(0), 0.5)).toBeNaN()
    expect(weightedQuantile(Float64Array.of(4), Float64Array.of(0.1), 0.9)).toBe(4)
  })
})

it('orders values of a zone the same whichever came first', () => {
  const zone = new ZoneAccumulator({ moments: false, squares: false, extremes: false, values: true })
  zone.values = Float64Array.of(3, 1, Infinity, 3, 2, 3, -4)
  zone.weights = Float64Array.of(1, 0.5, 0.75, 0.25, 1, 0.125, 1)
  zone.held = 7
  const { values, weights } = sorted(zone)
  expect([...values]).toEqual([-4, 1, 2, 3, 3, 3, Infinity])
  expect([...weights]).toEqual([1, 0.5, 1, 0.125, 0.25, 1, 0.75])
})
