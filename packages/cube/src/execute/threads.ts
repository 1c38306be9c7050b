/**
 * Runs tasks in worker threads of this machine. Threads are started when tasks need them and kept for the next job; one
 * that dies is replaced and its task runs again.
 */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { EnvironmentError, InputError, type OnWarning } from '@ecotope/core'
import { dispatch, type Slot } from './dispatch.ts'
import type { Executor, JobSpec, RunOptions, Task } from './executor.ts'
import { errorOf } from './failures.ts'
import type { Reply, Request } from './messages.ts'

export interface ThreadExecutorOptions {
  /** Threads. Default: one for each processor. */
  readonly workers?: number
  /** Bound of the sum of the bytes of tasks in work. Default: none. */
  readonly budgetBytes?: number
  /** Whether threads come from, and go back to, those that all of this process share; idle ones end by themselves. */
  readonly shared?: boolean
}

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

/** Tasks make few objects and large arrays: with little room for new objects, dropped arrays are noticed early. */
const YOUNG = { maxYoungGenerationSizeMb: 12 } as const

/** One worker thread as request and answer. */
class Thread {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: YOUNG })
  readonly #pending = new Map<number, Pending>()
  #next = 0
  #lost: EnvironmentError | undefined
  onWarning: OnWarning | undefined

  constructor() {
    // An idle thread does not keep the process alive; one with work does (see `ask`).
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply) => this.#receive(reply))
    this.#worker.on('error', (cause) => this.#lose(`a worker thread failed: ${String(cause)}`, cause))
    this.#worker.on('exit', (code) => this.#lose(`a worker thread ended with code ${code}`))
  }

  get alive(): boolean {
    return this.#lost === undefined
  }

  ask(request: WithoutId<Request>): Promise<unknown> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.ref()
      try {
        this.#worker.postMessage({ ...request, id })
      } catch (cause) {
        this.#settle(id)
        reject(
          new InputError('NotPlainData', 'a job or task holds something that cannot be sent to a thread', {
            hint: 'describe it by plain data, or run it in this process (inlineExecutor)',
            cause,
          }),
        )
      }
    })
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#worker.unref()
    return pending
  }

  #receive(reply: Reply): void {
    if (reply.kind === 'warning') {
      this.onWarning?.({ tag: reply.tag, message: reply.message })
      return
    }
    const pending = this.#settle(reply.id)
    if (reply.kind === 'done') pending?.resolve(reply.result)
    else pending?.reject(errorOf(reply.error))
  }

  #lose(message: string, cause?: unknown): void {
    this.#lost ??= new EnvironmentError('WorkerLost', message, {
      hint: 'if it ran out of memory, use a smaller budget or fewer workers',
      cause,
    })
    for (const { reject } of this.#pending.values()) reject(this.#lost)
    this.#pending.clear()
  }

  async terminate(): Promise<void> {
    // Whoever waits for the end of an idle thread is not to find the process ended before.
    this.#worker.ref()
    await this.#worker.terminate()
  }
}

class ThreadPool {
  readonly #idle: Thread[] = []
  readonly #all = new Set<Thread>()
  readonly #idleMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(idleMs = Number.POSITIVE_INFINITY) {
    this.#idleMs = idleMs
  }

  /** A thread that opens the job. */
  open(job: JobSpec, options: RunOptions): Slot {
    clearTimeout(this.#timer)
    const thread = this.#idle.pop() ?? this.#start()
    thread.onWarning = options.onWarning
    let isOpen = true
    const opened = thread.ask({ kind: 'open', job }).catch((error: unknown) => {
      isOpen = false
      throw error
    })
    // Whether it opened is told with its tasks, which need not wait for the answer to be asked for.
    opened.catch(() => undefined)
    return {
      get alive() {
        return thread.alive && isOpen
      },
      run: async (task: Task) => {
        const [, result] = await Promise.all([opened, thread.ask({ kind: 'run', payload: task.payload })])
        return result
      },
      release: (busy) => this.#release(thread, busy || !isOpen),
    }
  }

  #start(): Thread {
    const thread = new Thread()
    this.#all.add(thread)
    return thread
  }

  /** Computing cannot be interrupted from outside, so a thread whose result nobody waits for is ended. */
  async #release(thread: Thread, busy: boolean): Promise<void> {
    if (busy || !thread.alive) return this.#end(thread)
    try {
      await thread.ask({ kind: 'close' })
      this.#idle.push(thread)
      this.#endLater()
    } catch {
      await this.#end(thread)
    }
  }

  #endLater(): void {
    if (this.#idleMs === Number.POSITIVE_INFINITY) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      for (const thread of this.#idle.splice(0)) void this.#end(thread)
    }, this.#idleMs)
    this.#timer.unref()
  }

  async #end(thread: Thread): Promise<void> {
    this.#all.delete(thread)
    await thread.terminate()
  }

  async close(): Promise<void> {
    this.#idle.length = 0
    await Promise.all([...this.#all].map((thread) => this.#end(thread)))
  }
}

/** Starting a thread and loading code into it takes longer than many a job, so threads wait a little for the next. */
const SHARED_IDLE_MS = 10_000
const sharedPool = new ThreadPool(SHARED_IDLE_MS)

/** Close it when done: `await executor.close()`, which ends its threads. */
export function threadExecutor(options: ThreadExecutorOptions = {}): Executor {
  const workers = options.workers ?? availableParallelism()
  if (!Number.isInteger(workers) || workers < 1) {
    throw new InputError('BadWorkers', `${workers} workers: give a whole number of at least 1`, {
      data: { workers },
    })
  }
  const { shared = false } = options
  const pool = shared ? sharedPool : new ThreadPool()
  const slots = {
    count: workers,
    budgetBytes: options.budgetBytes ?? Number.POSITIVE_INFINITY,
    queued: 1,
    open: (job: JobSpec, run: RunOptions) => Promise.resolve(pool.open(job, run)),
  }
  return {
    workers,
    run: (job, tasks, run) => dispatch(slots, job, tasks, run),
    close: () => (shared ? Promise.resolve() : pool.close()),
  }
}
