/** Auxiliary latitudes: series against their definitions. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  areaTerm,
  authalic,
  conformalTan,
  evaluateSeries,
  fromIsometric,
  geodeticTan,
  isometric,
} from '../../src/crs/auxiliary.ts'
import { definitionOf } from '../../src/crs/definition.ts'

const e = Math.sqrt(definitionOf('+proj=longlat +datum=WGS84').ellipsoid.es)
const latitude = fc.double({ min: -1.57, max: 1.57, noNaN: true })

describe('auxiliary latitudes', () => {
  it('conformal: come back, also near the poles', () => {
    fc.assert(
      fc.property(latitude, (phi) => {
        const tau = Math.tan(phi)
        expect(Math.abs(Math.atan(geodeticTan(conformalTan(tau, e), e)) - phi)).toBeLessThan(1e-15 * 8)
        expect(Math.abs(fromIsometric(isometric(phi, e), e) - phi)).toBeLessThan(1e-13)
      }),
    )
  })

  it('authalic: series equal the closed form to rounding, there and back', () => {
    const { qp, fromGeodetic, toGeodetic } = authalic(e)
    fc.assert(
      fc.property(fc.double({ min: -1.4, max: 1.4, noNaN: true }), (phi) => {
        const beta = evaluateSeries(fromGeodetic, phi)
        expect(Math.abs(Math.sin(beta) - areaTerm(Math.sin(phi), e) / qp)).toBeLessThan(4e-15)
        expect(Math.abs(evaluateSeries(toGeodetic, beta) - phi)).toBeLessThan(4e-15)
      }),
    )
  })

  it('are the geodetic one on a sphere', () => {
    const { fromGeodetic } = authalic(0)
    expect(evaluateSeries(fromGeodetic, 0.7)).toBeCloseTo(0.7, 15)
    expect(conformalTan(2, 0)).toBeCloseTo(2, 15)
    expect(geodeticTan(2, 0)).toBe(2)
  })
})

describe('definitionOf', () => {
  it('reads ellipsoids in every spelling', () => {
    const { a, es } = definitionOf('+proj=longlat +datum=WGS84').ellipsoid
    for (const text of [
      '+ellps=WGS84',
      `+a=${a} +rf=298.257223563`,
      `+a=${a} +f=${1 / 298.257223563}`,
      `+a=${a} +es=${es}`,
    ]) {
      const found = definitionOf(`+proj=longlat ${text}`).ellipsoid
      expect(found.a).toBe(a)
      expect(found.es).toBeCloseTo(es, 14)
    }
    expect(definitionOf('+proj=longlat +R=6371000').ellipsoid).toEqual({ a: 6371000, es: 0 })
  })

  it('knows shifts, meridians and units', () => {
    expect(definitionOf('+proj=longlat +ellps=intl').shift).toBeUndefined()
    expect(definitionOf('+proj=merc +a=1 +b=1 +nadgrids=@null').shift).toBeNull()
    expect(definitionOf('+proj=longlat +datum=NAD27').shift).toEqual([-8, 160, 176])
    expect(definitionOf('+proj=longlat +towgs84=1,2,3,0,0,0,0').shift).toEqual([1, 2, 3])
    expect(definitionOf('+proj=longlat +towgs84=1,2,3,4,5,6,7').shift).toHaveLength(7)
    expect(definitionOf('+proj=longlat +pm=paris').primeMeridian).toBeCloseTo(0.0407923, 6)
    expect(definitionOf('+proj=utm +zone=1 +units=us-ft').metresPerUnit).toBeCloseTo(0.3048006, 7)
    expect(definitionOf('+proj=utm +zone=1 +to_meter=1/4').metresPerUnit).toBe(0.25)
  })
})
