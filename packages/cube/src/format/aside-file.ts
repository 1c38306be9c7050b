/** Files that are written bit by bit beside their path, and take its name when they are whole. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { asidePath, writeError } from '../geotiff/aside.ts'

export interface AsideFile {
  readonly file: FileHandle
  /** Does some of the writing. Throws `EnvironmentError('CannotWrite')` for what the system refuses. */
  write(work: () => Promise<void>): Promise<void>
  /** Flushes the file and gives it its name. */
  publish(): Promise<void>
  /** Ends without result; nothing stays. */
  remove(): Promise<void>
}

/** A file beside `path`, with what `begin` writes at its start. Throws `EnvironmentError('CannotWrite')`, leaving nothing. */
export async function openAside(path: string, begin: (file: FileHandle) => Promise<void>): Promise<AsideFile> {
  const partial = await asidePath(path)
  const write = (work: () => Promise<void>): Promise<void> =>
    work().catch((cause: unknown) => {
      throw writeError(path, cause)
    })
  let opened: FileHandle | undefined
  const remove = async (): Promise<void> => {
    await opened?.close().catch(() => undefined)
    await rm(partial, { force: true }).catch(() => undefined)
  }
  try {
    const file = await open(partial, 'wx+')
    opened = file
    await begin(file)
    const publish = async (): Promise<void> => {
      await file.sync()
      await file.close()
      await rename(partial, path)
    }
    return { file, write, publish: () => write(publish), remove }
  } catch (cause) {
    await remove()
    throw writeError(path, cause)
  }
}
