/** Files of features at addresses: fetched whole into a folder of their own, read there as any other, and removed. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EcotopeError, EnvironmentError, InputError } from '@ecotope/core'
import { fetched } from '../format/fetched.ts'
import { temporaryFolder } from '../format/temporary.ts'
import { writeError } from '../geotiff/aside.ts'
import type { Geometries } from '../model/geometry.ts'
import { type ReadFeaturesOptions, readFeatures } from './read-features.ts'

/** What lies beside a shapefile and is read with it. */
const BESIDE = ['.dbf', '.prj', '.cpg']

/**
 * Features of a file at an address; of a shapefile what lies beside it is fetched too. Throws what `readFeatures` and
 * `fetched` throw, with the address for the file.
 */
export async function fetchFeatures(
  url: string,
  { signal, ...options }: ReadFeaturesOptions & { readonly signal?: AbortSignal },
): Promise<Geometries> {
  const { folder, remove } = await temporaryFolder('features')
  const path = join(folder, `features${extensionOf(url)}`)
  try {
    await download(url, path, signal)
    if (extensionOf(url) === '.shp') for (const extension of BESIDE) await beside(url, folder, extension, signal)
    return { ...(await readFeatures(path, options)), label: url }
  } catch (cause) {
    throw named(cause, path, url)
  } finally {
    await remove()
  }
}

/** The extension of the file that an address names, in small letters; empty where it names none. */
export const extensionOf = (url: string): string => /\.[a-z\d]+$/i.exec(pathOf(url))?.[0].toLowerCase() ?? ''

/** An address without query and fragment. */
const pathOf = (url: string): string => url.replace(/[?#].*$/s, '')

async function download(url: string, path: string, signal: AbortSignal | undefined): Promise<void> {
  await fetched(url, signal === undefined ? {} : { signal }, async ({ parts }) => {
    await pipeline(Readable.from(parts()), createWriteStream(path)).catch((cause: NodeJS.ErrnoException) => {
      // A connection that breaks off is another matter, and may be tried again.
      throw cause.syscall === 'write' || cause.syscall === 'open' ? writeError(path, cause) : cause
    })
  })
}

/** Fetches a file beside that of the address, where there is one; the query stays, as it may hold a token. */
async function beside(url: string, folder: string, extension: string, signal: AbortSignal | undefined): Promise<void> {
  const path = pathOf(url)
  const isCapital = path.endsWith('.SHP')
  const other = `${path.slice(0, -4)}${isCapital ? extension.toUpperCase() : extension}${url.slice(path.length)}`
  await download(other, join(folder, `features${extension}`), signal).catch((cause: unknown) => {
    if (!(cause instanceof InputError)) throw cause
  })
}

/** The error with the address in place of the file that was fetched. */
function named(cause: unknown, path: string, url: string): unknown {
  if (!(cause instanceof EcotopeError) || !cause.message.includes(path)) return cause
  const data = { ...cause.data, path: url }
  const hint = cause.hint === undefined ? {} : { hint: cause.hint }
  const Kind = cause instanceof InputError ? InputError : EnvironmentError
  return new Kind(cause.tag, cause.message.replaceAll(path, url), { ...hint, data, cause })
}
