/** Bytes of a file on a web server by range requests: retried, checked for change, small reads from cached pages. */
import { EcotopeError, EnvironmentError, InputError } from '@ecotope/core'
import { ask, Passing, passingOf, type RequestOptions, reasonOf, retried } from './http-request.ts'
import { type ByteSource, truncated } from './source.ts'

export type HttpOptions = RequestOptions

/** Reads up to this many bytes come from pages that stay in memory: directories and their tags. */
const PAGE_BYTES = 32768
const PAGES_KEPT = 32
/** A gap between blocks that is cheaper to transfer than another request. */
const GAP_BYTES = 128 * 1024

/** Files up to this many bytes are taken whole from a server that cannot send parts. */
const WHOLE_BYTES = 8 * 2 ** 20
/** The head of a file is fetched in advance up to this many bytes. */
const HEAD_BYTES = 4 * 2 ** 20

/** True for what is read by `openHttpSource`. */
export const isHttp = (path: string): boolean => /^https?:\/\//i.test(path)

/**
 * Opens a file by its address with one request, which also brings its head. Throws `InputError`: `MissingFile`,
 * `NoAccess`, `NoRanges` (the server only sends whole files, and this one is large), `ChangedFile` (later: it is not the same file any more);
 * `EnvironmentError('CannotRead')` where the server or the network fails every attempt.
 */
export async function openHttpSource(url: string, options: HttpOptions = {}): Promise<ByteSource> {
  const server = serverOf(url, options)
  const first = await server.range(0, PAGE_BYTES)
  const size = first.total
  // What is read from without asking again: the whole of a small file, or a long head.
  let head = first.bytes
  const pages = new Map<number, Promise<Uint8Array>>([[0, Promise.resolve(head.subarray(0, PAGE_BYTES))]])
  const page = (index: number): Promise<Uint8Array> => {
    const held = pages.get(index)
    const start = index * PAGE_BYTES
    const bytes = held ?? server.range(start, Math.min(PAGE_BYTES, size - start)).then((answer) => answer.bytes)
    pages.delete(index)
    pages.set(index, bytes)
    bytes.catch(() => pages.delete(index))
    const [oldest] = pages.keys()
    if (pages.size > PAGES_KEPT && oldest !== undefined) pages.delete(oldest)
    return bytes
  }
  return {
    path: url,
    size,
    gapBytes: GAP_BYTES,
    read: async (offset, length, what) => {
      if (offset < 0 || length < 0 || offset + length > size) throw truncated(url, what, offset + length, size)
      if (offset + length <= head.length) return head.slice(offset, offset + length)
      if (length === 0) return new Uint8Array(0)
      if (length > PAGE_BYTES) return (await server.range(offset, length)).bytes
      const first = Math.floor(offset / PAGE_BYTES)
      const last = Math.floor((offset + length - 1) / PAGE_BYTES)
      const out = new Uint8Array(length)
      const parts = [await page(first), last === first ? new Uint8Array(0) : await page(last)] as const
      const start = parts[0].subarray(offset - first * PAGE_BYTES, offset - first * PAGE_BYTES + length)
      out.set(start)
      out.set(parts[1].subarray(0, length - start.length), start.length)
      return out
    },
    prefetch: async (end) => {
      const wanted = Math.min(end, size, HEAD_BYTES)
      if (wanted <= head.length) return
      const rest = await server.range(head.length, wanted - head.length)
      const joined = new Uint8Array(wanted)
      joined.set(head)
      joined.set(rest.bytes, head.length)
      head = joined
    },
    close: () => Promise.resolve(),
  }
}

interface Part {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Bytes of the whole file. */
  readonly total: number
}

/** What identifies the file's state, to notice a change between two requests. */
const versionOf = (response: Response): string | null =>
  response.headers.get('etag') ?? response.headers.get('last-modified')

