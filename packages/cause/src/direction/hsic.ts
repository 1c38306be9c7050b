/**
 * The Hilbert-Schmidt independence criterion (Gretton et al. 2008, NIPS 20): whether two samples, of any number of columns, are
 * independent. P-values by a gamma distribution of the same mean and variance, or by permutation.
 */
import { InputError, type Random, random } from '@ecotope/core'
import { gammaDistribution } from '../statistics/distributions.ts'

export interface HsicOptions {
  /** How p-values are made; default `gamma`. */
  readonly significance?: 'gamma' | 'permutation'
  /** Permutations; default 500. */
  readonly permutations?: number
  /** Seed of permutations; default 42. */
  readonly seed?: number
}

export interface HsicTest {
  /** n times the biased estimate. */
  readonly statistic: number
  readonly pValue: number
}

/** Fewer samples have no variance under independence. */
const LEAST_SAMPLES = 6
/** Samples that the median distance is taken over. */
const MEDIAN_SAMPLES = 100

/** A sample's kernel matrix, centred. */
export interface HsicSample {
  readonly count: number
  readonly centred: Float64Array
  /** Mean of the kernel off the diagonal. */
  readonly meanOff: number
}

/**
 * Gaussian kernel with a width of the root of half the median of squared distances. `columns`: one array per column.
 * Throws `InputError` TooFewSamples, ConstantSample.
 */
export function hsicSample(columns: readonly Float64Array[]): HsicSample {
  const n = columns[0]?.length ?? 0
  if (n < LEAST_SAMPLES)
    throw new InputError('TooFewSamples', `${n} samples are too few for a test of independence`, {
      hint: `Use at least ${LEAST_SAMPLES}.`,
      data: { samples: n, needed: LEAST_SAMPLES },
    })
  const width = medianWidth(columns)
  const kernel = new Float64Array(n * n)
  const sums = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const value = Math.exp(-squared(columns, i, j) / (2 * width * width))
      kernel[i * n + j] = value
      kernel[j * n + i] = value
      sums[i]! += value
      sums[j]! += value
    }
    kernel[i * n + i] = 1
    sums[i]! += 1
  }
  const total = sums.reduce((sum, value) => sum + value, 0)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) kernel[i * n + j]! -= (sums[i]! + sums[j]!) / n - total / (n * n)
  return { count: n, centred: kernel, meanOff: (total - n) / (n * (n - 1)) }
}

function squared(columns: readonly Float64Array[], i: number, j: number): number {
  let sum = 0
  for (const column of columns) {
    const d = column[i]! - column[j]!
    sum += d * d
  }
  return sum
}

function medianWidth(columns: readonly Float64Array[]): number {
  const n = Math.min(MEDIAN_SAMPLES, columns[0]!.length)
  const found: number[] = []
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const square = squared(columns, i, j)
      if (square > 0) found.push(square)
    }
  if (found.length === 0)
    throw new InputError('ConstantSample', `the first ${n} samples are all alike`, {
      hint: 'A sample has to vary before its independence can be tested.',
      data: { samples: n },
    })
  const sorted = Float64Array.from(found).sort()
  const half = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
  return Math.sqrt(0.5 * median)
}

/** Both samples have the same count. */
export function hsicTest(x: HsicSample, y: HsicSample, options: HsicOptions = {}): HsicTest {
  return options.significance === 'permutation' ? byPermutation(x, y, options) : byGamma(x, y)
}

function byGamma({ count: n, centred: a, meanOff: ma }: HsicSample, { centred: b, meanOff: mb }: HsicSample): HsicTest {
  let [products, squares, diagonal] = [0, 0, 0]
  for (let at = 0; at < a.length; at++) {
    const product = a[at]! * b[at]!
    products += product
    squares += product * product
  }
  for (let i = 0; i < n; i++) diagonal += (a[i * (n + 1)]! * b[i * (n + 1)]!) ** 2
  const statistic = products / n
  const mean = (1 + ma * mb - ma - mb) / n
  const spread = (squares - diagonal) / 36 / (n * (n - 1))
  const variance = ((72 * (n - 4) * (n - 5)) / (n * (n - 1) * (n - 2) * (n - 3))) * spread
  const pValue = gammaDistribution((mean * mean) / variance, (variance * n) / mean).sf(statistic)
  return { statistic, pValue }
}

function byPermutation(x: HsicSample, y: HsicSample, { permutations = 500, seed = 42 }: HsicOptions): HsicTest {
  const draw = random(seed)
  const order = Int32Array.from({ length: x.count }, (_, i) => i)
  const statistic = statisticOf(x, y, order)
  let larger = 0
  for (let k = 0; k < permutations; k++) if (statisticOf(x, y, shuffled(order, draw)) >= statistic) larger++
  return { statistic, pValue: (larger + 1) / (permutations + 1) }
}

function shuffled(order: Int32Array, draw: Random): Int32Array {
  for (let i = order.length - 1; i > 0; i--) {
    const j = draw.integer(i + 1)
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  return order
}

function statisticOf({ count: n, centred: a }: HsicSample, { centred: b }: HsicSample, order: Int32Array): number {
  let sum = 0
  for (let i = 0; i < n; i++) {
    const [own, other] = [i * n, order[i]! * n]
    for (let j = 0; j < n; j++) sum += a[own + j]! * b[other + order[j]!]!
  }
  return sum / n
}
