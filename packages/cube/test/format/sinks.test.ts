/** Formats that are written in one piece: JSON, GeoJSON, CSV, Parquet, pictures. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { formats, sinkFor } from '../../src/format/formats.ts'
import { valueJson } from '../../src/format/json.ts'
import { parseCrs } from '../../src/index.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema, SourceNode } from '../../src/model/node.ts'
import { saveCube } from '../../src/plan/save.ts'
import { readTable } from '../../src/table/read.ts'
import { readFeatures } from '../../src/vector/read-features.ts'
import { cubeOf, grid, pngSize } from '../picture/cubes.ts'
import { temporaryFolder } from '../temporary.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

async function saved(node: SourceNode, name: string, formatOptions = {}): Promise<string> {
  const path = join(folder, name)
  await saveCube(node, path, { sink: sinkFor(path), formatOptions })
  return path
}

const small = { ...grid, width: 3, height: 2 }
const DATES = ['2020-06-01T00:00:00Z', '2020-06-11T00:00:00Z']
const packing = { dtype: 'int16', nodata: -1, scale: 0.5, offset: 1 } as const
const cube = cubeOf({
  grid: small,
  dates: DATES,
  bands: [{ name: 'a', unit: 'K' }, { name: 'b' }],
  packing,
  value: (t, b, y, x) => (t === 1 && b === 1 && x === 0 ? -1 : 100 * t + 10 * b + 4 * y + x),
})

/** A vector cube of two points, two dates and one band. */
function vectorCube(property = 'name'): SourceNode {
  const at = (x: number, y: number, name: string) => ({
    geometry: { type: 'Point', coordinates: [x, y] } as const,
    properties: { [property]: name },
  })
  const features = {
    crs: parseCrs('EPSG:32632'),
    features: [at(500000, 0, 'p'), at(500000, 5_000_000, 'q, "r"')],
    label: 'x',
  }
  const schema: CubeSchema = {
    dims: [
      { type: 'geometry', name: 'geometry', labels: ['p', 'q, "r"'], features },
      { type: 'temporal', name: 't', labels: DATES, calendar: 'standard' },
      { type: 'bands', name: 'bands', labels: ['ndvi'], bands: [{ name: 'ndvi' }] },
    ],
    packing: { dtype: 'float32', scale: 1, offset: 0 },
  }
  return memorySource(Float32Array.of(0.5, 0.25, Number.NaN, 1), schema)
}

describe('JSON', () => {
  it('is a cube as openEO writes it, with physical values and null for what is missing', async () => {
    const json = JSON.parse(await readFile(await saved(cube, 'a.json'), 'utf8')) as Record<string, never>
    expect(json).toMatchObject({
      type: 'datacube',
      order: ['t', 'bands', 'y', 'x'],
      dimensions: {
        t: { type: 'temporal', values: DATES },
        bands: { type: 'bands', values: ['a', 'b'], units: ['K', null] },
        x: { type: 'spatial', axis: 'x', values: [600005, 600015, 600025], reference_system: 'EPSG:32632' },
      },
      data: [
        [
          [
            [1, 1.5, 2],
            [3, 3.5, 4],
          ],
          [
            [6, 6.5, 7],
            [8, 8.5, 9],
          ],
        ],
        [
          [
            [51, 51.5, 52],
            [53, 53.5, 54],
          ],
          [
            [null, 56.5, 57],
            [null, 58.5, 59],
          ],
        ],
      ],
    })
  })

  it('of booleans has booleans, of one value that value', async () => {
    const mask = cubeOf({
      grid: small,
      packing: { dtype: 'uint8', nodata: 255, scale: 1, offset: 0, isBoolean: true },
      value: (_t, _b, _y, x) => [0, 1, 255][x]!,
    })
    const json = JSON.parse(await readFile(await saved(mask, 'm.json'), 'utf8')) as { data: unknown[] }
    expect(json.data[0]).toEqual([false, true, null])
    const one = memorySource(Float64Array.of(3), { dims: [], packing: { dtype: 'float64', scale: 1, offset: 0 } })
    expect((JSON.parse(await readFile(await saved(one, 'o.json'), 'utf8')) as { data: unknown }).data).toBe(3)
  })

  it('of other values keeps labels and writes what JSON has no number for', () => {
    expect(valueJson({ kind: 'labeled-array', labels: ['a'], values: [1] })).toEqual({ labels: ['a'], values: [1] })
    expect(valueJson([1, null, Number.NaN, { x: Number.POSITIVE_INFINITY }, 'a', true])).toEqual([
      1,
      null,
      'NaN',
      { x: 'Infinity' },
      'a',
      true,
    ])
  })

  it('is refused where the cube is too large for one piece', async () => {
    const large = {
      ...cube,
      schema: {
        ...cube.schema,
        dims: cube.schema.dims.map((dim, d) =>
          d === 0 ? { ...dim, labels: new Array<string>(2 ** 24).fill('x') } : dim,
        ),
      },
    } as SourceNode
    await expect(saved(large, 'l.json')).rejects.toMatchObject({ tag: 'TooLarge' })
  })
})

