/** Threads that user-defined functions run in: one per source, kept while in use, ended when a limit is passed. */
import { Worker } from 'node:worker_threads'
import { CancelledError, InputError, throwIfAborted } from '@ecotope/core'
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

/** Calls that are on their way to a thread at the same time, so that it need not wait for the next. */
const DEPTH = 256

type Message = Omit<UdfRequest, 'id'>

interface Pending {
  readonly message: Message
  readonly resolve: (answer: UdfAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Calls of one UDF, one after the other, answered in their order. */
class UdfThread {
  #worker: Worker | undefined
  #isUp = false
  #timer: NodeJS.Timeout | undefined
  #watch: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  #waiting: Pending[] = []
  /** Sent and not answered yet; the first is the one that runs. */
  #sent: Pending[] = []
  readonly #code: UdfCode
  readonly #limits: Required<UdfLimits>

  constructor(code: UdfCode, limits: Required<UdfLimits>) {
    this.#code = code
    this.#limits = limits
  }

  async call(message: Message, signal: AbortSignal | undefined): Promise<UdfAnswer> {
    throwIfAborted(signal)
    let pending: Pending | undefined
    const onAbort = (): void => this.#cancel(pending!)
    try {
      return await new Promise<UdfAnswer>((resolve, reject) => {
        pending = { message, resolve, reject }
        signal?.addEventListener('abort', onAbort)
        this.#waiting.push(pending)
        this.#pump()
      })
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#sent.length < DEPTH) {
      const pending = this.#waiting.shift()!
      const worker = this.#ready()
      this.#sent.push(pending)
      if (this.#sent.length === 1) this.#begin(worker)
      worker.postMessage({ id: 0, ...pending.message })
    }
  }

  #begin(worker: Worker): void {
    clearTimeout(this.#idle)
    worker.ref()
    this.#watch = setInterval(() => void this.#look(worker), WATCH_MS)
    this.#restartTimer()
  }

  /** The time of a call counts from when its thread is up. */
  #restartTimer(): void {
    clearTimeout(this.#timer)
    if (!this.#isUp) return
    this.#timer = setTimeout(() => this.#fail(this.#timeout()), this.#limits.timeoutMs)
  }

  #answered(answer: UdfAnswer): void {
    const pending = this.#sent.shift()
    if (this.#sent.length === 0) this.#rest()
    else this.#restartTimer()
    pending?.resolve(answer)
    this.#pump()
  }

  #rest(): void {
    clearTimeout(this.#timer)
    clearInterval(this.#watch)
    this.#worker?.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref()
  }

  /** The call that runs fails and its thread ends; the calls after it go to a new one. */
  #fail(error: unknown): void {
    const [pending, ...rest] = this.#sent
    this.#sent = []
    this.#waiting = [...rest, ...this.#waiting]
    this.#rest()
    this.#end()
    pending?.reject(error)
    this.#pump()
  }

  #cancel(pending: Pending): void {
    if (this.#waiting.includes(pending)) this.#waiting = this.#waiting.filter((one) => one !== pending)
    else if (this.#sent.includes(pending)) {
      const first = this.#sent[0]!
      const others = this.#sent.filter((one) => one !== pending && one !== first)
      // The running call is cut off with its thread; where that is another one, it starts anew.
      this.#sent = first === pending ? [pending, ...others] : [pending, first, ...others]
      this.#fail(new CancelledError())
      return
    }
    pending.reject(new CancelledError())
  }

  #ready(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
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
    // A thread that was ended may still report something; it is no longer ours then.
    const ours = (act: () => void) => (): void => {
      if (this.#worker === worker) act()
    }
    worker.on(
      'online',
      ours(() => {
        this.#isUp = true
        if (this.#sent.length > 0) this.#restartTimer()
      }),
    )
    worker.on('message', (answer: UdfAnswer) => ours(() => this.#answered(answer))())
    worker.on('error', (error: Error & { code?: string }) =>
      ours(() =>
        this.#fail(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? this.#outOfMemory()
            : udfFailed(this.#code.name, undefined, error.message),
        ),
      )(),
    )
    worker.on(
      'exit',
      ours(() => this.#fail(udfFailed(this.#code.name, undefined, 'its thread ended'))),
    )
    this.#worker = worker
    this.#isUp = false
    return worker
  }

  async #look(worker: Worker): Promise<void> {
    try {
      const { external_memory: arrays, used_heap_size: heap } = await worker.getHeapStatistics()
      const isTooMuch = arrays + heap > this.#limits.memoryMb * 2 ** 20
      if (isTooMuch && this.#worker === worker && this.#sent.length > 0) this.#fail(this.#outOfMemory())
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
