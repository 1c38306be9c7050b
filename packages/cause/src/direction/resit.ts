/**
 * RESIT (Peters, Mooij, Janzing & Schölkopf 2014, JMLR 15): a causal graph of nonlinear effects with additive noise. The variable
 * whose residuals on all others are least dependent on them comes last; then links that are not needed are removed. Series:
 * with their past among the predictors, as TiMINo has it (Peters, Janzing & Schölkopf 2013, NIPS 26).
 */
import { throwIfAborted, type WorkOptions } from '@ecotope/core'
import { type Discovery, LinkGraph } from '../discovery/graph.ts'
import { LagArray } from '../discovery/lag-array.ts'
import { checkCount, checkLevel } from '../discovery/options.ts'
import type { TimeSeries } from '../series/series.ts'
import { type Pace, paced } from '../work/pace.ts'
import { type Curve, residualsBy } from './curves.ts'
import { type HsicOptions, hsicSample, hsicTest } from './hsic.ts'
import { checkFreedom, type LaggedOptions, laggedOf } from './lagged.ts'

export interface ResitOptions extends HsicOptions, LaggedOptions, WorkOptions {
  /** Largest lag of the past among the predictors; default 0: only effects inside a time step. */
  readonly tauMax?: number
  /** Default: a Gaussian process. */
  readonly curve?: Curve
  /** A link is removed where residuals without it are independent of all predictors at this level; default 0.01. */
  readonly alpha?: number
}

export interface Resit extends Discovery {
  /** Variables, causes before effects. */
  readonly order: readonly number[]
}

interface Predictor {
  readonly variable: number
  readonly tau: number
  readonly values: Float64Array
}

/** What the removal of one link is judged by. */
interface Judged {
  readonly predictor: Predictor
  readonly pValue: number
  readonly value: number
  readonly removed: boolean
}

/**
 * Values are the share of the variance left without a link that the link explains, p-values those of the independence of the
 * residuals without it. Throws `InputError`: BadCount, BadLevel, VectorVariable, NoSamples, ConstantVariable, TooFewSamples;
 * `CancelledError`.
 */
export async function resit(series: TimeSeries, options: ResitOptions = {}): Promise<Resit> {
  const started = performance.now()
  throwIfAborted(options.signal)
  const tauMax = checkCount('tauMax', options.tauMax, 0, 0)
  const alpha = checkLevel('alpha', options.alpha ?? 0.01)
  const lagged = laggedOf(series, tauMax, options)
  const size = lagged.present.length
  checkFreedom(lagged.count, size * (tauMax + 1))
  const pace = paced('resit', options)
  const past = lagged.past.flatMap((rows, l) => rows.map((values, variable) => ({ variable, tau: l + 1, values })))
  const present = lagged.present.map((values, variable) => ({ variable, tau: 0, values }))
  const work = new Work(options, pace, (size * (size + 1)) / 2 + (size * (size - 1)) / 2 + size * past.length)
  const order = await orderOf(present, past, work)
  const graph = new LinkGraph(size, tauMax)
  const values = new LagArray(size, tauMax)
  const pValues = new LagArray(size, tauMax, 1)
  for (const [at, effect] of order.entries()) {
    const before = order.slice(0, at).sort((a, b) => a - b)
    const candidates = [...before.map((v) => present[v]!), ...past]
    for (const { predictor, pValue, value, removed } of await judged(present[effect]!, candidates, alpha, work)) {
      values.set(predictor.variable, effect, predictor.tau, value)
      pValues.set(predictor.variable, effect, predictor.tau, pValue)
      if (!removed) graph.put(predictor.variable, effect, predictor.tau, '-->')
    }
  }
  return {
    method: 'resit',
    test: 'hsic',
    variables: series.names,
    tauMin: 0,
    tauMax,
    alpha,
    graph,
    values,
    pValues,
    order,
    tests: work.tests,
    seconds: (performance.now() - started) / 1000,
    samples: [lagged.count, lagged.count],
    assumptions: [
      'Each variable is a curve of its causes plus independent noise.',
      'No hidden common causes, no cycles inside a time step.',
    ],
    warnings: [],
  }
}

/** Regressions and tests, counted for progress. */
class Work {
  tests = 0
  readonly residuals: ReturnType<typeof residualsBy>
  readonly #options: ResitOptions
  readonly #pace: Pace
  readonly #all: number

  constructor(options: ResitOptions, pace: Pace, all: number) {
    this.#options = options
    this.#pace = pace
    this.#all = all
    this.residuals = residualsBy(options.curve ?? { kind: 'gaussian-process' })
  }

  async independence(residuals: Float64Array, predictors: readonly Predictor[]): Promise<ReturnType<typeof hsicTest>> {
    this.tests++
    const test = hsicTest(hsicSample([residuals]), hsicSample(predictors.map(({ values }) => values)), this.#options)
    await this.#pace.at(Math.min(1, this.tests / this.#all))
    return test
  }
}

const rowsOf = (predictors: readonly Predictor[]): Float64Array[] => predictors.map(({ values }) => values)

/** From the last effect to the first cause. */
async function orderOf(present: readonly Predictor[], past: readonly Predictor[], work: Work): Promise<number[]> {
  const order: number[] = []
  let open = [...present]
  while (open.length > 0) {
    let last = open[0]!
    let least = Number.POSITIVE_INFINITY
    for (const candidate of open.length > 1 ? open : []) {
      const predictors = [...open.filter((other) => other !== candidate), ...past]
      const residuals = work.residuals(rowsOf(predictors), candidate.values)
      const { statistic } = await work.independence(residuals, predictors)
      if (statistic < least) [last, least] = [candidate, statistic]
    }
    open = open.filter((other) => other !== last)
    order.unshift(last.variable)
  }
  return order
}

/** Each candidate in turn is left out, and stays out where the residuals are independent of all candidates without it. */
async function judged(
  target: Predictor,
  candidates: readonly Predictor[],
  alpha: number,
  work: Work,
): Promise<Judged[]> {
  let kept = [...candidates]
  let left = candidates.length === 0 ? 0 : varianceOf(work.residuals(rowsOf(kept), target.values))
  const out: Judged[] = []
  for (const predictor of candidates) {
    const others = kept.filter((other) => other !== predictor)
    const residuals = work.residuals(rowsOf(others), target.values)
    const { pValue } = await work.independence(residuals, candidates)
    const variance = varianceOf(residuals)
    const removed = pValue > alpha
    out.push({ predictor, pValue, removed, value: Math.max(0, 1 - left / variance) })
    if (removed) [kept, left] = [others, variance]
  }
  return out
}

function varianceOf(values: Float64Array): number {
  const middle = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length
}
