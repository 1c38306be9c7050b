/** One call for all methods: series in, graph and findings out. */
import { InputError, type WorkOptions } from '@ecotope/core'
import type { LinkAssumptions } from './discovery/assumptions.ts'
import type { BootstrapOptions } from './discovery/bootstrap-aggregation.ts'
import type { Discovery } from './discovery/graph.ts'
import { type DummyOptions, withDummies } from './discovery/jpcmci-context.ts'
import type { LagArray } from './discovery/lag-array.ts'
import { knownName } from './discovery/names.ts'
import { checkLevel, type SearchOptions } from './discovery/options.ts'
import type { RegimeDiscovery, RegimeOptions } from './discovery/rpcmci.ts'
import { type Findings, findingsOf } from './finding/findings.ts'
import type { TestOptions } from './independence/test.ts'
import { type Contexts, withContexts } from './series/contexts.ts'
import type { TimeSeries } from './series/series.ts'

export interface DiscoverOptions extends WorkOptions {
  /** Default `pcmci`; see `methods`. */
  readonly method?: string
  /** Independence test; default `parcorr`. */
  readonly test?: string
  /** Of the test, its own included. */
  readonly testOptions?: TestOptions & Readonly<Record<string, unknown>>
  /** Of the search, its own included. `tauMax` defaults to 1. */
  readonly search?: Partial<SearchOptions> & Readonly<Record<string, unknown>>
  /** Repeats the search on resampled series; links are then those of most draws. */
  readonly bootstrap?: Omit<BootstrapOptions, keyof WorkOptions>
  /** Of `jpcmci+`: what is known of the data sets. */
  readonly contexts?: Contexts
  /** Of `jpcmci+`: variables that stand for contexts nobody observed; default: both, with several data sets. */
  readonly dummies?: DummyOptions
  /** Of `rpcmci`. */
  readonly regimes?: Partial<Pick<RegimeOptions, 'regimes' | 'maxTransitions' | 'iterations' | 'anneals'>>
  /** Threads; default: all processors. Results do not depend on it. */
  readonly threads?: number
}

export interface Discovered {
  readonly discovery: Discovery
  readonly findings: Findings
  /** Share of bootstrap draws with the link that won. */
  readonly stability?: LagArray
  /** Of `rpcmci`: `discovery` is that of the first regime. */
  readonly regimes?: RegimeDiscovery
}

export interface MethodRow {
  /** In words. */
  readonly title: string
  /** Whether an independence test is chosen. */
  readonly hasTest: boolean
  /** The option that its one level has, where a level removes links during the search: `alpha` and `pcAlpha` then mean the same. */
  readonly level?: Level
  readonly run: Runner
}

type Runner = (series: TimeSeries, options: DiscoverOptions) => Promise<Omit<Discovered, 'findings'>>

type Level = 'alpha' | 'pcAlpha'

const search =
  (title: string, level?: Level): ((name: string) => MethodRow) =>
  (name) => ({
    title,
    hasTest: true,
    ...(level && { level }),
    run: (series, options) => searched(series, name, level, options),
  })

const rows: Readonly<Record<string, (name: string) => MethodRow>> = {
  pcmci: search('PCMCI: lagged links, each given the parents of both ends'),
  'pcmci+': search('PCMCI+: lagged links and directed links of lag 0', 'pcAlpha'),
  lpcmci: search('LPCMCI: lagged links and links of lag 0, hidden common causes allowed', 'alpha'),
  'jpcmci+': () => ({
    title: 'J-PCMCI+: several data sets and their contexts together',
    hasTest: true,
    level: 'pcAlpha',
    run: inContexts,
  }),
  pc: search('PC algorithm for series', 'pcAlpha'),
  'pc-stable': search('parents of each variable only, by PC-stable', 'pcAlpha'),
  fullci: search('each link given the whole past'),
  bivci: search('each link given the past of its effect'),
  dependence: search('lagged dependence, given nothing'),
  rpcmci: () => ({ title: 'Regime-PCMCI: regimes in time and a graph in each', hasTest: true, run: inRegimes }),
  granger: () => ({ title: 'Granger causality by vector autoregression', hasTest: false, run: byGranger }),
  'kernel-granger': () => ({ title: 'Granger causality by kernels, nonlinear', hasTest: false, run: byKernelGranger }),
  ccm: () => ({ title: 'Convergent cross mapping of pairs', hasTest: false, run: byCrossMap }),
  'var-lingam': () => ({
    title: 'VAR-LiNGAM: directions of lag 0 from non-Gaussian noise',
    hasTest: false,
    run: byLingam,
  }),
  resit: () => ({ title: 'RESIT: directions of lag 0 from nonlinearity', hasTest: false, run: byResit }),
}

