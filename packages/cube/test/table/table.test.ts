import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import type { GeometryDimension } from '../../src/model/dimension.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { readCsv, writeCsv } from '../../src/table/csv.ts'
import { pointsCube, rowNames, rowsOf, seriesCube, tableOf } from '../../src/table/cube.ts'
import { readTable, writeTable } from '../../src/table/read.ts'
import { csvSink } from '../../src/table/sink.ts'
import { columnNamed, type Table, typedColumn } from '../../src/table/table.ts'
import { climate } from '../netcdf/sample.ts'
import { writeAll } from '../netcdf/write.ts'
import { temporaryFolder } from '../temporary.ts'

async function csv(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'a.csv')
  await writeFile(path, text)
  return path
}
const columns = (table: Table): Record<string, unknown> =>
  Object.fromEntries(table.columns.map(({ name, values }) => [name, values]))

describe('CSV', () => {
  test('types, quotes, missing values, marks of Windows', async () => {
    const table = await readTable(
      await csv(
        '\uFEFFid,name,"a ""b"" c",flag,code\r\n1,"x,\ny",1.5e3,true,007\r\n2,NA,-inf,False,008\r\n\r\n3,z,,true,\r\n',
      ),
    )
    expect(columns(table)).toEqual({
      id: [1, 2, 3],
      name: ['x,\ny', null, 'z'],
      'a "b" c': [1500, -Infinity, null],
      flag: [true, false, true],
      code: ['007', '008', null],
    })
    expect(table.rows).toBe(3)
  })

  test('delimiters are found, decimal commas with semicolons', async () => {
    expect(columns(await readCsv(await csv('a;b\n1,5;x\n-2;y\n')))).toEqual({ a: [1.5, -2], b: ['x', 'y'] })
    expect(columns(await readCsv(await csv('a\tb\n1\t2\n')))).toEqual({ a: [1], b: [2] })
    expect(columns(await readCsv(await csv('a|b\n1|2\n'), { delimiter: ',' }))).toEqual({ 'a|b': ['1|2'] })
    expect(columns(await readCsv(await csv('a,b\n-9999,2\n'), { missing: ['-9999'] }))).toEqual({ a: [null], b: [2] })
  })

  test('what is no table says where', async () => {
    await expect(readCsv(await csv(''))).rejects.toThrow(/no header/)
    await expect(readCsv(await csv('a,b\n1,2,3\n'))).rejects.toThrow(/line 2/)
    await expect(readCsv(await csv('a,a\n1,2\n'))).rejects.toThrow(/two columns/)
    await expect(readTable('/none/a.csv')).rejects.toMatchObject({ tag: 'MissingFile' })
  })

  test('what is written is read again', async () => {
    const path = join(await temporaryFolder(), 'a.csv')
    const texts = fc
      .string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é', ';'), minLength: 1 })
      .map((t) => `x${t}x`)
    const rows = fc.array(fc.tuple(fc.double({ noNaN: true }), texts), { minLength: 1, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const values = { n: list.map(([n]) => (Object.is(n, -0) ? 0 : n)), t: list.map(([, t]) => t) }
        const table = {
          columns: Object.entries(values).map(([name, v]) => ({ name, values: v })),
          rows: list.length,
          label: '',
        }
        await writeCsv(path, table)
        expect(columns(await readCsv(path, { delimiter: ',' }))).toEqual(values)
      }),
      { numRuns: 40 },
    )
  })

  test('digits that no double holds stay texts, as do the names of members of objects', async () => {
    const table = await readCsv(
      await csv('id,n,word\n12345678901234567890,12345678901234567000,constructor\n7,8,toString\n'),
    )
    expect(columns(table)).toEqual({
      id: ['12345678901234567890', '7'],
      n: [12345678901234567000, 8],
      word: ['constructor', 'toString'],
    })
  })

  test('other encodings: UTF-16 by its mark, Latin-1 where it is named', async () => {
    const path = await csv('')
    await writeFile(path, Buffer.from('\uFEFFa\tü\n1\t2\n', 'utf16le'))
    expect(columns(await readCsv(path))).toEqual({ a: [1], ü: [2] })
    await writeFile(path, Buffer.from('name,v\nMüller,1\n', 'latin1'))
    await expect(readCsv(path)).rejects.toThrow(/is not UTF-8/)
    expect(columns(await readCsv(path, { encoding: 'latin1' }))).toEqual({ name: ['Müller'], v: [1] })
  })

  test('a column of empty cells is missing throughout', () => {
    expect(typedColumn('a', ['', 'NA']).values).toEqual([null, null])
  })
})

