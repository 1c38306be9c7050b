/** NetCDF and HDF5 files of a web server: the same cells by ranges, no more bytes than needed, faults by their names. */
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLayers } from '../../src/format/formats.ts'
import { shapeOf } from '../../src/model/node.ts'
import { type Region, wholeRegion } from '../../src/model/region.ts'
import { netcdfFromHandle, netcdfSources, openNetcdfFile } from '../../src/netcdf/array-source.ts'
import { netcdfSink } from '../../src/netcdf/sink.ts'
import { type Faults, serve, type TestServer } from '../geotiff/server.ts'
import { temporaryFolder } from '../temporary.ts'
import { packed } from './sample.ts'
import { writeAll } from './write.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/netcdf/formats.json', import.meta.url), 'utf8'),
) as Record<string, string>

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function served(bytes: Uint8Array, faults: Faults = {}): Promise<TestServer & { readonly address: string }> {
  const server = await serve(bytes, faults)
  servers.push(server)
  return { ...server, address: server.url.replace('scene.tif', 'cube.nc?signed=1') }
}

/** Bytes that were asked for. */
const asked = ({ ranges }: TestServer): number =>
  ranges.reduce((sum, range) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range)!.map(Number) as [number, number, number]
    return sum + to - from + 1
  }, 0)

describe.each(['NETCDF3_CLASSIC', 'NETCDF3_64BIT_OFFSET', 'NETCDF3_64BIT_DATA', 'NETCDF4'])('%s', (kind) => {
  test('every variable is as in the file itself', async () => {
    const bytes = Buffer.from(golden[kind]!, 'base64')
    const server = await served(bytes)
    const folder = await temporaryFolder()
    const path = join(folder, 'a.nc')

    await writeFile(path, bytes)
    const [remote, local] = [await openNetcdfFile(server.address), await openNetcdfFile(path)]
    expect(remote.kind).toBe(local.kind)
    expect(remote.attributes).toEqual(local.attributes)
    expect([...remote.variables]).toEqual([...local.variables])
    for (const { name, shape, dtype } of local.variables.values()) {
      if (dtype === 'other') continue
      const start = shape.map(() => 0)
      expect(await remote.read(name, start, shape)).toEqual(await local.read(name, start, shape))
    }
    await remote.close()
    await local.close()
  })
})

describe('a large NetCDF-4 file', () => {
  let path: string
  let bytes: Uint8Array<ArrayBuffer>
  const { schema, data } = packed()

  beforeEach(async () => {
    path = join(await temporaryFolder(), 'packed.nc')
    await writeAll(netcdfSink, path, schema, data)
    bytes = Uint8Array.from(await readFile(path))
  })

  const everything = async (address: string, region?: Region) => {
    const sources = await netcdfSources(address)
    const cells = await Promise.all(sources.map((one) => one.read(region ?? wholeRegion(shapeOf(one.schema)))))
    for (const source of sources) await source.close()
    return cells
  }

  test('is read whole, the same', async () => {
    const server = await served(bytes)
    expect(await everything(server.address)).toEqual(await everything(path))
  })

  test('of a corner only what is needed comes over the network', async () => {
    const server = await served(bytes)
    const { layers, close } = await openLayers(server.address)
    const { schema: found } = layers[0]!.source
    const region = {
      start: shapeOf(found).map(() => 0),
      shape: shapeOf(found).map((side, d) => (d < 1 ? 1 : Math.min(20, side))),
    }
    const [corner] = await everything(path, region)
    expect(await layers[0]!.source.read(region)).toEqual(corner)
    expect(asked(server)).toBeLessThan(bytes.length / 2)
    const again = await netcdfFromHandle(layers[0]!.source.handle)
    expect(await again.read(region)).toEqual(corner)
    await again.close()
    await close()
  })

  test('a server that fails for a moment is asked again; one that is gone is named', async () => {
    const passing = await served(bytes, { status: (i) => (i % 3 === 1 ? 503 : undefined) })
    expect(await everything(passing.address)).toEqual(await everything(path))
    const gone = await served(bytes, { status: (i) => (i > 2 ? 403 : undefined) })
    await expect(everything(gone.address)).rejects.toMatchObject({ tag: 'NoAccess' })
    const whole = await served(bytes, { noRanges: true })
    expect(await everything(whole.address)).toEqual(await everything(path))
  })

  test('a damaged chunk is named by its address and index', async () => {
    const damaged = bytes.slice()
    damaged.fill(0x55, Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.6) + 4000)
    const server = await served(damaged)
    await expect(everything(server.address)).rejects.toMatchObject({
      tag: 'CorruptChunk',
      data: { path: server.address },
    })
  })

  test('what is neither NetCDF nor HDF5 is refused', async () => {
    const server = await served(new TextEncoder().encode('a text of no format, long enough'))
    await expect(netcdfSources(server.address)).rejects.toMatchObject({ tag: 'UnknownFormat' })
    const missing = await served(bytes, { status: () => 404 })
    await expect(netcdfSources(missing.address)).rejects.toMatchObject({ tag: 'MissingFile' })
  })
})

test('arrays in one piece far from the head are what they are, at the first reading too', async () => {
  const h5 = await import('h5wasm/node')
  await h5.ready
  const path = join(await temporaryFolder(), 'pieces.h5')
  const file = new h5.File(path, 'w')
  const count = (length: number, from: number) => Float64Array.from({ length }, (_, i) => from + i)
  // Longer and shorter than what the library reads ahead of an array in one piece.
  for (let k = 0; k < 6; k++) {
    file.create_dataset({ name: `long${k}`, data: count(30_000, k), shape: [30_000], dtype: '<d' })
    file.create_dataset({ name: `short${k}`, data: count(500, 10 * k), shape: [500], dtype: '<d' })
  }
  file.close()
  const server = await served(Uint8Array.from(await readFile(path)))
  const remote = await openNetcdfFile(server.address)
  for (let k = 5; k >= 0; k--) {
    expect(await remote.read(`short${k}`, [0], [500])).toEqual(count(500, 10 * k))
    expect(await remote.read(`long${k}`, [100], [4])).toEqual(count(4, k + 100))
    expect(await remote.read(`long${k}`, [29_000], [1000])).toEqual(count(1000, k + 29_000))
  }
  await remote.close()
})
