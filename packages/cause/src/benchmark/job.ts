/** One made-up data set and all methods on it, as a task that any thread can do. */
import type { JobSpec, Task, TaskRunner } from '@ecotope/cube'
import { type BenchmarkMethodName, type BenchmarkOptions, benchmarkMethods } from './methods.ts'
import { type KnownOptions, knownSeries } from './process.ts'
import { type Scores, scoresOf } from './scores.ts'

export interface BenchmarkContext extends BenchmarkOptions {
  readonly known: Omit<KnownOptions, 'seed'>
  readonly methods: readonly BenchmarkMethodName[]
}

export interface Trial {
  readonly method: BenchmarkMethodName
  /** Undefined where the method failed. */
  readonly scores?: Scores
  readonly seconds: number
  readonly failure?: string
}

export const benchmarkJob = (context: BenchmarkContext): JobSpec => ({ module: import.meta.url, context })

export const benchmarkTasks = (seeds: readonly number[], { known }: BenchmarkContext): Task<number>[] =>
  seeds.map((payload) => ({ id: `seed ${payload}`, payload, bytes: 64 * known.nodes * known.length + 2 ** 22 }))

export function open(context: BenchmarkContext): Promise<TaskRunner<number, Trial[]>> {
  return Promise.resolve({
    async run(seed, { signal }) {
      const { series, truth } = knownSeries({ ...context.known, seed })
      const trials: Trial[] = []
      for (const method of context.methods) {
        const started = performance.now()
        const seconds = (): number => (performance.now() - started) / 1000
        try {
          const answer = await benchmarkMethods[method].answer(series, context, signal ? { signal } : {})
          trials.push({ method, scores: scoresOf(answer, truth), seconds: seconds() })
        } catch (error) {
          signal?.throwIfAborted()
          trials.push({ method, seconds: seconds(), failure: error instanceof Error ? error.message : String(error) })
        }
      }
      return trials
    },
    close: () => Promise.resolve(),
  })
}
