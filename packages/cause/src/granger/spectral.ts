/** Granger causality by frequency as a call: the model, the measures of all pairs, and bands by bootstrap. */
import { InputError, type Random, random, type Warning, type WorkOptions } from '@ecotope/core'
import { checkCount, checkLevel } from '../discovery/options.ts'
import type { MaskType } from '../series/samples.ts'
import type { TimeSeries } from '../series/series.ts'
import { paced } from '../work/pace.ts'
import { constantVariables } from './causality.ts'
import { quantile } from './intervals.ts'
import { simulator, withoutLink } from './simulate.ts'
import { frequenciesOf, type Measure, processOf, spectralMeasures } from './spectral-measure.ts'
import { chosenOrder, fitVar, type OrderSetting, type VarModel } from './var-model.ts'

export interface SpectralOptions extends WorkOptions {
  /** Lags of the model, or the criterion that chooses them; default `aic`. */
  readonly order?: OrderSetting
  readonly maxOrder?: number
  /** Conditional on all other variables (default), or each pair in a model of its own. */
  readonly conditional?: boolean
  /** Frequencies from 0 to 0.5 cycles per step, both included; default 129. */
  readonly frequencies?: number
  /** Series simulated without the link, for each pair, for thresholds and p-values; default 0, none. */
  readonly surrogates?: number
  /** Series simulated by the model as it is, for intervals; default 0, none. */
  readonly bootstraps?: number
  /** Level of thresholds; default 0.05. */
  readonly alpha?: number
  /** Of intervals; default 0.9. */
  readonly confidenceLevel?: number
  /** Residuals drawn as neighbours; default 1, as residuals of a sufficient model are white. */
  readonly blockLength?: number
  readonly maskType?: MaskType
  /** Default 42. */
  readonly seed?: number
}

export interface SpectralPair {
  readonly cause: string
  readonly effect: string
  readonly order: number
  /** ln of the ratio of error variances without and with the past of the cause; as a rule the mean of `byFrequency`. */
  readonly measure: number
  /** At `frequencies`. */
  readonly byFrequency: Float64Array
  /** What the measure at each frequency surpasses by chance with probability alpha where there is no link. */
  readonly threshold?: Float64Array
  /** What the largest of all frequencies surpasses so: a band for the whole spectrum. */
  readonly overallThreshold?: number
  /** Of the largest over all frequencies, by surrogates. */
  readonly pValue?: number
  readonly interval?: { readonly lower: Float64Array; readonly upper: Float64Array }
}

export interface SpectralResult {
  readonly variables: readonly string[]
  /** Cycles per time step. */
  readonly frequencies: Float64Array
  readonly pairs: readonly SpectralPair[]
  readonly warnings: readonly Warning[]
  readonly seconds: number
}

interface Work {
  readonly series: TimeSeries
  readonly options: SpectralOptions
  readonly frequencies: Float64Array
  readonly warn: (tag: string, message: string) => void
  /** Tells that a draw is done. */
  readonly tick: () => void | Promise<void>
}

/**
 * Spectral Granger causality of all ordered pairs. Constant variables are left out with a warning.
 * Throws `InputError` as `fitVar`, and: NotStationary, BadLevel, BadCount; `CancelledError`.
 */
export async function spectralGranger(series: TimeSeries, options: SpectralOptions = {}): Promise<SpectralResult> {
  const started = performance.now()
  checkLevel('alpha', options.alpha ?? 0.05)
  const frequencies = frequenciesOf(checkCount('frequencies', options.frequencies, 2, 129))
  const surrogates = checkCount('surrogates', options.surrogates, 0, 0)
  const bootstraps = checkCount('bootstraps', options.bootstraps, 0, 0)
  const warnings: Warning[] = []
  const warn = (tag: string, message: string): void => {
    warnings.push({ tag, message })
    options.onWarning?.({ tag, message })
  }
  const groups = groupsOf(series, options.conditional ?? true, warn)
  const pace = paced('spectral granger', options)
  const draws = groups.reduce((sum, group) => sum + 1 + bootstraps + group.length * (group.length - 1) * surrogates, 0)
  let done = 0
  const work: Work = { series, options, frequencies, warn, tick: () => pace.at(++done / draws) }
  const pairs: SpectralPair[] = []
  for (const group of groups) pairs.push(...(await groupPairs(work, group)))
  return { variables: series.names, frequencies, pairs, warnings, seconds: (performance.now() - started) / 1000 }
}

function groupsOf(series: TimeSeries, conditional: boolean, warn: Work['warn']): (readonly number[])[] {
  const constant = new Set(constantVariables(series))
  for (const v of constant) warn('ConstantVariable', `${series.names[v]} is constant and was left out`)
  const variables = series.names.map((_, v) => v).filter((v) => !constant.has(v))
  if (variables.length < 2)
    throw new InputError('NoVariables', `${variables.length} variables vary; pairs need two`, {
      hint: 'Give at least two variables that change.',
    })
  if (conditional) return [variables]
  return variables.flatMap((a, i) => variables.slice(i + 1).map((b) => [a, b]))
}

