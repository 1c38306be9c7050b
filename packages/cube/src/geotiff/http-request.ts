/** Requests to web servers: tried again where that may help, given up where nothing arrives any more. */

import { setTimeout as sleep } from 'node:timers/promises'
import { CancelledError, throwIfAborted } from '@ecotope/core'

export interface RequestOptions {
  /** Attempts of one request that fails for reasons of the network or the server. Default 4. */
  readonly attempts?: number
  /** Milliseconds before the second attempt; doubled for each further one. Default 250. */
  readonly backOffMs?: number
  /** Milliseconds without a byte after which an attempt is given up. Default 60 000. */
  readonly stallMs?: number
  /** Sent with every request, for servers that ask for a token. */
  readonly headers?: Readonly<Record<string, string>>
  /** Ends requests and the waits between them at once. */
  readonly signal?: AbortSignal
}

const DEFAULTS = { attempts: 4, backOffMs: 250, stallMs: 60_000 } as const

/** A failure that may not come again. */
export class Passing extends Error {
  readonly afterMs: number | undefined
  constructor(message: string, afterMs?: number) {
    super(message)
    this.afterMs = afterMs
  }
}

/** The longest wait that a server may ask for, in milliseconds. */
const LONGEST_WAIT_MS = 30_000

/** The failure that an answer means by its status, where a further attempt may help. */
export function passingOf({ status, headers }: Response): Passing | undefined {
  if (status !== 408 && status !== 429 && status < 500) return undefined
  const waitMs = waitOf(headers.get('retry-after') ?? '')
  return new Passing(`HTTP ${status}`, Number.isNaN(waitMs) ? undefined : Math.min(LONGEST_WAIT_MS, waitMs))
}

/** Seconds or a date, in milliseconds from now; NaN where it is neither. */
function waitOf(retryAfter: string): number {
  if (/^\s*\d+\s*$/.test(retryAfter)) return Number(retryAfter) * 1000
  return Math.max(0, Date.parse(retryAfter) - Date.now())
}

/** What went wrong: `fetch` has that in the cause of an error that only says that it failed. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause instanceof Error && cause.cause.message !== '' ? cause.cause.message : cause.message
}

/**
 * Runs `once` until it succeeds; `isFinal` failures are thrown at once, the last of the others when attempts are used up.
 * Throws `CancelledError` as soon as the signal is raised.
 */
export async function retried<T>(
  options: RequestOptions,
  once: () => Promise<T>,
  isFinal: (cause: unknown) => boolean,
  gaveUp: (attempts: number, cause: unknown) => Error,
): Promise<T> {
  const { attempts, backOffMs, signal } = { ...DEFAULTS, ...options }
  throwIfAborted(signal)
  for (let attempt = 1; ; attempt++) {
    try {
      return await once()
    } catch (cause) {
      throwIfAborted(signal)
      if (isFinal(cause)) throw cause
      if (attempt >= attempts) throw gaveUp(attempts, cause)
      const wait = cause instanceof Passing ? cause.afterMs : undefined
      await sleep(wait ?? backOffMs * 2 ** (attempt - 1), undefined, signal === undefined ? {} : { signal }).catch(
        () => {
          throw new CancelledError()
        },
      )
    }
  }
}

/** An answer whose head is here. */
export interface Answer {
  readonly response: Response
  /** The body as it comes. Throws `Passing` where it stalls. */
  parts(): AsyncIterable<Uint8Array>
  /** The whole body. Throws `Passing` where it stalls or ends before its length. */
  body(): Promise<Uint8Array<ArrayBuffer>>
  /** The whole body, or undefined where it is longer than `most` bytes. */
  bodyUpTo(most: number): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Lets go of the body. */
  drop(): Promise<void>
}

/** One request; `rest`: what else `fetch` is to know. Throws what `fetch` throws, and `Passing`. */
export async function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  options: RequestOptions,
  rest: Pick<RequestInit, 'method' | 'body'> = {},
): Promise<Answer> {
  const { stallMs, signal } = { ...DEFAULTS, ...options }
  const controller = new AbortController()
  const giveUp = (): void => controller.abort(new Passing(`nothing arrived for ${stallMs / 1000} s`))
  const timer = setTimeout(giveUp, stallMs)
  try {
    const response = await fetch(url, {
      ...rest,
      headers: { ...options.headers, ...headers },
      signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    })
    const parts = (): AsyncIterable<Uint8Array> => partsOf(response, stallMs, giveUp)
    return {
      response,
      parts,
      body: async () => (await joined(parts()))!,
      bodyUpTo: (most) => joined(parts(), most),
      drop: async () => response.body?.cancel(),
    }
  } finally {
    clearTimeout(timer)
  }
}

async function* partsOf(response: Response, stallMs: number, giveUp: () => void): AsyncGenerator<Uint8Array> {
  let timer = setTimeout(giveUp, stallMs)
  try {
    for await (const part of response.body ?? []) {
      // However long it takes to use a part, that is not the server's time.
      clearTimeout(timer)
      yield part
      timer = setTimeout(giveUp, stallMs)
    }
  } finally {
    clearTimeout(timer)
  }
}

async function joined(body: AsyncIterable<Uint8Array>, most = Infinity): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body) {
    parts.push(part)
    length += part.length
    // Leaving the loop lets go of the rest.
    if (length > most) return undefined
  }
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
