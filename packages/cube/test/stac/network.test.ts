/** Catalogues on servers that are busy, moved, closed, or of another kind. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { isStac } from '../../src/stac/read.ts'
import type { StacFilter } from '../../src/stac/types.ts'
import { itemsOf } from '../../src/stac/walk.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Answers by path; what a path lacks is 404. */
async function start(answers: Readonly<Record<string, Answer>>): Promise<string> {
  server = createServer((request, response) => {
    const answer = answers[request.url!.split('?')[0]!]
    if (answer === undefined) response.writeHead(404).end()
    else answer(request, response)
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json =
  (value: unknown): Answer =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/geo+json' }).end(JSON.stringify(value))

const item = (id: string, asset = './a.tif') => ({
  type: 'Feature',
  stac_version: '1.0.0',
  id,
  geometry: null,
  properties: { datetime: '2020-06-01T00:00:00Z' },
  links: [],
  assets: { a: { href: asset, type: 'image/tiff; application=geotiff' } },
})
const landing = {
  type: 'Catalog',
  stac_version: '1.0.0',
  id: 'api',
  conformsTo: [],
  links: [{ rel: 'search', href: './search' }],
}
const page = (...ids: string[]) => ({ type: 'FeatureCollection', features: ids.map((id) => item(id)), links: [] })

const ids = async (path: string, filter: StacFilter = {}): Promise<string[]> => {
  const found: string[] = []
  for await (const one of itemsOf(path, filter)) found.push(one.item.id)
  return found
}

describe('a catalogue on a server', () => {
  it.each([429, 503])('that is busy (%i) is asked again', async (status) => {
    let asked = 0
    const url = await start({
      '/api/': json(landing),
      '/api/search': (request, response) => {
        if (asked++ === 0) response.writeHead(status, { 'retry-after': '0' }).end()
        else json(page('one'))(request, response)
      },
    })
    expect(await ids(`${url}/api/`)).toEqual(['one'])
    expect(asked).toBe(2)
  })

  it('that has moved is followed, its relative links too', async () => {
    const url = await start({
      '/old': (_, response) => response.writeHead(302, { location: '/new/api/' }).end(),
      '/new/api/': json(landing),
      '/new/api/search': json(page('one')),
    })
    expect(await ids(`${url}/old`)).toEqual(['one'])
  })

  it('is asked for whole instants', async () => {
    const asked: string[] = []
    const url = await start({
      '/': json(landing),
      '/search': (request, response) => {
        asked.push(new URL(request.url!, 'http://x').searchParams.get('datetime')!)
        json(page('one'))(request, response)
      },
    })
    await ids(`${url}/`, { datetime: ['2020-06-01', '2020-07-01T12:00:00Z'] })
    await ids(`${url}/`, { datetime: ['2020-06-01', null] })
    expect(asked).toEqual(['2020-06-01T00:00:00Z/2020-07-01T12:00:00Z', '2020-06-01T00:00:00Z/..'])
  })

  it('is known without an extension, and with points in its name', async () => {
    const url = await start({ '/HLSL30.v2.0': json(landing), '/page': (_, r) => r.end('<html>') })
    expect(await isStac(`${url}/HLSL30.v2.0`, '.')).toBe(`${url}/HLSL30.v2.0`)
    expect(await isStac(`${url}/page`, '.')).toBeUndefined()
    expect(await isStac(`${url}/image.tif`, '.')).toBeUndefined()
  })

  it('that gives nothing is said to, not taken for an unknown format', async () => {
    const url = await start({ '/closed': (_, response) => response.writeHead(401).end() })
    await expect(open(`${url}/closed`)).rejects.toMatchObject({ tag: 'NoAccess' })
    await expect(open(`${url}/nothing`)).rejects.toMatchObject({ tag: 'MissingFile' })
  })

  it('whose assets lie where no browser goes is refused in words', async () => {
    const url = await start({ '/item.json': json(item('one', 's3://bucket/key.tif')) })
    await expect(open(`${url}/item.json`)).rejects.toMatchObject({ tag: 'UnsupportedAddress' })
    await expect(open('gs://bucket/key.tif')).rejects.toMatchObject({ tag: 'UnsupportedAddress' })
  })
})
