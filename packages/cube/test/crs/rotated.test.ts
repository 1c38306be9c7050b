/** Grids about a moved pole, and other definitions that PROJ reads in several ways; numbers by PROJ 9.5. */
import { describe, expect, it } from 'vitest'
import { crsOfMapping } from '../../src/cf/crs.ts'
import { mappingOf } from '../../src/cf/mapping.ts'
import { crsEquals, parseCrs, transformer } from '../../src/index.ts'

const SPHERE = parseCrs('+proj=longlat +R=6371229')
const POLE = '+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +o_lon_p=10 +lon_0=18 +R=6371229'
const PLACES = [10, 50, -170, -20, 30, 40]
const TURNED = [4.867355200483809, -0.4724280878272969, -178.71034078060978, 30.279007154364727]

const base =
  'BASEGEOGCRS["unknown",DATUM["unknown",ELLIPSOID["unknown",6371229,0,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0]]'
const axes = 'CS[ellipsoidal,2],AXIS["longitude",east],AXIS["latitude",north],ANGLEUNIT["degree",0.0174532925199433]'
const derived = (method: string, parameters: Readonly<Record<string, number>>): string => {
  const listed = Object.entries(parameters).map(
    ([name, value]) => `PARAMETER["${name}",${value},ANGLEUNIT["degree",0.0174532925199433]]`,
  )
  return `GEOGCRS["turned",${base},DERIVINGCONVERSION["unknown",METHOD["${method}"],${listed.join(',')}],${axes}]`
}

const WRITINGS: Readonly<Record<string, string>> = {
  'PROJ string': POLE,
  'PROJ string with a unit': `${POLE} +to_meter=0.0174532925199433`,
  'WKT of PROJ': derived('PROJ ob_tran o_proj=longlat', { o_lat_p: 39.25, o_lon_p: 10, lon_0: 18 }),
  'WKT of the CF convention': derived('Pole rotation (netCDF CF convention)', {
    'Grid north pole latitude (netCDF CF convention)': 39.25,
    'Grid north pole longitude (netCDF CF convention)': -162,
    'North pole grid longitude (netCDF CF convention)': 10,
  }),
  'WKT of the GRIB convention': derived('Pole rotation (GRIB convention)', {
    'Latitude of the southern pole (GRIB convention)': -39.25,
    'Longitude of the southern pole (GRIB convention)': 18,
    'Axis rotation (GRIB convention)': -10,
  }),
}

describe('a moved pole', () => {
  it.each(Object.entries(WRITINGS))('%s', (_, text) => {
    const crs = parseCrs(text)
    expect(crs).toMatchObject({ unit: 'degree', isGeographic: false })
    const points = Float64Array.from(PLACES)
    transformer(SPHERE, crs)(points)
    for (const [i, degrees] of TURNED.entries()) expect(points[i]).toBeCloseTo(degrees, 9)
    transformer(crs, SPHERE)(points)
    for (const [i, degrees] of PLACES.entries()) expect(points[i]).toBeCloseTo(degrees, 9)
  })

  it('is not the same as another one, nor as no moved one', () => {
    const crs = parseCrs(POLE)
    expect(crsEquals(crs, parseCrs(`${POLE} +to_meter=0.0174532925199433`))).toBe(true)
    expect(crsEquals(crs, parseCrs(POLE.replace('39.25', '40')))).toBe(false)
    expect(crsEquals(crs, SPHERE)).toBe(false)
  })

  it('is written to CF as it was read', () => {
    const grid = { crs: parseCrs(POLE), affine: [1, 0, 0, 0, -1, 0], width: 1, height: 1 } as const
    const mapping = mappingOf(grid)
    expect(mapping).toMatchObject({
      grid_mapping_name: 'rotated_latitude_longitude',
      grid_north_pole_latitude: 39.25,
      grid_north_pole_longitude: -162,
      north_pole_grid_longitude: 10,
    })
    const { spatial_ref: _, ...terms } = mapping
    expect(crsEquals(crsOfMapping(terms)!, grid.crs)).toBe(true)
  })
})

