/** A CRS and its grid as the attributes of a CF grid mapping variable, with the texts that GDAL and rioxarray read. */
import { definitionOf, numeric } from '../crs/definition.ts'
import type { Crs, Grid } from '../types.ts'
import type { Attributes } from './attributes.ts'
import { reciprocalFlattening, termsOf } from './terms.ts'
import { wktOf } from './wkt-write.ts'

interface MappingRow {
  readonly name: string
  /** CF attribute, PROJ key, value where it is absent. */
  readonly terms: readonly (readonly [cf: string, key: string, otherwise?: number])[]
  /** What is no number, or another one. */
  readonly more?: (terms: ReadonlyMap<string, string>) => Attributes
}

const FALSE = [
  ['false_easting', 'x_0', 0],
  ['false_northing', 'y_0', 0],
] as const
const LAT = ['latitude_of_projection_origin', 'lat_0', 0] as const
const LON = ['longitude_of_projection_origin', 'lon_0', 0] as const
const MERIDIAN = ['longitude_of_central_meridian', 'lon_0', 0] as const

const MAPPINGS: Readonly<Record<string, MappingRow>> = {
  tmerc: {
    name: 'transverse_mercator',
    terms: [LAT, MERIDIAN, ['scale_factor_at_central_meridian', 'k_0', 1], ...FALSE],
  },
  lcc: { name: 'lambert_conformal_conic', terms: [LAT, MERIDIAN, ...FALSE] },
  aea: { name: 'albers_conical_equal_area', terms: [LAT, MERIDIAN, ...FALSE] },
  laea: { name: 'lambert_azimuthal_equal_area', terms: [LAT, LON, ...FALSE] },
  aeqd: { name: 'azimuthal_equidistant', terms: [LAT, LON, ...FALSE] },
  sinu: { name: 'sinusoidal', terms: [LON, ...FALSE] },
  cea: { name: 'lambert_cylindrical_equal_area', terms: [MERIDIAN, ['standard_parallel', 'lat_ts', 0], ...FALSE] },
}

const HEIGHT = ['perspective_point_height', 'h', 0] as const

const VIEWS: Readonly<Record<string, MappingRow>> = {
  geos: {
    name: 'geostationary',
    terms: [LAT, LON, HEIGHT, ...FALSE],
    more: (terms) => ({ sweep_angle_axis: terms.get('sweep') ?? 'y' }),
  },
  ob_tran: {
    name: 'rotated_latitude_longitude',
    terms: [
      ['grid_north_pole_latitude', 'o_lat_p', 90],
      ['north_pole_grid_longitude', 'o_lon_p', 0],
    ],
    more: (terms) => ({ grid_north_pole_longitude: wrapped((numeric(terms, 'lon_0') ?? 0) - 180) }),
  },
}

/** Degrees from -180 up to 180. */
const wrapped = (degrees: number): number => degrees - 360 * Math.floor((degrees + 180) / 360)

const rowOf = (crs: Crs, proj: string): MappingRow | undefined =>
  proj === 'ob_tran' && crs.unit !== 'degree' ? undefined : (MAPPINGS[proj] ?? VIEWS[proj])

/** Attributes of the grid mapping of a grid: parameters where CF has them, `crs_wkt`, `spatial_ref`, `GeoTransform`. */
export function mappingOf(grid: Grid): Attributes {
  const [a, b, c, d, e, f] = grid.affine
  return { ...crsAttributes(grid.crs), GeoTransform: [c, a, b, f, d, e].join(' ') }
}

/** The same of what has no grid. */
export function crsAttributes(crs: Crs): Attributes {
  const wkt = wktOf(crs)
  return {
    ...parametersOf(crs),
    ...(wkt === undefined ? { spatial_ref: crs.proj4 } : { crs_wkt: wkt, spatial_ref: wkt }),
  }
}

function parametersOf(crs: Crs): Attributes {
  const { ellipsoid, primeMeridian } = definitionOf(crs.proj4)
  const { proj, terms } = termsOf(crs)
  const row = rowOf(crs, proj)
  // CF has no name for it, or its parameters would say less than the text does.
  if (!crs.isGeographic && row === undefined) return {}
  const values = (row?.terms ?? []).map(([cf, key, otherwise]) => [cf, numeric(terms, key) ?? otherwise ?? 0])
  const parallels = ['lat_1', 'lat_2'].flatMap((key) => numeric(terms, key) ?? [])
  return {
    grid_mapping_name: row?.name ?? 'latitude_longitude',
    ...(Object.fromEntries(values) as Attributes),
    ...row?.more?.(terms),
    ...(parallels.length === 0 ? {} : { standard_parallel: parallels }),
    semi_major_axis: ellipsoid.a,
    semi_minor_axis: ellipsoid.a * Math.sqrt(1 - ellipsoid.es),
    inverse_flattening: reciprocalFlattening(ellipsoid.es),
    longitude_of_prime_meridian: Number(((primeMeridian * 180) / Math.PI).toFixed(12)),
  }
}
