/**
 * A search repeated on series whose time steps are drawn anew in blocks (Debeire et al. 2024), or on windows that slide over
 * the series, and the vote over the runs. Runs are shared among threads; the result is the same for any number of them.
 */
import { InputError } from '@ecotope/core'
import type { TimeSeries } from '../series/series.ts'
import { inThreads, type ThreadOptions } from '../work/threads.ts'
import { type Aggregated, type AggregationOptions, aggregate } from './aggregation.ts'
import type { Discovery } from './graph.ts'
import { type PackedDiscovery, unpackDiscovery } from './packed.ts'
import { type SearchPlan, searchJob, searchTasks, type Variant } from './search-job.ts'

export interface RepeatOptions extends AggregationOptions, ThreadOptions {}

export interface BootstrapOptions extends RepeatOptions {
  /** Runs; default 100. */
  readonly draws?: number
  /** Neighbouring steps that are drawn together; default 1. `cube-root`: of the number of samples. */
  readonly blockLength?: number | 'cube-root'
  /** Start of the random numbers, a whole number of at least 0; default 42. Draw b uses child b of this seed. */
  readonly seed?: number
}

export interface WindowOptions extends RepeatOptions {
  /** Time steps in a window. Lags reach back over its beginning where the series do. */
  readonly length: number
  /** Time steps from the beginning of one window to that of the next. */
  readonly step: number
}

/** A vote over windows; run i is of the window that begins at step `starts[i]` of the common clock. */
export interface Windowed extends Aggregated {
  readonly starts: Int32Array
}

/**
 * The search on `draws` resampled series, and the vote. Within a draw all data sets and tests share the numbers drawn.
 * Throws `InputError`: BadCount, BlockTooLong, and what the search throws.
 */
export async function bootstrapOf(
  series: TimeSeries,
  plan: SearchPlan,
  options: BootstrapOptions = {},
): Promise<Aggregated> {
  const { draws = 100, blockLength = 1, seed = 42 } = options
  checkWhole('draws', draws, 1)
  checkWhole('seed', seed, 0)
  const variants = Array.from(
    { length: draws },
    (_, b): Variant => ({
      resampling: { blockLength, seed, spawnKey: [b] },
    }),
  )
  const found = aggregate(await runAll(series, plan, variants, 'bootstrap', options), options)
  const blocks = blockLength === 1 ? 'single time steps' : `blocks of ${blockLength} time steps`
  return noted(found, `Confidence of links is their share in ${draws} runs on series drawn anew in ${blocks}.`)
}

/**
 * The search on each window that ends before the last time step, and the vote. Throws `InputError`: BadCount, NoWindows,
 * ReferencePoints (series that have some), and what the search throws.
 */
export async function windowsOf(series: TimeSeries, plan: SearchPlan, options: WindowOptions): Promise<Windowed> {
  const { length, step } = options
  checkWhole('window length', length, 1)
  checkWhole('window step', step, 1)
  if (series.referencePoints !== undefined)
    throw new InputError('ReferencePoints', 'windows cannot slide over series that have reference points', {
      hint: 'Mask the time steps that should not be used instead.',
    })
  const end = Math.max(...series.datasets.map((dataset) => dataset.offset + dataset.length))
  const starts = Int32Array.from({ length: Math.max(0, Math.ceil((end - length) / step)) }, (_, i) => i * step)
  if (starts.length === 0)
    throw new InputError('NoWindows', `no window of ${length} steps fits into series of ${end} steps`, {
      hint: 'Windows must be shorter than the series.',
      data: { length, steps: end },
    })
  const variants = Array.from(
    starts,
    (start): Variant => ({
      referencePoints: Int32Array.from({ length }, (_, i) => start + i),
    }),
  )
  const found = aggregate(await runAll(series, plan, variants, 'windows', options), options)
  const sentence = `Confidence of links is their share in ${starts.length} windows of ${length} time steps.`
  return { ...noted(found, sentence), starts }
}

function checkWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new InputError('BadCount', `${name}: ${value} is not a whole number of at least ${least}`, {
    data: { name, value },
  })
}

function noted(found: Aggregated, sentence: string): Aggregated {
  const { discovery } = found
  return { ...found, discovery: { ...discovery, assumptions: [...discovery.assumptions, sentence] } }
}

async function runAll(
  series: TimeSeries,
  plan: SearchPlan,
  variants: readonly Variant[],
  step: string,
  options: RepeatOptions,
): Promise<Discovery[]> {
  const tasks = searchTasks(series, variants)
  const runs = await inThreads<Variant, PackedDiscovery>(step, searchJob(series, plan), tasks, options)
  return runs.map(unpackDiscovery)
}
