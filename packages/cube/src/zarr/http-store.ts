/** A Zarr hierarchy on a web server: one request a key, ranges for parts. It cannot list, so metadata have to be known. */
import { EnvironmentError, InputError } from '@ecotope/core'
import { ask, passingOf, type RequestOptions, reasonOf, retried } from '../geotiff/http-request.ts'
import type { Store } from './store.ts'

export type HttpStoreOptions = RequestOptions

/** Answers that mean: no such key. */
const ABSENT = new Set([404, 410])

/** Answers of servers that know no ranges from the end of an object. */
const NO_SUFFIX = new Set([400, 405, 416, 501])

/** What came for a key: the body, and whether it is a part. */
interface Got {
  readonly bytes: Uint8Array
  readonly isPart: boolean
  /** Bytes of the whole object, where the answer says so. */
  readonly total?: number | undefined
}

export function openHttp(url: string, options: HttpStoreOptions = {}): Store {
  // Tokens of an address belong behind the key.
  const [, place = url, query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(url)!
  const base = place.replace(/\/+$/, '')
  const once = async (address: string, range: string | undefined): Promise<Got | 'no suffix' | undefined> => {
    const answer = await ask(address, range === undefined ? {} : { range }, options)
    const { response } = answer
    if (response.ok) {
      const [isRight, total] = response.status === 206 ? partOf(response, range) : [true, undefined]
      if (isRight) return { bytes: await answer.body(), isPart: response.status === 206, total }
    }
    await answer.drop()
    const isSuffix = range?.startsWith('bytes=-') === true
    if (isSuffix && (response.ok || NO_SUFFIX.has(response.status))) return 'no suffix'
    if (response.ok) throw wrongPart(address)
    if (ABSENT.has(response.status)) return undefined
    if (response.status === 416) return { bytes: new Uint8Array(0), isPart: true }
    throw refused(address, response)
  }
  const request = (key: string, range?: string): Promise<Got | 'no suffix' | undefined> => {
    const address = `${base}/${key.split('/').map(encodeURIComponent).join('/')}${query}`
    return retried(
      options,
      () => once(address, range),
      (cause) => cause instanceof InputError,
      (attempts, cause) =>
        new EnvironmentError('CannotRead', `cannot read ${address}: ${reasonOf(cause)} (${attempts} attempts)`, {
          hint: 'check the network and the address',
          data: { path: address, attempts },
          cause,
        }),
    )
  }
  let hasSuffixes = true
  const fromEnd = async (key: string, offset: number, length: number): Promise<Uint8Array | undefined> => {
    const got = hasSuffixes ? await request(key, `bytes=${offset}`) : 'no suffix'
    if (got !== 'no suffix') return got && cut(got, offset, length)
    hasSuffixes = false
    const first = await request(key, 'bytes=0-0')
    if (first === undefined || first === 'no suffix') return undefined
    if (!first.isPart) return cut(first, offset, length)
    if (first.total === undefined) return first.bytes.subarray(0, 0)
    return part(key, Math.max(0, first.total + offset), length)
  }
  const part = async (key: string, offset: number, length: number): Promise<Uint8Array | undefined> => {
    const got = await request(key, `bytes=${offset}-${offset + length - 1}`)
    return got === undefined || got === 'no suffix' ? undefined : cut(got, offset, length)
  }
  return {
    path: base,
    isRemote: true,
    get: async (key) => {
      const got = await request(key)
      return got === 'no suffix' ? undefined : got?.bytes
    },
    getPart: (key, offset, length) => (offset < 0 ? fromEnd : part)(key, offset, length),
    list: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  }
}

/** The bytes that were asked for; a server that does not know ranges sends the whole object. */
function cut({ bytes, isPart }: Got, offset: number, length: number): Uint8Array {
  if (isPart) return bytes.subarray(0, length)
  const at = offset < 0 ? Math.max(0, bytes.length + offset) : offset
  return bytes.subarray(at, at + length)
}

/** Whether a partial answer is the part that was asked for, as far as it says, and the bytes of the whole. */
function partOf(response: Response, range = ''): [isRight: boolean, total: number | undefined] {
  const [, start, size] = /^\s*bytes\s+(\d+)-\d+\/(\d+|\*)/i.exec(response.headers.get('content-range') ?? '') ?? []
  if (start === undefined) return [true, undefined]
  const total = size === '*' ? undefined : Number(size)
  const [, from = '', count = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (from !== '') return [Number(start) === Number(from), total]
  return [total === undefined || Number(start) === Math.max(0, total - Number(count)), total]
}

const wrongPart = (address: string): InputError =>
  new InputError('NoRanges', `the server of ${address} sends other parts than it is asked for`, {
    hint: 'download the store and open the copy, or put it on a server with range requests',
    data: { path: address },
  })

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
