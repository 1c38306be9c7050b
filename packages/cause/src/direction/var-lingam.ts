/**
 * VAR-LiNGAM (Hyvärinen, Zhang, Shimizu & Hoyer 2010, JMLR 11): lagged and contemporaneous linear effects with a causal order
 * inside the time step, from non-Gaussian noise.
 */
import { throwIfAborted, type Warning, type WorkOptions } from '@ecotope/core'
import { type Discovery, LinkGraph } from '../discovery/graph.ts'
import { LagArray } from '../discovery/lag-array.ts'
import { checkCount, checkLevel } from '../discovery/options.ts'
import type { TimeSeries } from '../series/series.ts'
import { paced } from '../work/pace.ts'
import { adaptiveLasso } from './adaptive-lasso.ts'
import { type Autoregression, autoregression, chosenOrder, type OrderCriterion } from './autoregression.ts'
import { directLingam, errorsOf, type Lingam, type LingamOptions } from './direct-lingam.ts'
import { independenceOf } from './error-independence.ts'
import { checkFreedom, type Lagged, type LaggedOptions } from './lagged.ts'
import { redrawnSeries } from './residual-bootstrap.ts'
import { slopePValues } from './slope-tests.ts'

export interface VarLingamOptions extends LingamOptions, LaggedOptions, WorkOptions {
  /** Largest lag; default 1. */
  readonly tauMax?: number
  /** Chooses the order up to `tauMax` (default `bic`); `none` takes `tauMax`. */
  readonly criterion?: OrderCriterion | 'none'
  /** Whether equations have a constant; default true. Without it, series must have mean 0. */
  readonly intercept?: boolean
  /** Whether coefficients are chosen by the adaptive lasso (default), or all lagged ones are kept. */
  readonly prune?: boolean
  /** Links of larger p-values are left out of the graph; default 1: the lasso alone decides. */
  readonly alpha?: number
  /** Series redrawn from the residuals, for the confidence of links; default 0. */
  readonly bootstraps?: number
  /** Seed of these; default 42. */
  readonly seed?: number
}

export interface VarLingam extends Discovery {
  /** Variables, causes before effects inside a time step. */
  readonly order: readonly number[]
  /** Lags of the model. */
  readonly lags: number
  /** Share of redrawn series in which each link is found; where `bootstraps` were asked for. */
  readonly confidence?: LagArray
  /** P-values of independence of the errors of each two variables (HSIC); small ones speak against the model. */
  readonly errorPValues: readonly Float64Array[]
}

/** Coefficients of one fit: `values[i, j, tau]` of variable i, tau steps ago, on j. */
interface Fit {
  readonly model: Autoregression
  readonly lingam: Lingam
  readonly values: LagArray
}

/**
 * Values are coefficients; p-values are of t tests given the order (1 against the order). Throws `InputError`: BadCount, BadLevel,
 * VectorVariable, NoSamples, ConstantVariable, CollinearVariables, TooFewSamples, BadKnowledge; `CancelledError`.
 */
export async function varLingam(series: TimeSeries, options: VarLingamOptions = {}): Promise<VarLingam> {
  const started = performance.now()
  throwIfAborted(options.signal)
  const tauMax = checkCount('tauMax', options.tauMax, 1, 1)
  const alpha = checkLevel('alpha', options.alpha ?? 1)
  const bootstraps = checkCount('bootstraps', options.bootstraps, 0, 0)
  const { criterion = 'bic', intercept = true } = options
  const pace = paced('var-lingam', options)
  const model =
    criterion === 'none'
      ? autoregression(series, tauMax, intercept, options)
      : chosenOrder(series, tauMax, criterion, intercept, options)
  const fit = fitted(model, options)
  const pValues = pValuesOf(fit, intercept)
  const errors = errorsOf(model.residuals, fit.lingam)
  const share = bootstraps > 0 ? 0.2 : 1
  const errorPValues = await independenceOf(errors, (fraction) => pace.at(share * fraction))
  const confidence = new LagArray(series.names.length, model.lags)
  for (let k = 0; k < bootstraps; k++) {
    const again = autoregression(redrawnSeries(series, model, k, options.seed ?? 42), model.lags, intercept, {})
    const { values } = fitted(again, options)
    for (const [at, value] of values.data.entries()) if (value !== 0) confidence.data[at]! += 1 / bootstraps
    await pace.at(share + ((1 - share) * (k + 1)) / bootstraps)
  }
  return {
    method: 'var-lingam',
    test: 'lingam',
    variables: series.names,
    tauMin: 0,
    tauMax: model.lags,
    alpha,
    graph: graphOf(fit.values, pValues, alpha),
    values: fit.values,
    pValues,
    order: fit.lingam.order,
    lags: model.lags,
    errorPValues,
    ...(bootstraps > 0 && { confidence }),
    tests: 0,
    seconds: (performance.now() - started) / 1000,
    samples: [model.lagged.count, model.lagged.count],
    assumptions: [
      'Effects are linear and the same at all times.',
      'Noise is non-Gaussian and independent between variables and over time: no hidden common causes.',
      'No cycles inside a time step.',
    ],
    warnings: warningsOf(series, errorPValues, options),
  }
}

