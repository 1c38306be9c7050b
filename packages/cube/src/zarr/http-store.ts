/** A Zarr hierarchy on a web server: one request a key, ranges for parts. It cannot list, so metadata have to be known. */
import { EnvironmentError, InputError } from '@ecotope/core'
import { ask, passingOf, type RequestOptions, retried } from '../geotiff/http-request.ts'
import type { Store } from './store.ts'

export type HttpStoreOptions = RequestOptions

/** Answers that mean: no such key. */
const ABSENT = new Set([404, 410])

/** What came for a key: the body, and whether it is the part that was asked for. */
interface Got {
  readonly bytes: Uint8Array
  readonly isPart: boolean
}

export function openHttp(url: string, options: HttpStoreOptions = {}): Store {
  // Tokens of an address belong behind the key.
  const [, place = url, query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(url)!
  const base = place.replace(/\/+$/, '')
  const once = async (address: string, range: string | undefined): Promise<Got | undefined> => {
    const answer = await ask(address, range === undefined ? {} : { range }, options)
    const { response } = answer
    if (response.ok) return { bytes: await answer.body(), isPart: response.status === 206 }
    await answer.drop()
    if (ABSENT.has(response.status)) return undefined
    if (response.status === 416) return { bytes: new Uint8Array(0), isPart: true }
    throw refused(address, response)
  }
  const request = (key: string, range?: string): Promise<Got | undefined> => {
    const address = `${base}/${key.split('/').map(encodeURIComponent).join('/')}${query}`
    return retried(
      options,
      () => once(address, range),
      (cause) => cause instanceof InputError,
      (attempts, cause) =>
        new EnvironmentError('CannotRead', `cannot read ${address}: ${(cause as Error).message}`, {
          hint: 'check the network and the address',
          data: { path: address, attempts },
          cause,
        }),
    )
  }
  return {
    path: base,
    isRemote: true,
    get: async (key) => (await request(key))?.bytes,
    getPart: async (key, offset, length) => {
      const range = offset < 0 ? `bytes=${offset}` : `bytes=${offset}-${offset + length - 1}`
      const got = await request(key, range)
      if (got === undefined || got.isPart) return got?.bytes.subarray(0, length)
      // A server that does not know ranges sends the whole object.
      const at = offset < 0 ? Math.max(0, got.bytes.length + offset) : offset
      return got.bytes.subarray(at, at + length)
    },
    list: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  }
}

/** Answers that no further attempt changes are the user's to mend; others are tried again. */
function refused(address: string, response: Response): Error {
  const { status, statusText } = response
  const passing = passingOf(response)
  if (passing !== undefined) return passing
  return new InputError('NoAccess', `the server refuses ${address}: ${status} ${statusText}`, {
    hint: status === 401 || status === 403 ? 'the address may need a token or a signature' : 'check the address',
    data: { path: address, status },
  })
}
