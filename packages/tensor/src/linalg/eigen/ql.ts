/** Eigenvalues of a small symmetric tridiagonal matrix by implicit QL steps, vectors by their rotations. */
import { EcotopeError } from '@ecotope/core'

/** Called with every rotation: rows i and i + 1 become (c row_i - s row_i+1, s row_i + c row_i+1). */
export type Rotate = (i: number, c: number, s: number) => void

const most = 60

/**
 * Overwrites `d` with the eigenvalues (in no order) and `e` (as long as d; the last entry is room) with zeros.
 * Wilkinson & Reinsch (1971), Handbook for Automatic Computation II, contribution II/4.
 */
export function implicitQl(d: Float64Array, e: Float64Array, rotate?: Rotate): void {
  const n = d.length
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      let m = l
      while (m < n - 1 && Math.abs(e[m]!) > 2 ** -53 * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++
      if (m === l) break
      if (iteration === most) throw new EcotopeError('NoConvergence', `linalg: eigenvalue ${l} did not converge`)
      step(d, e, l, m, rotate)
    }
  }
}

/** One implicit step with Wilkinson's shift on rows l to m. */
function step(d: Float64Array, e: Float64Array, l: number, m: number, rotate: Rotate | undefined): void {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!)
  const length = Math.hypot(half, 1)
  let g = d[m]! - d[l]! + e[l]! / (half + (half >= 0 ? length : -length))
  let [s, c, p] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!
    const b = c * e[i]!
    const r = Math.hypot(f, g)
    e[i + 1] = r
    if (r === 0) {
      d[i + 1]! -= p
      e[m] = 0
      return
    }
    s = f / r
    c = g / r
    g = d[i + 1]! - p
    const t = (d[i]! - g) * s + 2 * c * b
    p = s * t
    d[i + 1] = g + p
    g = c * t - b
    rotate?.(i, c, s)
  }
  d[l]! -= p
  e[l] = g
  e[m] = 0
}
