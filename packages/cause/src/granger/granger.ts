/** Granger causality of all pairs as a search: joint tests over the lags, coefficients by lag, and a graph made of either. */
import { InputError, type Warning, type WorkOptions } from '@ecotope/core'
import { type Discovery, LinkGraph } from '../discovery/graph.ts'
import { LagArray } from '../discovery/lag-array.ts'
import { checkCount, checkLevel, type FdrMethod } from '../discovery/options.ts'
import type { MaskType } from '../series/samples.ts'
import type { TimeSeries } from '../series/series.ts'
import { chiSquared, studentT } from '../statistics/distributions.ts'
import { benjaminiHochberg } from '../statistics/false-discovery.ts'
import { paced } from '../work/pace.ts'
import { constantVariables, type PairTests, pairTests, type Test, type TestKind, whiteness } from './causality.ts'
import { intervalsOf } from './intervals.ts'
import { chosenOrder, fitVar, type OrderSetting, type VarModel } from './var-model.ts'

/** What stands in the values: the coefficient, its partial correlation, or its partial F (the square of Student's t). */
export type LagValue = 'coefficient' | 'partial-correlation' | 'f'

export interface GrangerOptions extends WorkOptions {
  /** Lags of the model, or the criterion that chooses them; default `aic`. */
  readonly order?: OrderSetting
  /** Most lags a criterion may choose; default 12 (T / 100)^(1/4), or as many as leave each coefficient 5 samples. */
  readonly maxOrder?: number
  /** All variables in one model (default), or each pair in a model of its own. */
  readonly conditional?: boolean
  /** The joint test over all lags that pairs are judged by; default `f`. */
  readonly test?: TestKind
  /** Default `partial-correlation`. */
  readonly value?: LagValue
  /**
   * `lag` (default): the p-value of a link is that of its coefficient (Student's t). `pair`: of the joint test over all
   * lags, the same at each; a pair that passes is linked at the lag of the largest partial correlation.
   */
  readonly links?: 'lag' | 'pair'
  /**
   * Whether lag 0 is tested too: the correlation of residuals, by the test of instantaneous causality. It has no direction;
   * links are `o-o`. Default false.
   */
  readonly instantaneous?: boolean
  /** Level of links; default 0.05. */
  readonly alpha?: number
  readonly fdr?: FdrMethod
  /** Masked values left out: of the past (`x`), of the present (`y`). */
  readonly maskType?: MaskType
  /** Draws of a bootstrap of time steps in blocks, for intervals of the values; default 0, none. */
  readonly bootstraps?: number
  /** Steps in a block; default: the cube root of the number of samples. */
  readonly blockLength?: number
  /** Default 0.9. */
  readonly confidenceLevel?: number
  /** Default 42. */
  readonly seed?: number
}

export interface GrangerPair {
  readonly cause: string
  readonly effect: string
  readonly order: number
  readonly tests: PairTests
  /** Geweke's measure ln(RSS_0 / RSS_1), at least 0. */
  readonly strength: number
  /** Of the chosen test. */
  readonly pValue: number
}

export interface GrangerResult extends Discovery {
  /** All ordered pairs of different variables that could be tested. */
  readonly pairs: readonly GrangerPair[]
  /** The model of all variables; of pairs: none. */
  readonly model?: VarModel
  /** Portmanteau test of that model's residuals. */
  readonly whiteness?: Test
}

interface Fit {
  readonly model: VarModel
  /** Links that are read from it. */
  readonly links: readonly (readonly [cause: number, effect: number])[]
}

/**
 * Granger causality by vector autoregression. Constant variables are left out with a warning and have
 * value 0 and p-value 1. Throws `InputError` as `fitVar`, and: BadLevel, BadCount, NoVariables; `CancelledError`.
 */
