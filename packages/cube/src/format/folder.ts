/** Making folders for outputs. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { EnvironmentError } from '@ecotope/core'

/**
 * Makes a folder and those above it. Unlike `mkdir` with `recursive`, which never returns on file systems that refuse
 * new folders as if the one above were missing (/proc). Throws EnvironmentError `CannotWrite` there, else what the
 * system says.
 */
export async function makeFolder(path: string): Promise<void> {
  const full = resolve(path)
  const isFolder = async (): Promise<boolean> => (await stat(full).catch(() => undefined))?.isDirectory() === true
  if (await isFolder()) return
  if (dirname(full) !== full) await makeFolder(dirname(full))
  try {
    await mkdir(full)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await isFolder())) return
    if (code !== 'ENOENT') throw cause
    throw new EnvironmentError('CannotWrite', `no folder can be made at ${full}`, {
      hint: 'choose another folder',
      data: { path: full, code },
      cause,
    })
  }
}
