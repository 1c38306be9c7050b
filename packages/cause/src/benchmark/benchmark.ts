/** Methods on many made-up data sets whose causes are known: how often they are right, and how long they take. */
import { InputError, nearest, type WorkOptions } from '@ecotope/core'
import { knownName } from '../discovery/names.ts'
import { inThreads } from '../work/threads.ts'
import { type BenchmarkContext, benchmarkJob, benchmarkTasks, type Trial } from './job.ts'
import { type BenchmarkMethodName, benchmarkMethods } from './methods.ts'
import { KINDS, type Kind } from './process.ts'
import type { Scores } from './scores.ts'

export interface RunBenchmarkOptions extends WorkOptions {
  /** Default `linear`. */
  readonly kind?: Kind | string
  /** Variables; default 5. */
  readonly nodes?: number
  /** Time steps; default 500. */
  readonly length?: number
  /** Data sets; default 20. */
  readonly repeat?: number
  /** Largest lag of links and of searches; default 3. */
  readonly tauMax?: number
  /** Level of links; default 0.05. */
  readonly alpha?: number
  /** Largest autocorrelation; default 0.8. */
  readonly autocorrelation?: number
  /** Default: all fast ones. The baselines are always among them. */
  readonly methods?: readonly string[]
  /** Default 1. */
  readonly seed?: number
  readonly threads?: number
}

/** A mean with the standard error of it; NaN where nothing was measured. */
export interface Mean {
  readonly mean: number
  readonly standardError: number
}

export interface BenchmarkRow {
  readonly method: BenchmarkMethodName
  readonly title: string
  readonly scores: Readonly<Record<keyof Scores, Mean>>
  /** Median seconds of a data set. */
  readonly seconds: number
  readonly failures: number
  /** Message of the first failure. */
  readonly failure?: string
}

export interface BenchmarkResult {
  readonly settings: Required<Omit<RunBenchmarkOptions, keyof WorkOptions | 'threads' | 'methods' | 'kind'>> & {
    readonly kind: Kind
  }
  readonly rows: readonly BenchmarkRow[]
}

const FAST: readonly BenchmarkMethodName[] = [
  'pcmci',
  'pcmci-robust',
  'pcmci+',
  'lpcmci',
  'granger',
  'bivci',
  'fullci',
  'dependence',
]

/**
 * Runs methods on `repeat` data sets (seeds `seed`, `seed + 1`, ...). Results do not depend on the number of threads, times do.
 * Throws `InputError`: UnknownKind, UnknownMethod, TooSmall; `CancelledError`.
 */
export async function runBenchmark(options: RunBenchmarkOptions = {}): Promise<BenchmarkResult> {
  const { nodes = 5, length = 500, repeat = 20, tauMax = 3, alpha = 0.05, autocorrelation = 0.8, seed = 1 } = options
  const kind = kindNamed(options.kind ?? 'linear')
  const methods = methodsOf(options.methods ?? FAST)
  const known = { kind, nodes, length, tauMax, autocorrelation }
  const context: BenchmarkContext = { known, methods, tauMax, alpha }
  const seeds = Array.from({ length: repeat }, (_, k) => seed + k)
  const trials = await inThreads<number, Trial[]>(
    'benchmark',
    benchmarkJob(context),
    benchmarkTasks(seeds, context),
    options,
  )
  return {
    settings: { kind, nodes, length, repeat, tauMax, alpha, autocorrelation, seed },
    rows: methods.map((method, k) =>
      rowOf(
        method,
        trials.map((list) => list[k]!),
      ),
    ),
  }
}

/** As others call them. */
const OTHER_KINDS: Readonly<Record<string, Kind>> = {
  var: 'linear',
  hiddenconfounder: 'hidden',
  missingdata: 'missing',
  regimes: 'regime',
}

const kindNamed = (kind: string): Kind =>
  knownName(kind, KINDS, { tag: 'UnknownKind', what: 'kind of made-up series', others: OTHER_KINDS }) as Kind

function methodsOf(wanted: readonly string[]): BenchmarkMethodName[] {
  const names = Object.keys(benchmarkMethods)
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new InputError('UnknownMethod', `the benchmark has no method ${unknown}`, {
      hint: `Did you mean ${nearest(unknown, names) ?? 'one of these'}? They are ${names.join(', ')}.`,
    })
  const isChosen = (name: BenchmarkMethodName): boolean =>
    wanted.includes(name) || benchmarkMethods[name].isBaseline === true
  return (names as BenchmarkMethodName[]).filter(isChosen)
}

function rowOf(method: BenchmarkMethodName, trials: readonly Trial[]): BenchmarkRow {
  const scored = trials.flatMap(({ scores }) => (scores === undefined ? [] : [scores]))
  const failure = trials.find((trial) => trial.failure !== undefined)?.failure
  const fields = [
    'auroc',
    'truePositives',
    'falsePositives',
    'precision',
    'f1',
    'nowFound',
    'nowFalse',
    'nowOriented',
  ] as const
  const seconds = trials.map((trial) => trial.seconds).sort((a, b) => a - b)
  return {
    method,
    title: benchmarkMethods[method].title,
    scores: Object.fromEntries(fields.map((field) => [field, meanOf(scored.map((scores) => scores[field]))])) as Record<
      keyof Scores,
      Mean
    >,
    seconds: seconds[Math.floor(seconds.length / 2)] ?? Number.NaN,
    failures: trials.length - scored.length,
    ...(failure !== undefined && { failure }),
  }
}

/** Over those that are numbers. */
function meanOf(values: readonly number[]): Mean {
  const known = values.filter((value) => Number.isFinite(value))
  if (known.length === 0) return { mean: Number.NaN, standardError: Number.NaN }
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, standardError: known.length < 2 ? Number.NaN : Math.sqrt(squares / (known.length - 1) / known.length) }
}

const COLUMNS: readonly (readonly [heading: string, field: keyof Scores])[] = [
  ['AUROC', 'auroc'],
  ['F1', 'f1'],
  ['true positives', 'truePositives'],
  ['false positives', 'falsePositives'],
  ['lag 0 found', 'nowFound'],
  ['lag 0 false', 'nowFalse'],
  ['lag 0 directed', 'nowOriented'],
]

/** Rows for people; columns that no method fills are left out. */
export function benchmarkTable({ rows }: BenchmarkResult): { headings: string[]; rows: string[][] } {
  const columns = COLUMNS.filter(([, field]) => rows.some(({ scores }) => Number.isFinite(scores[field].mean)))
  return {
    headings: ['method', ...columns.map(([heading]) => heading), 'seconds'],
    rows: rows.map(({ title, scores, seconds, failures }) => [
      failures === 0 ? title : `${title} (failed ${failures} times)`,
      ...columns.map(([, field]) => meanText(scores[field])),
      seconds.toPrecision(2),
    ]),
  }
}

function meanText({ mean, standardError }: Mean): string {
  if (!Number.isFinite(mean)) return '–'
  return Number.isFinite(standardError) ? `${mean.toFixed(3)} ± ${standardError.toFixed(3)}` : mean.toFixed(3)
}
