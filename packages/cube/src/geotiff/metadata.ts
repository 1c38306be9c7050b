/** GDAL's metadata in TIFF tags: the XML of items, per file or per band, read and written. */

export interface MetadataItem {
  readonly name: string
  readonly value: string
  /** Band, from 0; absent for the whole file. */
  readonly sample?: number
  /** GDAL's meaning: `description`, `scale`, `offset`, `unittype`. */
  readonly role?: string
  readonly domain?: string
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The last character that there is. */
const LAST_CODE = 0x10ffff

export function unescapeXml(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|[a-z]+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code <= LAST_CODE ? String.fromCodePoint(code) : whole
  })
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Items of the tag's XML; what is not an item is left out. */
export function parseMetadata(xml: string): MetadataItem[] {
  const out: MetadataItem[] = []
  for (const [, attributes = '', body = ''] of xml.matchAll(/<Item\s([^>]*?)(?:\/>|>([\s\S]*?)<\/Item>)/g)) {
    const found = new Map<string, string>()
    for (const [, key = '', value = ''] of attributes.matchAll(/([\w:]+)\s*=\s*"([^"]*)"/g))
      found.set(key, unescapeXml(value))
    const sample = found.get('sample')
    const role = found.get('role')
    const domain = found.get('domain')
    out.push({
      name: found.get('name') ?? '',
      // GDAL escapes values twice, and reads them so.
      value: unescapeXml(unescapeXml(body)),
      ...(sample === undefined ? {} : { sample: Number(sample) }),
      ...(role === undefined ? {} : { role }),
      ...(domain === undefined ? {} : { domain }),
    })
  }
  return out
}

/** The tag's XML of items. */
export function formatMetadata(items: readonly MetadataItem[]): string {
  const lines = items.map((item) => {
    const attributes = [`name="${escapeXml(item.name)}"`]
    if (item.sample !== undefined) attributes.push(`sample="${item.sample}"`)
    if (item.role !== undefined) attributes.push(`role="${escapeXml(item.role)}"`)
    if (item.domain !== undefined) attributes.push(`domain="${escapeXml(item.domain)}"`)
    return `  <Item ${attributes.join(' ')}>${escapeXml(escapeXml(item.value))}</Item>\n`
  })
  return `<GDALMetadata>\n${lines.join('')}</GDALMetadata>\n`
}
