/**
 * How much area each class covers, from a map and a reference sample: the design-based estimators of Olofsson et al.
 * 2014 ("Good practices for estimating area and assessing accuracy of land change", doi:10.1016/j.rse.2014.02.015).
 * Counting the map's pixels is not an estimate of area; without a probability sample none is given.
 */
import { InputError } from '@ecotope/core'
import type { Interval, Refusal } from './bootstrap.ts'
import type { ConfusionMatrix } from './confusion.ts'
import { criticalValue } from './normal.ts'

export type SamplingDesign =
  /** Random within each mapped class, with a number of units chosen per class. */
  | { readonly kind: 'stratified' }
  /** Simple random or systematic over the whole map. */
  | { readonly kind: 'simple' }
  /** Every mapped pixel has a reference. */
  | { readonly kind: 'census' }
  /** Anything else, such as polygons drawn where they were seen: no area estimate follows from it. */
  | { readonly kind: 'other'; readonly reason?: string }

export interface AreaInput {
  readonly names: readonly string[]
  /** Pixels of each class in the whole map. */
  readonly mapped: readonly number[]
  /** Sample counts; rows = map class, columns = reference class (`transposed(confusion(...))`). */
  readonly sample: ConfusionMatrix
  readonly pixelAreaSquareMetres: number
  readonly design: SamplingDesign
  /** Default 0.95. */
  readonly level?: number
}

export interface ClassArea {
  readonly name: string
  /** What the map shows, hectares; biased by its errors. */
  readonly mappedHectares: number
  /** What the reference sample says, hectares. */
  readonly hectares: Interval
  /** Share of the whole map, in [0, 1]. */
  readonly proportion: Interval
  /** Precision of the map's class; undefined where the map has none of it. */
  readonly usersAccuracy: Interval | undefined
  /** Recall of the class, by area; undefined where the estimated area is 0. */
  readonly producersAccuracy: Interval | undefined
}

export interface AreaEstimate {
  readonly estimator: 'stratified' | 'post-stratified' | 'direct' | 'census'
  readonly totalHectares: number
  readonly overallAccuracy: Interval
  readonly classes: readonly ClassArea[]
  readonly level: number
  /** Sample units. */
  readonly units: number
}

/** One class's estimate before it gets units and an interval. */
interface Moments {
  readonly proportion: readonly [estimate: number, variance: number]
  readonly users: readonly [estimate: number, variance: number] | undefined
  readonly producers: readonly [estimate: number, variance: number] | undefined
}

interface Estimated {
  readonly estimator: AreaEstimate['estimator']
  readonly overall: readonly [number, number]
  readonly classes: readonly Moments[]
}

const sum = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0)
const column = (matrix: ConfusionMatrix, j: number): number[] => matrix.map((row) => row[j]!)

/** Estimates areas and accuracies with standard errors; or says why the reference does not allow it. */
export function areaEstimate(input: AreaInput): AreaEstimate | Refusal {
  checkShapes(input)
  const estimated = ESTIMATORS[input.design.kind](input)
  if ('refused' in estimated) return estimated
  const level = input.level ?? 0.95
  const z = criticalValue(level)
  const totalHectares = (sum(input.mapped) * input.pixelAreaSquareMetres) / 1e4
  const interval = ([estimate, variance]: readonly [number, number], scale = 1): Interval => {
    const standardError = Math.sqrt(Math.max(0, variance)) * scale
    const value = estimate * scale
    const lower = Math.max(0, value - z * standardError)
    return { estimate: value, standardError, lower, upper: Math.min(scale, value + z * standardError), level }
  }
  return {
    estimator: estimated.estimator,
    totalHectares,
    overallAccuracy: interval(estimated.overall),
    classes: estimated.classes.map((moments, c) => ({
      name: input.names[c]!,
      mappedHectares: (input.mapped[c]! * input.pixelAreaSquareMetres) / 1e4,
      hectares: interval(moments.proportion, totalHectares),
      proportion: interval(moments.proportion),
      usersAccuracy: moments.users && interval(moments.users),
      producersAccuracy: moments.producers && interval(moments.producers),
    })),
    level,
    units: sum(input.sample.map(sum)),
  }
}

function checkShapes({ names, mapped, sample, pixelAreaSquareMetres }: AreaInput): void {
  const k = names.length
  if (mapped.length !== k || sample.length !== k || sample.some((row) => row.length !== k)) {
    throw new InputError('ShapeMismatch', `${k} classes need ${k} mapped counts and a ${k} x ${k} sample`)
  }
  if (!(pixelAreaSquareMetres > 0)) throw new InputError('BadPixelArea', 'the area of a pixel must be positive')
  if (!(sum(mapped) > 0)) throw new InputError('EmptyMap', 'the map has no classified pixel')
}

