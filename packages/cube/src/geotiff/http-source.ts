/** Bytes of a file on a web server by range requests: retried, checked for change, small reads from cached pages. */
import { EnvironmentError, InputError } from '@ecotope/core'
import { type ByteSource, truncated } from './source.ts'

export interface HttpOptions {
  /** Attempts of one request that fails for reasons of the network or the server. Default 4. */
  readonly attempts?: number
  /** Milliseconds before the second attempt; doubled for each further one. Default 250. */
  readonly backOffMs?: number
  /** Sent with every request, for servers that ask for a token. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Reads up to this many bytes come from pages that stay in memory: directories and their tags. */
const PAGE_BYTES = 32768
const PAGES_KEPT = 32
/** A gap between blocks that is cheaper to transfer than another request. */
const GAP_BYTES = 128 * 1024

const DEFAULTS = { attempts: 4, backOffMs: 250 } as const

/** True for what is read by `openHttpSource`. */
export const isHttp = (path: string): boolean => /^https?:\/\//i.test(path)

/**
 * Opens a file by its address with one request, which also brings its head. Throws `InputError`: `MissingFile`,
 * `NoAccess`, `NoRanges` (the server only sends whole files), `ChangedFile` (later: it is not the same file any more);
 * `EnvironmentError('CannotRead')` where the server or the network fails every attempt.
 */
export async function openHttpSource(url: string, options: HttpOptions = {}): Promise<ByteSource> {
  const server = serverOf(url, options)
  const head = await server.range(0, PAGE_BYTES)
  const size = head.total
  const pages = new Map<number, Promise<Uint8Array>>([[0, Promise.resolve(head.bytes)]])
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
      if (length === 0) return new Uint8Array(0)
      if (length > PAGE_BYTES) return (await server.range(offset, length)).bytes
      const first = Math.floor(offset / PAGE_BYTES)
      const last = Math.floor((offset + length - 1) / PAGE_BYTES)
      const out = new Uint8Array(length)
      const parts = [await page(first), last === first ? new Uint8Array(0) : await page(last)] as const
      const head = parts[0].subarray(offset - first * PAGE_BYTES, offset - first * PAGE_BYTES + length)
      out.set(head)
      out.set(parts[1].subarray(0, length - head.length), head.length)
      return out
    },
    close: () => Promise.resolve(),
  }
}

interface Answer {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Bytes of the whole file. */
  readonly total: number
}

/** What identifies the file's state, to notice a change between two requests. */
const versionOf = (response: Response): string | null =>
  response.headers.get('etag') ?? response.headers.get('last-modified')

function serverOf(url: string, options: HttpOptions) {
  const { attempts, backOffMs } = { ...DEFAULTS, ...options }
  let version: string | null | undefined
  const once = async (offset: number, length: number): Promise<Answer> => {
    const response = await fetch(url, {
      headers: { ...options.headers, range: `bytes=${offset}-${offset + length - 1}` },
    })
    if (response.status !== 206) {
      await response.body?.cancel()
      throw failureOf(url, response)
    }
    version ??= versionOf(response)
    if (version !== versionOf(response)) {
      await response.body?.cancel()
      throw new InputError('ChangedFile', `${url} was changed on the server while it was read`, {
        hint: 'run it again',
        data: { path: url },
      })
    }
    const bytes = new Uint8Array(await response.arrayBuffer())
    const total = Number(/\/(\d+)\s*$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN)
    if (!Number.isFinite(total)) throw noRanges(url)
    if (bytes.length < Math.min(length, total - offset)) {
      throw new Passing(`${bytes.length} of ${length} bytes arrived`)
    }
    return { bytes, total }
  }
  const range = async (offset: number, length: number): Promise<Answer> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(offset, length)
      } catch (cause) {
        // What the server refuses on purpose stays refused; everything else (fetch's TypeError too) may pass.
        if (cause instanceof InputError) throw cause
        if (attempt >= attempts) throw unreachable(url, attempts, cause)
        const wait = cause instanceof Passing ? cause.afterMs : undefined
        await new Promise((resolve) => setTimeout(resolve, wait ?? backOffMs * 2 ** (attempt - 1)))
      }
    }
  }
  return { range }
}

/** A failure that may not come again. */
class Passing extends Error {
  readonly afterMs: number | undefined
  constructor(message: string, afterMs?: number) {
    super(message)
    this.afterMs = afterMs
  }
}

/** The longest wait that a server may ask for, in milliseconds. */
const LONGEST_WAIT_MS = 30_000

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
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    const wait = Number.isFinite(seconds) ? Math.min(LONGEST_WAIT_MS, seconds * 1000) : undefined
    return new Passing(`HTTP ${status}`, wait)
  }
  return new InputError('NoAccess', `the server answers HTTP ${status} for ${url}`, { data })
}

const noRanges = (url: string): InputError =>
  new InputError('NoRanges', `the server of ${url} cannot send parts of a file`, {
    hint: 'download the file and open the copy, or put it on a server with range requests',
    data: { path: url },
  })

function unreachable(url: string, attempts: number, cause: unknown): EnvironmentError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EnvironmentError('CannotRead', `cannot read ${url}: ${reason} (${attempts} attempts)`, {
    hint: 'check the address and the network, then run it again',
    data: { path: url, attempts },
    cause,
  })
}
