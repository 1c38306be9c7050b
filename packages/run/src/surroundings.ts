/** Failures of the file system in words a person can act on. Not for errors in the content of files. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { EcotopeError, EnvironmentError, InputError } from '@ecotope/core'

interface Case {
  readonly tag: string
  readonly message: string
  readonly hint: string
}

const cases: Readonly<Record<string, Case>> = {
  ENOSPC: {
    tag: 'DiskFull',
    message: 'the disk is full',
    hint: 'Free some space and run the same command again: finished steps are kept.',
  },
  EDQUOT: {
    tag: 'DiskFull',
    message: 'the disk quota is used up',
    hint: 'Free some space and run the same command again: finished steps are kept.',
  },
  EFBIG: {
    tag: 'DiskFull',
    message: 'the file system allows no larger file',
    hint: 'Write to another disk with --out.',
  },
  EACCES: {
    tag: 'NotWritable',
    message: 'no permission',
    hint: 'Choose a folder of your own with --out, or mend its permissions.',
  },
  EPERM: {
    tag: 'NotWritable',
    message: 'no permission',
    hint: 'Choose a folder of your own with --out, or mend its permissions.',
  },
  EROFS: { tag: 'NotWritable', message: 'the file system is read-only', hint: 'Choose another folder with --out.' },
  ENOTDIR: {
    tag: 'NotWritable',
    message: 'a part of the path is a file, not a folder',
    hint: 'Choose another folder with --out.',
  },
  EEXIST: {
    tag: 'NotWritable',
    message: 'there is a file where a folder is needed',
    hint: 'Choose another folder with --out.',
  },
  EIO: {
    tag: 'DiskFailed',
    message: 'the disk reports an error',
    hint: 'Check the disk, then run the same command again.',
  },
  EMFILE: {
    tag: 'TooManyFiles',
    message: 'too many files are open',
    hint: 'Raise the limit (ulimit -n) and run the same command again.',
  },
}

/** The same error in words, where it is one of the file system's or SQLite's; else the error itself. */
export function inWords(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof EcotopeError) return error
  const { code, path } = error as NodeJS.ErrnoException & { errcode?: number }
  const found = cases[code ?? '']
  if (found === undefined) return error
  const place = path === undefined ? '' : `: ${path}`
  return new EnvironmentError(found.tag, `${found.message}${place}`, {
    hint: found.hint,
    data: { path, code },
    cause: error,
  })
}

/**
 * Makes a folder and those above it; true when it was made. Unlike `mkdir` with `recursive`, which never returns on file
 * systems that refuse new folders with ENOENT (/proc).
 */
export async function makeFolder(path: string): Promise<boolean> {
  const full = resolve(path)
  const info = await stat(full).catch(() => undefined)
  if (info?.isDirectory()) return false
  try {
    if (dirname(full) !== full) await makeFolder(dirname(full))
    await mkdir(full)
    return true
  } catch (error) {
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
    if (code === 'EEXIST' && (await stat(full)).isDirectory()) return false
    if (code !== 'ENOENT') throw inWords(error)
    throw new EnvironmentError('NotWritable', `no folder can be made at ${full}`, {
      hint: 'Choose another folder with --out.',
      data: { path: full, code },
      cause: error,
    })
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read',
  EISDIR: 'is a folder, not a file',
}

/** A file to be read that cannot be: missing ones and unreadable ones are the user's to mend. */
export function unreadable(path: string, error: unknown): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  const problem = UNREADABLE[code ?? '']
  if (problem === undefined) return inWords(error)
  const tag = problem === 'does not exist' ? 'MissingFile' : 'UnreadableFile'
  return new InputError(tag, `${path} ${problem}`, {
    hint: 'Check the file name; relative names start from the current folder.',
    data: { path },
    cause: error,
  })
}
