/**
 * The categorical belief of an ensemble: class probabilities and their uncertainty, pixel by pixel.
 * Pure functions on typed arrays; reading, tiling and writing rasters is the business of other packages.
 */
import { InputError } from '@ecotope/core'

/**
 * What turns a member's logits into calibrated ones: `scale[c] * logit[c] + bias[c]`.
 * For `temperature` every scale is 1 / T and every bias 0 (Guo et al. 2017, "On calibration of modern neural networks").
 */
export interface Calibration {
  readonly kind: CalibrationKind
  /** 1 / mean scale; above 1 the uncalibrated model was too sure of itself. */
  readonly temperature: number
  /** Per class, dimensionless. */
  readonly scale: readonly number[]
  /** Per class, nats. */
  readonly bias: readonly number[]
}

export type CalibrationKind = 'temperature' | 'bias' | 'vector'

/** Arrays are `[classes, n]` or `[n]`, row-major; a pixel where any member is not finite is NaN throughout. */
export interface EnsembleBelief {
  /** Mean of the members' calibrated probabilities, `[classes, n]`, in [0, 1], sums to 1. */
  readonly probability: Float32Array<ArrayBuffer>
  /** Entropy of the mean, `[n]`, nats, in [0, log K]. */
  readonly total: Float32Array<ArrayBuffer>
  /** Mean entropy of the members, `[n]`, nats: what more models would not resolve. */
  readonly aleatoric: Float32Array<ArrayBuffer>
  /** total - aleatoric = mutual information of class and member, `[n]`, nats, >= 0: what the members disagree about. */
  readonly epistemic: Float32Array<ArrayBuffer>
}

/** A belief with the names of its classes; what a prediction is, per window or raster. */
export interface CategoricalBelief extends EnsembleBelief {
  readonly classes: readonly string[]
  readonly calibration: Calibration
}

/** The calibration of a single temperature T > 0; T = 1 changes nothing. */
export function temperatureCalibration(temperature: number, classes: number): Calibration {
  if (!(temperature > 0) || !Number.isFinite(temperature)) {
    throw new InputError('BadTemperature', `a temperature must be positive and finite, not ${temperature}`)
  }
  return {
    kind: 'temperature',
    temperature,
    scale: new Array<number>(classes).fill(1 / temperature),
    bias: new Array<number>(classes).fill(0),
  }
}

/**
 * Mean probability and entropy split of an ensemble (Depeweg et al. 2018, "Decomposition of uncertainty").
 * @param memberLogits one array `[classes, n]` per member
 * @param calibration a temperature or a fitted calibration
 */
export function ensembleCategorical(
  memberLogits: readonly Float32Array[],
  classes: number,
  calibration: Calibration | number = 1,
): EnsembleBelief {
  const n = pixelsOf(memberLogits, classes)
  const { scale, bias } = typeof calibration === 'number' ? temperatureCalibration(calibration, classes) : calibration
  if (scale.length !== classes || bias.length !== classes) {
    throw new InputError('ClassCount', `the calibration is for ${scale.length} classes, the logits have ${classes}`)
  }
  const out: EnsembleBelief = {
    probability: new Float32Array(classes * n),
    total: new Float32Array(n),
    aleatoric: new Float32Array(n),
    epistemic: new Float32Array(n),
  }
  const room = Math.min(n, BLOCK)
  const mean = new Float64Array(classes * room)
  const spread = new Float64Array(room)
  const soft = softmaxBlock(classes, room, scale, bias)
  const share = 1 / memberLogits.length
  for (let start = 0; start < n; start += BLOCK) {
    const count = Math.min(BLOCK, n - start)
    mean.fill(0)
    spread.fill(0)
    for (const logits of memberLogits) soft(logits, start, count, n, share, mean, spread)
    for (let c = 0; c < classes; c++) {
      for (let i = 0; i < count; i++) out.probability[c * n + start + i] = mean[c * room + i]!
    }
    splitEntropy(out, start, count, mean, room, spread)
  }
  return out
}

/** Pixels that are worked on together: their classes' rows fit the processor's cache and are passed over in order. */
const BLOCK = 1024

