/** Well-known text (WKT 1 as GDAL writes it) of a CRS, for files that name their CRS by text. */
import { definitionOf, numeric } from '../crs/definition.ts'
import type { Crs } from '../types.ts'
import { reciprocalFlattening, termsOf } from './terms.ts'

/** A projection's name in WKT 1 with its parameters: WKT name, PROJ key, value where the key is absent. */
interface ProjectionRow {
  readonly method: string
  readonly parameters: readonly (readonly [wkt: string, key: string, otherwise: number])[]
}

const FALSE = [
  ['false_easting', 'x_0', 0],
  ['false_northing', 'y_0', 0],
] as const
const CENTRE = [
  ['latitude_of_center', 'lat_0', 0],
  ['longitude_of_center', 'lon_0', 0],
] as const
const MERIDIAN = ['central_meridian', 'lon_0', 0] as const
const LATITUDE = ['latitude_of_origin', 'lat_0', 0] as const
const SCALE = ['scale_factor', 'k_0', 1] as const
const PARALLELS = [
  ['standard_parallel_1', 'lat_1', 0],
  ['standard_parallel_2', 'lat_2', 0],
] as const

const PROJECTIONS: Readonly<Record<string, ProjectionRow>> = {
  tmerc: { method: 'Transverse_Mercator', parameters: [LATITUDE, MERIDIAN, SCALE, ...FALSE] },
  lcc: { method: 'Lambert_Conformal_Conic_2SP', parameters: [LATITUDE, MERIDIAN, ...PARALLELS, ...FALSE] },
  lcc1: { method: 'Lambert_Conformal_Conic_1SP', parameters: [LATITUDE, MERIDIAN, SCALE, ...FALSE] },
  aea: { method: 'Albers_Conic_Equal_Area', parameters: [...PARALLELS, ...CENTRE, ...FALSE] },
  laea: { method: 'Lambert_Azimuthal_Equal_Area', parameters: [...CENTRE, ...FALSE] },
  aeqd: { method: 'Azimuthal_Equidistant', parameters: [...CENTRE, ...FALSE] },
  merc: { method: 'Mercator_1SP', parameters: [MERIDIAN, SCALE, ...FALSE] },
  merc2: { method: 'Mercator_2SP', parameters: [['standard_parallel_1', 'lat_ts', 0], MERIDIAN, ...FALSE] },
  stere: {
    method: 'Polar_Stereographic',
    parameters: [['latitude_of_origin', 'lat_ts', 90], MERIDIAN, SCALE, ...FALSE],
  },
  sterea: { method: 'Oblique_Stereographic', parameters: [LATITUDE, MERIDIAN, SCALE, ...FALSE] },
  sinu: { method: 'Sinusoidal', parameters: [['longitude_of_center', 'lon_0', 0], ...FALSE] },
  cea: {
    method: 'Cylindrical_Equal_Area',
    parameters: [['standard_parallel_1', 'lat_ts', 0], MERIDIAN, ...FALSE],
  },
  eqc: {
    method: 'Equirectangular',
    parameters: [['standard_parallel_1', 'lat_ts', 0], LATITUDE, MERIDIAN, ...FALSE],
  },
  moll: { method: 'Mollweide', parameters: [MERIDIAN, ...FALSE] },
  robin: { method: 'Robinson', parameters: [['longitude_of_center', 'lon_0', 0], ...FALSE] },
  poly: { method: 'Polyconic', parameters: [LATITUDE, MERIDIAN, ...FALSE] },
  cass: { method: 'Cassini_Soldner', parameters: [LATITUDE, MERIDIAN, ...FALSE] },
}

