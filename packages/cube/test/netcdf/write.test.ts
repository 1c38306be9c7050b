import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { crsEquals } from '../../src/crs/transform.ts'
import { sliceBox } from '../../src/model/copy.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { netcdfSource, netcdfSources } from '../../src/netcdf/array-source.ts'
import { netcdfSink } from '../../src/netcdf/sink.ts'
import { temporaryFolder } from '../temporary.ts'
import { classes, climate, packed } from './sample.ts'
import { writeAll } from './write.ts'

async function written(
  sample: { schema: CubeSchema; data: ReturnType<typeof packed>['data'] },
  options = {},
  reversed = false,
) {
  const path = join(await temporaryFolder(), 'cube.nc')
  await writeAll(netcdfSink, path, sample.schema, sample.data, options, reversed)
  return path
}

test('packed bands in UTM come back band by band, as they were stored', async () => {
  const sample = packed()
  const sources = await netcdfSources(await written(sample, {}, true))
  expect(sources.map(({ schema }) => schema.band?.name)).toEqual(['B04', 'B08'])
  const shape = shapeOf(sample.schema)
  for (const [b, source] of sources.entries()) {
    const { schema } = source
    expect(schema.packing).toEqual(sample.schema.packing)
    expect(schema.dims[0]).toEqual(sample.schema.dims[0])
    expect(schema.dims[1]!.labels).toEqual(sample.schema.dims[2]!.labels)
    expect(schema.grid!.affine).toEqual(sample.schema.grid!.affine)
    expect(schema.grid!.crs.code).toBe('EPSG:32632')
    const cells = await source.read(wholeRegion(shapeOf(schema)))
    const box = { start: [0, b, 0, 0], shape: [3, 1, 530, 700] }
    expect(Buffer.compare(Buffer.from(cells.buffer), Buffer.from(sliceBox(sample.data, shape, box).buffer))).toBe(0)
  }
  expect(sources[0]!.schema.band).toMatchObject({ role: 'red', description: 'Red reflectance' })
  for (const source of sources) await source.close()
})

test('bands keep their order, whatever their names', async () => {
  const { schema, data } = packed()
  for (const order of [
    ['B10', 'B2'],
    ['B2', 'B10'],
  ]) {
    const renamed = schema.dims.map((dim) =>
      dim.type === 'bands'
        ? { ...dim, labels: order, bands: dim.bands.map((band, i) => ({ ...band, name: order[i]! })) }
        : dim,
    )
    const sources = await netcdfSources(await written({ schema: { ...schema, dims: renamed }, data }))
    expect(sources.map((source) => source.schema.band?.name)).toEqual(order)
    for (const source of sources) await source.close()
  }
})

test('calendars, floats with gaps, degrees', async () => {
  const sample = climate()
  const source = await netcdfSource(await written(sample, { level: 0, shuffle: false }), 'tas')
  expect(source.schema.dims[0]).toEqual(sample.schema.dims[0])
  expect(source.schema.unit).toBe('K')
  expect(source.schema.grid!.crs.code).toBe('EPSG:4326')
  expect(await source.read(wholeRegion(shapeOf(source.schema)))).toEqual(sample.data)
  await source.close()
})

test('classes, texts, a system without code', async () => {
  const sample = classes()
  const source = await netcdfSource(await written(sample), 'landcover')
  expect(source.schema.dims[0]).toEqual(sample.schema.dims[0])
  expect(source.schema.band?.classes).toEqual(sample.schema.band!.classes)
  expect(crsEquals(source.schema.grid!.crs, sample.schema.grid!.crs)).toBe(true)
  expect(await source.read(wholeRegion(shapeOf(source.schema)))).toEqual(sample.data)
  await source.close()
})

test('a rotated grid comes back by its transform', async () => {
  const sample = classes()
  const grid = { ...sample.schema.grid!, affine: [30, 10, 500, 10, -30, 900] as const }
  const dims = sample.schema.dims.map((dim) =>
    dim.type === 'spatial' ? { ...dim, labels: dim.labels.map((_, i) => i + 0.5) } : dim,
  )
  const source = await netcdfSource(await written({ ...sample, schema: { ...sample.schema, grid, dims } }), 'landcover')
  expect(source.schema.grid!.affine).toEqual(grid.affine)
  expect(source.schema.dims[2]!.labels.slice(0, 2)).toEqual([0.5, 1.5])
  await source.close()
})

test('months and seasons stay labels', async () => {
  const sample = climate()
  const dims = [{ ...sample.schema.dims[0]!, labels: ['2001-02', '2001-03'] }, ...sample.schema.dims.slice(1)]
  const source = await netcdfSource(
    await written({ ...sample, schema: { ...sample.schema, dims } as CubeSchema }),
    'tas',
  )
  expect(source.schema.dims[0]).toEqual(dims[0])
  await source.close()
})

