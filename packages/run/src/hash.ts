/** Content hashes of files, streamed, and remembered by path, size and times so that a large raster is read once. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { throwIfAborted } from '@ecotope/core'
import { hashJson, isObject } from './json.ts'
import { unreadable } from './surroundings.ts'

export interface FileHash {
  readonly path: string
  /** SHA-256 as hexadecimal; of a folder, over the names and hashes of what is in it. */
  readonly sha256: string
  readonly bytes: number
}

/** SHA-256 of a file's content. Errors: MissingFile, UnreadableFile. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, signal === undefined ? {} : { signal })
  } catch (error) {
    throwIfAborted(signal)
    throw unreadable(path, error)
  }
  return hash.digest('hex')
}

interface Remembered {
  readonly key: string
  readonly sha256: string
}

/** Hashes files and folders. */
export interface Hasher {
  hash(path: string, signal?: AbortSignal): Promise<FileHash>
  /** Writes what was learnt; losing it costs time only. */
  save(): Promise<void>
}

/** A file changed less than this before it was hashed may change again within the same time stamp. */
const SETTLED_MS = 2000

/** A hasher that remembers in a JSON file, or only while it lives where no file is named. */
export async function openHasher(memory?: string): Promise<Hasher> {
  const known = memory === undefined ? new Map<string, Remembered>() : await readMemory(memory)
  let changed = false
  const one = async (path: string, signal?: AbortSignal): Promise<FileHash> => {
    const info = await stat(path).catch((error: unknown) => {
      throw unreadable(path, error)
    })
    if (info.isDirectory()) return folder(path, signal)
    const key = `${info.size}:${info.mtimeMs}:${info.ctimeMs}:${info.ino}`
    const before = known.get(path)
    if (before?.key === key) return { path, sha256: before.sha256, bytes: info.size }
    const started = Date.now()
    const sha256 = await hashFile(path, signal)
    if (started - Math.max(info.mtimeMs, info.ctimeMs) > SETTLED_MS) {
      known.set(path, { key, sha256 })
      changed = true
    }
    return { path, sha256, bytes: info.size }
  }
  const folder = async (path: string, signal?: AbortSignal): Promise<FileHash> => {
    const names = (await readdir(path)).sort()
    const parts = await Promise.all(names.map((name) => one(join(path, name), signal)))
    const content = Object.fromEntries(parts.map((part) => [basename(part.path), part.sha256]))
    return { path, sha256: hashJson(content), bytes: parts.reduce((sum, part) => sum + part.bytes, 0) }
  }
  const save = async (): Promise<void> => {
    if (memory === undefined || !changed) return
    const aside = `${memory}.${process.pid}`
    await writeFile(aside, JSON.stringify(Object.fromEntries(known)))
    await rename(aside, memory)
    changed = false
  }
  return { hash: one, save }
}

async function readMemory(path: string): Promise<Map<string, Remembered>> {
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (!isObject(json)) return new Map()
    return new Map(Object.entries(json as Record<string, Remembered>))
  } catch {
    return new Map()
  }
}
