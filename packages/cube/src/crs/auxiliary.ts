/**
 * Auxiliary latitudes on an ellipsoid (conformal, authalic, rectifying), as sine series whose coefficients are found
 * numerically: the difference of two latitudes is odd and periodic, so a discrete sine transform converges to rounding.
 * Not valid for flattenings far beyond the Earth's (|f| > 1/50).
 */

/** Terms kept: the seventh is of order n^7 < 1e-19 for the Earth. */
const TERMS = 7
const SAMPLES = 32

/** Coefficients c[j] of y = x + sum over j of c[j] sin(2(j+1)x). */
export type SineSeries = Float64Array

/** The series of y(x) on [0, π/2] where y(0) = 0 and y(π/2) = π/2. */
export function sineSeries(y: (x: number) => number): SineSeries {
  const out = new Float64Array(TERMS)
  for (let k = 1; k < SAMPLES; k++) {
    const x = (k * Math.PI) / (2 * SAMPLES)
    const difference = y(x) - x
    for (let j = 0; j < TERMS; j++) out[j]! += (2 / SAMPLES) * difference * Math.sin(2 * (j + 1) * x)
  }
  return out
}

/** Sum of the series (Clenshaw). */
export function evaluateSeries(series: SineSeries, x: number): number {
  const s = Math.sin(x)
  const c = Math.cos(x)
  const twice = 2 * (c - s) * (c + s)
  let u1 = 0
  let u0 = 0
  for (let j = TERMS - 1; j >= 0; j--) {
    const u = twice * u0 - u1 + series[j]!
    u1 = u0
    u0 = u
  }
  return x + 2 * s * c * u0
}

/** tan of the conformal latitude from tan of the geodetic one (Karney 2011, eq. 7 to 9). */
export function conformalTan(tau: number, e: number): number {
  const hypotenuse = Math.sqrt(1 + tau * tau)
  const sigma = Math.sinh(e * Math.atanh((e * tau) / hypotenuse))
  return tau * Math.sqrt(1 + sigma * sigma) - sigma * hypotenuse
}

/** tan of the geodetic latitude from tan of the conformal one, by Newton's method (Karney 2011, eq. 19 to 21). */
export function geodeticTan(taup: number, e: number): number {
  const es = e * e
  if (es === 0 || !Number.isFinite(taup)) return taup
  let tau = taup / (1 - es)
  if (Math.abs(taup) > 70) tau = taup * Math.exp(e * Math.atanh(e))
  for (let i = 0; i < 5; i++) {
    const guess = conformalTan(tau, e)
    const hypotenuse = Math.sqrt(1 + tau * tau)
    const step = ((taup - guess) * (1 + (1 - es) * tau * tau)) / ((1 - es) * hypotenuse * Math.sqrt(1 + guess * guess))
    tau += step
    if (Math.abs(step) <= 1e-15 * Math.max(1, Math.abs(tau))) break
  }
  return tau
}

/** Isometric latitude from the geodetic one (radians). */
export function isometric(phi: number, e: number): number {
  return Math.asinh(Math.tan(phi)) - e * Math.atanh(e * Math.sin(phi))
}

/** Geodetic latitude from the isometric one. */
export function fromIsometric(psi: number, e: number): number {
  return Math.atan(geodeticTan(Math.sinh(psi), e))
}

/** q of Snyder (1987), eq. 3-12: twice the area between the equator and a latitude, per radian and a². */
export function areaTerm(sinPhi: number, e: number): number {
  if (e === 0) return 2 * sinPhi
  const es = e * e
  return (1 - es) * (sinPhi / (1 - es * sinPhi * sinPhi) + Math.atanh(e * sinPhi) / e)
}

export interface Authalic {
  /** q at the pole. */
  readonly qp: number
  readonly fromGeodetic: SineSeries
  readonly toGeodetic: SineSeries
}

/** Series between geodetic and authalic latitude. */
export function authalic(e: number): Authalic {
  const qp = areaTerm(1, e)
  const es = e * e
  const inverse = (beta: number): number => {
    const wanted = Math.sin(beta) * qp
    let s = Math.sin(beta)
    for (let i = 0; i < 20; i++) {
      const w = 1 - es * s * s
      s += ((wanted - areaTerm(s, e)) * w * w) / (2 * (1 - es))
    }
    return Math.asin(Math.min(1, s))
  }
  return {
    qp,
    fromGeodetic: sineSeries((phi) => Math.asin(Math.min(1, areaTerm(Math.sin(phi), e) / qp))),
    toGeodetic: sineSeries(inverse),
  }
}

/** Radius of the parallel of latitude phi over a: Snyder's m, eq. 14-15. */
export function parallelRadius(phi: number, es: number): number {
  const s = Math.sin(phi)
  return Math.cos(phi) / Math.sqrt(1 - es * s * s)
}
