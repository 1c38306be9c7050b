/** JSON documents of STAC from disk and from the network, and which paths are such documents. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EnvironmentError, InputError } from '@ecotope/core'
import { isUrl, lookAt } from '../format/sniff.ts'
import type { StacContainer, StacItem } from './types.ts'

export type StacDocument = StacItem | StacContainer

export interface Request {
  readonly signal?: AbortSignal | undefined
  readonly method?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A document by path or address, without links and assets that lead nowhere. Throws `InputError`: `MissingFile`, `BadJson`; `EnvironmentError('CannotFetch')`. */
export async function readJson(path: string, request: Request = {}): Promise<unknown> {
  const text = isUrl(path) ? await fetchText(path, request) : await fileText(path)
  try {
    return usable(JSON.parse(text))
  } catch (cause) {
    throw new InputError('BadJson', `${path} is not JSON: ${(cause as Error).message}`, { data: { path }, cause })
  }
}

async function fileText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(async (cause: Error) => {
    // Tells missing files from unreadable ones in the user's words.
    await lookAt(path)
    throw new EnvironmentError('CannotRead', `cannot read ${path}: ${cause.message}`, { data: { path }, cause })
  })
}

async function fetchText(url: string, { signal, method = 'GET', body, headers = {} }: Request): Promise<string> {
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/json, application/geo+json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: Error) => {
    if (signal?.aborted) throw cause
    throw new EnvironmentError('CannotFetch', `cannot reach ${url}: ${reasonOf(cause)}`, {
      hint: 'check the address and the network',
      data: { url },
      cause,
    })
  })
  if (response.ok) return response.text()
  await response.body?.cancel()
  const data = { url, status: response.status }
  if (response.status === 404 || response.status === 410) {
    throw new InputError('MissingFile', `there is nothing at ${url} (${response.status})`, {
      hint: 'check the address',
      data,
    })
  }
  throw new EnvironmentError('CannotFetch', `${url} answers with ${response.status} ${response.statusText}`, { data })
}

const reasonOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message)

export const isItem = (value: unknown): value is StacItem =>
  isObject(value) && value.type === 'Feature' && typeof value.stac_version === 'string' && isObject(value.assets)

export const isContainer = (value: unknown): value is StacContainer =>
  isObject(value) &&
  (((value.type === 'Catalog' || value.type === 'Collection') && Array.isArray(value.links)) ||
    (value.type === 'FeatureCollection' && Array.isArray(value.features) && value.features.every(isItem)) ||
    (Array.isArray(value.conformsTo) && Array.isArray(value.links)))

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Links and assets that have an address; items with properties, however few. */
function usable(value: unknown): unknown {
  if (!isObject(value)) return value
  const { links, assets, features } = value
  const hasAddress = (one: unknown): boolean => isObject(one) && typeof one.href === 'string'
  return {
    ...value,
    ...(Array.isArray(links) ? { links: links.filter(hasAddress) } : {}),
    ...(isObject(assets)
      ? { assets: Object.fromEntries(Object.entries(assets).filter(([, asset]) => hasAddress(asset))) }
      : {}),
    ...(value.type === 'Feature' && !isObject(value.properties) ? { properties: {} } : {}),
    ...(Array.isArray(features) ? { features: features.map(usable) } : {}),
  }
}

/** Names under which folders keep their catalogue. */
const ROOTS = ['catalog.json', 'collection.json'] as const

/** The resolved path where it is a STAC document, an API, or a folder with a catalogue or items; else undefined. */
export async function isStac(path: string, folder: string): Promise<string | undefined> {
  if (isUrl(path)) {
    if (!/\.(json|geojson)$|\/[^./]*$/.test(new URL(path).pathname)) return undefined
    const value = await readJson(path).catch(() => undefined)
    return isItem(value) || isContainer(value) ? path : undefined
  }
  const whole = path.startsWith('file:') ? fileURLToPath(path) : isAbsolute(path) ? path : resolve(folder, path)
  const found = await lookAt(whole).catch(() => undefined)
  if (found?.kind === 'file') return /\.(json|geojson)$/i.test(whole) && (await isDocument(whole)) ? whole : undefined
  if (found === undefined) return undefined
  const root = ROOTS.find((name) => found.names.includes(name))
  if (root !== undefined && (await isDocument(join(whole, root)))) return join(whole, root)
  return (await firstItem(whole, found.names)) === undefined ? undefined : whole
}

async function isDocument(path: string): Promise<boolean> {
  const value = await readJson(path).catch(() => undefined)
  return isItem(value) || isContainer(value)
}

/** An item among the JSON files of a folder. */
async function firstItem(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names.filter((one) => one.endsWith('.json')).slice(0, 3)) {
    if (isItem(await readJson(join(folder, name)).catch(() => undefined))) return name
  }
  return undefined
}

/** JSON files of a folder and the folders below it, by name. */
export async function documentsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** What a link means, from the place of the document that has it. */
export function resolveHref(href: string, base: string): string {
  if (isUrl(href)) return href
  if (href.startsWith('file:')) return fileURLToPath(href)
  if (isUrl(base)) return new URL(href, base).href
  return isAbsolute(href) ? href : resolve(dirname(base), href)
}
