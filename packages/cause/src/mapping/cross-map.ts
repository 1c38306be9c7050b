/** Convergent cross mapping of all pairs (Sugihara et al. 2012, Science 338) as a search. */
import { InputError, type Random, random, type Warning, type WorkOptions } from '@ecotope/core'
import type { Discovery } from '../discovery/graph.ts'
import { LagArray } from '../discovery/lag-array.ts'
import { checkCount, checkLevel, type FdrMethod } from '../discovery/options.ts'
import { constantVariables } from '../granger/causality.ts'
import type { TimeSeries } from '../series/series.ts'
import { benjaminiHochberg } from '../statistics/false-discovery.ts'
import { paced } from '../work/pace.ts'
import { mapEffect, type PairMap } from './cross-map-effect.ts'
import { mappedGraph } from './cross-map-graph.ts'
import { partsOf, type Track, trackOf } from './embedding.ts'
import { chooseDimension } from './simplex.ts'
import { type SurrogateOptions, surrogatesOf } from './surrogates.ts'

export interface CrossMapOptions extends WorkOptions {
  /** Coordinates of the embedding, one number or one per variable; default `forecast`: of the best simplex forecasts. */
  readonly dimension?: number | readonly number[] | 'forecast'
  /** Largest dimension that forecasts choose; default 10. */
  readonly maxDimension?: number
  /** Steps between coordinates; default 1. */
  readonly delay?: number
  /** Lags of the cause from 0 to this many steps, and as many ahead (Ye et al. 2015); default 0. */
  readonly tauMax?: number
  /** Neighbours; default: one more than coordinates. */
  readonly neighbours?: number
  /** Neighbours are further apart in time than this (Theiler 1986); default 0: only the state itself is left out. */
  readonly exclusionRadius?: number
  /** States in the libraries, ascending; default: ten sizes up to all states. */
  readonly librarySizes?: readonly number[]
  /** Random libraries of each size; default 30. */
  readonly samples?: number
  /** Surrogates of each cause; default 100. 0: only the rise over library sizes is tested. */
  readonly surrogates?: number
  /** Default `ebisuzaki`. */
  readonly surrogate?: SurrogateOptions
  /** Default 0.05. */
  readonly alpha?: number
  readonly fdr?: FdrMethod
  /** Draws of states in blocks, for intervals of the skill by the largest library; default 0, none. */
  readonly bootstraps?: number
  /** Steps in a block; default: the cube root of the number of states. */
  readonly blockLength?: number
  /** Level of these intervals and of the range of skills over libraries; default 0.9. */
  readonly confidenceLevel?: number
  /** Whether masked values count as missing; default false. */
  readonly masked?: boolean
  /** Default 42. */
  readonly seed?: number
}

export interface CrossMapPair extends PairMap {
  readonly cause: string
  readonly effect: string
  /** Of the embedding of the effect. */
  readonly dimension: number
}

export interface CrossMapResult extends Discovery {
  readonly pairs: readonly CrossMapPair[]
}

/**
 * Whether the states of one variable (the effect) tell the values of another (the cause), the better the larger the
 * library. `values[i][j][tau]` is the correlation of variable i, tau steps ago, with what the states of j say about it, by
 * the largest libraries; `pValues` the larger one of two: that surrogates of the cause do as well (at that lag), and that
 * skill rises over library sizes by chance. A pair is linked at its best lag; not at all where its best lag is ahead of the
 * effect, which a driven, synchronous system shows (warning Synchrony). Links both ways at lag 0 are `o-o`.
 * Throws `InputError`: NoVariables, VectorVariable, BadEmbedding, BadCount, BadLevel, BadLibrarySizes, BadPeriod,
 * TooFewStates, NoForecast; `CancelledError`.
 */
export async function crossMap(series: TimeSeries, options: CrossMapOptions = {}): Promise<CrossMapResult> {
  const started = performance.now()
  const alpha = checkLevel('alpha', options.alpha ?? 0.05)
  const tauMax = checkCount('tauMax', options.tauMax, 0, 0)
  checkCount('bootstraps', options.bootstraps, 0, 0)
  checkCount('blockLength', options.blockLength, 1, 1)
  const warnings: Warning[] = []
  const warn = (tag: string, message: string): void => {
    warnings.push({ tag, message })
    options.onWarning?.({ tag, message })
  }
  const track = trackOf(series, options.masked)
  const variables = variablesOf(track, warn)
  const pace = paced('ccm', options)
  const draws = surrogateColumns(track, variables, options)
  const pairs: CrossMapPair[] = []
  for (const [at, effect] of variables.entries()) {
    const dimension = dimensionOf(series, effect, options)
    const causes = variables.filter((v) => v !== effect)
    const told = (fraction: number): void | Promise<void> => pace.at((at + fraction) / variables.length)
    const maps = await mapEffect({ track, effect, causes, dimension, draws, options, at: told })
    for (const [cause, map] of maps)
      pairs.push({ cause: series.names[cause]!, effect: series.names[effect]!, dimension, ...map })
  }
  await pace.at(1)
  return {
    method: 'ccm',
    test: 'cross-map skill',
    variables: series.names,
    tauMin: 0,
    tauMax,
    alpha,
    ...arraysOf(series, pairs, tauMax, alpha, options.fdr === 'fdr-bh', warn),
    pairs,
    tests: pairs.length * (tauMax + 1),
    seconds: (performance.now() - started) / 1000,
    samples: [Math.min(...pairs.map(({ states }) => states)), Math.max(...pairs.map(({ states }) => states))],
    assumptions: [
      'Variables belong to one deterministic, bounded system, of which each effect shows all; noise is small.',
      'Causes do not force their effects so strongly that these only follow them (synchrony).',
    ],
    warnings,
  }
}

