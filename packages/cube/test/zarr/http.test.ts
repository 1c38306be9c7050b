/** Stores on a web server of the test's own: ranges for parts of shards, retries, refusals, and servers without ranges. */

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SourceHandle } from '../../src/model/array-source.ts'
import { wholeRegion } from '../../src/model/region.ts'
import { openZarr, zarrFromHandle, zarrSources } from '../../src/zarr/array-source.ts'
import { openHierarchy } from '../../src/zarr/hierarchy.ts'
import { temporaryFolder } from '../temporary.ts'
import { sampleCells, sampleSchema, writeZarr } from './samples.ts'

const schema = sampleSchema({ width: 32, height: 32 })
const cells = sampleCells(schema)

let folder: string
let server: Server
let base: string
let requests: { path: string; range: string | undefined; sent: number }[]
/** Answers before the file is looked at; false: go on. */
let before: (request: IncomingMessage, response: ServerResponse) => boolean
let hasRanges: boolean

beforeEach(async () => {
  folder = await temporaryFolder()
  requests = []
  before = () => false
  hasRanges = true
  server = createServer((request, response) => {
    if (!before(request, response)) answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await writeZarr(join(folder, 'my cube.zarr'), schema, cells, { chunks: { y: 4, x: 4 }, shards: { y: 16, x: 16 } })
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = join(folder, decodeURIComponent(request.url!.replace(/\?.*/, '')))
  if (!existsSync(path) || !statSync(path).isFile()) {
    response.writeHead(404).end()
    return
  }
  const data = readFileSync(path)
  const { range } = request.headers
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? []
  const start = from === '' ? Math.max(0, data.length - Number(to)) : Number(from)
  const end = from === '' || to === '' ? data.length : Math.min(data.length, Number(to) + 1)
  const part = range === undefined || !hasRanges ? data : data.subarray(start, end)
  requests.push({ path: request.url!, range, sent: part.length })
  const status = part === data && range === undefined ? 200 : hasRanges ? 206 : 200
  response
    .writeHead(status, { 'content-length': part.length, 'content-range': `bytes ${start}-${end - 1}/${data.length}` })
    .end(part)
}

const url = (): string => `${base}/my%20cube.zarr`
const quick = { http: { backOffMs: 1 } }

describe('folders on a server', () => {
  test('one request for all metadata; all cells', async () => {
    const dataset = await openZarr(new URL(url()), quick)
    expect(dataset.variables.map(({ name }) => name)).toEqual(['data'])
    const documents = requests.filter(({ path }) => path.endsWith('.json'))
    expect(documents.map(({ path }) => path)).toEqual(['/my%20cube.zarr/zarr.json'])
    const { source } = dataset.variables[0]!
    expect(await source.read(wholeRegion([32, 32]))).toEqual(cells)
    expect(source.schema.grid?.crs.code).toBe('EPSG:32632')
    await source.close()
  })

  test('of a shard only the index and what is needed are sent, the index once', async () => {
    const [source] = await zarrSources(url(), quick)
    requests = []
    await source!.read({ start: [17, 18], shape: [2, 2] })
    await source!.read({ start: [21, 18], shape: [2, 2] })
    const index = 16 * 16 + 4
    expect(requests[0]).toMatchObject({ path: '/my%20cube.zarr/data/c/1/1', range: `bytes=-${index}`, sent: index })
    expect(requests).toHaveLength(3)
    for (const { sent } of requests.slice(1)) expect(sent).toBeLessThan(100)
    await source!.close()
  })

  test('most of a shard comes in one request', async () => {
    const [source] = await zarrSources(url(), quick)
    requests = []
    expect(await source!.read({ start: [0, 0], shape: [16, 16] })).toHaveLength(256)
    expect(requests.map(({ range }) => range)).toEqual([undefined])
    await source!.close()
  })

  test.each([400, 416, 501, 206])('a server that knows no ranges from the end (%d)', async (status) => {
    before = ({ headers }, response) => {
      if (!headers.range?.startsWith('bytes=-')) return false
      // Some take it for a range from the start.
      response.writeHead(status, status === 206 ? { 'content-range': 'bytes 0-259/9999' } : {}).end()
      return true
    }
    const [source] = await zarrSources(url(), quick)
    expect(await source!.read({ start: [17, 18], shape: [1, 3] })).toEqual(cells.slice(17 * 32 + 18, 17 * 32 + 21))
    expect(await source!.read({ start: [1, 18], shape: [1, 3] })).toEqual(cells.slice(32 + 18, 32 + 21))
    await source!.close()
  })

  test('another part than it was asked for is refused', async () => {
    before = ({ headers }, response) => {
      if (!/^bytes=\d/.test(headers.range ?? '')) return false
      response.writeHead(206, { 'content-range': 'bytes 7-20/9999' }).end(new Uint8Array(14))
      return true
    }
    const [source] = await zarrSources(url(), quick)
    await expect(source!.read({ start: [17, 18], shape: [1, 3] })).rejects.toMatchObject({ tag: 'NoRanges' })
    await source!.close()
  })

  test('what is not there may be refused by a store that must not be listed', async () => {
    const plain = { zarr_format: 2, shape: [2], chunks: [2], dtype: '<f8', order: 'C', fill_value: 0 }
    mkdirSync(join(folder, 'two'))
    writeFileSync(join(folder, 'two/.zarray'), JSON.stringify({ ...plain, compressor: null, filters: null }))
    before = ({ url: path }, response) => {
      if (existsSync(join(folder, path!))) return false
      response.writeHead(403).end()
      return true
    }
    const { format, arrays } = await openHierarchy(`${base}/two`)
    expect([format, arrays.get('')?.shape]).toEqual(['zarr2', [2]])
    await expect(openHierarchy(`${base}/three`)).rejects.toMatchObject({ tag: 'NoAccess' })
  })

  test('a missing shard is missing data', async () => {
    rmSync(join(folder, 'my cube.zarr/data/c/1/1'))
    const [source] = await zarrSources(url(), quick)
    const read = await source!.read({ start: [16, 16], shape: [16, 16] })
    expect(read.every((value) => Number.isNaN(value))).toBe(true)
    await source!.close()
  })

  test('a server that sends whole files', async () => {
    hasRanges = false
    const [source] = await zarrSources(url(), quick)
    expect(await source!.read({ start: [17, 18], shape: [1, 3] })).toEqual(cells.slice(17 * 32 + 18, 17 * 32 + 21))
    await source!.close()
  })

  test('opened again from its handle', async () => {
    const [source] = await zarrSources(url(), quick)
    const again = await zarrFromHandle(JSON.parse(JSON.stringify(source!.handle)) as SourceHandle)
    expect(await again.read(wholeRegion([32, 32]))).toEqual(cells)
    await source!.close()
    await again.close()
  })

  test('a zip file is read by ranges', async () => {
    const { readFileSync: read, writeFileSync: write } = await import('node:fs')
    write(join(folder, 'types.zip'), read(join(import.meta.dirname, '../fixtures/zarr/types.zip')))
    await expect(openZarr(`${base}/types.zip`, quick)).rejects.toMatchObject({ tag: 'NotZarr' })
    const sent = requests.reduce((sum, one) => sum + one.sent, 0)
    expect(sent).toBeLessThan(statSync(join(folder, 'types.zip')).size)
  })
})

describe('servers that fail', () => {
  test('a failure that passes is tried again', async () => {
    let failures = 2
    before = (_, response) => {
      if (failures-- <= 0) return false
      response.writeHead(503).end()
      return true
    }
    const [source] = await zarrSources(url(), quick)
    expect(await source!.read(wholeRegion([32, 32]))).toEqual(cells)
    await source!.close()
  })

  test('a failure that stays is the surroundings', async () => {
    before = (_, response) => {
      response.destroy()
      return true
    }
    await expect(zarrSources(url(), quick)).rejects.toMatchObject({ tag: 'CannotRead', data: { attempts: 4 } })
  })

  test('a refusal is not tried again', async () => {
    const asked: (string | undefined)[] = []
    before = ({ url: path }, response) => {
      asked.push(path)
      response.writeHead(403).end()
      return true
    }
    await expect(zarrSources(url(), quick)).rejects.toMatchObject({ tag: 'NoAccess', data: { status: 403 } })
    expect(new Set(asked).size).toBe(asked.length)
  })

  test('without consolidated metadata the arrays cannot be known', async () => {
    before = ({ url: path }, response) => {
      if (path !== '/my%20cube.zarr/zarr.json') return false
      response.end('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
      return true
    }
    await expect(zarrSources(url(), quick)).rejects.toMatchObject({ tag: 'NoListing' })
    const [one] = await zarrSources(`${url()}/data`, quick)
    expect(await one!.read(wholeRegion([32, 32]))).toEqual(cells)
    await one!.close()
  })

  test('a body that breaks off is asked for again', async () => {
    let count = 0
    before = ({ url: path }, response) => {
      if (!path!.includes('/c/') || count++ > 1) return false
      response.writeHead(200, { 'content-length': 100 }).write(new Uint8Array(50), () => response.destroy())
      return true
    }
    const [source] = await zarrSources(url(), quick)
    expect(await source!.read(wholeRegion([32, 32]))).toEqual(cells)
    expect(count).toBeGreaterThan(4)
    await source!.close()
  })

  test('a token of the address goes with every request, from a handle too', async () => {
    const seen = new Set<string | undefined>()
    before = ({ url: path }) => {
      seen.add(/\?.*/.exec(path!)?.[0])
      return false
    }
    const [source] = await zarrSources(`${url()}?token=a%2Fb`, quick)
    const again = await zarrFromHandle(JSON.parse(JSON.stringify(source!.handle)) as SourceHandle)
    expect(await again.read(wholeRegion([32, 32]))).toEqual(cells)
    expect([...seen]).toEqual(['?token=a%2Fb'])
    await source!.close()
    await again.close()
  })

  test('headers go with every request', async () => {
    const seen: unknown[] = []
    before = ({ headers }) => {
      seen.push(headers.authorization)
      return false
    }
    const [source] = await zarrSources(url(), { http: { headers: { authorization: 'Bearer x' } } })
    await source!.read(wholeRegion([32, 32]))
    expect(new Set(seen)).toEqual(new Set(['Bearer x']))
    await source!.close()
  })
})
