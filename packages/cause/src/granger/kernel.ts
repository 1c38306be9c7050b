/** Kernel Granger causality: nonlinear prediction in the space of a kernel, filtered against overfitting. */
import { InputError, type Warning, type WorkOptions } from '@ecotope/core'
import type { linalg } from '@ecotope/tensor'
import { type Discovery, LinkGraph } from '../discovery/graph.ts'
import { LagArray } from '../discovery/lag-array.ts'
import { checkCount, checkLevel, type FdrMethod } from '../discovery/options.ts'
import { type MaskType, type Samples, samplesOf } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { studentT } from '../statistics/distributions.ts'
import { benjaminiHochberg } from '../statistics/false-discovery.ts'
import { centred, dot, standardised } from '../statistics/moments.ts'
import { paced } from '../work/pace.ts'
import { constantVariables } from './causality.ts'
import { centredFeatures, type Kernel, type Span, spanOf, without } from './kernel-span.ts'

export interface KernelGrangerOptions extends WorkOptions {
  /** Lags of each variable; default 1. */
  readonly order?: number
  /** Default: polynomial of degree 2. The width of a Gaussian kernel is in standard deviations of the variables. */
  readonly kernel?: Kernel
  /** Whether all other variables are known besides the effect's own past (default), or only that. */
  readonly conditional?: boolean
  /** Level of links; default 0.05. */
  readonly alpha?: number
  /** Level of the test of each direction, divided by their number (Bonferroni); default 0.05. */
  readonly filterAlpha?: number
  /** Directions of a kernel below this share of its largest eigenvalue are taken for numerical noise; default 1e-6. */
  readonly noise?: number
  readonly fdr?: FdrMethod
  readonly maskType?: MaskType
}

export interface KernelPair {
  readonly cause: string
  readonly effect: string
  /** Share of what the effect's own past left open that the cause explains, by the directions that pass the filter. */
  readonly index: number
  /** Directions that the cause adds, and those that pass. */
  readonly directions: number
  readonly passed: number
  /** The least of all directions times their number, at most 1. */
  readonly pValue: number
}

export interface KernelGrangerResult extends Discovery {
  readonly pairs: readonly KernelPair[]
}

/**
 * Marinazzo, Pellicoro & Stramaglia (2008), Phys. Rev. Lett. 100, 144103 (pairs) and Phys. Rev. E 77, 056215 (conditional).
 * The index is of all lags together: in the graph it stands at lag 1. Constant variables are left out with a warning.
 * Throws `InputError`: TooFewSamples, NoSamples, NoVariables, VectorVariable, BadKernel, BadCount, BadLevel;
 * `CancelledError`.
 */
export async function kernelGranger(
  series: TimeSeries,
  options: KernelGrangerOptions = {},
): Promise<KernelGrangerResult> {
  const started = performance.now()
  const order = checkCount('order', options.order, 1, 1)
  const alpha = checkLevel('alpha', options.alpha ?? 0.05)
  checkKernel(options.kernel)
  const warnings: Warning[] = []
  const variables = variablesOf(series, (warning) => {
    warnings.push(warning)
    options.onWarning?.(warning)
  })
  const pace = paced('kernel granger', options)
  const tasks = tasksOf(variables, options.conditional ?? true)
  const pairs: KernelPair[] = []
  const counts: number[] = []
  let past: Past | undefined
  for (const [at, { cause, effects, known }] of tasks.entries()) {
    if (past === undefined || past.known !== known) past = pastOf(series, known, order, options)
    counts.push(past.samples.count)
    for (const [j, found] of pairsOf(past, cause, effects, options))
      pairs.push({ cause: series.names[cause]!, effect: series.names[j]!, ...found })
    await pace.at((at + 1) / tasks.length)
  }
  return {
    method: 'kernel-granger',
    test: options.kernel?.kind ?? 'polynomial',
    variables: series.names,
    tauMin: 1,
    tauMax: 1,
    alpha,
    ...linked(series, pairs, alpha, options.fdr === 'fdr-bh'),
    pairs,
    tests: pairs.length,
    seconds: (performance.now() - started) / 1000,
    samples: [Math.min(...counts), Math.max(...counts)],
    assumptions: [
      'Relations are stationary, and causes precede their effects by at least one step.',
      `Values and p-values are of all lags from 1 to ${order} together and stand at lag 1.`,
    ],
    warnings,
  }
}

/** A cause and the effects that it is tested on, knowing the past of `known`. */
interface Task {
  readonly cause: number
  readonly effects: readonly number[]
  readonly known: readonly number[]
}

function tasksOf(variables: readonly number[], conditional: boolean): Task[] {
  return variables.flatMap((cause): Task[] => {
    const effects = variables.filter((v) => v !== cause)
    if (conditional) return [{ cause, effects, known: variables }]
    return effects.map((effect) => ({ cause, effects: [effect], known: [effect, cause] }))
  })
}

/** The index and p-value of each pair at lag 1. */
function linked(
  series: TimeSeries,
  pairs: readonly KernelPair[],
  alpha: number,
  correct: boolean,
): Pick<Discovery, 'graph' | 'values' | 'pValues' | 'qValues'> {
  const size = series.names.length
  const [values, pValues, qValues] = [new LagArray(size, 1), new LagArray(size, 1, 1), new LagArray(size, 1, 1)]
  const graph = new LinkGraph(size, 1)
  const corrected = benjaminiHochberg(pairs.map(({ pValue }) => pValue))
  for (const [at, { cause, effect, index, pValue }] of pairs.entries()) {
    const [i, j] = [series.names.indexOf(cause), series.names.indexOf(effect)]
    values.set(i, j, 1, index)
    pValues.set(i, j, 1, pValue)
    qValues.set(i, j, 1, corrected[at]!)
    if ((correct ? corrected[at]! : pValue) <= alpha) graph.set(i, j, 1, '-->')
  }
  return { values, pValues, graph, ...(correct && { qValues }) }
}

