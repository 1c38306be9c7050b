/** How far stated probabilities can be trusted: calibration errors, proper scores and their parts. */
import { InputError } from '@ecotope/core'
import { pixelsOf } from './categorical.ts'

export interface ReliabilityBin {
  /** Edges in probability. */
  readonly lower: number
  readonly upper: number
  /** Mean stated probability of the pixels in this bin; the bin's centre where it is empty. */
  readonly confidence: number
  /** Share of them that is right; 0 where the bin is empty. */
  readonly accuracy: number
  readonly count: number
}

export interface BrierScore {
  /** Mean over pixels of the squared distance to the truth, summed over classes; in [0, 2] (Brier 1950). */
  readonly score: number
  /** Squared miscalibration, >= 0, smaller is better (Murphy 1973). */
  readonly reliability: number
  /** How much the bins differ from the base rates, >= 0, larger is better. */
  readonly resolution: number
  /** The base rates' own variance; what no forecast can change. */
  readonly uncertainty: number
  /** Variance minus covariance inside bins (Stephenson et al. 2008), so that the four parts add up exactly. */
  readonly withinBins: number
}

export interface Reliability {
  /** Expected calibration error of the most probable class, equal-width bins (Naeini et al. 2015; Guo et al. 2017). */
  readonly ece: number
  /** Largest gap of any bin with pixels. */
  readonly mce: number
  /** The same error with bins of equal count (Nguyen & O'Connor 2015); small counts do not hide in wide bins. */
  readonly adaptiveEce: number
  /** Mean over classes of the error of that class's probability (Kull et al. 2019). */
  readonly classwiseEce: number
  readonly perClassEce: readonly number[]
  readonly bins: readonly ReliabilityBin[]
  /** Mean negative log of the probability of the true class, nats; probabilities clipped at 2.2e-16. */
  readonly nll: number
  readonly brier: BrierScore
  /** Pixels with a label and a probability. */
  readonly count: number
}

/** Sums per bin: of pixels, of stated probability, of its square, of hits, of probability where hit. */
interface Tally {
  readonly count: Float64Array
  readonly stated: Float64Array
  readonly square: Float64Array
  readonly hits: Float64Array
  readonly statedHit: Float64Array
}

const tally = (bins: number): Tally => ({
  count: new Float64Array(bins),
  stated: new Float64Array(bins),
  square: new Float64Array(bins),
  hits: new Float64Array(bins),
  statedHit: new Float64Array(bins),
})

function add(into: Tally, bin: number, p: number, hit: boolean): void {
  into.count[bin] = into.count[bin]! + 1
  into.stated[bin] = into.stated[bin]! + p
  into.square[bin] = into.square[bin]! + p * p
  if (!hit) return
  into.hits[bin] = into.hits[bin]! + 1
  into.statedHit[bin] = into.statedHit[bin]! + p
}

/**
 * Calibration of a categorical belief against labels.
 * @param probability `[classes, n]`
 * @param labels `[n]`, class index, negative where there is no reference
 * @throws InputError `NoLabels` where nothing can be compared
 */
