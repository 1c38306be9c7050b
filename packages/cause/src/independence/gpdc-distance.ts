/** Distance correlation of two samples (Székely, Rizzo & Bakirov 2007), in O(n log n) (Huo & Székely 2016). */
import { argsort } from '../statistics/ranks.ts'

/**
 * Places in (0, 1] by the empirical distribution: the share of samples that are not larger. Equal values share a place.
 */
export function toUniform(values: Float64Array): Float64Array {
  return places(values).map((place) => place / values.length)
}

function places(values: Float64Array): Float64Array {
  const order = argsort(values)
  const out = new Float64Array(values.length)
  for (let at = order.length - 1, top = 0; at >= 0; at--) {
    if (at === order.length - 1 || values[order[at]!] !== values[order[at + 1]!]) top = at + 1
    out[order[at]!] = top
  }
  return out
}

/** The same for values of a random generator in [0, 1), by buckets. */
export function uniformPlaces(values: Float64Array): Int32Array {
  const n = values.length
  const start = new Int32Array(n + 1)
  const bucketOf = (value: number): number => Math.min(n - 1, Math.floor(value * n))
  for (const value of values) start[bucketOf(value) + 1]!++
  for (let k = 0; k < n; k++) start[k + 1]! += start[k]!
  const filled = new Int32Array(n)
  const order = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    const bucket = bucketOf(values[i]!)
    let at = start[bucket]! + filled[bucket]!++
    while (at > start[bucket]! && values[order[at - 1]!]! > values[i]!) order[at] = order[--at]!
    order[at] = i
  }
  const out = new Int32Array(n)
  for (let at = 0; at < n; at++) out[order[at]!] = at + 1
  return out
}

/** A sample as distances see it: values with their row sums of distances and their order. */
export interface DistanceSample {
  readonly values: Float64Array
  readonly order: Int32Array
  /** Rank from 1 of each value, equal values in order. */
  readonly rank: Int32Array
  /** Sum of distances to all others. */
  readonly rowSums: Float64Array
  readonly total: number
  /** Distance variance, squared. */
  readonly variance: number
}

export function distanceSample(values: Float64Array): DistanceSample {
  const n = values.length
  const order = argsort(values)
  const rank = new Int32Array(n)
  const rowSums = new Float64Array(n)
  let [all, squares] = [0, 0]
  for (const value of values) all += value
  const mean = all / n
  for (const value of values) squares += (value - mean) ** 2
  for (let at = 0, before = 0; at < n; at++) {
    const i = order[at]!
    const value = values[i]!
    rank[i] = at + 1
    rowSums[i] = all - 2 * before - (n - 2 * at) * value
    before += value
  }
  const total = rowSums.reduce((sum, value) => sum + value, 0)
  const sample = { values, order, rank, rowSums, total }
  // The sum of squared distances is 2 n times the sum of squares.
  return { ...sample, variance: fromTerms(2 * n * squares, sample, sample) }
}

/** The sample in another order: `from[i]` is where sample i comes from. Its `order` is left behind. */
export function rearranged(sample: DistanceSample, from: Int32Array): Rearranged {
  return {
    values: sample.values.map((_, i) => sample.values[from[i]!]!),
    rank: sample.rank.map((_, i) => sample.rank[from[i]!]!),
    rowSums: sample.rowSums.map((_, i) => sample.rowSums[from[i]!]!),
    total: sample.total,
    variance: sample.variance,
  }
}

export type Rearranged = Omit<DistanceSample, 'order'>

type Sums = Pick<DistanceSample, 'rowSums' | 'total' | 'values'>

/** The doubly centred mean product, from the plain one and the row sums. */
function fromTerms(products: number, a: Sums, b: Sums): number {
  const n = a.values.length
  let rows = 0
  for (let i = 0; i < n; i++) rows += a.rowSums[i]! * b.rowSums[i]!
  return products / n / n - (2 * rows) / n ** 3 + ((a.total / n / n) * b.total) / n / n
}

/**
 * Distance correlation in [0, 1]; 0 where a sample is constant. The V-statistic, whose square is the mean of products of
 * doubly centred distances over the root of the two distance variances.
 */
export function distanceCorrelation(a: DistanceSample, b: Rearranged): number {
  const scale = Math.sqrt(Math.abs(a.variance * b.variance))
  if (scale === 0) return 0
  const square = fromTerms(distanceProducts(a, b), a, b) / scale
  return Math.sqrt(Math.max(0, square))
}

/**
 * Sum over all pairs of |x - x'| |y - y'|: in the order of x, with sums of 1, x, y and xy over what came before and lies below in
 * y, kept in a binary indexed tree (Fenwick 1994).
 */
function distanceProducts(a: DistanceSample, b: Rearranged): number {
  const n = a.values.length
  const tree = new Float64Array(4 * (n + 1))
  let [countAll, xAll, yAll, xyAll, sum] = [0, 0, 0, 0, 0]
  for (let at = 0; at < n; at++) {
    const i = a.order[at]!
    const [x, y, own] = [a.values[i]!, b.values[i]!, b.rank[i]!]
    let [count, xs, ys, xys] = [0, 0, 0, 0]
    for (let k = own; k > 0; k &= k - 1) {
      count += tree[4 * k]!
      xs += tree[4 * k + 1]!
      ys += tree[4 * k + 2]!
      xys += tree[4 * k + 3]!
    }
    // (x - x') (y - y') over those below in y, less the same over those above.
    const below = count * x * y - x * ys - y * xs + xys
    const every = countAll * x * y - x * yAll - y * xAll + xyAll
    sum += 2 * below - every
    countAll++
    xAll += x
    yAll += y
    xyAll += x * y
    for (let k = own; k <= n; k += k & -k) {
      tree[4 * k]! += 1
      tree[4 * k + 1]! += x
      tree[4 * k + 2]! += y
      tree[4 * k + 3]! += x * y
    }
  }
  return 2 * sum
}
