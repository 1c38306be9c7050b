/** How WKT dialects name projections and parameters, and what PROJ calls them. Names are lower case without punctuation. */

export interface Method {
  readonly proj: string
  readonly extra?: string
  /** Of the sphere with the ellipsoid's semi-major axis. */
  readonly isSpherical?: boolean
  /** Other projections by the value of the parameter `Option`. */
  readonly byOption?: readonly string[]
  /** Dialects that give one parameter another meaning. */
  readonly adjust?: (terms: Map<string, number>) => void
}

function rename(terms: Map<string, number>, from: string, to: string): void {
  const value = terms.get(from)
  if (value === undefined) return
  terms.delete(from)
  terms.set(to, value)
}

/** WKT 1 gives the standard parallel as the latitude of origin; WKT 2 variant A gives the pole and a scale. */
function polar(terms: Map<string, number>): void {
  rename(terms, 'lat_1', 'lat_ts')
  const lat0 = terms.get('lat_0')
  const ts = terms.get('lat_ts') ?? lat0 ?? 90
  if (Math.abs(ts) < 90) terms.set('lat_ts', ts)
  terms.set('lat_0', ts < 0 ? -90 : 90)
}

const trueScale = (terms: Map<string, number>): void => rename(terms, 'lat_1', 'lat_ts')
const oneParallel = (terms: Map<string, number>): void => {
  if (!terms.has('lat_1')) terms.set('lat_1', terms.get('lat_0') ?? 0)
}
const oblique = (terms: Map<string, number>): void => rename(terms, 'lon_0', 'lonc')

/** The pole's longitude in the old system instead of the meridian on which it lies. */
const poleOfCf = (terms: Map<string, number>): void => {
  terms.set('lon_0', 180 + (terms.get('lon_0') ?? 0))
}
/** The southern pole instead of the northern one. */
const poleOfGrib = (terms: Map<string, number>): void => {
  terms.set('o_lat_p', -(terms.get('o_lat_p') ?? -90))
  terms.set('o_lon_p', -(terms.get('o_lon_p') ?? 0))
}
const rotated = { proj: 'ob_tran', extra: '+o_proj=longlat' }

export const METHODS: Readonly<Record<string, Method>> = {
  transversemercator: { proj: 'tmerc' },
  gausskruger: { proj: 'tmerc' },
  transversemercatorcomplex: { proj: 'tmerc' },
  transversemercatorsouthorientated: { proj: 'tmerc', extra: '+axis=wsu' },
  lambertconformalconic: { proj: 'lcc', adjust: oneParallel },
  lambertconformalconic1sp: { proj: 'lcc', adjust: oneParallel },
  lambertconformalconic2sp: { proj: 'lcc' },
  lambertconicconformal1sp: { proj: 'lcc', adjust: oneParallel },
  lambertconicconformal2sp: { proj: 'lcc' },
  albers: { proj: 'aea' },
  albersequalarea: { proj: 'aea' },
  albersconicequalarea: { proj: 'aea' },
  lambertazimuthalequalarea: { proj: 'laea' },
  mercator: { proj: 'merc', adjust: trueScale },
  mercator1sp: { proj: 'merc', adjust: trueScale },
  mercator2sp: { proj: 'merc', adjust: trueScale },
  mercatorvarianta: { proj: 'merc', adjust: trueScale },
  mercatorvariantb: { proj: 'merc', adjust: trueScale },
  mercatorauxiliarysphere: { proj: 'webmerc' },
  popularvisualisationpseudomercator: { proj: 'webmerc' },
  polarstereographic: { proj: 'stere', adjust: polar },
  polarstereographicvarianta: { proj: 'stere', adjust: polar },
  polarstereographicvariantb: { proj: 'stere', adjust: polar },
  stereographicnorthpole: { proj: 'stere', adjust: polar },
  stereographicsouthpole: { proj: 'stere', adjust: polar },
  stereographic: { proj: 'stere' },
  obliquestereographic: { proj: 'sterea' },
  doublestereographic: { proj: 'sterea' },
  sinusoidal: { proj: 'sinu' },
  cylindricalequalarea: { proj: 'cea', adjust: trueScale },
  lambertcylindricalequalarea: { proj: 'cea', adjust: trueScale },
  lambertazimuthalequalareaspherical: { proj: 'laea', extra: '+R_A' },
  lambertcylindricalequalareaspherical: { proj: 'cea', extra: '+R_A', adjust: trueScale },
  behrmann: { proj: 'cea', extra: '+lat_ts=30' },
  equirectangular: { proj: 'eqc', adjust: trueScale },
  equidistantcylindrical: { proj: 'eqc', adjust: trueScale },
  equidistantcylindricalspherical: { proj: 'eqc', adjust: trueScale },
  platecarree: { proj: 'eqc', adjust: trueScale },
  azimuthalequidistant: { proj: 'aeqd' },
  modifiedazimuthalequidistant: { proj: 'aeqd' },
  equidistantconic: { proj: 'eqdc' },
  krovak: { proj: 'krovak' },
  krovaknorthorientated: { proj: 'krovak' },
  cassini: { proj: 'cass' },
  cassinisoldner: { proj: 'cass' },
  polyconic: { proj: 'poly' },
  americanpolyconic: { proj: 'poly' },
  mollweide: { proj: 'moll' },
  robinson: { proj: 'robin' },
  orthographic: { proj: 'ortho' },
  orthographicspherical: { proj: 'ortho', isSpherical: true },
  gnomonic: { proj: 'gnom' },
  vandergrinten: { proj: 'vandg' },
  vandergrinteni: { proj: 'vandg' },
  millercylindrical: { proj: 'mill' },
  eckerti: { proj: 'eck1' },
  eckertii: { proj: 'eck2' },
  eckertiii: { proj: 'eck3' },
  eckertiv: { proj: 'eck4' },
  eckertv: { proj: 'eck5' },
  eckertvi: { proj: 'eck6' },
  gallstereographic: { proj: 'gall' },
  winkeli: { proj: 'wink1', adjust: trueScale },
  quarticauthalic: { proj: 'qua_aut' },
  crasterparabolic: { proj: 'crast' },
  flatpolarquartic: { proj: 'mbtfpq' },
  goodehomolosine: { proj: 'goode', byOption: ['goode', 'igh', 'igh_o'] },
  interruptedgoodehomolosine: { proj: 'igh' },
  interruptedgoodehomolosineocean: { proj: 'igh_o' },
  equalearth: { proj: 'eqearth' },
  bonne: { proj: 'bonne', adjust: (terms) => rename(terms, 'lat_0', 'lat_1') },
  newzealandmapgrid: { proj: 'nzmg' },
  swissobliquecylindrical: { proj: 'somerc' },
  swissobliquemercator: { proj: 'somerc' },
  hotineobliquemercator: { proj: 'omerc', extra: '+no_uoff', adjust: oblique },
  hotineobliquemercatorvarianta: { proj: 'omerc', extra: '+no_uoff', adjust: oblique },
  hotineobliquemercatorazimuthnaturalorigin: { proj: 'omerc', extra: '+no_uoff', adjust: oblique },
  rectifiedskeworthomorphicnaturalorigin: { proj: 'omerc', extra: '+no_uoff', adjust: oblique },
  hotineobliquemercatorazimuthcenter: { proj: 'omerc', adjust: oblique },
  hotineobliquemercatorvariantb: { proj: 'omerc', adjust: oblique },
  obliquemercator: { proj: 'omerc', adjust: oblique },
  rectifiedskeworthomorphiccenter: { proj: 'omerc', adjust: oblique },
  verticalperspective: { proj: 'tpers' },
  verticalnearsideperspective: { proj: 'tpers' },
  projobtranoprojlonglat: rotated,
  projobtranoprojlatlong: rotated,
  projobtranoprojlonlat: rotated,
  projobtranoprojlatlon: rotated,
  polerotationnetcdfcfconvention: { ...rotated, adjust: poleOfCf },
  polerotationgribconvention: { ...rotated, adjust: poleOfGrib },
  geostationarysatellite: { proj: 'geos' },
  geostationarysatellitesweepx: { proj: 'geos', extra: '+sweep=x' },
  geostationarysatellitesweepy: { proj: 'geos', extra: '+sweep=y' },
}