function variablesOf(track: Track, warn: (tag: string, message: string) => void): number[] {
  const constant = new Set(constantVariables(track.series))
  for (const v of constant) warn('ConstantVariable', `${track.series.names[v]} is constant and was left out`)
  const variables = track.columns.map((_, v) => v).filter((v) => !constant.has(v))
  if (variables.length >= 2) return variables
  throw new InputError('NoVariables', `${variables.length} variables vary; pairs need two`, {
    hint: 'Give at least two variables that change.',
  })
}

function dimensionOf(series: TimeSeries, effect: number, options: CrossMapOptions): number {
  const { dimension = 'forecast', delay, exclusionRadius, maxDimension, masked } = options
  if (typeof dimension === 'number') return dimension
  if (dimension !== 'forecast') {
    const own = dimension[effect]
    if (own !== undefined) return own
    throw new InputError(
      'BadEmbedding',
      `there are ${dimension.length} dimensions for ${series.names.length} variables`,
      {
        hint: 'Give one number for all, or one per variable.',
      },
    )
  }
  return chooseDimension(series, {
    from: effect,
    ...(delay !== undefined && { delay }),
    ...(exclusionRadius !== undefined && { exclusionRadius }),
    ...(maxDimension !== undefined && { maxDimension }),
    ...(masked !== undefined && { masked }),
  }).dimension
}

/** Surrogates of each variable over the whole track. */
function surrogateColumns(
  track: Track,
  variables: readonly number[],
  options: CrossMapOptions,
): ReadonlyMap<number, readonly Float64Array[]> {
  const count = checkCount('surrogates', options.surrogates, 0, 100)
  const stream: Random = random(options.seed ?? 42).split('ccm')
  return new Map(
    variables.map((v) => {
      if (count === 0) return [v, []]
      const parts = partsOf(track, v)
      const draw = surrogatesOf(parts, options.surrogate ?? { kind: 'ebisuzaki' })
      return [
        v,
        Array.from({ length: count }, (_, i) => {
          const column = new Float64Array(track.length)
          let from = 0
          for (const part of draw(stream.split(v).split(i))) {
            column.set(part, from)
            from += part.length
          }
          return column
        }),
      ]
    }),
  )
}

function arraysOf(
  series: TimeSeries,
  pairs: readonly CrossMapPair[],
  tauMax: number,
  alpha: number,
  correct: boolean,
  warn: (tag: string, message: string) => void,
): Pick<Discovery, 'graph' | 'values' | 'pValues' | 'qValues' | 'intervals'> {
  const size = series.names.length
  const [values, pValues] = [new LagArray(size, tauMax), new LagArray(size, tauMax, 1)]
  const [lower, upper] = [values.copy(), values.copy()]
  const places = pairs.flatMap(({ cause, effect, lags }) =>
    lags
      .filter(({ lag }) => lag <= 0)
      .map(({ lag, skill, pValue, interval }) => {
        const [i, j] = [series.names.indexOf(cause), series.names.indexOf(effect)]
        values.set(i, j, -lag, skill)
        pValues.set(i, j, -lag, pValue)
        lower.set(i, j, -lag, interval?.[0] ?? 0)
        upper.set(i, j, -lag, interval?.[1] ?? 0)
        return [i, j, -lag] as const
      }),
  )
  const qValues = pValues.copy()
  const corrected = benjaminiHochberg(places.map(([i, j, tau]) => pValues.get(i, j, tau)))
  for (const [at, [i, j, tau]] of places.entries()) qValues.set(i, j, tau, corrected[at]!)
  const graph = mappedGraph(series, pairs, correct ? qValues : pValues, alpha, warn)
  const drawn = pairs.some(({ lags }) => lags.some(({ interval }) => interval !== undefined))
  return { values, pValues, graph, ...(correct && { qValues }), ...(drawn && { intervals: { lower, upper } }) }
}