export async function granger(series: TimeSeries, options: GrangerOptions = {}): Promise<GrangerResult> {
  const started = performance.now()
  const alpha = checkLevel('alpha', options.alpha ?? 0.05)
  const draws = checkCount('bootstraps', options.bootstraps, 0, 0)
  const warnings: Warning[] = []
  const warn: Warn = (tag, message) => {
    warnings.push({ tag, message })
    options.onWarning?.({ tag, message })
  }
  const pace = paced('granger', options)
  const share = draws > 0 ? 0.2 : 1
  const fits: Fit[] = []
  const groups = groupsOf(variablesOf(series, warn), options.conditional ?? true)
  for (const [i, { group, links }] of groups.entries()) {
    fits.push({ model: fitted(series, group, options, warn), links })
    await pace.at((share * (i + 1)) / groups.length)
  }
  for (const { model } of fits) warnUnstable(model, warn)
  const found = measured(series, fits, options)
  const intervals = await intervalsOf(series, options, {
    draws,
    at: (fraction) => pace.at(share + (1 - share) * fraction),
    measure: (redrawn) => valuesOf(refitted(redrawn, fits, options), found.values, options),
  })
  const counts = fits.map(({ model }) => model.count)
  return {
    ...found,
    method: 'granger',
    test: options.test ?? 'f',
    variables: series.names,
    tauMin: options.instantaneous ? 0 : 1,
    tauMax: found.values.tauMax,
    alpha,
    graph: graphOf(fits, found.qValues ?? found.pValues, alpha, options.links === 'pair'),
    ...(intervals && { intervals }),
    ...(options.conditional !== false && wholeModel(fits[0]!.model, warn)),
    tests: fits.reduce((sum, { model, links }) => sum + links.length * model.order, 0),
    seconds: (performance.now() - started) / 1000,
    samples: [Math.min(...counts), Math.max(...counts)],
    assumptions: assumptionsOf(options),
    warnings,
  }
}

type Warn = (tag: string, message: string) => void

function measured(
  series: TimeSeries,
  fits: readonly Fit[],
  options: GrangerOptions,
): Pick<GrangerResult, 'values' | 'pValues' | 'qValues' | 'pairs'> {
  const tauMax = Math.max(...fits.map(({ model }) => model.order))
  const size = series.names.length
  const pValues = new LagArray(size, tauMax, 1)
  const values = valuesOf(fits, pValues, options)
  for (const fit of fits) readLags(fit, 'f', new LagArray(size, tauMax), pValues)
  const pairs = pairsOf(fits, options.test ?? 'f')
  const joint = options.links === 'pair'
  if (joint) joinLags(fits, pairs, pValues)
  if (options.instantaneous) for (const fit of fits) readPresent(fit, pValues, values)
  const qValues = options.fdr === 'fdr-bh' ? correctedOf(fits, pValues, joint) : undefined
  return { values, pValues, pairs, ...(qValues && { qValues }) }
}

function valuesOf(fits: readonly Fit[], like: LagArray, options: GrangerOptions): LagArray {
  const { value = 'partial-correlation' } = options
  const values = new LagArray(like.variables, like.tauMax)
  for (const fit of fits) readLags(fit, value, values)
  if (options.instantaneous) for (const fit of fits) readPresent(fit, like.copy(), values)
  return values
}

const refitted = (redrawn: TimeSeries, fits: readonly Fit[], options: GrangerOptions): Fit[] =>
  fits.map(({ model, links }) => ({
    model: fitVar(redrawn, model.order, { variables: model.variables, ...maskOf(options) }),
    links,
  }))

function wholeModel(model: VarModel, warn: Warn): Pick<GrangerResult, 'model' | 'whiteness'> {
  const white = whitenessOf(model, warn)
  return { model, ...(white && { whiteness: white }) }
}

const maskOf = ({ maskType }: GrangerOptions): { maskType?: MaskType } => (maskType === undefined ? {} : { maskType })

/** Those that vary. */
function variablesOf(series: TimeSeries, warn: Warn): number[] {
  const constant = new Set(constantVariables(series))
  for (const v of constant) warn('ConstantVariable', `${series.names[v]} is constant and was left out`)
  const variables = series.names.map((_, v) => v).filter((v) => !constant.has(v))
  if (variables.length > 0) return variables
  throw new InputError('NoVariables', 'all variables are constant', { hint: 'A cause has to vary to be found.' })
}