export interface Parameter {
  readonly key: string
  readonly kind: 'angle' | 'length' | 'scale'
}

const angle = (key: string): Parameter => ({ key, kind: 'angle' })
const length = (key: string): Parameter => ({ key, kind: 'length' })
const scale = (key: string): Parameter => ({ key, kind: 'scale' })

export const PARAMETERS: Readonly<Record<string, Parameter>> = {
  latitudeoforigin: angle('lat_0'),
  latitudeofnaturalorigin: angle('lat_0'),
  latitudeoffalseorigin: angle('lat_0'),
  latitudeofcenter: angle('lat_0'),
  latitudeofcentre: angle('lat_0'),
  latitudeofprojectioncentre: angle('lat_0'),
  centralmeridian: angle('lon_0'),
  longitudeoforigin: angle('lon_0'),
  longitudeofnaturalorigin: angle('lon_0'),
  longitudeoffalseorigin: angle('lon_0'),
  longitudeofcenter: angle('lon_0'),
  longitudeofcentre: angle('lon_0'),
  longitudeofprojectioncentre: angle('lon_0'),
  standardparallel1: angle('lat_1'),
  latitudeof1ststandardparallel: angle('lat_1'),
  standardparallel2: angle('lat_2'),
  latitudeof2ndstandardparallel: angle('lat_2'),
  latitudeofstandardparallel: angle('lat_ts'),
  pseudostandardparallel1: angle('lat_1'),
  azimuth: angle('alpha'),
  azimuthofinitialline: angle('alpha'),
  azimuthatprojectioncentre: angle('alpha'),
  colatitudeofconeaxis: angle('alpha'),
  xyplanerotation: angle('gamma'),
  rectifiedgridangle: angle('gamma'),
  anglefromrectifiedtoskewgrid: angle('gamma'),
  scalefactor: scale('k_0'),
  scalefactoratnaturalorigin: scale('k_0'),
  scalefactoroninitialline: scale('k_0'),
  scalefactoratprojectioncentre: scale('k_0'),
  scalefactoronpseudostandardparallel: scale('k_0'),
  falseeasting: length('x_0'),
  eastingatfalseorigin: length('x_0'),
  eastingatprojectioncentre: length('x_0'),
  falsenorthing: length('y_0'),
  northingatfalseorigin: length('y_0'),
  northingatprojectioncentre: length('y_0'),
  satelliteheight: length('h'),
  viewpointheight: length('h'),
  height: length('h'),
  latitudeoftopocentricorigin: angle('lat_0'),
  longitudeoftopocentricorigin: angle('lon_0'),
  option: scale('option'),
  lon0: angle('lon_0'),
  olatp: angle('o_lat_p'),
  olonp: angle('o_lon_p'),
  gridnorthpolelatitudenetcdfcfconvention: angle('o_lat_p'),
  gridnorthpolelongitudenetcdfcfconvention: angle('lon_0'),
  northpolegridlongitudenetcdfcfconvention: angle('o_lon_p'),
  latitudeofthesouthernpolegribconvention: angle('o_lat_p'),
  longitudeofthesouthernpolegribconvention: angle('lon_0'),
  axisrotationgribconvention: angle('o_lon_p'),
}
