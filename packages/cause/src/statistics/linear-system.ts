/** Small square systems of linear equations, by elimination with pivots. */

/**
 * Solves for as many unknowns as `right` has. `matrix`: row-major with rows of `stride`, of which the first places are used.
 * Unknowns that nothing determines become 0.
 */
export function solveLinear(matrix: Float64Array, stride: number, right: Float64Array): Float64Array {
  const n = right.length
  const rows = Array.from({ length: n }, (_, i) =>
    Float64Array.of(...matrix.subarray(i * stride, i * stride + n), right[i]!),
  )
  for (let k = 0; k < n; k++) {
    let best = k
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[best]![k]!)) best = i
    ;[rows[k], rows[best]] = [rows[best]!, rows[k]!]
    const pivot = rows[k]!
    if (pivot[k] === 0) continue
    for (let i = k + 1; i < n; i++) {
      const row = rows[i]!
      const factor = row[k]! / pivot[k]!
      if (factor !== 0) for (let j = k; j <= n; j++) row[j] = row[j]! - factor * pivot[j]!
    }
  }
  const out = new Float64Array(n)
  for (let k = n - 1; k >= 0; k--) {
    const row = rows[k]!
    let rest = row[n]!
    for (let j = k + 1; j < n; j++) rest -= row[j]! * out[j]!
    out[k] = row[k] === 0 ? 0 : rest / row[k]!
  }
  return out
}
