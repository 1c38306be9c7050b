/** Precision against recall over all thresholds of one class's probability. Exact in O(n log n); thinned only to draw. */
import { InputError } from '@ecotope/core'

export interface PrecisionRecallCurve {
  /** Falling; point i is what `probability >= thresholds[i]` gives. At most `points` of them, spread over recall. */
  readonly thresholds: readonly number[]
  readonly precision: readonly number[]
  /** Rising from near 0 to 1. */
  readonly recall: readonly number[]
  /** Sum over all distinct thresholds of (recall step) x precision, no interpolation; 0 without positives. */
  readonly averagePrecision: number
  /** Where F1 is largest over all distinct thresholds. */
  readonly best: {
    readonly threshold: number
    readonly precision: number
    readonly recall: number
    readonly f1: number
  }
  /** Share of positives: the precision of a guess. */
  readonly prevalence: number
  readonly positives: number
  readonly count: number
}

export interface PrecisionRecallOptions {
  /** Points to keep for drawing, default 512. The average precision always uses all. */
  readonly points?: number
}

/**
 * @param probability `[n]`, in [0, 1]; NaN is left out
 * @param positives `[n]`, 1 where the reference is this class, 0 where not, negative where there is no reference
 */
export function precisionRecallCurve(
  probability: Float32Array,
  positives: ArrayLike<number>,
  options: PrecisionRecallOptions = {},
): PrecisionRecallCurve {
  const keys = sortedKeys(probability, positives)
  const count = keys.length
  let total = 0
  for (let i = 0; i < count; i++) total += keys[i]! & 1
  const most = Math.max(2, options.points ?? 512)
  const curve = { thresholds: [] as number[], precision: [] as number[], recall: [] as number[] }
  let averagePrecision = 0
  let best = { threshold: 1, precision: 0, recall: 0, f1: 0 }
  let hits = 0
  let lastRecall = 0
  let nextDrawn = 0
  for (let i = count - 1; i >= 0; ) {
    const bits = keys[i]! >>> 1
    for (; i >= 0 && keys[i]! >>> 1 === bits; i--) hits += keys[i]! & 1
    const threshold = asFloat(bits)
    const precision = hits / (count - 1 - i)
    const recall = total > 0 ? hits / total : 0
    averagePrecision += (recall - lastRecall) * precision
    const f1 = total > 0 ? (2 * hits) / (count - 1 - i + total) : 0
    if (f1 > best.f1) best = { threshold, precision, recall, f1 }
    const last = recall === 1 && lastRecall < 1
    if (recall >= nextDrawn || last) {
      curve.thresholds.push(threshold)
      curve.precision.push(precision)
      curve.recall.push(recall)
      nextDrawn = last ? Number.POSITIVE_INFINITY : (Math.floor(recall * (most - 2)) + 1) / (most - 2)
    }
    lastRecall = recall
  }
  return { ...curve, averagePrecision, best, prevalence: count > 0 ? total / count : 0, positives: total, count }
}

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

function asFloat(bits: number): number {
  word[0] = bits
  return float[0]!
}

/**
 * Ascending keys: the bits of the probability with the label in the lowest place. Non-negative floats sort like their
 * bits, so the typed array's own numeric sort does the work, and ties stay exact.
 */
function sortedKeys(probability: Float32Array, positives: ArrayLike<number>): Uint32Array {
  if (probability.length !== positives.length) {
    throw new InputError('ShapeMismatch', `${probability.length} probabilities but ${positives.length} labels`)
  }
  const keys = new Uint32Array(probability.length)
  let count = 0
  for (let i = 0; i < probability.length; i++) {
    const p = probability[i]!
    const label = positives[i]!
    if (Number.isNaN(p) || !(label >= 0)) continue
    if (p < 0 || p > 1.001) throw new InputError('BadProbability', `${p} is not a probability`, { data: { pixel: i } })
    float[0] = p + 0
    keys[count++] = (word[0]! << 1) | (label > 0 ? 1 : 0)
  }
  return keys.slice(0, count).sort()
}
