/** Projection terms of a CRS with the short forms of PROJ written out, for those who write them in other words. */
import { definitionOf } from '../crs/definition.ts'
import type { Crs } from '../types.ts'

/** `utm` becomes the transverse Mercator of its zone, `k` becomes `k_0`. */
export function termsOf(crs: Crs): { proj: string; terms: Map<string, string> } {
  const { proj, parameters } = definitionOf(crs.proj4)
  const terms = new Map(parameters)
  if (terms.has('k') && !terms.has('k_0')) terms.set('k_0', terms.get('k')!)
  if (proj !== 'utm') return { proj, terms }
  terms.set('lat_0', '0')
  terms.set('lon_0', String(Number(terms.get('zone')) * 6 - 183))
  terms.set('k_0', '0.9996')
  terms.set('x_0', '500000')
  terms.set('y_0', terms.has('south') ? '10000000' : '0')
  return { proj: 'tmerc', terms }
}

/** Reciprocal flattening to the digits that definitions have; 0 for a sphere. */
export function reciprocalFlattening(es: number): number {
  const flattening = 1 - Math.sqrt(1 - es)
  return flattening === 0 ? 0 : Number((1 / flattening).toFixed(9))
}
