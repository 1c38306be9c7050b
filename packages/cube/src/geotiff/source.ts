/** Bytes of a local file by position, with errors in the user's words. Never reads a whole file. */
import { type FileHandle, open } from 'node:fs/promises'
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

const MISSING = new Set(['ENOENT', 'ENOTDIR'])

/** Opens a file. Throws `InputError('MissingFile')` or `EnvironmentError('CannotRead')`. */
export async function openSource(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== undefined && MISSING.has(cause.code)) {
      throw new InputError('MissingFile', `there is no file ${path}`, { hint: 'check the path', data: { path }, cause })
    }
    throw cannotRead(path, cause)
  })
  const stat = await handle.stat()
  if (!stat.isFile()) {
    await handle.close()
    throw new InputError('NotTiff', `${path} is not a file but a folder or a device`, { data: { path } })
  }
  return { path, size: stat.size, read: reader(handle, path, stat.size), close: () => handle.close() }
}

/** Bytes at the start of the file that are read at once: the directories of most files. */
const HEAD_BYTES = 32768

function reader(handle: FileHandle, path: string, size: number): ByteSource['read'] {
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
      const { bytesRead } = await handle.read(bytes, at, length - at, offset + at).catch((cause: Error) => {
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
