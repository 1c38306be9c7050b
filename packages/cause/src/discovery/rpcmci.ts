/**
 * Regime-PCMCI (Saggioro, de Wiljes, Kretschmer, Runge 2020, "Reconstructing regime-dependent causal relationships from
 * observational time series"): time steps are assigned to regimes and a graph is found in each, in turns, until neither
 * changes; from several random beginnings, the best of which is kept.
 */
import { InputError, type Warning } from '@ecotope/core'
import type { TestOptions } from '../independence/test.ts'
import type { TimeSeries } from '../series/series.ts'
import { inThreads, type ThreadOptions } from '../work/threads.ts'
import type { Discovery } from './graph.ts'
import { checkLags, checkLevel } from './options.ts'
import { type PackedDiscovery, unpackDiscovery } from './packed.ts'

export interface RegimeOptions extends ThreadOptions {
  /** Number of regimes, at least 1. */
  readonly regimes: number
  /** How often at most any one regime is entered or left. */
  readonly maxTransitions: number
  /** Steps with more than this share of a regime are among its samples; default 0.05. */
  readonly switchThreshold?: number
  /** Rounds of search and assignment at most; default 20. */
  readonly iterations?: number
  /** Random beginnings; default 10. */
  readonly anneals?: number
  /** Default 1. */
  readonly tauMin?: number
  /** Default 1. */
  readonly tauMax?: number
  /** Level by which conditions are chosen; default 0.2. */
  readonly pcAlpha?: number | readonly number[] | null
  /** Level of links; default 0.01. */
  readonly alpha?: number
  /** Start of the random numbers; beginning a uses `seed + a`. Default 42. */
  readonly seed?: number
  /**
   * `relaxed` (default): steps may be shared among regimes where the bound on transitions makes that cheaper, as in the
   * reference. `whole`: each step belongs to one regime.
   */
  readonly assignment?: 'relaxed' | 'whole'
  /** Name of the independence test; default `parcorr`. It should go with linear predictions. */
  readonly test?: string
  /** Masks are by regime here, so `maskType` is always `y`. */
  readonly testOptions?: TestOptions
}

/** How one random beginning went. */
export interface Anneal {
  /** Sum over steps and regimes of share times squared standardised residuals; undefined where it failed. */
  readonly cost?: number
  /** Sum of absolute changes of the shares in each round. */
  readonly changes: readonly number[]
  /** Why it failed. */
  readonly failure?: string
}

export interface RegimeDiscovery {
  /** For each regime the share of each time step, in [0, 1]; the first tauMax steps, which no model predicts, follow the next. */
  readonly shares: readonly Float64Array[]
  /** The regime with the largest share at each time step. */
  readonly regimes: Uint8Array
  /** The graph of each regime. */
  readonly discoveries: readonly Discovery[]
  /** The cost of the best beginning. */
  readonly cost: number
  /** Which beginning was the best. */
  readonly best: number
  readonly anneals: readonly Anneal[]
  readonly warnings: readonly Warning[]
}

/** The options in full, as plain data. */
export type RegimePlan = Required<Omit<RegimeOptions, keyof ThreadOptions>>

/** What a task of one beginning gives back. */
export interface AnnealResult extends Anneal {
  readonly shares: readonly Float64Array[]
  readonly discoveries: readonly PackedDiscovery[]
}

const DEFAULTS = {
  switchThreshold: 0.05,
  iterations: 20,
  anneals: 10,
  tauMin: 1,
  tauMax: 1,
  pcAlpha: 0.2,
  alpha: 0.01,
  seed: 42,
  assignment: 'relaxed',
  test: 'parcorr',
  testOptions: {},
} as const

/**
 * Regimes and their graphs. Series must be one data set of scalar variables; their masks are not used.
 * Throws `InputError`: OneDataSet, NoVectors, BadCount, BadLags, BadLevel, NoRegimes (all beginnings failed, with the reasons).
 */
export async function discoverRpcmci(series: TimeSeries, options: RegimeOptions): Promise<RegimeDiscovery> {
  const { threads, signal, onProgress, onWarning, ...given } = options
  const plan: RegimePlan = { ...DEFAULTS, ...given }
  check(series, plan)
  const [dataset] = series.datasets
  const { masks, ...bare } = dataset!
  const context = { series: { ...series, datasets: [bare] }, plan }
  const module = new URL('./rpcmci-job.ts', import.meta.url).href
  const bytes = 64 * bare.length * bare.columns.length + 2 ** 20
  const tasks = Array.from({ length: plan.anneals }, (_, a) => ({ id: `beginning ${a}`, payload: a, bytes }))
  const work = {
    ...(threads !== undefined && { threads }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    ...(onWarning && { onWarning }),
  }
  const results = await inThreads<number, AnnealResult>('rpcmci', { module, context }, tasks, work)
  const warnings: Warning[] =
    masks === undefined
      ? []
      : [{ tag: 'MasksNotUsed', message: 'RPCMCI masks time steps by regime; the masks of the series were not used' }]
  return chosen(results, warnings)
}

function check(series: TimeSeries, plan: RegimePlan): void {
  if (series.datasets.length !== 1)
    throw new InputError('OneDataSet', `RPCMCI takes one data set, but there are ${series.datasets.length}`, {
      hint: 'Run it on each data set.',
    })
  if (series.vectors !== undefined)
    throw new InputError('NoVectors', 'RPCMCI takes scalar variables, but some are vectors', {
      hint: 'Give each component as a variable.',
    })
  for (const [name, least] of [
    ['regimes', 1],
    ['maxTransitions', 0],
    ['iterations', 1],
    ['anneals', 1],
    ['seed', 0],
  ] as const)
    if (!(Number.isSafeInteger(plan[name]) && plan[name] >= least))
      throw new InputError('BadCount', `${name}: ${plan[name]} is not a whole number of at least ${least}`, {
        data: { name, value: plan[name] },
      })
  checkLags(plan)
  checkLevel('switchThreshold', plan.switchThreshold)
}

function chosen(results: readonly AnnealResult[], warnings: readonly Warning[]): RegimeDiscovery {
  const anneals = results.map(({ cost, changes, failure }) => ({
    changes,
    ...(cost !== undefined && { cost }),
    ...(failure !== undefined && { failure }),
  }))
  const done = results.flatMap(({ cost }) => cost ?? [])
  if (done.length === 0) {
    const reasons = [...new Set(anneals.flatMap(({ failure }) => failure ?? []))]
    throw new InputError('NoRegimes', `all ${results.length} random beginnings failed: ${reasons.join('; ')}`, {
      hint: 'Use fewer regimes, a smaller largest lag or longer series.',
      data: { reasons },
    })
  }
  const cost = Math.min(...done)
  const best = results.findIndex((result) => result.cost === cost)
  const { shares, discoveries } = results[best]!
  const regimes = Uint8Array.from(shares[0]!, (_, t) =>
    shares.reduce((most, share, k) => (share[t]! > shares[most]![t]! ? k : most), 0),
  )
  return { shares, regimes, discoveries: discoveries.map(unpackDiscovery), cost, best, anneals, warnings }
}
