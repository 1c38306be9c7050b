/** Polygons from a file of any supported vector format, told apart by content. Mends crossing edges, and says so. */
import { open, readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { InputError, type Warning } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import type { Crs, Feature, Features } from '../types.ts'
import { parseFlatGeobuf } from './flatgeobuf.ts'
import { parseGeoJson, parseGeoJsonLines } from './geojson.ts'
import { readGeoPackage } from './geopackage.ts'
import { describeTypes, polygonalPart, type RawFeature, type RawLayer } from './layer.ts'
import { readShapefile, readZippedShapefile } from './shapefile.ts'
import { invalidAt, repair } from './validity.ts'

export interface ReadPolygonsOptions {
  /** Layer of a file that has several. */
  readonly layer?: string
  /** Overrides the CRS that the file states. */
  readonly crs?: Crs
}

export interface PolygonsRead {
  readonly features: Features
  readonly warnings: readonly Warning[]
}

const SUPPORTED = 'GeoJSON, GeoPackage, FlatGeobuf, GeoParquet and shapefiles'
const LINES = new Set(['.geojsonl', '.geojsons', '.geojsonseq', '.ndjson', '.jsonl'])
// V8 holds no longer string.
const LONGEST_TEXT = 0x1fffffe8

type Format = 'geopackage' | 'flatgeobuf' | 'geojson' | 'geojson-lines' | 'shapefile' | 'zip' | 'parquet'

interface Signature {
  readonly starts: readonly number[]
  readonly is: Format | { readonly foreign: string }
}

/** First bytes by which formats are known. */
const SIGNATURES: readonly Signature[] = [
  { starts: [...Buffer.from('SQLite format 3\0')], is: 'geopackage' },
  { starts: [0x66, 0x67, 0x62, 0x03], is: 'flatgeobuf' },
  { starts: [0x00, 0x00, 0x27, 0x0a], is: 'shapefile' },
  { starts: [0x50, 0x4b, 0x03, 0x04], is: 'zip' },
  { starts: [0x1f, 0x8b], is: { foreign: 'a gzip archive' } },
  { starts: [...Buffer.from('PAR1')], is: 'parquet' },
  { starts: [0x49, 0x49, 0x2a, 0x00], is: { foreign: 'a TIFF raster' } },
  { starts: [0x4d, 0x4d, 0x00, 0x2a], is: { foreign: 'a TIFF raster' } },
  { starts: [...Buffer.from('<')], is: { foreign: 'an XML file (GML or KML?)' } },
]

async function headOf(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path)
    if (info.isDirectory())
      throw new InputError('NotAFile', `${path} is a folder, not a vector file`, { data: { path } })
    if (info.size === 0) throw new InputError('EmptyFile', `${path} is empty (0 bytes)`, { data: { path } })
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(16), 0, 16, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** The error of a file that cannot be opened, in the user's words; anything else passes unchanged. */
function unreadable(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new InputError('MissingFile', `${path} does not exist`, { hint: 'Check the path.', data: { path }, cause })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new InputError('CannotRead', `${path} may not be read by this user`, { data: { path }, cause })
  }
  return cause
}

