/** PROJJSON of many systems against PROJ's own transformation of a point (oracles/raster/make_projjson.py). */
import { describe, expect, it } from 'vitest'
import cases from '../../../../oracles/raster/projjson.json' with { type: 'json' }
import { parseCrs } from '../../src/crs/crs.ts'
import { crsEquals, transformer } from '../../src/crs/transform.ts'
import type { Crs } from '../../src/types.ts'

/** The geographic system below a projected one: the same earth, no projection. */
function geographic(crs: Crs): Crs {
  const kept = crs.proj4.match(/\+(?:datum|ellps|a|b|rf|R|towgs84|pm|nadgrids|to_degree)=\S+/g) ?? []
  return parseCrs(`+proj=longlat ${kept.join(' ')} +no_defs`)
}

/** Without the code of the authority, so that the numbers in the text have to do. */
const anonymous = (json: object): string =>
  JSON.stringify(json, (key, value: unknown) => (key === 'id' || key === 'ids' ? undefined : value))

describe('PROJJSON', () => {
  it.each(cases)('$system', ({ system, projjson, source, target }) => {
    for (const text of [JSON.stringify(projjson), anonymous(projjson)]) {
      const crs = parseCrs(text)
      const xy = Float64Array.from(source)
      transformer(geographic(crs), crs)(xy)
      const unit = crs.isGeographic ? 1e-9 : 2e-3
      expect(Math.abs(xy[0]! - target[0]!)).toBeLessThan(unit)
      expect(Math.abs(xy[1]! - target[1]!)).toBeLessThan(unit)
    }
    if (system.startsWith('EPSG') && system !== 'EPSG:9518') {
      expect(parseCrs(JSON.stringify(projjson)).code).toBe(system)
      expect(crsEquals(parseCrs(JSON.stringify(projjson)), parseCrs(system))).toBe(true)
    }
  })

  it('takes a bound system with its shift', () => {
    const source = cases.find((row) => row.system === 'EPSG:31467')!.projjson
    const names = ['X-axis translation', 'Y-axis translation', 'Z-axis translation']
    const parameters = names.map((name, i) => ({ name, value: 598 + i, unit: 'metre' }))
    const json = { type: 'BoundCRS', source_crs: { ...source, id: undefined }, transformation: { parameters } }
    expect(parseCrs(JSON.stringify(json)).proj4).toContain('+towgs84=598,599,600')
  })

  it('names what is no system', () => {
    for (const text of ['{', '{"type":"VerticalCRS","name":"height"}', '{}', '{"type":"ProjectedCRS"}']) {
      expect(() => parseCrs(text)).toThrow('cannot read the PROJJSON')
    }
  })
})
