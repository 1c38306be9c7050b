/** STAC as a collection: static catalogues on disk, folders of items, APIs with pages, metadata of assets. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCollection } from '../../src/collection/open.ts'
import { stackLayers } from '../../src/collection/stack.ts'
import type { LayerSet } from '../../src/collection/types.ts'
import { computeCube } from '../../src/plan/compute.ts'
import { footprintOf } from '../../src/stac/footprint.ts'
import type { StacFilter } from '../../src/stac/types.ts'
import { boxesMeet, itemsOf } from '../../src/stac/walk.ts'
import { gridAt, writeRaster } from '../collection/scene.ts'
import { dataFolder, hasData } from '../data.ts'
import { temporaryFolder } from '../temporary.ts'
import { type Api, startApi } from './server.ts'

let folder: string
const open: LayerSet[] = []
let api: Api | undefined
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const set of open.splice(0)) await set.close()
  await api?.close()
  api = undefined
})

async function collection(path: string, stac?: StacFilter): Promise<LayerSet> {
  const set = await openCollection({ paths: path, ...(stac === undefined ? {} : { stac }) })
  open.push(set)
  return set
}

const DAYS = ['2020-06-01', '2020-06-11', '2020-07-01', '2020-07-11', '2020-08-01']
/** Every second item lies 1 degree further east. */
const gridOf = (i: number) => gridAt(10, 8, 6, 600000 + (i % 2) * 80_000)

function itemOf(i: number, href: (band: string) => string) {
  const { bbox, geometry } = footprintOf(gridOf(i))
  return {
    type: 'Feature',
    stac_version: '1.1.0',
    id: `scene-${i}`,
    bbox: [...bbox],
    geometry,
    properties: { datetime: `${DAYS[i]}T10:00:00.000Z`, 'eo:cloud_cover': 20 * i, 'proj:code': 'EPSG:32632' },
    links: [],
    assets: {
      red: {
        href: href('red'),
        type: 'image/tiff; application=geotiff; profile=cloud-optimized',
        roles: ['data', 'reflectance'],
        bands: [{ name: 'B04', 'eo:common_name': 'red', 'raster:scale': 0.0001, 'raster:offset': -0.1 }],
      },
      rededge: {
        href: href('red'),
        type: 'image/tiff; application=geotiff',
        'eo:bands': [{ name: 'B05', common_name: 'rededge', center_wavelength: 0.704 }],
        'raster:bands': [{ nodata: 0, scale: 0.0001 }],
      },
      preview: { href: href('preview'), type: 'image/png', roles: ['thumbnail'] },
    },
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, JSON.stringify(value))
}

/** catalog.json -> s2/collection.json -> items/scene-0.json, ... -> data/0-red.tif */
async function staticCatalogue(): Promise<string> {
  for (let i = 0; i < DAYS.length; i++) {
    await writeRaster(folder, `data/${i}-red.tif`, {
      grid: gridOf(i),
      nodata: 0,
      value: (x, y) => 1000 * (i + 1) + x + y,
    })
    await writeJson(
      join(folder, `s2/items/scene-${i}.json`),
      itemOf(i, (band) => `../../data/${i}-${band}.tif`),
    )
  }
  await writeJson(join(folder, 's2/collection.json'), {
    type: 'Collection',
    stac_version: '1.1.0',
    id: 's2',
    description: 's2',
    license: 'CC0-1.0',
    extent: { spatial: { bbox: [[9, 45, 13, 48]] }, temporal: { interval: [['2020-06-01T00:00:00Z', null]] } },
    links: [
      { rel: 'root', href: '../catalog.json' },
      { rel: 'parent', href: '../catalog.json' },
      ...DAYS.map((_, i) => ({ rel: 'item', href: `./items/scene-${i}.json` })),
    ],
  })
  await writeJson(join(folder, 'catalog.json'), {
    type: 'Catalog',
    stac_version: '1.1.0',
    id: 'root',
    description: 'root',
    links: [
      { rel: 'self', href: 'https://example.org/catalog.json' },
      { rel: 'child', href: './s2/collection.json' },
      { rel: 'child', href: './catalog.json' },
    ],
  })
  return folder
}

const ids = async (path: string, filter: StacFilter): Promise<string[]> => {
  const found: string[] = []
  for await (const { item } of itemsOf(path, filter)) found.push(item.id)
  return found
}

describe('an asset of several bands', () => {
  it('has each band packed as the metadata say of it', async () => {
    await writeRaster(folder, 'two.tif', { grid: gridOf(0), bands: ['x', 'y'], value: (x, _, band) => 10 * x + band })
    const bands = [
      { name: 'p', 'raster:scale': 0.5 },
      { name: 'q', 'raster:scale': 0.25, 'raster:offset': 1, nodata: 11 },
    ]
    const asset = { href: './two.tif', type: 'image/tiff', bands }
    await writeJson(join(folder, 'two.json'), { ...itemOf(0, String), assets: { two: asset } })
    const set = await collection(join(folder, 'two.json'))
    const { data } = await computeCube(stackLayers(set), {
      region: { start: [0, 0, 0, 0], shape: [1, 2, 1, 3] },
    })
    expect([...data]).toEqual([0, 5, 10, 1.25, Number.NaN, 6.25])
  })
})

