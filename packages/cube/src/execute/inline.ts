/** Runs tasks in this very process, one at a time: for small work, for cubes that only exist here, and for browsers. */
import { throwIfAborted } from '@ecotope/core'
import { dispatch, type Slot } from './dispatch.ts'
import type { Executor, JobSpec, RunOptions, TaskRunner } from './executor.ts'

/** The shape of a job's module. */
export interface RunnerModule {
  open(context: unknown): TaskRunner | Promise<TaskRunner>
}

export async function openRunner(job: JobSpec): Promise<TaskRunner> {
  const module = (await import(job.module)) as RunnerModule
  return module.open(job.context)
}

/** How long a cancelled task may take to notice before it is left to itself. */
const GRACE_MS = 200

async function openSlot(job: JobSpec, options: RunOptions): Promise<Slot> {
  const runner = await openRunner(job)
  const controller = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  return {
    alive: true,
    run: (task) => {
      throwIfAborted(options.signal)
      const work = options.onWarning === undefined ? {} : { onWarning: options.onWarning }
      const done = runner.run(task.payload, { ...work, signal: controller.signal })
      running = done
      return done
    },
    release: async (busy) => {
      controller.abort()
      const ended = running.then(
        () => runner.close(),
        () => runner.close(),
      )
      if (!busy) return ended
      let timer: NodeJS.Timeout | undefined
      const grace = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, GRACE_MS)
      })
      await Promise.race([ended, grace])
      clearTimeout(timer)
    },
  }
}

/** The context of a job is passed as it is, so it may hold functions and open files here. */
export function inlineExecutor(options: { budgetBytes?: number } = {}): Executor {
  const slots = { count: 1, budgetBytes: options.budgetBytes ?? Number.POSITIVE_INFINITY, open: openSlot }
  return {
    workers: 1,
    run: (job, tasks, run) => dispatch(slots, job, tasks, run),
    close: () => Promise.resolve(),
  }
}
