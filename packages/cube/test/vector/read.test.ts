/** Reading polygons of every format, files by GDAL included, and what users hear about bad ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '@ecotope/core'
import { afterAll, describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { readPolygons } from '../../src/vector/read.ts'
import { planarArea } from '../../src/vector/rings.ts'

const folder = mkdtempSync(join(tmpdir(), 'ecotope-read-'))
afterAll(() => rmSync(folder, { recursive: true }))

const oracle = (name: string): string => fileURLToPath(new URL(`../../../../oracles/vector/${name}`, import.meta.url))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content))
  return path
}

const ring = [
  [0, 0],
  [4, 0],
  [4, 4],
  [0, 4],
  [0, 0],
]
const square = { type: 'Polygon', coordinates: [ring] }
const feature = (geometry: unknown, properties: unknown = {}): unknown => ({ type: 'Feature', geometry, properties })
const collection = (...features: unknown[]): object => ({ type: 'FeatureCollection', features })

async function failure(path: string, options = {}): Promise<InputError> {
  const error = await readPolygons(path, options).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(InputError)
  return error as InputError
}

describe('GeoJSON', () => {
  it.each([
    ['a collection', collection(feature(square, { a: 1 }))],
    ['one feature', feature(square, { a: 1 })],
    ['a bare geometry', square],
    [
      'a geometry collection',
      { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [0, 0] }, square] },
    ],
    ['three dimensions', { type: 'Polygon', coordinates: [ring.map((p) => [...p, 7])] }],
    ['an open ring', { type: 'Polygon', coordinates: [ring.slice(0, 4)] }],
  ])('reads %s as longitude and latitude', async (name, content) => {
    const { features, warnings } = await readPolygons(file(`${name}.geojson`, content))
    expect(features.crs.isGeographic).toBe(true)
    expect(features.features).toHaveLength(1)
    expect(planarArea(features.features[0]!.geometry)).toBe(16)
    expect(warnings).toEqual([])
  })

  it.each(['EPSG:32723', 'urn:ogc:def:crs:EPSG::32723', 'http://www.opengis.net/def/crs/EPSG/0/32723'])(
    'honours the crs member %s',
    async (name) => {
      const content = { ...collection(feature(square)), crs: { type: 'name', properties: { name } } }
      const { features } = await readPolygons(file('crs.geojson', content))
      expect(features.crs.code).toBe('EPSG:32723')
      const given = await readPolygons(file('crs.geojson', content), { crs: parseCrs('EPSG:3857') })
      expect(given.features.crs.code).toBe('EPSG:3857')
    },
  )

  it('reads a byte order mark, line-delimited files and text sequences', async () => {
    const bom = await readPolygons(file('bom.geojson', `\uFEFF${JSON.stringify(feature(square))}`))
    const lines = `${JSON.stringify(feature(square))}\n\n${JSON.stringify(feature(square))}\n`
    const delimited = await readPolygons(file('lines.geojsonl', lines))
    const sequence = await readPolygons(file('seq.json', `\u001E${JSON.stringify(feature(square))}\n`))
    expect([bom, delimited, sequence].map((r) => r.features.features.length)).toEqual([1, 2, 1])
  })

  it('leaves out other geometries with a warning', async () => {
    const content = collection(feature(square), feature({ type: 'Point', coordinates: [1, 1] }), feature(null))
    const { features, warnings } = await readPolygons(file('mixed.geojson', content))
    expect(features.features).toHaveLength(1)
    expect(warnings.map((w) => w.message).join()).toMatch(/1 Point, 1 without geometry/)
  })

  it('mends a polygon that crosses itself and names it', async () => {
    const bow = [0, 1, 2, 3].map(
      (i) =>
        [
          [0, 0],
          [2, 2],
          [2, 0],
          [0, 2],
        ][i],
    )
    const content = collection(
      feature(square),
      feature({ type: 'Polygon', coordinates: [[...bow, [0, 0]]] }, { name: 'bow' }),
    )
    const { features, warnings } = await readPolygons(file('bow.geojson', content))
    expect(planarArea(features.features[1]!.geometry)).toBeCloseTo(2, 12)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]!.tag).toBe('RepairedPolygon')
    expect(warnings[0]!.message).toMatch(/feature 2 \(bow\).*1\.0+, 1\.0+/)
  })
})

describe('GeoPackage by GDAL', () => {
  it('reads a layer with its properties, and repairs', async () => {
    const { features, warnings } = await readPolygons(oracle('layers.gpkg'), { layer: 'scars' })
    expect(features.crs.code).toBe('EPSG:32723')
    expect(features.features.map((f) => f.properties.name)).toEqual(['two', 'bow', 'big'])
    expect(features.features.map((f) => planarArea(f.geometry))).toEqual([100, 50, 9800])
    expect(features.features[0]!.properties.count).toBe(2 ** 40)
    expect(warnings.map((w) => w.tag).sort()).toEqual(['NotPolygons', 'RepairedPolygon'])
    expect(features.label).toMatch(/layers\.gpkg:scars$/)
  })

  it('takes the CRS from its definition where it has no code', async () => {
    const { features } = await readPolygons(oracle('layers.gpkg'), { layer: 'heights' })
    expect(features.crs.proj4).toMatch(/tmerc/)
    expect(features.features[0]!.geometry.coordinates[0]).toHaveLength(4)
  })

  it('lists layers when the choice is open or wrong', async () => {
    const open = await failure(oracle('layers.gpkg'))
    expect(open.tag).toBe('AmbiguousLayer')
    expect(open.message).toMatch(/scars \(multipolygon\)/)
    const wrong = await failure(oracle('layers.gpkg'), { layer: 'scarz' })
    expect(wrong.hint).toMatch(/Did you mean "scars"/)
    const points = await failure(oracle('layers.gpkg'), { layer: 'wells' })
    expect(points.message).toMatch(/1 Point/)
  })

  it('asks for a CRS where the layer has none', async () => {
    expect((await failure(oracle('layers.gpkg'), { layer: 'nowhere' })).tag).toBe('UnknownCrs')
    const given = await readPolygons(oracle('layers.gpkg'), { layer: 'nowhere', crs: parseCrs('EPSG:32723') })
    expect(given.features.features).toHaveLength(1)
  })

  it('tells a damaged file and a plain database', async () => {
    const bytes = readFileSync(oracle('layers.gpkg'))
    expect((await failure(file('cut.gpkg', bytes.subarray(0, 5000)))).tag).toBe('InvalidGeoPackage')
  })
})

describe('FlatGeobuf by GDAL', () => {
  it('reads features, properties and CRS', async () => {
    const { features, warnings } = await readPolygons(oracle('scars.fgb'))
    expect(features.crs.code).toBe('EPSG:32723')
    const areas = Object.fromEntries(features.features.map((f) => [f.properties.name, planarArea(f.geometry)]))
    expect(areas).toEqual({ big: 9800, two: 100, bow: 50 })
    expect(warnings.map((w) => w.tag)).toEqual(['RepairedPolygon'])
  })

  it('takes the CRS from its definition where it has no code', async () => {
    expect((await readPolygons(oracle('local.fgb'))).features.crs.proj4).toMatch(/tmerc/)
  })

  it('tells a file that was cut off', async () => {
    const bytes = readFileSync(oracle('scars.fgb'))
    for (const length of [9, 60, bytes.length - 40]) {
      expect((await failure(file('cut.fgb', bytes.subarray(0, length)))).tag).toBe('InvalidFlatGeobuf')
    }
  })
})

describe('errors', () => {
  it.each([
    ['missing', join(folder, 'none.geojson'), 'MissingFile', /does not exist/],
    ['folder', folder, 'NotAFile', /is a folder/],
    ['empty', file('empty.geojson', ''), 'EmptyFile', /0 bytes/],
    [
      'cut',
      file('cut.geojson', '{"type": "FeatureCollection",\n "features": [{]}'),
      'InvalidJson',
      /line 2, column 16/,
    ],
    ['ends early', file('end.geojson', '{"type": "FeatureCollection", "features": ['), 'InvalidJson', /at/],
    ['list', file('list.json', '[1]'), 'NotGeoJson', /holds a list/],
    ['topology', file('topo.json', { type: 'Topology' }), 'NotGeoJson', /TopoJSON/],
    ['no type', file('other.json', { a: 1 }), 'NotGeoJson', /no "type"/],
    ['no features', file('none.json', collection()), 'NoPolygons', /no features/],
    [
      'points',
      file('points.json', collection(feature({ type: 'Point', coordinates: [0, 0] }))),
      'NoPolygons',
      /1 Point/,
    ],
    ['shapefile', file('a.shp', Uint8Array.of(0, 0, 0x27, 0x0a, 0, 0)), 'InvalidShapefile', /no header/],
    ['noise', file('a.bin', Uint8Array.of(1, 2, 3, 4)), 'UnknownFormat', /no known vector format/],
    [
      'faulty',
      file('nan.json', {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, null],
            [2, 2],
            [0, 0],
          ],
        ],
      }),
      'InvalidGeometry',
      /feature 1/,
    ],
    ['crs', file('crs.json', { ...square, crs: { type: 'name', properties: { name: 'mars' } } }), 'UnknownCrs', /mars/],
  ])('%s', async (_, path, tag, message) => {
    const error = await failure(path)
    expect(error.tag).toBe(tag)
    expect(error.message).toMatch(message)
    expect(error.message).toContain(path)
  })
})
