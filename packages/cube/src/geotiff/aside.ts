/** Files that appear whole or not at all: written under another name in the same folder, flushed, then renamed. */
import { randomBytes } from 'node:crypto'
import { access, constants, type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { EcotopeError, EnvironmentError, InputError } from '@ecotope/core'

/** What to do about a failed write, by the system's code. */
const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and run it again, or write elsewhere',
  EDQUOT: 'the disk quota is used up; free some space and run it again, or write elsewhere',
  EACCES: 'you may not write there; choose another folder',
  EPERM: 'you may not write there; choose another folder',
  EROFS: 'that disk is read-only; choose another folder',
  ENOENT: 'the folder does not exist; make it first',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  EISDIR: 'the path is a folder; give the name of a file',
  ENAMETOOLONG: 'the name is too long, with what is added while the file is written; give a shorter one',
  EFBIG: 'the disk cannot hold files this large',
  EIO: 'the disk reports an error; check it, or write elsewhere',
  EMFILE: 'too many files are open; raise the limit (ulimit -n) and run it again',
}

/** Codes of SQLite for what the system refuses. */
const SQLITE: Readonly<Record<number, string>> = { 8: 'EROFS', 13: 'ENOSPC', 14: 'EACCES' }

/** The system's code of an error; of SQLite's the one that means the same. */
function codeOf(cause: unknown): string | undefined {
  const { code, errcode } = (cause ?? {}) as { code?: string; errcode?: number }
  return code === 'ERR_SQLITE_ERROR' ? SQLITE[errcode ?? 0] : code
}

/** A system error while writing, in the user's words; other errors stay what they are. */
export function writeError(path: string, cause: unknown): unknown {
  const code = codeOf(cause)
  const isSystem =
    cause instanceof Error && !(cause instanceof EcotopeError) && code !== undefined && /^E[A-Z]+$/.test(code)
  if (!isSystem) return cause
  const hint = HINTS[code]
  return new EnvironmentError('CannotWrite', `cannot write ${path}: ${cause.message}`, {
    ...(hint === undefined ? {} : { hint }),
    data: { path, code },
    cause,
  })
}

/**
 * Refuses what a file must not take the place of: folders, devices and pipes, files that are kept from being written;
 * and places where none can be made, so that this does not come out when all is computed.
 * Throws InputError `IsFolder`, `NotAFile`, `EnvironmentError('CannotWrite')`.
 */
export async function refuseTarget(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined ? /[\\/]$/.test(path) : found.isDirectory()) {
    throw new InputError('IsFolder', `${path} is a folder and cannot be replaced by a file`, {
      hint: 'give the name of a file, or remove the folder first',
      data: { path },
    })
  }
  if (found !== undefined && !found.isFile()) {
    throw new InputError('NotAFile', `${path} is no file but a device or a pipe, which a file cannot replace`, {
      hint: 'give the name of a file',
      data: { path },
    })
  }
  try {
    // Renaming would replace it all the same.
    if (found !== undefined) await access(path, constants.W_OK)
    // Of a file among the folders the dot makes an error.
    await access(`${await folderAbove(path)}/.`, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw writeError(path, cause)
  }
}

/** The folder of a path, or the nearest one above it that there is. */
async function folderAbove(path: string): Promise<string> {
  let folder = dirname(resolve(path))
  while (dirname(folder) !== folder && (await stat(folder).catch(() => undefined)) === undefined)
    folder = dirname(folder)
  return folder
}

/** As `asideName`. Throws what `refuseTarget` throws. */
export async function asidePath(path: string): Promise<string> {
  await refuseTarget(path)
  return asideName(path)
}

/** What names of files beside an output say after the output's: the process that writes them, and what they hold. */
const ASIDE = /^(\d+)-[\da-f]{12}\.(?:partial|spool)(?:\.(?:spool|stage)-\d+)?$/

/**
 * A name beside `path` for what is being written, which tells the process that writes it. What killed processes have
 * left of the same output is removed.
 */
export async function asideName(path: string): Promise<string> {
  const [folder, start] = [dirname(path), `.${basename(path)}.`]
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(start)) continue
    const pid = ASIDE.exec(name.slice(start.length))?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
  return join(folder, `${start}${process.pid}-${randomBytes(6).toString('hex')}.partial`)
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export interface AsideFile {
  readonly file: FileHandle
  /** Does some of the writing. Throws `EnvironmentError('CannotWrite')` for what the system refuses. */
  write(work: () => Promise<void>): Promise<void>
  /** Flushes the file and gives it its name. */
  publish(): Promise<void>
  /** Ends without result; nothing stays. */
  remove(): Promise<void>
}

/**
 * A file beside `path` that is written bit by bit and takes its name when it is whole, with what `begin` writes at its
 * start; `scratch` is a name for what it needs meanwhile. `output`: what errors name, where the file is on its way to
 * that. Throws `EnvironmentError('CannotWrite')`, leaving nothing.
 */
export async function openAside(
  path: string,
  begin: (file: FileHandle, scratch: string) => Promise<void>,
  output = path,
): Promise<AsideFile> {
  const partial = await asidePath(path)
  const write = (work: () => Promise<void>): Promise<void> =>
    work().catch((cause: unknown) => {
      throw writeError(output, cause)
    })
  let opened: FileHandle | undefined
  const remove = async (): Promise<void> => {
    await opened?.close().catch(() => undefined)
    await rm(partial, { force: true }).catch(() => undefined)
  }
  try {
    const file = await open(partial, 'wx+')
    opened = file
    await begin(file, partial.replace(/partial$/, 'spool'))
    const publish = async (): Promise<void> => {
      await file.sync()
      await file.close()
      await rename(partial, path)
    }
    return { file, write, publish: () => write(publish), remove }
  } catch (cause) {
    await remove()
    throw writeError(output, cause)
  }
}

/**
 * Runs `body` with a fresh file and a second path for scratch data beside `path`; the file takes the name `path` when
 * the body succeeds. Otherwise nothing is left behind. `output`: as of `openAside`. Throws `EnvironmentError('CannotWrite')`.
 */
export async function writeAside(
  path: string,
  body: (handle: FileHandle, scratch: string) => Promise<void>,
  output = path,
): Promise<void> {
  const { publish, remove } = await openAside(path, body, output)
  await publish().catch(async (cause: unknown) => {
    await remove()
    throw cause
  })
}
