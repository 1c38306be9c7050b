/** Tests on a fitted autoregression: Granger causality between sets of variables, and whether residuals are white. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import type { TimeSeries } from '../series/series.ts'
import { chiSquared, fisherF } from '../statistics/distributions.ts'
import { quadraticForm } from './matrices.ts'
import { sigmaOf, type VarModel } from './var-model.ts'

/** A statistic, its degrees of freedom (two for F) and the chance of a larger one under the null hypothesis. */
export interface Test {
  readonly statistic: number
  readonly df: readonly number[]
  readonly pValue: number
}

const f = (statistic: number, df1: number, df2: number): Test => ({
  statistic,
  df: [df1, df2],
  pValue: fisherF(df1, df2).sf(statistic),
})

const chi2 = (statistic: number, df: number): Test => ({ statistic, df: [df], pValue: chiSquared(df).sf(statistic) })

/** Row of (Z'Z)^-1 and coefficient of each restriction: cause at lag in the equation of effect. */
interface Restriction {
  readonly row: number
  readonly effect: number
  readonly coefficient: number
}

function restrictions(model: VarModel, causing: readonly number[], caused: readonly number[]): Restriction[] {
  const size = model.names.length
  const out: Restriction[] = []
  for (let lag = 0; lag < model.order; lag++)
    for (const cause of causing)
      for (const effect of caused)
        out.push({
          row: lag * size + cause,
          effect,
          coefficient: model.coefficients[(lag * size + effect) * size + cause]!,
        })
  return out
}

/**
 * Whether the past of `causing` (indices in the model) takes part in the equations of `caused`: the Wald statistic as chi2
 * and, divided by the number of restrictions, as F with the degrees of freedom of all K equations (Lütkepohl 2005,
 * sections 3.6.1 and 7.6.3). Throws `InputError` BadNode.
 */
export function causalityTest(
  model: VarModel,
  causing: readonly number[],
  caused: readonly number[],
): { readonly wald: Test; readonly f: Test } {
  const size = model.names.length
  const bad = [...causing, ...caused].find((i) => !(Number.isInteger(i) && i >= 0 && i < size))
  if (bad !== undefined || causing.length === 0 || caused.length === 0)
    throw new InputError('BadNode', `variable ${bad ?? 'none'} of ${size} in the model`, {
      hint: 'Give at least one variable on each side, by its index in the model.',
    })
  const rows = restrictions(model, causing, caused)
  const sigma = sigmaOf(model)
  const slopes = size * model.order
  const covariance = new Float64Array(rows.length ** 2)
  for (const [i, a] of rows.entries())
    for (const [j, b] of rows.entries())
      covariance[i * rows.length + j] = model.inverse.data[a.row * slopes + b.row]! * sigma[a.effect * size + b.effect]!
  const statistic = quadraticForm(
    covariance,
    Float64Array.from(rows, ({ coefficient }) => coefficient),
  )
  return {
    wald: chi2(statistic, rows.length),
    f: f(statistic / rows.length, rows.length, size * model.dfResidual),
  }
}

/**
 * Whether residuals of `some` variables (indices in the model) go along with those of the others: instantaneous causality,
 * which has no direction (Lütkepohl 2005, section 3.6.3). Throws `InputError` BadNode.
 */
export function instantaneousTest(model: VarModel, some: readonly number[]): Test {
  const size = model.names.length
  const others = model.names.map((_, i) => i).filter((i) => !some.includes(i))
  if (some.some((i) => !(i in model.names)) || some.length === 0 || others.length === 0)
    throw new InputError('BadNode', `variables ${some.join(', ')} of ${size} in the model leave no two sides`, {
      hint: 'Give some of the variables, by their index in the model, but not all.',
    })
  const sigma = sigmaOf(model)
  const at = (a: number, b: number): number => sigma[a * size + b]!
  const pairs = some.flatMap((a) => others.map((b) => [a, b] as const))
  // Covariance of the estimates of covariances, times T.
  const spread = Float64Array.from(
    pairs.flatMap(([a, b]) => pairs.map(([c, d]) => at(a, c) * at(b, d) + at(a, d) * at(b, c))),
  )
  const values = Float64Array.from(pairs, ([a, b]) => at(a, b))
  return chi2(model.count * quadraticForm(spread, values), pairs.length)
}

/** All tests of one variable on another within a model. */
export interface PairTests {
  /** F of the equation of the effect: (RSS_0 - RSS_1) / p / (RSS_1 / df), with p and df = T - K p - 1. */
  readonly f: Test
  /** The same statistic with K df degrees of freedom, as tests on the system have. */
  readonly 'f-system': Test
  /** p F, by the covariance of residuals that is corrected for degrees of freedom. */
  readonly wald: Test
  /** T (RSS_0 - RSS_1) / RSS_1. */
  readonly chi2: Test
  /** T ln(RSS_0 / RSS_1), that is T times Geweke's measure of linear feedback. */
  readonly 'likelihood-ratio': Test
}

