/** Cylindrical and pseudo-cylindrical projections: Mercator, equal-area, equidistant, sinusoidal. Snyder (1987), ch. 7, 10, 12, 30. */
import {
  areaTerm,
  authalic,
  evaluateSeries,
  fromIsometric,
  isometric,
  parallelRadius,
  sineSeries,
} from './auxiliary.ts'
import { angle, type Definition, scaleFactor } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

const HALF_PI = Math.PI / 2

/** Applies one function of latitude to x's scale and one to y, for projections with x proportional to longitude. */
function cylinder(lambda0: number, xScale: number, y: (phi: number) => number, phi: (y: number) => number): Projection {
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        xy[i] = xScale * wrap(xy[i]! - lambda0)
        xy[i + 1] = y(xy[i + 1]!)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        xy[i] = wrap(xy[i]! / xScale + lambda0)
        xy[i + 1] = phi(xy[i + 1]!)
      }
    },
  }
}

/** Scale on the equator: of `+lat_ts` where given, else `+k_0`. */
function equatorScale(definition: Definition): number {
  return definition.parameters.has('lat_ts')
    ? parallelRadius(angle(definition, 'lat_ts'), definition.ellipsoid.es)
    : scaleFactor(definition)
}

/** PROJ's `merc` and `webmerc`. */
export function mercator(definition: Definition): Projection {
  const web = definition.proj === 'webmerc'
  const e = web ? 0 : Math.sqrt(definition.ellipsoid.es)
  const scale = definition.ellipsoid.a * (web ? 1 : equatorScale(definition))
  return cylinder(
    angle(definition, 'lon_0'),
    scale,
    (phi) => (Math.abs(phi) >= HALF_PI ? Number.NaN : scale * isometric(phi, e)),
    (y) => fromIsometric(y / scale, e),
  )
}

/** PROJ's `cea`. */
export function equalAreaCylinder(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const e = Math.sqrt(es)
  const k = equatorScale(definition)
  const { qp, toGeodetic } = authalic(e)
  return cylinder(
    angle(definition, 'lon_0'),
    a * k,
    (phi) => (a * areaTerm(Math.sin(phi), e)) / (2 * k),
    (y) => {
      const sine = (2 * y * k) / (a * qp)
      // Rounding at the pole must not throw a whole row away.
      if (Math.abs(sine) > 1) return Math.abs(sine) < 1 + 1e-10 ? Math.sign(sine) * HALF_PI : Number.NaN
      return evaluateSeries(toGeodetic, Math.asin(sine))
    },
  )
}

/** PROJ's `eqc` (spherical, as PROJ has it; `+lat_0` moves the origin). */
export function equidistantCylinder(definition: Definition): Projection {
  const { a } = definition.ellipsoid
  const phi0 = angle(definition, 'lat_0')
  return cylinder(
    angle(definition, 'lon_0'),
    a * Math.cos(angle(definition, 'lat_ts')),
    (phi) => a * (phi - phi0),
    (y) => y / a + phi0,
  )
}

/** PROJ's `sinu`, ellipsoidal where the ellipsoid is. */
export function sinusoidal(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const lambda0 = angle(definition, 'lon_0')
  const { radius, toRectifying, toGeodetic } = rectifying(a, es)
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const phi = xy[i + 1]!
        xy[i] = a * wrap(xy[i]! - lambda0) * parallelRadius(phi, es)
        xy[i + 1] = radius * evaluateSeries(toRectifying, phi)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const mu = xy[i + 1]! / radius
        // On a sphere PROJ goes on beyond the poles.
        const phi = es > 0 && Math.abs(mu) > HALF_PI + 1e-10 ? Number.NaN : evaluateSeries(toGeodetic, mu)
        const m = parallelRadius(phi, es)
        const lambda = Math.abs(m) < 1e-12 ? 0 : xy[i]! / (a * m)
        // Outside the outline the Earth goes on from the other side, as in PROJ; so warps are equal to GDAL's there too.
        xy[i] = wrap(lambda + lambda0)
        xy[i + 1] = phi
      }
    },
  }
}

/** Meridian distance as series of the rectifying latitude; the quarter meridian by Simpson's rule on a smooth integrand. */
export function rectifying(a: number, es: number) {
  const distance = (phi: number): number => {
    const steps = 256
    const h = phi / steps
    let sum = 0
    for (let k = 0; k <= steps; k++) {
      const s = Math.sin(k * h)
      const weight = k === 0 || k === steps ? 1 : k % 2 === 1 ? 4 : 2
      sum += weight * (1 - es * s * s) ** -1.5
    }
    return ((1 - es) * sum * h) / 3
  }
  const quarter = distance(HALF_PI)
  const scale = HALF_PI / quarter
  const inverse = (mu: number): number => {
    let phi = mu
    for (let i = 0; i < 8; i++) {
      const s = Math.sin(phi)
      phi -= (distance(phi) - mu / scale) / ((1 - es) * (1 - es * s * s) ** -1.5)
    }
    return phi
  }
  return {
    radius: a / scale,
    toRectifying: sineSeries((phi) => distance(phi) * scale),
    toGeodetic: sineSeries(inverse),
  }
}

/** Coefficients of Šavrič, Patterson and Jenny (2018), International Journal of Geographical Information Science 33. */
const [EE1, EE2, EE3, EE4] = [1.340264, -0.081106, 0.000893, 0.003796]
const EE_M = Math.sqrt(3) / 2
/** y at the pole; PROJ takes what lies beyond for the pole. */
const EE_MOST = 1.3173627591574

/** PROJ's `eqearth`, ellipsoidal where the ellipsoid is. */
export function equalEarth(definition: Definition): Projection {
  const { a, es } = definition.ellipsoid
  const e = Math.sqrt(es)
  const lambda0 = angle(definition, 'lon_0')
  const { qp, toGeodetic } = authalic(e)
  const radius = a * Math.sqrt(qp / 2)
  const y = (t: number): number => t * (EE1 + EE2 * t ** 2 + t ** 6 * (EE3 + EE4 * t ** 2))
  const slope = (t: number): number => EE1 + 3 * EE2 * t ** 2 + t ** 6 * (7 * EE3 + 9 * EE4 * t ** 2)
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const t = Math.asin(EE_M * Math.max(-1, Math.min(1, areaTerm(Math.sin(xy[i + 1]!), e) / qp)))
        xy[i] = (radius * wrap(xy[i]! - lambda0) * Math.cos(t)) / (EE_M * slope(t))
        xy[i + 1] = radius * y(t)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const wanted = Math.max(-EE_MOST, Math.min(EE_MOST, xy[i + 1]! / radius))
        let t = wanted
        for (let k = 0; k < 12; k++) t -= (y(t) - wanted) / slope(t)
        xy[i] = wrap((EE_M * (xy[i]! / radius) * slope(t)) / Math.cos(t) + lambda0)
        xy[i + 1] = evaluateSeries(toGeodetic, Math.asin(Math.max(-1, Math.min(1, Math.sin(t) / EE_M))))
      }
    },
  }
}
