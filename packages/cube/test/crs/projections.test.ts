/** Every projection that PROJ has (oracles/raster/make_projections.py): equal to a millimetre both ways, or refused. */
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import oracle from '../../../../oracles/raster/projections.json' with { type: 'json' }
import { parseCrs, transformer } from '../../src/index.ts'

/**
 * Metres where it is more than one millimetre: PROJ's constants of Robinson's have seven digits, its van der Grinten's
 * loses digits near the equator; of `+approx` we have the exact form.
 */
const LOOSE: Readonly<Record<string, number>> = { robin: 0.4, vandg: 0.05, tmerc: 0.002 }
/** Of metres: what 1e-9 of a coordinate is. */
const RELATIVE = 1e-9
const METRES_PER_DEGREE = 111e3

const nameOf = (text: string): string => /proj=(\w+)/.exec(text)![1]!

/** The geographic system of the same ellipsoid. */
const geographic = (text: string) => parseCrs(`+proj=longlat ${(text.match(/\+(?:ellps|R|a|b)=\S+/g) ?? []).join(' ')}`)

/** Metres between two places, degrees. */
function between(a: readonly number[], b: readonly number[]): number {
  const turn = Math.abs(a[0]! - b[0]!) % 360
  const across = Math.min(turn, 360 - turn) * Math.cos((a[1]! * Math.PI) / 180)
  return Math.hypot(across, a[1]! - b[1]!) * METRES_PER_DEGREE
}

const refused: string[] = []
const served = oracle.filter(({ crs }) => {
  try {
    transformer(geographic(crs), parseCrs(crs))
    return true
  } catch (cause) {
    if (cause instanceof InputError && cause.tag === 'UnsupportedProjection') refused.push(crs)
    else throw cause
    return false
  }
})

describe('projections', () => {
  it.each(served)('$crs', ({ crs, rows }) => {
    const [system, degrees] = [parseCrs(crs), geographic(crs)]
    const [there, back] = [transformer(degrees, system), transformer(system, degrees)]
    const most = LOOSE[nameOf(crs)] ?? 1e-3
    for (const [longitude, latitude, x, y, backLongitude, backLatitude] of rows) {
      const place = Float64Array.of(longitude!, latitude!)
      there(place)
      if (x === null) {
        expect(place[0], `${longitude}, ${latitude}`).toBeNaN()
        continue
      }
      const allowed = Math.max(most, RELATIVE * Math.hypot(x!, y!))
      expect(Math.hypot(place[0]! - x!, place[1]! - y!), `${longitude}, ${latitude}`).toBeLessThan(allowed)
      const again = Float64Array.of(x!, y!)
      back(again)
      if (backLongitude === null) continue
      // PROJ's own inverse is not always as close as its forward.
      const proj = between([...again], [backLongitude!, backLatitude!])
      expect(Math.min(proj, between([...again], [longitude!, latitude!])), `${x}, ${y}`).toBeLessThan(allowed)
    }
  })

  it('are refused where there is nothing that equals PROJ', () => {
    const names = new Set(refused.map(nameOf))
    const variants = ['gnom', 'ortho', 'aeqd', 'cass', 'krovak', 'stere', 'somerc', 'poly']
    for (const name of [...variants, 'wintri', 'hammer', 'aitoff', 'healpix', 's2', 'labrd', 'imw_p'])
      expect(names).toContain(name)
    for (const name of ['eck1', 'eck4', 'eck6', 'igh', 'igh_o', 'goode', 'gall', 'moll', 'eqearth', 'bonne']) {
      expect(names).not.toContain(name)
    }
    expect(served.length).toBeGreaterThan(100)
  })

  it.each([
    ['Eckert_IV', '', 'eck4'],
    ['Gall_Stereographic', '', 'gall'],
    ['Winkel_I', ',PARAMETER["Standard_Parallel_1",50]', 'wink1 +lat_ts=50'],
    ['Goode_Homolosine', ',PARAMETER["Option",0]', 'goode'],
    ['Goode_Homolosine', ',PARAMETER["Option",1]', 'igh'],
    ['Goode_Homolosine', ',PARAMETER["Option",2]', 'igh_o'],
    ['Interrupted_Goode_Homolosine', '', 'igh'],
  ])('%s%s in WKT is %s', (name, parameter, proj) => {
    const base =
      'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
    const wkt = `PROJCS["x",${base},PROJECTION["${name}"],PARAMETER["Central_Meridian",20]${parameter},UNIT["metre",1]]`
    const points = [Float64Array.of(30, 50), Float64Array.of(30, 50)] as const
    transformer(parseCrs('EPSG:4326'), parseCrs(wkt))(points[0])
    transformer(parseCrs('EPSG:4326'), parseCrs(`+proj=${proj} +lon_0=20 +datum=WGS84`))(points[1])
    expect([...points[0]]).toEqual([...points[1]])
  })

  it('give nothing beside the maps that end', () => {
    const beside = (crs: string, x: number, y: number): number => {
      const point = Float64Array.of(x, y)
      transformer(parseCrs(crs), parseCrs('+proj=longlat +R=6371000'))(point)
      return point[0]!
    }
    expect(beside('+proj=moll +R=6371000', 17e6, 5e6)).toBeNaN()
    expect(beside('+proj=ortho +lat_0=30 +ellps=WGS84', 6e6, 4e6)).toBeNaN()
    // Between the lobes over the southern Atlantic.
    expect(beside('+proj=igh +R=6371000', -2.2e6, -8e6)).toBeNaN()
    // Beside Eckert's the Earth goes on, as in PROJ.
    expect(beside('+proj=eck4 +R=6371000', 17e6, 5e6)).not.toBeNaN()
  })
})
