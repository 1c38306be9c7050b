import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { crsEquals } from '../../src/crs/transform.ts'
import type { Geometries, Geometry } from '../../src/model/geometry.ts'
import type { Position } from '../../src/types.ts'
import { parseDbase } from '../../src/vector/dbase.ts'
import { projJsonOf } from '../../src/vector/projjson.ts'
import { readPolygons } from '../../src/vector/read.ts'
import { readFeatures } from '../../src/vector/read-features.ts'
import { signedArea } from '../../src/vector/rings.ts'
import { parseWkb } from '../../src/vector/wkb.ts'
import { writeWkb } from '../../src/vector/wkb-write.ts'
import { writeFeatures } from '../../src/vector/write-features.ts'
import { dataFolder, hasData } from '../data.ts'
import { temporaryFolder } from '../temporary.ts'
import { mixed } from './sample.ts'

test('coordinates of GeoJSON that are none are said, whatever the geometry', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'faulty.geojson')
  for (const [type, coordinates] of [
    ['LineString', [[1, 2], [3]]],
    ['MultiPoint', [1, 2]],
    [
      'Polygon',
      [
        [
          ['a', 1],
          [2, 3],
          [4, 5],
          ['a', 1],
        ],
      ],
    ],
    ['MultiPolygon', undefined],
  ] as const) {
    await writeFile(path, JSON.stringify({ type: 'Feature', properties: {}, geometry: { type, coordinates } }))
    await expect(readFeatures(path), type).rejects.toMatchObject({ tag: 'InvalidGeometry' })
  }
  await writeFile(
    path,
    JSON.stringify({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [] } }),
  )
  expect((await readFeatures(path)).features).toHaveLength(1)
})

