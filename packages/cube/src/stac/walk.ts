/** Items of a STAC document: an item itself, a static catalogue from link to link, an API page by page. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { isUrl, lookAt } from '../format/sniff.ts'
import { dataAssets } from './assets.ts'
import { documentsBelow, isContainer, isItem, readDocument, readJson, resolveHref } from './read.ts'
import type { FoundItem, StacContainer, StacFilter, StacItem, StacLink } from './types.ts'

/** Items of one request to an API; servers may give fewer. */
const PAGE = 100

/** All items that the filter lets through, at most `limit`. Throws `InputError('BadStac')` and what reading throws. */
export async function* itemsOf(path: string, filter: StacFilter, work: WorkOptions = {}): AsyncGenerator<FoundItem> {
  let count = 0
  for await (const found of allItems(path, filter, work)) {
    if (!accepts(found.item, filter)) continue
    if (count++ >= (filter.limit ?? Number.POSITIVE_INFINITY)) return
    yield found
  }
}

async function* allItems(path: string, filter: StacFilter, work: WorkOptions): AsyncGenerator<FoundItem> {
  if (!isUrl(path) && (await lookAt(path)).kind === 'folder') {
    for (const file of await documentsBelow(path)) {
      const value = await readJson(file).catch(() => undefined)
      if (isItem(value)) yield { item: value, base: file }
    }
    return
  }
  const { value: document, base } = await readDocument(path, work)
  if (isItem(document)) yield { item: document, base }
  else if (isContainer(document)) yield* containerItems(document, base, filter, work, new Set([path, base]))
  else {
    throw new InputError('BadStac', `${path} is no STAC item, collection, catalogue or API`, {
      hint: 'give the address of the landing page, of a collection or of an item',
      data: { path },
    })
  }
}

async function* containerItems(
  container: StacContainer,
  base: string,
  filter: StacFilter,
  work: WorkOptions,
  seen: Set<string>,
): AsyncGenerator<FoundItem> {
  const links = container.links ?? []
  if (container.features !== undefined) return yield* pageItems(container, base, work)
  const search = searchOf(container, links, filter)
  const items = search === undefined ? linkedItems(links, base, filter, work, seen) : searchItems(search, base, work)
  let isEmpty = true
  for await (const item of items) {
    isEmpty = false
    yield item
  }
  // Where a filter was sent along, there may be items beyond it.
  const isAll = search === undefined || (filter.bbox === undefined && filter.datetime === undefined)
  if (!isEmpty || !isAll || container.type !== 'Collection') return
  const item = asItem(container)
  if (dataAssets(item).length > 0) yield { item, base }
}

/** A collection without items, whose data are assets of its own (a store of all dates), as its only item. */
const asItem = ({ id = '', stac_version = '1.0.0', assets = {}, extent }: StacContainer): StacItem => {
  const bbox = extent?.spatial?.bbox?.[0]
  return {
    type: 'Feature',
    stac_version,
    id,
    ...(bbox === undefined ? {} : { bbox }),
    properties: {},
    assets,
    links: [],
    collection: id,
  }
}

/** Static catalogues: items and children in the order of their links; a document is read once. */
async function* linkedItems(
  links: readonly StacLink[],
  base: string,
  filter: StacFilter,
  work: WorkOptions,
  seen: Set<string>,
): AsyncGenerator<FoundItem> {
  for (const { rel, href } of links) {
    if (rel !== 'item' && rel !== 'child') continue
    throwIfAborted(work.signal)
    const path = resolveHref(href, base)
    if (seen.has(path)) continue
    seen.add(path)
    const { value: document, base: own } = await readDocument(path, work)
    if (isItem(document)) yield { item: document, base: own }
    else if (isContainer(document)) {
      if (meets(document, filter)) yield* containerItems(document, own, filter, work, seen)
    } else
      throw new InputError('BadStac', `${path}, which ${base} links to, is no STAC document`, { data: { path, base } })
  }
}

/** The first request for the items of an API or of one of its collections; undefined for static documents. */
function searchOf(container: StacContainer, links: readonly StacLink[], filter: StacFilter): StacLink | undefined {
  const { bbox, datetime, collections, limit } = filter
  const parameters = {
    limit: Math.min(PAGE, limit ?? PAGE),
    ...(bbox === undefined ? {} : { bbox: [...bbox] }),
    ...(datetime === undefined ? {} : { datetime: datetime.map(instantOrOpen).join('/') }),
  }
  const items = links.find(({ rel }) => rel === 'items')
  if (container.type === 'Collection') return items === undefined ? undefined : withParameters(items, parameters)
  const searches = links.filter(({ rel }) => rel === 'search')
  const search = searches.find(({ method = 'GET' }) => method.toUpperCase() === 'GET') ?? searches[0]
  if (search === undefined) return undefined
  return withParameters(search, { ...parameters, ...(collections === undefined ? {} : { collections }) })
}

