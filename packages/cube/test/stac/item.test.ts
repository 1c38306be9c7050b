/** Items beside outputs: valid by STAC's schemas, true to the cube, and openable again. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCollection } from '../../src/collection/open.ts'
import { stackLayers } from '../../src/collection/stack.ts'
import { type Grid, parseCrs } from '../../src/index.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { footprintOf } from '../../src/stac/footprint.ts'
import { itemPath, type SavedCube, stacItemOf, writeStacItem } from '../../src/stac/item.ts'
import { gridAt, writeRaster } from '../collection/scene.ts'
import { dataFolder, hasData } from '../data.ts'
import { temporaryFolder } from '../temporary.ts'
import { problemsOf } from './schema.ts'

const ITEM = 'item-spec/json-schema/item.json'

function schemaOf(grid: Grid | undefined, times: readonly string[]): CubeSchema {
  const bands = [
    { name: 'ndvi', unit: '1' },
    { name: 'B8', role: 'nir', description: 'near infrared', wavelengthMicrometres: 0.842 },
  ]
  return {
    dims: [
      ...(times.length === 0 ? [] : [{ type: 'temporal', name: 't', labels: times, calendar: 'standard' } as const]),
      { type: 'bands', name: 'bands', labels: bands.map(({ name }) => name), bands },
      { type: 'spatial', name: 'y', axis: 'y', labels: Array.from({ length: grid?.height ?? 1 }, (_, i) => i) },
      { type: 'spatial', name: 'x', axis: 'x', labels: Array.from({ length: grid?.width ?? 1 }, (_, i) => i) },
    ],
    ...(grid === undefined ? {} : { grid }),
    packing: { dtype: 'int16', nodata: -32768, scale: 0.0001, offset: 0 },
  }
}

const saved = (schema: CubeSchema, path = '/out/ndvi.tif'): SavedCube => ({
  path,
  format: 'GTiff',
  schema,
  graph: { load: { process_id: 'load_stac', arguments: { url: 'x' }, result: true } },
  inputs: ['/data/s2/a b.tif', 'https://example.org/c.tif'],
  created: new Date('2024-05-06T07:08:09Z'),
  software: { Ecotope: '0.1.0' },
})

describe('stacItemOf', () => {
  const grid = gridAt(10, 40, 30)

  it('says where, when, of what and by which program', () => {
    const item = stacItemOf(saved(schemaOf(grid, ['2020-06-01T00:00:00Z', '2020-07-01'])))!
    expect(item).toMatchObject({
      id: 'ndvi.tif',
      properties: {
        datetime: null,
        start_datetime: '2020-06-01T00:00:00Z',
        end_datetime: '2020-07-01T00:00:00Z',
        'proj:code': 'EPSG:32632',
        'proj:shape': [30, 40],
        'proj:transform': [10, 0, 600000, 0, -10, 5200000],
        'processing:expression': { format: 'openeo', expression: { process_graph: { load: {} } } },
      },
      links: [
        { rel: 'derived_from', href: '../data/s2/a%20b.tif' },
        { rel: 'derived_from', href: 'https://example.org/c.tif' },
      ],
      assets: {
        data: {
          href: './ndvi.tif',
          data_type: 'int16',
          nodata: -32768,
          'raster:scale': 0.0001,
          bands: [
            { name: 'ndvi', unit: '1' },
            { name: 'B8', 'eo:common_name': 'nir', 'eo:center_wavelength': 0.842 },
          ],
        },
      },
    })
  })

  it.each([
    ['several dates', ['2020-06-01T00:00:00Z', '2020-07-01T00:00:00Z']],
    ['one date', ['2020-06-01T00:00:00Z']],
    ['no date', []],
    ['labels that are no instants', ['2020-06', 'summer']],
  ])('is valid with %s', (_, times) => {
    if (!hasData('stac_examples')) return
    expect(problemsOf(JSON.parse(JSON.stringify(stacItemOf(saved(schemaOf(grid, times))))), ITEM)).toEqual([])
  })

  it('names an extension only where its fields are, as its schema asks', () => {
    const schema = schemaOf(grid, [])
    const plain = { ...schema, dims: schema.dims.filter(({ type }) => type !== 'bands') }
    for (const one of [schema, plain]) {
      const item = stacItemOf(saved(one))!
      const named = (item.stac_extensions as string[]).map((address) => /io\/(\w+)\//.exec(address)![1])
      const { stac_extensions: _, ...fields } = item
      for (const [name, prefix] of Object.entries({ eo: 'eo:', raster: 'raster:', projection: 'proj:' })) {
        expect(named.includes(name), name).toBe(JSON.stringify(fields).includes(`"${prefix}`))
      }
    }
  })

  it('gives dates that every calendar has: 30 February is the last day of the month', () => {
    const schema = schemaOf(grid, ['1900-02-29T06:00:00Z', '2000-02-30T00:00:00Z'])
    const dims = schema.dims.map((dim) => (dim.type === 'temporal' ? { ...dim, calendar: '360_day' as const } : dim))
    const [start, end] = ['1900-02-28T06:00:00Z', '2000-02-29T00:00:00Z']
    expect(stacItemOf(saved({ ...schema, dims }))!.properties).toMatchObject({
      datetime: null,
      start_datetime: start,
      end_datetime: end,
      'cube:dimensions': { t: { extent: [start, end], values: ['1900-02-29T06:00:00Z', '2000-02-30T00:00:00Z'] } },
    })
  })

  it('lies in the years of its periods', () => {
    expect(stacItemOf(saved(schemaOf(grid, ['2021-djf', '2019-jja'])))!.properties).toMatchObject({
      datetime: null,
      start_datetime: '2019-01-01T00:00:00Z',
      end_datetime: '2021-12-31T23:59:59Z',
    })
    expect(stacItemOf(saved(schemaOf(grid, ['2021'])))!.properties).toMatchObject({
      start_datetime: '2021-01-01T00:00:00Z',
      end_datetime: '2021-12-31T23:59:59Z',
    })
  })

  it('lies in its periods from the start of the first to the end of the last, where they are known', () => {
    const schema = schemaOf(grid, ['2020-01', '2020-02', '2020-03'])
    const dims = schema.dims.map((dim) => (dim.type === 'temporal' ? { ...dim, period: 'week' } : dim))
    const item = stacItemOf(saved({ ...schema, dims }))!
    expect(item.properties).toMatchObject({
      start_datetime: '2019-12-30T00:00:00Z',
      end_datetime: '2020-01-19T23:59:59Z',
      'cube:dimensions': { t: { extent: ['2019-12-30T00:00:00Z', '2020-01-19T23:59:59Z'] } },
    })
  })

  it('is not made of what lies nowhere', () => {
    expect(stacItemOf(saved(schemaOf(undefined, [])))).toBeUndefined()
  })
})

describe('the validator', () => {
  it('passes the examples of the specification and sees what is wrong', async () => {
    if (!hasData('stac_examples')) return
    for (const name of ['simple-item', 'core-item', 'extended-item', 'collectionless-item']) {
      const text = await readFile(join(dataFolder, 'stac_examples/examples', `${name}.json`), 'utf8')
      const item = JSON.parse(text.replaceAll('1.1.0-beta.1', '1.1.0')) as Record<string, unknown>
      expect(problemsOf(item, ITEM), name).toEqual([])
      expect(problemsOf({ ...item, id: undefined }, ITEM)).not.toEqual([])
      expect(problemsOf({ ...item, properties: { datetime: 'yesterday' } }, ITEM)).not.toEqual([])
      expect(problemsOf({ ...item, assets: { data: {} } }, ITEM)).not.toEqual([])
    }
  })
})

describe('footprints', () => {
  const geographic = (west: number, east: number): Grid => ({
    crs: parseCrs('EPSG:4326'),
    affine: [1, 0, west, 0, -1, 10],
    width: east - west,
    height: 20,
  })

  it('of grids with a pole inside reach it, and go around it', () => {
    const affine = [300000, 0, -3e6, 0, -600000, 3e6] as const
    const arctic = footprintOf({ crs: parseCrs('EPSG:3413'), affine, width: 20, height: 10 })
    expect([...arctic.bbox.slice(0, 1), ...arctic.bbox.slice(2)]).toEqual([-180, 180, 90])
    expect(arctic.geometry.type).toBe('Polygon')
    expect(footprintOf({ crs: parseCrs('EPSG:3031'), affine, width: 20, height: 10 }).bbox.slice(0, 3)).toEqual([
      -180, -90, 180,
    ])
    const beside = footprintOf({
      crs: parseCrs('EPSG:3413'),
      affine: [1000, 0, 1e6, 0, -1000, 1e6],
      width: 9,
      height: 9,
    })
    expect(beside.bbox[3]).toBeLessThan(90)
  })

  it('are boxes in degrees', () => {
    const { bbox, geometry } = footprintOf(gridAt(10, 40, 30))
    // pyproj: the extremes of the four corners.
    for (const [i, value] of [10.31396482, 46.94322895, 10.31928558, 46.94598832].entries()) {
      expect(bbox[i]).toBeCloseTo(value, 6)
    }
    expect(geometry.type).toBe('Polygon')
  })

  it('are split where they cross the antimeridian', () => {
    expect(footprintOf(geographic(170, 190))).toMatchObject({
      bbox: [170, -10, -170, 10],
      geometry: { type: 'MultiPolygon' },
    })
    const fiji: Grid = {
      crs: parseCrs('EPSG:32760'),
      affine: [1000, 0, 700000, 0, -1000, 8100000],
      width: 300,
      height: 100,
    }
    const { bbox } = footprintOf(fiji)
    expect(bbox[0]).toBeGreaterThan(170)
    expect(bbox[2]).toBeLessThan(-170)
  })

  it('of the whole globe stay one box', () => {
    expect(footprintOf(geographic(-180, 180)).bbox).toEqual([-180, -10, 180, 10])
    expect(footprintOf(geographic(0, 360)).bbox).toEqual([-180, -10, 180, 10])
  })
})

describe('writeStacItem', () => {
  it('keeps one item for each output of a folder, and none of an earlier name', async () => {
    const folder = await temporaryFolder()
    const schema = schemaOf(gridAt(10, 8, 6), ['2020-06-01T00:00:00Z'])
    const earlier = join(folder, 'ndvi.stac.json')
    const hrefAt = async (path: string) => JSON.parse(await readFile(path, 'utf8')).assets.data.href
    await writeFile(earlier, JSON.stringify({ assets: { data: { href: './ndvi.zarr' } } }))
    await writeStacItem(saved(schema, join(folder, 'ndvi.tif')))
    expect((await readdir(folder)).sort()).toEqual(['ndvi.stac.json', 'ndvi.tif.stac.json'])
    await writeStacItem(saved(schema, join(folder, 'ndvi.zarr')))
    expect((await readdir(folder)).sort()).toEqual(['ndvi.tif.stac.json', 'ndvi.zarr.stac.json'])
    expect(await hrefAt(join(folder, 'ndvi.tif.stac.json'))).toBe('./ndvi.tif')
    expect(await hrefAt(join(folder, 'ndvi.zarr.stac.json'))).toBe('./ndvi.zarr')
    expect(itemPath('out/ndvi.zarr/')).toBe('out/ndvi.zarr.stac.json')
  })

  it('writes beside the output what can be opened again', async () => {
    const folder = await temporaryFolder()
    const grid = gridAt(10, 8, 6)
    const path = await writeRaster(folder, 'out.tif', {
      grid,
      bands: ['a', 'b'],
      dtype: 'int16',
      nodata: -1,
      value: (x) => x,
    })
    const schema = {
      ...schemaOf(grid, ['2020-06-01T00:00:00Z']),
      packing: { dtype: 'int16', nodata: -1, scale: 0.5, offset: 0 } as const,
    }
    expect(await writeStacItem(saved(schema, path))).toBe(itemPath(path))
    const set = await openCollection({ paths: itemPath(path) })
    expect(set.layers.map(({ name, times, band }) => [name, times, band.role])).toEqual([
      ['ndvi', ['2020-06-01T00:00:00Z'], undefined],
      ['B8', ['2020-06-01T00:00:00Z'], 'nir'],
    ])
    expect(stackLayers(set).schema.packing).toEqual({ dtype: 'int16', nodata: -1, scale: 0.5, offset: 0 })
    await set.close()
  })
})
