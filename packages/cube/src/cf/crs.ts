/** The CRS of a CF grid mapping: its WKT where it has one, else its parameters. */
import { InputError } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { definitionOf, numeric } from '../crs/definition.ts'
import { crsFromEpsg, unitsOf } from '../crs/epsg.ts'
import type { Crs } from '../types.ts'
import { type Attributes, numberOf, numbersOf, textOf } from './attributes.ts'

/** Attributes in which files write a CRS as text, best first. */
const TEXTS = ['crs_wkt', 'spatial_ref', 'esri_pe_string', 'proj4', 'proj4text', 'proj4string', 'epsg_code', 'crs']

/** The CRS of a grid mapping; undefined where it has no readable text and no known parameters. */
export function crsOfMapping(mapping: Attributes): Crs | undefined {
  for (const name of TEXTS) {
    const text = textOf(mapping, name)
    const crs = text === undefined ? undefined : tryCrs(text)
    if (crs !== undefined) return crs
  }
  const terms = termsOf(mapping)
  if (terms === undefined) return undefined
  const proj4 = `${terms} ${earthOf(mapping)} +no_defs`
  // Names of the well-known systems come with the definition.
  const known = tryCrs(proj4)
  const name = textOf(mapping, 'projected_crs_name') ?? textOf(mapping, 'geographic_crs_name')
  if (known === undefined) return undefined
  return known.code !== undefined || name === undefined ? known : { ...known, name, ...unitsOf(proj4) }
}