/** An end of an interval as APIs ask for it: with a time of day, which a plain date has not. */
const instantOrOpen = (end: string | null): string =>
  end === null ? '..' : /^\d{4}-\d\d-\d\d$/.test(end) ? `${end}T00:00:00Z` : end

function withParameters(link: StacLink, parameters: Readonly<Record<string, unknown>>): StacLink {
  if (link.method?.toUpperCase() === 'POST') return { ...link, body: { ...link.body, ...parameters } }
  const query = Object.entries(parameters).map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
  return { ...link, href: `${link.href}${link.href.includes('?') ? '&' : '?'}${query.join('&')}` }
}

async function* searchItems(first: StacLink, base: string, work: WorkOptions): AsyncGenerator<FoundItem> {
  let link: StacLink | undefined = first
  let body = first.body
  const asked = new Set<string>()
  while (link !== undefined) {
    throwIfAborted(work.signal)
    const url = resolveHref(link.href, base)
    const method = link.method?.toUpperCase() ?? 'GET'
    // A server that names the same page as the next one would be asked for ever.
    const key = `${method} ${url} ${JSON.stringify(body)}`
    if (asked.has(key)) return
    asked.add(key)
    const { value: page, base: own } = await readDocument(url, {
      signal: work.signal,
      method,
      headers: headersOf(link),
      ...(method === 'POST' ? { body: body ?? {} } : {}),
    })
    if (!isContainer(page) || page.features === undefined) {
      throw new InputError('BadStac', `${url} gives no items`, { data: { url } })
    }
    for (const item of page.features) yield { item, base: selfOf(item, own) }
    const next: StacLink | undefined = page.links?.find(({ rel }) => rel === 'next')
    body = next?.merge ? { ...body, ...next.body } : next?.body
    base = own
    link = next
  }
}

const headersOf = ({ headers = {} }: StacLink): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

async function* pageItems(page: StacContainer, base: string, work: WorkOptions): AsyncGenerator<FoundItem> {
  for (const item of page.features!) yield { item, base: selfOf(item, base) }
  const next = page.links?.find(({ rel }) => rel === 'next')
  if (next !== undefined) yield* searchItems(next, base, work)
}

/** Relative links of an item within a page start at the item's own address. */
const selfOf = (item: StacItem, base: string): string => {
  const self = item.links.find(({ rel }) => rel === 'self')?.href
  return self === undefined ? base : resolveHref(self, base)
}

/** Whether a collection may have items for the filter, by its extent. */
function meets({ type, id, extent }: StacContainer, { bbox, datetime, collections }: StacFilter): boolean {
  if (type === 'Collection' && collections !== undefined && !collections.includes(id ?? '')) return false
  const boxes = extent?.spatial?.bbox
  if (bbox !== undefined && boxes !== undefined && !boxes.some((box) => boxesMeet(box, bbox))) return false
  const spans = extent?.temporal?.interval
  return (
    datetime === undefined || spans === undefined || spans.some(([start, end]) => spansMeet([start, end], datetime))
  )
}

function accepts(item: StacItem, { bbox, datetime, collections }: StacFilter): boolean {
  if (collections !== undefined && item.collection !== undefined && !collections.includes(item.collection)) return false
  if (bbox !== undefined && item.bbox !== undefined && !boxesMeet(item.bbox, bbox)) return false
  if (datetime === undefined) return true
  const { datetime: at, start_datetime: start, end_datetime: end } = item.properties
  return spansMeet([text(start) ?? text(at), text(end) ?? text(at) ?? text(start)], datetime)
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Boxes of 4 or 6 numbers; west is greater than east where a box crosses the antimeridian. */
export function boxesMeet(box: readonly number[], other: readonly number[]): boolean {
  const [west, south, east, north] = flat(box)
  const [west2, south2, east2, north2] = flat(other)
  if (south > north2 || south2 > north) return false
  const spans = (w: number, e: number): [number, number][] => (w <= e ? [[w, e]] : [[w, 180], [-180, e]]) // biome-ignore format: pairs
  return spans(west, east).some(([w, e]) => spans(west2, east2).some(([w2, e2]) => w <= e2 && w2 <= e))
}

const flat = (box: readonly number[]): readonly [number, number, number, number] =>
  (box.length === 6 ? [box[0], box[1], box[3], box[4]] : box) as unknown as readonly [number, number, number, number]

/** Whether [start, end] meets the left-closed interval; what is missing or null is open. */
function spansMeet(
  [start, end]: readonly (string | null | undefined)[],
  [from, to]: NonNullable<StacFilter['datetime']>,
): boolean {
  const ms = (label: string | null | undefined, open: number): number => {
    const value = label === null || label === undefined ? Number.NaN : Date.parse(label)
    return Number.isNaN(value) ? open : value
  }
  return ms(start, -Infinity) < ms(to, Infinity) && ms(end, Infinity) >= ms(from, -Infinity)
}
