/** PROJJSON (schema 0.7) of common systems, as GeoParquet asks for it. */
import { InputError } from '@ecotope/core'
import { lonLat } from '../cf/crs.ts'
import { reciprocalFlattening, termsOf } from '../cf/terms.ts'
import { definitionOf, numeric } from '../crs/definition.ts'
import { crsEquals } from '../crs/transform.ts'
import type { Crs } from '../types.ts'

type Kind = 'degree' | 'metre' | 'unity'
interface Conversion {
  readonly method: string
  readonly parameters: readonly (readonly [name: string, key: string, kind: Kind, otherwise?: number])[]
}

const ORIGIN = [
  ['Latitude of natural origin', 'lat_0', 'degree'],
  ['Longitude of natural origin', 'lon_0', 'degree'],
] as const
const FALSE = [
  ['False easting', 'x_0', 'metre'],
  ['False northing', 'y_0', 'metre'],
] as const
const AT_FALSE_ORIGIN = [
  ['Latitude of false origin', 'lat_0', 'degree'],
  ['Longitude of false origin', 'lon_0', 'degree'],
  ['Latitude of 1st standard parallel', 'lat_1', 'degree'],
  ['Latitude of 2nd standard parallel', 'lat_2', 'degree'],
  ['Easting at false origin', 'x_0', 'metre'],
  ['Northing at false origin', 'y_0', 'metre'],
] as const
const SCALE = ['Scale factor at natural origin', 'k_0', 'unity', 1] as const

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  tmerc: { method: 'Transverse Mercator', parameters: [...ORIGIN, SCALE, ...FALSE] },
  laea: { method: 'Lambert Azimuthal Equal Area', parameters: [...ORIGIN, ...FALSE] },
  aea: { method: 'Albers Equal Area', parameters: AT_FALSE_ORIGIN },
  lcc: { method: 'Lambert Conic Conformal (2SP)', parameters: AT_FALSE_ORIGIN },
  web: { method: 'Popular Visualisation Pseudo Mercator', parameters: [...ORIGIN, ...FALSE] },
  sinu: { method: 'Sinusoidal', parameters: [ORIGIN[1], ...FALSE] },
}

/** The object, undefined for longitude and latitude on WGS 84 (the default of GeoParquet). Throws `UnknownCrs`. */
export function projJsonOf(crs: Crs): object | undefined {
  if (crs.code === 'EPSG:4326' || (crs.code === undefined && crsEquals(crs, lonLat()))) return undefined
  const [authority = '', code = ''] = crs.code?.split(':') ?? []
  const id = crs.code === undefined ? {} : { id: { authority, code: Number(code) } }
  const geographic = geographicOf(crs)
  if (crs.isGeographic) return { $schema: SCHEMA, ...geographic, ...id }
  return {
    $schema: SCHEMA,
    type: 'ProjectedCRS',
    name: crs.name,
    base_crs: geographic,
    conversion: conversionOf(crs),
    coordinate_system: {
      subtype: 'Cartesian',
      axis: [axis('Easting', 'E', 'east', 'metre'), axis('Northing', 'N', 'north', 'metre')],
    },
    ...id,
  }
}

function geographicOf(crs: Crs): object {
  const { ellipsoid } = definitionOf(crs.proj4)
  const rf = reciprocalFlattening(ellipsoid.es)
  const shape = rf === 0 ? { semi_minor_axis: ellipsoid.a } : { inverse_flattening: rf }
  const isWgs84 = ellipsoid.a === 6378137 && Math.abs(rf - 298.257223563) < 1e-7
  return {
    type: 'GeographicCRS',
    name: crs.isGeographic ? crs.name : isWgs84 ? 'WGS 84' : 'unknown',
    datum: {
      type: 'GeodeticReferenceFrame',
      name: isWgs84 ? 'World Geodetic System 1984' : 'unknown',
      ellipsoid: { name: isWgs84 ? 'WGS 84' : 'unknown', semi_major_axis: ellipsoid.a, ...shape },
    },
    coordinate_system: {
      subtype: 'ellipsoidal',
      axis: [axis('Longitude', 'lon', 'east', 'degree'), axis('Latitude', 'lat', 'north', 'degree')],
    },
  }
}

function conversionOf(crs: Crs): object {
  const { proj, terms } = termsOf(crs)
  const isOneParallel = proj === 'lcc' && !terms.has('lat_2')
  const isWeb = proj === 'merc' && terms.get('nadgrids') === '@null'
  const row = isOneParallel ? undefined : CONVERSIONS[isWeb ? 'web' : proj]
  if (row === undefined || (crs.metresPerUnit ?? 1) !== 1) {
    throw new InputError('UnknownCrs', `GeoParquet cannot be written in ${crs.name}`, {
      hint: 'transform the features to longitude and latitude or UTM first',
      data: { crs: crs.code ?? crs.name },
    })
  }
  const parameters = row.parameters.map(([name, key, unit, otherwise]) => ({
    name,
    value: numeric(terms, key) ?? otherwise ?? 0,
    unit,
  }))
  return { name: crs.name, method: { name: row.method }, parameters }
}

const SCHEMA = 'https://proj.org/schemas/v0.7/projjson.schema.json'

const axis = (name: string, abbreviation: string, direction: string, unit: string): object => ({
  name,
  abbreviation,
  direction,
  unit,
})
