import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { crsOfMapping } from '../../src/cf/crs.ts'
import { mappingOf } from '../../src/cf/mapping.ts'
import { wktOf } from '../../src/cf/wkt-write.ts'
import { parseCrs } from '../../src/crs/crs.ts'
import { crsEquals, transformer } from '../../src/crs/transform.ts'
import type { Crs } from '../../src/types.ts'

interface Row {
  readonly cf: Record<string, unknown>
  readonly point: [number, number]
  readonly xy: [number, number]
  readonly wkt_xy: [number, number] | null
  readonly wkt_epsg: number | null
  readonly cf_xy: [number, number] | null
}
const golden = JSON.parse(readFileSync(new URL('../../../../oracles/cf/cf.json', import.meta.url), 'utf8')) as {
  systems: Record<string, Row>
}

/** From the longitude and latitude of the system itself, so that no datum shift takes part. */
function project(crs: Crs, point: [number, number]): Float64Array {
  const earth = /\+(?:ellps|datum|a|b|rf)=\S+/g
  const base = crs.isGeographic
    ? crs
    : parseCrs(
        `+proj=longlat ${[...crs.proj4.matchAll(earth)].join(' ')} ${/\+towgs84=\S+/.exec(crs.proj4)?.[0] ?? ''}`,
      )
  const xy = Float64Array.from(point)
  transformer(base, crs)(xy)
  return xy
}

const near = (a: ArrayLike<number>, b: readonly number[], tolerance: number): void => {
  for (const [i, v] of b.entries()) expect(Math.abs(a[i]! - v)).toBeLessThan(tolerance)
}

describe('grid mappings of CF', () => {
  for (const [code, { cf, point, xy }] of Object.entries(golden.systems)) {
    test.skipIf(cf.grid_mapping_name === undefined)(`${code} from the parameters that pyproj writes`, () => {
      const crs = crsOfMapping(cf)!
      near(project(crs, point), xy, crs.isGeographic ? 1e-9 : 1e-3)
    })
  }

  for (const [code, { xy, wkt_xy, wkt_epsg, cf_xy }] of Object.entries(golden.systems)) {
    test(`${code} as we write it, read by PROJ and GDAL`, () => {
      near(wkt_xy!, xy, 1e-6)
      if (cf_xy !== null) near(cf_xy, xy, 1e-6)
      expect(wkt_epsg).toBe(Number(code.slice(5)))
    })

    test(`${code} goes there and back`, () => {
      const { wkt: _, ...crs } = parseCrs(code)
      const grid = { crs, affine: [1, 0, 0, 0, -1, 0], width: 1, height: 1 } as const
      const { crs_wkt, spatial_ref, ...parameters } = mappingOf(grid)
      expect(crs_wkt).toBe(spatial_ref)
      expect(crsEquals(crsOfMapping({ crs_wkt })!, crs)).toBe(true)
      expect(crsOfMapping({ crs_wkt })!.code).toBe(code)
      if (parameters.grid_mapping_name !== undefined)
        expect(project(crsOfMapping(parameters)!, [9, 48]).every(Number.isFinite)).toBe(true)
    })
  }

  test('spheres, named ellipsoids, prime meridians, standard parallels', () => {
    expect(crsOfMapping({ grid_mapping_name: 'latitude_longitude', earth_radius: 6371229 })!.proj4).toContain(
      '+a=6371229 +b=6371229',
    )
    const lambert = crsOfMapping({
      grid_mapping_name: 'lambert_conformal_conic',
      standard_parallel: [25, 30],
      longitude_of_central_meridian: -95,
      latitude_of_projection_origin: 25,
      reference_ellipsoid_name: 'GRS 1980',
      longitude_of_prime_meridian: 2.5,
    })!
    for (const term of ['+lat_1=25', '+lat_2=30', '+lon_0=-95', '+ellps=GRS80', '+pm=2.5'])
      expect(lambert.proj4).toContain(term)
    const polar = crsOfMapping({
      grid_mapping_name: 'polar_stereographic',
      standard_parallel: -70,
      straight_vertical_longitude_from_pole: 10,
    })!
    expect(polar.proj4).toContain('+lat_0=-90 +lon_0=10 +lat_ts=-70')
  })

  test('texts come first, and what is unreadable is left alone', () => {
    expect(crsOfMapping({ spatial_ref: 'EPSG:32633', grid_mapping_name: 'latitude_longitude' })!.code).toBe(
      'EPSG:32633',
    )
    expect(crsOfMapping({ crs_wkt: 'nonsense', epsg_code: 'EPSG:3035' })!.code).toBe('EPSG:3035')
    expect(crsOfMapping({ grid_mapping_name: 'of_no_standard' })).toBeUndefined()
    expect(crsOfMapping({})).toBeUndefined()
    expect(wktOf(parseCrs('+proj=nzmg'))).toMatch(/"custom_proj4".*EXTENSION\["PROJ4","\+proj=nzmg"\]/)
    expect(wktOf(parseCrs('+proj=ob_tran +o_proj=longlat +o_lat_p=39 +lon_0=18 +ellps=WGS84'))).toBeUndefined()
  })
})
