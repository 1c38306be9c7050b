/** Well-known text (WKT 1 of OGC and ESRI, WKT 2) to a PROJ string. Horizontal systems; the vertical part is dropped. */
import { InputError } from '@ecotope/core'
import { shorten } from './definition.ts'
import { datumTermOf, findEpsg } from './epsg.ts'
import { METHODS, PARAMETERS } from './wkt-names.ts'

export interface WktNode {
  readonly keyword: string
  /** Strings, numbers and bare words, in order. */
  readonly values: readonly (string | number)[]
  readonly children: readonly WktNode[]
}

/** Parses the text into a tree. Throws `InputError('BadCrs')` where brackets or quotes do not close. */
export function parseWkt(text: string): WktNode {
  const tokens = text.match(/"(?:[^"]|"")*"|[[\](),]|[^\s[\](),"]+/g) ?? []
  let at = 0
  const fail = (): never => {
    throw new InputError('BadCrs', `cannot read the WKT "${shorten(text)}"`, { data: { wkt: text } })
  }
  const node = (): WktNode => {
    const keyword = tokens[at++]?.toUpperCase() ?? fail()
    if (tokens[at] !== '[' && tokens[at] !== '(') fail()
    at++
    const values: (string | number)[] = []
    const children: WktNode[] = []
    while (tokens[at] !== ']' && tokens[at] !== ')') {
      const token = tokens[at] ?? fail()
      if (token === ',') at++
      else if (tokens[at + 1] === '[' || tokens[at + 1] === '(') children.push(node())
      else {
        values.push(scalar(token))
        at++
      }
    }
    at++
    return { keyword, values, children }
  }
  return node()
}

function scalar(token: string): string | number {
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll('""', '"')
  const value = Number(token)
  return Number.isNaN(value) ? token : value
}

const GEOGRAPHIC = new Set([
  'GEOGCS',
  'GEOGCRS',
  'GEODCRS',
  'GEODETICCRS',
  'GEOGRAPHICCRS',
  'BASEGEOGCRS',
  'BASEGEODCRS',
])
const PROJECTED = new Set(['PROJCS', 'PROJCRS', 'PROJECTEDCRS', 'BASEPROJCRS'])
const DATUM = new Set(['DATUM', 'GEODETICDATUM', 'TRF', 'ENSEMBLE'])
const ELLIPSOID = new Set(['SPHEROID', 'ELLIPSOID'])
const UNIT = new Set(['UNIT', 'LENGTHUNIT', 'ANGLEUNIT'])
const PRIME = new Set(['PRIMEM', 'PRIMEMERIDIAN'])

const child = (node: WktNode | undefined, names: ReadonlySet<string>): WktNode | undefined =>
  node?.children.find((c) => names.has(c.keyword))
const named = (node: WktNode | undefined, ...names: string[]): WktNode | undefined => child(node, new Set(names))
const text = (node: WktNode | undefined): string => String(node?.values[0] ?? '')
const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

export interface FromWkt {
  readonly name: string
  readonly proj4: string
  readonly epsg?: number
}

/** Name, PROJ string and, where the text says so, EPSG code. */
export function projOfWkt(wkt: string): FromWkt {
  return projOfTree(parseWkt(wkt), wkt)
}