/** The text of a CRS: its own where it has one, else made from its PROJ terms; undefined for a rotated globe. */
export function wktOf(crs: Crs): string | undefined {
  if (crs.wkt !== undefined) return crs.wkt
  const { parameters, metresPerUnit } = definitionOf(crs.proj4)
  const authority = crs.code === undefined ? '' : `,AUTHORITY["EPSG","${crs.code.replace(/^EPSG:/, '')}"]`
  if (crs.isGeographic) return geographic(crs, crs.name, authority)
  const { proj, terms } = termsOf(crs)
  const row = PROJECTIONS[kindOf(proj, terms)]
  if (row === undefined) return extended(crs, authority)
  const values = row.parameters.map(([wkt, key, otherwise]) => {
    const value = numeric(terms, key) ?? otherwise
    return `,PARAMETER["${wkt}",${wkt.startsWith('false') ? value / metresPerUnit : value}]`
  })
  const unit = metresPerUnit === 1 ? '"metre",1' : `"${crs.unit}",${metresPerUnit}`
  const isWeb = parameters.get('nadgrids') === '@null'
  const web = isWeb ? `,EXTENSION["PROJ4","${crs.proj4}"]` : ''
  const axes = axesOf(crs, proj)
  const base = geographic(crs, 'base', '')
  return `PROJCS["${crs.name}",${base},PROJECTION["${row.method}"]${values.join('')},UNIT[${unit}]${axes}${web}${authority}]`
}

/** A projection that has no name here, by its PROJ terms, as GDAL writes one that WKT 1 has no name for. */
function extended(crs: Crs, authority: string): string | undefined {
  const { proj, metresPerUnit } = definitionOf(crs.proj4)
  // Not a projection, but the globe turned; its axes are angles.
  if (proj === 'ob_tran') return undefined
  const unit = metresPerUnit === 1 ? '"metre",1' : `"${crs.unit}",${metresPerUnit}`
  const base = geographic(crs, 'base', '')
  return `PROJCS["${crs.name}",${base},PROJECTION["custom_proj4"],UNIT[${unit}]${axesOf(crs, proj)},EXTENSION["PROJ4","${crs.proj4}"]${authority}]`
}

/** Systems that EPSG defines with the northing first; readers only know them again when the text says so. */
const NORTHING_FIRST = new Set([2180, 2193, 3034, 3035, 3844, 5514, 31466, 31467, 31468, 31469])

/** Coordinates are easting first in files all the same (traditional order of GIS). Polar axes have no such names. */
function axesOf(crs: Crs, proj: string): string {
  if (proj === 'stere') return ''
  const [first, second] = ['AXIS["Easting",EAST]', 'AXIS["Northing",NORTH]']
  const isReversed = NORTHING_FIRST.has(Number(crs.code?.replace(/^EPSG:/, '')))
  return isReversed ? `,${second},${first}` : `,${first},${second}`
}

/** Which row of a projection that WKT has under several names. */
function kindOf(proj: string, terms: Map<string, string>): string {
  if (proj === 'lcc') return terms.has('lat_2') ? 'lcc' : 'lcc1'
  if (proj === 'merc') return Number(terms.get('lat_ts') ?? 0) !== 0 ? 'merc2' : 'merc'
  if (proj === 'stere') {
    const pole = Number(terms.get('lat_0') ?? 0)
    if (Math.abs(pole) !== 90) return 'oblique'
    if (!terms.has('lat_ts')) terms.set('lat_ts', String(pole))
  }
  return proj
}

function geographic(crs: Crs, name: string, authority: string): string {
  const { ellipsoid, parameters, shift, primeMeridian } = definitionOf(crs.proj4)
  const rf = reciprocalFlattening(ellipsoid.es)
  const isWgs84 =
    parameters.get('datum') === 'WGS84' || (ellipsoid.a === 6378137 && Math.abs(rf - 298.257223563) < 1e-8)
  const datum = isWgs84 ? 'WGS_1984' : 'unknown'
  const own = parameters.get('towgs84')?.split(',') ?? (Array.isArray(shift) && !isWgs84 ? shift.map(String) : [])
  const shifts = own.length === 3 || own.length === 7 ? [...own, ...Array<string>(7 - own.length).fill('0')] : []
  const towgs84 = shifts.length === 0 || isWgs84 ? '' : `,TOWGS84[${shifts.join(',')}]`
  const spheroid = `SPHEROID["${isWgs84 ? 'WGS 84' : 'unknown'}",${ellipsoid.a},${rf}]`
  const label = name === 'base' ? (isWgs84 ? 'WGS 84' : 'unknown') : name
  const epsg = isWgs84 && name === 'base' ? ',AUTHORITY["EPSG","4326"]' : authority
  const prime = Number(((primeMeridian * 180) / Math.PI).toFixed(12))
  return `GEOGCS["${label}",DATUM["${datum}",${spheroid}${towgs84}],PRIMEM["Greenwich",${prime}],UNIT["degree",0.0174532925199433]${epsg}]`
}
