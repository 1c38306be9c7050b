/** What lies at a path: the first bytes of a file, the names in a folder, nothing. Local paths only. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'
import { EnvironmentError, InputError } from '@ecotope/core'

/** Bytes that are enough to know every format of the table. */
const HEAD = 512

export type Found =
  | { readonly kind: 'file'; readonly head: Uint8Array }
  | { readonly kind: 'folder'; readonly names: readonly string[] }

export const isUrl = (path: string): boolean => /^https?:\/\//i.test(path)

/** Addresses that are neither of the web nor of this machine, such as `s3://bucket/key`. */
const FOREIGN = /^(?!file:)([a-z][a-z0-9+.-]+):\/\//i

/** Looks at a local path. Throws `InputError`: `MissingFile`, `UnsupportedAddress`; `EnvironmentError('CannotRead')`. */
export async function lookAt(path: string): Promise<Found> {
  refuseForeign(path)
  try {
    return isMainThread ? await look(path) : lookNow(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new InputError('MissingFile', `there is no file ${path}`, { hint: 'check the path', data: { path }, cause })
    }
    throw new EnvironmentError('CannotRead', `cannot read ${path}: ${message}`, {
      hint: 'check the permissions and the disk',
      data: { path },
      cause,
    })
  }
}

export const isForeign = (path: string): boolean => FOREIGN.test(path) && !isUrl(path)

/** Throws `InputError('UnsupportedAddress')`. */
export function refuseForeign(path: string): void {
  if (!isForeign(path)) return
  const scheme = FOREIGN.exec(path)![1]
  throw new InputError('UnsupportedAddress', `${path}: addresses of ${scheme}:// cannot be opened`, {
    hint: 'give the address that starts with https://, such as https://BUCKET.s3.amazonaws.com/KEY for s3://BUCKET/KEY',
    data: { path, scheme },
  })
}

async function look(path: string): Promise<Found> {
  if ((await stat(path)).isDirectory()) return { kind: 'folder', names: await readdir(path) }
  await using file = await open(path, 'r')
  const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD), 0, HEAD, 0)
  return { kind: 'file', head: buffer.subarray(0, bytesRead) }
}

/** In worker threads nothing else waits meanwhile, and waiting costs more than looking. */
function lookNow(path: string): Found {
  if (statSync(path).isDirectory()) return { kind: 'folder', names: readdirSync(path) }
  const file = openSync(path, 'r')
  try {
    const head = new Uint8Array(HEAD)
    return { kind: 'file', head: head.subarray(0, readSync(file, head, 0, HEAD, 0)) }
  } finally {
    closeSync(file)
  }
}

/** Whether bytes begin with these, given as text (latin 1). */
export function startsWith(head: Uint8Array, text: string, at = 0): boolean {
  for (let i = 0; i < text.length; i++) if (head[at + i] !== text.charCodeAt(i)) return false
  return true
}