describe('Parquet', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../../../oracles/table/parquet.json', import.meta.url), 'utf8'),
  ) as {
    files: Record<string, string>
    columns: Record<string, unknown[]>
    odd: Record<string, string>
    oddColumns: Record<string, unknown[]>
    written: Record<string, unknown[]>
  }
  for (const [codec, bytes] of Object.entries(golden.files)) {
    test(`pyarrow's ${codec}`, async () => {
      const path = join(await temporaryFolder(), 'a.parquet')
      await writeFile(path, Buffer.from(bytes, 'base64'))
      expect(columns(await readTable(path))).toEqual(golden.columns)
    })
  }

  for (const [codec, bytes] of Object.entries(golden.odd)) {
    test(`pages without values, lists, maps and integers of 64 bits, ${codec}`, async () => {
      const path = join(await temporaryFolder(), 'a.parquet')
      await writeFile(path, Buffer.from(bytes, 'base64'))
      const table = await readTable(path)
      const wanted = Object.entries(golden.oddColumns)
      expect(columns(table)).toEqual(
        codec === 'empty' ? Object.fromEntries(wanted.map(([k]) => [k, []])) : golden.oddColumns,
      )
    })
  }

  test('written, read, and read by pyarrow (oracles/table/make.py)', async () => {
    const path = join(await temporaryFolder(), 'a.parquet')
    const table = sample()
    await writeTable(path, table)
    expect(columns(await readTable(path))).toEqual(columns(table))
    expect(golden.written).toEqual(columns(table))
    await writeFile(path, (await readFile(path)).subarray(0, 100))
    await expect(readTable(path)).rejects.toMatchObject({ tag: 'BadParquet' })
    await expect(writeTable('a.xlsx', table)).rejects.toMatchObject({ tag: 'UnknownFormat' })
  })
})

function sample(): Table {
  const list = {
    time: ['2020-06-01', '2020-06-11T12:00:00+02:00', '2020-07-01'],
    lon: [10.5, 11, -12.25],
    lat: [50, 51, 52],
    ndvi: [0.25, null, 0.75],
    site: ['a', 'ü', null],
    ok: [true, false, null],
  }
  return { columns: Object.entries(list).map(([name, values]) => ({ name, values })), rows: 3, label: 'sample' }
}

