/** GeoTIFF over HTTP: as few requests as may be, retries where they help, clear errors where they do not. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { geotiffSource } from '../../src/geotiff/array-source.ts'
import { writeCog } from '../../src/geotiff/cog.ts'
import { openHttpSource } from '../../src/geotiff/http-source.ts'
import { shapeOf } from '../../src/model/node.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { openRaster } from '../../src/raster.ts'
import { temporaryFolder } from '../temporary.ts'
import { type Faults, serve, type TestServer } from './server.ts'

const fixtures = join(import.meta.dirname, '../fixtures/geotiff')
const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function served(bytes: Uint8Array, faults?: Faults): Promise<TestServer> {
  const server = await serve(bytes, faults)
  servers.push(server)
  return server
}

const http = { backOffMs: 1 }
const noise = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 24)

describe('openHttpSource', () => {
  it('gives the bytes of a local file, whatever the position and length', async () => {
    const { url } = await served(noise)
    const source = await openHttpSource(url, http)
    expect(source.size).toBe(noise.length)
    for (const [offset, length] of [
      [0, 10],
      [32760, 20],
      [32768, 32768],
      [100_000, 90_000],
      [299_999, 1],
      [5, 0],
    ] as const) {
      expect(await source.read(offset, length, 'a part')).toEqual(noise.slice(offset, offset + length))
    }
  })

  it('reads the head once and small parts by pages', async () => {
    const { url, ranges } = await served(noise)
    const source = await openHttpSource(url, http)
    for (let i = 0; i < 100; i++) await source.read(i * 50, 40, 'a tag')
    for (let i = 0; i < 100; i++) await source.read(200_000 + i * 10, 8, 'a tag')
    expect(ranges).toEqual(['bytes=0-32767', 'bytes=196608-229375'])
  })

  it('tries again after passing failures, with what the server asks to wait', async () => {
    const { url, ranges } = await served(noise, { status: (i) => [503, 429, undefined][i], short: (i) => i === 3 })
    const source = await openHttpSource(url, http)
    expect(await source.read(100_000, 50_000, 'a part')).toEqual(noise.slice(100_000, 150_000))
    expect(ranges.length).toBe(5)
  })

  it('waits until a date that the server names', async () => {
    const begun = Date.now()
    const { url } = await served(noise, {
      status: (i) => (i === 0 ? 503 : undefined),
      retryAfter: () => new Date(Date.now() + 2000).toUTCString(),
    })
    await openHttpSource(url, http)
    // A date has no parts of seconds.
    expect(Date.now() - begun).toBeGreaterThan(900)
  })

  it.each(['while it waits', 'while nothing arrives'])('ends at once where it is cancelled %s', async (when) => {
    const isWait = when === 'while it waits'
    const { url, ranges } = await served(noise, {
      status: () => (isWait ? 503 : undefined),
      retryAfter: () => '20',
      breaks: () => 'stall',
    })
    const controller = new AbortController()
    const opening = openHttpSource(url, { ...http, signal: controller.signal })
    await vi.waitUntil(() => ranges.length === 1)
    setTimeout(() => controller.abort(), 50)
    await expect(opening).rejects.toMatchObject({ tag: 'Cancelled' })
    await expect(openHttpSource(url, { ...http, signal: controller.signal })).rejects.toMatchObject({
      tag: 'Cancelled',
    })
    expect(ranges).toHaveLength(1)
  })

  it('gives up after the attempts, saying how many', async () => {
    const { url, ranges } = await served(noise, { status: () => 500 })
    await expect(openHttpSource(url, { ...http, attempts: 3 })).rejects.toMatchObject({
      tag: 'CannotRead',
      message: expect.stringContaining('HTTP 500 (3 attempts)'),
    })
    expect(ranges.length).toBe(3)
  })

  it.each([
    [404, 'MissingFile'],
    [410, 'MissingFile'],
    [403, 'NoAccess'],
    [401, 'NoAccess'],
    [418, 'NoAccess'],
  ])('HTTP %i is %s, without another attempt', async (status, tag) => {
    const { url, ranges } = await served(noise, { status: () => status })
    await expect(openHttpSource(url, http)).rejects.toMatchObject({ tag })
    expect(ranges.length).toBe(1)
  })

  it('takes small files whole from a server that has no ranges, and names it for large ones', async () => {
    const small = await served(noise, { noRanges: true })
    const source = await openHttpSource(small.url, http)
    expect(source.size).toBe(noise.length)
    expect(await source.read(100_000, 150_000, 'a part')).toEqual(noise.slice(100_000, 250_000))
    expect(small.ranges.length).toBe(1)
    const large = await served(new Uint8Array(9 * 2 ** 20), { noRanges: true })
    await expect(openHttpSource(large.url, http)).rejects.toMatchObject({
      tag: 'NoRanges',
      hint: expect.stringContaining('download'),
    })
  })

  it('takes small files whole that come without their length, and names large ones', async () => {
    const small = await served(noise, { noRanges: true, noLength: true })
    expect((await openHttpSource(small.url, http)).size).toBe(noise.length)
    const large = await served(new Uint8Array(9 * 2 ** 20), { noRanges: true, noLength: true })
    await expect(openHttpSource(large.url, http)).rejects.toMatchObject({ tag: 'NoRanges' })
  })

  it('reads parts that do not say how long the whole is', async () => {
    const { url, ranges } = await served(noise, { noTotal: 'head' })
    const source = await openHttpSource(url, http)
    expect(source.size).toBe(noise.length)
    expect(await source.read(100_000, 50_000, 'a part')).toEqual(noise.slice(100_000, 150_000))
    expect(ranges).toEqual(['bytes=0-32767', 'head', 'bytes=100000-149999'])
    const small = await served(noise.slice(0, 5000), { noTotal: 'never' })
    expect((await openHttpSource(small.url, http)).size).toBe(5000)
    const silent = await served(noise, { noTotal: 'never' })
    await expect(openHttpSource(silent.url, http)).rejects.toMatchObject({
      tag: 'NoRanges',
      message: expect.stringContaining('how long'),
    })
  })

  it('refuses another part than it asked for', async () => {
    const { url } = await served(noise, { shifted: true })
    await expect(openHttpSource(url, http)).rejects.toMatchObject({ tag: 'NoRanges' })
  })

  it.each(['stall', 'cut'] as const)('tries again after a body that breaks off: %s', async (broken) => {
    const { url, ranges } = await served(noise, { breaks: (i) => (i === 0 || i === 2 ? broken : undefined) })
    const source = await openHttpSource(url, { ...http, stallMs: 60 })
    expect(await source.read(100_000, 50_000, 'a part')).toEqual(noise.slice(100_000, 150_000))
    expect(ranges.length).toBe(4)
  })

  it('gives up where nothing arrives', async () => {
    const { url } = await served(noise, { breaks: () => 'stall' })
    await expect(openHttpSource(url, { ...http, attempts: 2, stallMs: 30 })).rejects.toMatchObject({
      tag: 'CannotRead',
      message: expect.stringContaining('nothing arrived for 0.03 s (2 attempts)') as string,
    })
  })

  it('follows to where a file has moved', async () => {
    const { url } = await served(noise, { redirects: true })
    const source = await openHttpSource(url, http)
    expect(await source.read(100_000, 50_000, 'a part')).toEqual(noise.slice(100_000, 150_000))
  })

  it('notices that the file was changed between two requests', async () => {
    const { url } = await served(noise, { etag: (i) => `"${i}"` })
    const source = await openHttpSource(url, http)
    await expect(source.read(100_000, 50_000, 'a part')).rejects.toMatchObject({ tag: 'ChangedFile' })
  })

  it('names a server that is not there', async () => {
    const server = await serve(noise)
    await server.close()
    await expect(openHttpSource(server.url, { ...http, attempts: 2 })).rejects.toMatchObject({
      tag: 'CannotRead',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('sends the headers that it was given', async () => {
    const { url } = await served(noise)
    const source = await openHttpSource(url, { ...http, headers: { authorization: 'Bearer x' } })
    expect(source.size).toBe(noise.length)
  })
})

describe('geotiffSource over HTTP', () => {
  it.each(['overviews', 'deflate_uint16_p2', 'described'])('reads %s as from disk', async (name) => {
    const path = join(fixtures, `${name}.tif`)
    const { url, ranges } = await served(await readFile(path))
    const [near, far] = [await geotiffSource(path), await geotiffSource(new URL(url), { http })]
    expect(far.schema).toEqual(near.schema)
    const whole = wholeRegion(shapeOf(near.schema))
    expect(await far.read(whole)).toEqual(await near.read(whole))
    expect(ranges.length).toBeLessThanOrEqual(3)
    expect(far.handle).toMatchObject({ format: 'GTiff', path: url })
    await near.close()
    await far.close()
  })

  it('a COG of many tiles opens with two requests', async () => {
    const path = join(await temporaryFolder(), 'many.tif')
    const size = 1600
    const grid = { crs: parseCrs('EPSG:32632'), affine: [10, 0, 5e5, 0, -10, 56e5], width: size, height: size } as const
    const spec = { grid, dtype: 'uint8', bands: [{ name: 'a' }], blockSize: 16 } as const
    await writeCog(path, spec, async ({ row, width, height }) =>
      Uint8Array.from({ length: width * height }, (_, i) => row + Math.floor(i / width)),
    )
    const bytes = await readFile(path)
    const { url, ranges } = await served(bytes)
    const raster = await openRaster(url, { http })
    expect(raster.info.overviews.length).toBe(7)
    expect(ranges.length).toBe(2)
    const values = await raster.readRaw({ column: 800, row: 300, width: 3, height: 2 })
    expect([...values]).toEqual([44, 44, 44, 45, 45, 45])
    expect(ranges.length).toBe(3)
    await raster.close()
  })
})
