/**
 * Losses for segmentation as Programs, one row per name. All take logits `[N, K, H, W]` and one-hot targets of the same
 * shape whose class sums are 1 where a label is known and 0 where it is not; unlabelled pixels never count.
 */
import {
  add,
  clip,
  constant,
  div,
  logSoftmax,
  mean,
  mul,
  neg,
  pow,
  softmax,
  sub,
  sum,
  type Tensor,
} from '@ecotope/tensor'

export interface LossOptions {
  /** Training pixels per class, for weights and for telling the common class from the rare ones. */
  readonly counts: readonly number[]
  /** Focusing exponent, at least 0: how little an easy pixel counts. */
  readonly gamma: number
  /** Share of blame for missed pixels against false alarms, in (0, 1). */
  readonly missShare: number
}

type Loss = (logits: Tensor, target: Tensor, options: LossOptions) => Tensor

const SMOOTH = 1
const TINY = 1e-7
const PIXELS = [0, 2, 3]
const CLASS_AXIS = 1

const total = (x: Tensor): Tensor => sum(x, [0, 1, 2, 3])

/** Σ w·v / Σ w over all elements; 0 when a batch has no labels. */
function labelledMean(value: Tensor, weights: Tensor): Tensor {
  return div(total(mul(weights, value)), clip(total(weights), TINY, Number.POSITIVE_INFINITY))
}

/** Σ over pixels of true positives, false positives and false negatives by class, `[K]` each (soft counts). */
function softCounts(logits: Tensor, target: Tensor): { hit: Tensor; falseAlarm: Tensor; miss: Tensor } {
  const labelled = sum(target, [CLASS_AXIS], { keepDims: true })
  const p = mul(softmax(logits, CLASS_AXIS), labelled)
  const hit = sum(mul(p, target), PIXELS)
  return { hit, falseAlarm: sub(sum(p, PIXELS), hit), miss: sub(sum(target, PIXELS), hit) }
}

/** (TP + s) / (TP + α FP + β FN + s) by class, `[K]` (Salehi et al. 2017, eq. 3). */
function tverskyIndex(logits: Tensor, target: Tensor, falseAlarmShare: number, missShare: number): Tensor {
  const { hit, falseAlarm, miss } = softCounts(logits, target)
  const blame = add(mul(falseAlarm, falseAlarmShare), mul(miss, missShare))
  return div(add(hit, SMOOTH), add(add(hit, blame), SMOOTH))
}

/** (1 − p)^γ, kept away from 0 where its gradient would be infinite for γ < 1. */
const ease = (p: Tensor, gamma: number): Tensor => pow(clip(sub(1, p), TINY, 1), gamma)

function byClass(weights: readonly number[], target: Tensor): Tensor {
  return mul(target, classVector(weights))
}

/** Per-class numbers shaped `[1, K, 1, 1]` for broadcasting. */
function classVector(values: readonly number[]): Tensor {
  return constant(Float64Array.from(values), [1, values.length, 1, 1])
}

/** Inverse square root of frequency, mean 1 over the classes present: milder than inverse frequency, which overshoots. */
export function classWeights(counts: readonly number[]): number[] {
  const raw = counts.map((n) => (n > 0 ? 1 / Math.sqrt(n) : 0))
  const present = raw.filter((w) => w > 0)
  const centre = present.reduce((a, b) => a + b, 0) / Math.max(1, present.length)
  return raw.map((w) => (centre > 0 ? w / centre : 0))
}

const crossEntropy: Loss = (logits, target) => labelledMean(neg(logSoftmax(logits, CLASS_AXIS)), target)

const dice: Loss = (logits, target) => sub(1, mean(tverskyIndex(logits, target, 0.5, 0.5), [0]))

const focal: Loss = (logits, target, { gamma }) => {
  const p = softmax(logits, CLASS_AXIS)
  return labelledMean(mul(ease(p, gamma), neg(logSoftmax(logits, CLASS_AXIS))), target)
}

const tversky: Loss = (logits, target, { missShare }) =>
  sub(1, mean(tverskyIndex(logits, target, 1 - missShare, missShare), [0]))

/** Abraham and Khan 2019, eq. 4, with 1/γ there written as `exponent`. */
const focalTversky: Loss = (logits, target, { missShare, gamma }) =>
  mean(ease(tverskyIndex(logits, target, 1 - missShare, missShare), 1 / Math.max(1, gamma)), [0])

/**
 * Asymmetric unified focal loss (Yeung et al. 2022, Comput. Med. Imaging Graph. 95:102026, eqs. 13-15) with λ = 1/2:
 * rare classes keep their full cross-entropy and get the focal Tversky term, the common class is focused away.
 */
const unifiedFocal: Loss = (logits, target, { counts, missShare, gamma }) => {
  const exponent = Math.min(0.9, gamma / (1 + gamma))
  const common = counts.indexOf(Math.max(...counts))
  const isCommon = counts.map((_, k) => (k === common ? 1 : 0))
  const isRare = isCommon.map((v) => 1 - v)
  const p = softmax(logits, CLASS_AXIS)
  const surprise = neg(logSoftmax(logits, CLASS_AXIS))
  const rarePart = byClass(
    isRare.map((v) => v * missShare),
    surprise,
  )
  const commonPart = mul(
    byClass(
      isCommon.map((v) => v * (1 - missShare)),
      surprise,
    ),
    ease(p, exponent),
  )
  const focalPart = labelledMean(add(rarePart, commonPart), target)
  const index = tverskyIndex(logits, target, 1 - missShare, missShare)
  const rareIndex = mul(constant(Float64Array.from(isRare), [counts.length]), ease(index, 1 - exponent))
  const commonIndex = mul(constant(Float64Array.from(isCommon), [counts.length]), sub(1, index))
  return mul(add(focalPart, mean(add(rareIndex, commonIndex), [0])), 0.5)
}

/** The losses by the names that recipes use. */
export const losses = {
  crossEntropy,
  weightedCrossEntropy: (logits, target, { counts }) =>
    labelledMean(neg(logSoftmax(logits, CLASS_AXIS)), byClass(classWeights(counts), target)),
  dice,
  crossEntropyDice: (logits, target, options) =>
    add(crossEntropy(logits, target, options), dice(logits, target, options)),
  focal,
  tversky,
  focalTversky,
  unifiedFocal,
} as const satisfies Record<string, Loss>

export type LossName = keyof typeof losses
