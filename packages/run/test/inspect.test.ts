/** Inspection: statistics against plain formulas, shares of overlap, and every problem it has to find. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, random } from '@ecotope/core'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type InspectedPolygons, type InspectedRaster, inspect } from '../src/index.ts'
import { bandAccumulator } from '../src/statistics.ts'
import { temporary } from './fakes.ts'
import { type PlainTiff, writePlainTiff } from './tiff.ts'

let folder: string
beforeEach(async () => {
  folder = await temporary()
})

const ramp = Array.from({ length: 400 }, (_, i) => i / 2 + 0.25)

async function tiff(name: string, changes: Partial<PlainTiff> = {}): Promise<string> {
  const path = join(folder, name)
  await writePlainTiff(path, { width: 20, height: 20, bands: [ramp], ...changes })
  return path
}

const square = (west: number, south: number, side: number) => [
  [
    [west, south],
    [west + side, south],
    [west + side, south + side],
    [west, south + side],
    [west, south],
  ],
]

async function polygons(name: string, list: readonly (readonly [object, number[][][]])[]): Promise<string> {
  const path = join(folder, name)
  const features = list.map(([properties, coordinates]) => ({
    type: 'Feature',
    properties,
    geometry: { type: 'Polygon', coordinates },
  }))
  const crs = { type: 'name', properties: { name: 'urn:ogc:def:crs:EPSG::32632' } }
  await writeFile(path, JSON.stringify({ type: 'FeatureCollection', crs, features }))
  return path
}

const tagsOf = async (...paths: string[]) =>
  (await inspect(paths)).problems.map(({ severity, tag }) => `${severity} ${tag}`)

describe('statistics', () => {
  it('equal plain formulas, however the values are cut into parts', () => {
    const value = fc.oneof(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), fc.constantFrom(Number.NaN, Infinity, 0))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.nat(60), (values, cut) => {
        const accumulator = bandAccumulator()
        accumulator.push(Float32Array.from(values.slice(0, cut)))
        accumulator.push(Float32Array.from(values.slice(cut)))
        const found = accumulator.result()
        const finite = [...Float32Array.from(values)].filter(Number.isFinite)
        expect(found.valid).toBe(finite.length)
        expect(found.missing).toBe(values.filter(Number.isNaN).length)
        expect(found.infinite).toBe(values.filter((v) => v === Infinity).length)
        expect(found.zeros).toBe(finite.filter((v) => v === 0).length)
        if (finite.length === 0) {
          expect(found.mean).toBeNaN()
          return
        }
        const mean = finite.reduce((a, b) => a + b, 0) / finite.length
        const std = Math.sqrt(finite.reduce((a, b) => a + (b - mean) ** 2, 0) / finite.length)
        expect(found.mean).toBeCloseTo(mean, 6)
        expect(Math.abs(found.std - std)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(mean) + std))
        expect([found.min, found.max]).toEqual([Math.min(...finite), Math.max(...finite)])
      }),
    )
  })

  it('keep their digits far from zero', () => {
    const accumulator = bandAccumulator()
    for (let i = 0; i < 10; i++) accumulator.push(Float32Array.from([1e6, 1e6 + 1, 1e6 + 2]))
    expect(accumulator.result().std).toBeCloseTo(Math.sqrt(2 / 3), 9)
  })

  it('give exact percentiles for small bands and close ones for large', () => {
    const small = bandAccumulator()
    small.push(Float32Array.from({ length: 101 }, (_, i) => 100 - i))
    expect(small.result().percentiles).toEqual([2, 25, 50, 75, 98])
    const large = bandAccumulator()
    const source = random(1)
    for (let i = 0; i < 10; i++) large.push(Float32Array.from({ length: 2 ** 17 }, () => source.uniform()))
    for (const [i, expected] of [0.02, 0.25, 0.5, 0.75, 0.98].entries())
      expect(Math.abs(large.result().percentiles[i]! - expected)).toBeLessThan(0.005)
  })
})

describe('inspect', () => {
  it('describes a raster', async () => {
    const path = await tiff('a.tif', { bands: [ramp, ramp.map((v) => -v)] })
    const [raster] = (await inspect([path])).inputs as [InspectedRaster]
    expect(raster).toMatchObject({
      kind: 'raster',
      width: 20,
      height: 20,
      resolution: [10, 10],
      unit: 'metre',
      dtype: 'float32',
      compression: 'none',
      bounds: [600000, 5199800, 600200, 5200000],
    })
    expect(raster.crs).toContain('EPSG:32632')
    expect(raster.boundsDegrees![0]).toBeCloseTo(10.3129, 2)
    expect(raster.bands.map(({ min, max, mean }) => [min, max, mean])).toEqual([
      [0.25, 199.75, 100],
      [-199.75, -0.25, -100],
    ])
  })

  it('describes polygons, with areas by class', async () => {
    const path = await polygons('p.geojson', [
      [{ class: 'scar', id: 1 }, square(600000, 5199900, 100)],
      [{ class: 'scar', id: 2 }, square(600100, 5199900, 50)],
      [{ class: 'field' }, square(600000, 5199800, 50)],
    ])
    const [found] = (await inspect([path])).inputs as [InspectedPolygons]
    expect(found).toMatchObject({ kind: 'polygons', count: 3, bounds: [600000, 5199800, 600150, 5200000] })
    expect(found.hectares).toBeCloseTo(1.5, 9)
    expect(found.properties[0]).toMatchObject({
      name: 'class',
      types: ['string'],
      values: [
        { value: 'scar', count: 2 },
        { value: 'field', count: 1 },
      ],
    })
    expect(found.properties[0]!.values![0]!.hectares).toBeCloseTo(1.25, 9)
    expect(found.properties[1]!.types).toEqual(['missing', 'number'])
  })

  it('measures how inputs overlap', async () => {
    const a = await tiff('a.tif')
    const b = await tiff('b.tif', { at: [600100, 5200000, 10] })
    const p = await polygons('p.geojson', [[{}, square(600100, 5199900, 200)]])
    const { overlaps } = await inspect([a, b, p])
    expect(overlaps.map((one) => [one.shareOfFirst, one.shareOfSecond])).toEqual([
      [expect.closeTo(0.5, 2), expect.closeTo(0.5, 2)],
      [expect.closeTo(0.25, 1), expect.closeTo(0.25, 1)],
      [expect.closeTo(0.5, 1), expect.closeTo(0.5, 1)],
    ])
  })

  it('compares rasters in different CRSs', async () => {
    const a = await tiff('a.tif')
    // The same place in the neighbouring zone, a little larger.
    const b = await tiff('b.tif', { epsg: 32633, at: [143000, 5212000, 1000] })
    const { overlaps, problems } = await inspect([a, b])
    expect(overlaps[0]!.shareOfFirst).toBe(1)
    expect(overlaps[0]!.shareOfSecond).toBeLessThan(0.01)
    expect(problems).toContainEqual(expect.objectContaining({ severity: 'note', tag: 'DifferentCrs' }))
  })

  it.each<[string, Partial<PlainTiff>]>([
    ['error NoCrs', { epsg: null }],
    ['error AllNodata', { bands: [ramp.map(() => -1)], nodata: '-1' }],
    ['warning Infinite', { bands: [[Infinity, ...ramp.slice(1)]] }],
    ['warning NotANumber', { bands: [[Number.NaN, ...ramp.slice(1)]] }],
    ['warning Constant', { bands: [ramp.map(() => 7)] }],
    ['warning MostlyNodata', { bands: [ramp.map((v, i) => (i < 3 ? v : -1))], nodata: '-1' }],
    ['warning SuspiciousNodata', { bands: [ramp.map((v, i) => (i < 100 ? 0 : v))] }],
    ['warning SuspiciousNodata', { bands: [[-9999, ...ramp.slice(1)]] }],
  ])('finds: %s', async (problem, changes) => {
    expect(await tagsOf(await tiff('a.tif', changes))).toEqual([problem])
  })

  it('finds nothing wrong where nodata is declared', async () => {
    const bands = [ramp.map((v, i) => (i < 100 ? 0 : v))]
    expect(await tagsOf(await tiff('a.tif', { bands, nodata: '0' }))).toEqual([])
  })

  it('takes a CRS for rasters that name none', async () => {
    const path = await tiff('a.tif', { epsg: null })
    const { inputs, problems } = await inspect([path], { crs: 'EPSG:32633' })
    expect(problems).toEqual([])
    expect((inputs[0] as InspectedRaster).crs).toContain('EPSG:32633')
  })

  it('finds rasters and polygons that do not meet', async () => {
    const a = await tiff('a.tif')
    const b = await tiff('b.tif', { at: [700000, 5200000, 10] })
    const far = await polygons('far.geojson', [[{}, square(800000, 5199900, 100)]])
    const some = await polygons('some.geojson', [
      [{}, square(800000, 5199900, 100)],
      [{}, square(600000, 5199900, 100)],
    ])
    expect(await tagsOf(a, b)).toEqual(['error NoOverlap'])
    expect(await tagsOf(a, far)).toEqual(['error PolygonsOutside'])
    expect(await tagsOf(a, some)).toEqual(['warning PolygonsOutside'])
  })

  it('says that a polygon was repaired', async () => {
    const bow = [
      [
        [600000, 5199900],
        [600100, 5200000],
        [600100, 5199900],
        [600000, 5200000],
        [600000, 5199900],
      ],
    ]
    expect(await tagsOf(await polygons('p.geojson', [[{}, bow]]))).toEqual(['warning RepairedPolygon'])
  })

  it('refuses what it cannot read', async () => {
    await expect(inspect([join(folder, 'none.tif')])).rejects.toMatchObject({ tag: 'MissingFile' })
    await expect(inspect([folder])).rejects.toMatchObject({ tag: 'NotAFile' })
    const text = join(folder, 'text.tif')
    await writeFile(text, 'this is no TIFF')
    await expect(inspect([text])).rejects.toBeInstanceOf(InputError)
  })

  it('describes the others where one of several cannot be read, and takes patterns', async () => {
    await tiff('b.tif')
    await writeFile(join(folder, 'c.tif'), 'this is no TIFF')
    const { inputs, problems } = await inspect([join(folder, '*.tif')])
    expect(inputs).toMatchObject([{ path: join(folder, 'b.tif') }])
    expect(problems).toMatchObject([{ severity: 'error', path: join(folder, 'c.tif') }])
    await expect(inspect([join(folder, '*.tiff')])).rejects.toMatchObject({ tag: 'NoFiles' })
    await expect(inspect([join(folder, 'b.tif'), join(folder, 'none.tif')])).rejects.toMatchObject({
      tag: 'MissingFile',
    })
  })

  it('reads no pixels when told so', async () => {
    const [raster] = (await inspect([await tiff('a.tif')], { statistics: false })).inputs as [InspectedRaster]
    expect(raster.bands[0]!.count).toBe(0)
  })

  it('stops when asked to', async () => {
    const signal = AbortSignal.abort()
    await expect(inspect([await tiff('a.tif')], { signal })).rejects.toMatchObject({ tag: 'Cancelled' })
  })
})