describe('a static catalogue', () => {
  it('opens what is sound of documents with links and assets that lead nowhere', async () => {
    await writeRaster(folder, 'data/0-red.tif', { grid: gridOf(0), value: (x, y) => x + y })
    const sound = itemOf(0, (band) => `./data/0-${band}.tif`)
    const odd = { empty: null, nameless: { type: 'image/tiff' }, red: sound.assets.red }
    const { properties: _, ...bare } = { ...sound, id: 'bare', assets: odd }
    await writeJson(join(folder, 'bare.json'), bare)
    await writeJson(join(folder, 'catalog.json'), {
      type: 'Catalog',
      stac_version: '1.1.0',
      id: 'odd',
      description: 'odd',
      links: [null, 5, { rel: 'item' }, { rel: 'item', href: null }, { rel: 'item', href: './bare.json' }],
    })
    const set = await collection(folder)
    expect(set.layers.map(({ name, times }) => [name, times.length])).toEqual([['B04', 0]])
  })

  it('opens by its folder, with bands, dates and packing of the metadata', async () => {
    const set = await collection(await staticCatalogue())
    expect(set.layers.map(({ name, band, times }) => [name, band.role, times.length])).toEqual([
      ['B04', 'red', 5],
      ['B05', 'redEdge', 5],
    ])
    expect(set.layers[1]!.band.wavelengthMicrometres).toBe(0.704)
    expect(set.layers[0]!.times[0]).toBe('2020-06-01T10:00:00Z')
    expect(set.layers[0]!.pieces[0]!.packing).toEqual({ dtype: 'uint16', nodata: 0, scale: 0.0001, offset: -0.1 })
    expect(set.layers[1]!.pieces[0]!.packing).toEqual({ dtype: 'uint16', nodata: 0, scale: 0.0001, offset: 0 })
    const node = stackLayers(set, { bands: ['B04'], time: 'intersection' })
    expect(node.schema.dims.map(({ labels }) => labels.length)).toEqual([5, 1, 6, 8008])
    const { data } = await computeCube(node, { region: { start: [1, 0, 0, 8000], shape: [1, 1, 1, 3] } })
    expect([...data]).toEqual([2000, 2001, 2002])
  })

  it('is filtered by time, place, number and collection', async () => {
    const path = join(await staticCatalogue(), 'catalog.json')
    expect(await ids(path, { datetime: ['2020-06-11T00:00:00Z', '2020-07-11T10:00:00Z'] })).toEqual([
      'scene-1',
      'scene-2',
    ])
    expect(await ids(path, { datetime: [null, '2020-06-02T00:00:00Z'] })).toEqual(['scene-0'])
    expect(await ids(path, { bbox: [10.2, 46, 10.4, 47] })).toEqual(['scene-0', 'scene-2', 'scene-4'])
    expect(await ids(path, { limit: 2 })).toEqual(['scene-0', 'scene-1'])
    expect(await ids(path, { collections: ['landsat'] })).toEqual([])
    expect(await ids(path, { bbox: [100, 0, 110, 10] })).toEqual([])
  })

  it('opens as an item, a folder of items, an item collection, with chosen assets and unscaled', async () => {
    await staticCatalogue()
    const item = await collection(join(folder, 's2/items/scene-1.json'), { assets: ['red'], scaled: false })
    expect(item.layers.map(({ name, pieces }) => [name, pieces.length])).toEqual([['B04', 1]])
    expect(item.layers[0]!.pieces[0]!.packing.scale).toBe(1)
    const items = await collection(join(folder, 's2/items'))
    expect(items.layers[0]!.pieces).toHaveLength(5)
    const features = [0, 1].map((i) => itemOf(i, (band) => `data/${i}-${band}.tif`))
    await writeJson(join(folder, 'search.json'), { type: 'FeatureCollection', features, links: [] })
    expect((await collection(join(folder, 'search.json'))).layers[0]!.pieces).toHaveLength(2)
  })

  it('opens the assets of a collection that has no items', async () => {
    await writeRaster(folder, 'data/red.tif', { grid: gridOf(0), dtype: 'uint16', value: () => 3 })
    const { bbox } = footprintOf(gridOf(0))
    const red = { href: '../data/red.tif', type: 'image/tiff; application=geotiff', 'raster:bands': [{ scale: 0.5 }] }
    const extent = { spatial: { bbox: [bbox] }, temporal: { interval: [['2020-01-01T00:00:00Z', null]] } }
    const store = { type: 'Collection', stac_version: '1.0.0', id: 'store', description: '', license: 'x', extent }
    const links = [{ rel: 'root', href: 'collection.json' }]
    await writeJson(join(folder, 'store/collection.json'), { ...store, links, assets: { red } })
    const set = await collection(join(folder, 'store'), { bbox: [...bbox] })
    expect(set.layers).toMatchObject([{ name: 'red', times: [] }])
    expect(set.layers[0]!.pieces[0]!.packing.scale).toBe(0.5)
    const nowhere = collection(join(folder, 'store'), { bbox: [100, 0, 110, 10] })
    await expect(nowhere).rejects.toMatchObject({ tag: 'NoDataAvailable' })
    // Its own assets are no item beside others.
    await writeJson(
      join(folder, 'store/item.json'),
      itemOf(0, () => '../data/red.tif'),
    )
    const withItem = { ...store, links: [{ rel: 'item', href: 'item.json' }], assets: { red } }
    await writeJson(join(folder, 'store/collection.json'), withItem)
    expect((await collection(join(folder, 'store'))).layers.map(({ name }) => name)).toEqual(['B04', 'B05'])
  })

  it('says where nothing is found', async () => {
    await staticCatalogue()
    await expect(collection(folder, { bbox: [100, 0, 110, 10] })).rejects.toMatchObject({ tag: 'NoDataAvailable' })
    await expect(collection(folder, { assets: ['B99'] })).rejects.toMatchObject({
      tag: 'NoDataAvailable',
      hint: expect.stringContaining('assets are red, rededge, preview') as string,
    })
    await writeJson(join(folder, 'catalog.json'), {
      type: 'Catalog',
      stac_version: '1.1.0',
      id: 'x',
      description: '',
      links: [{ rel: 'item', href: './gone.json' }],
    })
    await expect(collection(join(folder, 'catalog.json'))).rejects.toMatchObject({ tag: 'MissingFile' })
  })
})

