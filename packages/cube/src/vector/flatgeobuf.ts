/** FlatGeobuf (version 3) through the format's own library. Bytes to records only. */
import { InputError } from '@ecotope/core'
import type { RawFeature, RawGeometry, RawLayer } from './layer.ts'

interface HeaderCrs {
  readonly org: string | null
  readonly code: number
  readonly wkt: string | null
  readonly code_string: string | null
}

function crsTexts(crs: HeaderCrs | null): string[] {
  if (crs === null) return []
  const texts: string[] = []
  const code = crs.code_string ?? (crs.code > 0 ? String(crs.code) : '')
  if (code !== '') texts.push(code.includes(':') ? code : `${(crs.org ?? 'EPSG').toUpperCase()}:${code}`)
  if (crs.wkt) texts.push(crs.wkt)
  return texts
}

function featureFrom(value: unknown, number: number): RawFeature {
  const feature = value as { properties?: Record<string, unknown> | null; geometry?: RawGeometry | null }
  const properties: Record<string, unknown> = {}
  for (const [key, entry] of Object.entries(feature.properties ?? {})) {
    properties[key] = typeof entry === 'bigint' ? Number(entry) : entry
  }
  const name = properties.name ?? properties.id ?? properties.fid
  const id = name === undefined || name === null ? `${number}` : `${number} (${String(name)})`
  return { geometry: feature.geometry ?? null, properties, id }
}

interface HeaderMeta {
  readonly crs: HeaderCrs | null
  readonly title: string | null
  readonly featuresCount: number
  readonly indexNodeSize: number
}

// Magic bytes, then the length of the header.
const HEADER_AT = 12

/** Byte length of the index: nodes of 40 bytes, a level of parents above every level of more than one node. */
function indexBytes(features: number, nodeSize: number): number {
  if (nodeSize === 0 || features === 0) return 0
  let level = features
  let nodes = level
  // A root stands above even a single feature.
  do {
    level = Math.ceil(level / Math.max(2, nodeSize))
    nodes += level
  } while (level > 1)
  return nodes * 40
}

/** Follows the length of every feature to the end of the file: the library would walk past it without end. */
function checkFrames(bytes: Uint8Array, { featuresCount, indexNodeSize }: HeaderMeta, path: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = HEADER_AT + view.getUint32(8, true) + indexBytes(featuresCount, indexNodeSize)
  let count = 0
  while (at + 4 <= bytes.length) {
    at += 4 + view.getUint32(at, true)
    if (at <= bytes.length) count++
  }
  if (at !== bytes.length || (featuresCount > 0 && count !== featuresCount)) {
    throw invalid(path, `it ends after ${count} of ${featuresCount} features`)
  }
}

/** Records of a FlatGeobuf file. Throws `InvalidFlatGeobuf` where bytes are missing or out of place. */
export async function parseFlatGeobuf(bytes: Uint8Array, path: string): Promise<RawLayer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_AT || HEADER_AT + view.getUint32(8, true) > bytes.length) {
    throw invalid(path, 'its header is cut off')
  }
  // Loaded only when such a file is read: it brings a decompressor with it.
  const { deserialize } = await import('flatgeobuf/lib/mjs/geojson.js')
  const features: RawFeature[] = []
  const headers: HeaderMeta[] = []
  try {
    const options = {
      headerMetaFn: (meta: HeaderMeta): void => {
        headers.push(meta)
        checkFrames(bytes, meta, path)
      },
    }
    for await (const feature of deserialize(bytes, options)) features.push(featureFrom(feature, features.length + 1))
  } catch (cause) {
    throw cause instanceof InputError ? cause : invalid(path, 'it cannot be decoded', cause)
  }
  const header = headers[0]
  const name = header?.title ?? ''
  return { features, crs: crsTexts(header?.crs ?? null), ...(name === '' ? {} : { name }) }
}

function invalid(path: string, what: string, cause?: unknown): InputError {
  return new InputError('InvalidFlatGeobuf', `${path} is no complete FlatGeobuf file: ${what}`, {
    hint: 'The file may be cut off; copy or export it again.',
    data: { path },
    cause,
  })
}