function formatOf(path: string, head: Uint8Array): Format {
  const found = SIGNATURES.find(({ starts }) => starts.every((byte, i) => head[i] === byte))?.is
  if (typeof found === 'string') return found
  const text = String.fromCharCode(...head)
    .replace(/^\u00EF\u00BB\u00BF/, '')
    .trimStart()
  if (found === undefined) {
    if (LINES.has(extname(path).toLowerCase()) || text.startsWith('\u001E')) return 'geojson-lines'
    if (/^[[{]/.test(text) || /\.(geo)?json$/i.test(path)) return 'geojson'
  }
  throw new InputError('UnknownFormat', `${path} is ${found?.foreign ?? 'of no known vector format'}`, {
    hint: `Supported are ${SUPPORTED}; convert with QGIS or ogr2ogr.`,
    data: { path },
  })
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path)
  if (bytes.length <= LONGEST_TEXT) return bytes.toString('utf8')
  throw new InputError('TooLarge', `${path} is too long for one JSON document (${bytes.length} bytes)`, {
    hint: 'Convert it to FlatGeobuf or GeoPackage.',
    data: { path },
  })
}

type Reader = (path: string, layer: string | undefined, isAny: boolean) => Promise<RawLayer>

const READERS: Readonly<Record<Format, Reader>> = {
  geopackage: readGeoPackage,
  shapefile: readShapefile,
  zip: readZippedShapefile,
  parquet: async (path) => (await import('./geoparquet.ts')).readGeoParquet(path),
  flatgeobuf: async (path) => parseFlatGeobuf(await readFile(path), path),
  geojson: async (path) => parseGeoJson(await textOf(path), path),
  'geojson-lines': async (path) => parseGeoJsonLines(await textOf(path), path),
}

/** The first text that parses; the last error when none does. */
export function crsFrom(texts: readonly string[], path: string): Crs {
  let failure: unknown
  for (const text of texts) {
    try {
      return parseCrs(text)
    } catch (cause) {
      failure = cause
    }
  }
  const message = texts.length === 0 ? `${path} states no CRS` : `the CRS of ${path} is not understood: ${texts[0]}`
  throw new InputError('UnknownCrs', message, {
    hint: 'Give the CRS of the polygons explicitly, for example EPSG:32632.',
    data: { path, crs: texts },
    cause: failure,
  })
}

/** One record as a feature; undefined when it has no polygon. Mending adds a warning. */
async function featureFrom(raw: RawFeature, path: string, warnings: Warning[]): Promise<Feature | undefined> {
  const geometry = polygonalPart(raw.geometry)
  if (geometry === undefined) return undefined
  if (geometry === 'faulty') {
    throw new InputError('InvalidGeometry', `feature ${raw.id} of ${path} has coordinates that are no polygon`, {
      hint: 'Every ring is a list of [x, y] positions of finite numbers.',
      data: { path, feature: raw.id },
    })
  }
  const at = invalidAt(geometry)
  if (at === undefined) return { geometry, properties: raw.properties }
  const where = `near ${at[0]!.toPrecision(9)}, ${at[1]!.toPrecision(9)}`
  const mended = await repair(geometry)
  if (mended === undefined) {
    warnings.push({
      tag: 'EmptyPolygon',
      message: `feature ${raw.id} of ${path} has no area and is left out (${where})`,
    })
    return undefined
  }
  warnings.push({
    tag: 'RepairedPolygon',
    message: `feature ${raw.id} of ${path} crosses itself ${where}; it was repaired`,
  })
  return { geometry: mended, properties: raw.properties }
}

function noPolygons(layer: RawLayer, path: string): InputError {
  const where = layer.name === undefined ? path : `${path}, layer "${layer.name}"`
  if (layer.features.length === 0) {
    return new InputError('NoPolygons', `${where} has no features`, { hint: 'Export it again.', data: { path } })
  }
  return new InputError('NoPolygons', `${where} has no polygons; it has ${describeTypes(layer.features)}`, {
    hint: 'Polygons or multipolygons are needed; buffer points or lines first.',
    data: { path },
  })
}

/** Records of a file as its format has them. `isAny`: layers of points and lines are wanted too. */
export async function readLayer(path: string, layer: string | undefined, isAny = false): Promise<RawLayer> {
  return READERS[formatOf(path, await headOf(path))](path, layer, isAny)
}

/**
 * Polygons of a GeoJSON, GeoPackage, FlatGeobuf, GeoParquet or shapefile in the CRS that the file states (GeoJSON: its `crs` member, else
 * longitude and latitude). Features without a polygon are left out with a warning; crossing edges are mended with one.
 * Errors: `MissingFile`, `EmptyFile`, `UnknownFormat`, `InvalidJson`, `NotGeoJson`, `InvalidGeoPackage`, `UnknownLayer`,
 * `AmbiguousLayer`, `InvalidFlatGeobuf`, `InvalidGeometry`, `UnknownCrs`, `NoPolygons`.
 */
export async function readPolygons(path: string, options: ReadPolygonsOptions = {}): Promise<PolygonsRead> {
  const layer = await readLayer(path, options.layer)
  const warnings: Warning[] = []
  const features: Feature[] = []
  for (const raw of layer.features) {
    const feature = await featureFrom(raw, path, warnings)
    if (feature !== undefined) features.push(feature)
  }
  const others = layer.features.filter((raw) => polygonalPart(raw.geometry) === undefined)
  if (features.length === 0) throw noPolygons(layer, path)
  if (others.length > 0) {
    warnings.push({ tag: 'NotPolygons', message: `${path}: left out what is no polygon: ${describeTypes(others)}` })
  }
  const crs = options.crs ?? crsFrom(layer.crs, path)
  return { features: { crs, features, label: layer.name === undefined ? path : `${path}:${layer.name}` }, warnings }
}
