/** Who writes tiles beside a GeoTIFF: one process at a time; and what is left of those that were stopped. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@ecotope/core'
import { isAlive } from './aside.ts'

const ownerFile = (folder: string): string => join(folder, 'owner')

/** The living process other than this one that writes in a folder; undefined where there is none. */
async function otherOwner(folder: string): Promise<number | undefined> {
  const text = await readFile(ownerFile(folder), 'utf8').catch(() => '')
  const pid = Number(text)
  return text !== '' && pid !== process.pid && isAlive(pid) ? pid : undefined
}

/** Notes this process as the one that writes in a folder of tiles for `path`. Throws InputError `OutputBusy`. */
export async function own(path: string, folder: string): Promise<void> {
  const pid = await otherOwner(folder)
  if (pid !== undefined)
    throw new InputError('OutputBusy', `${path} is being written by process ${pid}`, {
      hint: 'wait until it is done, or end it first',
      data: { path, pid },
    })
  await writeFile(ownerFile(folder), String(process.pid))
}

/** When the first run that has written to a folder of tiles began, in milliseconds since 1970: now, where none has. */
export async function begunMs(folder: string): Promise<number> {
  const path = join(folder, 'begun')
  const known = Number(await readFile(path, 'utf8').catch(() => ''))
  if (known > 0) return known
  const now = Date.now()
  await writeFile(path, String(now))
  return now
}

export const disown = (folder: string): Promise<void> => rm(ownerFile(folder), { force: true })

/** Removes what stopped runs of other jobs have left of an output that is whole now. */
export async function tidyOthers(path: string): Promise<void> {
  const start = `.${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) {
    const isFolder = name.startsWith(start) && /^[0-9a-f]{16}\.partial$/.test(name.slice(start.length))
    const other = join(dirname(path), name)
    if (!isFolder || (await otherOwner(other)) !== undefined) continue
    await rm(other, { recursive: true, force: true })
  }
}
