/** What saving leaves beside its output: nothing of killed runs or full disks, and no STAC item of other cells. */
import { lstat, mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import type { TypedArray } from '../../src/dtype.ts'
import { Cube } from '../../src/fluent/cube.ts'
import { openLayers } from '../../src/format/formats.ts'
import type { OpenedLayer } from '../../src/format/layers.ts'
import { memorySource } from '../../src/model/memory.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { describeOutput, itemPath } from '../../src/stac/item.ts'
import { temporaryFolder } from '../temporary.ts'

const crs = parseCrs('EPSG:32632')
const grid = { crs, affine: [10, 0, 600000, 0, -10, 5200000], width: 3, height: 2 } as const
const plane: CubeSchema = {
  dims: [
    { type: 'spatial', name: 'y', axis: 'y', labels: [5199995, 5199985] },
    { type: 'spatial', name: 'x', axis: 'x', labels: [600005, 600015, 600025] },
  ],
  grid,
  packing: { dtype: 'float32', nodata: Number.NaN, scale: 1, offset: 0 },
}
const point = { geometry: { type: 'Point', coordinates: [600005, 5199995] } as const, properties: {} }
const places: CubeSchema = {
  dims: [{ type: 'geometry', name: 'geometry', labels: ['a'], features: { crs, features: [point], label: 'a' } }],
  packing: plane.packing,
}
const raster = (value: number): Cube => new Cube(memorySource(new Float32Array(6).fill(value), plane, 'made up'))
const vector = (value: number): Cube => new Cube(memorySource(Float32Array.of(value), places, 'made up'))

/** Formats that start anew; GeoTIFF and Zarr leave what a later run goes on with. */
const MAKERS: Readonly<Record<string, (value: number) => Cube>> = {
  ...Object.fromEntries(['nc', 'npy', 'csv', 'parquet', 'svg', 'json'].map((name) => [name, raster])),
  ...Object.fromEntries(['geojson', 'gpkg', 'fgb'].map((name) => [name, vector])),
}

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => vi.restoreAllMocks())

describe.each(Object.entries(MAKERS))('.%s', (extension, make) => {
  it('has nothing beside it that killed runs have left', async () => {
    const name = `out.${extension}`
    for (const end of ['partial', 'spool']) await writeFile(join(folder, `.${name}.999999999-0123456789ab.${end}`), 'x')
    await make(1).save(join(folder, name))
    expect(await readdir(folder)).toEqual([name])
  })

  it('stays as it is on a disk that is full, wherever that comes out', async () => {
    const path = join(folder, `out.${extension}`)
    await make(1).save(path)
    const before = await readFile(path)
    const file = await open(path, 'r')
    const handles = Object.getPrototypeOf(file) as typeof file
    await file.close()
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' })
    for (const call of ['write', 'writeFile', 'truncate', 'sync'] as const) {
      const refused = vi.spyOn(handles, call).mockRejectedValue(full)
      const saving = make(2).save(path)
      // SQLite has calls of its own, others do without some of these.
      if (extension === 'gpkg') await saving
      else await saving.catch((error: unknown) => expect(error).toMatchObject({ tag: 'CannotWrite', hint: FULL }))
      if (refused.mock.calls.length > 0) expect((await readFile(path)).equals(before), call).toBe(true)
      refused.mockRestore()
      expect(await readdir(folder), call).toEqual([`out.${extension}`])
      if (refused.mock.calls.length === 0) await make(1).save(path)
    }
  })
})

const FULL = expect.stringContaining('disk is full') as string

describe('an output that is there', () => {
  const server = createServer()
  afterEach(() => server.close())

  it.each(['nc', 'tif', 'npy', 'csv', 'png', 'json'])('and is no file is not replaced by a .%s', async (extension) => {
    const path = join(folder, `socket.${extension}`)
    await new Promise<void>((resolve) => server.listen(path, resolve))
    await expect(raster(1).save(path)).rejects.toMatchObject({ tag: 'NotAFile', data: { path } })
    await expect(raster(1).save(`${path}/`)).rejects.toMatchObject({ tag: 'IsFolder' })
    expect((await lstat(path)).isSocket()).toBe(true)
    expect(await readdir(folder)).toEqual([`socket.${extension}`])
  })

  it.skipIf(process.getuid?.() === 0)('and may not be written stays', async () => {
    const path = join(folder, 'kept.nc')
    await writeFile(path, 'kept', { mode: 0o444 })
    await expect(raster(1).save(path)).rejects.toMatchObject({ tag: 'CannotWrite' })
    expect(await readFile(path, 'utf8')).toBe('kept')
  })

  it.each(['nc', 'tif', 'npy', 'zarr'])('as a link to nothing is replaced by a .%s', async (extension) => {
    const path = join(folder, `link.${extension}`)
    await symlink('nowhere', path)
    await raster(1).save(path)
    expect((await lstat(path)).isSymbolicLink()).toBe(false)
    expect(await readdir(folder)).toEqual([`link.${extension}`])
  })
})

describe('names of folders that would be parts of an address', () => {
  it.each(['tif', 'zarr', 'nc', 'npy'])('are names like others for a .%s', async (extension) => {
    const path = join(folder, 'Grüße aus Köln #1 50%?', `out.${extension}`)
    await mkdir(dirname(path))
    await raster(7).save(path)
    const opened = await openLayers(path)
    const [{ name, source }] = opened.layers as [OpenedLayer]
    if (extension !== 'zarr' && extension !== 'nc') expect(name).toBe('out')
    const cells = (await source.read(wholeRegion(shapeOf(source.schema)))) as TypedArray
    expect([...cells]).toEqual(new Array(6).fill(7))
    await opened.close()
  })
})

describe('the STAC item', () => {
  const graph = { load: { process_id: 'constant', arguments: { x: 1 }, result: true } }

  it.each(['GTiff', 'netCDF', 'Zarr'])('of %s is gone before its output is another one', async (format) => {
    const path = join(folder, 'out')
    const describeIt = () => describeOutput(raster(1).node, { path, format, graph, software: {} })
    await raster(1).save(path, { format })
    await describeIt()
    // A run that fails leaves both; one that is killed before it can write an item, or has none to write, leaves none.
    await expect(raster(2).save(path, { format, signal: AbortSignal.abort() })).rejects.toThrow()
    expect(await readdir(folder)).toContain('out.stac.json')
    await raster(2).save(path, { format })
    expect(await readdir(folder)).not.toContain('out.stac.json')
    expect(await describeIt()).toBe(itemPath(path))
    expect(await readdir(folder)).toContain('out.stac.json')
  })
})
