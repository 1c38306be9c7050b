/** A PROJ string as numbers: ellipsoid, datum shift, unit, projection parameters. Not the projection's mathematics. */
import { InputError } from '@ecotope/core'
import { DATUMS, ELLIPSOIDS, PRIME_MERIDIANS, UNITS } from './tables.ts'

const DEGREE = Math.PI / 180
const ARC_SECOND = DEGREE / 3600

export interface Ellipsoid {
  /** Semi-major axis, metres. */
  readonly a: number
  /** First eccentricity squared. */
  readonly es: number
}

export interface Definition {
  readonly proj: string
  readonly parameters: ReadonlyMap<string, string>
  readonly ellipsoid: Ellipsoid
  /**
   * Shift to WGS 84: three or seven numbers (metres, radians, scale - 1), position vector convention.
   * `null`: longitude and latitude are those of WGS 84, whatever the ellipsoid (`+nadgrids=@null`); undefined: unknown datum.
   */
  readonly shift: readonly number[] | null | undefined
  /** Longitude of the prime meridian, radians. */
  readonly primeMeridian: number
  readonly metresPerUnit: number
  /** Of a geographic system: 1, or 0.9 in grads (`+to_degree`, a term of ours). */
  readonly degreesPerUnit: number
  readonly isGeographic: boolean
}

/** Reads a PROJ string. Throws `InputError('BadCrs')` where it has no `+proj` or an unknown name. */
export function definitionOf(text: string): Definition {
  const parameters = tokens(text)
  const proj = parameters.get('proj')
  if (proj === undefined) throw badCrs(text, 'it has no +proj')
  const isGeographic = proj === 'longlat' || proj === 'latlong' || proj === 'lonlat' || proj === 'latlon'
  const datum = datumOf(parameters, text)
  const ellipsoid = ellipsoidOf(parameters, datum?.ellps, text)
  return {
    proj: isGeographic ? 'longlat' : proj,
    parameters,
    ellipsoid,
    shift: shiftOf(parameters, datum?.towgs84),
    primeMeridian: primeMeridianOf(parameters, text),
    // Whatever `to_meter` says: PROJ's own strings have it, or not, for the same degrees.
    metresPerUnit: isRotatedPole(parameters) ? ellipsoid.a * DEGREE : unitOf(parameters, text),
    degreesPerUnit: numeric(parameters, 'to_degree') ?? 1,
    isGeographic,
  }
}

/** Degrees about a moved pole. */
export const isRotatedPole = (parameters: ReadonlyMap<string, string>): boolean =>
  parameters.get('proj') === 'ob_tran' && /^(longlat|latlong|lonlat|latlon)$/.test(parameters.get('o_proj') ?? '')

function tokens(text: string): Map<string, string> {
  const out = new Map<string, string>()
  for (const part of text.trim().split(/\s+/)) {
    const [key, ...rest] = part.replace(/^\+/, '').split('=')
    // The first occurrence wins, as in PROJ.
    if (key && !out.has(key)) out.set(key, rest.join('='))
  }
  return out
}

const badCrs = (text: string, why: string): InputError =>
  new InputError('BadCrs', `cannot read the coordinate reference system "${shorten(text)}": ${why}`, {
    hint: 'give an EPSG code such as EPSG:32632, a WKT or a PROJ string',
    data: { crs: text },
  })

export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 80 ? `${line.slice(0, 77)}...` : line
}

function datumOf(parameters: ReadonlyMap<string, string>, text: string) {
  const name = parameters.get('datum')
  if (name === undefined) return undefined
  const row = DATUMS[name.toLowerCase()]
  if (row === undefined) throw badCrs(text, `unknown datum ${name}`)
  return row
}

function ellipsoidOf(parameters: ReadonlyMap<string, string>, ofDatum: string | undefined, text: string): Ellipsoid {
  const radius = numeric(parameters, 'R')
  if (radius !== undefined) return { a: radius, es: 0 }
  const name = parameters.get('ellps') ?? ofDatum
  const row = name === undefined ? undefined : ELLIPSOIDS[name]
  if (name !== undefined && row === undefined) throw badCrs(text, `unknown ellipsoid ${name}`)
  const a = numeric(parameters, 'a') ?? row?.[0]
  if (a === undefined) return fromRow(ELLIPSOIDS.GRS80!)
  const b = numeric(parameters, 'b')
  if (b !== undefined) return { a, es: 1 - (b / a) ** 2 }
  const rf = numeric(parameters, 'rf')
  if (rf !== undefined) return fromRow([a, 'rf', rf])
  const f = numeric(parameters, 'f')
  if (f !== undefined) return { a, es: f * (2 - f) }
  const es = numeric(parameters, 'es')
  if (es !== undefined) return { a, es }
  return row === undefined ? { a, es: 0 } : fromRow([a, row[1], row[2]])
}

function fromRow([a, kind, value]: readonly [number, 'b' | 'rf', number]): Ellipsoid {
  if (kind === 'b') return { a, es: 1 - (value / a) ** 2 }
  const f = value === 0 ? 0 : 1 / value
  return { a, es: f * (2 - f) }
}

function shiftOf(parameters: ReadonlyMap<string, string>, ofDatum: readonly number[] | undefined) {
  if (parameters.get('nadgrids') === '@null') return null
  const given = parameters.get('towgs84')
  const values = given === undefined ? ofDatum : given.split(',').map(Number)
  if (values === undefined) return undefined
  if (values.slice(3).every((v) => v === 0)) return values.slice(0, 3)
  const [x = 0, y = 0, z = 0, rx = 0, ry = 0, rz = 0, scale = 0] = values
  return [x, y, z, rx * ARC_SECOND, ry * ARC_SECOND, rz * ARC_SECOND, scale * 1e-6]
}

function primeMeridianOf(parameters: ReadonlyMap<string, string>, text: string): number {
  const name = parameters.get('pm')
  if (name === undefined) return 0
  const degrees = PRIME_MERIDIANS[name.toLowerCase()] ?? Number(name)
  if (!Number.isFinite(degrees)) throw badCrs(text, `unknown prime meridian ${name}`)
  return degrees * DEGREE
}

function unitOf(parameters: ReadonlyMap<string, string>, text: string): number {
  const ratio = parameters.get('to_meter')
  if (ratio !== undefined) {
    const [top, bottom = '1'] = ratio.split('/')
    return Number(top) / Number(bottom)
  }
  const name = parameters.get('units')
  if (name === undefined) return 1
  const value = UNITS[name]
  if (value === undefined) throw badCrs(text, `unknown unit ${name}`)
  return value
}

/** A parameter as a number, undefined where absent or not a number. */
export function numeric(parameters: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = parameters.get(key)
  if (text === undefined || text === '') return undefined
  const value =
    text.endsWith('S') || text.endsWith('W') ? -Number(text.slice(0, -1)) : Number(text.replace(/[NE]$/, ''))
  return Number.isFinite(value) ? value : undefined
}

/** An angle parameter in radians. */
export function angle(definition: Definition, key: string, otherwise = 0): number {
  return (numeric(definition.parameters, key) ?? otherwise) * DEGREE
}

/** A plain number parameter. */
export function plain(definition: Definition, key: string, otherwise: number): number {
  return numeric(definition.parameters, key) ?? otherwise
}

/** Scale factor on the central line, `+k_0` or `+k`. */
export function scaleFactor(definition: Definition): number {
  return numeric(definition.parameters, 'k_0') ?? numeric(definition.parameters, 'k') ?? 1
}