const ESTIMATORS: Record<SamplingDesign['kind'], (input: AreaInput) => Estimated | Refusal> = {
  stratified: (input) => byStrata(input, 'stratified'),
  simple: (input) => {
    const stratified = byStrata(input, 'post-stratified')
    return 'refused' in stratified ? direct(input) : stratified
  },
  census,
  other: ({ design }) => ({
    refused:
      (design.kind === 'other' && design.reason) ||
      'the reference is neither a probability sample nor a full census, so its class shares say nothing about the area',
  }),
}

/** Map classes as strata: equations 1 to 10. Valid too after a simple random draw (post-stratification, section 5.1.2). */
function byStrata({ names, mapped, sample }: AreaInput, estimator: Estimated['estimator']): Estimated | Refusal {
  const total = sum(mapped)
  const weight = mapped.map((m) => m / total)
  const n = sample.map(sum)
  const thin = names.filter((_, i) => weight[i]! > 0 && n[i]! < 2)
  if (thin.length > 0) {
    return { refused: `fewer than 2 sample units fell in the mapped class ${thin.join(', ')}; the variance is unknown` }
  }
  /** Share of stratum i that is class j. */
  const share = (i: number, j: number): number => (weight[i]! > 0 ? sample[i]![j]! / n[i]! : 0)
  /** Variance of that share, equation 6. */
  const spread = (i: number, j: number): number =>
    weight[i]! > 0 ? (share(i, j) * (1 - share(i, j))) / (n[i]! - 1) : 0
  const strata = names.map((_, i) => i)
  const classes = strata.map((k): Moments => {
    const proportion = sum(strata.map((i) => weight[i]! * share(i, k))) // equation 9
    const variance = sum(strata.map((i) => weight[i]! ** 2 * spread(i, k))) // equation 10
    const recall = proportion > 0 ? (weight[k]! * share(k, k)) / proportion : 0 // equation 3
    const others = sum(strata.map((i) => (i === k ? 0 : weight[i]! ** 2 * spread(i, k))))
    // Equations 7 and 8, with areas as shares of the map.
    const recallVariance = (weight[k]! ** 2 * (1 - recall) ** 2 * spread(k, k) + recall ** 2 * others) / proportion ** 2
    return {
      proportion: [proportion, variance],
      users: weight[k]! > 0 ? [share(k, k), spread(k, k)] : undefined, // equations 2 and 6
      producers: proportion > 0 ? [recall, recallVariance] : undefined,
    }
  })
  const overall = sum(strata.map((i) => weight[i]! * share(i, i))) // equation 1
  const overallVariance = sum(strata.map((i) => weight[i]! ** 2 * spread(i, i))) // equation 5
  return { estimator, overall: [overall, overallVariance], classes }
}

/** Simple random without strata: plain proportions; accuracies are ratios, so their counts are taken as given. */
function direct({ names, sample }: AreaInput): Estimated | Refusal {
  const n = sum(sample.map(sum))
  if (n < 2) return { refused: `a sample of ${n} unit${n === 1 ? '' : 's'} is too small` }
  const share = (hits: number, of: number): readonly [number, number] => [
    hits / of,
    of > 1 ? ((hits / of) * (1 - hits / of)) / (of - 1) : 0.25,
  ]
  return {
    estimator: 'direct',
    overall: share(sum(names.map((_, i) => sample[i]![i]!)), n),
    classes: names.map((_, k) => {
      const rows = sum(sample[k]! as number[])
      const columns = sum(column(sample, k))
      const hits = sample[k]![k]!
      return {
        proportion: share(columns, n),
        users: rows > 0 ? share(hits, rows) : undefined,
        producers: columns > 0 ? share(hits, columns) : undefined,
      }
    }),
  }
}

/** Everything is known, so nothing is estimated and no sampling error remains; the reference's own errors do. */
function census({ names, mapped, sample }: AreaInput): Estimated | Refusal {
  const short = names.filter((_, i) => sum(sample[i]! as number[]) !== mapped[i]!)
  if (short.length > 0) {
    return { refused: `the reference does not cover every mapped pixel (${short.join(', ')}), so it is no census` }
  }
  const total = sum(mapped)
  return {
    estimator: 'census',
    overall: [sum(names.map((_, i) => sample[i]![i]!)) / total, 0],
    classes: names.map((_, k) => {
      const reference = sum(column(sample, k))
      return {
        proportion: [reference / total, 0],
        users: mapped[k]! > 0 ? [sample[k]![k]! / mapped[k]!, 0] : undefined,
        producers: reference > 0 ? [sample[k]![k]! / reference, 0] : undefined,
      }
    }),
  }
}
