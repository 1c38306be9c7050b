/** Opens a Zarr hierarchy of any kind and lists its arrays and groups. Reads metadata only. */
import { InputError } from '@ecotope/core'
import { openHttpSource } from '../geotiff/http-source.ts'
import { openSource } from '../geotiff/source.ts'
import { inParallel } from '../model/parallel.ts'
import { type HttpStoreOptions, openHttp } from './http-store.ts'
import {
  type ArrayMetadata,
  type Attributes,
  arrayDraft,
  arrayN5,
  arrayV2,
  arrayV3,
  join,
  parseDocument,
} from './metadata.ts'
import { openFolder, type Store, subStore } from './store.ts'
import { openZip } from './zip-store.ts'

export type ZarrFormat = 'zarr2' | 'zarr3' | 'zarr3-draft' | 'n5'

export interface ZarrHierarchy {
  readonly format: ZarrFormat
  readonly store: Store
  /** Of the root. */
  readonly attributes: Attributes
  /** By path below the root; the root itself, where it is an array, has the empty path. */
  readonly arrays: ReadonlyMap<string, ArrayMetadata>
  /** Attributes of the groups below the root, by path. */
  readonly groups: ReadonlyMap<string, Attributes>
  /** Arrays that cannot be read, with the reason. */
  readonly refused: ReadonlyMap<string, InputError>
}

interface Found {
  readonly arrays: Map<string, ArrayMetadata>
  readonly groups: Map<string, Attributes>
  readonly refused: Map<string, InputError>
}

const isUrl = (path: string): boolean => /^https?:\/\//i.test(path)

/** The store of a folder, a `.zip` file or an address. */
export async function openStore(path: string, options: HttpStoreOptions = {}): Promise<Store> {
  if (/\.zip$/i.test(path)) {
    const source = isUrl(path) ? await openHttpSource(path, options) : await openSource(path)
    const zip = await openZip(source)
    return inner(zip)
  }
  return isUrl(path) ? openHttp(path, options) : openFolder(path)
}

const MARKS = ['zarr.json', '.zgroup', '.zarray', '.zmetadata', 'attributes.json']

/** A zip may hold the hierarchy itself or the folder it was in. */
async function inner(zip: Store): Promise<Store> {
  const names = (await zip.list('')) ?? []
  if (names.some((name) => MARKS.includes(name)) || names.length !== 1) return zip
  return inner(subStore(zip, names[0]!))
}

/** Throws `InputError` (`MissingFile`, `NotZarr`, `BadMetadata`). Close `store` when done. */
export async function openHierarchy(path: string, options: HttpStoreOptions = {}): Promise<ZarrHierarchy> {
  const store = await openStore(path, options)
  try {
    return await hierarchyOf(store)
  } catch (error) {
    await store.close()
    throw error
  }
}

export async function hierarchyOf(store: Store): Promise<ZarrHierarchy> {
  const found: Found = { arrays: new Map(), groups: new Map(), refused: new Map() }
  const result = (format: ZarrFormat, attributes: Attributes): ZarrHierarchy => ({
    format,
    store,
    attributes,
    ...found,
  })
  const { reader, refusal } = probing(store)
  const root = await document(reader, 'zarr.json')
  if (typeof root?.value.zarr_format === 'string') {
    await walkDraft(reader, '', found)
    return result('zarr3-draft', (root.value.attributes ?? {}) as Attributes)
  }
  if (root !== undefined) {
    await openV3(reader, root, found)
    return result('zarr3', (root.value.attributes ?? {}) as Attributes)
  }
  const attributes = await openV2(reader, found)
  if (attributes !== undefined) return result('zarr2', attributes)
  const n5 = await document(reader, 'attributes.json')
  if (n5 !== undefined && ('n5' in n5.value || 'dimensions' in n5.value)) {
    await walkN5(reader, '', n5.value, found)
    return result('n5', n5.value)
  }
  const refused = refusal()
  if (refused !== undefined) throw refused
  throw new InputError('NotZarr', `${store.path} is no Zarr store`, {
    hint: 'a store has zarr.json, .zgroup, .zarray or .zmetadata at its top',
    data: { path: store.path },
  })
}

/**
 * A store for metadata: object stores that may not be listed refuse (403) what is not there, so a refusal only counts
 * where nothing else is found.
 */
function probing(store: Store): { readonly reader: Store; readonly refusal: () => InputError | undefined } {
  let refused: InputError | undefined
  const get = async (key: string): Promise<Uint8Array | undefined> => {
    try {
      return await store.get(key)
    } catch (error) {
      if (!(error instanceof InputError && error.data.status === 403)) throw error
      refused ??= error
      return undefined
    }
  }
  return { reader: store.isRemote ? { ...store, get } : store, refusal: () => refused }
}

interface Read {
  readonly value: Attributes
  readonly text: string
}

async function document(store: Store, key: string): Promise<Read | undefined> {
  const bytes = await store.get(key)
  if (bytes === undefined) return undefined
  return { value: parseDocument(bytes, `${store.path}/${key}`), text: new TextDecoder().decode(bytes) }
}

