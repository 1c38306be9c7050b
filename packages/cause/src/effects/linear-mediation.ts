/** Linear mediation in time series (Runge et al. 2015): effects of every variable at every lag, and through which others. */
import { InputError, type Warning } from '@ecotope/core'
import { LagArray } from '../discovery/lag-array.ts'
import { type MaskType, samplesOf, Z } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { regressor } from '../statistics/least-squares.ts'
import { standardised } from '../statistics/moments.ts'
import { type BootstrapOptions, bootstrapped, intervalOf, mediationSeed, spreadOf } from './bootstrap.ts'
import { effectMatrices } from './effect-matrices.ts'

/** Which lags an average is over: of each pair the one of the largest effect, or all. */
export type LagMode = 'largest' | 'all'

export interface AverageOptions {
  /** Default `largest`. */
  readonly lags?: LagMode
  /** Whether effects of a variable on itself count; default false. */
  readonly self?: boolean
}

export interface MediatedAverageOptions extends AverageOptions {
  /** Whether effects from and to the mediator itself count; default false. */
  readonly mediator?: boolean
}

export interface MediationOptions {
  /** Largest lag of effects; default: that of the parents. */
  readonly tauMax?: number
  /** Whether variables are scaled to mean 0 and deviation 1; default true. */
  readonly standardize?: boolean
  readonly maskType?: MaskType
}

/** A quantity with its bootstrap interval. */
export interface Bounded {
  readonly low: number
  readonly high: number
  readonly standardError: number
}

/**
 * Fits each variable on its parents (`parents[j]`: nodes that point to j) by least squares.
 * Throws `InputError`: BadVariables, BadLags, NoSamples, TooFewSamples; CyclicGraph where links without lag run in a circle.
 */
export function fitLinearMediation(
  series: TimeSeries,
  parents: readonly (readonly Node[])[],
  options: MediationOptions = {},
): LinearMediation {
  const { standardize = true, maskType = '' } = options
  const variables = series.datasets[0]!.columns.length
  if (parents.length !== variables || series.vectors)
    throw new InputError('BadVariables', `there are parents of ${parents.length} variables and ${variables} series`, {
      hint: 'Give a list of parents, empty or not, for each variable; variables that are vectors are not mediated.',
    })
  const longest = Math.max(0, ...parents.flat().map(([, lag]) => -lag))
  const tauMax = options.tauMax ?? longest
  if (tauMax < longest)
    throw new InputError('BadLags', `the largest lag is ${tauMax}, but parents have lags up to ${longest}`, {
      hint: `Use a largest lag of at least ${longest}.`,
    })
  const coefficients = new LagArray(variables, tauMax)
  const warnings: Warning[] = []
  for (const [j, own] of parents.entries()) {
    if (own.length === 0) continue
    const samples = samplesOf(series, [[j, 0]], [[j, 0]], own, { tauMax, cutOff: 'max-lag-or-tau-max', maskType })
    const rows = standardize ? samples.rows.map(standardised) : samples.rows
    const predictors = rows.filter((_, k) => samples.roles[k] === Z)
    if (samples.count < predictors.length + 2)
      throw new InputError(
        'TooFewSamples',
        `${samples.count} samples are too few for the parents of ${series.names[j]}`,
      )
    const fit = regressor(predictors, { intercept: true })
    if (fit.rank < predictors.length)
      warnings.push({ tag: 'Collinear', message: `the parents of ${series.names[j]} are collinear` })
    const values = fit.fit(rows[1]!).coefficients
    const nodes = samples.nodes.filter((_, k) => samples.roles[k] === Z)
    for (const [k, [i, lag]] of nodes.entries()) coefficients.set(i, j, -lag, values[k]!)
  }
  return new LinearMediation(coefficients, warnings)
}

/** Effects that follow from link coefficients `[i][j][tau]`. Immutable. */
export class LinearMediation {
  readonly variables: number
  readonly tauMax: number
  /** Of each link: the direct effects. */
  readonly coefficients: LagArray
  readonly warnings: readonly Warning[]
  /** Total effects. */
  readonly effects: LagArray
  readonly #without = new Map<string, LagArray>()

  constructor(coefficients: LagArray, warnings: readonly Warning[] = []) {
    this.variables = coefficients.variables
    this.tauMax = coefficients.tauMax
    this.coefficients = coefficients
    this.warnings = warnings
    this.effects = effectMatrices(coefficients)
  }

  /** Effects along paths that do not pass through a parent of these variables (Runge et al. 2015, eq. 8). */
  effectsWithout(blocked: readonly number[]): LagArray {
    const key = [...new Set(blocked)].sort((a, b) => a - b).join(',')
    const known = this.#without.get(key)
    if (known) return known
    const made = effectMatrices(this.coefficients, blocked)
    this.#without.set(key, made)
    return made
  }

