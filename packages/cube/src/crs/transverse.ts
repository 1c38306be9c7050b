/**
 * Transverse Mercator (and UTM) by Krüger's series to the sixth order in the third flattening: Karney (2011),
 * "Transverse Mercator with an accuracy of a few nanometers", J. Geodesy 85, eq. 7 to 36.
 */
import { conformalTan, geodeticTan } from './auxiliary.ts'
import { angle, type Definition, plain, scaleFactor } from './definition.ts'
import { type Projection, wrap } from './projection.ts'

const DEGREE = Math.PI / 180

/** Rows: the series' index j; columns: powers of n from j to 6 (eq. 35 and 36). */
const ALPHA = [
  [1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800],
  [13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360],
  [61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440],
  [49561 / 161280, -179 / 168, 6601661 / 7257600],
  [34729 / 80640, -3418889 / 1995840],
  [212378941 / 319334400],
]
const BETA = [
  [1 / 2, -2 / 3, 37 / 96, -1 / 360, -81 / 512, 96199 / 604800],
  [1 / 48, 1 / 15, -437 / 1440, 46 / 105, -1118711 / 3870720],
  [17 / 480, -37 / 840, -209 / 4480, 5569 / 90720],
  [4397 / 161280, -11 / 504, -830251 / 7257600],
  [4583 / 161280, -108847 / 3991680],
  [20648693 / 638668800],
]

function seriesIn(n: number, rows: readonly (readonly number[])[]): Float64Array {
  return Float64Array.from(rows, (row, j) => row.reduce((sum, c, k) => sum + c * n ** (j + 1 + k), 0))
}

interface Constants {
  readonly e: number
  /** k0 · A, the rectifying radius scaled. */
  readonly radius: number
  readonly alpha: Float64Array
  readonly beta: Float64Array
  readonly lambda0: number
  /** ξ of the origin's latitude. */
  readonly xi0: number
}

function constants(definition: Definition, lambda0: number, phi0: number, k0: number): Constants {
  const { a, es } = definition.ellipsoid
  const f = 1 - Math.sqrt(1 - es)
  const n = f / (2 - f)
  const alpha = seriesIn(n, ALPHA)
  const e = Math.sqrt(es)
  const chi = Math.atan(conformalTan(Math.tan(phi0), e))
  let xi0 = chi
  for (let j = 0; j < 6; j++) xi0 += alpha[j]! * Math.sin(2 * (j + 1) * chi)
  const radius = (k0 * a * (1 + n ** 2 / 4 + n ** 4 / 64 + n ** 6 / 256)) / (1 + n)
  return { e, radius, alpha, beta: seriesIn(n, BETA), lambda0, xi0 }
}

/** Series Σ c[j] sin(2j(ξ + iη)) as [real, imaginary], by complex Clenshaw; written into `out`. */
function complexSeries(c: Float64Array, xi: number, eta: number, out: Float64Array): void {
  const sin2 = Math.sin(2 * xi)
  const cos2 = Math.cos(2 * xi)
  const grown = Math.exp(2 * eta)
  const cosh2 = (grown + 1 / grown) / 2
  // Near the central meridian the difference of exponentials loses digits; sinh does not.
  const sinh2 = Math.abs(eta) < 0.1 ? Math.sinh(2 * eta) : (grown - 1 / grown) / 2
  const r = 2 * cos2 * cosh2
  const i = -2 * sin2 * sinh2
  let ar = 0
  let ai = 0
  let br = 0
  let bi = 0
  for (let j = 5; j >= 0; j--) {
    const tr = r * ar - i * ai - br + c[j]!
    const ti = r * ai + i * ar - bi
    br = ar
    bi = ai
    ar = tr
    ai = ti
  }
  const sr = sin2 * cosh2
  const si = cos2 * sinh2
  out[0] = sr * ar - si * ai
  out[1] = sr * ai + si * ar
}

/** PROJ's `tmerc` and `utm`. */
export function transverseMercator(definition: Definition): Projection {
  const zone = definition.proj === 'utm' ? plain(definition, 'zone', Number.NaN) : undefined
  const c =
    zone === undefined
      ? constants(definition, angle(definition, 'lon_0'), angle(definition, 'lat_0'), scaleFactor(definition))
      : constants(definition, (zone * 6 - 183) * DEGREE, 0, 0.9996)
  const pair = new Float64Array(2)
  return { forward: (xy) => forward(xy, c, pair), inverse: (xy) => inverse(xy, c, pair) }
}

/** About 150 degrees from the central meridian on the equator, where PROJ ends. */
const FARTHEST = 2.623395162778

function forward(xy: Float64Array, { e, radius, alpha, lambda0, xi0 }: Constants, pair: Float64Array): void {
  for (let i = 0; i < xy.length; i += 2) {
    const lambda = wrap(xy[i]! - lambda0)
    const taup = conformalTan(Math.tan(xy[i + 1]!), e)
    const cosLambda = Math.cos(lambda)
    const xi = Math.atan2(taup, cosLambda)
    const eta = Math.asinh(Math.sin(lambda) / Math.sqrt(taup * taup + cosLambda * cosLambda))
    complexSeries(alpha, xi, eta, pair)
    const along = eta + pair[1]!
    xy[i] = Math.abs(along) <= FARTHEST ? radius * along : Number.NaN
    xy[i + 1] = radius * (xi + pair[0]! - xi0)
  }
}

function inverse(xy: Float64Array, { e, radius, beta, lambda0, xi0 }: Constants, pair: Float64Array): void {
  for (let i = 0; i < xy.length; i += 2) {
    const eta = xy[i]! / radius
    const xi = xy[i + 1]! / radius + xi0
    complexSeries(beta, xi, eta, pair)
    const sinhEta = Math.sinh(eta - pair[1]!)
    const xip = xi - pair[0]!
    const cosXi = Math.cos(xip)
    const taup = Math.sin(xip) / Math.sqrt(sinhEta * sinhEta + cosXi * cosXi)
    xy[i] = Math.abs(eta) <= FARTHEST ? wrap(Math.atan2(sinhEta, cosXi) + lambda0) : Number.NaN
    xy[i + 1] = Math.atan(geodeticTan(taup, e))
  }
}
