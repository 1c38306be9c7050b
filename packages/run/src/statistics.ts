/** Statistics of one band over a stream of values, in bounded memory. Not for whole arrays that are at hand anyway. */

export interface BandStatistics {
  /** Pixels with a finite value. */
  readonly valid: number
  /** Pixels in all. */
  readonly count: number
  /** Pixels that are nodata or NaN. */
  readonly missing: number
  readonly infinite: number
  readonly zeros: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Standard deviation of the population. */
  readonly std: number
  /** 2, 25, 50, 75 and 98 %; exact for up to 262,144 valid pixels, else of a regular sample of at least half as many. */
  readonly percentiles: readonly number[]
}

export const PERCENTILES = [2, 25, 50, 75, 98] as const

const CAPACITY = 2 ** 18

/** Adds values part by part: `push` any number of times, then `result`. */
export interface BandAccumulator {
  push(values: Float32Array): void
  result(): BandStatistics
}

export function bandAccumulator(): BandAccumulator {
  let [count, valid, infinite, missing, zeros] = [0, 0, 0, 0, 0]
  let [min, max, mean, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  const sample = regularSample(CAPACITY)
  const push = (values: Float32Array): void => {
    let [n, sum] = [0, 0]
    for (const value of values) {
      if (value - value === 0) {
        n++
        sum += value
        if (value < min) min = value
        if (value > max) max = value
        if (value === 0) zeros++
        sample.push(value)
      } else if (Number.isNaN(value)) missing++
      else infinite++
    }
    count += values.length
    if (n === 0) return
    // Parts are joined by their means and sums of squared deviations (Chan, Golub & LeVeque 1983).
    const partMean = sum / n
    let partSquares = 0
    for (const value of values) if (value - value === 0) partSquares += (value - partMean) ** 2
    const delta = partMean - mean
    mean += (delta * n) / (valid + n)
    squares += partSquares + (delta * delta * valid * n) / (valid + n)
    valid += n
  }
  const result = (): BandStatistics => {
    const none = valid === 0
    const sorted = sample.sorted()
    return {
      ...{ valid, count, missing, infinite, zeros },
      min: none ? Number.NaN : min,
      max: none ? Number.NaN : max,
      mean: none ? Number.NaN : mean,
      std: none ? Number.NaN : Math.sqrt(squares / valid),
      percentiles: PERCENTILES.map((percent) => quantile(sorted, percent / 100)),
    }
  }
  return { push, result }
}

/** Every k-th value of a stream; k doubles whenever the room is used up. */
function regularSample(capacity: number): { push(value: number): void; sorted(): Float32Array } {
  const kept = new Float32Array(capacity)
  let [size, stride, skip] = [0, 1, 0]
  return {
    push: (value) => {
      if (skip-- > 0) return
      if (size === capacity) {
        for (let i = 0; i < capacity / 2; i++) kept[i] = kept[2 * i]!
        size = capacity / 2
        stride *= 2
      }
      kept[size++] = value
      skip = stride - 1
    },
    sorted: () => kept.slice(0, size).sort(),
  }
}

/** Linear between order statistics (type 7 of Hyndman & Fan 1996, NumPy's default). */
function quantile(sorted: Float32Array, share: number): number {
  if (sorted.length === 0) return Number.NaN
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(sorted.length - 1, low + 1)
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!)
}