  /** Direct effect of i, `tau` steps ago, on j. */
  coefficient(i: number, tau: number, j: number): number {
    return this.coefficients.get(i, j, this.#lag(tau))
  }

  /** Total effect of i, `tau` steps ago, on j. */
  effect(i: number, tau: number, j: number): number {
    return this.effects.get(i, j, this.#lag(tau))
  }

  /** The effect of largest size over lags. */
  largestEffect(i: number, j: number): number {
    return this.#lags((tau) => this.effects.get(i, j, tau)).reduce((most, value) =>
      Math.abs(value) > Math.abs(most) ? value : most,
    )
  }

  /** Effects of i at each lag on j, were all lags of i set together. */
  jointEffect(i: number, j: number): number[] {
    return this.#lags((tau) => this.effectsWithout([i]).get(i, j, tau))
  }

  /** The same on j at each lag: `[lag of i][lag of j]`. */
  jointEffectMatrix(i: number, j: number): number[][] {
    const joint = this.effectsWithout([i])
    return this.#lags((a) => this.#lags((b) => (a < b ? 0 : joint.get(i, j, a - b))))
  }

  /** What of the effect passes through these variables, at whatever lag. */
  mediated(i: number, tau: number, j: number, through: readonly number[]): number {
    return this.effect(i, tau, j) - this.effectsWithout(through).get(i, j, this.#lag(tau))
  }

  /** What passes through some variables and not through others. */
  mediatedButNot(i: number, tau: number, j: number, through: readonly number[], not: readonly number[]): number {
    const lag = this.#lag(tau)
    const both = this.effectsWithout([...through, ...not])
    return this.effectsWithout(not).get(i, j, lag) - both.get(i, j, lag)
  }

  /** Joint effects at each lag that pass through these variables. */
  jointMediated(i: number, j: number, through: readonly number[]): number[] {
    const without = this.effectsWithout([i, ...through])
    return this.jointEffect(i, j).map((value, tau) => value - without.get(i, j, tau))
  }

  /** Average causal effect of i on the other variables (eq. 11). */
  averageEffect(i: number, options: AverageOptions = {}): number {
    return this.#average(
      this.#pairs(options.self).filter(([from]) => from === i),
      this.effects,
      options.lags,
    )
  }

  /** Average causal susceptibility of j to the other variables (eq. 12). */
  averageSusceptibility(j: number, options: AverageOptions = {}): number {
    return this.#average(
      this.#pairs(options.self).filter(([, to]) => to === j),
      this.effects,
      options.lags,
    )
  }

  /**
   * Average over pairs of variables of the effect that k mediates (eq. 13). Over all lags, effects of variables on themselves
   * always count, as in the reference implementation.
   */
  averageMediated(
    k: number,
    { lags = 'largest', self = false, mediator = false }: MediatedAverageOptions = {},
  ): number {
    const without = this.effectsWithout([k])
    const through = new LagArray(this.variables, this.tauMax)
    for (let at = 0; at < through.data.length; at++) through.data[at] = this.effects.data[at]! - without.data[at]!
    const pairs = this.#pairs(self || lags === 'all').filter(([i, j]) => mediator || (i !== k && j !== k))
    return this.#average(pairs, through, lags)
  }

  averageEffects = (options?: AverageOptions): number[] => this.#each((i) => this.averageEffect(i, options))
  averageSusceptibilities = (options?: AverageOptions): number[] =>
    this.#each((j) => this.averageSusceptibility(j, options))
  averagesMediated = (options?: MediatedAverageOptions): number[] => this.#each((k) => this.averageMediated(k, options))

  #each = (value: (variable: number) => number): number[] =>
    Array.from({ length: this.variables }, (_, variable) => value(variable))

  #lags<T>(value: (tau: number) => T): T[] {
    return Array.from({ length: this.tauMax + 1 }, (_, tau) => value(tau))
  }

  #pairs(self = false): (readonly [number, number])[] {
    const all = this.#each((i) => i)
    return all.flatMap((i) => all.filter((j) => self || i !== j).map((j) => [i, j] as const))
  }

  #average(pairs: readonly (readonly [number, number])[], values: LagArray, lags: LagMode = 'largest'): number {
    const sizes = pairs.map(([i, j]) => this.#lags((tau) => Math.abs(values.get(i, j, tau))))
    const each = lags === 'largest' ? sizes.map((row) => Math.max(...row)) : sizes.flat()
    return each.length === 0 ? 0 : each.reduce((sum, value) => sum + value, 0) / each.length
  }

  #lag(tau: number): number {
    const lag = Math.abs(tau)
    if (Number.isInteger(lag) && lag <= this.tauMax) return lag
    throw new InputError('BadLags', `lag ${tau} is beyond the largest one, ${this.tauMax}`, {
      hint: 'Fit with a larger tauMax.',
    })
  }
}

export interface MediationBootstrap extends BootstrapOptions {
  /** Of intervals; default 0.9. */
  readonly level?: number
}

/** Intervals of any quantities of a mediation model: `quantities` is applied to the fit of every draw. */
export async function mediationIntervals(
  series: TimeSeries,
  parents: readonly (readonly Node[])[],
  quantities: (model: LinearMediation) => readonly number[],
  options: MediationOptions & MediationBootstrap = {},
): Promise<{ readonly intervals: Bounded[]; readonly warnings: readonly Warning[] }> {
  const { level = 0.9 } = options
  const run = (drawn: TimeSeries): readonly number[] => quantities(fitLinearMediation(drawn, parents, options))
  const { draws, warnings } = await bootstrapped(series, options, run, mediationSeed)
  const intervals = (draws[0] ?? []).map((_, k) => {
    const values = draws.map((draw) => draw[k]!)
    const [low, high] = intervalOf(values, level)
    return { low, high, standardError: spreadOf(values) }
  })
  return { intervals, warnings }
}
