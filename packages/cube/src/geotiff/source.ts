/** Bytes of a local file by position, with errors in the user's words. Never reads a whole file. */
import { close, existsSync, fstat, fstatSync, open, openSync, read, readSync, type Stats, stat } from 'node:fs'
import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { EnvironmentError, InputError } from '@ecotope/core'

export interface ByteSource {
  readonly path: string
  /** Bytes in the file. */
  readonly size: number
  /** Bytes [offset, offset + length). Throws `InputError('TruncatedFile')` where the file ends before; `what` names the part; `into` may be taken to hold them. */
  read(offset: number, length: number, what: string, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  /** A gap between two parts that is cheaper to read than to skip, in bytes; the reader's own where absent. */
  readonly gapBytes?: number
  /** Fetches the file up to here in one piece, where that is cheaper than piece by piece. */
  prefetch?(end: number): Promise<void>
  close(): Promise<void>
}

/** Bytes at the start of the file that are read at once: the directories of most files. */
const HEAD_BYTES = 32768

const MISSING = new Set(['ENOENT', 'ENOTDIR'])

/** Opening by the numbers of files. In worker threads nothing else waits meanwhile, and waiting costs more than opening. */
const system: {
  open(path: string, flags: 'r'): Promise<number>
  fstat(file: number): Promise<Stats>
  exists(path: string): Promise<boolean>
} = isMainThread
  ? {
      open: promisify(open) as (path: string, flags: 'r') => Promise<number>,
      fstat: promisify(fstat) as (file: number) => Promise<Stats>,
      exists: (path) =>
        new Promise((resolve) => {
          stat(path, (cause) => resolve(cause === null))
        }),
    }
  : {
      open: async (path, flags) => openSync(path, flags),
      fstat: async (file) => fstatSync(file),
      exists: async (path) => existsSync(path),
    }

const readFrom = promisify(read) as (
  file: number,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
) => Promise<{ bytesRead: number }>
const closeFile = promisify(close)

/** Whether something lies at a path. */
export const isThere = system.exists

/** Opens a file. Throws `InputError('MissingFile')` or `EnvironmentError('CannotRead')`. */
export async function openSource(path: string): Promise<ByteSource> {
  const number = await system.open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== undefined && MISSING.has(cause.code)) {
      throw new InputError('MissingFile', `there is no file ${path}`, { hint: 'check the path', data: { path }, cause })
    }
    throw cannotRead(path, cause)
  })
  const file = new OpenFile(number)
  const state = await system.fstat(number)
  if (!state.isFile()) {
    await file.close()
    throw new InputError('NotTiff', `${path} is not a file but a folder or a device`, { data: { path } })
  }
  return { path, size: state.size, read: reader(file, path, state.size), close: () => file.close() }
}

/** A file by its number. Once closed, the number may be another file's: reads end before, and none begins afterwards. */
class OpenFile {
  readonly #number: number
  readonly #reads = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(number: number) {
    this.#number = number
  }

  async read(into: Uint8Array, at: number, length: number, position: number): Promise<number> {
    if (this.#closing !== undefined) throw new Error('the file is closed')
    if (!isMainThread && length <= HEAD_BYTES) return readSync(this.#number, into, at, length, position)
    const reading = readFrom(this.#number, into, at, length, position)
    this.#reads.add(reading)
    try {
      return (await reading).bytesRead
    } finally {
      this.#reads.delete(reading)
    }
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#reads).then(() => closeFile(this.#number))
    return this.#closing
  }
}

function reader(file: OpenFile, path: string, size: number): ByteSource['read'] {
  let head: Promise<Uint8Array<ArrayBuffer>> | undefined
  const fetch = async (
    offset: number,
    length: number,
    what: string,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = into === undefined || into.length < length ? new Uint8Array(length) : into.subarray(0, length)
    let at = 0
    while (at < length) {
      const bytesRead = await file.read(bytes, at, length - at, offset + at).catch((cause: Error) => {
        throw cannotRead(path, cause)
      })
      if (bytesRead === 0) throw truncated(path, what, offset + length, size)
      at += bytesRead
    }
    return bytes
  }
  return async (offset, length, what, into) => {
    if (offset < 0 || length < 0 || offset + length > size) throw truncated(path, what, offset + length, size)
    if (offset + length > HEAD_BYTES) return fetch(offset, length, what, into)
    head ??= fetch(0, Math.min(size, HEAD_BYTES), what)
    return (await head).slice(offset, offset + length)
  }
}

const cannotRead = (path: string, cause: Error): EnvironmentError =>
  new EnvironmentError('CannotRead', `cannot read ${path}: ${cause.message}`, {
    hint: 'check the permissions and the disk',
    data: { path },
    cause,
  })

export const truncated = (path: string, what: string, needed: number, size: number, data: object = {}): InputError =>
  new InputError('TruncatedFile', `${path} is truncated: ${what} ends at byte ${needed}, the file at ${size}`, {
    hint: 'the file was not copied or downloaded completely; get it again',
    data: { path, what, needed, size, ...data },
  })
