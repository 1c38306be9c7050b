/** Cubic B-splines on evenly spaced knots, and what punishes their roughness (Eilers & Marx 1996, Stat. Sci. 11). */

export interface Basis {
  /** Functions: segments + 3. */
  readonly size: number
  /** Writes the four functions that are not 0 at u to `into`; returns the index of the first. u outside counts as the end. */
  at(u: number, into: Float64Array): number
}

/** `segments` of equal length between `low` and `high`. */
export function cubicBasis(low: number, high: number, segments: number): Basis {
  const step = (high - low) / segments
  return {
    size: segments + 3,
    at(u, into) {
      const place = Math.max(0, Math.min(segments, (u - low) / step))
      const first = Math.min(segments - 1, Math.floor(place))
      const f = place - first
      into[0] = (1 - f) ** 3 / 6
      into[1] = (3 * f ** 3 - 6 * f ** 2 + 4) / 6
      into[2] = (-3 * f ** 3 + 3 * f ** 2 + 3 * f + 1) / 6
      into[3] = f ** 3 / 6
      return first
    },
  }
}

/** Sum of squared second differences of coefficients as a matrix, row-major; constants and straight lines go free. */
export function roughness(size: number): Float64Array {
  const out = new Float64Array(size * size)
  const weights = [1, -2, 1]
  for (let k = 0; k + 2 < size; k++)
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) out[(k + a) * size + k + b]! += weights[a]! * weights[b]!
  return out
}

/** Functions that roughness leaves free. */
export const FREE = 2
