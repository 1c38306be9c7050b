/** Coordinate reference systems from the texts that people and files have: codes, WKT, PROJ strings. */
import { InputError } from '@ecotope/core'
import type { Crs } from '../types.ts'
import { definitionOf, shorten } from './definition.ts'
import { crsFromEpsg, findEpsg, unitsOf } from './epsg.ts'
import { treeOfProjjson } from './projjson.ts'
import { crsEquals } from './transform.ts'
import { type FromWkt, projOfTree, projOfWkt } from './wkt.ts'

const CODE = /^(?:urn:ogc:def:crs:|https?:\/\/www\.opengis\.net\/def\/crs\/)?EPSG[:/][^:/]*?[:/]?(\d+)(?:\+\d+)?$/i
const CRS84 = /^(?:urn:ogc:def:crs:|https?:\/\/www\.opengis\.net\/def\/crs\/)?OGC[:/][^:/]*[:/]?CRS84H?$/i

/**
 * Reads `EPSG:32632`, `32632`, an `urn:ogc:def:crs` or OGC address, `OGC:CRS84`, WKT 1, WKT 2, PROJJSON or a PROJ string.
 * Coordinates are always x (or longitude) first. Throws `InputError` (`BadCrs`, `UnknownCrs`, `UnsupportedProjection`).
 */
export function parseCrs(text: string): Crs {
  const trimmed = text.trim()
  const code = CODE.exec(trimmed)?.[1] ?? /^\d{4,6}$/.exec(trimmed)?.[0]
  if (code !== undefined) return crsFromEpsg(Number(code))
  if (CRS84.test(trimmed) || /^(?:CRS:?84|WGS84)$/i.test(trimmed))
    return { ...crsFromEpsg(4326), name: 'WGS 84 (CRS84)' }
  if (/^[A-Za-z_]+\s*[[(]/.test(trimmed)) return { ...fromParts(projOfWkt(trimmed)), wkt: trimmed }
  if (trimmed.startsWith('{')) return fromParts(projOfTree(treeOfProjjson(trimmed), trimmed))
  if (/\+?(?:proj|init)=/.test(trimmed)) return fromProj(trimmed)
  throw new InputError('BadCrs', `"${shorten(text)}" is not a coordinate reference system`, {
    hint: 'give an EPSG code such as EPSG:32632, a WKT or a PROJ string',
    data: { crs: text },
  })
}

function fromProj(text: string): Crs {
  const init = /\+?init=epsg:(\d+)/i.exec(text)?.[1]
  if (init !== undefined) return crsFromEpsg(Number(init))
  const units = unitsOf(text)
  const utm = utmCode(text)
  return { ...(utm === undefined ? {} : { code: utm.code!, name: utm.name }), ...bare(text), ...units }
}

function bare(text: string): { name: string; proj4: string } {
  const { proj, parameters } = definitionOf(text)
  const zone = parameters.get('zone')
  return {
    name: proj === 'utm' ? `UTM zone ${zone}${parameters.has('south') ? 'S' : 'N'}` : `${proj} (user-defined)`,
    proj4: text,
  }
}

/** The EPSG system that a WGS 84 UTM or longitude-latitude string means. */
function utmCode(text: string): Crs | undefined {
  const { proj, parameters } = definitionOf(text)
  const zone = Number(parameters.get('zone'))
  const code = proj === 'utm' ? (parameters.has('south') ? 32700 : 32600) + zone : proj === 'longlat' ? 4326 : undefined
  const candidate = code === undefined ? undefined : findEpsg(code)
  return candidate !== undefined && crsEquals(candidate, { ...candidate, proj4: text }) ? candidate : undefined
}

function fromParts({ name, proj4, epsg }: FromWkt): Crs {
  const known = epsg === undefined ? undefined : findEpsg(epsg)
  if (known !== undefined) return known
  const utm = utmCode(proj4) ?? utmOfTransverse(proj4)
  const code = utm?.code === undefined ? {} : { code: utm.code }
  return { ...code, name, proj4, ...unitsOf(proj4) }
}

/** WKT has UTM spelled out as a transverse Mercator; recognise the WGS 84 zones. */
function utmOfTransverse(proj4: string): Crs | undefined {
  const { proj, parameters } = definitionOf(proj4)
  const zone = (Number(parameters.get('lon_0')) + 183) / 6
  if (proj !== 'tmerc' || !Number.isInteger(zone) || zone < 1 || zone > 60) return undefined
  const code = (Number(parameters.get('y_0') ?? 0) > 0 ? 32700 : 32600) + zone
  const candidate = findEpsg(code)
  return candidate !== undefined && crsEquals(candidate, { ...candidate, proj4 }) ? candidate : undefined
}
