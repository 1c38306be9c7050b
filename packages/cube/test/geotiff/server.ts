/** A small file server for tests: range requests, and the ways in which real servers go wrong. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestServer {
  readonly url: string
  /** Ranges that were asked for, in order. */
  readonly ranges: string[]
  close(): Promise<void>
}

export interface Faults {
  /** Answers whole files, as servers without ranges do. */
  readonly noRanges?: boolean
  /** Does not say how long whole files are. */
  readonly noLength?: boolean
  /** HTTP status of request number i (from 0), where it shall fail. */
  readonly status?: (i: number) => number | undefined
  /** Cuts the body of request number i in half. */
  readonly short?: (i: number) => boolean
  readonly etag?: (i: number) => string
  /** Sends half of the body of request number i and then `stall`s, or `cut`s the connection. */
  readonly breaks?: (i: number) => 'stall' | 'cut' | undefined
  /** Says nothing on request number i, or only half of the whole file. */
  readonly stalls?: (i: number) => 'head' | 'body' | undefined
  /** Answers with another part than was asked for. */
  readonly shifted?: boolean
  /** Says of no part how long the whole file is; `head`: but where it is asked for its head. */
  readonly noTotal?: 'head' | 'never'
  /** When to come again, where it fails by its status. Default: at once. */
  readonly retryAfter?: () => string
  /** Sends request number 0 to another address of the same file. */
  readonly redirects?: boolean
}

export async function serve(bytes: Uint8Array, faults: Faults = {}): Promise<TestServer> {
  const ranges: string[] = []
  const server = createServer((request, response) => answer(bytes, faults, ranges, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/scene.tif`,
    ranges,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Serves files by their names; `asked`: the names, each once, in order. */
export async function serveFiles(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<{ readonly url: string; readonly asked: ReadonlySet<string>; close(): Promise<void> }> {
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    const name = request.url!.slice(1).replace(/\?.*/, '')
    asked.add(name)
    const bytes = files[name]
    if (bytes === undefined) response.writeHead(404).end()
    else answer(bytes, {}, [], request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked, close }
}

function answer(
  bytes: Uint8Array,
  faults: Faults,
  ranges: string[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const i = ranges.length
  ranges.push(request.headers.range ?? (request.method === 'HEAD' ? 'head' : ''))
  const status = faults.status?.(i)
  if (status !== undefined) {
    response.writeHead(status, { 'retry-after': faults.retryAfter?.() ?? '0' }).end()
    return
  }
  const stalled = faults.stalls?.(i)
  if (stalled === 'body')
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, bytes.length >> 1))
  if (stalled !== undefined) return
  if (faults.redirects === true && request.url === '/scene.tif') {
    response.writeHead(302, { location: '/elsewhere.tif' }).end()
    return
  }
  if (request.method === 'HEAD') {
    response.writeHead(200, faults.noTotal === 'head' ? { 'content-length': bytes.length } : {}).end()
    return
  }
  const match = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '')
  if (faults.noRanges === true || match === null) {
    response.writeHead(200, faults.noLength === true ? {} : { 'content-length': bytes.length })
    // Two parts, so that no length is made up of one.
    response.write(bytes.subarray(0, 1))
    response.end(bytes.subarray(1))
    return
  }
  const start = Number(match[1]) + (faults.shifted === true ? 7 : 0)
  const end = Math.min(Number(match[2]), bytes.length - 1)
  const part = bytes.subarray(start, end + 1)
  const sent = faults.short?.(i) === true ? part.subarray(0, part.length >> 1) : part
  response.writeHead(206, {
    'content-range': `bytes ${start}-${end}/${faults.noTotal === undefined ? bytes.length : '*'}`,
    'content-length': sent.length,
    etag: faults.etag?.(i) ?? '"one"',
  })
  const broken = faults.breaks?.(i)
  if (broken === undefined) response.end(sent)
  else response.write(sent.subarray(0, sent.length >> 1), () => broken === 'cut' && response.destroy())
}