function serverOf(url: string, options: HttpOptions) {
  let version: string | null | undefined
  let known: number | undefined
  const once = async (offset: number, length: number): Promise<Part> => {
    const answer = await ask(url, { range: `bytes=${offset}-${offset + length - 1}` }, options)
    const { response } = answer
    const isFirst = version === undefined
    if (response.status === 200 && isFirst && Number(response.headers.get('content-length') ?? 0) <= WHOLE_BYTES) {
      // Not every server says how long an answer will be.
      const bytes = await answer.bodyUpTo(WHOLE_BYTES)
      if (bytes === undefined) throw noRanges(url)
      version = versionOf(response)
      return { bytes, total: bytes.length }
    }
    if (response.status !== 206) {
      await answer.drop()
      throw failureOf(url, response)
    }
    if (!isFirst && version !== versionOf(response)) {
      await answer.drop()
      throw new InputError('ChangedFile', `${url} was changed on the server while it was read`, {
        hint: 'run it again',
        data: { path: url },
      })
    }
    const part = partOf(response)
    if (part?.start !== offset) {
      await answer.drop()
      throw noRanges(url)
    }
    const bytes = await answer.body()
    // A part that ends before what was asked for ends where the file does.
    const total = part.total ?? known ?? (part.end < offset + length ? part.end : await lengthOf(url, options))
    known = total
    const expected = Math.min(length, total - offset)
    if (bytes.length < expected) throw new Passing(`${bytes.length} of ${expected} bytes arrived`)
    version = versionOf(response)
    return { bytes: bytes.subarray(0, expected), total }
  }
  const range = (offset: number, length: number): Promise<Part> =>
    retried(
      options,
      () => once(offset, length),
      // What the server refuses on purpose stays refused; everything else (fetch's TypeError too) may pass.
      (cause) => cause instanceof EcotopeError,
      (attempts, cause) => unreachable(url, attempts, cause),
    )
  return { range }
}

/** The part of the file that an answer says to be, its end excluded; not every server tells the length of the whole. */
function partOf({ headers }: Response) {
  const said = /^\s*bytes\s+(\d+)-(\d+)\/(\d+|\*)\s*$/i.exec(headers.get('content-range') ?? '')
  if (said === null) return undefined
  return { start: Number(said[1]), end: Number(said[2]) + 1, total: said[3] === '*' ? undefined : Number(said[3]) }
}

/** Bytes of a file, by asking for its head. */
async function lengthOf(url: string, options: HttpOptions): Promise<number> {
  const { response } = await ask(url, { 'accept-encoding': 'identity' }, options, { method: 'HEAD' })
  const passing = passingOf(response)
  if (passing !== undefined) throw passing
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  if (response.ok && !response.headers.has('content-encoding') && Number.isInteger(length)) return length
  throw new InputError('NoRanges', `the server of ${url} does not say how long the file is`, {
    hint: 'download the file and open the copy, or put it on a server that tells the length of files',
    data: { path: url },
  })
}

function failureOf(url: string, response: Response): Error {
  const { status } = response
  const data = { path: url, status }
  if (status === 404 || status === 410) {
    return new InputError('MissingFile', `there is no file ${url}`, { hint: 'check the address', data })
  }
  if (status === 401 || status === 403) {
    return new InputError('NoAccess', `the server does not give access to ${url} (HTTP ${status})`, {
      hint: 'sign the address, or give the headers that the server asks for',
      data,
    })
  }
  if (status === 416) return new InputError('TruncatedFile', `${url} is empty or shorter than it says`, { data })
  if (status === 200) return noRanges(url)
  return passingOf(response) ?? new InputError('NoAccess', `the server answers HTTP ${status} for ${url}`, { data })
}

const noRanges = (url: string): InputError =>
  new InputError('NoRanges', `the server of ${url} cannot send parts of a file`, {
    hint: 'download the file and open the copy, or put it on a server with range requests',
    data: { path: url },
  })

function unreachable(url: string, attempts: number, cause: unknown): EnvironmentError {
  return new EnvironmentError('CannotRead', `cannot read ${url}: ${reasonOf(cause)} (${attempts} attempts)`, {
    hint: 'check the address and the network, then run it again',
    data: { path: url, attempts },
    cause,
  })
}
