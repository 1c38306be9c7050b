/** Variables as sources: pyramids, selections, threads, handles, GeoZarr, coordinates of all kinds. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ArraySource, SourceHandle } from '../../src/model/array-source.ts'
import { shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { openZarr, zarrFromHandle, zarrSources } from '../../src/zarr/array-source.ts'
import { dataFolder, hasData } from '../data.ts'
import { temporaryFolder } from '../temporary.ts'
import { sampleCells, sampleSchema, writeZarr } from './samples.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

const TIMES = ['2020-01-01T00:00:00Z', '2020-01-11T00:00:00Z', '2020-01-21T00:00:00Z', '2020-02-01T00:00:00Z']
const schema = sampleSchema({ width: 24, height: 16, times: TIMES })
const cells = sampleCells(schema)
const options = { chunks: { t: 1, y: 4, x: 8 }, shards: { t: 2, y: 8, x: 16 } }

async function written(): Promise<string> {
  const path = join(folder, 'a.zarr')
  await writeZarr(path, schema, cells, options)
  return path
}

const copyOf = (handle: SourceHandle): SourceHandle => JSON.parse(JSON.stringify(handle)) as SourceHandle
const all = (source: ArraySource) => source.read(wholeRegion(shapeOf(source.schema)))
const cell = (t: number, y: number, x: number): number => cells[(t * 16 + y) * 24 + x]!

describe('narrow', () => {
  test('labels in any order, repeated, narrowed again; the same by handle', async () => {
    const [source] = await zarrSources(await written())
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(15), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(23), { minLength: 1, maxLength: 30 }),
        async (ts, ys, xs) => {
          const narrow = source!.narrow!(0, ts)!.narrow!(1, ys)!.narrow!(2, xs)!
          const expected = Float32Array.from(ts.flatMap((t) => ys.flatMap((y) => xs.map((x) => cell(t, y, x)))))
          expect(await all(narrow)).toEqual(expected)
          expect(narrow.schema.dims.map(({ labels }) => labels.length)).toEqual([ts.length, ys.length, xs.length])
          const again = await zarrFromHandle(copyOf(narrow.handle))
          expect(await all(again)).toEqual(expected)
          expect(again.schema).toEqual(narrow.schema)
          await again.close()
        },
      ),
      { numRuns: 20 },
    )
    const twice = source!.narrow!(0, [3, 2, 1])!.narrow!(0, [2, 0])!
    expect(twice.schema.dims[0]!.labels).toEqual([TIMES[1], TIMES[3]])
    expect((await twice.read({ start: [1, 5, 6], shape: [1, 1, 2] }))[0]).toBe(cell(3, 5, 6))
    await source!.close()
  })

  test('the grid goes with rows and columns in even steps', async () => {
    const [source] = await zarrSources(await written())
    const right = source!.narrow!(2, [8, 9, 10])!
    expect(right.schema.grid).toMatchObject({ affine: [10, 0, 600080, 0, -10, 5200000], width: 3, height: 16 })
    const sparse = source!.narrow!(1, [0, 4, 8])!
    expect(sparse.schema.grid).toMatchObject({ affine: [10, 0, 600000, 0, -40, 5200015], height: 3 })
    expect(source!.narrow!(1, [0, 4, 5])!.schema.grid).toBeUndefined()
    expect(source!.narrow!(0, [2])!.schema.grid).toEqual(source!.schema.grid)
    await source!.close()
  })
})

describe('reading', () => {
  test('any region is the same cells', async () => {
    const [source] = await zarrSources(await written())
    expect(source!.chunks).toEqual([1, 4, 8])
    const range = (n: number) =>
      fc.tuple(fc.nat(n - 1), fc.nat(n - 1)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const)
    await fc.assert(
      fc.asyncProperty(range(4), range(16), range(24), async (t, y, x) => {
        const region = { start: [t[0], y[0], x[0]], shape: [t[1] - t[0], y[1] - y[0], x[1] - x[0]] }
        const expected: number[] = []
        for (let i = t[0]; i < t[1]; i++)
          for (let j = y[0]; j < y[1]; j++) for (let k = x[0]; k < x[1]; k++) expected.push(cell(i, j, k))
        expect(await source!.read(region)).toEqual(Float32Array.from(expected))
      }),
      { numRuns: 60 },
    )
    await source!.close()
  })

  test('several threads give the same cells and the same errors', async () => {
    const path = await written()
    const [one] = await zarrSources(path, { threads: 1 })
    const [two] = await zarrSources(path, { threads: 2 })
    expect(await all(two!)).toEqual(await all(one!))
    const inner = { start: [1, 3, 5], shape: [3, 12, 17] }
    expect(await two!.read(inner)).toEqual(await one!.read(inner))
    writeFileSync(join(path, 'data/c/1/1/0'), 'damaged')
    await expect(all(two!)).rejects.toMatchObject({ tag: 'CorruptChunk', data: { chunk: [1, 1, 0] } })
    expect(await two!.read({ start: [0, 0, 0], shape: [2, 16, 24] })).toHaveLength(2 * 16 * 24)
    await one!.close()
    await two!.close()
  })

  test('threads do not keep the process alive', async () => {
    const path = await written()
    const module = new URL('../../src/zarr/array-source.ts', import.meta.url).pathname
    const code = `import { zarrSources } from ${JSON.stringify(module)}
      const [source] = await zarrSources(${JSON.stringify(path)}, { threads: 2 })
      const cells = await source.read({ start: [0, 0, 0], shape: [4, 16, 24] })
      console.log(cells.length, cells.buffer instanceof SharedArrayBuffer)`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      timeout: 20000,
    })
    expect(out.trim()).toBe('1536 true')
  }, 30000)

  test('a raised signal ends it', async () => {
    const [source] = await zarrSources(await written())
    await expect(source!.read(wholeRegion([4, 16, 24]), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      tag: 'Cancelled',
    })
    await source!.close()
  })
})

/** A store of one array with these documents. */
function store(path: string, group: object, arrays: Readonly<Record<string, object>>): void {
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'zarr.json'), JSON.stringify({ zarr_format: 3, node_type: 'group', ...group }))
  for (const [name, document] of Object.entries(arrays)) {
    mkdirSync(join(path, name), { recursive: true })
    writeFileSync(join(path, name, 'zarr.json'), JSON.stringify(document))
  }
}