/** As `projOfWkt`, of a tree from elsewhere; `wkt` is the text for messages. */
export function projOfTree(root: WktNode, wkt: string): FromWkt {
  const { node, shift } = horizontal(root)
  if (node === undefined) {
    throw new InputError('BadCrs', `"${shorten(wkt)}" is not a geographic or projected coordinate reference system`, {
      hint: 'give an EPSG code with --crs',
    })
  }
  const epsg = epsgOf(node)
  // GDAL writes what WKT 1 cannot say, such as the web Mercator, as a PROJ string.
  const extension = named(node, 'EXTENSION')
  if (extension !== undefined && text(extension).toUpperCase() === 'PROJ4') {
    return { name: text(node), proj4: String(extension.values[1]), ...(epsg === undefined ? {} : { epsg }) }
  }
  const isDerived = named(node, 'DERIVINGCONVERSION') !== undefined
  const base = GEOGRAPHIC.has(node.keyword) && !isDerived ? node : child(node, GEOGRAPHIC)
  const projection = node === base ? `+proj=longlat${degreesTerm(base)}` : projectionTerms(node, base, wkt)
  const earth = earthOf(node, base, shift)
  const isWeb = projection.includes('+proj=webmerc')
  const proj4 = isWeb
    ? '+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +nadgrids=@null +no_defs'
    : `${projection} ${earth} +no_defs`
  return { name: text(node) || 'unnamed', proj4, ...(epsg === undefined ? {} : { epsg }) }
}

/** The unit of a geographic system where it is not the degree: grads, of which PROJ strings know nothing. */
function degreesTerm(geographic: WktNode): string {
  const degrees = angleFactor(unitNode(geographic)) / (Math.PI / 180)
  return Math.abs(degrees - 1) < 1e-6 ? '' : ` +to_degree=${tidy(degrees)}`
}

/** Ellipsoid and datum; the sphere where the projection is of it. ESRI's orthographic is. */
function earthOf(node: WktNode, base: WktNode | undefined, shift: string | undefined): string {
  const earth = earthTerms(base, shift)
  const method = methodOf(node)
  const isEsri = /^D_/.test(text(child(base, DATUM)))
  const isSpherical = METHODS[method]?.isSpherical === true || (isEsri && method === 'orthographic')
  return isSpherical ? earth.replace(/\+a=(\S+) \+rf=\S+/, '+a=$1 +b=$1') : earth
}

const conversionOf = (node: WktNode): WktNode => named(node, 'CONVERSION', 'DERIVINGCONVERSION') ?? node
const methodOf = (node: WktNode): string => plainName(text(named(conversionOf(node), 'METHOD', 'PROJECTION')))

/** The horizontal system inside compound and bound ones, with the shift of a bound one. */
function horizontal(root: WktNode): { node: WktNode | undefined; shift?: string } {
  if (GEOGRAPHIC.has(root.keyword) || PROJECTED.has(root.keyword)) return { node: root }
  if (root.keyword === 'BOUNDCRS') {
    const source = named(root, 'SOURCECRS')?.children[0]
    const values = named(root, 'ABRIDGEDTRANSFORMATION')?.children.filter((c) => c.keyword === 'PARAMETER')
    const terms = values?.map((p) => Number(p.values[1])) ?? []
    if (terms.length === 7) terms[6] = terms[6]! > 0.5 ? (terms[6]! - 1) * 1e6 : terms[6]!
    const shift = terms.length === 3 || terms.length === 7 ? { shift: `+towgs84=${terms.join(',')}` } : {}
    return source === undefined ? { node: undefined } : { ...horizontal(source), ...shift }
  }
  if (root.keyword.startsWith('COMPD') || root.keyword.startsWith('COMPOUND')) {
    for (const part of root.children) {
      const inner = horizontal(part)
      if (inner.node !== undefined) return inner
    }
  }
  return { node: undefined }
}

function epsgOf(node: WktNode): number | undefined {
  const id = named(node, 'AUTHORITY', 'ID')
  if (id === undefined || String(id.values[0]).toUpperCase() !== 'EPSG') return undefined
  const code = Number(id.values[1])
  return Number.isInteger(code) ? code : undefined
}

