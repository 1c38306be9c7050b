/** Confusion matrices and what is read off them. Counting and arithmetic only; intervals are in bootstrap.ts and area.ts. */
import { InputError } from '@ecotope/core'
import { chiSquaredTail1, fairBinomialCdf } from './normal.ts'

/** Counts (or weights); rows are the reference, columns the prediction. */
export type ConfusionMatrix = readonly (readonly number[])[]

export interface ClassScore {
  readonly name: string
  /** User's accuracy: the share of what was mapped as this class that is it. 0 where nothing was mapped so. */
  readonly precision: number
  /** Producer's accuracy: the share of this class that was found. 0 where the reference has none. */
  readonly recall: number
  /** 2 tp / (2 tp + fp + fn); 0 where that is 0 / 0. */
  readonly f1: number
  /** Intersection over union, tp / (tp + fp + fn); 0 where that is 0 / 0. */
  readonly iou: number
  /** Reference pixels of this class. */
  readonly support: number
  /** Pixels mapped as this class. */
  readonly predicted: number
}

export interface Scores {
  /** Cohen 1960; 0 where chance alone already agrees everywhere (one class only). */
  readonly kappa: number
  readonly overallAccuracy: number
  /** Mean recall over the classes present in the reference. */
  readonly balancedAccuracy: number
  /** Unweighted mean F1 over the classes present in the reference. */
  readonly meanF1: number
  /** Unweighted mean intersection over union over the classes present in the reference. */
  readonly meanIou: number
  /** Matthews correlation in its K-class form (Gorodkin 2004), in [-1, 1]; 0 where it is 0 / 0. */
  readonly matthews: number
  /** Share of pixels wrong because class totals differ, and because places differ (Pontius & Millones 2011). */
  readonly quantityDisagreement: number
  readonly allocationDisagreement: number
  /** Pixels that were compared. */
  readonly count: number
  readonly classes: readonly ClassScore[]
}

/**
 * Counts pairs of classes. A pixel without reference or prediction (negative, NaN, or `none`) is left out.
 * @param reference `[n]` class indices
 * @param prediction `[n]` class indices
 * @param none a further value that means missing, such as 255
 */
export function confusion(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  classes: number,
  none = -1,
): ConfusionMatrix {
  if (reference.length !== prediction.length) {
    throw new InputError('ShapeMismatch', `${reference.length} reference pixels but ${prediction.length} predictions`)
  }
  const counts = new Float64Array(classes * classes)
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i]!
    const p = prediction[i]!
    if (!(r >= 0 && p >= 0) || r === none || p === none) continue
    if (r >= classes || p >= classes) {
      throw new InputError('BadLabel', `class ${Math.max(r, p)} is not below ${classes}`, { data: { pixel: i } })
    }
    const at = r * classes + p
    counts[at] = counts[at]! + 1
  }
  return Array.from({ length: classes }, (_, r) => Array.from(counts.subarray(r * classes, (r + 1) * classes)))
}

/** Element-wise sum; all of one size. */
export function addConfusions(matrices: readonly ConfusionMatrix[]): ConfusionMatrix {
  const size = matrices[0]?.length ?? 0
  const sum = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  for (const matrix of matrices) {
    if (matrix.length !== size) throw new InputError('ShapeMismatch', 'confusion matrices differ in size')
    for (let r = 0; r < size; r++) for (let c = 0; c < size; c++) sum[r]![c] = sum[r]![c]! + matrix[r]![c]!
  }
  return sum
}

/** Rows become columns: `confusion()` has the reference in rows, area estimation has the map in rows. */
export function transposed(matrix: ConfusionMatrix): ConfusionMatrix {
  return matrix.map((_, c) => matrix.map((row) => row[c]!))
}

const ratio = (a: number, b: number): number => (b > 0 ? a / b : 0)
const total = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0)

/** Every score of a confusion matrix. Never NaN: the conventions for 0 / 0 stand with the fields. */
export function scores(matrix: ConfusionMatrix, names: readonly string[]): Scores {
  if (names.length !== matrix.length || matrix.some((row) => row.length !== names.length)) {
    throw new InputError('ShapeMismatch', `${names.length} class names for a matrix of ${matrix.length} rows`)
  }
  const support = matrix.map(total)
  const predicted = transposed(matrix).map(total)
  const hits = matrix.map((row, c) => row[c]!)
  const count = total(support)
  const classes = names.map((name, c) => ({
    name,
    precision: ratio(hits[c]!, predicted[c]!),
    recall: ratio(hits[c]!, support[c]!),
    f1: ratio(2 * hits[c]!, support[c]! + predicted[c]!),
    iou: ratio(hits[c]!, support[c]! + predicted[c]! - hits[c]!),
    support: support[c]!,
    predicted: predicted[c]!,
  }))
  const present = classes.filter((c) => c.support > 0)
  const meanOf = (pick: (c: ClassScore) => number): number => ratio(total(present.map(pick)), present.length)
  const agreement = ratio(total(hits), count)
  const quantity = ratio(total(support.map((s, c) => Math.abs(s - predicted[c]!))), 2 * count)
  return {
    kappa: kappaOf(support, predicted, agreement, count),
    overallAccuracy: agreement,
    balancedAccuracy: meanOf((c) => c.recall),
    meanF1: meanOf((c) => c.f1),
    meanIou: meanOf((c) => c.iou),
    matthews: matthewsOf(support, predicted, total(hits), count),
    quantityDisagreement: quantity,
    // Rounding may leave -1e-17 where all disagreement is of quantity.
    allocationDisagreement: count > 0 ? Math.max(0, 1 - agreement - quantity) : 0,
    count,
    classes,
  }
}

function kappaOf(support: readonly number[], predicted: readonly number[], agreement: number, count: number): number {
  const chance = total(support.map((s, c) => ratio(s, count) * ratio(predicted[c]!, count)))
  return 1 - chance > 1e-12 ? (agreement - chance) / (1 - chance) : 0
}

function matthewsOf(support: readonly number[], predicted: readonly number[], hits: number, count: number): number {
  const cross = total(support.map((s, c) => s * predicted[c]!))
  const spreadReference = count * count - total(support.map((s) => s * s))
  const spreadPrediction = count * count - total(predicted.map((p) => p * p))
  return ratio(hits * count - cross, Math.sqrt(spreadReference) * Math.sqrt(spreadPrediction))
}

export interface McNemar {
  /** Pixels that only the first map has right. */
  readonly onlyFirst: number
  readonly onlySecond: number
  /** (|b - c| - 1)^2 / (b + c), continuity-corrected; 0 where b + c = 0. */
  readonly statistic: number
  /** Two-sided; exact binomial for fewer than 100 discordant pixels. */
  readonly pValue: number
  readonly exact: boolean
}

/**
 * McNemar's test (1947) of whether two maps of the same pixels are equally often right. It assumes independent
 * pixels: on neighbouring pixels the p-value is far too small, so give it a sample, not a raster.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const discordant = onlyFirst + onlySecond
  const exact = discordant < 100
  const distance = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1)
  const statistic = ratio(distance * distance, discordant)
  const pValue = exact
    ? Math.min(1, 2 * fairBinomialCdf(Math.min(onlyFirst, onlySecond), discordant))
    : chiSquaredTail1(statistic)
  return { onlyFirst, onlySecond, statistic, pValue, exact }
}