describe('the examples of the specification', () => {
  it('are walked from the catalogue', async () => {
    if (!hasData('stac_examples')) return
    const examples = join(dataFolder, 'stac_examples/examples')
    expect(await ids(join(examples, 'catalog.json'), {})).toEqual(['proj-example', 'CS3-20160503_132131_08'])
    expect(await ids(join(examples, 'collection.json'), {})).toEqual([
      '20201211_223832_CS2',
      '20201211_223832_CS2',
      '20201211_223832_CS2',
    ])
  })
})

describe('an API', () => {
  const start = async (method: 'GET' | 'POST', pageSize = 2): Promise<string> => {
    await staticCatalogue()
    const items = (base: string) => DAYS.map((_, i) => itemOf(i, (band) => `${base}/files/data/${i}-${band}.tif`))
    api = await startApi({ folder, items, pageSize, method })
    return api.url
  }

  it.each(['GET', 'POST'] as const)('is searched page by page (%s)', async (method) => {
    const url = await start(method)
    expect(await ids(url, {})).toEqual(['scene-0', 'scene-1', 'scene-2', 'scene-3', 'scene-4'])
    expect(await ids(url, { bbox: [10.2, 46, 10.4, 47] })).toEqual(['scene-0', 'scene-2', 'scene-4'])
    expect(api!.log.filter((line) => line.startsWith(`${method} /search`)).length).toBe(3 + 2)
    expect(await ids(url, { limit: 1 })).toEqual(['scene-0'])
  })

  it('opens as layers that are read by ranges', async () => {
    const url = await start('GET')
    const set = await collection(`${url}/collections/s2`, {
      bbox: [10.2, 46, 10.4, 47],
      datetime: ['2020-06-01T00:00:00Z', null],
    })
    expect(set.layers.map(({ name, times }) => [name, times.length])).toEqual([
      ['B04', 3],
      ['B05', 3],
    ])
    const { data } = await computeCube(stackLayers(set, { bands: ['B04'] }), {
      region: { start: [1, 0, 2, 3], shape: [1, 1, 1, 2] },
    })
    expect([...data]).toEqual([3005, 3006])
  })

  it('that fails or is not there is said to', async () => {
    const url = await start('GET')
    await expect(ids(`${url}/nothing`, {})).rejects.toMatchObject({ tag: 'MissingFile', data: { status: 404 } })
    await api!.close()
    await expect(ids(url, {})).rejects.toMatchObject({ tag: 'CannotFetch' })
  })
})

describe('boxes', () => {
  it.each([
    [[0, 0, 10, 10], [5, 5, 6, 6], true],
    [[0, 0, 10, 10], [11, 0, 12, 10], false],
    [[170, -10, -170, 10], [175, 0, 176, 1], true],
    [[170, -10, -170, 10], [-175, 0, -174, 1], true],
    [[170, -10, -170, 10], [0, 0, 1, 1], false],
    [[0, 0, -100, 10, 10, 100], [5, 5, 6, 6], true],
  ])('%j and %j meet: %s', (a, b, expected) => {
    expect(boxesMeet(a, b)).toBe(expected)
    expect(boxesMeet(b, a)).toBe(expected)
  })
})