function variablesOf(series: TimeSeries, warn: (warning: Warning) => void): number[] {
  if (series.vectors !== undefined)
    throw new InputError('VectorVariable', 'kernel Granger causality takes one column per variable', {
      hint: 'Give the components as variables of their own.',
    })
  const constant = new Set(constantVariables(series))
  for (const v of constant)
    warn({ tag: 'ConstantVariable', message: `${series.names[v]} is constant and was left out` })
  const variables = series.names.map((_, v) => v).filter((v) => !constant.has(v))
  if (variables.length >= 2) return variables
  throw new InputError('NoVariables', `${variables.length} variables vary; pairs need two`, {
    hint: 'Give at least two variables that change.',
  })
}

interface Past {
  readonly samples: Samples
  readonly known: readonly number[]
  readonly order: number
  /** The kernel of the past of all that is known, and its largest eigenvalue. */
  readonly features: linalg.Matrix
  readonly size: number
}

/** Lags of each variable, standardised over all of its values, and the present. */
function pastOf(series: TimeSeries, known: readonly number[], order: number, options: KernelGrangerOptions): Past {
  const { maskType } = options
  const lags = known.flatMap((v) => Array.from({ length: order }, (_, l): Node => [v, -l - 1]))
  const present = known.map((v): Node => [v, 0])
  const scaled = { ...series, datasets: standardisedSets(series) }
  const samples = samplesOf(scaled, lags, present, [], {
    tauMax: order,
    cutOff: 'tau-max',
    ...(maskType !== undefined && { maskType }),
  })
  if (samples.count >= 10) {
    const features = centredFeatures(samples.rows.slice(0, lags.length), kernelOf(options))
    return { samples, known, order, features, size: spanOf(features, 1).size }
  }
  throw new InputError('TooFewSamples', `${samples.count} samples do not suffice for a kernel: it needs at least 10`, {
    hint: 'Use fewer lags or longer series.',
    data: { samples: samples.count },
  })
}

function standardisedSets(series: TimeSeries): TimeSeries['datasets'] {
  const moments = series.names.map((_, v) => {
    const all = Float64Array.from(
      series.datasets.flatMap(({ columns }) => [...columns[v]!.filter((value) => !Number.isNaN(value))]),
    )
    const less = centred(all)
    return { mean: all[0]! - less[0]!, deviation: Math.sqrt(dot(less, less) / all.length) || 1 }
  })
  return series.datasets.map((set) => ({
    ...set,
    columns: set.columns.map((column, v) => column.map((value) => (value - moments[v]!.mean) / moments[v]!.deviation)),
  }))
}

const kernelOf = ({ kernel = { kind: 'polynomial', degree: 2 } }: KernelGrangerOptions): Kernel => kernel

function pairsOf(
  past: Past,
  cause: number,
  effects: readonly number[],
  options: KernelGrangerOptions,
): (readonly [effect: number, Omit<KernelPair, 'cause' | 'effect'>])[] {
  const { samples, known, order } = past
  const { noise = 1e-6, filterAlpha = 0.05 } = options
  const others = known
    .filter((v) => v !== cause)
    .flatMap((v) => samples.rows.slice(known.indexOf(v) * order, (known.indexOf(v) + 1) * order))
  const own = spanOf(centredFeatures(others, kernelOf(options)), noise)
  const added = spanOf(without(past.features, own), noise, past.size)
  return effects.map((effect) => {
    const present = standardised(samples.rows[known.length * order + known.indexOf(effect)]!)
    const rest = without({ rows: present.length, columns: 1, data: present }, own).data
    return [effect, filtered(added, rest, filterAlpha)]
  })
}

/** The share of `rest` along the directions that are correlated with it beyond chance. */
function filtered({ directions }: Span, rest: Float64Array, alpha: number): Omit<KernelPair, 'cause' | 'effect'> {
  const { rows: count, columns: n } = directions
  const length = Math.sqrt(dot(rest, rest))
  const student = studentT(n - 2)
  let [index, passed, least] = [0, 0, 1]
  for (let k = 0; k < count; k++) {
    const r = length === 0 ? 0 : dot(directions.data.subarray(k * n, (k + 1) * n), rest) / length
    const open = Math.max(0, 1 - r * r)
    const pValue = open === 0 ? 0 : Math.min(1, 2 * student.sf(Math.abs(r) * Math.sqrt((n - 2) / open)))
    least = Math.min(least, pValue)
    if (pValue >= alpha / count) continue
    index += r * r
    passed++
  }
  return { index, directions: count, passed, pValue: Math.min(1, least * Math.max(1, count)) }
}

function checkKernel(kernel: Kernel | undefined): void {
  if (kernel === undefined) return
  const good = kernel.kind === 'polynomial' ? Number.isInteger(kernel.degree) && kernel.degree >= 1 : kernel.width > 0
  if (good) return
  const text = kernel.kind === 'polynomial' ? `degree ${kernel.degree}` : `width ${kernel.width}`
  throw new InputError('BadKernel', `a ${kernel.kind} kernel cannot have ${text}`, {
    hint: 'Degrees are whole numbers from 1, widths positive.',
  })
}
