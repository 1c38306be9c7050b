/** GeoJSON (RFC 7946) and its line-delimited forms, with the `crs` member of the 2008 edition. Text to records only. */
import { InputError } from '@ecotope/core'
import type { RawFeature, RawGeometry, RawLayer } from './layer.ts'

const GEOMETRIES = new Set([
  'Point',
  'MultiPoint',
  'LineString',
  'MultiLineString',
  'Polygon',
  'MultiPolygon',
  'GeometryCollection',
])

/** RFC 7946: without a `crs` member coordinates are longitude and latitude on WGS 84. */
const DEFAULT_CRS = 'OGC:CRS84'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Line and column (from 1) of an offset into a text. */
function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const offset = /at position (\d+)/.exec(message)?.[1]
    const at = offset === undefined ? 'at its end' : `at ${lineAndColumn(text, Number(offset))}`
    throw new InputError(
      'InvalidJson',
      `${path} is not valid JSON: ${message.replace(/ in JSON at position.*/, '')} ${at}`,
      {
        hint: 'The file may be cut off or edited by hand; export it again.',
        data: { path, ...(offset === undefined ? {} : { position: Number(offset) }) },
        cause,
      },
    )
  }
}

/** The CRS that a `crs` member names, or the default of GeoJSON. */
function crsOf(root: Json, path: string): string {
  const member = root.crs
  if (member === undefined || member === null) return DEFAULT_CRS
  const properties = isObject(member) && isObject(member.properties) ? member.properties : {}
  const name = properties.name ?? properties.code
  if (typeof name === 'string') return name
  if (typeof name === 'number') return `EPSG:${name}`
  throw new InputError('UnknownCrs', `${path} has a "crs" member without a name`, {
    hint: 'Give the CRS of the polygons explicitly, or remove the member when they are in longitude and latitude.',
    data: { path, crs: member },
  })
}

/** How people would call a feature: its id or a telling property, else its number in the file (from 1). */
function nameOf(feature: Json, properties: Json, number: number): string {
  const given = feature.id ?? properties.name ?? properties.Name ?? properties.id ?? properties.fid
  return given === undefined || given === null || typeof given === 'object' ? `${number}` : `${number} (${given})`
}

function featureFrom(value: unknown, number: number): RawFeature | undefined {
  if (!isObject(value)) return undefined
  if (typeof value.type === 'string' && GEOMETRIES.has(value.type)) {
    return { geometry: value as unknown as RawGeometry, properties: {}, id: `${number}` }
  }
  if (value.type !== 'Feature') return undefined
  const properties = isObject(value.properties) ? value.properties : {}
  const geometry = isObject(value.geometry) ? (value.geometry as unknown as RawGeometry) : null
  return { geometry, properties, id: nameOf(value, properties, number) }
}

/** How deep positions lie in the coordinates of a geometry. */
const DEPTHS: Readonly<Record<string, number>> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
}

/** Whether coordinates are lists of lists, `depth` deep, of positions; any list may be empty. */
function arePositions(coordinates: unknown, depth: number): boolean {
  if (!Array.isArray(coordinates)) return false
  if (depth > 0) return coordinates.every((part) => arePositions(part, depth - 1))
  return coordinates.length === 0 || (Number.isFinite(coordinates[0]) && Number.isFinite(coordinates[1]))
}

/** The layer, whose coordinates may be relied on. Throws `InputError('InvalidGeometry')`. */
function checked(layer: RawLayer, path: string): RawLayer {
  for (const { geometry, id } of layer.features) {
    const depth = geometry === null ? undefined : DEPTHS[geometry.type]
    if (depth === undefined || arePositions(geometry!.coordinates, depth)) continue
    const what = geometry!.type.replace(/(?!^)([A-Z])/g, ' $1').toLowerCase()
    throw new InputError('InvalidGeometry', `feature ${id} of ${path} has coordinates that are no ${what}`, {
      hint: 'Coordinates are lists of [x, y] positions of finite numbers, nested as the type asks.',
      data: { path, feature: id },
    })
  }
  return layer
}

function notGeoJson(path: string, found: string): InputError {
  return new InputError('NotGeoJson', `${path} is JSON but not GeoJSON: ${found}`, {
    hint: 'Expected an object with "type": "FeatureCollection", "Feature" or a geometry type.',
    data: { path },
  })
}

/** What stands at the top of a JSON document that is no GeoJSON, in a few words. */
function describeRoot(root: unknown): string {
  if (Array.isArray(root)) return 'it holds a list'
  if (!isObject(root)) return `it holds a ${root === null ? 'null' : typeof root}`
  const type = root.type
  if (type === 'Topology') return 'it is TopoJSON'
  return type === undefined ? 'it has no "type"' : `its "type" is ${JSON.stringify(type)}`
}

/** Records of one GeoJSON document. Throws `InvalidJson` with the position, `NotGeoJson` or `InvalidGeometry`. */
export function parseGeoJson(text: string, path: string): RawLayer {
  const root = parseJson(text.replace(/^\uFEFF/, ''), path)
  const single = featureFrom(root, 1)
  if (!isObject(root)) throw notGeoJson(path, describeRoot(root))
  if (single !== undefined) return checked({ features: [single], crs: [crsOf(root, path)] }, path)
  const list = root.features
  if (root.type !== 'FeatureCollection') throw notGeoJson(path, describeRoot(root))
  if (!Array.isArray(list)) throw notGeoJson(path, 'its "features" are no list')
  const features = list.map((value, i) => {
    const feature = featureFrom(value, i + 1)
    if (feature === undefined) throw notGeoJson(path, `entry ${i + 1} of "features" is no Feature`)
    return feature
  })
  const name = root.name
  return checked({ features, crs: [crsOf(root, path)], ...(typeof name === 'string' ? { name } : {}) }, path)
}

/** Records of newline-delimited GeoJSON or of a GeoJSON text sequence (RFC 8142), one document a line. */
export function parseGeoJsonLines(text: string, path: string): RawLayer {
  const features: RawFeature[] = []
  for (const [i, line] of text.split('\n').entries()) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8142 separates records by the record separator.
    const record = line.replace(/^\u001E/, '').trim()
    if (record === '') continue
    const feature = featureFrom(parseJson(record, `${path} (line ${i + 1})`), features.length + 1)
    if (feature === undefined) throw notGeoJson(path, `line ${i + 1} is no Feature`)
    features.push(feature)
  }
  return checked({ features, crs: [DEFAULT_CRS] }, path)
}
