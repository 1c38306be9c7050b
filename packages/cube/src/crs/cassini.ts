/** Cassini's projection. Snyder (1987), USGS PP 1395, ch. 13. On the ellipsoid for a few degrees about its meridian. */
import { evaluateSeries } from './auxiliary.ts'
import { rectifying } from './cylindrical.ts'
import { angle, type Definition } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

type Pair = readonly [number, number]

/** A map of (λ, φ) from the meridian, and back; metres from the equator. */
interface Plane {
  readonly project: (lambda: number, phi: number) => Pair
  readonly locate: (x: number, y: number) => Pair
}

/** PROJ's `cass`, not its hyperbolic form. */
export function cassini(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const lambda0 = angle(definition, 'lon_0')
  const { project, locate } = es === 0 ? spherical(a) : ellipsoidal(a, es)
  const [, origin] = project(0, angle(definition, 'lat_0'))
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const [x, y] = project(wrap(xy[i]! - lambda0), xy[i + 1]!)
        xy[i] = x
        xy[i + 1] = y - origin
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const [lambda, phi] = locate(xy[i]!, xy[i + 1]! + origin)
        xy[i] = wrap(lambda + lambda0)
        xy[i + 1] = phi
      }
    },
  }
}

/** Eq. 13-1 to 13-6. */
const spherical = (a: number): Plane => ({
  project: (lambda, phi) => [
    a * Math.asin(Math.cos(phi) * Math.sin(lambda)),
    a * Math.atan2(Math.tan(phi), Math.cos(lambda)),
  ],
  locate: (x, y) => [Math.atan2(Math.tan(x / a), Math.cos(y / a)), Math.asin(Math.sin(y / a) * Math.cos(x / a))],
})

/** Rounds in which what the forward misses is taken back: each leaves about a hundredth. */
const ROUNDS = 9

/** Eq. 13-7 to 13-9. The book's inverse is a series too; here the forward is inverted. */
function ellipsoidal(a: number, es: number): Plane {
  const { radius, toRectifying, toGeodetic } = rectifying(a, es)
  const project = (lambda: number, phi: number): Pair => {
    const [sin, cos, tan] = [Math.sin(phi), Math.cos(phi), Math.tan(phi)]
    const n = a / Math.sqrt(1 - es * sin * sin)
    const t = tan * tan
    const c = (es * cos * cos) / (1 - es)
    const square = (lambda * cos) ** 2
    const x = n * lambda * cos * (1 - square * t * (1 / 6 + ((8 - t + 8 * c) * square) / 120))
    const along = radius * evaluateSeries(toRectifying, phi)
    return [x, along + n * tan * square * (0.5 + ((5 - t + 6 * c) * square) / 24)]
  }
  const locate = (x: number, y: number): Pair => {
    let [lambda, phi] = spherical(a).locate(x, a * evaluateSeries(toGeodetic, y / radius))
    for (let k = 0; k < ROUNDS; k++) {
      const [u, v] = project(lambda, phi)
      const sin = Math.sin(phi)
      const w = 1 - es * sin * sin
      // The map is turned against the meridian by the convergence.
      const turn = Math.atan(lambda * sin)
      const east = (x - u) * Math.cos(turn) + (y - v) * Math.sin(turn)
      const north = (y - v) * Math.cos(turn) - (x - u) * Math.sin(turn)
      lambda += (east * Math.sqrt(w)) / (a * Math.max(1e-12, Math.cos(phi)))
      phi += (north * w ** 1.5) / (a * (1 - es))
    }
    return [lambda, phi]
  }
  return { project, locate }
}
