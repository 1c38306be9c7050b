/** Azimuthal projections on the ellipsoid: Lambert equal-area (any aspect) and polar stereographic. Snyder (1987), ch. 21, 24. */
import { authalic, evaluateSeries, fromIsometric, isometric, parallelRadius } from './auxiliary.ts'
import { angle, type Definition, scaleFactor } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

const HALF_PI = Math.PI / 2
const POLE = HALF_PI - 1e-10

/** PROJ's `laea`. */
export function lambertAzimuthal(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const e = Math.sqrt(es)
  const series = authalic(e)
  const radius = a * Math.sqrt(series.qp / 2)
  const phi0 = angle(definition, 'lat_0')
  const lambda0 = angle(definition, 'lon_0')
  const beta0 = Math.abs(phi0) > POLE ? Math.sign(phi0) * HALF_PI : evaluateSeries(series.fromGeodetic, phi0)
  const sin0 = Math.sin(beta0)
  const cos0 = Math.cos(beta0)
  // D of eq. 24-20 corrects scale in all directions at the centre; at a pole it is 1.
  const d = Math.abs(phi0) > POLE ? 1 : (a * parallelRadius(phi0, es)) / (radius * cos0)
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const lambda = wrap(xy[i]! - lambda0)
        const beta = evaluateSeries(series.fromGeodetic, xy[i + 1]!)
        const sinB = Math.sin(beta)
        const cosB = Math.cos(beta)
        const cosL = Math.cos(lambda)
        const denominator = 1 + sin0 * sinB + cos0 * cosB * cosL
        const b = denominator < 1e-12 ? Number.NaN : radius * Math.sqrt(2 / denominator)
        xy[i] = b * d * cosB * Math.sin(lambda)
        xy[i + 1] = (b / d) * (cos0 * sinB - sin0 * cosB * cosL)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const x = xy[i]! / d
        const y = xy[i + 1]! * d
        const rho = Math.sqrt(x * x + y * y)
        const half = Math.asin(rho / (2 * radius))
        const sinC = Math.sin(2 * half)
        const cosC = Math.cos(2 * half)
        const beta = rho === 0 ? beta0 : Math.asin(Math.max(-1, Math.min(1, cosC * sin0 + (y * sinC * cos0) / rho)))
        xy[i] = wrap(lambda0 + Math.atan2(x * sinC, rho * cos0 * cosC - y * sin0 * sinC))
        xy[i + 1] = evaluateSeries(series.toGeodetic, beta)
      }
    },
  }
}

/** PROJ's `stere` with its centre at a pole, by standard parallel (`+lat_ts`) or by scale factor. */
export function polarStereographic(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const e = Math.sqrt(es)
  const sign = Math.sign(angle(definition, 'lat_0'))
  const lambda0 = angle(definition, 'lon_0')
  const phiTs = Math.abs(angle(definition, 'lat_ts', 90))
  const scale =
    phiTs >= POLE
      ? (2 * a * scaleFactor(definition)) / Math.sqrt((1 + e) ** (1 + e) * (1 - e) ** (1 - e))
      : a * parallelRadius(phiTs, es) * Math.exp(isometric(phiTs, e))
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const lambda = xy[i]! - lambda0
        const phi = sign * xy[i + 1]!
        const rho = phi >= HALF_PI - 1e-15 ? 0 : scale * Math.exp(-isometric(phi, e))
        xy[i] = rho * Math.sin(lambda)
        xy[i + 1] = -sign * rho * Math.cos(lambda)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const x = xy[i]!
        const y = -sign * xy[i + 1]!
        const rho = Math.sqrt(x * x + y * y)
        xy[i] = rho === 0 ? lambda0 : wrap(lambda0 + Math.atan2(x, y))
        xy[i + 1] = sign * (rho === 0 ? HALF_PI : fromIsometric(-Math.log(rho / scale), e))
      }
    },
  }
}
