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
  const member = new Float64Array(classes)
  const mean = new Float64Array(classes)
  const share = 1 / memberLogits.length
  for (let i = 0; i < n; i++) {
    mean.fill(0)
    let aleatoric = 0
    for (const logits of memberLogits) {
      aleatoric += share * softmaxEntropy(logits, i, n, scale, bias, member)
      for (let c = 0; c < classes; c++) mean[c] = mean[c]! + share * member[c]!
    }
    let total = 0
    for (let c = 0; c < classes; c++) {
      const p = mean[c]!
      out.probability[c * n + i] = p
      if (p > 0) total -= p * Math.log(p)
      else if (p !== 0) total = Number.NaN
    }
    out.total[i] = total
    // Both are equal up to rounding where members agree; a negative mutual information would be noise.
    out.aleatoric[i] = Math.min(aleatoric, total)
    out.epistemic[i] = aleatoric > total ? 0 : total - aleatoric
  }
  return out
}

/** Softmax of one pixel into `into`; returns its entropy in nats. */
function softmaxEntropy(
  logits: Float32Array,
  i: number,
  n: number,
  scale: readonly number[],
  bias: readonly number[],
  into: Float64Array,
): number {
  const k = into.length
  let top = Number.NEGATIVE_INFINITY
  for (let c = 0; c < k; c++) {
    const z = logits[c * n + i]! * scale[c]! + bias[c]!
    into[c] = z
    if (z > top) top = z
  }
  let sum = 0
  let weighted = 0
  for (let c = 0; c < k; c++) {
    const z = into[c]! - top
    const e = Math.exp(z)
    into[c] = e
    sum += e
    // An impossible class (logit -Infinity) adds nothing: p log p -> 0.
    if (z !== Number.NEGATIVE_INFINITY) weighted += e * z
  }
  for (let c = 0; c < k; c++) into[c] = into[c]! / sum
  return Math.log(sum) - weighted / sum
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