interface Group {
  readonly group: readonly number[]
  readonly links: Fit['links']
}

/** All variables in one model; or each alone for its own lags, and each unordered pair. */
function groupsOf(variables: readonly number[], conditional: boolean): Group[] {
  if (conditional)
    return [{ group: variables, links: variables.flatMap((_, a) => variables.map((__, b) => [a, b] as const)) }]
  const cross: Fit['links'] = [
    [0, 1],
    [1, 0],
  ]
  return [
    ...variables.map((v): Group => ({ group: [v], links: [[0, 0]] })),
    ...variables.flatMap((a, i) => variables.slice(i + 1).map((b): Group => ({ group: [a, b], links: cross }))),
  ]
}

function fitted(series: TimeSeries, group: readonly number[], options: GrangerOptions, warn: Warn): VarModel {
  const { order = 'aic', maxOrder } = options
  const scope = { variables: group, ...maskOf(options) }
  const chosen = chosenOrder(series, order, { ...scope, ...(maxOrder !== undefined && { maxOrder }) })
  const names = group.map((v) => series.names[v]).join(', ')
  if (chosen.none)
    warn('NoLags', `${order} chose no lags for ${names}: the past seems to tell nothing; one lag was used`)
  return fitVar(series, chosen.order, scope)
}

const lagValues: Record<LagValue, (coefficient: number, t: number, df: number) => number> = {
  coefficient: (coefficient) => coefficient,
  'partial-correlation': (_, t, df) => t / Math.sqrt(t * t + df),
  f: (_, t) => t * t,
}

function readLags({ model, links }: Fit, value: LagValue, values: LagArray, pValues?: LagArray): void {
  const size = model.names.length
  const distribution = studentT(model.dfResidual)
  for (const [cause, effect] of links) {
    const error = model.residualProducts[effect * (size + 1)]! / model.dfResidual
    const [i, j] = [model.variables[cause]!, model.variables[effect]!]
    for (let lag = 0; lag < model.order; lag++) {
      const row = lag * size + cause
      const coefficient = model.coefficients[(lag * size + effect) * size + cause]!
      const t = coefficient / Math.sqrt(error * model.inverse.data[row * (model.inverse.columns + 1)]!)
      values.set(i, j, lag + 1, lagValues[value](coefficient, t, model.dfResidual))
      pValues?.set(i, j, lag + 1, Math.min(1, 2 * distribution.sf(Math.abs(t))))
    }
  }
}

/** Lag 0 of pairs: the correlation of their residuals, both ways. */
function readPresent({ model, links }: Fit, pValues: LagArray, values: LagArray): void {
  const size = model.names.length
  const at = (a: number, b: number): number => model.residualProducts[a * size + b]!
  const distribution = chiSquared(1)
  for (const [a, b] of links) {
    if (a === b) continue
    const r = at(a, b) / Math.sqrt(at(a, a) * at(b, b))
    const [i, j] = [model.variables[a]!, model.variables[b]!]
    values.set(i, j, 0, r)
    // `instantaneousTest` of two sides of one variable each: T r^2 / (1 + r^2).
    pValues.set(i, j, 0, distribution.sf((model.count * r * r) / (1 + r * r)))
  }
}

function pairsOf(fits: readonly Fit[], kind: TestKind): GrangerPair[] {
  return fits.flatMap(({ model, links }) =>
    links
      .filter(([cause, effect]) => cause !== effect)
      .map(([cause, effect]) => {
        const tests = pairTests(model, cause, effect)
        return {
          cause: model.names[cause]!,
          effect: model.names[effect]!,
          order: model.order,
          tests,
          strength: tests['likelihood-ratio'].statistic / model.count,
          pValue: tests[kind].pValue,
        }
      }),
  )
}

/** The joint p-value at each lag of a pair; a variable's own lags keep theirs. */
function joinLags(fits: readonly Fit[], pairs: readonly GrangerPair[], pValues: LagArray): void {
  let at = 0
  for (const { model, links } of fits)
    for (const [cause, effect] of links) {
      if (cause === effect) continue
      const { pValue } = pairs[at++]!
      for (let tau = 1; tau <= model.order; tau++)
        pValues.set(model.variables[cause]!, model.variables[effect]!, tau, pValue)
    }
}

