/** Which files are meant: paths, globs, folders, addresses. The order is that of the names, so that it never changes. */
import { glob, readdir } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { InputError } from '@ecotope/core'
import { formatOfContent, hasExtension, isStoreName } from '../format/formats.ts'
import { type Found, isUrl, lookAt, refuseForeign } from '../format/sniff.ts'

/** Whether a path is a pattern. */
export const isGlob = (path: string): boolean => /[*?[\]{}]/.test(path)

/**
 * The files behind paths; folders that are stores of a format stay one path, others give the files below them that
 * have one of the extensions. Throws `InputError`: `NoFiles`, `MissingFile`.
 */
export async function expandPaths(
  paths: string | readonly string[],
  folder: string,
  extensions: readonly string[],
): Promise<string[]> {
  const list = typeof paths === 'string' ? [paths] : paths
  const found = await Promise.all(list.map((path) => expandPath(path, folder, extensions)))
  const all = [...new Set(found.flat())]
  if (all.length > 0) return all
  throw new InputError('NoFiles', `no file matches ${list.join(', ')}`, {
    hint: 'check the pattern; * stays within a folder, ** goes through all below',
    data: { paths: list, folder },
  })
}

async function expandPath(path: string, folder: string, extensions: readonly string[]): Promise<string[]> {
  if (isUrl(path)) return [path]
  refuseForeign(path)
  const whole = isAbsolute(path) ? path : resolve(folder, path)
  if (isGlob(path)) return filesMatching(whole, path)
  const found = await lookAt(whole)
  if (found.kind === 'file' || isStore(whole, found)) return [whole]
  return filesBelow(whole, extensions)
}

/** Pyramids have no mark of their own but are named like stores. */
const isStore = (path: string, found: Found): boolean => formatOfContent(found) !== undefined || isStoreName(path)

/** The files that match a whole path with a pattern, or the one that has it as its name. Throws `InputError` `NoFiles`. */
export async function filesMatching(pattern: string, asTyped = pattern): Promise<string[]> {
  const exists = await lookAt(pattern).catch(() => undefined)
  if (exists !== undefined) return [pattern]
  const found: string[] = []
  for await (const path of glob(pattern.replaceAll('\\', '/'))) found.push(resolve(path))
  if (found.length > 0) return found.toSorted(byName)
  throw new InputError('NoFiles', `no file matches ${asTyped}`, {
    hint: 'check the pattern; * stays within a folder, ** goes through all below',
    data: { pattern: asTyped },
  })
}

async function filesBelow(folder: string, extensions: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const found: string[] = []
  for (const entry of sorted) {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.')) continue
    if (hasExtension(entry.name, extensions)) found.push(path)
    else if (entry.isDirectory()) found.push(...(await filesOrStore(path, extensions)))
  }
  return found
}

async function filesOrStore(path: string, extensions: readonly string[]): Promise<string[]> {
  return isStore(path, await lookAt(path)) ? [path] : filesBelow(path, extensions)
}

/** By code units, whatever the language of the machine. */
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
