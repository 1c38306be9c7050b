/** A Zarr hierarchy on a web server: one request a key, ranges for parts. It cannot list, so metadata have to be known. */
import { EnvironmentError, InputError } from '@ecotope/core'
import type { Store } from './store.ts'

export interface HttpStoreOptions {
  /** Attempts of one request that fails for reasons of the network or the server. Default 4. */
  readonly attempts?: number
  /** Milliseconds before the second attempt; doubled for each further one. Default 250. */
  readonly backOffMs?: number
  /** Sent with every request, for servers that ask for a token. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers that mean: no such key. */
const ABSENT = new Set([404, 410])

export function openHttp(url: string, options: HttpStoreOptions = {}): Store {
  const { attempts = 4, backOffMs = 250, headers = {} } = options
  const base = url.replace(/\/+$/, '')
  const once = async (address: string, range: string | undefined): Promise<Response | undefined> => {
    const response = await fetch(address, { headers: range === undefined ? headers : { ...headers, range } })
    if (response.ok) return response
    await response.body?.cancel()
    if (ABSENT.has(response.status)) return undefined
    if (response.status === 416) return new Response(new Uint8Array(0), { status: 206 })
    throw refused(address, response)
  }
  const request = async (key: string, range?: string): Promise<Response | undefined> => {
    const address = `${base}/${key.split('/').map(encodeURIComponent).join('/')}`
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(address, range)
      } catch (cause) {
        if (cause instanceof InputError) throw cause
        if (attempt >= attempts) {
          throw new EnvironmentError('CannotRead', `cannot read ${address}: ${(cause as Error).message}`, {
            hint: 'check the network and the address',
            data: { path: address, attempts },
            cause,
          })
        }
        await new Promise((resolve) => setTimeout(resolve, backOffMs * 2 ** (attempt - 1)))
      }
    }
  }
  return {
    path: base,
    isRemote: true,
    get: async (key) => bytesOf(await request(key)),
    getPart: async (key, offset, length) => {
      const range = offset < 0 ? `bytes=${offset}` : `bytes=${offset}-${offset + length - 1}`
      const response = await request(key, range)
      const bytes = await bytesOf(response)
      if (bytes === undefined || response?.status === 206) return bytes?.subarray(0, length)
      // A server that does not know ranges sends the whole object.
      const at = offset < 0 ? Math.max(0, bytes.length + offset) : offset
      return bytes.subarray(at, at + length)
    },
    list: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  }
}

const bytesOf = async (response: Response | undefined): Promise<Uint8Array | undefined> =>
  response === undefined ? undefined : new Uint8Array(await response.arrayBuffer())

/** Answers that no further attempt changes are the user's to mend; others are tried again. */
function refused(address: string, response: Response): Error {
  const { status, statusText } = response
  if (status >= 500 || status === 408 || status === 429) return new Error(`the server answers ${status} ${statusText}`)
  return new InputError('NoAccess', `the server refuses ${address}: ${status} ${statusText}`, {
    hint: status === 401 || status === 403 ? 'the address may need a token or a signature' : 'check the address',
    data: { path: address, status },
  })
}