export type TestKind = keyof PairTests

/** Indices in the model; `cause` may be `effect` (its own past). */
export function pairTests(model: VarModel, cause: number, effect: number): PairTests {
  const rows = restrictions(model, [cause], [effect])
  const slopes = model.names.length * model.order
  const p = rows.length
  const block = new Float64Array(p * p)
  for (let i = 0; i < p; i++)
    for (let j = 0; j < p; j++) block[i * p + j] = model.inverse.data[rows[i]!.row * slopes + rows[j]!.row]!
  const gained = quadraticForm(
    block,
    Float64Array.from(rows, ({ coefficient }) => coefficient),
  )
  const rest = model.residualProducts[effect * (model.names.length + 1)]!
  const statistic = (gained / rest / p) * model.dfResidual
  return {
    f: f(statistic, p, model.dfResidual),
    'f-system': f(statistic, p, model.names.length * model.dfResidual),
    wald: chi2(statistic * p, p),
    chi2: chi2((model.count * gained) / rest, p),
    'likelihood-ratio': chi2(model.count * Math.log1p(gained / rest), p),
  }
}

/** What a model leaves of the present, one row of T values per variable. */
export function residualsOf(model: VarModel): Float64Array[] {
  const { order, count, samples } = model
  const size = model.names.length
  return model.names.map((_, effect) => {
    const out = samples.rows[order * size + effect]!.slice()
    for (let at = 0; at < order * size; at++) {
      const weight = model.coefficients[(Math.floor(at / size) * size + effect) * size + (at % size)]!
      const row = samples.rows[at]!
      for (let t = 0; t < count; t++) out[t]! -= weight * row[t]!
    }
    for (let t = 0; t < count; t++) out[t]! -= model.intercepts[effect]!
    return out
  })
}

/**
 * Portmanteau test of residuals up to `lags`, which has to be larger than the order (Lütkepohl 2005, section 4.4.3);
 * `adjusted`: Ljung and Box's correction for short series. Only residuals that follow one another in a data set are
 * multiplied. Throws `InputError` BadLags.
 */
export function whiteness(model: VarModel, lags: number, adjusted = false): Test {
  if (!(Number.isInteger(lags) && lags > model.order && lags < model.count))
    throw new InputError(
      'BadLags',
      `residuals are tested at more lags than the model has (${model.order}), not ${lags}`,
      {
        hint: `Give a number from ${model.order + 1} to ${model.count - 1}.`,
        data: { lags, order: model.order },
      },
    )
  const size = model.names.length
  const residuals = residualsOf(model).map((row) => {
    const middle = row.reduce((a, b) => a + b, 0) / row.length
    return row.map((value) => value - middle)
  })
  const products = residualProductsAt(residuals, model, lags)
  const weights = linalg.cholesky(linalg.matrix(size, size, products[0]!))
  const total = products.slice(1).reduce((sum, product, i) => {
    const c = linalg.matrix(size, size, product)
    const left = linalg.choleskySolve(weights, c)
    const right = linalg.choleskySolve(weights, { ...c, data: linalg.transposed(c).data })
    // tr(C' S^-1 C S^-1) = sum of the products of S^-1 C and (S^-1 C')'.
    let trace = 0
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++) trace += left.data[a * size + b]! * right.data[b * size + a]!
    return sum + (adjusted ? trace / (model.count - i - 1) : trace)
  }, 0)
  return chi2(total * (adjusted ? model.count ** 2 : model.count), size * size * (lags - model.order))
}

/** Sums over t of u_t u_(t-lag)' for lags from 0. */
function residualProductsAt(residuals: readonly Float64Array[], model: VarModel, lags: number): Float64Array[] {
  const size = residuals.length
  const follows = neighbours(model.samples.points)
  return Array.from({ length: lags + 1 }, (_, lag) => {
    const out = new Float64Array(size * size)
    for (let t = lag; t < model.count; t++) {
      if (follows[t]! < lag) continue
      for (let a = 0; a < size; a++)
        for (let b = 0; b < size; b++) out[a * size + b]! += residuals[a]![t]! * residuals[b]![t - lag]!
    }
    return out
  })
}

/** How many samples before each one are of the steps just before it. */
function neighbours(points: readonly Int32Array[]): Int32Array {
  const out: number[] = []
  for (const steps of points)
    for (const [i, step] of steps.entries()) out.push(i > 0 && step === steps[i - 1]! + 1 ? out.at(-1)! + 1 : 0)
  return Int32Array.from(out)
}

/** Names of variables that never change, which no model takes. */
export function constantVariables(series: TimeSeries): number[] {
  return series.names
    .map((_, v) => v)
    .filter((v) => {
      const values = series.datasets.flatMap(({ columns }) => [...columns[v]!.filter((value) => !Number.isNaN(value))])
      return values.every((value) => value === values[0])
    })
}