/** Files an array, or the reason why it cannot be read: other arrays of the store are still of use. */
function file(found: Found, path: string, make: () => ArrayMetadata): void {
  try {
    found.arrays.set(path, make())
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    found.refused.set(path, error)
  }
}

const located = (store: Store, path: string): string => join(store.path, path).replace(/\/$/, '')

async function openV3(store: Store, root: Read, found: Found): Promise<void> {
  if (root.value.node_type === 'array') {
    file(found, '', () => arrayV3('', root.value, store.path, root.text))
    return
  }
  const consolidated = root.value.consolidated_metadata as { metadata?: Record<string, Attributes> } | null | undefined
  if (consolidated?.metadata !== undefined) {
    for (const [path, value] of Object.entries(consolidated.metadata)) {
      if (value.node_type === 'array') file(found, path, () => arrayV3(path, value, located(store, path)))
      else found.groups.set(path, (value.attributes ?? {}) as Attributes)
    }
    return
  }
  await walkV3(store, '', found)
}

async function childrenOf(store: Store, path: string): Promise<string[]> {
  const names = await store.list(path)
  if (names !== undefined) return names
  throw new InputError('NoListing', `${store.path} has no consolidated metadata, and a web server cannot list arrays`, {
    hint: 'consolidate the metadata (zarr.consolidate_metadata), or open one array by its own address',
    data: { path: store.path },
  })
}

/** Documents that are read at one time. */
const AT_ONCE = 8

async function walkV3(store: Store, path: string, found: Found): Promise<void> {
  const children = (await childrenOf(store, path))
    .filter((name) => name !== 'zarr.json')
    .map((name) => join(path, name))
  const documents = new Map<string, Read | undefined>(children.map((child) => [child, undefined]))
  await inParallel(children, AT_ONCE, async (child) => {
    documents.set(child, await document(store, join(child, 'zarr.json')))
  })
  for (const [child, read] of documents) {
    if (read === undefined) continue
    if (read.value.node_type === 'array')
      file(found, child, () => arrayV3(child, read.value, located(store, child), read.text))
    else {
      found.groups.set(child, (read.value.attributes ?? {}) as Attributes)
      await walkV3(store, child, found)
    }
  }
}

/** Attributes of the root; undefined where this is not Zarr 2. */
async function openV2(store: Store, found: Found): Promise<Attributes | undefined> {
  const consolidated = await document(store, '.zmetadata')
  const all = consolidated?.value.metadata as Record<string, Attributes> | undefined
  if (all !== undefined) {
    for (const [key, value] of Object.entries(all)) {
      const [, path = '', kind] = /^(?:(.*)\/)?(\.zarray|\.zgroup)$/.exec(key) ?? []
      const attributes = all[join(path, '.zattrs')] ?? {}
      if (kind === '.zarray') file(found, path, () => arrayV2(path, value, attributes, located(store, path)))
      else if (kind === '.zgroup' && path !== '') found.groups.set(path, attributes)
    }
    return all['.zattrs'] ?? {}
  }
  const array = await document(store, '.zarray')
  const attributes = (await document(store, '.zattrs'))?.value ?? {}
  if (array !== undefined) {
    file(found, '', () => arrayV2('', array.value, attributes, store.path, array.text))
    return attributes
  }
  if ((await store.get('.zgroup')) === undefined) return undefined
  await walkV2(store, '', found)
  return attributes
}

async function walkV2(store: Store, path: string, found: Found): Promise<void> {
  for (const name of await childrenOf(store, path)) {
    if (name.startsWith('.z')) continue
    const child = join(path, name)
    const array = await document(store, join(child, '.zarray'))
    const isGroup = array === undefined && (await store.get(join(child, '.zgroup'))) !== undefined
    if (array === undefined && !isGroup) continue
    const attributes = (await document(store, join(child, '.zattrs')))?.value ?? {}
    if (array !== undefined)
      file(found, child, () => arrayV2(child, array.value, attributes, located(store, child), array.text))
    else {
      found.groups.set(child, attributes)
      await walkV2(store, child, found)
    }
  }
}

async function walkDraft(store: Store, path: string, found: Found): Promise<void> {
  const folder = join('meta/root', path)
  for (const name of await childrenOf(store, folder)) {
    const array = /^(.+)\.array\.json$/.exec(name)?.[1]
    if (array !== undefined) {
      const child = join(path, array)
      const read = await document(store, join(folder, name))
      if (read !== undefined) file(found, child, () => arrayDraft(child, read.value, located(store, child)))
    } else if (!name.endsWith('.json')) {
      found.groups.set(join(path, name), {})
      await walkDraft(store, join(path, name), found)
    }
  }
}

async function walkN5(store: Store, path: string, value: Attributes, found: Found): Promise<void> {
  if ('dimensions' in value) {
    file(found, path, () => arrayN5(path, value, located(store, path)))
    return
  }
  if (path !== '') found.groups.set(path, value)
  for (const name of await childrenOf(store, path)) {
    const child = join(path, name)
    const read = name === 'attributes.json' ? undefined : await document(store, join(child, 'attributes.json'))
    if (read !== undefined) await walkN5(store, child, read.value, found)
  }
}
