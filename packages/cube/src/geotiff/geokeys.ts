/** The georeference of a GeoTIFF: keys to a CRS, tiepoints or matrix to an affine map. OGC GeoTIFF 1.1, GDAL's habits. */
import { InputError } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { definitionOf } from '../crs/definition.ts'
import { findEpsg, unitsOf } from '../crs/epsg.ts'
import type { Affine, Crs } from '../types.ts'
import type { Directory } from './directory.ts'
import {
  ANGULAR_UNITS,
  EASTING_KEYS,
  ELLIPSOID_CODES,
  KEY,
  LINEAR_UNITS,
  METHODS,
  NORTHING_KEYS,
  USER_DEFINED,
} from './geokey-codes.ts'
import { TAG } from './tags.ts'

export interface GeoKeys {
  readonly numbers: ReadonlyMap<number, readonly number[]>
  readonly texts: ReadonlyMap<number, string>
}

/** The key directory, undefined where the file has none. */
export async function readGeoKeys(directory: Directory): Promise<GeoKeys | undefined> {
  const keys = await directory.numbers(TAG.geoKeyDirectory)
  if (keys === undefined || keys.length < 4) return undefined
  const doubles = (await directory.numbers(TAG.geoDoubleParams)) ?? new Float64Array(0)
  const ascii = (await directory.text(TAG.geoAsciiParams)) ?? ''
  const numbers = new Map<number, number[]>()
  const texts = new Map<number, string>()
  for (let i = 4; i + 3 < keys.length && i < 4 + 4 * keys[3]!; i += 4) {
    const [id = 0, place = 0, count = 0, at = 0] = keys.subarray(i, i + 4)
    if (place === 0) numbers.set(id, [at])
    else if (place === TAG.geoDoubleParams) numbers.set(id, [...doubles.subarray(at, at + count)])
    else if (place === TAG.geoAsciiParams) texts.set(id, ascii.slice(at, at + count).replace(/[|\0]+$/, ''))
  }
  return { numbers, texts }
}

const first = (keys: GeoKeys, ids: readonly number[]): number | undefined => {
  for (const id of ids) {
    const value = keys.numbers.get(id)?.[0]
    if (value !== undefined) return value
  }
  return undefined
}

/** A code that stands for something in the EPSG table. */
function code(keys: GeoKeys, id: number): number | undefined {
  const value = keys.numbers.get(id)?.[0]
  return value === undefined || value === 0 || value === USER_DEFINED ? undefined : value
}

/**
 * The CRS of the keys, undefined where they name none. Throws `InputError('UnknownCrs' | 'UnsupportedProjection')` for
 * one that is named but not known.
 */
export function crsOfKeys(keys: GeoKeys, path: string): Crs | undefined {
  const esri = esriCitation(keys)
  if (esri !== undefined) return esri
  const projected = code(keys, KEY.projectedCrs)
  if (projected !== undefined) return known(projected, path)
  const model = keys.numbers.get(KEY.modelType)?.[0]
  const name = keys.texts.get(KEY.projectedCitation) ?? keys.texts.get(KEY.citation)
  if (model === 1 || keys.numbers.has(KEY.projectedCrs)) return projectedOfKeys(keys, name, path)
  const geographic = code(keys, KEY.geodeticCrs)
  const shift = keys.numbers.get(KEY.toWgs84)
  if (geographic !== undefined && shift === undefined) return known(geographic, path)
  if (model !== 2 && !keys.numbers.has(KEY.geodeticCrs)) return undefined
  const proj4 = `+proj=longlat ${earthTerms(keys)} +no_defs`
  const label = keys.texts.get(KEY.geodeticCitation) ?? keys.texts.get(KEY.citation) ?? 'user-defined'
  const base = geographic === undefined ? undefined : findEpsg(geographic)
  return { name: base?.name ?? label, proj4, ...unitsOf(proj4) }
}

function known(epsg: number, path: string): Crs {
  const crs = findEpsg(epsg)
  if (crs !== undefined) return crs
  throw new InputError('UnknownCrs', `${path} is in EPSG:${epsg}, which is not a known two-dimensional system`, {
    hint: 'give the coordinate reference system with --crs',
    data: { path, code: epsg },
  })
}

/** ESRI's software writes the whole system as WKT into a citation; one that cannot be read leaves the keys to say it. */
function esriCitation(keys: GeoKeys): Crs | undefined {
  for (const id of [KEY.projectedCitation, KEY.citation, KEY.geodeticCitation]) {
    const match = /ESRI PE String\s*=\s*(.*)$/s.exec(keys.texts.get(id) ?? '')
    if (match?.[1] !== undefined) return tryCrs(match[1])
  }
  return undefined
}

