/** A CRS and an affine map as GeoTIFF tags: by EPSG code where there is one, else spelled out, else as WKT. */
import { InputError } from '@ecotope/core'
import { wktOf } from '../cf/wkt-write.ts'
import { type Definition, definitionOf, numeric } from '../crs/definition.ts'
import { findEpsg } from '../crs/epsg.ts'
import { crsEquals } from '../crs/transform.ts'
import type { Affine, Crs, Grid } from '../types.ts'
import { doubles, type Field, shorts, text } from './encode.ts'
import { KEY, METHODS, USER_DEFINED } from './geokey-codes.ts'
import { TAG } from './tags.ts'

/** Keys before they are packed: short, doubles or text. */
type KeyValues = Map<number, number | readonly number[] | string>

/** The georeferencing tags of a grid. Throws `InputError('UnsupportedProjection')` where GeoTIFF cannot say it. */
export function georeference(grid: Grid): Field[] {
  return [...pack(keysOf(grid.crs)), ...affineFields(grid.affine)]
}

function affineFields([a, b, c, d, e, f]: Affine): Field[] {
  if (b === 0 && d === 0 && a > 0 && e < 0) {
    return [doubles(TAG.modelPixelScale, [a, -e, 0]), doubles(TAG.modelTiepoint, [0, 0, 0, c, f, 0])]
  }
  return [doubles(TAG.modelTransformation, [a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1])]
}

function keysOf(crs: Crs): KeyValues {
  const keys: KeyValues = new Map()
  keys.set(KEY.modelType, crs.isGeographic ? 2 : 1).set(KEY.rasterType, 1)
  keys.set(KEY.citation, ascii(crs.name))
  const epsg = epsgOf(crs)
  if (epsg !== undefined) {
    keys.set(crs.isGeographic ? KEY.geodeticCrs : KEY.projectedCrs, epsg)
    return keys
  }
  const definition = definitionOf(crs.proj4)
  geodeticKeys(keys, definition)
  if (!crs.isGeographic) projectedKeys(keys, definition, crs)
  return keys
}

/** The code, if the system is still what the code says. */
function epsgOf(crs: Crs): number | undefined {
  const code = /^EPSG:(\d+)$/.exec(crs.code ?? '')?.[1]
  const known = code === undefined ? undefined : findEpsg(Number(code))
  return known !== undefined && Number(code) < 65536 && crsEquals(known, crs) ? Number(code) : undefined
}

const ascii = (name: string): string => name.replace(/[^\x20-\x7e]|\|/g, '?')

function geodeticKeys(keys: KeyValues, { ellipsoid, shift, primeMeridian }: Definition): void {
  const isWgs84 = ellipsoid.a === 6378137 && Math.abs(ellipsoid.es - 0.00669437999014) < 1e-13
  if (isWgs84 && shift?.every((v) => v === 0) && primeMeridian === 0) {
    keys.set(KEY.geodeticCrs, 4326)
    return
  }
  const flattening = 1 - Math.sqrt(1 - ellipsoid.es)
  keys.set(KEY.geodeticCrs, USER_DEFINED).set(KEY.geodeticDatum, USER_DEFINED).set(KEY.ellipsoid, USER_DEFINED)
  keys.set(KEY.geodeticCitation, 'GCS Name = unknown|Datum = unknown|Ellipsoid = unknown|Primem = Greenwich')
  keys.set(KEY.angularUnit, 9102).set(KEY.semiMajor, [ellipsoid.a])
  if (flattening === 0) keys.set(KEY.semiMinor, [ellipsoid.a])
  keys.set(KEY.inverseFlattening, [flattening === 0 ? 0 : 1 / flattening])
  keys.set(KEY.primeMeridianLongitude, [(primeMeridian * 180) / Math.PI])
  if (primeMeridian !== 0) keys.set(KEY.primeMeridian, USER_DEFINED)
  if (!shift) return
  const second = 180 / Math.PI / (1 / 3600)
  const [x = 0, y = 0, z = 0, rx = 0, ry = 0, rz = 0, s = 0] = shift
  keys.set(KEY.toWgs84, [x, y, z, rx * second, ry * second, rz * second, s * 1e6])
}

