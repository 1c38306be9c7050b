/** One search on a variant of the series (resampled, or a window of it), as a task that any thread can do. */
import type { JobSpec, Task, TaskRunner } from '@ecotope/cube'
import { independenceTest } from '../independence/table.ts'
import type { TestOptions } from '../independence/test.ts'
import { testerOf } from '../independence/tester.ts'
import type { Resampling, TimeSeries } from '../series/series.ts'
import type { SearchOptions } from './options.ts'
import { type PackedDiscovery, packDiscovery } from './packed.ts'
import { searchNamed } from './table.ts'

/** A search as plain data, by the names of the tables of methods and of tests. */
export interface SearchPlan {
  /** `pcmci`, `pcmci+`, ... */
  readonly method: string
  /** `parcorr`, ... */
  readonly test: string
  readonly testOptions?: TestOptions
  /** Options of the method; those that are functions (progress, signal) are given to the whole instead. */
  readonly options: SearchOptions
}

/** What is different about the series in one run. */
export type Variant = { readonly resampling: Resampling } | { readonly referencePoints: Int32Array }

export interface SearchContext {
  readonly series: TimeSeries
  readonly plan: SearchPlan
}

/** Bytes a run takes, roughly: its samples and its results. */
const runBytes = ({ datasets }: TimeSeries): number =>
  32 * datasets.reduce((sum, { length, columns }) => sum + length * columns.length, 0) + 2 ** 20

export function searchJob(series: TimeSeries, { method, test, testOptions, options }: SearchPlan): JobSpec {
  const { signal: _, onProgress: __, onWarning: ___, ...plain } = options
  const plan = { method, test, options: plain, ...(testOptions && { testOptions }) }
  return { module: import.meta.url, context: { series, plan } satisfies SearchContext }
}

export const searchTasks = (series: TimeSeries, variants: readonly Variant[]): Task<Variant>[] =>
  variants.map((payload, run) => ({ id: `run ${run}`, payload, bytes: runBytes(series) }))

/** The random numbers of the test begin anew in every run, so that it does not matter which thread made which. */
export async function open({ series, plan }: SearchContext): Promise<TaskRunner<Variant, PackedDiscovery>> {
  const search = await searchNamed(plan.method)
  return {
    async run(variant, work) {
      const tester = testerOf(independenceTest(plan.test, plan.testOptions), { ...series, ...variant })
      return packDiscovery(await search(tester, { ...plan.options, ...work }))
    },
    close: () => Promise.resolve(),
  }
}
