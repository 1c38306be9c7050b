/**
 * Conic projections on the ellipsoid: Lambert conformal, Albers equal-area, equidistant, and Bonne's. Snyder (1987), USGS PP
 * 1395, ch. 14-16, 19.
 */
import { areaTerm, authalic, evaluateSeries, fromIsometric, isometric, parallelRadius } from './auxiliary.ts'
import { rectifying } from './cylindrical.ts'
import { angle, type Definition, scaleFactor } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

const HALF_PI = Math.PI / 2

interface Cone {
  /** Cone constant. */
  readonly n: number
  readonly rho0: number
  readonly lambda0: number
  /** Radius of a latitude, metres. */
  readonly rho: (phi: number) => number
  readonly phi: (rho: number) => number
}

function conic({ n, rho0, lambda0, rho, phi }: Cone): Projection {
  const sign = Math.sign(n)
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const theta = n * wrap(xy[i]! - lambda0)
        const r = rho(xy[i + 1]!)
        xy[i] = r * Math.sin(theta)
        xy[i + 1] = rho0 - r * Math.cos(theta)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const x = xy[i]!
        const y = rho0 - xy[i + 1]!
        const r = sign * Math.sqrt(x * x + y * y)
        xy[i] = wrap(lambda0 + Math.atan2(sign * x, sign * y) / n)
        xy[i + 1] = phi(r)
      }
    },
  }
}

/** Standard parallels; one where `+lat_2` is absent. */
function parallels(definition: Definition): [number, number] {
  const lat0 = definition.parameters.get('lat_0') ?? '0'
  const phi1 = definition.parameters.has('lat_1') ? angle(definition, 'lat_1') : (Number(lat0) * Math.PI) / 180
  return [phi1, definition.parameters.has('lat_2') ? angle(definition, 'lat_2') : phi1]
}

/** PROJ's `lcc`, with one or two standard parallels. */
export function lambertConformal(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const e = Math.sqrt(es)
  const [phi1, phi2] = parallels(definition)
  const m1 = parallelRadius(phi1, es)
  const psi1 = isometric(phi1, e)
  const n =
    Math.abs(phi1 - phi2) < 1e-10
      ? Math.sin(phi1)
      : Math.log(m1 / parallelRadius(phi2, es)) / (isometric(phi2, e) - psi1)
  const scale = (scaleFactor(definition) * a * m1) / n
  const rho = (phi: number): number => {
    if (Math.abs(phi) >= HALF_PI - 1e-12) return phi * n > 0 ? 0 : Number.NaN
    return scale * Math.exp(n * (psi1 - isometric(phi, e)))
  }
  const phi = (r: number): number =>
    r === 0 ? Math.sign(n) * HALF_PI : fromIsometric(psi1 - Math.log(r / scale) / n, e)
  return conic({ n, rho0: rho(angle(definition, 'lat_0')), lambda0: angle(definition, 'lon_0'), rho, phi })
}

/** PROJ's `aea`. */
export function albers(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const e = Math.sqrt(es)
  const { qp, toGeodetic } = authalic(e)
  const [phi1, phi2] = parallels(definition)
  const m1 = parallelRadius(phi1, es)
  const q1 = areaTerm(Math.sin(phi1), e)
  const m2 = parallelRadius(phi2, es)
  const q2 = areaTerm(Math.sin(phi2), e)
  const n = Math.abs(phi1 - phi2) < 1e-10 ? Math.sin(phi1) : (m1 * m1 - m2 * m2) / (q2 - q1)
  const c = m1 * m1 + n * q1
  const rho = (phi: number): number => (a * Math.sqrt(Math.max(0, c - n * areaTerm(Math.sin(phi), e)))) / n
  const phi = (r: number): number => {
    const sine = (c - ((r * n) / a) ** 2) / n / qp
    if (Math.abs(sine) > 1) return Math.abs(sine) < 1 + 1e-7 ? Math.sign(sine) * HALF_PI : Number.NaN
    return evaluateSeries(toGeodetic, Math.asin(sine))
  }
  return conic({ n, rho0: rho(angle(definition, 'lat_0')), lambda0: angle(definition, 'lon_0'), rho, phi })
}

/** Distance from the equator along a meridian, and back; metres. */
function meridian(a: number, es: number) {
  const { radius, toRectifying, toGeodetic } = rectifying(a, es)
  return {
    distance: (phi: number): number => radius * evaluateSeries(toRectifying, phi),
    latitude: (distance: number): number => {
      const mu = distance / radius
      return Math.abs(mu) > HALF_PI + 1e-10 ? Number.NaN : evaluateSeries(toGeodetic, mu)
    },
  }
}

/** PROJ's `eqdc`. */
export function equidistantConic(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const { distance, latitude } = meridian(a, es)
  const [phi1, phi2] = parallels(definition)
  const m1 = a * parallelRadius(phi1, es)
  const n =
    Math.abs(phi1 - phi2) < 1e-10
      ? Math.sin(phi1)
      : (m1 - a * parallelRadius(phi2, es)) / (distance(phi2) - distance(phi1))
  const g = m1 / n + distance(phi1)
  const rho = (phi: number): number => g - distance(phi)
  const phi = (r: number): number => latitude(g - r)
  return conic({ n, rho0: rho(angle(definition, 'lat_0')), lambda0: angle(definition, 'lon_0'), rho, phi })
}

/** PROJ's `bonne`; `+lat_1=90` is Werner's. */
export function bonne(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const { distance, latitude } = meridian(a, es)
  const lambda0 = angle(definition, 'lon_0')
  const phi1 = angle(definition, 'lat_1')
  const apex = (a * parallelRadius(phi1, es)) / Math.sin(phi1)
  const sign = Math.sign(phi1)
  const rho = (phi: number): number => apex + distance(phi1) - distance(phi)
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const r = rho(xy[i + 1]!)
        const turn = Math.abs(r) < 1e-10 * a ? 0 : (a * parallelRadius(xy[i + 1]!, es) * wrap(xy[i]! - lambda0)) / r
        xy[i] = r * Math.sin(turn)
        xy[i + 1] = apex - r * Math.cos(turn)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const [x, y] = [xy[i]!, apex - xy[i + 1]!]
        const r = sign * Math.hypot(x, y)
        const phi = latitude(apex + distance(phi1) - r)
        const m = a * parallelRadius(phi, es)
        xy[i] = wrap((m < 1e-10 * a ? 0 : (r * Math.atan2(sign * x, sign * y)) / m) + lambda0)
        xy[i + 1] = phi
      }
    },
  }
}
