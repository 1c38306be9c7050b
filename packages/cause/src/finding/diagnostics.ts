/** What in the series themselves speaks against the assumptions of a search. */
import type { Warning } from '@ecotope/core'
import type { TimeSeries } from '../series/series.ts'
import { collinearColumns } from './collinearity.ts'

export interface VariableDiagnostics {
  readonly variable: string
  /** Values that are there. */
  readonly count: number
  /** In [0, 1]. */
  readonly missing: number
  /** Of neighbours in time, in [-1, 1]; NaN: constant or too short. */
  readonly autocorrelation: number
  /** Stationarity of the level and of the spread (Kwiatkowski et al. 1992); above 0.463 refused at 5 %, 0.739 at 1 %. */
  readonly levelStatistic: number
  readonly spreadStatistic: number
  readonly isConstant: boolean
  /** Variables that determine this one, but for a millionth of its variance. */
  readonly determinedBy?: readonly string[]
}

/** Critical value at 1 % of the statistic (Kwiatkowski et al. 1992, table 1, level stationarity). */
const KPSS_ONE_PERCENT = 0.739
const STRONG_AUTOCORRELATION = 0.9

/** One row per column; data sets follow one another. */
export function diagnose(series: TimeSeries): VariableDiagnostics[] {
  const nameOf = (column: number): string => series.names[column] ?? String(column)
  const collinear = collinearColumns(series)
  return series.datasets[0]!.columns.map((_, column) => {
    const parts = series.datasets.map(({ columns }) => columns[column]!)
    const present = Float64Array.from(parts.flatMap((part) => [...part.filter((value) => !Number.isNaN(value))]))
    const total = parts.reduce((sum, { length }) => sum + length, 0)
    const mean = meanOf(present)
    const spread = present.map((value) => (value - mean) ** 2)
    const isConstant = present.length > 0 && present.every((value) => value === present[0])
    return {
      variable: nameOf(column),
      count: present.length,
      missing: total === 0 ? 1 : 1 - present.length / total,
      autocorrelation: isConstant ? Number.NaN : lagOneCorrelation(parts),
      levelStatistic: isConstant ? Number.NaN : kpss(present),
      spreadStatistic: isConstant ? Number.NaN : kpss(spread),
      isConstant,
      ...(collinear.has(column) && { determinedBy: collinear.get(column)!.map(nameOf) }),
    }
  })
}

const meanOf = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length

function lagOneCorrelation(parts: readonly Float64Array[]): number {
  const [xs, ys]: [number[], number[]] = [[], []]
  for (const part of parts)
    for (let t = 1; t < part.length; t++)
      if (!Number.isNaN(part[t]!) && !Number.isNaN(part[t - 1]!)) {
        xs.push(part[t - 1]!)
        ys.push(part[t]!)
      }
  const [mx, my] = [meanOf(Float64Array.from(xs)), meanOf(Float64Array.from(ys))]
  let [xy, xx, yy] = [0, 0, 0]
  for (const [k, x] of xs.entries()) {
    xy += (x - mx) * (ys[k]! - my)
    xx += (x - mx) ** 2
    yy += (ys[k]! - my) ** 2
  }
  return xy / Math.sqrt(xx * yy)
}

/**
 * Statistic of the null hypothesis that the level is stationary (Kwiatkowski, Phillips, Schmidt & Shin 1992, equation 9, with
 * Bartlett weights and 12 (n / 100)^(1/4) lags). NaN below 8 values.
 */
export function kpss(values: Float64Array): number {
  const n = values.length
  if (n < 8) return Number.NaN
  const mean = meanOf(values)
  const residuals = values.map((value) => value - mean)
  const lags = Math.min(n - 1, Math.ceil(12 * (n / 100) ** 0.25))
  let variance = 0
  for (let lag = 0; lag <= lags; lag++) {
    let product = 0
    for (let t = lag; t < n; t++) product += residuals[t]! * residuals[t - lag]!
    variance += (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1))) * product
  }
  let [partial, squares] = [0, 0]
  for (const residual of residuals) {
    partial += residual
    squares += partial * partial
  }
  return squares / (n * variance)
}

export interface SearchSize {
  /** Fewest samples of a test. */
  readonly samples: number
  /** Independence tests whose outcome is in the graph (pairs and lags). */
  readonly tests: number
  readonly alpha: number
  readonly isCorrected: boolean
}

/** Warnings for people, from diagnostics and from the size of a search. */
export function warningsOf(
  diagnostics: readonly VariableDiagnostics[],
  { samples, tests, alpha, isCorrected }: SearchSize,
): Warning[] {
  const named = (test: (row: VariableDiagnostics) => boolean): string =>
    diagnostics
      .filter(test)
      .map(({ variable }) => variable)
      .join(', ')
  const rules: readonly (readonly [tag: string, names: string, text: string])[] = [
    ['ConstantVariable', named(({ isConstant }) => isConstant), 'never changes: no link to it can be found'],
    [
      'NonStationary',
      named(
        ({ levelStatistic, spreadStatistic }) =>
          levelStatistic > KPSS_ONE_PERCENT || spreadStatistic > KPSS_ONE_PERCENT,
      ),
      'changes its level or spread over time (KPSS, 1 %): remove trends and seasons first, or search by regimes',
    ],
    [
      'Autocorrelated',
      named(({ autocorrelation }) => autocorrelation > STRONG_AUTOCORRELATION),
      `has an autocorrelation above ${STRONG_AUTOCORRELATION}: tests have little power, and take a longer series`,
    ],
    [
      'ManyMissing',
      named(({ missing }) => missing > 0.2),
      'misses more than a fifth of its values: samples shrink, and what is missing may not be random',
    ],
  ]
  const warnings = rules
    .filter(([, names]) => names !== '')
    .map(([tag, names, text]) => ({ tag, message: `${names}: ${text}` }))
  for (const { variable, determinedBy } of diagnostics)
    if (determinedBy !== undefined)
      warnings.push({
        tag: 'Collinear',
        message: `${variable}: is nearly a linear combination of ${determinedBy.join(', ')}; which of them has a link cannot be told: leave one out`,
      })
  if (samples > 0 && samples < 50)
    warnings.push({
      tag: 'ShortSeries',
      message: `only ${samples} samples in a test: expect weak power and unstable links`,
    })
  if (!isCorrected && alpha * tests >= 1)
    warnings.push({
      tag: 'ManyTests',
      message: `${tests} tests at level ${alpha}: about ${Math.round(alpha * tests)} links are expected by chance alone where there are none; correct the p-values or look at the links together`,
    })
  return warnings
}
