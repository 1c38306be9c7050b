/** Sorting networks: Batcher's odd-even merge sort for any length, cut down to the outputs that are read. */

/** Puts the smaller of two places into `low` (if `keepsLow`), the greater into `high` (if `keepsHigh`). */
export interface Comparator {
  readonly low: number
  readonly high: number
  readonly keepsLow: boolean
  readonly keepsHigh: boolean
}

/** Pairs of places to compare, in order (Batcher 1968; Knuth, The Art of Computer Programming 3, 5.2.2 M). */
function batcher(n: number): [number, number][] {
  const pairs: [number, number][] = []
  let top = 1
  while (top < n) top *= 2
  for (let p = top / 2; p >= 1; p /= 2) {
    let q = top / 2
    let r = 0
    for (let d = p; d > 0; d = q - p, q = q / 2, r = p) {
      for (let i = 0; i < n - d; i++) if ((i & p) === r) pairs.push([i, i + d])
      if (q === p) break
    }
  }
  return pairs
}

/** The network that leaves the `wanted` smallest of `n` values, sorted, in the first places. */
export function sortingNetwork(n: number, wanted = n): readonly Comparator[] {
  const live = new Set(Array.from({ length: Math.min(wanted, n) }, (_, i) => i))
  const kept: Comparator[] = []
  for (const [low, high] of batcher(n).reverse()) {
    const keepsLow = live.has(low)
    const keepsHigh = live.has(high)
    if (!keepsLow && !keepsHigh) continue
    kept.push({ low, high, keepsLow, keepsHigh })
    live.add(low).add(high)
  }
  return kept.reverse()
}
