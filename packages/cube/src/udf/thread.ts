/** Threads that user-defined functions run in: one per source, kept while in use, ended when a limit is passed. */
import { Worker } from 'node:worker_threads'
import { CancelledError, InputError } from '@ecotope/core'
import type { UdfAnswer, UdfRequest } from './messages.ts'
import { type UdfCode, udfFailed } from './source.ts'

export interface UdfLimits {
  /** Longest time of one call, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
  /** Most memory that a UDF may hold, heap and arrays together, in megabytes. Default 512. */
  readonly memoryMb?: number
}

export const DEFAULT_LIMITS = { timeoutMs: 60_000, memoryMb: 512 } as const

/** How often the memory of arrays, which V8 does not limit, is looked at. */
const WATCH_MS = 25

/** A thread that nobody has used for this long ends. */
const IDLE_MS = 2_000

type Message = Omit<UdfRequest, 'id'>

interface Pending {
  readonly message: Message
  readonly transfer: readonly ArrayBuffer[]
  readonly signal: AbortSignal | undefined
  readonly resolve: (answer: UdfAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Calls of one UDF, one after the other. */
class UdfThread {
  #worker: Worker | undefined
  #isBusy = false
  #idle: NodeJS.Timeout | undefined
  readonly #queue: Pending[] = []
  readonly #code: UdfCode
  readonly #limits: Required<UdfLimits>

  constructor(code: UdfCode, limits: Required<UdfLimits>) {
    this.#code = code
    this.#limits = limits
  }

  call(message: Message, transfer: readonly ArrayBuffer[], signal: AbortSignal | undefined): Promise<UdfAnswer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ message, transfer, signal, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    if (this.#isBusy) return
    const pending = this.#queue.shift()
    if (pending === undefined) {
      this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref()
      return
    }
    clearTimeout(this.#idle)
    if (pending.signal?.aborted) {
      pending.reject(new CancelledError())
      this.#next()
      return
    }
    this.#isBusy = true
    this.#run(pending)
  }

  #run({ message, transfer, signal, resolve, reject }: Pending): void {
    const worker = this.#ready()
    worker.ref()
    let isDone = false
    const finish = (settle: () => void, isEnded: boolean): void => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      clearInterval(watch)
      worker.off('message', onAnswer).off('error', onError).off('exit', onExit)
      signal?.removeEventListener('abort', onAbort)
      if (isEnded) this.#end()
      else worker.unref()
      this.#isBusy = false
      settle()
      this.#next()
    }
    const fail = (error: unknown): void => finish(() => reject(error), true)
    const onAbort = (): void => fail(new CancelledError())
    const onAnswer = (answer: UdfAnswer): void => finish(() => resolve(answer), false)
    const onExit = (): void => fail(udfFailed(this.#code.name, undefined, 'its thread ended'))
    const onError = (error: Error & { code?: string }): void =>
      fail(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? this.#outOfMemory()
          : udfFailed(this.#code.name, undefined, error.message),
      )
    const timer = setTimeout(() => fail(this.#timeout()), this.#limits.timeoutMs)
    const watch = setInterval(() => void this.#watch(worker, fail), WATCH_MS)
    signal?.addEventListener('abort', onAbort)
    worker.on('message', onAnswer).on('error', onError).on('exit', onExit)
    worker.postMessage({ id: 0, ...message }, [...transfer])
  }

  #ready(): Worker {
    if (this.#worker !== undefined) return this.#worker
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: this.#code,
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMb, stackSizeMb: 4 },
      env: {},
      execArgv: [],
      argv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      name: `udf ${this.#code.name}`,
    })
    // A thread that ends for our sake may still report an error; nobody waits for it.
    this.#worker.on('error', () => undefined)
    return this.#worker
  }

  async #watch(worker: Worker, fail: (error: unknown) => void): Promise<void> {
    try {
      const { external_memory: arrays, used_heap_size: heap } = await worker.getHeapStatistics()
      if (arrays + heap > this.#limits.memoryMb * 2 ** 20) fail(this.#outOfMemory())
    } catch {
      // The thread has ended in the meantime, which its own events tell of.
    }
  }

  #timeout(): InputError {
    const { timeoutMs } = this.#limits
    return new InputError('UdfTimeout', `${this.#code.name} took longer than ${timeoutMs / 1000} s`, {
      hint: 'Look for a loop without an end, or raise the time limit of UDFs.',
      data: { udf: this.#code.name, timeoutMs },
    })
  }

  #outOfMemory(): InputError {
    const { memoryMb } = this.#limits
    return new InputError('UdfMemory', `${this.#code.name} needs more than ${memoryMb} MB`, {
      hint: 'Work on smaller pieces, or raise the memory limit of UDFs.',
      data: { udf: this.#code.name, memoryMb },
    })
  }

  #end(): void {
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
  }
}

const threads = new Map<string, UdfThread>()

/** The thread of a source with these limits. */
export function threadOf(code: UdfCode, limits: UdfLimits = {}): { call: UdfThread['call'] } {
  const timeoutMs = limits.timeoutMs ?? DEFAULT_LIMITS.timeoutMs
  const memoryMb = limits.memoryMb ?? DEFAULT_LIMITS.memoryMb
  const key = `${timeoutMs} ${memoryMb} ${code.name}\n${code.code}`
  let thread = threads.get(key)
  if (thread === undefined) {
    // Sources are few; what is no longer used has ended its worker and is only a text.
    if (threads.size >= 64) threads.clear()
    thread = new UdfThread(code, { timeoutMs, memoryMb })
    threads.set(key, thread)
  }
  return thread
}