function tryCrs(text: string): Crs | undefined {
  try {
    return parseCrs(text)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

function projectedOfKeys(keys: GeoKeys, name: string | undefined, path: string): Crs | undefined {
  const earth = earthTerms(keys)
  const zone = code(keys, KEY.projection) ?? 0
  const unit = linearUnit(keys)
  const tail = `${earth} ${unit === 1 ? '+units=m' : `+to_meter=${unit}`} +no_defs`
  let proj4: string
  if (zone > 16000 && zone <= 16060) proj4 = `+proj=utm +zone=${zone - 16000} ${tail}`
  else if (zone > 16100 && zone <= 16160) proj4 = `+proj=utm +zone=${zone - 16100} +south ${tail}`
  else {
    const method = code(keys, KEY.method)
    if (method === undefined) return undefined
    proj4 = `${methodTerms(keys, method, unit, path)} ${tail}`
  }
  const base = parseCrs(proj4)
  return { ...base, name: name?.split('|')[0] ?? base.name }
}

function methodTerms(keys: GeoKeys, method: number, unit: number, path: string): string {
  const row = METHODS[method]
  if (row === undefined) {
    throw new InputError(
      'UnsupportedProjection',
      `${path} uses GeoTIFF projection method ${method}, which is not supported`,
      {
        hint: 'give the coordinate reference system with --crs',
        data: { path, method },
      },
    )
  }
  const degrees = angularUnit(keys)
  const terms: string[] = [`+proj=${row.proj}`]
  if (row.extra !== undefined) terms.push(row.extra)
  for (const [term, ids] of Object.entries(row.terms)) {
    const value = first(keys, ids)
    if (value !== undefined) terms.push(`+${term}=${term === 'k_0' ? value : value * degrees}`)
  }
  const latTs = first(keys, row.terms.lat_ts ?? [])
  if (method === 15) terms.push(`+lat_0=${(latTs ?? 90) < 0 ? -90 : 90}`)
  terms.push(`+x_0=${(first(keys, EASTING_KEYS) ?? 0) * unit}`, `+y_0=${(first(keys, NORTHING_KEYS) ?? 0) * unit}`)
  return terms.join(' ')
}

function linearUnit(keys: GeoKeys): number {
  const size = keys.numbers.get(KEY.linearUnitSize)?.[0]
  return LINEAR_UNITS[code(keys, KEY.linearUnit) ?? 0] ?? size ?? 1
}

function angularUnit(keys: GeoKeys): number {
  const size = keys.numbers.get(KEY.angularUnitSize)?.[0]
  return ANGULAR_UNITS[code(keys, KEY.angularUnit) ?? 0] ?? (size === undefined ? 1 : (size * 180) / Math.PI)
}

/** Ellipsoid, shift and prime meridian of the geodetic keys. */
function earthTerms(keys: GeoKeys): string {
  const geographic = code(keys, KEY.geodeticCrs)
  const datum = code(keys, KEY.geodeticDatum)
  // EPSG numbers most classic datums 2000 above the geographic system that is built on them.
  const base = findEpsg(geographic ?? -1) ?? (datum === undefined ? undefined : findEpsg(datum - 2000))
  const given = keys.numbers.get(KEY.toWgs84)
  const shift = given === undefined ? '' : `+towgs84=${given.join(',')}`
  if (base !== undefined && agreesOnEllipsoid(keys, base)) {
    const inherited = base.proj4.replace(/\+(proj=\S+|no_defs)/g, '').trim()
    return shift === '' ? inherited : `${inherited.replace(/\+towgs84=\S+/, '')} ${shift}`.trim()
  }
  const pm = first(keys, [KEY.primeMeridianLongitude])
  const meridian = pm === undefined || pm === 0 ? '' : `+pm=${pm * angularUnit(keys)}`
  return [ellipsoidTerms(keys), shift, meridian].filter((t) => t !== '').join(' ')
}

/** Some writers name WGS 84 and give another ellipsoid; as with GDAL, the numbers count. */
function agreesOnEllipsoid(keys: GeoKeys, base: Crs): boolean {
  const a = first(keys, [KEY.semiMajor])
  return a === undefined || Math.abs(a - definitionOf(base.proj4).ellipsoid.a) < 0.1
}

function ellipsoidTerms(keys: GeoKeys): string {
  const name = ELLIPSOID_CODES[code(keys, KEY.ellipsoid) ?? 0]
  if (name !== undefined) return `+ellps=${name}`
  const a = keys.numbers.get(KEY.semiMajor)?.[0]
  if (a === undefined) return '+datum=WGS84'
  const rf = keys.numbers.get(KEY.inverseFlattening)?.[0]
  if (rf !== undefined && rf !== 0) return `+a=${a} +rf=${rf}`
  return `+a=${a} +b=${keys.numbers.get(KEY.semiMinor)?.[0] ?? a}`
}

/** The affine map of pixel corners, undefined where the file gives none. */
export async function readAffine(directory: Directory, keys: GeoKeys | undefined): Promise<Affine | undefined> {
  const affine = (await affineOfMatrix(directory)) ?? (await affineOfTiepoint(directory))
  if (affine === undefined || keys?.numbers.get(KEY.rasterType)?.[0] !== 2) return affine
  // PixelIsPoint: the coordinates are those of pixel centres; ours are those of corners.
  const [a, b, c, d, e, f] = affine
  return [a, b, c - (a + b) / 2, d, e, f - (d + e) / 2]
}

async function affineOfMatrix(directory: Directory): Promise<Affine | undefined> {
  const m = await directory.numbers(TAG.modelTransformation)
  return m === undefined || m.length < 8 ? undefined : [m[0]!, m[1]!, m[3]!, m[4]!, m[5]!, m[7]!]
}

async function affineOfTiepoint(directory: Directory): Promise<Affine | undefined> {
  const scale = await directory.numbers(TAG.modelPixelScale)
  const tie = await directory.numbers(TAG.modelTiepoint)
  if (scale === undefined || tie === undefined || scale.length < 2 || tie.length < 6) return undefined
  const [dx, dy] = [scale[0]!, Math.abs(scale[1]!)]
  if (dx === 0 || dy === 0) return undefined
  return [dx, 0, tie[3]! - tie[0]! * dx, 0, -dy, tie[4]! + tie[1]! * dy]
}
