/**
 * A store that is being written: a folder beside the final one and a journal of what is done, so that a killed run can
 * go on. The old store stays until the new one is whole.
 */
import { createHash } from 'node:crypto'
import { access, appendFile, constants, lstat, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError } from '@ecotope/core'
import { makeFolder } from '../format/folder.ts'
import { isAlive } from '../geotiff/aside.ts'
import { isAside } from './shard-writer.ts'

export interface Partial {
  /** The folder that is written. */
  readonly folder: string
  /** Boxes that an earlier run has written. */
  readonly done: ReadonlySet<string>
  /** When the first run that has written to it began, in milliseconds since 1970. */
  readonly begunMs: number
  /** Notes boxes as written. */
  note(boxes: readonly string[]): Promise<void>
  /** Puts the folder in the final place. */
  publish(): Promise<void>
  /** Ends without result; folder and journal stay for the next run of the job. */
  release(): void
  /** Removes folder and journal. */
  remove(): Promise<void>
}

interface Head {
  readonly job: string
  readonly pid: number
  readonly begunMs: number
}

/** Folders that this process is writing. */
const writing = new Set<string>()

/** Entries of a folder that make it a store which may be overwritten. */
const MARKS = ['zarr.json', '.zgroup', '.zarray', '.zmetadata']

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
/** Whether there is such an entry, be it a link to what is not there. */
const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/**
 * Starts or goes on with the partial store of a job. `layout`: what has to be the same as before, as text. Throws
 * InputError `NotAStore` (something else lies at the path), `OutputBusy` (another process writes it).
 */
export async function openPartial(path: string, job: string, layout: string): Promise<Partial> {
  await checkTarget(path)
  const id = createHash('sha256').update(job).update(layout).digest('hex').slice(0, 12)
  const folder = `${path}.part-${id}`
  const journal = `${folder}.journal`
  await tidy(path, `${basename(path)}.part-${id}`)
  const before = await readJournal(journal, path)
  const goesOn = before?.head.job === job && (await exists(folder))
  if (!goesOn) await rm(folder, { recursive: true, force: true })
  else await sweep(folder)
  const done = goesOn ? before.done : new Set<string>()
  const begunMs = goesOn ? before.head.begunMs : Date.now()
  const head = JSON.stringify({ job, pid: process.pid, begunMs } satisfies Head)
  await writeJournal(journal, [head, ...done])
  // After the journal, without which nobody would know whose it is.
  await makeFolder(folder)
  const release = (): void => void writing.delete(resolve(folder))
  writing.add(resolve(folder))
  const remove = async (): Promise<void> => {
    release()
    await rm(folder, { recursive: true, force: true })
    await rm(journal, { force: true })
  }
  return {
    folder,
    done,
    begunMs,
    note: (boxes) => (boxes.length === 0 ? Promise.resolve() : appendFile(journal, `${boxes.join('\n')}\n`)),
    publish: async () => {
      await replace(path, folder)
      release()
      await rm(journal, { force: true })
    },
    release,
    remove,
  }
}

/** Another journal in place of the one that is there, which stays where this fails. */
async function writeJournal(journal: string, lines: readonly string[]): Promise<void> {
  const next = `${journal}.new`
  try {
    await writeFile(next, `${lines.join('\n')}\n`)
    await rename(next, journal)
  } catch (cause) {
    await rm(next, { force: true })
    throw cause
  }
}

/** Nothing but a Zarr store is overwritten. */
async function checkTarget(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) {
    await restore(path)
    return
  }
  const entries = found.isDirectory() ? await names(path) : undefined
  if (entries !== undefined && (entries.length === 0 || entries.some((name) => MARKS.includes(name)))) {
    // Else it would come out when the new store has taken its place.
    await access(path, constants.W_OK)
    return
  }
  throw new InputError('NotAStore', `${path} is there already and is no Zarr store`, {
    hint: 'write to another path, or remove it first',
    data: { path },
  })
}

/** The journal of a run that was killed; a last line without its end was being written. */
async function readJournal(journal: string, path: string): Promise<{ head: Head; done: Set<string> } | undefined> {
  const text = await readFile(journal, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const [first = '', ...lines] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  const head = headOf(first)
  if (head === undefined) return undefined
  if (head.pid !== process.pid && isAlive(head.pid)) {
    throw new InputError('OutputBusy', `${path} is being written by process ${head.pid}`, {
      hint: 'wait until it is done, or end it first',
      data: { path, pid: head.pid },
    })
  }
  return { head, done: new Set(lines.filter((line) => line !== '')) }
}

function headOf(line: string): Head | undefined {
  try {
    const { job, pid, begunMs } = JSON.parse(line) as Head
    const isHead = typeof job === 'string' && typeof pid === 'number' && typeof begunMs === 'number'
    return isHead ? { job, pid, begunMs } : undefined
  } catch {
    return undefined
  }
}

/** Removes what stopped runs of other jobs have left of this path. */
async function tidy(path: string, own: string): Promise<void> {
  const folder = dirname(path)
  const start = `${basename(path)}.part-`
  for (const name of await names(folder)) {
    if (!name.startsWith(start) || !name.endsWith('.journal') || name === `${own}.journal`) continue
    const head = headOf((await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n')[0]!)
    const other = join(folder, name.slice(0, -'.journal'.length))
    if (head === undefined || (head.pid === process.pid ? writing.has(resolve(other)) : isAlive(head.pid))) continue
    await rm(other, { recursive: true, force: true })
    await rm(join(folder, name), { force: true })
  }
}

/** Removes the shards that a killed run had begun: files named after a shard with an end of their own. */
async function sweep(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (entry.isFile() && isAside(entry.name)) await rm(join(entry.parentPath, entry.name), { force: true })
  }
}

const oldOf = (path: string): string => `${path}.old`

/** Puts a store back that a killed run had just moved aside. */
async function restore(path: string): Promise<void> {
  if (await exists(oldOf(path))) await rename(oldOf(path), path)
}

/** A folder cannot be replaced in one step: the old one is moved aside, and put back where the second step fails. */
async function replace(path: string, folder: string): Promise<void> {
  if (await exists(path)) {
    await rm(oldOf(path), { recursive: true, force: true })
    await rename(path, oldOf(path))
  }
  try {
    await rename(folder, path)
  } catch (error) {
    await restore(path)
    throw error
  }
  await rm(oldOf(path), { recursive: true, force: true })
}
