/**
 * Pseudo-cylindrical projections of the sphere: x is the longitude times a function of latitude, y a function of latitude.
 * On an ellipsoid the sphere has its semi-major axis, as in PROJ. Formulas of Snyder and Voxland (1989), USGS PP 1453.
 */
import { angle, type Definition } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

const { PI, SQRT2, sqrt, sin, cos, asin, tan, atan, abs, sign } = Math
const HALF_PI = PI / 2

/** On the unit sphere; `t` is an angle that stands for the latitude and is the latitude where nothing is said. */
export interface Row {
  readonly t?: (phi: number) => number
  readonly phi?: (t: number) => number
  /** x per radian of longitude. */
  readonly width: (t: number) => number
  readonly y: (t: number) => number
  /** NaN beyond the top and bottom of the map. */
  readonly tOf: (y: number) => number
  /** Whether PROJ leaves out what lies beside the outline; elsewhere the Earth goes on. */
  readonly ends?: boolean
}

/** Beyond one by rounding only. */
const arcsine = (v: number): number => (abs(v) <= 1 + 1e-12 ? asin(Math.max(-1, Math.min(1, v))) : Number.NaN)

/** Solves f(t) = value for an increasing f on [-bound, bound] by Newton's method, halving where that would leave it. */
export function solve(f: (t: number) => number, slope: (t: number) => number, value: number, bound: number): number {
  let [low, high] = [-bound, bound]
  if (value >= f(high)) return high
  if (value <= f(low)) return low
  let t = (bound * value) / f(high)
  for (let i = 0; i < 100; i++) {
    const error = f(t) - value
    if (error > 0) high = t
    else low = t
    const next = t - error / slope(t)
    const kept = next > low && next < high ? next : (low + high) / 2
    if (abs(kept - t) < 1e-15) return kept
    t = kept
  }
  return t
}

const ECKERT_1 = 2 * sqrt(2 / (3 * PI))
const ECKERT_3 = 2 / sqrt(PI * (4 + PI))
const ECKERT_4 = 2 * sqrt(PI / (4 + PI))
const ECKERT_5 = 1 / sqrt(2 + PI)
const HALF_ROOT = SQRT2 / 2
const CRASTER = sqrt(3 / PI)
const QUARTIC = 1 + HALF_ROOT

export const ROWS: Readonly<Record<string, (definition: Definition) => Row>> = {
  eck1: () => ({
    width: (t) => ECKERT_1 * (1 - abs(t) / PI),
    y: (t) => ECKERT_1 * t,
    tOf: (y) => y / ECKERT_1,
  }),
  eck2: () => ({
    width: (t) => (2 / sqrt(6 * PI)) * sqrt(4 - 3 * sin(abs(t))),
    y: (t) => sign(t) * sqrt((2 * PI) / 3) * (2 - sqrt(4 - 3 * sin(abs(t)))),
    tOf: (y) => sign(y) * arcsine((4 - (2 - abs(y) / sqrt((2 * PI) / 3)) ** 2) / 3),
  }),
  eck3: () => ({
    width: (t) => ECKERT_3 * (1 + sqrt(Math.max(0, 1 - ((2 * t) / PI) ** 2))),
    y: (t) => 2 * ECKERT_3 * t,
    tOf: (y) => y / (2 * ECKERT_3),
  }),
  eck4: () => ({
    t: (phi) =>
      solve(
        (t) => t + sin(t) * (cos(t) + 2),
        (t) => 2 * cos(t) * (1 + cos(t)),
        (2 + HALF_PI) * sin(phi),
        HALF_PI,
      ),
    phi: (t) => arcsine((t + sin(t) * (cos(t) + 2)) / (2 + HALF_PI)),
    width: (t) => ECKERT_3 * (1 + cos(t)),
    y: (t) => ECKERT_4 * sin(t),
    tOf: (y) => arcsine(y / ECKERT_4),
  }),
  eck5: () => ({ width: (t) => ECKERT_5 * (1 + cos(t)), y: (t) => 2 * ECKERT_5 * t, tOf: (y) => y / (2 * ECKERT_5) }),
  eck6: () => ({
    t: (phi) =>
      solve(
        (t) => t + sin(t),
        (t) => 1 + cos(t),
        (1 + HALF_PI) * sin(phi),
        HALF_PI,
      ),
    phi: (t) => arcsine((t + sin(t)) / (1 + HALF_PI)),
    width: (t) => ECKERT_5 * (1 + cos(t)),
    y: (t) => 2 * ECKERT_5 * t,
    tOf: (y) => y / (2 * ECKERT_5),
  }),
  moll: () => ({ ...mollweide, ends: true }),
  gall: () => ({ width: () => HALF_ROOT, y: (t) => QUARTIC * tan(t / 2), tOf: (y) => 2 * atan(y / QUARTIC) }),
  wink1: (definition) => {
    const middle = cos(angle(definition, 'lat_ts'))
    return { width: (t) => (middle + cos(t)) / 2, y: (t) => t, tOf: (y) => y }
  },
  qua_aut: () => ({ width: (t) => cos(t) / cos(t / 2), y: (t) => 2 * sin(t / 2), tOf: (y) => 2 * arcsine(y / 2) }),
  crast: () => ({
    width: (t) => CRASTER * (2 * cos((2 * t) / 3) - 1),
    y: (t) => sqrt(3 * PI) * sin(t / 3),
    tOf: (y) => 3 * arcsine(y / sqrt(3 * PI)),
  }),
  mbtfpq: () => ({
    t: (phi) =>
      solve(
        (t) => sin(t / 2) + sin(t),
        (t) => cos(t / 2) / 2 + cos(t),
        QUARTIC * sin(phi),
        HALF_PI,
      ),
    phi: (t) => arcsine((sin(t / 2) + sin(t)) / QUARTIC),
    width: (t) => (1 + (2 * cos(t)) / cos(t / 2)) / sqrt(3 * SQRT2 + 6),
    y: (t) => (2 * sqrt(3) * sin(t / 2)) / sqrt(2 + SQRT2),
    tOf: (y) => 2 * arcsine((y * sqrt(2 + SQRT2)) / (2 * sqrt(3))),
  }),
}

/** Mollweide's, of which interrupted maps are made. */
export const mollweide: Row = {
  t: (phi) =>
    solve(
      (t) => 2 * t + sin(2 * t),
      (t) => 2 + 2 * cos(2 * t),
      PI * sin(phi),
      HALF_PI,
    ),
  phi: (t) => arcsine((2 * t + sin(2 * t)) / PI),
  width: (t) => ((2 * SQRT2) / PI) * cos(t),
  y: (t) => SQRT2 * sin(t),
  tOf: (y) => arcsine(y / SQRT2),
}

export function pseudocylinder(definition: Definition): Projection {
  const row = ROWS[definition.proj]!(definition)
  const { a } = definition.ellipsoid
  const lambda0 = angle(definition, 'lon_0')
  const { t: toT = (phi) => phi, phi: toPhi = (t) => t } = row
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const t = toT(xy[i + 1]!)
        xy[i] = a * row.width(t) * wrap(xy[i]! - lambda0)
        xy[i + 1] = a * row.y(t)
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const t = row.tOf(xy[i + 1]! / a)
        const width = row.width(t)
        const lambda = abs(width) < 1e-12 ? 0 : xy[i]! / a / width
        xy[i] = row.ends === true && abs(lambda) > PI + 1e-9 ? Number.NaN : wrap(lambda + lambda0)
        xy[i + 1] = toPhi(t)
      }
    },
  }
}
