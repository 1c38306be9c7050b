/**
 * The content-addressed store of finished steps on one machine's disk. A step is worked on in `partial/ADDRESS` and
 * appears in `steps/ADDRESS` by one rename, so what is there is whole. Knows nothing of recipes.
 */
import { open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EnvironmentError, type Warning } from '@ecotope/core'
import { hashFile } from './hash.ts'
import { isObject, type JsonValue } from './json.ts'
import { inWords, makeFolder } from './surroundings.ts'

/** A file that a step wrote, relative to the step's folder. */
export interface StoredFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly modifiedMs: number
}

/** What is noted down about a finished step, as `result.json` in its folder. */
export interface StepRecord {
  readonly address: string
  readonly process: string
  readonly version: string
  readonly value: JsonValue
  /** Seconds of work of the attempt that finished. */
  readonly seconds: number
  readonly startedAt: string
  readonly endedAt: string
  /** What the user was told, to be told again when the result is reused. */
  readonly warnings: readonly Warning[]
  readonly files: readonly StoredFile[]
}

export interface StoredStep extends StepRecord {
  readonly directory: string
}

export interface Store {
  readonly path: string
  /** The finished step of an address, checked. Damage throws `StepDamaged`, which `discard` mends. */
  find(address: string): Promise<StoredStep | undefined>
  /** Makes (or finds again) the folder in which a step is worked on. */
  begin(address: string): Promise<{ directory: string; resumed: boolean }>
  /** Moves a step that has ended well into the store. */
  finish(record: Omit<StepRecord, 'files'>): Promise<StoredStep>
  /** Removes whatever is there under an address, finished or not. */
  discard(address: string): Promise<void>
  /** Removes the whole store where this opening made it. */
  removeIfNew(): Promise<void>
  /** Addresses of the finished steps. */
  list(): Promise<string[]>
  /** Lets other runs write. */
  close(): void
}

/** A finished step whose files are not what was written. */
export class StepDamaged extends EnvironmentError {}

const RECORD = 'result.json'

/** Opens the store below a folder, made where it is missing. Errors: StoreBusy, NotWritable, DiskFull. */
export async function openStore(path: string, options: { readonly readOnly?: boolean } = {}): Promise<Store> {
  const root = resolve(path)
  const steps = join(root, 'steps')
  const partial = join(root, 'partial')
  let lock: DatabaseSync | undefined
  const created = (await stat(root).catch(() => undefined)) === undefined
  if (options.readOnly !== true) {
    await makeFolder(steps)
    await makeFolder(partial)
    lock = takeLock(root)
  }
  return {
    path: root,
    find: (address) => find(join(steps, address), address),
    begin: async (address) => {
      const directory = join(partial, address)
      const resumed = !(await makeFolder(directory))
      return { directory, resumed }
    },
    finish: (record) => finish(record, join(partial, record.address), join(steps, record.address)),
    discard: async (address) => {
      await rm(join(steps, address), { recursive: true, force: true })
      await rm(join(partial, address), { recursive: true, force: true })
    },
    removeIfNew: async () => {
      if (!created) return
      lock?.close()
      lock = undefined
      await rm(root, { recursive: true, force: true })
    },
    list: async () => (await readdir(steps).catch(() => [])).sort(),
    close: () => lock?.close(),
  }
}

/**
 * One writer at a time. The lock is SQLite's on a file: the operating system drops it when the process ends in any way,
 * so there is no stale lock after a kill and no guessing from process numbers.
 */
function takeLock(root: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(join(root, 'lock.sqlite'))
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    throw lockError(root, error)
  }
}

const SQLITE_BUSY = 5
const SQLITE_FULL = 13

function lockError(root: string, cause: unknown): unknown {
  const code = isObject(cause) || cause instanceof Error ? (cause as { errcode?: number }).errcode : undefined
  if (code === undefined) return cause
  if ((code & 0xff) === SQLITE_BUSY)
    return new EnvironmentError('StoreBusy', `another run is writing to ${root}`, {
      hint: 'Wait until it has ended, or choose another folder with --out.',
      data: { path: root },
      cause,
    })
  const full = (code & 0xff) === SQLITE_FULL
  return new EnvironmentError(full ? 'DiskFull' : 'NotWritable', `cannot write to ${root}`, {
    hint: full ? 'Free some space and try again.' : 'Choose a folder of your own with --out.',
    data: { path: root },
    cause,
  })
}

async function find(directory: string, address: string): Promise<StoredStep | undefined> {
  const record = await readRecord(directory)
  if (record === undefined) return undefined
  if (record.address !== address) throw damaged(directory, `${RECORD} belongs to another step`)
  for (const file of record.files) await checkFile(directory, file)
  return { ...record, directory }
}

async function readRecord(directory: string): Promise<StepRecord | undefined> {
  let text: string
  try {
    text = await readFile(join(directory, RECORD), 'utf8')
  } catch (error) {
    const there = await stat(directory).catch(() => undefined)
    if (there !== undefined) throw damaged(directory, `${RECORD} is missing`, error)
    return undefined
  }
  try {
    const json: unknown = JSON.parse(text)
    if (isObject(json) && typeof json.address === 'string' && Array.isArray(json.files))
      return json as unknown as StepRecord
  } catch {}
  throw damaged(directory, `${RECORD} cannot be read`)
}

/** The same size and time: taken as unchanged. Another time (a copied store, an edited file): read it again. */
async function checkFile(directory: string, file: StoredFile): Promise<void> {
  const path = join(directory, file.path)
  const info = await stat(path).catch(() => undefined)
  if (info === undefined) throw damaged(directory, `${file.path} is missing`)
  if (info.size !== file.bytes) throw damaged(directory, `${file.path} has ${info.size} bytes instead of ${file.bytes}`)
  if (Math.abs(info.mtimeMs - file.modifiedMs) < 1) return
  if ((await hashFile(path)) !== file.sha256) throw damaged(directory, `${file.path} has been changed`)
  await utimes(path, info.atimeMs / 1000, file.modifiedMs / 1000).catch(() => {})
}

function damaged(directory: string, problem: string, cause?: unknown): StepDamaged {
  return new StepDamaged('StepDamaged', `a stored result is damaged: ${problem}`, {
    hint: 'It is computed again.',
    data: { path: directory },
    cause,
  })
}

async function finish(record: Omit<StepRecord, 'files'>, from: string, to: string): Promise<StoredStep> {
  try {
    const whole: StepRecord = { ...record, files: await listFiles(from) }
    const file = await open(join(from, RECORD), 'w')
    try {
      await file.writeFile(JSON.stringify(whole, null, 1))
      await file.sync()
    } finally {
      await file.close()
    }
    await rm(to, { recursive: true, force: true })
    await rename(from, to)
    return { ...whole, directory: to }
  } catch (error) {
    throw inWords(error)
  }
}

async function listFiles(directory: string): Promise<StoredFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files: StoredFile[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const full = join(entry.parentPath, entry.name)
    const path = relative(directory, full).split(sep).join('/')
    if (path === RECORD) continue
    const info = await stat(full)
    files.push({ path, bytes: info.size, sha256: await hashFile(full), modifiedMs: info.mtimeMs })
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}
