/** What every projection kernel gives: array transforms between longitude and latitude and a plane. */

/**
 * Works in place on pairs: forward takes (λ, φ) in radians from the prime meridian to metres before false easting,
 * units and axis order; inverse goes back. Points that cannot be projected become NaN.
 */
export interface Projection {
  forward(xy: Float64Array): void
  inverse(xy: Float64Array): void
}

/** Latitudes beyond this are on no map. */
export const POLE = Math.PI / 2 + 1e-12

/** λ brought into [-π, π]; nearly always it is there already. */
export function wrap(lambda: number): number {
  if (lambda >= -Math.PI && lambda <= Math.PI) return lambda
  const turns = Math.floor((lambda + Math.PI) / (2 * Math.PI))
  return lambda - turns * 2 * Math.PI
}
