/** Numbers of the GeoTIFF 1.1 keys and codes that have a meaning here. */

export const KEY = {
  modelType: 1024,
  rasterType: 1025,
  citation: 1026,
  geodeticCrs: 2048,
  geodeticCitation: 2049,
  geodeticDatum: 2050,
  primeMeridian: 2051,
  angularUnit: 2054,
  angularUnitSize: 2055,
  ellipsoid: 2056,
  semiMajor: 2057,
  semiMinor: 2058,
  inverseFlattening: 2059,
  primeMeridianLongitude: 2061,
  toWgs84: 2062,
  projectedCrs: 3072,
  projectedCitation: 3073,
  projection: 3074,
  method: 3075,
  linearUnit: 3076,
  linearUnitSize: 3077,
  falseEasting: 3082,
  falseNorthing: 3083,
} as const

export const USER_DEFINED = 32767

/** Metres by EPSG unit code. */
export const LINEAR_UNITS: Readonly<Record<number, number>> = {
  9001: 1,
  9002: 0.3048,
  9003: 1200 / 3937,
  9005: 0.3047972654,
  9014: 1.8288,
  9030: 1852,
  9036: 1000,
  9093: 1609.344,
  9096: 0.9144,
}

/** Degrees by EPSG unit code. */
export const ANGULAR_UNITS: Readonly<Record<number, number>> = {
  9101: 180 / Math.PI,
  9102: 1,
  9103: 1 / 60,
  9104: 1 / 3600,
  9105: 0.9,
  9106: 0.9,
}

/** PROJ ellipsoids by EPSG code. */
export const ELLIPSOID_CODES: Readonly<Record<number, string>> = {
  7001: 'airy',
  7002: 'mod_airy',
  7003: 'aust_SA',
  7004: 'bessel',
  7008: 'clrk66',
  7011: 'clrk80ign',
  7012: 'clrk80',
  7019: 'GRS80',
  7022: 'intl',
  7024: 'krass',
  7030: 'WGS84',
  7035: 'sphere',
  7036: 'GRS67',
  7043: 'WGS72',
}

/** Projection by GeoTIFF method code, with the PROJ names of the parameters that the method uses. */
export interface MethodRow {
  readonly proj: string
  readonly extra?: string
  /** PROJ parameter to the keys that may hold it, the usual one first. */
  readonly terms: Readonly<Record<string, readonly number[]>>
}

const NATURAL = { lat_0: [3081, 3089, 3085], lon_0: [3080, 3088, 3084] }
const CENTRE = { lat_0: [3089, 3081], lon_0: [3088, 3080] }
const OBLIQUE = { lat_0: [3089, 3081], lonc: [3088, 3080], alpha: [3094], gamma: [3096], k_0: [3093, 3092] }
const SCALE = { k_0: [3092, 3093] }

export const METHODS: Readonly<Record<number, MethodRow>> = {
  1: { proj: 'tmerc', terms: { ...NATURAL, ...SCALE } },
  3: { proj: 'omerc', extra: '+no_uoff', terms: OBLIQUE },
  7: { proj: 'merc', terms: { lon_0: [3080, 3088], lat_ts: [3078], ...SCALE } },
  8: { proj: 'lcc', terms: { lat_1: [3078], lat_2: [3079], lat_0: [3085, 3081, 3089], lon_0: [3084, 3080, 3088] } },
  9: { proj: 'lcc', terms: { lat_1: [3081, 3089], ...NATURAL, ...SCALE } },
  10: { proj: 'laea', terms: CENTRE },
  11: { proj: 'aea', terms: { lat_1: [3078], lat_2: [3079], lat_0: [3081, 3089, 3085], lon_0: [3080, 3088, 3084] } },
  12: { proj: 'aeqd', terms: CENTRE },
  13: { proj: 'eqdc', terms: { lat_1: [3078], lat_2: [3079], ...NATURAL } },
  14: { proj: 'stere', terms: { ...CENTRE, ...SCALE } },
  15: { proj: 'stere', terms: { lat_ts: [3081], lon_0: [3095, 3080], ...SCALE } },
  16: { proj: 'sterea', terms: { ...NATURAL, ...SCALE } },
  17: { proj: 'eqc', terms: { lat_0: [3089, 3081], lon_0: [3088, 3080], lat_ts: [3078] } },
  18: { proj: 'cass', terms: NATURAL },
  19: { proj: 'gnom', terms: CENTRE },
  20: { proj: 'mill', terms: CENTRE },
  21: { proj: 'ortho', terms: CENTRE },
  22: { proj: 'poly', terms: NATURAL },
  23: { proj: 'robin', terms: { lon_0: [3088, 3080] } },
  24: { proj: 'sinu', terms: { lon_0: [3088, 3080] } },
  25: { proj: 'vandg', terms: { lon_0: [3088, 3080] } },
  26: { proj: 'nzmg', terms: NATURAL },
  27: { proj: 'tmerc', extra: '+axis=wsu', terms: { ...NATURAL, ...SCALE } },
  9812: { proj: 'omerc', extra: '+no_uoff', terms: OBLIQUE },
  9815: { proj: 'omerc', terms: OBLIQUE },
  28: { proj: 'cea', terms: { lat_ts: [3078], lon_0: [3080, 3088] } },
}

/** Keys of offsets: natural origin, false origin, centre. */
export const EASTING_KEYS = [3082, 3086, 3090] as const
export const NORTHING_KEYS = [3083, 3087, 3091] as const