describe('cubes', () => {
  test('a series by its times', async () => {
    const { schema, source } = seriesCube(sample(), { bands: ['ndvi'] })
    expect(schema.dims.map(({ name, type }) => [name, type])).toEqual([
      ['t', 'temporal'],
      ['bands', 'bands'],
    ])
    expect(schema.dims[0]!.labels).toEqual(['2020-06-01T00:00:00Z', '2020-06-11T10:00:00Z', '2020-07-01T00:00:00Z'])
    expect([...(await source.read(wholeRegion([3, 1])))]).toEqual([0.25, Number.NaN, 0.75])
    const years = { columns: [{ name: 'date', values: [2019, '2020-06', '2021-01-02'] }], rows: 3, label: 'years' }
    expect(seriesCube(years).schema.dims[0]!.labels).toEqual(
      ['2019-01-01', '2020-06-01', '2021-01-02'].map((d) => `${d}T00:00:00Z`),
    )
    expect(() => seriesCube(sample(), { time: 'tiem' })).toThrow(/no column "tiem"/)
    expect(() => seriesCube(sample(), { bands: ['site'] })).toThrow(/holds texts/)
    expect(() => seriesCube(sample(), { time: 'site' })).toThrow(/is no date/)
  })

  test('points by their coordinates, texts as properties', async () => {
    const { schema, source } = pointsCube(sample())
    const geometry = schema.dims[0] as GeometryDimension
    expect(geometry.features.features[1]).toEqual({
      geometry: { type: 'Point', coordinates: [11, 51] },
      properties: { time: '2020-06-11T12:00:00+02:00', site: 'ü', ok: false },
    })
    expect(schema.dims[1]!.labels).toEqual(['ndvi'])
    expect([...(await source.read(wholeRegion([3, 1])))]).toEqual([0.25, Number.NaN, 0.75])
    expect(pointsCube(sample(), { crs: 'EPSG:4258' }).schema.dims[0]).toMatchObject({
      features: { crs: { code: 'EPSG:4258' } },
    })
  })

  test('a cube as rows, in memory and streamed to a file', async () => {
    const { schema, data } = climate()
    const table = tableOf(schema, data)
    expect(table.columns.map(({ name }) => name)).toEqual(['t', 'y', 'x', 'tas'])
    expect(table.rows).toBe(2 * 36 * 72)
    const path = join(await temporaryFolder(), 'a.csv')
    await writeAll(csvSink, path, schema, data)
    const read = await readCsv(path)
    expect(columnNamed(read, 't')!.values).toEqual(columnNamed(table, 't')!.values)
    expect(columnNamed(read, 'tas')!.values).toEqual(columnNamed(table, 'tas')!.values)
    const series = seriesCube(sample(), { bands: ['ndvi', 'lat'] })
    const cells = await series.source.read(wholeRegion(shapeOf(series.schema)))
    expect(columns(tableOf(series.schema, cells))).toMatchObject({ ndvi: [0.25, null, 0.75], lat: [50, 51, 52] })
  })

  test('features with their properties, in rows of several dates', async () => {
    const polygon = {
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 0],
        ],
      ],
    } as const
    const features = {
      crs: parseCrs('EPSG:32632'),
      features: [
        { geometry: polygon, properties: { crop: 'maize, late', area: 1.5, tas: 'own' }, id: 7 },
        { geometry: polygon, properties: { area: null, tags: ['a', 'b'] } },
      ],
      label: 'fields',
    }
    const schema: CubeSchema = {
      dims: [
        { type: 'temporal', name: 't', labels: ['2020-01-01T00:00:00Z', '2020-02-01T00:00:00Z'], calendar: 'standard' },
        { type: 'geometry', name: 'geometry', labels: [0, 1], features },
      ],
      packing: { dtype: 'float64', scale: 1, offset: 0 },
      band: { name: 'tas' },
    }
    const path = join(await temporaryFolder(), 'fields.csv')
    const data = Float64Array.of(1, 2, 3, Number.NaN)
    await writeAll(csvSink, path, schema, data)
    expect((await readFile(path, 'utf8')).split('\n')).toEqual([
      't,geometry,id,crop,area,tas_2,tags,tas',
      '2020-01-01T00:00:00Z,0,7,"maize, late",1.5,own,,1',
      '2020-01-01T00:00:00Z,1,,,,,"[""a"",""b""]",2',
      '2020-02-01T00:00:00Z,0,7,"maize, late",1.5,own,,3',
      '2020-02-01T00:00:00Z,1,,,,,"[""a"",""b""]",',
      '',
    ])
    // The same features beside other bands: names are free, or taken, anew.
    const bands = [{ name: 'crop' }, { name: 'b' }]
    const dims = [...schema.dims, { type: 'bands', name: 'bands', labels: ['crop', 'b'], bands } as const]
    expect(rowNames({ dims, packing: schema.packing })).toEqual([
      't',
      'geometry',
      'id',
      'crop_2',
      'area',
      'tas',
      'tags',
      'crop',
      'b',
    ])
    const part = [...rowsOf(schema, data.subarray(3), [1, 1], [1, 1])]
    expect(part).toEqual([['2020-02-01T00:00:00Z', 1, null, null, null, null, '["a","b"]', null]])
  })
})
