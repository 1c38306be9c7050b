/** Loading processes in graphs: files, addresses, STAC, extents, collections and explicit stacks; also by threads. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { wktOf } from '../../../src/cf/wkt-write.ts'
import { sinkFor } from '../../../src/format/formats.ts'
import { geotiffSource } from '../../../src/geotiff/array-source.ts'
import { type Evaluation, evaluateGraph } from '../../../src/graph/evaluate.ts'
import { type CubeNode, shapeOf } from '../../../src/model/node.ts'
import { computeCube } from '../../../src/plan/compute.ts'
import { saveGraph } from '../../../src/plan/save.ts'
import type { ProcessGraph } from '../../../src/process/row.ts'
import { footprintOf } from '../../../src/stac/footprint.ts'
import { writeFeatures } from '../../../src/vector/write-features.ts'
import { gridAt, sentinel, writeRaster } from '../../collection/scene.ts'
import { startApi } from '../../stac/server.ts'
import { temporaryFolder } from '../../temporary.ts'
import { writeShapefile } from '../../vector/shapefile.ts'

let folder: string
const open: { close(): Promise<void> }[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

const single = (process_id: string, args: Readonly<Record<string, unknown>>, namespace?: string): ProcessGraph => ({
  node: { process_id, arguments: args, result: true, ...(namespace === undefined ? {} : { namespace }) },
})

async function evaluated(graph: ProcessGraph): Promise<Evaluation> {
  const evaluation = await evaluateGraph(graph, { folder })
  open.push(evaluation)
  return evaluation
}

async function cube(graph: ProcessGraph): Promise<CubeNode> {
  const { value } = await evaluated(graph)
  return (value as { node: CubeNode }).node
}

const time = { from: 'name', pattern: '(\\d{8})' }

describe('load_uploaded_files', () => {
  it('gives one file as it is', async () => {
    await sentinel(folder)
    const node = await cube(single('load_uploaded_files', { paths: ['S2_20200601_B04.tif'], format: 'GTiff' }))
    expect(node.schema.dims.map(({ name }) => name)).toEqual(['bands', 'y', 'x'])
    expect((await computeCube(node, { region: { start: [0, 2, 3], shape: [1, 1, 1] } })).data[0]).toBe(1005)
  })

  it('stacks several, by options on their names', async () => {
    await sentinel(folder)
    const options = { time, bands: ['B08', 'B04'] }
    const node = await cube(single('load_uploaded_files', { paths: ['*.tif'], format: null, options }))
    expect(shapeOf(node.schema)).toEqual([3, 2, 30, 40])
    const all = { paths: ['*.tif'], format: null, options: { time } }
    await expect(cube(single('load_uploaded_files', all))).rejects.toMatchObject({ tag: 'DifferentGrids' })
  })

  it.each([
    ['zones.geojson', 'GeoJSON'],
    ['zones.geojson', null],
    ['zones.gpkg', 'GPKG'],
    ['zones.fgb', null],
  ])('gives features of %s as a vector cube', async (name, format) => {
    await sentinel(folder)
    const { crs, affine } = gridAt(10, 1, 1)
    const [left, top] = [affine[2], affine[5]]
    const square = (x: number, id: number) => ({
      geometry: { type: 'Polygon' as const, coordinates: [[[x, top], [x + 50, top], [x + 50, top - 50], [x, top - 50], [x, top]]] }, // biome-ignore format: a square
      properties: { id, name: `field ${id}` },
    })
    const features = [square(left, 7), square(left + 100, 9)]
    await writeFeatures(join(folder, name), { crs, label: 'zones', features })
    const mean = single('mean', { data: { from_parameter: 'data' } })
    const node = await cube({
      zones: { process_id: 'load_uploaded_files', arguments: { paths: [name], format } },
      image: { process_id: 'load_uploaded_files', arguments: { paths: ['S2_20200601_B04.tif'], format: 'GTiff' } },
      zonal: {
        process_id: 'aggregate_spatial',
        arguments: {
          data: { from_node: 'image' },
          geometries: { from_node: 'zones' },
          reducer: { process_graph: mean },
        },
        result: true,
      },
    })
    const names = node.schema.dims.flatMap((dimension) =>
      dimension.type === 'geometry' ? dimension.features.features.map(({ properties }) => properties.name) : [],
    )
    expect(names).toEqual(['field 7', 'field 9'])
    expect((await computeCube(node)).data.every(Number.isFinite)).toBe(true)
    const ids = await cube(single('load_uploaded_files', { paths: [name], format, options: { properties: ['id'] } }))
    expect([...(await computeCube(ids)).data]).toEqual([7, 9])
  })

  it('says so where several files of features are loaded at once', async () => {
    const args = { paths: ['a.fgb', 'b.fgb'], format: null }
    for (const name of args.paths) await writeFile(join(folder, name), 'anything')
    await expect(cube(single('load_uploaded_files', args))).rejects.toMatchObject({ tag: 'SeveralFiles' })
  })

  it('refuses formats that are none', async () => {
    await sentinel(folder)
    const args = { paths: ['S2_20200601_B04.tif'], format: 'GTif' }
    await expect(cube(single('load_uploaded_files', args))).rejects.toMatchObject({ tag: 'UnknownFormat' })
  })
})

describe('open_collection and stack_layers', () => {
  const graph: ProcessGraph = {
    open: { process_id: 'open_collection', namespace: 'ecotope', arguments: { paths: '*.tif', time } },
    stack: {
      process_id: 'stack_layers',
      namespace: 'ecotope',
      arguments: {
        data: { from_node: 'open' },
        grid: 'B04',
        bands: ['SCL', 'B04', 'B11'],
        resampling: { SCL: 'near', B11: 'bilinear' },
      },
      result: true,
    },
  }

  it('are plain JSON that every thread can evaluate', async () => {
    await sentinel(folder)
    const node = await cube(JSON.parse(JSON.stringify(graph)) as ProcessGraph)
    const whole = await computeCube(node)
    expect(shapeOf(node.schema)).toEqual([3, 3, 30, 40])
    const path = join(folder, 'out.zarr')
    await saveGraph(graph, path, { sink: sinkFor(path), workers: 2, folder })
    const again = await cube(
      single('load_uploaded_files', { paths: ['out.zarr'], format: 'Zarr', options: { bands: ['SCL', 'B04', 'B11'] } }),
    )
    expect(shapeOf(again.schema)).toEqual([3, 3, 30, 40])
    const stored = await computeCube(again)
    const { nodata } = again.schema.packing
    const same = Array.from(whole.data, (value, i) => {
      const other = stored.data[i]! === nodata ? Number.NaN : stored.data[i]!
      return Object.is(value, other) || Math.abs(value - other) < 1e-3
    })
    expect(same.every(Boolean)).toBe(true)
  })

  it('change the job when a file behind them changes', async () => {
    await sentinel(folder)
    const node = await cube(graph)
    const paths = (at: CubeNode): string[] =>
      at.kind === 'source' ? [...(at.source.handle.paths as string[])] : at.inputs.flatMap(paths)
    expect(new Set(paths(node)).size).toBe(3 + 3 + 2)
  })

  it('say what is wrong with their arguments', async () => {
    await sentinel(folder)
    const wrong = { ...graph, stack: { ...graph.stack!, arguments: { ...graph.stack!.arguments, mosaic: 'middle' } } }
    await expect(cube(wrong)).rejects.toThrow(/mosaic/)
    const none = single('open_collection', { paths: 'nothing/*.tif' }, 'ecotope')
    await expect(evaluated(none)).rejects.toMatchObject({ tag: 'NoFiles' })
  })
})

describe('load_collection', () => {
  it('is a folder, cut to extents by the centres of pixels', async () => {
    for (const [t, date] of ['20200601', '20200611', '20200701'].entries()) {
      await writeRaster(folder, `c/${date}.tif`, {
        grid: gridAt(10, 40, 30),
        bands: ['v'],
        nodata: 0,
        value: (x, y) => 1000 * (t + 1) + 40 * y + x,
      })
    }
    // Dates are in the names here, which load_collection does not look at: without them the images lie upon each other.
    const whole = await cube(single('load_collection', { id: 'c', spatial_extent: null, temporal_extent: null }))
    expect(shapeOf(whole.schema)).toEqual([1, 30, 40])
    const extent = { west: 600024, south: 5199936, east: 600056, north: 5199976, crs: 32632 }
    const node = await cube(single('load_collection', { id: 'c', spatial_extent: extent, temporal_extent: null }))
    // Centres 600025 to 600055 and 5199975 to 5199945.
    expect(node.schema.dims.slice(-2).map(({ labels }) => labels)).toEqual([
      [5199975, 5199965, 5199955, 5199945],
      [600025, 600035, 600045, 600055],
    ])
    expect((await computeCube(node)).data[0]).toBe(1000 + 40 * 2 + 2)
    const far = { ...extent, west: 0, east: 10 }
    await expect(
      cube(single('load_collection', { id: 'c', spatial_extent: far, temporal_extent: null })),
    ).rejects.toMatchObject({ tag: 'NoDataAvailable' })
    await expect(
      cube(single('load_collection', { id: 'nothing', spatial_extent: null, temporal_extent: null })),
    ).rejects.toMatchObject({ tag: 'CollectionNotFound' })
  })
})

describe('load_stac and load_url', () => {
  const DAYS = ['2020-06-01', '2020-06-11', '2020-07-01']

  async function api() {
    for (const i of DAYS.keys()) {
      await writeRaster(folder, `data/${i}.tif`, {
        grid: gridAt(10, 8, 6),
        nodata: 0,
        value: (x, y) => 1000 * (i + 1) + 10 * y + x,
      })
    }
    const { bbox, geometry } = footprintOf(gridAt(10, 8, 6))
    const items = (base: string) =>
      DAYS.map((day, i) => ({
        type: 'Feature',
        stac_version: '1.1.0',
        id: `i${i}`,
        bbox: [...bbox],
        geometry,
        properties: { datetime: `${day}T00:00:00Z`, 'eo:cloud_cover': 30 * i },
        links: [],
        assets: {
          red: {
            href: `${base}/files/data/${i}.tif`,
            type: 'image/tiff; application=geotiff',
            roles: ['data'],
            bands: [{ name: 'B04', 'raster:scale': 0.0001 }],
          },
        },
      }))
    const server = await startApi({ folder, items, pageSize: 2, method: 'GET' })
    open.push(server)
    return server
  }

  it('read catalogues within extents, unscaled as openEO has it, by conditions on metadata', async () => {
    const { url } = await api()
    const base = { url: `${url}/collections/s2`, bands: ['B04'] }
    const whole = await cube(single('load_stac', base))
    expect(shapeOf(whole.schema)).toEqual([3, 1, 6, 8])
    expect(whole.schema.packing.scale).toBe(1)
    const june = await cube(single('load_stac', { ...base, temporal_extent: ['2020-06-01', '2020-07-01'] }))
    expect(june.schema.dims[0]!.labels).toEqual(['2020-06-01T00:00:00Z', '2020-06-11T00:00:00Z'])
    const clear = await cube(
      single('load_stac', {
        ...base,
        properties: {
          'eo:cloud_cover': {
            process_graph: {
              lt: { process_id: 'lt', arguments: { x: { from_parameter: 'value' }, y: 20 }, result: true },
            },
          },
        },
      }),
    )
    expect(clear.schema.dims[0]!.labels).toEqual(['2020-06-01T00:00:00Z'])
    await expect(
      cube(single('load_stac', { ...base, temporal_extent: ['2021-01-01', '2020-01-01'] })),
    ).rejects.toMatchObject({ tag: 'TemporalExtentEmpty' })
    await expect(
      cube(single('load_stac', { ...base, temporal_extent: ['1990-01-01', '1991-01-01'] })),
    ).rejects.toMatchObject({ tag: 'NoDataAvailable' })
  })

  it('read a file from an address', async () => {
    const { url } = await api()
    const node = await cube(single('load_url', { url: `${url}/files/data/2.tif`, format: 'GTiff' }))
    expect((await computeCube(node, { region: { start: [0, 3, 4], shape: [1, 1, 1] } })).data[0]).toBe(3034)
  })

  it.each([
    ['zones.geojson', null, ''],
    ['zones.gpkg', 'GPKG', '?token=a/b.c'],
    ['zones.fgb', null, '#part'],
    ['zones.shp', null, ''],
  ])('read features of %s from an address', async (name, format, end) => {
    const { url } = await api()
    const { crs } = gridAt(10, 1, 1)
    const at = (x: number, id: number) => ({
      geometry: { type: 'Point' as const, coordinates: [x, 5] },
      properties: { id },
    })
    if (name.endsWith('.shp')) await writeShapefile(join(folder, 'zones'), wktOf(crs)!, [at(1, 7), at(2, 9)])
    else await writeFeatures(join(folder, name), { crs, label: 'zones', features: [at(1, 7), at(2, 9)] })
    const args = { url: `${url}/files/${name}${end}`, format, options: { properties: ['id'] } }
    const node = await cube(single('load_url', args))
    expect([...(await computeCube(node)).data]).toEqual([7, 9])
    const geometry = node.schema.dims.find((dimension) => dimension.type === 'geometry')
    if (!name.endsWith('json')) expect(geometry?.features.crs.code).toBe(crs.code)
    expect(geometry?.features.label).toBe(args.url)
  })

  it('say which address has no features, or none that can be read', async () => {
    const { url } = await api()
    await writeFile(join(folder, 'broken.geojson'), '{"type": "FeatureCollection", "features": [')
    const missing = single('load_url', { url: `${url}/files/none.gpkg`, format: null })
    await expect(cube(missing)).rejects.toMatchObject({ tag: 'MissingFile', data: { url: `${url}/files/none.gpkg` } })
    const broken = single('load_url', { url: `${url}/files/broken.geojson`, format: 'GeoJSON' })
    await expect(cube(broken)).rejects.toThrow(`${url}/files/broken.geojson`)
  })
})

describe('save_result', () => {
  it('hands its data on and knows its formats', async () => {
    await sentinel(folder)
    const graph = (format: string): ProcessGraph => ({
      load: { process_id: 'load_uploaded_files', arguments: { paths: ['S2_20200601_B04.tif'], format: 'GTiff' } },
      save: { process_id: 'save_result', arguments: { data: { from_node: 'load' }, format }, result: true },
    })
    expect(shapeOf((await cube(graph('GTiff'))).schema)).toEqual([1, 30, 40])
    await expect(cube(graph('npz'))).rejects.toMatchObject({ tag: 'FormatUnsuitable' })
    const path = join(folder, 'out.tif')
    await saveGraph(graph('GTiff'), path, { sink: sinkFor(path), workers: 1, folder })
    const source = await geotiffSource(path)
    expect((await source.read({ start: [0, 2, 3], shape: [1, 1, 1] }))[0]).toBe(1005)
    await source.close()
  })
})