function projectedKeys(keys: KeyValues, definition: Definition, crs: Crs): void {
  const { parameters, metresPerUnit } = definition
  keys.set(KEY.projectedCrs, USER_DEFINED)
  const zone = numeric(parameters, 'zone')
  if (definition.proj === 'utm' && zone !== undefined) {
    keys.set(KEY.projection, (parameters.has('south') ? 16100 : 16000) + zone).set(KEY.linearUnit, 9001)
    return
  }
  const method = methodOf(definition)
  if (method === undefined) {
    const wkt = wktOf(crs)
    if (wkt === undefined) {
      throw new InputError(
        'UnsupportedProjection',
        `GeoTIFF cannot hold the projection "${definition.proj}" of ${crs.name}`,
        {
          hint: 'write on a grid in a common CRS such as UTM',
          data: { proj: definition.proj },
        },
      )
    }
    // With another model, GDAL takes the text for a name.
    keys.delete(KEY.projectedCrs)
    keys.set(KEY.modelType, USER_DEFINED).set(KEY.linearUnit, 9001)
    keys.set(KEY.projectedCitation, `ESRI PE String = ${ascii(wkt.replace(/\s*\n\s*/g, ''))}`)
    return
  }
  keys.set(KEY.projection, USER_DEFINED).set(KEY.method, method)
  keys.set(KEY.linearUnit, metresPerUnit === 1 ? 9001 : USER_DEFINED)
  if (metresPerUnit !== 1) keys.set(KEY.linearUnitSize, [metresPerUnit])
  for (const [term, ids] of Object.entries(METHODS[method]!.terms)) {
    const value = term === 'k_0' ? (numeric(parameters, 'k_0') ?? numeric(parameters, 'k')) : numeric(parameters, term)
    const given = value ?? DEFAULTS[term]
    if (given !== undefined) keys.set(ids[0]!, [given])
  }
  const [eastingKey, northingKey] = method === 8 ? [3086, 3087] : [KEY.falseEasting, KEY.falseNorthing]
  keys.set(eastingKey, [(numeric(parameters, 'x_0') ?? 0) / metresPerUnit])
  keys.set(northingKey, [(numeric(parameters, 'y_0') ?? 0) / metresPerUnit])
}

/** What a PROJ string leaves out when it means it. */
const DEFAULTS: Readonly<Record<string, number>> = { lat_0: 0, lon_0: 0, k_0: 1 }

/** Parameters that say where a conic touches; a string without the second has one standard parallel. */
function methodOf({ proj, parameters }: Definition): number | undefined {
  const extra = parameters.get('axis') ?? 'enu'
  if (parameters.get('nadgrids') === '@null') return undefined
  if (proj === 'tmerc' && extra === 'wsu') return 27
  if (extra !== 'enu') return undefined
  if (proj === 'lcc') return parameters.has('lat_2') ? 8 : 9
  const lat0 = numeric(parameters, 'lat_0') ?? 0
  if (proj === 'stere') return Math.abs(lat0) === 90 ? (parameters.has('lat_ts') ? 15 : undefined) : 14
  if (proj === 'omerc') return parameters.has('no_uoff') ? 9812 : 9815
  const row = Object.entries(METHODS).find(([, m]) => m.proj === proj)
  return row === undefined ? undefined : Number(row[0])
}

function pack(keys: KeyValues): Field[] {
  const directory: number[] = [1, 1, 1, keys.size]
  const numbers: number[] = []
  let texts = ''
  for (const [id, value] of [...keys].sort(([a], [b]) => a - b)) {
    if (typeof value === 'number') directory.push(id, 0, 1, value)
    else if (typeof value === 'string') {
      directory.push(id, TAG.geoAsciiParams, value.length + 1, texts.length)
      texts += `${value}|`
    } else {
      directory.push(id, TAG.geoDoubleParams, value.length, numbers.length)
      numbers.push(...value)
    }
  }
  const out = [shorts(TAG.geoKeyDirectory, directory)]
  if (numbers.length > 0) out.push(doubles(TAG.geoDoubleParams, numbers))
  if (texts !== '') out.push(text(TAG.geoAsciiParams, texts))
  return out
}
