/** Vector autoregression with intercept by least squares (Lütkepohl 2005, chapter 3), and the choice of its order. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import type { Samples } from '../series/samples.ts'
import type { TimeSeries } from '../series/series.ts'
import { checkRank, type Design, type DesignOptions, designOf, largestOrder, residualProducts } from './design.ts'
import { inverseOfUpper, spectralRadius } from './matrices.ts'

/** Criteria of the order: Akaike, Bayes (Schwarz), Hannan and Quinn, final prediction error. */
export type Criterion = 'aic' | 'bic' | 'hq' | 'fpe'

export interface VarModel {
  /** Of the variables in the model, K of them. */
  readonly names: readonly string[]
  /** Their indices in the series. */
  readonly variables: readonly number[]
  readonly order: number
  /** K numbers. */
  readonly intercepts: Float64Array
  /** `[(lag - 1) K K + effect K + cause]`. */
  readonly coefficients: Float64Array
  /** (Z'Z)^-1 of the lagged values, centred; both indices are `(lag - 1) K + cause`. */
  readonly inverse: linalg.Matrix
  /** Sums of squares and products of residuals, K x K. */
  readonly residualProducts: Float64Array
  /** Samples used. */
  readonly count: number
  /** Samples less coefficients of one equation. */
  readonly dfResidual: number
  readonly criteria: Readonly<Record<Criterion, number>>
  /** Largest modulus of an eigenvalue of the companion matrix. */
  readonly spectralRadius: number
  /** Whether the model is stationary: all eigenvalues inside the unit circle. */
  readonly stable: boolean
  readonly samples: Samples
}

/**
 * Fits x_t = c + A_1 x_(t-1) + ... + A_p x_(t-p) + e_t to all steps that have all of these values; rows never cross data sets.
 * Throws `InputError`: BadOrder, TooFewSamples, ConstantVariable, CollinearVariables, PerfectFit, NoSamples, VectorVariable.
 */
export function fitVar(series: TimeSeries, order: number, options: DesignOptions = {}): VarModel {
  checkOrder(order)
  const size = options.variables?.length ?? series.names.length
  checkLength(series, order, size)
  const design = designOf(series, order, options)
  checkCount(design)
  checkRank(design)
  return modelOf(design)
}

/** Covariance of residuals: sums of squares and products divided by the degrees of freedom. K x K. */
export const sigmaOf = ({ residualProducts, dfResidual }: VarModel): Float64Array =>
  residualProducts.map((value) => value / dfResidual)

function modelOf(design: Design): VarModel {
  const { series, variables, order, samples, factor, means, scales } = design
  const size = variables.length
  const slopes = order * size
  const products = residualProducts(design, order)
  checkFit(design, products)
  const inverseFactor = inverseOfUpper(factor, slopes)
  const intercepts = means.slice(slopes)
  const coefficients = new Float64Array(slopes * size)
  for (let at = 0; at < slopes; at++)
    for (let effect = 0; effect < size; effect++) {
      let sum = 0
      for (let k = at; k < slopes; k++)
        sum += inverseFactor.data[at * slopes + k]! * factor.data[k * factor.columns + slopes + effect]!
      const slope = (sum * scales[slopes + effect]!) / scales[at]!
      intercepts[effect]! -= slope * means[at]!
      coefficients[(Math.floor(at / size) * size + effect) * size + (at % size)] = slope
    }
  const inverse = linalg.matmul(inverseFactor, inverseFactor, { transposeB: true })
  for (let i = 0; i < slopes; i++)
    for (let j = 0; j < slopes; j++) inverse.data[i * slopes + j]! /= scales[i]! * scales[j]!
  const radius = spectralRadius(coefficients, size, order)
  return {
    names: variables.map((v) => series.names[v]!),
    variables,
    order,
    intercepts,
    coefficients,
    inverse,
    residualProducts: products,
    count: samples.count,
    dfResidual: samples.count - slopes - 1,
    criteria: criteriaOf(products, size, order, samples.count),
    spectralRadius: radius,
    stable: radius < 1,
    samples,
  }
}

/** Lütkepohl (2005), equations 4.3.2, 4.3.8 to 4.3.11. */
function criteriaOf(
  products: Float64Array,
  size: number,
  order: number,
  count: number,
): Readonly<Record<Criterion, number>> {
  const free = order * size * size + size
  const df = count - size * order - 1
  const ml = products.map((value) => value / count)
  const log = df > 0 ? linalg.logDeterminant(linalg.cholesky(linalg.matrix(size, size, ml))) : Number.NEGATIVE_INFINITY
  return {
    aic: log + (2 / count) * free,
    bic: log + (Math.log(count) / count) * free,
    hq: log + ((2 * Math.log(Math.log(count))) / count) * free,
    fpe: df > 0 ? ((count + size * order + 1) / df) ** size * Math.exp(log) : Number.POSITIVE_INFINITY,
  }
}

