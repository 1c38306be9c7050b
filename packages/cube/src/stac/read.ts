/** JSON documents of STAC from disk and from the network, and which paths are such documents. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EcotopeError, EnvironmentError, InputError } from '@ecotope/core'
import { fetched } from '../format/fetched.ts'
import { formatOfContent, formats, hasExtension } from '../format/formats.ts'
import { isForeign, isUrl, lookAt } from '../format/sniff.ts'
import type { StacContainer, StacItem } from './types.ts'

export type StacDocument = StacItem | StacContainer

export interface Request {
  readonly signal?: AbortSignal | undefined
  readonly method?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Whether what a server says to be something else than JSON is not even fetched. */
  readonly jsonOnly?: boolean | undefined
}

/** A document and the place that its relative links start from: where a server sent the request on, that address. */
export interface ReadDocument {
  readonly value: unknown
  readonly base: string
}

/**
 * A document by path or address, without links and assets that lead nowhere. What a server cannot answer for the moment
 * is asked for again. Throws `InputError`: `MissingFile`, `NoAccess`, `BadJson`; `EnvironmentError('CannotFetch')`.
 */
export async function readDocument(path: string, request: Request = {}): Promise<ReadDocument> {
  const { text, base } = isUrl(path) ? await fetchText(path, request) : { text: await fileText(path), base: path }
  try {
    return { value: usable(JSON.parse(text)), base }
  } catch (cause) {
    throw new InputError('BadJson', `${path} is not JSON: ${(cause as Error).message}`, { data: { path }, cause })
  }
}

export const readJson = async (path: string, request: Request = {}): Promise<unknown> =>
  (await readDocument(path, request)).value

async function fileText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(async (cause: Error) => {
    // Tells missing files from unreadable ones in the user's words.
    await lookAt(path)
    throw new EnvironmentError('CannotRead', `cannot read ${path}: ${cause.message}`, { data: { path }, cause })
  })
}

const fetchText = (url: string, request: Request): Promise<{ text: string; base: string }> => {
  const { method, body, headers, signal, jsonOnly = false } = request
  const asked = {
    method: method ?? 'GET',
    headers: {
      accept: 'application/json, application/geo+json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }
  return fetched(url, asked, async ({ response, body: whole, drop }) => {
    const isJson = /json/i.test(response.headers.get('content-type') ?? 'json')
    if (!jsonOnly || isJson) return { text: new TextDecoder().decode(await whole()), base: response.url || url }
    await drop()
    throw new InputError('BadJson', `${url} is not JSON`, { data: { path: url } })
  })
}

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
  if (isUrl(path)) return (await isStacUrl(path)) ? path : undefined
  const whole = path.startsWith('file:') ? fileURLToPath(path) : isAbsolute(path) ? path : resolve(folder, path)
  const found = await lookAt(whole).catch(() => undefined)
  if (found?.kind === 'file') return /\.(json|geojson)$/i.test(whole) && (await isDocument(whole)) ? whole : undefined
  if (found === undefined) return undefined
  const root = ROOTS.find((name) => found.names.includes(name))
  if (root !== undefined && (await isDocument(join(whole, root)))) return join(whole, root)
  // The documents of a store are its own.
  if (formatOfContent(found) !== undefined) return undefined
  return (await firstItem(whole, found.names)) === undefined ? undefined : whole
}

/** Addresses without the extension of another format are asked. Throws where the server gives nothing. */
async function isStacUrl(url: string): Promise<boolean> {
  const { pathname } = new URL(url)
  const isJson = /\.(json|geojson)$/i.test(pathname)
  if (!isJson && formats.some(({ extensions }) => hasExtension(pathname, extensions))) return false
  const value = await readJson(url, { jsonOnly: !isJson }).catch((cause: unknown) => {
    if (cause instanceof EcotopeError && cause.tag === 'BadJson') return undefined
    throw cause
  })
  return isItem(value) || isContainer(value)
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
  if (isUrl(href) || isForeign(href)) return href
  if (href.startsWith('file:')) return fileURLToPath(href)
  if (isUrl(base)) return new URL(href, base).href
  return isAbsolute(href) ? href : resolve(dirname(base), href)
}
