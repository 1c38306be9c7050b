/** Files as xarray users have them: variables with levels or members, without a CRS, with classes and long names. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bandAt } from '../../src/collection/own-dimensions.ts'
import { whyNoGrid } from '../../src/collection/pieces.ts'
import { parseCrs } from '../../src/crs/crs.ts'
import { open } from '../../src/fluent/collection.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { evaluateGraph } from '../../src/graph/evaluate.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import { memorySource } from '../../src/model/memory.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import type { Band } from '../../src/types.ts'
import { temporaryFolder } from '../temporary.ts'

const x: Dimension = { type: 'spatial', name: 'x', axis: 'x', labels: [5, 15, 25] }
const y: Dimension = { type: 'spatial', name: 'y', axis: 'y', labels: [15, 5] }
const t: Dimension = {
  type: 'temporal',
  name: 't',
  labels: ['2020-01-01T00:00:00Z', '2020-01-02T00:00:00Z'],
  calendar: 'standard',
}
const bandsOf = (...names: string[]): Dimension => ({
  type: 'bands',
  name: 'bands',
  labels: names,
  bands: names.map((name) => ({ name })),
})
const grid = { crs: parseCrs('EPSG:32632'), affine: [10, 0, 0, 0, -10, 20], width: 3, height: 2 } as const

function made(dims: readonly Dimension[], more: Partial<CubeSchema> = { grid }): Cube {
  const schema: CubeSchema = { dims, packing: { dtype: 'float32', scale: 1, offset: 0 }, ...more }
  const count = shapeOf(schema).reduce((product, length) => product * length, 1)
  return new Cube(
    memorySource(
      Float32Array.from({ length: count }, (_, i) => i),
      schema,
      'made up',
    ),
  )
}

const level: Dimension = { type: 'other', name: 'level', labels: [1000, 850, 500, 200] }
const member: Dimension = { type: 'other', name: 'member', labels: ['a', 'b'] }

describe('variables with dimensions of their own', () => {
  it.each(['nc', 'zarr'])('are dimensions of the stack where asked, from %s', async (extension) => {
    const cube = made([t, bandsOf('u', 'v'), level, y, x])
    const path = join(await temporaryFolder(), `levels.${extension}`)
    await cube.save(path)
    await using collection = await open(path)
    const whole = collection.stack({ dimensions: ['level'], bands: ['u', 'v'] })
    expect(whole.dims.map(({ name, type }) => [name, type])).toEqual([
      ...[
        ['t', 'temporal'],
        ['bands', 'bands'],
        ['level', 'other'],
      ],
      ...[
        ['y', 'spatial'],
        ['x', 'spatial'],
      ],
    ])
    expect(whole.labels('level')).toEqual([1000, 850, 500, 200])
    expect((await whole.compute()).data).toEqual((await cube.compute()).data)
    const mean = whole.band('v').sel('level', 850).subtract(whole.band('v').mean('level'))
    const expected = cube.band('v').sel('level', 850).subtract(cube.band('v').mean('level'))
    expect((await mean.compute()).data).toEqual((await expected.compute()).data)
    const { value, close } = await evaluateGraph(mean.toProcessGraph())
    expect((await new Cube((value as unknown as { node: Cube['node'] }).node).compute()).data).toEqual(
      (await expected.compute()).data,
    )
    await close()
  })

  it('are bands otherwise, which their variable names together', async () => {
    const path = join(await temporaryFolder(), 'both.nc')
    await made([t, bandsOf('u', 'v'), member, level, y, x]).save(path)
    await using collection = await open(path, { bands: ['v'] })
    const names = collection.layers.map(({ name }) => name)
    expect(names.length).toBe(8)
    expect(names[1]).toBe('v[member=a,level=850]')
    expect(collection.stack({ bands: ['v[member=b,level=500]', 'v'] }).shape).toEqual([2, 9, 2, 3])
    const members = collection.stack({ dimensions: ['member'] })
    expect(members.labels('bands')[3]).toBe('v[level=200]')
    expect(members.labels('member')).toEqual(['a', 'b'])
    expect(() => collection.stack({ dimensions: ['depth'] })).toThrow(
      expect.objectContaining({ tag: 'DimensionNotAvailable' }),
    )
    expect(() => collection.stack({ bands: ['w'] })).toThrow(expect.objectContaining({ tag: 'NoLayer' }))
  })

  it.each(['nc', 'zarr'])('keep the units of their labels through %s', async (extension) => {
    const folder = await temporaryFolder()
    const depth: Dimension = { type: 'spatial', name: 'depth', axis: 'z', labels: [0.5, 10], unit: 'm' }
    const [path, copy] = [join(folder, `units.${extension}`), join(folder, `copy.${extension}`)]
    await made([t, { ...level, unit: 'hPa' }, depth, member, y, x]).save(path)
    await using collection = await open(path)
    const stacked = collection.stack({ dimensions: ['level', 'depth', 'member'] })
    await stacked.save(copy)
    await using again = await open(copy)
    for (const cube of [stacked, again.stack({ dimensions: ['level', 'depth', 'member'] })]) {
      const units = ['level', 'depth', 'member'].map((name) => {
        const dimension = cube.dims.find((one) => one.name === name)!
        return 'unit' in dimension ? dimension.unit : undefined
      })
      expect(units).toEqual(['hPa', 'm', undefined])
      expect(cube.labels('depth')).toEqual([0.5, 10])
    }
  })

  it.each(['nc', 'zarr'])('say through %s which way they count, and what they are', async (extension) => {
    const folder = await temporaryFolder()
    const down = { axis: 'Z', standard_name: 'depth', long_name: 'depth below the surface', positive: 'down' }
    const depth: Dimension = { type: 'spatial', name: 'depth', axis: 'z', labels: [0.5, 10], unit: 'm', notes: down }
    const members: Dimension = { ...member, notes: { standard_name: 'realization' } } as Dimension
    const [path, copy] = [join(folder, `notes.${extension}`), join(folder, `copy.${extension}`)]
    await made([t, members, depth, y, x]).save(path)
    await using collection = await open(path)
    const stacked = collection.stack({ dimensions: ['depth', 'member'] })
    await stacked.save(copy)
    await using again = await open(copy)
    for (const cube of [stacked, again.stack({ dimensions: ['depth', 'member'] })]) {
      const notes = ['depth', 'member'].map((name) => cube.dims.find((one) => one.name === name))
      expect(notes).toMatchObject([{ notes: down, unit: 'm' }, { notes: { standard_name: 'realization' } }])
    }
  })

  it('keep the notes in which files agree, and a unit however it is spelt', async () => {
    const folder = await temporaryFolder()
    const notes = { positive: 'down', standard_name: 'air_pressure' }
    const bar = { ...level, unit: 'hPa', notes: { ...notes, long_name: 'pressure' } } as Dimension
    await made([bandsOf('u'), bar, y, x]).save(join(folder, 'u.nc'))
    await made([bandsOf('v'), { ...level, unit: 'millibars', notes } as Dimension, y, x]).save(join(folder, 'v.nc'))
    await using collection = await open(folder)
    const own = collection.stack({ dimensions: ['level'] }).dims.find(({ name }) => name === 'level')
    expect(own).toEqual({ ...level, unit: 'hPa', notes })
  })

  it('are not put on one axis where files count them in different units', async () => {
    const folder = await temporaryFolder()
    const bar = made([bandsOf('u'), { ...level, unit: 'hPa' }, y, x])
    await bar.save(join(folder, 'u.nc'))
    await made([bandsOf('v'), { ...level, unit: 'Pa' }, y, x]).save(join(folder, 'v.nc'))
    await using collection = await open(folder)
    expect(() => collection.stack({ dimensions: ['level'] })).toThrow(
      expect.objectContaining({ tag: 'DifferentUnits', data: { dimension: 'level', units: ['hPa', 'Pa'] } }),
    )
    expect(collection.warnings).toMatchObject([{ tag: 'MixedUnits', message: expect.stringContaining('hPa, Pa') }])
    const own = collection.stack({ bands: ['v'], dimensions: ['level'] })
    expect(own.dims.find(({ name }) => name === 'level')).toMatchObject({ unit: 'Pa' })
  })

  it('takes methods for a variable by its name', async () => {
    const path = join(await temporaryFolder(), 'fine.nc')
    await made([level, y, x]).save(path)
    await using collection = await open(path)
    const fine = collection.stack({ grid: { resolution: 5 }, resampling: { data: 'near' }, dimensions: ['level'] })
    expect(fine.shape).toEqual([1, 4, 4, 6])
  })
})

it('names of bands are taken apart', () => {
  expect(bandAt('u[level=850]')).toEqual({ variable: 'u', labels: new Map([['level', '850']]) })
  expect(bandAt('pr[m=a,b,level=2]').labels).toEqual(
    new Map([
      ['m', 'a,b'],
      ['level', '2'],
    ]),
  )
  expect(bandAt('odd[1]')).toEqual({ variable: 'odd[1]', labels: new Map() })
})

describe('files without a CRS', () => {
  it('lie where the CRS is that is said', async () => {
    const cube = made([t, y, x], {})
    const path = join(await temporaryFolder(), 'plain.nc')
    await cube.save(path)
    await expect(open(path)).rejects.toMatchObject({
      tag: 'NoRasters',
      message: expect.stringContaining('names no CRS'),
    })
    await using collection = await open(path, { crs: 'EPSG:32632' })
    const stacked = collection.stack()
    expect(stacked.grid).toMatchObject({ affine: [10, 0, 0, 0, -10, 20], crs: { code: 'EPSG:32632' } })
    expect((await stacked.compute({ workers: 2 })).data).toEqual((await cube.compute()).data)
    await expect(open(path, { crs: 'EPSG:1' })).rejects.toMatchObject({ tag: 'UnknownCrs' })
  })

  it('are told from those whose coordinates are not even', async () => {
    const path = join(await temporaryFolder(), 'uneven.nc')
    await made([{ ...y, labels: [60, 10, 5] } as Dimension, x], {}).save(path)
    await expect(open(path)).rejects.toMatchObject({ message: expect.stringContaining('y that are not evenly spaced') })
  })
})

it.each([
  ['has nothing along t', [{ ...t, labels: [] }, y, x]],
  [
    'has dimensions y and x without coordinates of their own',
    [t, { type: 'other', name: 'y', labels: [0, 1] }, { type: 'other', name: 'x', labels: [0, 1] }],
  ],
  ['has a single cell', [t, { ...y, labels: [5] }, { ...x, labels: [5] }]],
  ['has coordinates y that are not evenly spaced', [{ ...y, labels: [60, 10, 5] }, x]],
  ['names no CRS', [y, x]],
] as readonly [string, readonly Dimension[]][])('an array %s', (why, dims) => {
  const packing = { dtype: 'float32', scale: 1, offset: 0 } as const
  expect(whyNoGrid({ dims, packing })?.why).toContain(why)
})

it('a store without any record yet says so', async () => {
  const path = join(await temporaryFolder(), 'begun.zarr')
  await made([t, y, x]).save(path)
  for (const entry of await readdir(path, { recursive: true })) {
    if (!entry.endsWith('zarr.json')) continue
    const text = await readFile(join(path, entry), 'utf8')
    const { consolidated_metadata: _, ...metadata } = JSON.parse(text)
    const d = metadata.dimension_names?.indexOf('t') ?? -1
    if (d >= 0) metadata.shape[d] = 0
    await writeFile(join(path, entry), JSON.stringify(metadata))
  }
  await expect(open(path)).rejects.toMatchObject({
    tag: 'NoRasters',
    message: expect.stringContaining('has nothing along t'),
  })
})

it('classes, long names and roles of variables stay', async () => {
  const path = join(await temporaryFolder(), 'cover.nc')
  const band: Band = { name: 'cover', description: 'land cover', role: 'class', classes: [{ value: 1, name: 'water' }] }
  const packing = { dtype: 'uint8', scale: 1, offset: 0 } as const
  const cells = memorySource(new Uint8Array([1, 0, 1, 1, 1, 0]), { dims: [y, x], grid, band, packing }, 'made up')
  await new Cube(cells).save(path)
  await using collection = await open(path)
  expect(collection.stack().bands).toEqual([band])
})

it('what may surprise is told to who listens', async () => {
  const path = join(await temporaryFolder(), 'twice.nc')
  await made([{ ...t, labels: [t.labels[0], t.labels[0]] } as Dimension, y, x]).save(path)
  const tags: string[] = []
  await using collection = await open(path, { onWarning: ({ tag }) => void tags.push(tag) })
  expect(tags).toEqual(['DuplicateDate'])
  expect(collection.warnings.length).toBe(1)
})

it('conditions on properties that files do not have are told', async () => {
  const folder = await temporaryFolder()
  await made([t, y, x]).save(join(folder, 'plain.nc'))
  const limit = {
    process_graph: { lte: { process_id: 'lte', arguments: { x: { from_parameter: 'value' }, y: 50 }, result: true } },
  }
  const load = (properties: object) => ({
    load: {
      process_id: 'load_collection',
      arguments: { id: 'plain.nc', spatial_extent: null, temporal_extent: null, properties },
      result: true,
    },
  })
  const tags: string[] = []
  const options = { folder, onWarning: ({ tag }: { readonly tag: string }) => void tags.push(tag) }
  await (await evaluateGraph(load({ 'eo:cloud_cover': limit }), options)).close()
  await (await evaluateGraph(load({}), options)).close()
  expect(tags).toEqual(['PropertiesIgnored'])
})