function earthTerms(base: WktNode | undefined, bound: string | undefined): string {
  const datum = child(base, DATUM)
  const shape = child(datum, ELLIPSOID)
  const [, axis, rf] = shape?.values ?? ['', 6378137, 298.257223563]
  // Feet and links of the nineteenth century.
  const metres = Number(child(shape, UNIT)?.values[1] ?? 1)
  const a = metres === 1 ? axis : Number(axis) * metres
  const primeNode = child(base, PRIME)
  const prime = Number(primeNode?.values[1] ?? 0) * (angleFactor(child(primeNode, UNIT)) / (Math.PI / 180))
  const towgs84 = named(datum, 'TOWGS84')?.values.join(',')
  const term = bound ?? (towgs84 === undefined ? shiftByName(base, datum) : `+towgs84=${towgs84}`)
  const ellipsoid = Number(rf) === 0 ? `+a=${a} +b=${a}` : `+a=${a} +rf=${rf}`
  return [ellipsoid, term, Math.abs(prime) > 1e-12 ? `+pm=${prime}` : ''].filter((t) => t !== '').join(' ')
}

/** Datums that WKT names without saying how they relate to WGS 84. */
const ZERO_SHIFT =
  /^d?(wgs1984|wgs84|worldgeodeticsystem1984|northamericandatum1983|northamerican1983|nad83|etrs1989|etrs89|europeanterrestrialreferencesystem1989|gda1994|gda2020|sirgas2000|rgf1993|nzgd2000|jgd2000|jgd2011)/

function shiftByName(base: WktNode | undefined, datum: WktNode | undefined): string {
  if (ZERO_SHIFT.test(plainName(text(datum)))) return '+towgs84=0,0,0'
  const code = base === undefined ? undefined : epsgOf(base)
  const known = code === undefined ? undefined : findEpsg(code)
  const term = known === undefined ? datumTermOf(text(base)) : /(?:towgs84|datum)=\S+/.exec(known.proj4)?.[0]
  if (term === undefined) return ''
  return term === 'datum=NAD27' ? '+towgs84=-8,160,176' : term.startsWith('towgs84') ? `+${term}` : '+towgs84=0,0,0'
}

function projectionTerms(node: WktNode, base: WktNode | undefined, wkt: string): string {
  const conversion = conversionOf(node)
  const methodName = text(named(conversion, 'METHOD', 'PROJECTION'))
  const method = METHODS[plainName(methodName)]
  if (method === undefined) {
    throw new InputError(
      'UnsupportedProjection',
      `the map projection "${methodName || shorten(wkt)}" is not supported`,
      {
        hint: 'reproject the data to a common CRS such as UTM first',
        data: { projection: methodName },
      },
    )
  }
  const linear = Number(unitNode(node)?.values[1] ?? 1)
  const angular = angleFactor(child(base, UNIT))
  const terms = new Map<string, number>()
  for (const parameter of conversion.children.filter((c) => c.keyword === 'PARAMETER')) {
    const row = PARAMETERS[plainName(text(parameter))]
    if (row === undefined) continue
    const unit = child(parameter, new Set([...UNIT, 'SCALEUNIT']))
    const value = Number(parameter.values[1])
    if (row.kind === 'angle') {
      const factor = unit === undefined ? angular : angleFactor(unit)
      terms.set(row.key, tidy((value * factor * 180) / Math.PI))
    } else if (row.kind === 'length') terms.set(row.key, value * Number(unit?.values[1] ?? linear))
    else terms.set(row.key, value * Number(unit?.values[1] ?? 1))
  }
  method.adjust?.(terms)
  const proj = method.byOption?.[terms.get('option') ?? 0] ?? method.proj
  terms.delete('option')
  const listed = [...terms].map(([key, value]) => `+${key}=${value}`)
  const extra = method.extra === undefined ? [] : [method.extra]
  return [`+proj=${proj}`, ...extra, ...listed, linear === 1 ? '+units=m' : `+to_meter=${linear}`].join(' ')
}

/** The unit of a projected system: its own, or that of its axes (WKT 2). */
function unitNode(node: WktNode): WktNode | undefined {
  return child(node, UNIT) ?? child(named(node, 'AXIS'), UNIT)
}

function angleFactor(unit: WktNode | undefined): number {
  return Number(unit?.values[1] ?? Math.PI / 180)
}

/** Degrees go through radians on the way; twelve decimals are a tenth of a micrometre. */
const tidy = (degrees: number): number => Number(degrees.toFixed(12))
