/** P-values corrected for the number of tests. */

/** At a false discovery rate (Benjamini and Hochberg 1995); each in [0, 1], in the order given. NaN counts as not tested. */
export function benjaminiHochberg(pValues: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(pValues)
  const order = Uint32Array.from(out.keys())
    .filter((i) => !Number.isNaN(out[i]!))
    .sort((a, b) => out[a]! - out[b]!)
  let least = 1
  for (let rank = order.length; rank >= 1; rank--) {
    const i = order[rank - 1]!
    least = Math.min(least, out[i]! / (rank / order.length))
    out[i] = least
  }
  return out
}