export function reliability(
  probability: Float32Array,
  labels: ArrayLike<number>,
  options: { readonly bins?: number } = {},
): Reliability {
  const n = labels.length
  const bins = options.bins ?? 15
  const classes = n > 0 ? probability.length / n : 0
  if (n === 0) throw new InputError('NoLabels', 'no labelled pixel to check the calibration on')
  pixelsOf([probability], classes)
  const top = tally(bins)
  const perClass = Array.from({ length: classes }, () => tally(bins))
  const confidences = new Float32Array(n)
  const correct = new Uint8Array(n)
  let count = 0
  let nll = 0
  for (let i = 0; i < n; i++) {
    const y = labels[i]!
    if (!(y >= 0) || Number.isNaN(probability[i]!)) continue
    if (y >= classes) throw new InputError('BadLabel', `label ${y} is not below ${classes} classes`)
    let best = 0
    for (let c = 0; c < classes; c++) {
      const p = probability[c * n + i]!
      add(perClass[c]!, binOf(p, bins), p, c === y)
      if (p > probability[best * n + i]!) best = c
    }
    const confidence = probability[best * n + i]!
    add(top, binOf(confidence, bins), confidence, best === y)
    confidences[count] = confidence
    correct[count] = best === y ? 1 : 0
    nll -= Math.log(Math.min(1, Math.max(Number.EPSILON, probability[y * n + i]!)))
    count++
  }
  if (count === 0) throw new InputError('NoLabels', 'no labelled pixel to check the calibration on')
  const perClassEce = perClass.map((t) => expectedError(t, count))
  return {
    ece: expectedError(top, count),
    mce: Math.max(...gaps(top)),
    adaptiveEce: adaptiveError(confidences.subarray(0, count), correct.subarray(0, count), bins),
    classwiseEce: perClassEce.reduce((s, e) => s + e, 0) / classes,
    perClassEce,
    bins: described(top, bins),
    nll: nll / count,
    brier: brierOf(perClass, count),
    count,
  }
}

/** Bins are [lower, upper), the last one closed, as scikit-learn's calibration curve has them. */
const binOf = (p: number, bins: number): number => Math.min(bins - 1, Math.max(0, Math.floor(p * bins)))

const gaps = (t: Tally): number[] =>
  Array.from(t.count, (count, b) => (count > 0 ? Math.abs(t.hits[b]! - t.stated[b]!) / count : 0))

const expectedError = (t: Tally, count: number): number =>
  t.hits.reduce((sum, hits, b) => sum + Math.abs(hits - t.stated[b]!), 0) / count

function described(t: Tally, bins: number): ReliabilityBin[] {
  return Array.from(t.count, (count, b) => ({
    lower: b / bins,
    upper: (b + 1) / bins,
    confidence: count > 0 ? t.stated[b]! / count : (b + 0.5) / bins,
    accuracy: count > 0 ? t.hits[b]! / count : 0,
    count,
  }))
}

function brierOf(perClass: readonly Tally[], count: number): BrierScore {
  let score = 0
  let reliabilityPart = 0
  let resolution = 0
  let uncertainty = 0
  for (const t of perClass) {
    const base = t.hits.reduce((s, h) => s + h, 0) / count
    uncertainty += base * (1 - base)
    for (let b = 0; b < t.count.length; b++) {
      const pixels = t.count[b]!
      if (pixels === 0) continue
      const rate = t.hits[b]! / pixels
      score += (t.square[b]! - 2 * t.statedHit[b]! + t.hits[b]!) / count
      reliabilityPart += (pixels / count) * (t.stated[b]! / pixels - rate) ** 2
      resolution += (pixels / count) * (rate - base) ** 2
    }
  }
  const withinBins = score - (reliabilityPart - resolution + uncertainty)
  return { score, reliability: reliabilityPart, resolution, uncertainty, withinBins }
}

/** Bins of equal count over the sorted confidences; ties are kept together by the sort's order only. */
function adaptiveError(confidences: Float32Array, correct: Uint8Array, bins: number): number {
  const n = confidences.length
  const keys = new Uint32Array(n)
  const bits = new Uint32Array(confidences.buffer, confidences.byteOffset, n)
  // A float in [0, 1] sorts like its bits, which leave the lowest place of a shifted word free for the hit.
  for (let i = 0; i < n; i++) keys[i] = (bits[i]! << 1) | correct[i]!
  keys.sort()
  const word = new Uint32Array(1)
  const float = new Float32Array(word.buffer)
  let error = 0
  for (let b = 0; b < bins; b++) {
    const from = Math.floor((b * n) / bins)
    const to = Math.floor(((b + 1) * n) / bins)
    let difference = 0
    for (let i = from; i < to; i++) {
      word[0] = keys[i]! >>> 1
      difference += (keys[i]! & 1) - float[0]!
    }
    error += Math.abs(difference) / n
  }
  return error
}