const array = (shape: readonly number[], names: readonly string[], more: object = {}): object => ({
  zarr_format: 3,
  node_type: 'array',
  shape,
  data_type: 'uint8',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: shape } },
  chunk_key_encoding: { name: 'default' },
  fill_value: 7,
  codecs: [{ name: 'bytes' }],
  dimension_names: names,
  ...more,
})

describe('conventions', () => {
  test('GeoZarr attributes of the group give the grid', async () => {
    const attributes = { 'proj:code': 'EPSG:32632', 'spatial:transform': [10, 0, 600000, 0, -20, 5200000] }
    store(join(folder, 'g.zarr'), { attributes }, { data: array([3, 4], ['y', 'x']) })
    const [source] = await zarrSources(join(folder, 'g.zarr'))
    expect(source!.schema.grid).toMatchObject({ affine: [10, 0, 600000, 0, -20, 5200000], width: 4, height: 3 })
    expect(source!.schema.grid!.crs.code).toBe('EPSG:32632')
    expect(source!.schema.dims[0]!.labels).toEqual([5199990, 5199970, 5199950])
    expect(await all(source!)).toEqual(new Uint8Array(12).fill(7))
    await source!.close()
  })

  test('GeoZarr multiscales open at the finest level, others by number', async () => {
    const levels = { multiscales: { layout: [{ asset: 'fine' }, { asset: 'coarse' }] } }
    store(join(folder, 'p.zarr'), { attributes: levels }, {})
    store(join(folder, 'p.zarr/fine'), {}, { data: array([4, 4], ['y', 'x']) })
    store(join(folder, 'p.zarr/coarse'), {}, { data: array([2, 2], ['y', 'x']) })
    const fine = await openZarr(join(folder, 'p.zarr'))
    expect(fine).toMatchObject({ levels: 2, level: 0 })
    expect(fine.variables.map(({ name }) => name)).toEqual(['data'])
    expect(shapeOf(fine.variables[0]!.source.schema)).toEqual([4, 4])
    const [coarse] = await zarrSources(join(folder, 'p.zarr'), { level: 1 })
    expect(shapeOf(coarse!.schema)).toEqual([2, 2])
    expect(shapeOf((await zarrFromHandle(copyOf(coarse!.handle))).schema)).toEqual([2, 2])
    await expect(openZarr(join(folder, 'p.zarr'), { level: 2 })).rejects.toMatchObject({ tag: 'BadLevel' })
  })

  test('coordinates, bounds and grid mappings are no data; arrays without names have numbered dimensions', async () => {
    store(
      join(folder, 'c.zarr'),
      {},
      {
        data: array([3, 4], ['y', 'x'], { attributes: { grid_mapping: 'crs', coordinates: 'height' } }),
        plain: { ...array([2, 2], []), dimension_names: undefined },
        x: array([4], ['x'], { attributes: { bounds: 'x_bnds' } }),
        x_bnds: array([4, 2], ['x', 'bnds']),
        height: array([3, 4], ['y', 'x']),
        crs: array([], []),
        flag: array([3, 4], ['y', 'x'], { data_type: 'bool', fill_value: true }),
      },
    )
    const { variables } = await openZarr(join(folder, 'c.zarr'))
    expect(variables.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))).toEqual(['data', 'flag', 'plain'])
    const named = (name: string) => variables.find((one) => one.name === name)!.source
    expect(named('plain').schema.dims.map((dim) => dim.name)).toEqual(['dim_0', 'dim_1'])
    expect(named('flag').schema.packing).toMatchObject({ dtype: 'uint8', isBoolean: true })
    expect(await all(named('flag'))).toEqual(new Uint8Array(12).fill(1))
  })

  test('a CRS can be given where the store has none', async () => {
    store(join(folder, 'n.zarr'), {}, { data: array([3, 4], ['y', 'x'], { attributes: {} }), x: array([4], ['x']) })
    const [source] = await zarrSources(join(folder, 'n.zarr'), { crs: 'EPSG:32633' })
    expect(source!.handle).toMatchObject({ crs: 'EPSG:32633' })
    await source!.close()
  })

  test('a store whose data are all refused says why', async () => {
    store(
      join(folder, 'r.zarr'),
      {},
      {
        data: array([3], ['n'], {
          data_type: 'complex64',
          fill_value: [0, 0],
          codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
        }),
      },
    )
    await expect(zarrSources(join(folder, 'r.zarr'))).rejects.toMatchObject({ tag: 'UnsupportedType' })
    store(join(folder, 'e.zarr'), {}, {})
    await expect(zarrSources(join(folder, 'e.zarr'))).rejects.toMatchObject({ tag: 'NoArrays' })
  })

  test('bare NaN in attributes, as Python writes it', async () => {
    const path = await written()
    const file = join(path, 'zarr.json')
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(
        '"grid_mapping": "spatial_ref"',
        '"grid_mapping": "spatial_ref", "note": NaN, "range": [-Infinity, Infinity]',
      ),
    )
    const [source] = await zarrSources(path)
    expect(await all(source!)).toEqual(cells)
    await source!.close()
  })
})