test('nothing is at the path before the end, and nothing is left when it is abandoned', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'cube.nc')
  const { schema } = climate()
  const job = await netcdfSink.create(path, schema, { job: 'x', options: {} })
  expect((await readdir(folder)).some((name) => name === 'cube.nc')).toBe(false)
  await job.abandon(true)
  expect(await readdir(folder)).toEqual([])
  await expect(netcdfSink.create(join(folder, 'no/x.nc'), schema, { job: 'x', options: {} })).rejects.toThrow(
    /cannot write/,
  )
  await expect(netcdfSink.create(path, schema, { job: 'x', options: { level: 12 } })).rejects.toThrow(/level 12/)
})

test('what killed processes left of an output is removed by the next run, what living ones write is not', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'cube.nc')
  // No process has a number beyond 2^22.
  const left = ['.cube.nc.4194999-0123456789ab.partial', '.cube.nc.4194999-0123456789ab.spool']
  const kept = [
    `.cube.nc.${process.pid}-0123456789ab.partial`,
    '.other.nc.4194999-0123456789ab.partial',
    '.cube.nc.txt',
  ]
  for (const name of [...left, ...kept]) await writeFile(join(folder, name), 'half of it')
  await writeAll(netcdfSink, path, climate().schema, climate().data)
  expect(new Set(await readdir(folder))).toEqual(new Set([...kept, 'cube.nc']))
})

test('chunks that were never written read as missing', async () => {
  const path = join(await temporaryFolder(), 'cube.nc')
  const { schema } = packed()
  const job = await netcdfSink.create(path, schema, { job: 'x', options: {} })
  await job.finish()
  const [source, other] = await netcdfSources(path)
  expect([...(await source!.read({ start: [0, 0, 0], shape: [1, 1, 2] }))]).toEqual([65535, 65535])
  await source!.close()
  await other!.close()
})

test('a cut-off file is an error that says so, not wrong numbers', async () => {
  const sample = packed()
  const path = await written(sample)
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(0, bytes.length / 2))
  await expect(netcdfSources(path)).rejects.toThrow(/cut off after \d+ of \d+ bytes/)
})

test('a damaged chunk is named, the others can be read', async () => {
  const path = await written(packed())
  const bytes = await readFile(path)
  bytes.fill(0xff, 48, 2000)
  await writeFile(path, bytes)
  const [source, other] = await netcdfSources(path)
  const failure = await source!.read({ start: [0, 0, 0], shape: [1, 10, 10] }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ tag: 'CorruptChunk', data: { path, chunk: [0, 0, 0] } })
  expect((await source!.read({ start: [2, 0, 0], shape: [1, 1, 3] })).length).toBe(3)
  const whole = await source!.read({ start: [0, 0, 500], shape: [3, 530, 200] }).catch((error: unknown) => error)
  expect(whole).toMatchObject({ tag: 'CorruptChunk', data: { chunk: [0, 0, 0] } })
  await source!.close()
  await other!.close()
})

test('xarray and rioxarray read what we write: times, system, transform, values (oracles/netcdf/check.py)', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../../../oracles/netcdf/check.json', import.meta.url), 'utf8'),
  ) as Record<
    string,
    {
      times: string[]
      epsg: number | null
      transform: number[]
      sums: Record<string, number>
      missing: Record<string, number>
    }
  >
  for (const [name, { schema, data }] of Object.entries({ packed: packed(), climate: climate(), classes: classes() })) {
    const want = golden[name]!
    const time = schema.dims.find((dim) => dim.type === 'temporal')
    expect(want.times).toEqual(time?.labels ?? [])
    expect(want.epsg).toBe(schema.grid!.crs.code === undefined ? null : Number(schema.grid!.crs.code.slice(5)))
    expect(want.transform.slice(0, 6)).toEqual([...schema.grid!.affine])
    const { nodata, scale, offset } = schema.packing
    const values = Float64Array.from(data, (v) => (v === nodata ? Number.NaN : v * scale + offset))
    const sum = values.reduce((a, v) => (Number.isNaN(v) ? a : a + v), 0)
    const total = Object.values(want.sums).reduce((a, v) => a + v, 0)
    expect(Math.abs(total - sum)).toBeLessThan(1e-7 * Math.abs(sum))
    const gaps = Object.values(want.missing).reduce((a, v) => a + v, 0)
    expect(gaps).toBe(values.filter((v) => Number.isNaN(v)).length)
  }
})