/** What other software calls them. */
const OTHER_NAMES: Readonly<Record<string, string>> = { pcmciplus: 'pcmci+', jpcmciplus: 'jpcmci+', pcalg: 'pc' }

/** Methods by name. */
export const methods: Readonly<Record<string, MethodRow>> = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => [name, row(name)]),
)

/**
 * Finds the causal graph of series. Throws `InputError`: UnknownMethod, UnknownTest, those of the method and of the test;
 * `CancelledError`.
 */
export async function discover(series: TimeSeries, given: DiscoverOptions = {}): Promise<Discovered> {
  const name = knownName(given.method ?? 'pcmci', Object.keys(methods), {
    tag: 'UnknownMethod',
    what: 'method',
    others: OTHER_NAMES,
  })
  const options = given.test === undefined ? given : { ...given, test: await testNamed(given.test) }
  checkLevels(options)
  checkMethod(name, options)
  const found = await methods[name]!.run(series, options)
  return { ...found, findings: findingsOf(found.discovery, series, found.stability) }
}

async function testNamed(name: string): Promise<string> {
  const { independenceTests } = await import('./independence/table.ts')
  return knownName(name, Object.keys(independenceTests), { tag: 'UnknownTest', what: 'independence test' })
}

/** Levels are probabilities unless they are thresholds of the test's value. */
function checkLevels({ search: given, testOptions }: DiscoverOptions): void {
  if (testOptions?.significance === 'threshold') return
  for (const name of ['alpha', 'pcAlpha'] as const)
    for (const level of [given?.[name] ?? []].flat()) checkLevel(name, level)
}

/** What only one method takes is refused for others: ignored, it would look as if it had been taken into account. */
function checkMethod(method: string, { contexts, dummies, regimes }: DiscoverOptions): void {
  const hasContexts = (contexts?.space?.length ?? 0) + (contexts?.time?.length ?? 0) > 0
  const own: readonly (readonly [what: string, isGiven: boolean, method: string])[] = [
    ['contexts', hasContexts, 'jpcmci+'],
    ['dummies', dummies !== undefined, 'jpcmci+'],
    ['regimes', regimes !== undefined, 'rpcmci'],
  ]
  const foreign = own.find(([, isGiven, only]) => isGiven && method !== only)
  if (foreign !== undefined)
    throw new InputError('NotForMethod', `${method} takes no ${foreign[0]}`, {
      hint: `Use the method ${foreign[2]}, or leave them out.`,
      data: { method, option: foreign[0] },
    })
}

const workOf = ({ signal, onProgress, onWarning }: DiscoverOptions): WorkOptions => ({
  ...(signal && { signal }),
  ...(onProgress && { onProgress }),
  ...(onWarning && { onWarning }),
})

/** Options of the search itself. A search with one level takes it from either name; `pcAlpha` comes first. */
function searchOptions({ search: given }: DiscoverOptions, level?: Level): SearchOptions {
  const options = { tauMax: 1, ...given }
  if (level === undefined) return options
  const { alpha, pcAlpha, ...rest } = options
  const one = pcAlpha === undefined ? alpha : pcAlpha
  return one === undefined ? rest : { ...rest, [level]: one }
}

async function searched(series: TimeSeries, method: string, level: Level | undefined, options: DiscoverOptions) {
  const { test = 'parcorr', testOptions, bootstrap, threads } = options
  const plan = {
    method,
    test,
    options: { ...searchOptions(options, level), ...workOf(options) },
    ...(testOptions && { testOptions }),
  }
  if (bootstrap !== undefined) {
    const { bootstrapOf } = await import('./discovery/bootstrap-aggregation.ts')
    const { discovery, frequency } = await bootstrapOf(series, plan, {
      blockLength: 'cube-root',
      ...bootstrap,
      ...workOf(options),
      ...(threads !== undefined && { threads }),
    })
    return { discovery, stability: frequency }
  }
  const [{ searchNamed }, { independenceTest }, { testerOf }] = await Promise.all([
    import('./discovery/table.ts'),
    import('./independence/table.ts'),
    import('./independence/tester.ts'),
  ])
  const signal = options.signal && { signal: options.signal }
  const tester = testerOf(independenceTest(test, { ...testOptions, ...signal }), series)
  const discovery = await (await searchNamed(method))(tester, plan.options)
  return { discovery: { ...discovery, warnings: [...discovery.warnings, ...tester.warnings] } }
}

