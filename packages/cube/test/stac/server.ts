/** A STAC API and file server of the tests' own: search by GET or POST, pages, ranges of files. */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { boxesMeet } from '../../src/stac/walk.ts'

interface Item {
  readonly id: string
  readonly bbox: readonly number[]
  readonly properties: { readonly datetime: string }
}

export interface ApiOptions {
  /** Files below this folder are served under /files/. */
  readonly folder: string
  readonly items: (base: string) => readonly Item[]
  readonly pageSize: number
  readonly method: 'GET' | 'POST'
}

export interface Api {
  readonly url: string
  /** Requests as they came: `GET /search?limit=100`. */
  readonly log: readonly string[]
  close(): Promise<void>
}

export async function startApi(options: ApiOptions): Promise<Api> {
  const log: string[] = []
  const server: Server = createServer((request, response) => {
    log.push(`${request.method} ${request.url}`)
    answer(request, response, options, base).catch((error: Error) => {
      response.writeHead(500).end(error.message)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: base,
    log,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiOptions,
  base: string,
): Promise<void> {
  const url = new URL(request.url!, base)
  if (url.pathname.startsWith('/files/'))
    return sendFile(request, response, join(options.folder, url.pathname.slice(7)))
  const json = (value: unknown): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
  if (url.pathname === '/') {
    return json({
      type: 'Catalog',
      stac_version: '1.1.0',
      id: 'api',
      description: 'test',
      conformsTo: ['https://api.stacspec.org/v1.0.0/item-search'],
      links: [{ rel: 'search', href: '/search', method: options.method }],
    })
  }
  if (url.pathname === '/collections/s2') {
    const links = [{ rel: 'items', href: `${base}/search` }]
    return json({ type: 'Collection', stac_version: '1.1.0', id: 's2', links })
  }
  if (url.pathname === '/search') return json(page(await parametersOf(request, url), options, base))
  response.writeHead(404).end()
}

type Parameters = Record<string, unknown> & { readonly offset?: number }

async function parametersOf(request: IncomingMessage, url: URL): Promise<Parameters> {
  if (request.method === 'POST') {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    return JSON.parse(Buffer.concat(chunks).toString()) as Parameters
  }
  const query = Object.fromEntries(url.searchParams)
  return { ...query, bbox: query.bbox?.split(',').map(Number), offset: Number(query.offset ?? 0) }
}

function page(parameters: Parameters, { items, pageSize, method }: ApiOptions, base: string): unknown {
  const { bbox, datetime, offset = 0 } = parameters
  const [start, end] = typeof datetime === 'string' ? datetime.split('/').map((text) => Date.parse(text)) : []
  const found = items(base).filter(
    (item) =>
      (bbox === undefined || boxesMeet(item.bbox, bbox as number[])) &&
      !(Date.parse(item.properties.datetime) < start! || Date.parse(item.properties.datetime) > end!),
  )
  const next = offset + pageSize
  const links =
    next >= found.length
      ? []
      : method === 'POST'
        ? [{ rel: 'next', href: `${base}/search`, method, body: { offset: next }, merge: true }]
        : [
            {
              rel: 'next',
              href: `${base}/search?offset=${next}${bbox === undefined ? '' : `&bbox=${(bbox as number[]).join(',')}`}`,
            },
          ]
  return { type: 'FeatureCollection', features: found.slice(offset, next), links }
}

async function sendFile(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const bytes = await readFile(path).catch(() => undefined)
  if (bytes === undefined) return void response.writeHead(404).end()
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')
  if (range === null)
    return void response
      .writeHead(200, { 'accept-ranges': 'bytes', 'content-length': bytes.length })
      .end(request.method === 'HEAD' ? undefined : bytes)
  const from = Number(range[1])
  const to = range[2] === '' ? bytes.length - 1 : Math.min(bytes.length - 1, Number(range[2]))
  response.writeHead(206, {
    'content-range': `bytes ${from}-${to}/${bytes.length}`,
    'content-length': to - from + 1,
    'accept-ranges': 'bytes',
  })
  response.end(bytes.subarray(from, to + 1))
}