const pairsBelow = (size: number): (readonly [number, number])[] =>
  Array.from({ length: size }, (_, j) => Array.from({ length: j }, (__, i) => [i, j] as const)).flat()

/** Lag 0 is corrected by itself. Over all links between different variables (of pairs: once each); own lags are corrected among themselves. */
function correctedOf(fits: readonly Fit[], pValues: LagArray, joint: boolean): LagArray {
  const out = pValues.copy()
  for (const own of [true, false]) {
    const places = fits.flatMap(({ model, links }) =>
      links
        .filter(([cause, effect]) => (cause === effect) === own)
        .flatMap(([cause, effect]) => {
          const lags = Array.from({ length: model.order }, (_, lag) => lag + 1)
          const [i, j] = [model.variables[cause]!, model.variables[effect]!]
          return joint && !own ? [{ i, j, lags }] : lags.map((tau) => ({ i, j, lags: [tau] }))
        }),
    )
    const corrected = benjaminiHochberg(places.map(({ i, j, lags }) => pValues.get(i, j, lags[0]!)))
    for (const [at, { i, j, lags }] of places.entries()) for (const tau of lags) out.set(i, j, tau, corrected[at]!)
  }
  const pairs = pairsBelow(pValues.variables)
  const present = benjaminiHochberg(pairs.map(([i, j]) => pValues.get(i, j, 0)))
  for (const [at, [i, j]] of pairs.entries())
    for (const [a, b] of [
      [i, j],
      [j, i],
    ] as const)
      out.set(a, b, 0, present[at]!)
  return out
}

function graphOf(fits: readonly Fit[], pValues: LagArray, alpha: number, joint: boolean): LinkGraph {
  const graph = new LinkGraph(pValues.variables, pValues.tauMax)
  for (const [i, j] of pairsBelow(pValues.variables)) if (pValues.get(i, j, 0) <= alpha) graph.put(i, j, 0, 'o-o')
  for (const { model, links } of fits) {
    const sizes = new LagArray(pValues.variables, pValues.tauMax)
    readLags({ model, links }, 'partial-correlation', sizes)
    for (const [cause, effect] of links) {
      const [i, j] = [model.variables[cause]!, model.variables[effect]!]
      const lags = Array.from({ length: model.order }, (_, lag) => lag + 1)
      const passed = lags.filter((tau) => pValues.get(i, j, tau) <= alpha)
      const strongest = passed.toSorted((a, b) => Math.abs(sizes.get(i, j, b)) - Math.abs(sizes.get(i, j, a)))
      const kept = !joint || cause === effect ? passed : strongest.slice(0, 1)
      for (const tau of kept) graph.set(i, j, tau, '-->')
    }
  }
  return graph
}

function whitenessOf(model: VarModel, warn: Warn): Test | undefined {
  const lags = Math.max(model.order + 1, Math.min(10, Math.floor(model.count / 5)))
  if (lags >= model.count) return undefined
  const test = whiteness(model, lags, true)
  if (test.pValue < 0.05)
    warn(
      'ResidualsNotWhite',
      `residuals up to lag ${lags} are not white (p = ${test.pValue.toPrecision(2)}): more lags or variables are needed`,
    )
  return test
}

function warnUnstable(model: VarModel, warn: Warn): void {
  if (model.stable) return
  const names = model.names.join(', ')
  warn('NotStationary', `the model of ${names} is not stationary (largest root ${model.spectralRadius.toPrecision(4)})`)
}

const assumptionsOf = ({ conditional = true, links = 'lag' }: GrangerOptions): string[] => [
  'Relations are linear and stationary, and causes precede their effects by at least one step.',
  conditional
    ? 'All common causes are among the variables.'
    : 'Pairs have no common cause: each was tested without regard to the other variables.',
  ...(links === 'pair' ? ['P-values are of all lags of a pair together; the link stands at the strongest lag.'] : []),
]
