/** Longitude and latitude about a moved pole, as regional climate models have them (PROJ: ob_tran with o_proj=longlat). */
import { angle, type Definition } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

/**
 * Angles times the semi-major axis, so that the unit of the system (a degree at the equator, in metres) makes degrees of
 * them. `o_lat_p`, `o_lon_p`: the pole in the new system; `lon_0`: its meridian in the old one.
 */
export function rotatedPole(definition: Definition): Projection {
  const { a } = definition.ellipsoid
  const pole = angle(definition, 'o_lat_p', 90)
  const turn = angle(definition, 'o_lon_p')
  const meridian = angle(definition, 'lon_0')
  const [sine, cosine] = [Math.sin(pole), Math.cos(pole)]
  /** Points about one pole as about the other, `side` = 1 to the new one, -1 back. */
  const rotate = (xy: Float64Array, before: number, side: number, after: number, unit: number): void => {
    for (let i = 0; i < xy.length; i += 2) {
      const lambda = (side > 0 ? xy[i]! : xy[i]! / unit) + before
      const phi = side > 0 ? xy[i + 1]! : xy[i + 1]! / unit
      const along = Math.cos(phi) * Math.cos(lambda)
      const up = Math.sin(phi)
      const scale = side > 0 ? unit : 1
      const x = Math.atan2(Math.cos(phi) * Math.sin(lambda), sine * along + side * cosine * up)
      xy[i] = wrap(x + after) * scale
      xy[i + 1] = Math.asin(Math.max(-1, Math.min(1, sine * up - side * cosine * along))) * scale
    }
  }
  return {
    forward: (xy) => rotate(xy, -meridian, 1, turn, a),
    inverse: (xy) => rotate(xy, -turn, -1, meridian, a),
  }
}
