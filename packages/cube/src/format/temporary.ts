/** Folders for temporary files: gone with the process that made them; what killed processes have left goes with the next. */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive, writeError } from '../geotiff/aside.ts'

export interface Temporary {
  readonly folder: string
  remove(): Promise<void>
}

/** Ids of processes mean nothing to machines that share the place of temporary files. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
const NAME = new RegExp(`^ecotope-[a-z\\d]+-${MACHINE}-(\\d+)-[^-]+$`)

/** What this thread has not removed yet. */
const open = new Set<string>()
let tidied: Promise<void> | undefined

/**
 * An empty folder in the system's place for temporary files. `kind`: small letters and digits, for its name. Throws
 * `EnvironmentError('CannotWrite')`.
 */
export async function temporaryFolder(kind: string): Promise<Temporary> {
  tidied ??= tidy()
  await tidied
  const start = join(tmpdir(), `ecotope-${kind}-${MACHINE}-${process.pid}-`)
  const folder = await mkdtemp(start).catch((cause: unknown) => {
    throw writeError(tmpdir(), cause)
  })
  if (open.size === 0) process.on('exit', removeAll)
  open.add(folder)
  return {
    folder,
    remove: async () => {
      open.delete(folder)
      if (open.size === 0) process.off('exit', removeAll)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function removeAll(): void {
  for (const folder of open) rmSync(folder, { recursive: true, force: true })
}

/** Removes what processes of this machine that do not run any more have left; once in a thread. */
async function tidy(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = NAME.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    // Others' folders stay theirs.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)
  }
}