function inContexts(series: TimeSeries, options: DiscoverOptions) {
  const known = withContexts(series, options.contexts ?? {})
  const several = series.datasets.length > 1
  const joint = withDummies(known.series, known.kinds, options.dummies ?? { time: several, space: several })
  // Dummies are vectors, which only a test of vectors takes.
  const test = joint.series.vectors === undefined ? options.test : (options.test ?? 'parcorr-mult')
  const assumptions = options.search?.assumptions
  const search = {
    ...options.search,
    kinds: joint.kinds,
    ...(assumptions && { assumptions: withOutsiders(assumptions, joint.kinds.length) }),
  }
  return searched(joint.series, 'jpcmci+', 'pcAlpha', { ...options, search, ...(test !== undefined && { test }) })
}

/** Assumptions about the system, completed: contexts and dummies may act on each of its variables. */
function withOutsiders(assumptions: LinkAssumptions, variables: number): LinkAssumptions {
  const outsiders = Array.from({ length: variables - assumptions.length }, (_, k) => assumptions.length + k)
  return [
    ...assumptions.map((map) => new Map([...map, ...outsiders.map((i): [string, string] => [`${i},0`, '-?>'])])),
    ...outsiders.map(() => new Map<string, string>()),
  ]
}

async function inRegimes(series: TimeSeries, options: DiscoverOptions) {
  const { discoverRpcmci } = await import('./discovery/rpcmci.ts')
  const { tauMin, tauMax, pcAlpha, alpha } = searchOptions(options)
  const regimes = await discoverRpcmci(series, {
    regimes: 2,
    maxTransitions: 1,
    tauMax,
    ...(tauMin !== undefined && { tauMin }),
    ...(pcAlpha !== undefined && { pcAlpha }),
    ...(alpha !== undefined && { alpha }),
    ...(options.test !== undefined && { test: options.test }),
    ...(options.testOptions && { testOptions: options.testOptions }),
    ...options.regimes,
    ...workOf(options),
    ...(options.threads !== undefined && { threads: options.threads }),
  })
  return { discovery: { ...regimes.discoveries[0]!, warnings: regimes.warnings }, regimes }
}

/** The common options under the names of a method that has no test, those that were given. */
function renamed(options: DiscoverOptions, names: Partial<Record<'tauMax' | 'alpha' | 'fdr', string>>): object {
  const given = Object.entries(names).map(([name, own]) => [own, options.search?.[name]])
  return { ...Object.fromEntries(given.filter(([, value]) => value !== undefined)), ...workOf(options) }
}

async function byGranger(series: TimeSeries, options: DiscoverOptions) {
  const { granger } = await import('./granger/granger.ts')
  const draws = options.bootstrap?.draws
  const own = renamed(options, { tauMax: 'order', alpha: 'alpha', fdr: 'fdr' })
  return { discovery: await granger(series, { ...own, ...(draws !== undefined && { bootstraps: draws }) }) }
}

async function byKernelGranger(series: TimeSeries, options: DiscoverOptions) {
  const { kernelGranger } = await import('./granger/kernel.ts')
  return { discovery: await kernelGranger(series, renamed(options, { tauMax: 'order', alpha: 'alpha', fdr: 'fdr' })) }
}

async function byCrossMap(series: TimeSeries, options: DiscoverOptions) {
  const { crossMap } = await import('./mapping/cross-map.ts')
  return { discovery: await crossMap(series, renamed(options, { tauMax: 'tauMax', alpha: 'alpha', fdr: 'fdr' })) }
}

async function byLingam(series: TimeSeries, options: DiscoverOptions) {
  const { varLingam } = await import('./direction/var-lingam.ts')
  const draws = options.bootstrap?.draws
  const own = renamed(options, { tauMax: 'tauMax', alpha: 'alpha' })
  return { discovery: await varLingam(series, { ...own, ...(draws !== undefined && { bootstraps: draws }) }) }
}

async function byResit(series: TimeSeries, options: DiscoverOptions) {
  const { resit } = await import('./direction/resit.ts')
  return { discovery: await resit(series, renamed(options, { tauMax: 'tauMax', alpha: 'alpha' })) }
}
