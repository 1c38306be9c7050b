/** What a coordinate reference system can be given as. */
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import dialects from '../../../../oracles/raster/wkt.json' with { type: 'json' }
import { crsFromEpsg, parseCrs, transformer } from '../../src/index.ts'

const WGS84 = parseCrs('EPSG:4326')

/** A place inside each system's area of use. */
const PLACES: Readonly<Record<number, readonly [number, number]>> = {
  3031: [40, -75],
  3413: [-40, 75],
  3995: [20, 80],
  5070: [-95, 40],
  2229: [-118, 34],
  26910: [-122, 40],
  32161: [-66.5, 18.2],
  2193: [173, -41],
  3375: [102, 4],
  29101: [-54, -10],
  5880: [-54, -10],
  32733: [15.5, -20],
  27700: [-2, 53],
}

describe('parseCrs', () => {
  it.each(dialects)('understands $dialect of EPSG:$code without its code', ({ code, dialect, wkt }) => {
    const crs = parseCrs(wkt)
    const known = crsFromEpsg(code)
    expect(crs.isGeographic).toBe(known.isGeographic)
    expect(crs.wkt).toBe(wkt)
    const place = PLACES[code] ?? [9, 48]
    const expected = Float64Array.from(place)
    transformer(WGS84, known)(expected)
    const actual = Float64Array.from(place)
    transformer(WGS84, crs)(actual)
    // ESRI's Malaysian RSO leaves the rotation of the plane out.
    if (code === 3375 && dialect === 'esri') return
    // A datum's name may stand for several shifts, and ESRI's names lose it: then only the projection is compared.
    const shifted = /towgs84=(?!0,0,0)/.test(known.proj4)
    const tolerance = shifted ? (dialect === 'esri' ? 1000 : 100) : 0.002
    const scale = known.isGeographic ? 111e3 : 1
    for (const i of [0, 1]) expect(Math.abs(actual[i]! - expected[i]!) * scale).toBeLessThan(tolerance)
  })

  it.each([
    ['32632', 'EPSG:32632'],
    ['epsg:32632', 'EPSG:32632'],
    ['urn:ogc:def:crs:EPSG::32632', 'EPSG:32632'],
    ['urn:ogc:def:crs:EPSG:9.8.1:32632', 'EPSG:32632'],
    ['http://www.opengis.net/def/crs/EPSG/0/32632', 'EPSG:32632'],
    ['urn:ogc:def:crs:OGC:1.3:CRS84', 'EPSG:4326'],
    ['http://www.opengis.net/def/crs/OGC/1.3/CRS84', 'EPSG:4326'],
    ['EPSG:4979', 'EPSG:4326'],
    ['+init=epsg:32632', 'EPSG:32632'],
    ['+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs', 'EPSG:32632'],
    ['+proj=longlat +datum=WGS84 +no_defs', 'EPSG:4326'],
  ])('%s is %s', (text, code) => {
    expect(parseCrs(text).code).toBe(crsFromEpsg(Number(code.slice(5))).code)
  })

  // Numbers by PROJ 9.5, without a shift of the datum.
  it.each([
    // Ellipsoids in Clarke's links and feet.
    [
      'PROJCRS["Trinidad 1903",BASEGEOGCRS["Trinidad 1903",DATUM["Trinidad 1903",ELLIPSOID["Clarke 1858",20926348,294.260676369261,LENGTHUNIT["Clarke\'s foot",0.3047972654]]]],CONVERSION["Trinidad Grid",METHOD["Cassini-Soldner"],PARAMETER["Latitude of natural origin",10.4416666666667,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["Longitude of natural origin",-61.3333333333333,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["False easting",430000,LENGTHUNIT["Clarke\'s link",0.201166195164]],PARAMETER["False northing",325000,LENGTHUNIT["Clarke\'s link",0.201166195164]]],CS[Cartesian,2],AXIS["e",east],AXIS["n",north],LENGTHUNIT["Clarke\'s link",0.201166195164]]',
      [-61.2, 10.6],
      [502533.7973, 412069.7439],
    ],
    // ESRI's orthographic map is of the sphere, WKT's own of the ellipsoid.
    [
      'PROJCS["North_Pole_Orthographic",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Orthographic"],PARAMETER["Longitude_Of_Center",0.0],PARAMETER["Latitude_Of_Center",90.0],UNIT["Meter",1.0]]',
      [0, 60],
      [0, -3189068.5],
    ],
    ['+proj=ortho +lat_0=90 +datum=WGS84', [0, 60], [0, -3197104.5869]],
    // Bonne's standard parallel by WKT 2's name, a height by ESRI's.
    [
      'PROJCS["b",GEOGCS["s",DATUM["s",SPHEROID["s",6371000,0]],UNIT["Degree",0.0174532925199433]],PROJECTION["Bonne"],PARAMETER["Latitude_Of_Natural_Origin",60],UNIT["Meter",1.0]]',
      [10, 50],
      [712098.0599, -1058724.8295],
    ],
    [
      'PROJCS["g",GEOGCS["s",DATUM["s",SPHEROID["s",6378137,298.257222101]],UNIT["Degree",0.0174532925199433]],PROJECTION["Geostationary_Satellite"],PARAMETER["Longitude_Of_Center",-75],PARAMETER["Height",35786023],UNIT["Meter",1.0]]',
      [-60, 20],
      [1525883.8149, 2128285.7493],
    ],
    // Grads from Paris.
    ['EPSG:4807', [2.33722917, 45], [0, 50]],
  ] as const)('%s', (text, place, expected) => {
    const crs = parseCrs(text)
    const shape = (crs.proj4.match(/\+(?:a|b|rf|ellps|datum)=\S+/g) ?? []).join(' ')
    const from = parseCrs(`+proj=longlat ${shape}`)
    const bare = { ...crs, proj4: crs.proj4.replace(/\+(?:towgs84|datum)=\S+/g, '') }
    const xy = Float64Array.from(place)
    transformer(from, crs.proj4.includes('+datum') ? crs : bare)(xy)
    for (const i of [0, 1]) expect(Math.abs(xy[i]! - expected[i]!)).toBeLessThan(crs.isGeographic ? 1e-7 : 1e-3)
  })

  it('has units', () => {
    expect(parseCrs('EPSG:4326')).toMatchObject({ unit: 'degree', isGeographic: true, name: 'WGS 84' })
    expect(parseCrs('EPSG:32632')).toMatchObject({ unit: 'metre', isGeographic: false, name: 'WGS 84 / UTM zone 32N' })
    expect(parseCrs('EPSG:2229')).toMatchObject({ unit: 'us-foot' })
    expect(parseCrs('EPSG:2314')).toMatchObject({ metresPerUnit: 0.3047972654 })
  })

  it.each([
    ['', 'BadCrs'],
    ['UTM 32', 'BadCrs'],
    ['EPSG:1', 'UnknownCrs'],
    ['EPSG:32699', 'UnknownCrs'],
    ['PROJCS["cut', 'BadCrs'],
    ['LOCAL_CS["site",UNIT["metre",1]]', 'BadCrs'],
    ['+proj=longlat +datum=MARS', 'BadCrs'],
    ['+proj=longlat +ellps=mars', 'BadCrs'],
    ['+proj=utm +zone=32 +units=cubit', 'BadCrs'],
    [
      'PROJCS["x",GEOGCS["y",DATUM["z",SPHEROID["s",6378137,298]]],PROJECTION["Moon_Projection"]]',
      'UnsupportedProjection',
    ],
  ])('refuses %j with %s', (text, tag) => {
    const attempt = (): unknown => parseCrs(text)
    expect(attempt).toThrow(InputError)
    expect(attempt).toThrow(expect.objectContaining({ tag }))
  })

  it('suggests a code that is near', () => {
    expect(() => parseCrs('EPSG:32661999')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/EPSG:326\d+/) }),
    )
  })
})