interface Description {
  readonly count: number
  readonly types: Record<string, number>
  readonly area: number
  readonly bounds: number[]
  readonly epsg: number | null
  readonly vertices: number
  readonly first: Record<string, string | number>
}
const oracle = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../oracles/vector/${name}`, import.meta.url), 'utf8'))
const golden = oracle('features.json') as {
  files: Record<string, Description>
  made: Record<string, Description & { wkt: (string | null)[]; zip: string; parquet: string }>
}

/** All positions; of polygons also the area with holes taken off. */
function measure(geometry: Geometry | null): { positions: Position[]; area: number } {
  if (geometry === null) return { positions: [], area: 0 }
  const depth = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 }[
    geometry.type
  ]
  const positions = [geometry.coordinates].flat(depth) as unknown as Position[]
  const polygons =
    geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.type === 'MultiPolygon' ? geometry.coordinates : []
  const area = polygons.reduce(
    (sum, rings) => sum + rings.reduce((a, ring, i) => a + Math.abs(signedArea(ring)) * (i === 0 ? 1 : -1), 0),
    0,
  )
  return { positions, area }
}

function compare({ features, crs }: Geometries, want: Description): void {
  expect(features.length).toBe(want.count)
  const measured = features.map(({ geometry }) => measure(geometry))
  const all = measured.flatMap(({ positions }) => positions)
  expect(all.length).toBe(want.vertices)
  const area = measured.reduce((sum, one) => sum + one.area, 0)
  expect(Math.abs(area - want.area)).toBeLessThanOrEqual(1e-9 * want.area + 1e-12)
  const [xs, ys] = [all.map((p) => p[0]!), all.map((p) => p[1]!)]
  const bounds = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
  bounds.forEach((v, i) => {
    expect(v).toBeCloseTo(want.bounds[i]!, 9)
  })
  if (want.epsg !== null) expect(crsEquals(crs, parseCrs(`EPSG:${want.epsg}`))).toBe(true)
  for (const [key, value] of Object.entries(want.first)) {
    const got = features[0]!.properties[key]
    if (typeof value === 'number') expect(Number(got)).toBeCloseTo(value, 6)
    // pandas writes dates in its own way.
    else if (!/^\d{4}-\d\d-\d\d/.test(value)) expect(got).toBe(value)
  }
}

describe('the vector files of the reference data read as GDAL reads them', () => {
  for (const [path, want] of Object.entries(golden.files)) {
    test.skipIf(!hasData(path.split('/')[0]!))(path, async () => {
      compare(await readFeatures(join(dataFolder, path)), want)
    })
  }
})

const wktOf = (geometry: Geometry): string => {
  const text = (value: unknown): string => {
    const list = value as unknown[]
    return typeof list[0] === 'number' ? list.slice(0, 2).join(' ') : `(${list.map(text).join(', ')})`
  }
  const inner = text(geometry.coordinates)
  return `${geometry.type.toUpperCase()} ${geometry.type === 'Point' ? `(${inner})` : inner}`
}
/** Rings start anywhere and run either way: only the set of positions and the area count for polygons. */
const plainWkt = (wkt: string): string =>
  wkt.replace(/MULTIPOINT \(\((.*)\)\)/, (_, inner: string) => `MULTIPOINT (${inner.replace(/\), \(/g, ', ')})`)

describe("GeoPandas' files of every kind", () => {
  for (const [name, want] of Object.entries(golden.made)) {
    test(`${name}: shapefile, archive, GeoParquet`, async () => {
      const folder = await temporaryFolder()
      const zipped = Buffer.from(want.zip, 'base64')
      await writeFile(join(folder, 'a.zip'), zipped)
      await writeFile(join(folder, 'a.parquet'), Buffer.from(want.parquet, 'base64'))
      for (const [part, bytes] of Object.entries(unzipSync(new Uint8Array(zipped))))
        await writeFile(join(folder, part), bytes)
      for (const path of [`${name}.shp`, 'a.zip', 'a.parquet']) {
        const read = await readFeatures(join(folder, path))
        compare(read, want)
        expect(read.features.map(({ properties }) => properties.count)).toEqual([1, 2, 3])
        expect(read.features[2]!.properties).toMatchObject({ name: null, height: null })
        read.features.forEach(({ geometry }, i) => {
          const wkt = want.wkt[i]
          if (wkt === null || name === 'polygons') expect(geometry === null).toBe(wkt === null)
          else expect(plainWkt(wktOf(geometry!))).toBe(plainWkt(wkt!))
        })
      }
    })
  }

  test('holes and islands find their shells', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'a.zip'), Buffer.from(golden.made.polygons!.zip, 'base64'))
    const { features, warnings } = await readPolygons(join(folder, 'a.zip'))
    expect(warnings.map(({ tag }) => tag)).toEqual(['NotPolygons'])
    const [first] = features.features
    expect(first!.geometry.type).toBe('MultiPolygon')
    const counts = (first!.geometry.coordinates as Position[][][]).map((rings) => rings.length).sort((a, b) => a - b)
    expect(counts).toEqual([1, 2])
    await expect(readPolygons(join(folder, 'a.zip'), { layer: 'other' })).rejects.toThrow(/0 such shapefiles/)
  })
})

describe('what we write', () => {
  test('GeoPandas reads the same from all formats (oracles/vector/make_features.py --check)', () => {
    const written = oracle('features_written.json') as Record<string, Description & { names: string[] }>
    const { area, vertices } = { area: 790000, vertices: 14 }
    for (const [format, one] of Object.entries(written)) {
      expect(one.count).toBe(3)
      expect(one.names).toEqual(["O'Brien", 'Zürich', 'line'])
      expect(one.vertices).toBe(vertices)
      expect(one.epsg).toBe(format === 'geojson' ? 4326 : 32632)
      if (format !== 'geojson') expect(one.area).toBe(area)
    }
  })

  for (const extension of ['parquet', 'fgb', 'gpkg', 'geojson']) {
    test(`.${extension} comes back`, async () => {
      const folder = await temporaryFolder()
      const path = join(folder, `a.${extension}`)
      const features = mixed('EPSG:32632')
      await writeFeatures(path, features)
      expect(await readdir(folder)).toEqual([`a.${extension}`])
      const read = await readFeatures(path)
      expect(read.features.map(({ geometry }) => geometry!.type)).toEqual(['Polygon', 'Point', 'MultiLineString'])
      expect(read.features.map(({ properties }) => properties.name)).toEqual(['Zürich', "O'Brien", 'line'])
      if (extension !== 'geojson') {
        expect(read.features.map(({ geometry }) => geometry)).toEqual(features.features.map(({ geometry }) => geometry))
        expect(read.crs.code).toBe('EPSG:32632')
      }
    })
  }

  test('systems as PROJJSON; what has no name there is an error', async () => {
    expect(projJsonOf(parseCrs('EPSG:4326'))).toBeUndefined()
    expect(projJsonOf(parseCrs('EPSG:3035'))).toMatchObject({ type: 'ProjectedCRS', id: { code: 3035 } })
    expect(projJsonOf(parseCrs('EPSG:4258'))).toMatchObject({ type: 'GeographicCRS' })
    const folder = await temporaryFolder()
    const odd = { ...mixed('EPSG:32632'), crs: parseCrs('+proj=robin +datum=WGS84') }
    await expect(writeFeatures(join(folder, 'a.parquet'), odd)).rejects.toThrow(/cannot be written in/)
    await expect(writeFeatures(join(folder, 'a.kml'), odd)).rejects.toThrow(/extension/)
    expect(await readdir(folder)).toEqual([])
  })

  test('well-known binary goes there and back', () => {
    const geometries: Geometry[] = [
      { type: 'Point', coordinates: [1, -2] },
      {
        type: 'MultiPoint',
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
      {
        type: 'LineString',
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
      {
        type: 'MultiLineString',
        coordinates: [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
      },
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [0, 1],
            [0, 0],
          ],
        ],
      },
      {
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [0, 0],
              [1, 0],
              [0, 1],
              [0, 0],
            ],
          ],
        ],
      },
    ]
    for (const geometry of geometries) expect(parseWkb(writeWkb(geometry), 'test')).toEqual(geometry)
  })
})

describe('damaged files', () => {
  test('a shapefile that is cut off, a table that is, no system', async () => {
    const folder = await temporaryFolder()
    const files = unzipSync(new Uint8Array(Buffer.from(golden.made.lines!.zip, 'base64')))
    const shp = files['lines.shp']!
    await writeFile(join(folder, 'a.shp'), shp.subarray(0, shp.length - 10))
    await expect(readFeatures(join(folder, 'a.shp'))).rejects.toMatchObject({ tag: 'InvalidShapefile' })
    await writeFile(join(folder, 'a.shp'), shp)
    await expect(readFeatures(join(folder, 'a.shp'))).rejects.toMatchObject({ tag: 'UnknownCrs' })
    const read = await readFeatures(join(folder, 'a.shp'), { crs: parseCrs('EPSG:32632') })
    expect(read.features[0]!.properties).toEqual({})
    await writeFile(join(folder, 'A.DBF'), files['lines.dbf']!.subarray(0, 60))
    await expect(readFeatures(join(folder, 'a.shp'))).rejects.toMatchObject({ tag: 'InvalidShapefile' })
  })

  test('types of the table', () => {
    const fields = [
      ['TEXT', 'C', 6],
      ['NUM', 'N', 5],
      ['YES', 'L', 1],
      ['DAY', 'D', 8],
      ['BIG', 'I', 4],
    ] as const
    const head = Buffer.alloc(32 + fields.length * 32 + 1)
    const row = Buffer.concat([
      Buffer.from(' M\xfcnch   7.5T20200229', 'latin1'),
      Buffer.from(Int32Array.of(-9).buffer),
    ])
    const gone = Buffer.from(row)
    gone[0] = 0x2a
    const empty = Buffer.concat([Buffer.from('            ?        '.slice(0, row.length - 4)), Buffer.alloc(4)])
    head.writeUInt32LE(3, 4)
    head.writeUInt16LE(head.length, 8)
    head.writeUInt16LE(row.length, 10)
    fields.forEach(([name, type, length], i) => {
      head.write(name, 32 + i * 32)
      head.write(type, 32 + i * 32 + 11)
      head[32 + i * 32 + 16] = length
    })
    head[head.length - 1] = 0x0d
    const rows = parseDbase(Buffer.concat([head, row, gone, empty]), undefined, 'x')
    expect(rows[0]).toEqual({ TEXT: 'Münch', NUM: 7.5, YES: true, DAY: '2020-02-29', BIG: -9 })
    expect(rows[1]).toBeUndefined()
    expect(rows[2]).toEqual({ TEXT: null, NUM: null, YES: null, DAY: null, BIG: 0 })
    expect(parseDbase(Buffer.concat([head, row, gone, empty]), 'ISO 8859-1', 'x')[0]!.TEXT).toBe('Münch')
  })

  test('a Parquet table without geometries, a broken one', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'a.parquet')
    await writeFeatures(path, mixed('EPSG:32632'))
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length - 20))
    await expect(readFeatures(path)).rejects.toMatchObject({ tag: 'BadParquet' })
  })
})