function fitted(model: Autoregression, options: VarLingamOptions): Fit {
  const lingam = directLingam(model.residuals, options)
  const values = options.prune === false ? derived(model, lingam) : pruned(model.lagged, lingam, model.lags)
  return { model, lingam, values }
}

/** Lagged effects beside contemporaneous ones: (I - B0) M (equation 6 of the paper). */
function derived({ lags, coefficients }: Autoregression, { matrix }: Lingam): LagArray {
  const size = matrix.length
  const values = new LagArray(size, lags)
  for (let effect = 0; effect < size; effect++)
    for (let cause = 0; cause < size; cause++) {
      values.set(cause, effect, 0, matrix[effect]![cause]!)
      for (const [l, own] of coefficients.entries()) {
        const through = own.reduce((sum, row, middle) => sum + matrix[effect]![middle]! * row[cause]!, 0)
        values.set(cause, effect, l + 1, own[effect]![cause]! - through)
      }
    }
  return values
}

/** Each variable on those before it in the order and on the whole past. */
function designOf(lagged: Lagged, order: readonly number[], effect: number): [number[], Float64Array[]] {
  const before = order.slice(0, order.indexOf(effect))
  return [before, [...before.map((cause) => lagged.present[cause]!), ...lagged.past.flat()]]
}

/** Writes one number per predictor to its link. */
function place(into: LagArray, numbers: Float64Array, before: readonly number[], effect: number): void {
  const size = into.variables
  for (const [at, value] of numbers.entries()) {
    const k = at - before.length
    if (k < 0) into.set(before[at]!, effect, 0, value)
    else into.set(k % size, effect, 1 + Math.floor(k / size), value)
  }
}

function pruned(lagged: Lagged, { order }: Lingam, lags: number): LagArray {
  const values = new LagArray(order.length, lags)
  for (const effect of order) {
    const [before, predictors] = designOf(lagged, order, effect)
    place(values, adaptiveLasso(predictors, lagged.present[effect]!), before, effect)
  }
  return values
}

function pValuesOf({ model, lingam: { order } }: Fit, intercept: boolean): LagArray {
  const { lagged, lags } = model
  const pValues = new LagArray(order.length, lags, 1)
  checkFreedom(lagged.count, order.length * (lags + 1))
  for (const effect of order) {
    const [before, predictors] = designOf(lagged, order, effect)
    place(pValues, slopePValues(predictors, lagged.present[effect]!, intercept), before, effect)
  }
  return pValues
}

function graphOf(values: LagArray, pValues: LagArray, alpha: number): LinkGraph {
  const graph = new LinkGraph(values.variables, values.tauMax)
  for (let i = 0; i < values.variables; i++)
    for (let j = 0; j < values.variables; j++)
      for (let tau = 0; tau <= values.tauMax; tau++)
        if (values.get(i, j, tau) !== 0 && pValues.get(i, j, tau) <= alpha) graph.put(i, j, tau, '-->')
  return graph
}

function warningsOf(series: TimeSeries, errors: readonly Float64Array[], { onWarning }: WorkOptions): Warning[] {
  const pairs = errors.flatMap((row, i) =>
    [...row.keys()].filter((j) => j > i && row[j]! < 0.01).map((j) => [i, j] as const),
  )
  const warnings = pairs.map(([i, j]) => ({
    tag: 'DependentErrors',
    message: `what is left of ${series.names[i]} and ${series.names[j]} is dependent (p ${errors[i]![j]!.toPrecision(2)}): the order between them may be wrong, or a common cause is missing`,
  }))
  for (const warning of warnings) onWarning?.(warning)
  return warnings
}
