/**
 * The Earth seen from infinitely far, on the ellipsoid (EPSG method 9840) or the sphere. Inverse: where the line of sight
 * first meets the ellipsoid.
 */
import { angle, type Definition } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

/** Cosines below this are beyond the horizon. */
const HORIZON = -1e-10

/** PROJ's `ortho`. */
export function orthographic(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const lambda0 = angle(definition, 'lon_0')
  const phi0 = angle(definition, 'lat_0')
  const [sin0, cos0] = [Math.sin(phi0), Math.cos(phi0)]
  const nu0 = a / Math.sqrt(1 - es * sin0 * sin0)
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const lambda = xy[i]! - lambda0
        const [sin, cos, along] = [Math.sin(xy[i + 1]!), Math.cos(xy[i + 1]!), Math.cos(lambda)]
        const nu = a / Math.sqrt(1 - es * sin * sin)
        const isSeen = sin0 * sin + cos0 * cos * along >= HORIZON
        xy[i] = isSeen ? nu * cos * Math.sin(lambda) : Number.NaN
        xy[i + 1] = nu * (sin * cos0 - cos * sin0 * along) + es * (nu0 * sin0 - nu * sin) * cos0
      }
    },
    inverse: (xy) => {
      // The ellipsoid stretched to a sphere along its axis; the tangent point of the plane in it.
      const stretch = 1 / Math.sqrt(1 - es)
      const [p0, z0] = [nu0 * cos0, nu0 * (1 - es) * sin0]
      for (let i = 0; i < xy.length; i += 2) {
        const [east, north] = [xy[i]!, xy[i + 1]!]
        const [px, pz] = [p0 - north * sin0, (z0 + north * cos0) * stretch]
        const [ux, uz] = [cos0, sin0 * stretch]
        const square = ux * ux + uz * uz
        const half = px * ux + pz * uz
        const rest = px * px + east * east + pz * pz - a * a
        const root = half * half - square * rest
        // Rounding at the rim must not throw places away.
        const up = root < 0 ? (root > -1e-10 * a * a ? -half / square : Number.NaN) : (Math.sqrt(root) - half) / square
        const x = px + up * ux
        const z = (pz + up * uz) / stretch
        xy[i] = wrap(Math.atan2(east, x) + lambda0)
        xy[i + 1] = Math.atan2(z / (1 - es), Math.hypot(x, east))
      }
    },
  }
}
