/** Constants of geodesy by PROJ's names: ellipsoids, datums, prime meridians, units. Facts only, no computation. */

/** Semi-major axis in metres, then either the semi-minor axis (`b`) or the reciprocal flattening (`rf`). */
export type EllipsoidRow = readonly [a: number, kind: 'b' | 'rf', value: number]

export const ELLIPSOIDS: Readonly<Record<string, EllipsoidRow>> = {
  MERIT: [6378137, 'rf', 298.257],
  SGS85: [6378136, 'rf', 298.257],
  GRS80: [6378137, 'rf', 298.257222101],
  IAU76: [6378140, 'rf', 298.257],
  airy: [6377563.396, 'rf', 299.3249646],
  APL4: [6378137, 'rf', 298.25],
  NWL9D: [6378145, 'rf', 298.25],
  mod_airy: [6377340.189, 'b', 6356034.446],
  andrae: [6377104.43, 'rf', 300],
  danish: [6377019.2563, 'rf', 300],
  aust_SA: [6378160, 'rf', 298.25],
  GRS67: [6378160, 'rf', 298.247167427],
  GSK2011: [6378136.5, 'rf', 298.2564151],
  bessel: [6377397.155, 'rf', 299.1528128],
  bess_nam: [6377483.865, 'rf', 299.1528128],
  clrk66: [6378206.4, 'b', 6356583.8],
  clrk80: [6378249.145, 'rf', 293.4663],
  clrk80ign: [6378249.2, 'rf', 293.4660212936269],
  CPM: [6375738.7, 'rf', 334.29],
  delmbr: [6376428, 'rf', 311.5],
  engelis: [6378136.05, 'rf', 298.2566],
  evrst30: [6377276.345, 'rf', 300.8017],
  evrst48: [6377304.063, 'rf', 300.8017],
  evrst56: [6377301.243, 'rf', 300.8017],
  evrst69: [6377295.664, 'rf', 300.8017],
  evrstSS: [6377298.556, 'rf', 300.8017],
  fschr60: [6378166, 'rf', 298.3],
  fschr60m: [6378155, 'rf', 298.3],
  fschr68: [6378150, 'rf', 298.3],
  helmert: [6378200, 'rf', 298.3],
  hough: [6378270, 'rf', 297],
  intl: [6378388, 'rf', 297],
  krass: [6378245, 'rf', 298.3],
  kaula: [6378163, 'rf', 298.24],
  lerch: [6378139, 'rf', 298.257],
  mprts: [6397300, 'rf', 191],
  new_intl: [6378157.5, 'b', 6356772.2],
  plessis: [6376523, 'b', 6355863],
  PZ90: [6378136, 'rf', 298.25784],
  SEasia: [6378155, 'b', 6356773.3205],
  walbeck: [6376896, 'b', 6355834.8467],
  WGS60: [6378165, 'rf', 298.3],
  WGS66: [6378145, 'rf', 298.25],
  WGS72: [6378135, 'rf', 298.26],
  WGS84: [6378137, 'rf', 298.257223563],
  sphere: [6370997, 'b', 6370997],
}

/** Ellipsoid, and the shift to WGS 84 in metres, arc-seconds and parts per million (position vector convention). */
export interface DatumRow {
  readonly ellps: string
  readonly towgs84: readonly number[]
}

/** Datums by the name that PROJ strings use, lower case. Grids are not used: NAD27 has the mean shift of EPSG:1173. */
export const DATUMS: Readonly<Record<string, DatumRow>> = {
  wgs84: { ellps: 'WGS84', towgs84: [0, 0, 0] },
  nad83: { ellps: 'GRS80', towgs84: [0, 0, 0] },
  nad27: { ellps: 'clrk66', towgs84: [-8, 160, 176] },
  ggrs87: { ellps: 'GRS80', towgs84: [-199.87, 74.79, 246.62] },
  potsdam: { ellps: 'bessel', towgs84: [598.1, 73.7, 418.2, 0.202, 0.045, -2.455, 6.7] },
  carthage: { ellps: 'clrk80ign', towgs84: [-263, 6, 431] },
  hermannskogel: { ellps: 'bessel', towgs84: [577.326, 90.129, 463.919, 5.137, 1.474, 5.297, 2.4232] },
  ire65: { ellps: 'mod_airy', towgs84: [482.53, -130.596, 564.557, -1.042, -0.214, -0.631, 8.15] },
  nzgd49: { ellps: 'intl', towgs84: [59.47, -5.04, 187.44, 0.47, -0.1, 1.024, -4.5993] },
  osgb36: { ellps: 'airy', towgs84: [446.448, -125.157, 542.06, 0.1502, 0.247, 0.8421, -20.4894] },
}

/** Degrees east of Greenwich. */
export const PRIME_MERIDIANS: Readonly<Record<string, number>> = {
  greenwich: 0,
  lisbon: -9.131906111111,
  paris: 2.337229166667,
  bogota: -74.080916666667,
  madrid: -3.687938888889,
  rome: 12.452333333333,
  bern: 7.439583333333,
  jakarta: 106.807719444444,
  ferro: -17.666666666667,
  brussels: 4.367975,
  stockholm: 18.058277777778,
  athens: 23.7163375,
  oslo: 10.722916666667,
}

/** Metres in one unit of projected coordinates. */
export const UNITS: Readonly<Record<string, number>> = {
  m: 1,
  mm: 0.001,
  cm: 0.01,
  dm: 0.1,
  km: 1000,
  ft: 0.3048,
  'us-ft': 1200 / 3937,
  yd: 0.9144,
  'us-yd': 3600 / 3937,
  mi: 1609.344,
  'us-mi': (1200 / 3937) * 5280,
  kmi: 1852,
  fath: 1.8288,
  ch: 20.1168,
  'us-ch': (1200 / 3937) * 66,
  link: 0.201168,
  in: 0.0254,
  'us-in': 100 / 3937,
  'ind-ft': 0.30479841,
  'ind-yd': 0.91439523,
  'ind-ch': 20.11669506,
}
