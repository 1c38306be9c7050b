/** Properties of features through files: types of columns, missing values, features without geometry, dates. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ByteWriter, parquetWrite } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { writeCubeFeatures } from '../../src/format/vectors.ts'
import type { Geometries, Geometry } from '../../src/model/geometry.ts'
import { readParquet } from '../../src/table/parquet.ts'
import { openParquet } from '../../src/table/parquet-file.ts'
import { columnOf } from '../../src/vector/columns.ts'
import { readFeatures } from '../../src/vector/read-features.ts'
import { writeWkb } from '../../src/vector/wkb-write.ts'
import { writeFeatures } from '../../src/vector/write-features.ts'
import { temporaryFolder } from '../temporary.ts'

const point = (x: number, y: number): Geometry => ({ type: 'Point', coordinates: [x, y] })
const layerOf = (...features: Geometries['features'][number][]): Geometries => ({
  crs: parseCrs('EPSG:32632'),
  features,
  label: 'test',
})
const mixed = layerOf(
  { geometry: point(1, 2), properties: { name: null, n: 1, only: null, odd: 'a', size: 2 } },
  { geometry: point(3, 4), properties: { name: 'b', n: 2, only: null, odd: 7, size: 2.5 } },
  { geometry: null, properties: { name: 'c', n: null, only: null, odd: null, size: null } },
)

test('columns have one type; what is measured is never whole', () => {
  const types = ['name', 'n', 'only', 'odd', 'size'].map((name) => columnOf(name, mixed).type)
  expect(types).toEqual(['STRING', 'INT64', 'STRING', 'STRING', 'DOUBLE'])
  expect(columnOf('n', mixed, { measured: ['n', 'only'] }).type).toBe('DOUBLE')
  expect(columnOf('only', mixed, { measured: ['n', 'only'] }).type).toBe('DOUBLE')
})

describe('FlatGeobuf', () => {
  test('keeps the order of features and all columns, and tells of those without geometry', async () => {
    const path = join(await temporaryFolder(), 'points.fgb')
    const warnings: string[] = []
    await writeFeatures(path, mixed, { onWarning: ({ tag, message }) => warnings.push(`${tag} ${message}`) })
    const { features } = await readFeatures(path)
    expect(features.map(({ geometry }) => geometry?.coordinates)).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(features[0]!.properties).toEqual({ n: 1, odd: 'a', size: 2 })
    expect(features[1]!.properties).toEqual({ name: 'b', n: 2, odd: '7', size: 2.5 })
    expect(warnings).toEqual([expect.stringMatching(/^FeaturesLeftOut .*1 of 3 features/)])
  })

  test('may be empty', async () => {
    const path = join(await temporaryFolder(), 'none.fgb')
    await writeFeatures(path, layerOf())
    const { features, crs } = await readFeatures(path)
    expect([features.length, crs.code]).toEqual([0, 'EPSG:32632'])
  })
})

test('an empty point is no place in GeoJSON', async () => {
  const path = join(await temporaryFolder(), 'empty.geojson')
  await writeFeatures(path, layerOf({ geometry: { type: 'Point', coordinates: [] }, properties: {} }))
  expect((await readFeatures(path)).features[0]!.geometry).toBeNull()
})

test.each(['gpkg', 'fgb', 'parquet'])('whole numbers and truth values come back from .%s', async (extension) => {
  const path = join(await temporaryFolder(), `layer.${extension}`)
  const layer = layerOf({ geometry: point(1, 2), properties: { id: 10, isWater: true, least: -(2 ** 53) + 1 } })
  await writeFeatures(path, layer)
  const { properties } = (await readFeatures(path)).features[0]!
  expect(properties).toMatchObject(layer.features[0]!.properties)
  if (extension !== 'parquet') return
  const file = await openParquet(path)
  expect(file.metadata.schema.find(({ name }) => name === 'id')?.type).toBe('INT64')
  await file.close()
})

test('truth values of vector cubes stay so, and means are real numbers', async () => {
  const folder = await temporaryFolder()
  const geometry = {
    type: 'geometry',
    name: 'geometry',
    labels: [0, 1],
    features: layerOf(...mixed.features.slice(0, 2)),
  }
  const packing = { dtype: 'float64', scale: 1, offset: 0 } as const
  const schema = { dims: [geometry as never], packing }
  const values = Float64Array.of(1, 0)
  await writeCubeFeatures(
    join(folder, 'a.geojson'),
    { schema: { ...schema, packing: { ...packing, isBoolean: true } }, values },
    {},
  )
  const read = await readFeatures(join(folder, 'a.geojson'))
  expect(read.features.map(({ properties }) => properties.value)).toEqual([true, false])
  await writeCubeFeatures(join(folder, 'a.parquet'), { schema, values }, {})
  const file = await openParquet(join(folder, 'a.parquet'))
  expect(file.metadata.schema.find(({ name }) => name === 'value')?.type).toBe('DOUBLE')
  await file.close()
})

test('days and local instants of GeoParquet have no zone; NaN is an empty point', async () => {
  const path = join(await temporaryFolder(), 'dates.parquet')
  const writer = new ByteWriter()
  const day = new Date(Date.UTC(2020, 0, 31, 12, 30))
  const columns = { geometry: { encoding: 'WKB', geometry_types: ['Point'] } }
  parquetWrite({
    writer,
    columnData: [
      { name: 'day', data: [Math.floor(day.getTime() / 864e5)] },
      { name: 'at', data: [BigInt(day.getTime())] },
      { name: 'geometry', data: [new Uint8Array(writeWkb({ type: 'Point', coordinates: [] }))] },
    ],
    schema: [
      { name: 'root', num_children: 3 },
      {
        name: 'day',
        type: 'INT32',
        converted_type: 'DATE',
        logical_type: { type: 'DATE' },
        repetition_type: 'REQUIRED',
      },
      {
        name: 'at',
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' },
        repetition_type: 'REQUIRED',
      },
      { name: 'geometry', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
    ],
    kvMetadata: [{ key: 'geo', value: JSON.stringify({ version: '1.1.0', primary_column: 'geometry', columns }) }],
  })
  await writeFile(path, new Uint8Array(writer.getBuffer()))
  const [feature] = (await readFeatures(path)).features
  expect(feature!.properties).toEqual({ day: '2020-01-31', at: '2020-01-31T12:30:00' })
  expect(feature!.geometry?.coordinates).toEqual([])
  const table = await readParquet(path, ['day'])
  expect(table.columns[0]!.values).toEqual(['2020-01-31'])
})
