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
