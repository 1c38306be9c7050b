/** Where a Zarr hierarchy lies: keys and bytes. Folders here; zip files and web servers in their own files. */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { EnvironmentError, InputError } from '@ecotope/core'
import type { FileNow } from '../codecs/blosc.ts'

type Maybe<T> = T | Promise<T>

export interface Store {
  /** Path or URL. */
  readonly path: string
  /** All bytes of a key; undefined where there is no such key. */
  get(key: string): Maybe<Uint8Array | undefined>
  /**
   * The same without waiting, in memory that the next call overwrites: that of `area`, where given. Only in worker
   * threads, for folders.
   */
  getNow?(key: string, area?: (bytes: number) => Uint8Array): Uint8Array | undefined
  /** A key as an open file, likewise. */
  openNow?(key: string): FileNow | undefined
  /** The first bytes of a key, few enough not to be waited for; in folders, by any thread. */
  beginsNow?(key: string, length: number): Uint8Array | undefined
  /** Some bytes of a key; a negative offset counts from the end. Fewer where the object ends before. */
  getPart(key: string, offset: number, length: number): Maybe<Uint8Array | undefined>
  /** Names directly below a prefix (without slash at the end); undefined where the store cannot list. */
  list(prefix: string): Promise<string[] | undefined>
  /** A request costs more than reading on: parts close to each other are better read as one. */
  readonly isRemote: boolean
  /** Where it is a folder of files: its path, by which other threads can open it. */
  readonly folder?: string
  close(): Promise<void>
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

function absentOr(path: string, cause: unknown): undefined {
  const code = (cause as NodeJS.ErrnoException).code
  if (code !== undefined && ABSENT.has(code)) return undefined
  throw cannotRead(path, cause)
}

const cannotRead = (path: string, cause: unknown): EnvironmentError =>
  new EnvironmentError('CannotRead', `cannot read ${path}: ${(cause as Error).message}`, {
    hint: 'check the permissions and the disk',
    data: { path },
    cause,
  })

const system = isMainThread
  ? { stat, readdir }
  : { stat: async (path: string) => statSync(path), readdir: async (path: string) => readdirSync(path) }

/** A folder. In worker threads files are read at once, in the main thread without holding it up. */
export async function openFolder(path: string): Promise<Store> {
  const found = await system.stat(path).catch((cause: unknown) => absentOr(path, cause))
  if (found === undefined) {
    throw new InputError('MissingFile', `there is no ${path}`, { hint: 'check the path', data: { path } })
  }
  return {
    path,
    isRemote: false,
    folder: path,
    get: isMainThread ? (key) => readWhole(join(path, key)) : (key) => readWholeNow(join(path, key)),
    ...(isMainThread ? {} : now(path)),
    beginsNow: (key, length) => readPartNow(join(path, key), 0, length),
    getPart: isMainThread
      ? (key, offset, length) => readPart(join(path, key), offset, length)
      : (key, offset, length) => readPartNow(join(path, key), offset, length),
    list: async (prefix) => {
      const entries = await system.readdir(join(path, prefix)).catch((cause: unknown) => absentOr(path, cause))
      return entries?.sort() ?? []
    },
    close: () => Promise.resolve(),
  }
}

const now = (path: string): Pick<Store, 'getNow' | 'openNow'> => ({
  getNow: (key, area = reusedArea) => readReused(join(path, key), area),
  openNow: (key) => fileNow(join(path, key)),
})

/** An open file; undefined where there is none, or a folder. */
function fileNow(path: string): FileNow | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const state = fstatSync(file)
    if (state.isDirectory()) {
      closeSync(file)
      return undefined
    }
    return {
      size: state.size,
      read: (offset, into) => readFully(file!, path, offset, into),
      [Symbol.dispose]: () => closeSync(file!),
    }
  } catch (cause) {
    if (file !== undefined) closeSync(file)
    return absentOr(path, cause)
  }
}

/** Fills `into`; fewer bytes where the file ends before. */
function readFully(file: number, path: string, offset: number, into: Uint8Array): number {
  try {
    let at = 0
    while (at < into.length) {
      const count = readSync(file, into, at, into.length - at, offset + at)
      if (count === 0) break
      at += count
    }
    return at
  } catch (cause) {
    throw cannotRead(path, cause)
  }
}

/** Buffers of the engine have a `slice` that does not copy; plain arrays have not. */
const bare = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array => new Uint8Array(buffer, byteOffset, length)

const readWhole = (path: string): Promise<Uint8Array | undefined> =>
  readFile(path).then(bare, (cause: unknown) => absentOr(path, cause))

function readWholeNow(path: string): Uint8Array | undefined {
  try {
    return bare(readFileSync(path))
  } catch (cause) {
    return absentOr(path, cause)
  }
}

let reused = new Uint8Array(0)

/** Large buffers cost the system more than the reading: one is kept. */
function reusedArea(bytes: number): Uint8Array {
  if (bytes > reused.length) reused = new Uint8Array(Math.ceil(bytes * 1.25))
  return reused
}

function readReused(path: string, area: (bytes: number) => Uint8Array): Uint8Array | undefined {
  using file = fileNow(path)
  if (file === undefined) return undefined
  const target = area(file.size).subarray(0, file.size)
  return target.subarray(0, file.read(0, target))
}

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, 'r')
    const at = offset < 0 ? Math.max(0, (await file.stat()).size + offset) : offset
    const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, at)
    return buffer.subarray(0, bytesRead)
  } catch (cause) {
    return absentOr(path, cause)
  }
}

function readPartNow(path: string, offset: number, length: number): Uint8Array | undefined {
  using file = fileNow(path)
  if (file === undefined) return undefined
  const buffer = new Uint8Array(length)
  return buffer.subarray(0, file.read(offset < 0 ? Math.max(0, file.size + offset) : offset, buffer))
}

/** A part of another store as a store of its own. */
export function subStore(store: Store, prefix: string): Store {
  if (prefix === '') return store
  const key = (name: string): string => (name === '' ? prefix : `${prefix}/${name}`)
  return {
    path: `${store.path}/${prefix}`,
    isRemote: store.isRemote,
    ...(store.folder === undefined ? {} : { folder: join(store.folder, prefix) }),
    get: (name) => store.get(key(name)),
    ...(store.getNow === undefined ? {} : { getNow: (name, area) => store.getNow!(key(name), area) }),
    ...(store.openNow === undefined ? {} : { openNow: (name) => store.openNow!(key(name)) }),
    ...(store.beginsNow === undefined ? {} : { beginsNow: (name, length) => store.beginsNow!(key(name), length) }),
    getPart: (name, offset, length) => store.getPart(key(name), offset, length),
    list: (name) => store.list(key(name)),
    close: () => store.close(),
  }
}