describe('tables', () => {
  it('have a row for each cell and a column for each band', async () => {
    const lines = (await readFile(await saved(cube, 'a.csv'), 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(1 + 12)
    expect(lines[0]).toBe('t,y,x,a,b')
    expect(lines[1]).toBe('2020-06-01T00:00:00Z,5199995,600005,1,6')
    expect(lines[7]).toBe('2020-06-11T00:00:00Z,5199995,600005,51,')
  })

  it('quote what has commas', async () => {
    const lines = (await readFile(await saved(vectorCube(), 'v.csv'), 'utf8')).trimEnd().split('\n')
    expect(lines[3]).toBe('"q, ""r""",2020-06-01T00:00:00Z,"q, ""r""",500000,5000000,')
  })

  it('are the same as Parquet', async () => {
    const { rows, columns } = await readTable(await saved(cube, 'a.parquet'))
    expect(rows).toBe(12)
    expect(columns.map(({ name, values }) => [name, values[1]])).toEqual([
      ['t', DATES[0]],
      ['y', 5199995],
      ['x', 600015],
      ['a', 1.5],
      ['b', 6.5],
    ])
    expect(columns.at(-1)!.values[6]).toBeNull()
  })
})

describe('GeoJSON', () => {
  it('has a feature for each geometry, in degrees, with its values', async () => {
    const json = JSON.parse(await readFile(await saved(vectorCube(), 'v.geojson'), 'utf8')) as {
      features: { geometry: { coordinates: number[] }; properties: Record<string, unknown> }[]
    }
    expect(json.features[0]!.properties).toEqual({ name: 'p', [`${DATES[0]} ndvi`]: 0.5, [`${DATES[1]} ndvi`]: 0.25 })
    expect(json.features[1]!.properties[`${DATES[0]} ndvi`]).toBeNull()
    expect(json.features[0]!.geometry.coordinates).toEqual([9, 0])
  })

  it('is one of several formats of features', async () => {
    for (const extension of ['gpkg', 'fgb', 'parquet', 'geojson']) {
      const { features } = await readFeatures(await saved(vectorCube(), `v.${extension}`))
      const found = features.find(({ properties }) => properties.name === 'p')!
      expect(found.properties[`${DATES[1]} ndvi`], extension).toBe(0.25)
      expect(found.geometry!.type).toBe('Point')
    }
  })

  it('warns of properties that get other names', async () => {
    const path = join(folder, 'v.gpkg')
    const onWarning = vi.fn()
    await saveCube(vectorCube('geom'), path, { sink: sinkFor(path), onWarning })
    expect(onWarning.mock.calls).toMatchObject([[{ tag: 'ColumnRenamed' }]])
    const { features } = await readFeatures(path)
    expect(features.map(({ properties }) => properties.geom_1)).toEqual(['p', 'q, "r"'])
  })

  it('is refused for rasters', async () => {
    await expect(saved(cube, 'a.geojson')).rejects.toMatchObject({ tag: 'FormatUnsuitable' })
  })
})

describe('pictures', () => {
  it('are drawn from blocks as they come', async () => {
    const png = await readFile(await saved(cube, 'a.png', { title: 'Lakes' }))
    const [width, height] = pngSize(new Uint8Array(png))
    expect(width).toBeGreaterThan(400)
    expect(height).toBeGreaterThan(200)
    const svg = await readFile(await saved(cube, 'a.svg', { title: 'Lakes', band: 'b' }), 'utf8')
    expect(svg).toContain('>Lakes</text>')
  })

  it('are refused for cubes that are none', async () => {
    const bands = [{ name: 'ndvi' }]
    const dims = [{ type: 'bands', name: 'bands', labels: ['ndvi'], bands }] as const
    const alone = memorySource(Float64Array.of(3), { dims, packing: { dtype: 'float64', scale: 1, offset: 0 } })
    await expect(saved(alone, 'v.png')).rejects.toMatchObject({ tag: 'NotDrawable' })
  })
})

describe('options of formats', () => {
  const written = formats.flatMap(({ sink }) => (sink === undefined ? [] : [sink]))

  it.each(written)('that $format does not have are refused before anything is written', async ({ extensions }) => {
    const before = await readdir(folder)
    await expect(saved(cube, `a${extensions[0]}`, { dtyp: 'int16' })).rejects.toMatchObject({
      tag: 'BadOption',
      message: expect.stringContaining('dtyp'),
    })
    expect(await readdir(folder)).toEqual(before)
  })

  it('are named in the hint, the nearest first', async () => {
    await expect(saved(cube, 'a.nc', { levl: 3 })).rejects.toMatchObject({
      hint: 'did you mean level? options of netCDF are level, shuffle',
    })
    await expect(saved(cube, 'a.csv', { separator: ';' })).rejects.toMatchObject({ hint: 'CSV has no options' })
    await expect(saved(cube, 'a.tif', { compress: 'zstd' })).rejects.toMatchObject({
      hint: expect.stringContaining('dates'),
    })
  })
})