/** Adds one member's share of probability and of entropy for a block of pixels. */
type SoftmaxBlock = (
  logits: Float32Array,
  start: number,
  count: number,
  n: number,
  share: number,
  mean: Float64Array,
  entropy: Float64Array,
) => void

function softmaxBlock(classes: number, room: number, scale: readonly number[], bias: readonly number[]): SoftmaxBlock {
  const z = new Float64Array(classes * room)
  const top = new Float64Array(room)
  const sum = new Float64Array(room)
  const weighted = new Float64Array(room)
  return (logits, start, count, n, share, mean, entropy) => {
    top.fill(Number.NEGATIVE_INFINITY)
    sum.fill(0)
    weighted.fill(0)
    for (let c = 0; c < classes; c++) {
      const [a, b] = [scale[c]!, bias[c]!]
      for (let i = 0; i < count; i++) {
        const v = logits[c * n + start + i]! * a + b
        z[c * room + i] = v
        if (v > top[i]!) top[i] = v
      }
    }
    for (let c = 0; c < classes; c++) {
      for (let i = 0; i < count; i++) {
        const v = z[c * room + i]! - top[i]!
        const e = Math.exp(v)
        z[c * room + i] = e
        sum[i] = sum[i]! + e
        // An impossible class (logit -Infinity) adds nothing: p log p -> 0.
        if (v !== Number.NEGATIVE_INFINITY) weighted[i] = weighted[i]! + e * v
      }
    }
    for (let i = 0; i < count; i++) {
      entropy[i] = entropy[i]! + share * (Math.log(sum[i]!) - weighted[i]! / sum[i]!)
      sum[i] = share / sum[i]!
    }
    for (let c = 0; c < classes; c++) {
      for (let i = 0; i < count; i++) mean[c * room + i] = mean[c * room + i]! + z[c * room + i]! * sum[i]!
    }
  }
}

/** Total entropy of the mean, and what of it the members share. */
function splitEntropy(
  out: EnsembleBelief,
  start: number,
  count: number,
  mean: Float64Array,
  room: number,
  shared: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    let total = 0
    for (let at = i; at < mean.length; at += room) {
      const p = mean[at]!
      if (p > 0) total -= p * Math.log(p)
      else if (p !== 0) total = Number.NaN
    }
    const aleatoric = shared[i]!
    out.total[start + i] = total
    // Both are equal up to rounding where members agree; a negative mutual information would be noise.
    out.aleatoric[start + i] = Math.min(aleatoric, total)
    out.epistemic[start + i] = aleatoric > total ? 0 : total - aleatoric
  }
}

/** Most probable class per pixel, `[n]`; `none` where the probabilities are missing. The lowest index wins a tie. */
export function mostProbable(probability: Float32Array, classes: number, none = -1): Int32Array<ArrayBuffer> {
  const n = pixelsOf([probability], classes)
  const out = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    let best = none
    let most = Number.NEGATIVE_INFINITY
    for (let c = 0; c < classes; c++) {
      const p = probability[c * n + i]!
      if (p > most) {
        most = p
        best = c
      }
    }
    out[i] = best
  }
  return out
}

/** Entropy in nats divided by log K, so that 1 means that every class is equally likely. Zero for one class. */
export function normalisedEntropy(entropy: Float32Array, classes: number): Float32Array<ArrayBuffer> {
  const share = classes > 1 ? 1 / Math.log(classes) : 0
  return Float32Array.from(entropy, (h) => h * share)
}

/** n of arrays `[classes, n]` that must agree. */
export function pixelsOf(arrays: readonly { readonly length: number }[], classes: number): number {
  const length = arrays[0]?.length
  if (length === undefined) throw new InputError('NoMembers', 'an ensemble needs at least one member')
  if (!Number.isInteger(classes) || classes < 1 || length % classes !== 0) {
    throw new InputError('ClassCount', `${length} values cannot be an array of ${classes} classes`, {
      hint: 'the layout is [classes, n], row-major',
    })
  }
  for (const array of arrays) {
    if (array.length !== length) throw new InputError('ShapeMismatch', 'members differ in their number of values')
  }
  return length / classes
}
