/**
 * What all executors have in common: pulling tasks as there is room, retries, order, cancellation, back-pressure. An
 * implementation adds only its slots (the process itself, threads, machines), each of which runs one task at a time.
 */
import { CancelledError, type EcotopeError, EnvironmentError, secondsLeft, throwIfAborted } from '@ecotope/core'
import type { JobSpec, Outcome, RunOptions, Task } from './executor.ts'
import { asEcotopeError } from './failures.ts'

/** A place that runs one task of one job at a time. */
export interface Slot {
  /** Rejects with an `EnvironmentError` where the surroundings failed. */
  run(task: Task): Promise<unknown>
  /** False once it is lost (a dead thread); a new slot takes its place. */
  readonly alive: boolean
  /** Releases it: `busy` where a task was running whose result nobody waits for any longer. */
  release(busy: boolean): Promise<void>
}

export interface Slots {
  readonly count: number
  /** Bound of the sum of `bytes` of tasks that run or whose results wait; a larger task runs alone. */
  readonly budgetBytes: number
  open(job: JobSpec, options: RunOptions): Promise<Slot>
}

interface Entry {
  readonly task: Task
  readonly index: number
  attempts: number
  outcome?: Outcome
}

/** Results that wait while an earlier task is not done, per slot: bounds memory where results must keep an order. */
const AHEAD = 4

class Dispatch {
  readonly #slots: Slots
  readonly #job: JobSpec
  readonly #options: RunOptions
  readonly #tasks: AsyncIterator<Task> | Iterator<Task>
  readonly #running = new Map<Slot, Entry>()
  readonly #idle: Slot[] = []
  readonly #waiting: Entry[] = []
  readonly #retries: Entry[] = []
  readonly #started = performance.now()
  #opening = 0
  #next: Task | undefined
  #pulling = false
  #ended = false
  #count = 0
  #delivered = 0
  #bytes = 0
  #failure: EcotopeError | undefined
  #wake: () => void = () => undefined
  #closed = false

  constructor(slots: Slots, job: JobSpec, tasks: Iterable<Task> | AsyncIterable<Task>, options: RunOptions) {
    this.#slots = slots
    this.#job = job
    this.#options = options
    this.#tasks = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]()
  }

  async *outcomes(): AsyncGenerator<Outcome> {
    const { signal } = this.#options
    const abort = () => this.#fail(new CancelledError())
    signal?.addEventListener('abort', abort)
    try {
      throwIfAborted(signal)
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure
        const entry = this.#take()
        if (entry !== undefined) {
          this.#delivered++
          this.#report()
          yield entry.outcome!
          this.#bytes -= entry.task.bytes
          continue
        }
        if (this.#isDone()) return
        // The promise is made first: what the pump starts may call #wake before it is awaited.
        const changed = new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#pump()
        await changed
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      await this.#close()
    }
  }

  #isDone(): boolean {
    return (
      this.#ended &&
      this.#next === undefined &&
      this.#running.size === 0 &&
      this.#opening === 0 &&
      this.#waiting.length + this.#retries.length === 0
    )
  }