/** `parseCrs` that gives undefined for what is none. */
export function tryCrs(text: string): Crs | undefined {
  try {
    return parseCrs(text)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** WGS 84 longitude and latitude, for axes that say no more than that. */
export const lonLat = (): Crs => crsFromEpsg(4326)

/** Height of the satellite above the ellipsoid, metres, of a geostationary view. */
export function heightOf({ proj4 }: Crs): number | undefined {
  const { proj, parameters } = definitionOf(proj4)
  return proj === 'geos' ? numeric(parameters, 'h') : undefined
}

type Terms = (mapping: Attributes) => string | undefined

const term = (key: string, value: number | undefined): string => (value === undefined ? '' : ` +${key}=${value}`)
const origin = (mapping: Attributes, longitude: string): string =>
  term('lat_0', numberOf(mapping, 'latitude_of_projection_origin')) + term('lon_0', numberOf(mapping, longitude))
const shift = (mapping: Attributes): string =>
  term('x_0', numberOf(mapping, 'false_easting')) + term('y_0', numberOf(mapping, 'false_northing'))
const LON = 'longitude_of_projection_origin'
const MERIDIAN = 'longitude_of_central_meridian'

/** One or two standard parallels. */
function parallels(mapping: Attributes): string {
  const [first, second] = numbersOf(mapping, 'standard_parallel')
  return term('lat_1', first ?? numberOf(mapping, 'latitude_of_projection_origin')) + term('lat_2', second)
}

const scaled = (mapping: Attributes, key = 'scale_factor_at_projection_origin'): string =>
  term('k_0', numberOf(mapping, key))
const trueScale = (mapping: Attributes): string => term('lat_ts', numberOf(mapping, 'standard_parallel'))

function polar(mapping: Attributes): string {
  const ts = numberOf(mapping, 'standard_parallel')
  const lat = numberOf(mapping, 'latitude_of_projection_origin') ?? (ts !== undefined && ts < 0 ? -90 : 90)
  const lon = numberOf(mapping, 'straight_vertical_longitude_from_pole') ?? numberOf(mapping, LON)
  return `+proj=stere +lat_0=${lat}${term('lon_0', lon)}${trueScale(mapping)}${scaled(mapping)}`
}

/** The axis about which the view is swept; the fixed one is the other. */
function sweep(mapping: Attributes): string {
  const fixed = textOf(mapping, 'fixed_angle_axis')
  return textOf(mapping, 'sweep_angle_axis') ?? (fixed === undefined ? 'y' : fixed === 'x' ? 'y' : 'x')
}

const height = (mapping: Attributes): string => term('h', numberOf(mapping, 'perspective_point_height'))

function rotatedPole(mapping: Attributes): string {
  const pole = numberOf(mapping, 'grid_north_pole_longitude') ?? 0
  const turn = numberOf(mapping, 'north_pole_grid_longitude') ?? 0
  const lat = term('o_lat_p', numberOf(mapping, 'grid_north_pole_latitude'))
  return `+proj=ob_tran +o_proj=longlat${lat} +o_lon_p=${turn} +lon_0=${180 + pole}`
}

/** CF names of grid mappings (CF 1.11, appendix F) as PROJ terms, before ellipsoid and false origin. */
const MAPPINGS: Readonly<Record<string, Terms>> = {
  latitude_longitude: () => '+proj=longlat',
  albers_conical_equal_area: (m) => `+proj=aea${origin(m, MERIDIAN)}${parallels(m)}`,
  azimuthal_equidistant: (m) => `+proj=aeqd${origin(m, LON)}`,
  geostationary: (m) => `+proj=geos${height(m)}${origin(m, LON)} +sweep=${sweep(m)}`,
  lambert_azimuthal_equal_area: (m) => `+proj=laea${origin(m, LON)}`,
  lambert_conformal_conic: (m) => `+proj=lcc${origin(m, MERIDIAN)}${parallels(m)}`,
  lambert_cylindrical_equal_area: (m) => `+proj=cea${term('lon_0', numberOf(m, MERIDIAN))}${trueScale(m)}${scaled(m)}`,
  mercator: (m) => `+proj=merc${term('lon_0', numberOf(m, LON))}${trueScale(m)}${scaled(m)}`,
  oblique_mercator: (m) =>
    `+proj=omerc${term('lat_0', numberOf(m, 'latitude_of_projection_origin'))}${term('lonc', numberOf(m, LON))}${term('alpha', numberOf(m, 'azimuth_of_central_line'))}${scaled(m)}`,
  orthographic: (m) => `+proj=ortho${origin(m, LON)}`,
  polar_stereographic: polar,
  rotated_latitude_longitude: rotatedPole,
  sinusoidal: (m) => `+proj=sinu${term('lon_0', numberOf(m, LON) ?? numberOf(m, MERIDIAN))}`,
  stereographic: (m) => `+proj=stere${origin(m, LON)}${scaled(m)}`,
  transverse_mercator: (m) => `+proj=tmerc${origin(m, MERIDIAN)}${scaled(m, 'scale_factor_at_central_meridian')}`,
  vertical_perspective: (m) => `+proj=tpers${height(m)}${origin(m, LON)}`,
}

function termsOf(mapping: Attributes): string | undefined {
  const name = textOf(mapping, 'grid_mapping_name')
  const terms = name === undefined ? undefined : MAPPINGS[name]?.(mapping)
  if (terms === undefined) return undefined
  return name === 'latitude_longitude' ? terms : `${terms}${shift(mapping)} +units=m`
}

const ELLIPSOIDS: readonly (readonly [name: RegExp, proj: string])[] = [
  [/^wgs[ _]?(19)?84$/i, 'WGS84'],
  [/^grs[ _]?(19)?80$/i, 'GRS80'],
  [/^bessel 1841$/i, 'bessel'],
  [/^clarke 1866$/i, 'clrk66'],
  [/^airy 1830$/i, 'airy'],
  [/^(international|hayford)/i, 'intl'],
  [/^krass/i, 'krass'],
]

function earthOf(mapping: Attributes): string {
  const radius = numberOf(mapping, 'earth_radius')
  const a = numberOf(mapping, 'semi_major_axis')
  const b = numberOf(mapping, 'semi_minor_axis')
  const rf = numberOf(mapping, 'inverse_flattening')
  const named = ELLIPSOIDS.find(([name]) => name.test(textOf(mapping, 'reference_ellipsoid_name') ?? ''))?.[1]
  const shape =
    a === undefined
      ? radius === undefined
        ? `+ellps=${named ?? 'WGS84'}`
        : `+a=${radius} +b=${radius}`
      : rf !== undefined
        ? `+a=${a} ${rf === 0 ? `+b=${a}` : `+rf=${rf}`}`
        : `+a=${a} +b=${b ?? a}`
  const isWgs84 = shape === '+ellps=WGS84' || (a === 6378137 && Math.abs((rf ?? 0) - 298.257223563) < 1e-8)
  const shifts = numbersOf(mapping, 'towgs84')
  const datum = shifts.length >= 3 ? ` +towgs84=${shifts.join(',')}` : isWgs84 ? ' +towgs84=0,0,0' : ''
  const prime = numberOf(mapping, 'longitude_of_prime_meridian') ?? 0
  return `${shape}${datum}${prime === 0 ? '' : ` +pm=${prime}`}`
}