describe.skipIf(!hasData('xcube_demo_cube'))('the pyramid of xcube', () => {
  const path = join(dataFolder, 'xcube_demo_cube/cube-1-250-250.levels')

  test('opens at level 0, with its levels known', async () => {
    const dataset = await openZarr(path)
    expect(dataset).toMatchObject({ levels: 3, level: 0 })
    const names = dataset.variables.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))
    expect(names).toEqual(['c2rcc_flags', 'conc_chl', 'conc_tsm', 'kd489', 'quality_flags'])
    const { schema: found } = dataset.variables.find(({ name }) => name === 'conc_chl')!.source
    expect(found.dims.map((dim) => `${dim.type} ${dim.name} ${dim.labels.length}`)).toEqual([
      'temporal time 5',
      'spatial lat 1000',
      'spatial lon 2000',
    ])
    expect(found.dims[0]!.labels[0]).toMatch(/^2017-01-16T10:09:21/)
    expect(found.grid).toMatchObject({ width: 2000, height: 1000, crs: { code: 'EPSG:4326' } })
    expect(found.unit).toBe('mg m^-3')
    await dataset.close()
  })

  test('coarser levels cover the same ground', async () => {
    const grids = await Promise.all(
      [0, 1, 2].map(async (level) => {
        const [source] = await zarrSources(path, { level })
        await source!.close()
        return source!.schema.grid!
      }),
    )
    for (const [level, grid] of grids.entries()) {
      expect(grid.width).toBe(2000 / 2 ** level)
      expect(grid.affine[0] * grid.width).toBeCloseTo(5, 6)
    }
    await expect(openZarr(path, { level: 3 })).rejects.toMatchObject({ tag: 'BadLevel', data: { levels: 3 } })
  })

  test('a level may be a link to another store', async () => {
    const pyramid = join(folder, 'p.levels')
    mkdirSync(pyramid)
    renameSync(await written(), join(folder, 'base.zarr'))
    writeFileSync(join(pyramid, '0.link'), '../base.zarr')
    const dataset = await openZarr(pyramid)
    expect(dataset.levels).toBe(1)
    expect(await all(dataset.variables[0]!.source)).toEqual(cells)
    await dataset.close()
  })
})
