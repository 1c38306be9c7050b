/** PROJJSON (the schema of PROJ, used by GeoParquet and STAC) as the tree of a WKT 2 text, which `wkt.ts` reads. */
import { InputError } from '@ecotope/core'
import { shorten } from './definition.ts'
import type { WktNode } from './wkt.ts'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const node = (
  keyword: string,
  values: WktNode['values'],
  children: readonly (WktNode | undefined)[] = [],
): WktNode => ({
  keyword,
  values,
  children: children.filter((child) => child !== undefined),
})

/** Units by their names in PROJJSON: keyword and size in metres, radians or one. */
const UNITS: Readonly<Record<string, readonly [keyword: string, factor: number]>> = {
  metre: ['LENGTHUNIT', 1],
  degree: ['ANGLEUNIT', Math.PI / 180],
  unity: ['SCALEUNIT', 1],
}

const KEYWORDS: Readonly<Record<string, string>> = {
  LinearUnit: 'LENGTHUNIT',
  AngularUnit: 'ANGLEUNIT',
  ScaleUnit: 'SCALEUNIT',
}

/** The tree. Throws InputError `BadCrs` where the text is not JSON or of no horizontal system. */
export function treeOfProjjson(text: string): WktNode {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw bad(text, 'it is not JSON', cause)
  }
  const tree = isObject(json) ? treeOf(json) : undefined
  if (tree === undefined) throw bad(text, 'it is not a geographic or projected system')
  return tree
}

const bad = (text: string, why: string, cause?: unknown): InputError =>
  new InputError('BadCrs', `cannot read the PROJJSON "${shorten(text)}": ${why}`, {
    hint: 'give an EPSG code such as EPSG:32632, a WKT or a PROJ string',
    data: { crs: text },
    cause,
  })

/** By the type of the system; a compound system is its horizontal part, a bound one its source with its shift. */
const SYSTEMS: Readonly<Record<string, (json: Json) => WktNode | undefined>> = {
  GeographicCRS: (json) => geographic(json, 'GEOGCRS'),
  GeodeticCRS: (json) => geographic(json, 'GEODCRS'),
  ProjectedCRS: projected,
  DerivedProjectedCRS: (json) => (isObject(json.base_crs) ? treeOf(json.base_crs) : undefined),
  CompoundCRS: (json) => {
    const components = Array.isArray(json.components) ? json.components.filter(isObject) : []
    return components.map(treeOf).find((tree) => tree !== undefined)
  },
  BoundCRS: bound,
}

function treeOf(json: Json): WktNode | undefined {
  return SYSTEMS[String(json.type)]?.(json)
}

const name = (json: unknown): string => (isObject(json) ? String(json.name ?? '') : '')

/** The authority's code of a system, first of several. */
function id(json: Json): WktNode | undefined {
  const first = isObject(json.id) ? json.id : Array.isArray(json.ids) ? (json.ids[0] as unknown) : undefined
  return isObject(first) ? node('ID', [String(first.authority), Number(first.code)]) : undefined
}

function unit(value: unknown): WktNode | undefined {
  if (typeof value === 'string') {
    const row = UNITS[value]
    return row === undefined ? undefined : node(row[0], [value, row[1]])
  }
  if (!isObject(value)) return undefined
  return node(KEYWORDS[String(value.type)] ?? 'UNIT', [name(value), Number(value.conversion_factor ?? 1)])
}

/** A number, or one with its own unit in metres. */
function metres(value: unknown): number {
  if (!isObject(value)) return Number(value)
  return Number(value.value) * Number(unit(value.unit)?.values[1] ?? 1)
}

function ellipsoid(json: unknown): WktNode | undefined {
  if (!isObject(json)) return undefined
  const a = metres(json.semi_major_axis ?? json.radius)
  const b = json.semi_minor_axis === undefined ? undefined : metres(json.semi_minor_axis)
  const flattening = b === undefined ? Number(json.inverse_flattening ?? 0) : a === b ? 0 : a / (a - b)
  return node('ELLIPSOID', [name(json), a, flattening])
}

function geographic(json: Json, keyword: string): WktNode | undefined {
  const datum = json.datum ?? json.datum_ensemble
  if (!isObject(datum)) return undefined
  const prime = isObject(datum.prime_meridian) ? datum.prime_meridian : undefined
  const longitude = prime?.longitude
  const primeNode =
    prime === undefined
      ? undefined
      : isObject(longitude)
        ? node('PRIMEM', [name(prime), Number(longitude.value)], [unit(longitude.unit)])
        : node('PRIMEM', [name(prime), Number(longitude ?? 0)])
  const angle = unit(axes(json)[0]?.unit)
  return node(
    keyword,
    [name(json)],
    [node('DATUM', [name(datum)], [ellipsoid(datum.ellipsoid)]), primeNode, angle, id(json)],
  )
}

function axes(json: Json): Json[] {
  const system = json.coordinate_system
  return isObject(system) && Array.isArray(system.axis) ? system.axis.filter(isObject) : []
}

function projected(json: Json): WktNode | undefined {
  const { base_crs: base, conversion } = json
  if (!isObject(base) || !isObject(conversion)) return undefined
  const tree = geographic(base, 'BASEGEOGCRS')
  if (tree === undefined) return undefined
  const parameters = Array.isArray(conversion.parameters) ? conversion.parameters.filter(isObject) : []
  const nodes = parameters.map((p) => node('PARAMETER', [name(p), Number(p.value)], [unit(p.unit)]))
  const method = node('METHOD', [name(conversion.method)])
  const length = unit(axes(json)[0]?.unit)
  return node(
    'PROJCRS',
    [name(json)],
    [tree, node('CONVERSION', [name(conversion)], [method, ...nodes]), length, id(json)],
  )
}

function bound(json: Json): WktNode | undefined {
  const source = isObject(json.source_crs) ? treeOf(json.source_crs) : undefined
  if (source === undefined) return undefined
  const { transformation } = json
  const given = isObject(transformation) && Array.isArray(transformation.parameters) ? transformation.parameters : []
  const parameters = given.filter(isObject).map((p) => node('PARAMETER', [name(p), Number(p.value)]))
  return node('BOUNDCRS', [], [node('SOURCECRS', [], [source]), node('ABRIDGEDTRANSFORMATION', [], parameters)])
}