describe('geostationary views', () => {
  const view = '+proj=geos +h=35786023 +lon_0=-75 +ellps=GRS80'

  it('swept about different axes are different', () => {
    expect(crsEquals(parseCrs(view), parseCrs(`${view} +sweep=y`))).toBe(true)
    expect(crsEquals(parseCrs(view), parseCrs(`${view} +sweep=x`))).toBe(false)
  })

  it('are written to CF as they were read', () => {
    const grid = { crs: parseCrs(`${view} +sweep=x`), affine: [1, 0, 0, 0, -1, 0], width: 1, height: 1 } as const
    const { spatial_ref: _, ...terms } = mappingOf(grid)
    expect(terms.sweep_angle_axis).toBe('x')
    expect(crsEquals(crsOfMapping(terms)!, grid.crs)).toBe(true)
  })
})

describe('definitions that leave something out', () => {
  const project = (text: string, place: readonly number[]): Float64Array => {
    const crs = parseCrs(text)
    const points = Float64Array.from(place)
    transformer(parseCrs(`+proj=longlat ${/\+(datum|R|ellps)=\S+/.exec(text)![0]}`), crs)(points)
    return points
  }

  it('an origin', () => {
    const [x, y] = project('+proj=mill +R=6371000', [-148.1774946531953, -28.133098720922817])
    expect(x).toBeCloseTo(-16476585.648336546, 3)
    expect(y).toBeCloseTo(-3211956.5201804317, 3)
    const conic = project(
      '+proj=eqdc +lat_1=20 +lat_2=60 +lon_0=-96 +datum=WGS84',
      [-74.23034144069506, 58.45762164558544],
    )
    expect(conic[0]).toBeCloseTo(1243919.281543579, 3)
    expect(conic[1]).toBeCloseTo(6631871.365088655, 2)
  })

  it('the sphere of the ellipsoid', () => {
    const text = '+proj=laea +R_A +lat_0=45 +lon_0=-100 +datum=NAD27'
    const points = Float64Array.of(-77.86, 50.75)
    transformer(parseCrs('EPSG:4267'), parseCrs(text.replace('+datum', '+units=m +datum')))(points)
    expect(points[0]).toBeCloseTo(1533801.971372564, 2)
    expect(points[1]).toBeCloseTo(856645.5789506123, 2)
  })

  it('that a method is the spherical one', () => {
    const wkt = (method: string) =>
      `PROJCRS["a",BASEGEOGCRS["b",DATUM["c",ELLIPSOID["Clarke 1866",6378206.4,294.978698213898]]],CONVERSION["d",METHOD["${method}"],PARAMETER["Latitude of natural origin",45],PARAMETER["Longitude of natural origin",-100]],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]`
    expect(parseCrs(wkt('Lambert Azimuthal Equal Area (Spherical)')).proj4).toContain('+proj=laea +R_A')
    expect(parseCrs(wkt('Lambert Cylindrical Equal Area (Spherical)')).proj4).toContain('+proj=cea +R_A')
  })
})

describe('what lies beyond the edge of a map', () => {
  const isOnMap = (text: string, point: readonly number[]): boolean => {
    const points = Float64Array.from(point)
    transformer(parseCrs(text), parseCrs('+proj=longlat +R=6371000'))(points)
    return !Number.isNaN(points[0]!)
  }

  it.each([
    ['+proj=moll +R=6371000', [17e6, 1e6], [17e6, 6e6]],
    ['+proj=robin +R=6371000', [15e6, 1e6], [15e6, 7e6]],
    ['+proj=ortho +lat_0=20 +lon_0=10 +R=6371000', [6e6, 1e6], [6e6, 4e6]],
    ['+proj=eck6 +R=6371000', [17e6, 8e6], [0, 9e6]],
    ['+proj=utm +zone=33 +datum=WGS84', [16e6, 5e6], [18e6, 5e6]],
  ] as const)('%s', (text, inside, outside) => {
    expect(isOnMap(text, inside)).toBe(true)
    expect(isOnMap(text, outside)).toBe(false)
  })
})
