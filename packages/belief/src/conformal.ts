/**
 * Split conformal prediction: sets of classes that hold the true one with a stated probability, whatever the model.
 * The guarantee is marginal and needs exchangeable pixels: calibrate on a sample, not on neighbours of one another.
 */
import { InputError, random } from '@ecotope/core'
import { pixelsOf } from './categorical.ts'

/**
 * `lac`: least ambiguous sets, smallest on average, may be empty (Sadinle, Lei & Wasserman 2019).
 * `aps`: adaptive sets, more even coverage over easy and hard pixels, never empty (Romano, Sesia & Candès 2020).
 */
export type ConformalKind = 'lac' | 'aps'

export interface ConformalFit {
  readonly kind: ConformalKind
  /** Wanted share of misses, such as 0.1. */
  readonly alpha: number
  /** A class is in the set where its score is at most this; 1 or more means every class. */
  readonly threshold: number
  /** Labelled pixels that were used. */
  readonly count: number
}

/** Score of class c at pixel i: small where the class is plausible. `u` in [0, 1) breaks the steps of `aps`. */
type Score = (probability: Float32Array, i: number, n: number, classes: number, c: number, u: number) => number

const SCORES: Record<ConformalKind, Score> = {
  lac: (probability, i, n, _classes, c) => 1 - probability[c * n + i]!,
  // Mass of the classes that are more probable, and a random share of this one's own.
  aps: (probability, i, n, classes, c, u) => {
    const own = probability[c * n + i]!
    let before = 0
    for (let j = 0; j < classes; j++) {
      const p = probability[j * n + i]!
      if (p > own || (p === own && j < c)) before += p
    }
    return before + u * own
  },
}

/**
 * The threshold at which sets miss at most a share `alpha` of pixels like these.
 * @param probability `[classes, n]`
 * @param labels `[n]`, class index, negative where there is no reference
 * @throws InputError `NoLabels` without any labelled pixel
 */
export function fitConformal(
  probability: Float32Array,
  labels: ArrayLike<number>,
  options: { readonly alpha: number; readonly kind?: ConformalKind; readonly seed?: number },
): ConformalFit {
  const { alpha, kind = 'lac', seed = 0 } = options
  if (!(alpha > 0 && alpha < 1)) throw new InputError('BadLevel', `alpha must lie between 0 and 1, not ${alpha}`)
  const n = labels.length
  if (n === 0) throw new InputError('NoLabels', 'no labelled pixel to calibrate sets on')
  const classes = probability.length / n
  pixelsOf([probability], classes)
  const stream = random(seed).split('conformal')
  const found = new Float64Array(n)
  let count = 0
  for (let i = 0; i < n; i++) {
    const y = labels[i]!
    if (!(y >= 0) || Number.isNaN(probability[i]!)) continue
    if (y >= classes) throw new InputError('BadLabel', `label ${y} is not below ${classes} classes`)
    found[count++] = SCORES[kind](probability, i, n, classes, y, stream.uniform())
  }
  if (count === 0) throw new InputError('NoLabels', 'no labelled pixel to calibrate sets on')
  const sorted = found.subarray(0, count).sort()
  // The finite-sample rank: ceil((n + 1)(1 - alpha)). Beyond n, only the full set keeps the promise.
  const rank = Math.ceil((count + 1) * (1 - alpha))
  return { kind, alpha, threshold: rank > count ? Number.POSITIVE_INFINITY : sorted[rank - 1]!, count }
}

/**
 * Membership of every class in every pixel's set, `[classes, n]`, 1 or 0. A pixel without probabilities has none.
 * `aps` takes the deterministic sets (u = 0): never empty, coverage at least as promised.
 */
export function conformalSets(probability: Float32Array, classes: number, fit: ConformalFit): Uint8Array<ArrayBuffer> {
  const n = pixelsOf([probability], classes)
  const out = new Uint8Array(classes * n)
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(probability[i]!)) continue
    for (let c = 0; c < classes; c++) {
      if (SCORES[fit.kind](probability, i, n, classes, c, 0) <= fit.threshold) out[c * n + i] = 1
    }
  }
  return out
}
