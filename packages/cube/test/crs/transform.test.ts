/** Transformations against PROJ's numbers (oracles/raster/make_crs.py) and against themselves. */
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import oracle from '../../../../oracles/raster/crs.json' with { type: 'json' }
import { crsEquals, parseCrs, transformer } from '../../src/index.ts'

const WGS84 = parseCrs('EPSG:4326')
/** Projections that PROJ or proj4 refuse or approximate; metres. */
const UNSUPPORTED = /col_urban|labrd|hyperbolic|guam/
const LOOSE: Readonly<Record<string, number>> = { robin: 0.2, cass: 0.02 }

describe('transformer', () => {
  it('agrees with PROJ to a tenth of a millimetre in every projection', () => {
    for (const { crs: text, lonLat, xy } of oracle) {
      const crs = parseCrs(text)
      if (UNSUPPORTED.test(crs.proj4)) {
        expect(() => transformer(WGS84, crs), text).toThrow(InputError)
        continue
      }
      const proj = /proj=(\w+)/.exec(crs.proj4)![1]!
      const points = Float64Array.from(lonLat.flat())
      transformer(WGS84, crs)(points)
      const tolerance = crs.isGeographic ? 1e-9 : (LOOSE[proj] ?? 1e-4)
      for (const [i, expected] of xy.flat().entries()) {
        expect(Math.abs(points[i]! - expected), `${text} ${points} ${xy}`).toBeLessThan(tolerance)
      }
    }
  })

  it.each([
    ['EPSG:2056', [830000, 5930000], [2601323.99284752, 1197209.11482014]],
    ['EPSG:31370', [500000, 6550000], [158696.526960723, 142731.144513536]],
    ['EPSG:28992', [600000, 6830000], [155183.917006695, 464084.407034735]],
    ['EPSG:5514', [1750000, 6420000], [-653774.698348658, -1081333.42647363]],
  ])('shifts Web Mercator to the datum of %s as PROJ does', (code, from, expected) => {
    const [web, national] = [parseCrs('EPSG:3857'), parseCrs(code)]
    const points = Float64Array.from(from)
    transformer(web, national)(points)
    expect(Math.hypot(points[0]! - expected[0]!, points[1]! - expected[1]!)).toBeLessThan(0.01)
    transformer(national, web)(points)
    expect(Math.hypot(points[0]! - from[0]!, points[1]! - from[1]!)).toBeLessThan(0.01)
  })

  it('finds nothing beyond the poles of another datum', () => {
    const bessel = parseCrs('+proj=longlat +ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7')
    const points = Float64Array.of(10, 90.5, 10, -147, 10, 50)
    transformer(bessel, parseCrs('EPSG:3035'))(points)
    expect([...points].map(Number.isNaN)).toEqual([true, true, true, true, false, false])
  })

  it('comes back to where it started, where the datum is WGS 84', () => {
    for (const { crs: text, lonLat } of oracle) {
      const crs = parseCrs(text)
      if (UNSUPPORTED.test(crs.proj4) || /robin|cass|towgs84=.*[1-9]/.test(crs.proj4)) continue
      const points = Float64Array.from(lonLat.flat())
      transformer(WGS84, crs)(points)
      transformer(crs, WGS84)(points)
      for (const [i, expected] of lonLat.flat().entries()) {
        expect(Math.abs(points[i]! - expected), text).toBeLessThan(5e-8)
      }
    }
  })

  it('inverts UTM to a nanodegree anywhere near its zone', () => {
    const zone = parseCrs('EPSG:32733')
    const there = transformer(WGS84, zone)
    const back = transformer(zone, WGS84)
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 35, noNaN: true }),
        fc.double({ min: -84, max: 84, noNaN: true }),
        (x, y) => {
          const pair = Float64Array.of(x, y)
          there(pair)
          back(pair)
          expect(Math.abs(pair[0]! - x) * Math.cos((y * Math.PI) / 180)).toBeLessThan(1e-9)
          expect(Math.abs(pair[1]! - y)).toBeLessThan(1e-9)
        },
      ),
    )
  })

  it('gives NaN where a place is outside the projection', () => {
    const points = Float64Array.of(0, 90, Number.NaN, 3)
    transformer(WGS84, parseCrs('EPSG:3857'))(points)
    expect([...points].every(Number.isNaN)).toBe(true)
    const outside = Float64Array.of(1.9e7, 9e6)
    transformer(parseCrs('+proj=sinu +R=6371007.181'), WGS84)(outside)
    // As PROJ: the Earth goes on from the other side.
    expect(outside[0]).toBeCloseTo(4.974262677, 6)
  })

  it('shifts datums through WGS 84 and leaves unknown datums alone', () => {
    const points = Float64Array.of(-1.5, 52)
    transformer(WGS84, parseCrs('EPSG:4277'))(points)
    // PROJ: 51.9995316, -1.4984402 by the same seven parameters.
    expect(Math.abs(points[0]! + 1.5)).toBeGreaterThan(1e-3)
    const bare = Float64Array.of(-1.5, 52)
    transformer(WGS84, parseCrs('+proj=longlat +ellps=airy'))(bare)
    expect([...bare]).toEqual([-1.5, 52])
  })

  it('refuses shifts by grids, and takes them where both systems have the same', () => {
    const grids = '+nadgrids=BETA2007.gsb +ellps=bessel'
    const [degrees, metres] = [`+proj=longlat ${grids}`, `+proj=tmerc +lon_0=9 ${grids}`].map(parseCrs)
    expect(() => transformer(degrees!, WGS84)).toThrow(expect.objectContaining({ tag: 'UnsupportedDatum' }))
    expect(() => transformer(WGS84, metres!)).toThrow(InputError)
    const points = Float64Array.of(9, 0)
    transformer(degrees!, metres!)(points)
    expect(points[0]).toBeCloseTo(0, 6)
    const given = parseCrs(`${degrees!.proj4} +towgs84=598.1,73.7,418.2`)
    const shifted = Float64Array.of(9, 50)
    transformer(given, WGS84)(shifted)
    expect(Math.abs(shifted[0]! - 9)).toBeGreaterThan(1e-4)
  })

  it('does nothing between equal systems', () => {
    const points = Float64Array.of(200, 95)
    transformer(WGS84, parseCrs('OGC:CRS84'))(points)
    expect([...points]).toEqual([200, 95])
  })
})

describe('crsEquals', () => {
  it.each([
    ['EPSG:32632', '+proj=tmerc +lat_0=0 +lon_0=9 +k=0.9996 +x_0=500000 +y_0=0 +datum=WGS84', true],
    ['EPSG:32732', '+proj=utm +zone=32 +south +datum=WGS84', true],
    ['EPSG:32632', 'EPSG:32633', false],
    ['EPSG:32632', 'EPSG:32732', false],
    ['EPSG:32632', 'EPSG:25832', true],
    ['EPSG:4326', 'EPSG:4277', false],
    ['EPSG:4326', 'EPSG:32632', false],
    [
      'EPSG:2229',
      '+proj=lcc +lat_0=33.5 +lon_0=-118 +lat_1=35.4666666666667 +lat_2=34.0333333333333 +x_0=2000000.0001016 +y_0=500000.0001016 +datum=NAD83',
      false,
    ],
    ['EPSG:3857', '+proj=merc +a=6378137 +b=6378137 +nadgrids=@null', true],
    ['+proj=longlat +ellps=intl', '+proj=longlat +ellps=intl +towgs84=-87,-98,-121', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(crsEquals(parseCrs(a), parseCrs(b))).toBe(expected)
  })
})
