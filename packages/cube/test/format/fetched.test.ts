/** Whole answers of servers that do not go on, and of requests that are cancelled. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fetched } from '../../src/format/fetched.ts'
import { readJson } from '../../src/stac/read.ts'
import { fetchFeatures } from '../../src/vector/fetch-features.ts'
import { type Faults, serve, type TestServer } from '../geotiff/server.ts'

const text = Buffer.from(JSON.stringify({ type: 'FeatureCollection', features: [] }))
const servers: TestServer[] = []

async function served(faults: Faults): Promise<TestServer> {
  const server = await serve(text, faults)
  servers.push(server)
  return server
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

describe('an answer that does not go on', () => {
  it('is asked for again', async () => {
    const { url, ranges } = await served({
      stalls: (i) => [undefined, 'head', 'body'][i] as 'head' | 'body' | undefined,
    })
    const first = await fetched(url, { stallMs: 80, backOffMs: 1 }, ({ body }) => body())
    expect(Buffer.from(first)).toEqual(text)
    const again = await fetched(url, { stallMs: 80, backOffMs: 1 }, ({ body }) => body())
    expect(Buffer.from(again)).toEqual(text)
    expect(ranges).toHaveLength(4)
  })

  it('is given up in the end', async () => {
    const { url } = await served({ stalls: () => 'head' })
    await expect(fetched(url, { stallMs: 30, backOffMs: 1, attempts: 2 }, ({ body }) => body())).rejects.toMatchObject({
      tag: 'CannotFetch',
      message: `cannot reach ${url}: nothing arrived for 0.03 s, 2 times`,
    })
  })

  const readers = {
    document: (url: string, signal: AbortSignal) => readJson(url, { signal }),
    features: (url: string, signal: AbortSignal) => fetchFeatures(url.replace('.tif', '.geojson'), { signal }),
  }
  it.each(Object.entries(readers))('is waited for no longer where a %s is cancelled', async (_, read) => {
    for (const faults of [{ stalls: () => 'body' }, { status: () => 503, retryAfter: () => '20' }] satisfies Faults[]) {
      const { url, ranges } = await served(faults)
      const controller = new AbortController()
      const reading = read(url, controller.signal)
      await vi.waitUntil(() => ranges.length === 1)
      setTimeout(() => controller.abort(), 50)
      await expect(reading).rejects.toMatchObject({ tag: 'Cancelled' })
    }
  })
})