/** The order itself, or the one that a criterion chooses: see `chosenOrder`. */
export type OrderSetting = number | Criterion

/** Samples that each coefficient of an equation should have, where nobody says how many lags may be tried. */
const SAMPLES_PER_COEFFICIENT = 5

/**
 * The order of a model: as given, or chosen among 1 to `maxOrder`, by default 12 (T / 100)^(1/4) but no more than leaves each
 * coefficient 5 samples: near the largest order that can be fitted, criteria choose far too many lags. `none`: whether the
 * criterion would have no lags at all. Throws `InputError` as `selectOrder`.
 */
export function chosenOrder(
  series: TimeSeries,
  order: OrderSetting,
  options: OrderOptions,
): { readonly order: number; readonly none: boolean } {
  if (typeof order === 'number') return { order, none: false }
  const size = options.variables?.length ?? series.names.length
  const length = series.datasets.reduce((sum, dataset) => sum + dataset.length, 0)
  const few = Math.floor(length / (SAMPLES_PER_COEFFICIENT * size))
  const maxOrder = options.maxOrder ?? Math.max(1, Math.min(schwert(length), few))
  const chosen = selectOrder(series, { ...options, maxOrder }).chosen[order]
  return { order: Math.max(1, chosen), none: chosen === 0 }
}

const schwert = (length: number): number => Math.round(12 * (length / 100) ** 0.25)

export interface OrderChoice {
  /** The order of least criterion, of each. */
  readonly chosen: Readonly<Record<Criterion, number>>
  /** Criteria by order, from 0 on. */
  readonly criteria: Readonly<Record<Criterion, Float64Array>>
  readonly maxOrder: number
  /** Samples that all orders share. */
  readonly count: number
}

export interface OrderOptions extends DesignOptions {
  /** Default: 12 (T / 100)^(1/4), or as many as can be estimated (Schwert 1989). */
  readonly maxOrder?: number
}

/**
 * Criteria of all orders from 0 to `maxOrder`, over the same samples.
 * Throws `InputError` as `fitVar`.
 */
export function selectOrder(series: TimeSeries, options: OrderOptions = {}): OrderChoice {
  const size = options.variables?.length ?? series.names.length
  const length = series.datasets.reduce((sum, dataset) => sum + dataset.length, 0)
  const maxOrder = options.maxOrder ?? Math.min(schwert(length), Math.max(1, largestOrder(length, size)))
  checkOrder(maxOrder)
  checkLength(series, maxOrder, size)
  const design = designOf(series, maxOrder, options)
  checkCount(design)
  checkRank(design)
  const rows = Array.from({ length: maxOrder + 1 }, (_, order) => {
    const products = residualProducts(design, order)
    checkFit(design, products)
    return criteriaOf(products, size, order, design.samples.count)
  })
  const column = (name: Criterion): Float64Array => Float64Array.from(rows, (row) => row[name])
  const criteria = { aic: column('aic'), bic: column('bic'), hq: column('hq'), fpe: column('fpe') }
  const least = (values: Float64Array): number => values.indexOf(values.reduce((a, b) => Math.min(a, b)))
  return {
    criteria,
    chosen: {
      aic: least(criteria.aic),
      bic: least(criteria.bic),
      hq: least(criteria.hq),
      fpe: least(criteria.fpe),
    },
    maxOrder,
    count: design.samples.count,
  }
}

function checkOrder(order: number): void {
  if (Number.isInteger(order) && order >= 1) return
  throw new InputError('BadOrder', `the order of an autoregression is a whole number of at least 1, not ${order}`, {
    data: { order },
  })
}

function tooFew(samples: number, order: number, size: number): InputError {
  const needed = order * size + 2
  return new InputError(
    'TooFewSamples',
    `${samples} samples do not suffice for ${order} lags of ${size} variables: an equation needs at least ${needed}`,
    {
      hint: 'Use fewer lags or variables, pairs instead of all variables at one time, or longer series.',
      data: { samples, needed },
    },
  )
}

/** Before the samples are gathered: what is far too short needs no large table. */
function checkLength(series: TimeSeries, order: number, size: number): void {
  const most = series.datasets.reduce((sum, { length }) => sum + Math.max(0, length - order), 0)
  if (most < order * size + 2) throw tooFew(most, order, size)
}

function checkCount({ samples, order, variables }: Design): void {
  if (samples.count < order * variables.length + 2) throw tooFew(samples.count, order, variables.length)
}

function checkFit({ series, variables, order, scales }: Design, products: Float64Array): void {
  const size = variables.length
  const exact = variables.findIndex(
    (_, i) => products[i * size + i]! <= Number.EPSILON * scales[order * size + i]! ** 2,
  )
  if (exact < 0) return
  const name = series.names[variables[exact]!]!
  throw new InputError('PerfectFit', `${name} follows from the past without any rest: nothing is left to test`, {
    hint: 'Look for a variable that is a shifted copy of another one.',
    data: { variable: name },
  })
}