  /** The next outcome that may be delivered. */
  #take(): Entry | undefined {
    if (this.#options.order !== 'task') return this.#waiting.shift()
    const at = this.#waiting.findIndex((entry) => entry.index === this.#delivered)
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]
  }

  #fail(error: EcotopeError): void {
    this.#failure ??= error
    this.#wake()
  }

  #report(): void {
    const { onProgress } = this.#options
    if (onProgress === undefined) return
    // The length of the iterable is unknown here: who made the tasks turns counts into fractions.
    const total = this.#ended && this.#next === undefined ? this.#count : undefined
    const fraction = total === undefined || total === 0 ? 0 : this.#delivered / total
    onProgress({
      step: 'tasks',
      fraction,
      message: `${this.#delivered} tasks done`,
      ...(fraction > 0 ? { secondsLeft: secondsLeft(this.#started, fraction) } : {}),
    })
  }

  /** Starts whatever there is room for. */
  #pump(): void {
    while (!this.#closed && this.#failure === undefined && this.#running.size + this.#opening < this.#slots.count) {
      const entry = this.#retries.shift() ?? this.#admit()
      if (entry === undefined) return
      this.#opening++
      void this.#start(entry)
    }
  }

  /** A new task, where one is known and there is room for its bytes. */
  #admit(): Entry | undefined {
    if (this.#next === undefined) {
      if (!this.#ended) void this.#pull()
      return undefined
    }
    const held = this.#running.size + this.#opening + this.#waiting.length
    const isFull = held > 0 && this.#bytes + this.#next.bytes > this.#slots.budgetBytes
    const ahead = this.#options.order === 'task' ? AHEAD * this.#slots.count : 2 * this.#slots.count
    if (isFull || held >= ahead) return undefined
    const entry: Entry = { task: this.#next, index: this.#count++, attempts: 0 }
    this.#bytes += entry.task.bytes
    this.#next = undefined
    void this.#pull()
    return entry
  }

  /** Gets the next task into `#next`. Synchronous iterables are pulled at once. */
  async #pull(): Promise<void> {
    if (this.#pulling || this.#ended || this.#next !== undefined) return
    this.#pulling = true
    try {
      const result = await this.#tasks.next()
      if (result.done === true) this.#ended = true
      else this.#next = result.value
    } catch (error) {
      this.#ended = true
      this.#fail(asEcotopeError(error))
    }
    this.#pulling = false
    this.#pump()
    this.#wake()
  }

  async #start(entry: Entry): Promise<void> {
    let slot: Slot | undefined
    try {
      entry.attempts++
      slot = this.#idle.pop() ?? (await this.#slots.open(this.#job, this.#options))
      if (this.#closed) return await slot.release(false)
      this.#opening--
      this.#running.set(slot, entry)
      const result = await slot.run(entry.task)
      this.#settle(entry, { task: entry.task, result, attempts: entry.attempts })
    } catch (error) {
      if (slot === undefined) this.#opening--
      this.#settleFailure(entry, asEcotopeError(error))
    }
    if (slot !== undefined && !this.#closed) {
      this.#running.delete(slot)
      if (slot.alive) this.#idle.push(slot)
      else void slot.release(false)
    }
    this.#pump()
    this.#wake()
  }

  #settle(entry: Entry, outcome: Outcome): void {
    if (this.#closed) return
    entry.outcome = outcome
    this.#waiting.push(entry)
  }

  #settleFailure(entry: Entry, error: EcotopeError): void {
    if (this.#closed) return
    const { attempts = 3, onError = 'fail' } = this.#options
    if (error instanceof EnvironmentError && entry.attempts < attempts) this.#retries.push(entry)
    else if (onError === 'fail' || error instanceof CancelledError) this.#fail(error)
    else this.#settle(entry, { task: entry.task, error, attempts: entry.attempts })
  }

  async #close(): Promise<void> {
    this.#closed = true
    const busy = [...this.#running.keys()].map((slot) => slot.release(true))
    const idle = this.#idle.map((slot) => slot.release(false))
    await Promise.all([...busy, ...idle])
    // A generator of tasks may hold resources of its own; one that is being asked is left to end by itself.
    if (!this.#pulling && !this.#ended) await this.#tasks.return?.()
  }
}

/** Runs tasks on slots. Ends with an error where the job is cancelled or, unless failures are skipped, a task fails. */
export function dispatch<Payload, Result>(
  slots: Slots,
  job: JobSpec,
  tasks: Iterable<Task<Payload>> | AsyncIterable<Task<Payload>>,
  options: RunOptions = {},
): AsyncGenerator<Outcome<Result>> {
  return new Dispatch(slots, job, tasks, options).outcomes() as AsyncGenerator<Outcome<Result>>
}
