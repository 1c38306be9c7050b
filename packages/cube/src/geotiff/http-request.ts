/** Requests to web servers: tried again where that may help, given up where nothing arrives any more. */

export interface RequestOptions {
  /** Attempts of one request that fails for reasons of the network or the server. Default 4. */
  readonly attempts?: number
  /** Milliseconds before the second attempt; doubled for each further one. Default 250. */
  readonly backOffMs?: number
  /** Milliseconds without a byte after which an attempt is given up. Default 60 000. */
  readonly stallMs?: number
  /** Sent with every request, for servers that ask for a token. */
  readonly headers?: Readonly<Record<string, string>>
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
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const wait = Number.isFinite(seconds) ? Math.min(LONGEST_WAIT_MS, seconds * 1000) : undefined
  return new Passing(`HTTP ${status}`, wait)
}

/** Runs `once` until it succeeds; `isFinal` failures are thrown at once, the last of the others when attempts are used up. */
export async function retried<T>(
  options: RequestOptions,
  once: () => Promise<T>,
  isFinal: (cause: unknown) => boolean,
  gaveUp: (attempts: number, cause: unknown) => Error,
): Promise<T> {
  const { attempts, backOffMs } = { ...DEFAULTS, ...options }
  for (let attempt = 1; ; attempt++) {
    try {
      return await once()
    } catch (cause) {
      if (isFinal(cause)) throw cause
      if (attempt >= attempts) throw gaveUp(attempts, cause)
      const wait = cause instanceof Passing ? cause.afterMs : undefined
      await new Promise((resolve) => setTimeout(resolve, wait ?? backOffMs * 2 ** (attempt - 1)))
    }
  }
}

/** An answer whose head is here. */
export interface Answer {
  readonly response: Response
  /** The whole body. Throws `Passing` where it stalls or ends before its length. */
  body(): Promise<Uint8Array<ArrayBuffer>>
  /** The whole body, or undefined where it is longer than `most` bytes. */
  bodyUpTo(most: number): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Lets go of the body. */
  drop(): Promise<void>
}

/** One request. Throws what `fetch` throws, and `Passing`. */
export async function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  options: RequestOptions,
): Promise<Answer> {
  const { stallMs } = { ...DEFAULTS, ...options }
  const controller = new AbortController()
  const giveUp = (): void => controller.abort(new Passing(`nothing arrived for ${stallMs / 1000} s`))
  const timer = setTimeout(giveUp, stallMs)
  try {
    const response = await fetch(url, { headers: { ...options.headers, ...headers }, signal: controller.signal })
    return {
      response,
      body: async () => (await bodyOf(response, stallMs, giveUp))!,
      bodyUpTo: (most) => bodyOf(response, stallMs, giveUp, most),
      drop: async () => response.body?.cancel(),
    }
  } finally {
    clearTimeout(timer)
  }
}

async function bodyOf(
  response: Response,
  stallMs: number,
  giveUp: () => void,
  most = Infinity,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const timer = setTimeout(giveUp, stallMs)
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of response.body ?? []) {
      timer.refresh()
      parts.push(part)
      length += part.length
      // Leaving the loop lets go of the rest.
      if (length > most) return undefined
    }
  } finally {
    clearTimeout(timer)
  }
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