async function groupPairs(work: Work, group: readonly number[]): Promise<SpectralPair[]> {
  const { series, options, frequencies } = work
  const { order = 'aic', maxOrder, maskType } = options
  const scope = { variables: group, ...(maskType !== undefined && { maskType }) }
  const { order: lags } = chosenOrder(series, order, { ...scope, ...(maxOrder !== undefined && { maxOrder }) })
  const model = fitVar(series, lags, scope)
  checkStable(model)
  const links = group.flatMap((_, a) => group.map((__, b) => [a, b] as const)).filter(([a, b]) => a !== b)
  const measures = spectralMeasures(processOf(model), frequencies, links)
  await work.tick()
  const intervals = await intervalsOf(work, model, links)
  const pairs: SpectralPair[] = []
  for (const [at, measure] of measures.entries()) {
    pairs.push({
      cause: model.names[measure.cause]!,
      effect: model.names[measure.effect]!,
      order: lags,
      measure: measure.measure,
      byFrequency: measure.byFrequency,
      ...(await thresholdsOf(work, model, measure)),
      ...(intervals && { interval: intervals[at]! }),
    })
  }
  return pairs
}

function checkStable(model: VarModel): void {
  if (model.stable) return
  throw new InputError(
    'NotStationary',
    `the model of ${model.names.join(', ')} is not stationary (largest root ${model.spectralRadius.toPrecision(4)}): it has no spectrum`,
    {
      hint: 'Remove trends (anomalies, differences) or use fewer lags.',
      data: { spectralRadius: model.spectralRadius },
    },
  )
}

/** Measures of one link in a model refitted to simulated series; undefined where that one is not stationary. */
function again(work: Work, model: VarModel, simulated: TimeSeries, links: Links): readonly Measure[] | undefined {
  const { maskType } = work.options
  const refitted = fitVar(simulated, model.order, maskType === undefined ? {} : { maskType })
  return refitted.stable ? spectralMeasures(processOf(refitted), work.frequencies, links) : undefined
}

type Links = readonly (readonly [cause: number, effect: number])[]

async function drawn(work: Work, model: VarModel, count: number, links: Links, name: string): Promise<Measure[][]> {
  const draw = simulator(work.series, model, Math.min(work.options.blockLength ?? 1, model.count))
  const stream: Random = random(work.options.seed ?? 42).split(name)
  const out: Measure[][] = []
  for (let i = 0; i < count; i++) {
    const found = again(work, model, draw(stream.split(i)), links)
    if (found) out.push([...found])
    await work.tick()
  }
  if (out.length < count)
    work.warn('NotStationary', `${count - out.length} of ${count} simulated series of ${name} were not stationary`)
  return out
}

async function intervalsOf(
  work: Work,
  model: VarModel,
  links: Links,
): Promise<{ lower: Float64Array; upper: Float64Array }[] | undefined> {
  const { bootstraps = 0, confidenceLevel = 0.9 } = work.options
  if (bootstraps === 0) return undefined
  const draws = await drawn(work, model, bootstraps, links, model.names.join(', '))
  if (draws.length === 0) return undefined
  return links.map((_, at) => {
    const columns = work.frequencies.map((__, f) => f)
    const of = (p: number): Float64Array =>
      columns.map((f) =>
        quantile(
          draws.map((draw) => draw[at]!.byFrequency[f]!).sort((a, b) => a - b),
          p,
        ),
      )
    return { lower: of((1 - confidenceLevel) / 2), upper: of((1 + confidenceLevel) / 2) }
  })
}

async function thresholdsOf(
  work: Work,
  model: VarModel,
  { cause, effect, byFrequency }: Measure,
): Promise<Pick<SpectralPair, 'threshold' | 'overallThreshold' | 'pValue'>> {
  const { surrogates = 0, alpha = 0.05 } = work.options
  if (surrogates === 0) return {}
  const without = withoutLink(model, cause, effect)
  const name = `${model.names[cause]} to ${model.names[effect]}`
  if (!without.stable) {
    work.warn('NotStationary', `without the link ${name} the model is not stationary: it has no threshold`)
    for (let i = 0; i < surrogates; i++) await work.tick()
    return {}
  }
  const draws = (await drawn(work, without, surrogates, [[cause, effect]], name)).map(
    ([measure]) => measure!.byFrequency,
  )
  if (draws.length === 0) return {}
  const peaks = draws.map((values) => values.reduce((a, b) => Math.max(a, b))).sort((a, b) => a - b)
  const peak = byFrequency.reduce((a, b) => Math.max(a, b))
  return {
    threshold: byFrequency.map((_, f) =>
      quantile(
        draws.map((values) => values[f]!).sort((a, b) => a - b),
        1 - alpha,
      ),
    ),
    overallThreshold: quantile(peaks, 1 - alpha),
    pValue: (1 + peaks.filter((value) => value >= peak).length) / (1 + peaks.length),
  }
}
