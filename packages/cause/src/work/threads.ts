/** Independent pieces of work shared among threads, with one progress for all. Results come in the order of the pieces. */
import { secondsLeft, type WorkOptions } from '@ecotope/core'
import { type Executor, inlineExecutor, type JobSpec, type Task, threadExecutor } from '@ecotope/cube'

export interface ThreadOptions extends WorkOptions {
  /** Worker threads; 0: everything in this thread. Default: one for each processor. */
  readonly threads?: number
}

const executorOf = (threads: number | undefined): Executor =>
  threads === 0
    ? inlineExecutor()
    : threadExecutor({ shared: true, ...(threads !== undefined && { workers: threads }) })

/** `step`: what progress events are named by. Throws the first error of a piece, and `CancelledError`. */
export async function inThreads<Payload, Result>(
  step: string,
  job: JobSpec,
  tasks: readonly Task<Payload>[],
  { threads, signal, onProgress, onWarning }: ThreadOptions,
): Promise<Result[]> {
  const executor = executorOf(threads)
  const started = performance.now()
  const results: Result[] = []
  try {
    const work = { ...(signal && { signal }), ...(onWarning && { onWarning }) }
    for await (const outcome of executor.run<Payload, Result>(job, tasks, { ...work, order: 'task' })) {
      if ('error' in outcome) throw outcome.error
      results.push(outcome.result)
      const fraction = results.length / tasks.length
      onProgress?.({ step, fraction, secondsLeft: secondsLeft(started, fraction) })
    }
  } finally {
    await executor.close()
  }
  return results
}
