/** Vector autoregression by least squares, with the order by an information criterion (Lütkepohl 2005, sections 3.2 and 4.3). */
import { linalg } from '@ecotope/tensor'
import type { TimeSeries } from '../series/series.ts'
import { regressor } from '../statistics/least-squares.ts'
import { dot } from '../statistics/moments.ts'
import { checkFreedom, type Lagged, type LaggedOptions, laggedOf } from './lagged.ts'

export type OrderCriterion = 'aic' | 'bic' | 'hq' | 'fpe'

export interface Autoregression {
  readonly lags: number
  /** `[lag - 1][effect][cause]`. */
  readonly coefficients: readonly (readonly Float64Array[])[]
  /** Zeros where the model has none. */
  readonly intercepts: Float64Array
  /** One array per variable. */
  readonly residuals: readonly Float64Array[]
  readonly lagged: Lagged
}

/** Throws `InputError`: VectorVariable, NoSamples, ConstantVariable, TooFewSamples. */
export function autoregression(
  series: TimeSeries,
  lags: number,
  intercept: boolean,
  options: LaggedOptions,
): Autoregression {
  const lagged = laggedOf(series, lags, options)
  const size = lagged.present.length
  checkFreedom(lagged.count, lags * size)
  const fit = regressor(lagged.past.flat(), { intercept })
  const fits = lagged.present.map((target) => fit.fit(target))
  return {
    lags,
    coefficients: Array.from({ length: lags }, (_, l) =>
      fits.map(({ coefficients }) => coefficients.slice(l * size, (l + 1) * size)),
    ),
    intercepts: Float64Array.from(fits, ({ coefficients }) => (intercept ? coefficients[lags * size]! : 0)),
    residuals: fits.map(({ residuals }) => residuals),
    lagged,
  }
}

/** The order of least criterion among 1 to `most`, each with all samples that it has. */
export function chosenOrder(
  series: TimeSeries,
  most: number,
  criterion: OrderCriterion,
  intercept: boolean,
  options: LaggedOptions,
): Autoregression {
  let best: Autoregression | undefined
  let least = Number.POSITIVE_INFINITY
  for (let lags = 1; lags <= most; lags++) {
    const model = autoregression(series, lags, intercept, options)
    const score = scoreOf(model, criterion, intercept)
    if (best === undefined || score < least) [best, least] = [model, score]
  }
  return best!
}

function scoreOf({ lags, residuals }: Autoregression, criterion: OrderCriterion, intercept: boolean): number {
  const [size, n] = [residuals.length, residuals[0]!.length]
  const covariance = linalg.fromRows(residuals.map((a) => residuals.map((b) => dot(a, b) / n)))
  const log = linalg.logDeterminant(linalg.cholesky(covariance))
  const own = lags * size + (intercept ? 1 : 0)
  const free = own * size
  const scores: Record<OrderCriterion, number> = {
    aic: log + (2 / n) * free,
    bic: log + (Math.log(n) / n) * free,
    hq: log + ((2 * Math.log(Math.log(n))) / n) * free,
    fpe: ((n + own) / (n - own)) ** size * Math.exp(log),
  }
  return scores[criterion]
}
